//! Stores what hangs on places in an import: fee items, dispatch rules, response policies. Part of
//! store.rs.

use entity::{dispatch_rule, fee_item, response_policy};
use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, EntityTrait, QueryFilter};

use super::plan::Plan;
use super::store::{Count, Keys, Storing, insert};
use crate::base::fault::Fault;

pub(super) async fn fees(plan: &Plan, to: &mut Storing<'_>, keys: &Keys) -> Result<Count, Fault> {
    let mut count = Count::default();
    let mut rows = Vec::new();
    for item in &plan.fees {
        let compound_id = keys.place(&item.compound)?;
        let old = fee_item::Entity::find()
            .filter(fee_item::COLUMN.compound_id.eq(compound_id))
            .filter(fee_item::COLUMN.name.eq(item.name.as_str()))
            .one(to.tx.db())
            .await?;
        let mut row = fee_item::ActiveModel {
            compound_id: Set(compound_id),
            name: Set(item.name.clone()),
            kind: Set(item.kind),
            unit_price: Set(item.unit_price),
            split: Set(item.split),
            due_day: Set(item.due_day),
            ..Default::default()
        };
        match old {
            None => {
                row.created_at = Set(to.tx.now());
                rows.push(row);
            }
            Some(old)
                if old.kind == item.kind
                    && old.unit_price == item.unit_price
                    && old.split == item.split
                    && old.due_day == item.due_day =>
            {
                count.same += 1;
            }
            Some(old) => {
                count.changed += 1;
                row.id = Set(old.id);
                fee_item::Entity::update(row).exec(to.tx.db()).await?;
            }
        }
    }
    count.new = rows.len();
    insert(to, "fee_items", rows).await?;
    Ok(count)
}

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
                let next = dispatch_rule::Model {
                    id: old.id,
                    created_at: old.created_at,
                    ..next
                };
                if next == old {
                    count.same += 1;
                } else {
                    count.changed += 1;
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
        let old = response_policy::Entity::find()
            .filter(response_policy::COLUMN.place_id.eq(place_id))
            .one(to.tx.db())
            .await?;
        let mut row = response_policy::ActiveModel {
            place_id: Set(place_id),
            accept_minutes: Set(item.accept_minutes),
            finish_minutes: Set(item.finish_minutes),
            ..Default::default()
        };
        match old {
            None => {
                row.created_at = Set(to.tx.now());
                rows.push(row);
            }
            Some(old)
                if old.accept_minutes == item.accept_minutes
                    && old.finish_minutes == item.finish_minutes =>
            {
                count.same += 1;
            }
            Some(old) => {
                count.changed += 1;
                row.id = Set(old.id);
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
