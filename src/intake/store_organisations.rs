//! Stores the organisations of an import, and sees that those which its rows name are there until it is all stored.
//! Part of store.rs.

use std::collections::BTreeSet;

use entity::organisation;
use sea_orm::{ActiveModelTrait, EntityTrait};

use super::plan::{Known, Plan};
use super::store::{Count, Keys, Storing, insert, lost};
use crate::base::fault::{Code, Fault};
use crate::organisation::queries::staying;
use crate::store::Tx;
use crate::store::insert::fresh_ids;

pub(super) async fn organisations(
    plan: &Plan,
    to: &mut Storing<'_>,
    keys: &mut Keys,
) -> Result<Count, Fault> {
    let known = to.known;
    let mut count = Count::default();
    let wanted = plan
        .organisations
        .iter()
        .filter(|item| !known.organisations.contains_key(&item.code))
        .count();
    let mut ids = fresh_ids(to.tx, "organisation", wanted).await?.into_iter();
    let mut rows = Vec::new();
    for item in &plan.organisations {
        let place_id = keys.place(&item.place)?;
        let row = organisation::Model {
            id: 0,
            code: item.code.clone(),
            name: item.name.clone(),
            kind: item.kind.to_owned(),
            parent_id: keys.organisation(item.parent.as_deref())?,
            place_id,
            compound_id: keys.compound(place_id),
            credit_code: item.credit_code.clone(),
            service_phone: item.service_phone.clone(),
            service_hours: item.service_hours.clone(),
            // What the roster names works here.
            ended_at: None,
            created_at: to.tx.now(),
        };
        match known.organisations.get(&item.code) {
            None => {
                let id = ids.next().ok_or_else(lost)?;
                keys.organisations.insert(item.code.clone(), id);
                rows.push(
                    organisation::ActiveModel::from(organisation::Model { id, ..row }).reset_all(),
                );
            }
            Some(old) => {
                let next = organisation::Model {
                    id: old.id,
                    created_at: old.created_at,
                    ..row
                };
                if next == *old {
                    count.same += 1;
                } else {
                    count.changed += 1;
                    // One that has ended works here again.
                    if old.ended_at.is_none() {
                        still_there(to.tx, old).await?;
                    }
                    let change = organisation::ActiveModel::from(next).reset_all();
                    organisation::Entity::update(change)
                        .exec(to.tx.db())
                        .await?;
                }
            }
        }
    }
    count.new = rows.len();
    insert(to, "organisations", rows).await?;
    Ok(count)
}

/// Organisations that were there before and are named by what was stored stay until it is committed. Asked at the end,
/// so that nobody who changes one waits for the whole import.
pub(super) async fn stay(plan: &Plan, known: &Known, tx: &Tx) -> Result<(), Fault> {
    let parents = plan.organisations.iter().map(|item| item.parent.as_deref());
    let posts = plan.roles.iter().map(|item| item.organisation.as_deref());
    let rules = plan.rules.iter().map(|item| item.organisation.as_deref());
    let named: BTreeSet<&str> = parents.chain(posts).chain(rules).flatten().collect();
    for code in named {
        if let Some(old) = known.organisations.get(code) {
            still_there(tx, old).await?;
        }
    }
    Ok(())
}

async fn still_there(tx: &Tx, row: &organisation::Model) -> Result<(), Fault> {
    match staying(tx, row.id).await? {
        Some(_) => Ok(()),
        None => Err(Fault::new(
            Code::Conflict,
            format!("导入的时候，组织“{}”被删除了，请再导入一次。", row.name),
        )),
    }
}
