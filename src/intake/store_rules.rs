//! Stores what hangs on places in an import: dispatch rules, response policies. Part of
//! store.rs.

use entity::{dispatch_rule, response_policy};
use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, EntityTrait, QueryFilter};

use super::plan::Plan;
use super::store::{Count, Keys, Storing, insert};
use crate::base::fault::Fault;
use crate::policy::Slot;
use crate::policy::queries::row_of;
use crate::policy::rules::Figures;

pub(super) async fn rules(plan: &Plan, to: &mut Storing<'_>, keys: &Keys) -> Result<Count, Fault> {
    let mut count = Count::default();
    let mut rows = Vec::new();
    for item in &plan.rules {
        let next = dispatch_rule::Model {
            id: 0,
            place_id: keys.place(&item.place)?,
            kind: item.kind,
            category: item.category.clone(),
            position: item.position,
            organisation_id: keys.organisation(item.organisation.as_deref())?,
            person_id: item
                .person
                .as_ref()
                .map(|key| keys.person(key))
                .transpose()?,
            role: item.role,
            version: 1,
            off_at: None,
            created_at: to.tx.now(),
        };
        let old = dispatch_rule::Entity::find()
            .filter(dispatch_rule::COLUMN.place_id.eq(next.place_id))
            .filter(dispatch_rule::COLUMN.position.eq(next.position))
            .one(to.tx.db())
            .await?;
        match old {
            None => {
                let mut row = dispatch_rule::ActiveModel::from(next).reset_all();
                row.id = sea_orm::ActiveValue::NotSet;
                rows.push(row);
            }
            Some(old) => {
                let mut next = dispatch_rule::Model {
                    id: old.id,
                    version: old.version,
                    off_at: old.off_at,
                    created_at: old.created_at,
                    ..next
                };
                if next == old {
                    count.same += 1;
                } else {
                    count.changed += 1;
                    next.version = next.version.saturating_add(1);
                    let change = dispatch_rule::ActiveModel::from(next).reset_all();
                    dispatch_rule::Entity::update(change)
                        .exec(to.tx.db())
                        .await?;
                }
            }
        }
    }
    count.new = rows.len();
    insert(to, "dispatch_rules", rows).await?;
    Ok(count)
}

pub(super) async fn policies(
    plan: &Plan,
    to: &mut Storing<'_>,
    keys: &Keys,
) -> Result<Count, Fault> {
    let mut count = Count::default();
    let mut rows = Vec::new();
    for item in &plan.policies {
        let place_id = keys.place(&item.place)?;
        let slot = Slot {
            place_id,
            grade: item.grade,
            level: item.level,
        };
        let old = row_of(to.tx.db(), slot).await?;
        let mut row = response_policy::ActiveModel {
            place_id: Set(place_id),
            grade: Set(item.grade),
            level: Set(item.level),
            accept_minutes: Set(item.figures.accept_minutes),
            arrive_minutes: Set(item.figures.arrive_minutes),
            finish_minutes: Set(item.figures.finish_minutes),
            plan_minutes: Set(item.figures.plan_minutes),
            calendar_id: Set(item.calendar_id),
            version: Set(1),
            updated_at: Set(to.tx.now()),
            ..Default::default()
        };
        match old {
            None => {
                row.created_at = Set(to.tx.now());
                rows.push(row);
            }
            Some(old)
                if Figures::from(&old) == item.figures && old.calendar_id == item.calendar_id =>
            {
                count.same += 1;
            }
            Some(old) => {
                count.changed += 1;
                row.id = Set(old.id);
                row.version = Set(old.version.saturating_add(1));
                response_policy::Entity::update(row)
                    .exec(to.tx.db())
                    .await?;
            }
        }
    }
    count.new = rows.len();
    insert(to, "response_policies", rows).await?;
    Ok(count)
}
