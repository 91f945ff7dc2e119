//! Stores the roles of an import, each change with its audit row. Part of store.rs.

use std::collections::HashMap;

use chrono::{Days, NaiveDate};
use entity::kinds::RoleKind;
use entity::{audit, role};
use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, EntityTrait};

use super::plan::{Plan, PlanRole};
use super::store::{Count, Keys, Storing, insert};
use crate::base::clock::{Moment, begin_of};
use crate::base::fault::Fault;
use crate::person::{actions, remind};

/// The moment a term with this last day ends.
#[must_use]
pub fn end_of(last: NaiveDate) -> Moment {
    begin_of(last.checked_add_days(Days::new(1)).unwrap_or(last))
}

/// Same person, same role, same place: the terms of one post.
type Post = (i64, RoleKind, Option<i64>);

pub(super) async fn roles(plan: &Plan, to: &mut Storing<'_>, keys: &Keys) -> Result<Count, Fault> {
    let mut count = Count::default();
    if plan.roles.is_empty() {
        return Ok(count);
    }
    let mut there: HashMap<Post, Vec<role::Model>> = HashMap::new();
    for row in role::Entity::find().all(to.tx.db()).await? {
        let post = (row.person_id, row.role, row.place_id);
        there.entry(post).or_default().push(row);
    }
    let (mut rows, mut trail, mut granted) = (Vec::new(), Vec::new(), Vec::new());
    let mut ends = Vec::new();
    for item in &plan.roles {
        let person_id = keys.person(&item.person)?;
        let place_id = item
            .place
            .as_ref()
            .map(|code| keys.place(code))
            .transpose()?;
        let terms = there.get(&(person_id, item.role, place_id));
        let next = wanted(item, person_id, place_id, to, keys)?;
        // A post that ended before today is set, too: what lies with its holder moves on.
        ends.extend(next.to_at.map(|end| (person_id, next.compound_id, end)));
        let old = terms.into_iter().flatten().find(|term| match item.from {
            Some(_) => term.from_at == next.from_at,
            None => term.to_at.is_none_or(|end| end > to.tx.now()),
        });
        match old {
            None => {
                trail.push(entry(to, "role.grant", &next));
                granted.push(person_id);
                let mut row = role::ActiveModel::from(next).reset_all();
                row.id = sea_orm::ActiveValue::NotSet;
                rows.push(row);
            }
            Some(old) if old.to_at == next.to_at && old.organisation_id == next.organisation_id => {
                count.same += 1;
            }
            Some(old) => {
                count.changed += 1;
                trail.push(entry(to, "role.change", &next));
                let change = role::ActiveModel {
                    id: Set(old.id),
                    to_at: Set(next.to_at),
                    organisation_id: Set(next.organisation_id),
                    ..Default::default()
                };
                role::Entity::update(change).exec(to.tx.db()).await?;
                granted.push(person_id);
            }
        }
    }
    count.new = rows.len();
    insert(to, "roles", rows).await?;
    insert(to, "roles", trail).await?;
    remind::when_ended(to.tx, &ends).await?;
    actions::untie_unproved(to.tx, to.actor, &granted).await?;
    Ok(count)
}

fn wanted(
    item: &PlanRole,
    person_id: i64,
    place_id: Option<i64>,
    to: &Storing<'_>,
    keys: &Keys,
) -> Result<role::Model, Fault> {
    Ok(role::Model {
        id: 0,
        person_id,
        role: item.role,
        place_id,
        compound_id: place_id.and_then(|id| keys.compound(id)),
        organisation_id: keys.organisation(item.organisation.as_deref())?,
        from_at: item.from.map_or(to.tx.now(), begin_of),
        to_at: item.to.map(end_of),
        end_reason: None,
        created_at: to.tx.now(),
    })
}

fn entry(to: &Storing<'_>, action: &str, role: &role::Model) -> audit::ActiveModel {
    audit::ActiveModel {
        at: Set(to.tx.now()),
        actor_kind: Set(to.actor.kind),
        actor_id: Set(to.actor.person_id()),
        account_id: Set(to.actor.account_id),
        action: Set(action.to_owned()),
        subject: Set(format!("person:{}", role.person_id)),
        compound_id: Set(role.compound_id),
        detail: Set(Some(actions::role_detail(role))),
        ..Default::default()
    }
}
