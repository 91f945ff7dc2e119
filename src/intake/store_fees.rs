//! Stores what bills are made of in an import: fee items, readings, parking spaces. Part of store.rs.

use std::collections::{BTreeSet, HashMap};

use entity::money::RunState;
use entity::{bill_run, fee_item, fee_reading, fee_space, place};
use sea_orm::ActiveValue::Set;
use sea_orm::{EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::plan::Plan;
use super::store::{Count, Keys, Storing, insert};
use crate::base::fault::{Code, Fault};
use crate::base::month::Month;
use crate::fee::actions::run::run_of;
use crate::store::Tx;

/// Locks every compound that something is stored of, in the order of keys: two imports, or an import and a
/// run, wait for each other instead of for ever.
async fn lock(plan: &Plan, tx: &Tx, keys: &Keys) -> Result<(), Fault> {
    let fees = plan.fees.iter().map(|row| &row.compound);
    let readings = plan.readings.iter().map(|row| &row.compound);
    let spaces = plan.spaces.iter().map(|row| &row.compound);
    let codes = fees.chain(readings).chain(spaces);
    let ids: BTreeSet<i64> = codes
        .map(|code| keys.place(code))
        .collect::<Result<_, _>>()?;
    for id in ids {
        place::Entity::find_by_id(id)
            .lock_exclusive()
            .one(tx.db())
            .await?;
    }
    Ok(())
}

pub(super) async fn fees(plan: &Plan, to: &mut Storing<'_>, keys: &Keys) -> Result<Count, Fault> {
    lock(plan, to.tx, keys).await?;
    let mut count = Count::default();
    let mut rows = Vec::new();
    for item in &plan.fees {
        let compound_id = keys.place(&item.compound)?;
        let place_id = item
            .place
            .as_ref()
            .map(|code| keys.place(code))
            .transpose()?;
        let old = fee_item::Entity::find()
            .filter(fee_item::COLUMN.compound_id.eq(compound_id))
            .filter(fee_item::COLUMN.name.eq(item.name.as_str()))
            .order_by_desc(fee_item::COLUMN.id)
            .one(to.tx.db())
            .await?;
        let (first, last) = (item.from.map(Month::number), item.to.map(Month::number));
        let basis = item.basis.clone();
        let next = fee_item::Model {
            id: old.as_ref().map_or(0, |old| old.id),
            compound_id,
            name: item.name.clone(),
            kind: item.kind,
            unit_price: item.unit_price,
            split: item.split,
            due_day: item.due_day,
            // What the file does not say stays: a fee that was ended is not begun again by an old file.
            place_id: place_id.or(old.as_ref().and_then(|old| old.place_id)),
            from_month: first.or(old.as_ref().and_then(|old| old.from_month)),
            to_month: last.or(old.as_ref().and_then(|old| old.to_month)),
            basis: basis.or_else(|| old.as_ref().and_then(|old| old.basis.clone())),
            created_at: old.as_ref().map_or(to.tx.now(), |old| old.created_at),
        };
        let row = sea_orm::ActiveModelTrait::reset_all(fee_item::ActiveModel::from(next.clone()));
        match old {
            None => rows.push(fee_item::ActiveModel {
                id: sea_orm::ActiveValue::NotSet,
                ..row
            }),
            Some(old) if old == next => count.same += 1,
            Some(old) => {
                still_fits(to.tx, &old, &next).await?;
                count.changed += 1;
                fee_item::Entity::update(row).exec(to.tx.db()).await?;
            }
        }
    }
    count.new = rows.len();
    insert(to, "fee_items", rows).await?;
    Ok(count)
}

/// Refuses a change while bills are being made, and of what bills were made by: they would lose their reason. A
/// last month may be set, as the form does.
async fn still_fits(tx: &Tx, old: &fee_item::Model, next: &fee_item::Model) -> Result<(), Fault> {
    let runs = bill_run::Entity::find()
        .filter(bill_run::COLUMN.compound_id.eq(old.compound_id))
        .all(tx.db())
        .await?;
    if runs.iter().any(|run| run.state == RunState::Running) {
        let text = format!("正在出账,“{}”先不能改,请出完账再导入。", old.name);
        return Err(Fault::new(Code::WrongStep, text));
    }
    let ended = fee_item::Model {
        to_month: next.to_month,
        ..old.clone()
    };
    let billed = |run: &bill_run::Model| {
        run.updated_at >= old.created_at
            && old.from_month.is_none_or(|from| from <= run.month)
            && old.to_month.is_none_or(|to| run.month <= to)
    };
    if ended != *next && runs.iter().any(billed) {
        let text = format!(
            "“{}”已经出过账,不能改。请先把它结束,再加一个新的收费项目。",
            old.name
        );
        return Err(Fault::new(Code::WrongStep, text));
    }
    Ok(())
}

/// Keys of fees by compound and name, those of this import among them.
async fn items(tx: &Tx, compounds: &BTreeSet<i64>) -> Result<HashMap<(i64, String), i64>, Fault> {
    let rows = fee_item::Entity::find()
        .filter(
            fee_item::COLUMN
                .compound_id
                .is_in(compounds.iter().copied()),
        )
        .all(tx.db())
        .await?;
    let keyed = rows
        .into_iter()
        .map(|row| ((row.compound_id, row.name), row.id));
    Ok(keyed.collect())
}

fn item(items: &HashMap<(i64, String), i64>, compound_id: i64, name: &str) -> Result<i64, Fault> {
    let found = items.get(&(compound_id, name.to_owned()));
    found
        .copied()
        .ok_or_else(|| Fault::internal("a checked row names a fee that is neither known nor new"))
}

pub(super) async fn readings(
    plan: &Plan,
    to: &mut Storing<'_>,
    keys: &Keys,
) -> Result<Count, Fault> {
    let mut count = Count::default();
    let mut months = BTreeSet::new();
    for row in &plan.readings {
        months.insert((keys.place(&row.compound)?, row.month));
    }
    let compounds: BTreeSet<i64> = months.iter().map(|(compound, _)| *compound).collect();
    let closed = closed(to.tx, &months).await?;
    let items = items(to.tx, &compounds).await?;
    let mut known = HashMap::new();
    for (compound_id, month) in &months {
        let rows = fee_reading::Entity::find()
            .filter(fee_reading::COLUMN.compound_id.eq(*compound_id))
            .filter(fee_reading::COLUMN.month.eq(month.number()))
            .all(to.tx.db())
            .await?;
        known.extend(
            rows.into_iter()
                .map(|row| ((row.fee_item_id, row.home_id, row.month), row)),
        );
    }
    let mut rows = Vec::new();
    for row in &plan.readings {
        let compound_id = keys.place(&row.compound)?;
        let fee_item_id = item(&items, compound_id, &row.item)?;
        let home_id = keys.place(&row.home)?;
        let mut next = fee_reading::ActiveModel {
            compound_id: Set(compound_id),
            fee_item_id: Set(fee_item_id),
            home_id: Set(home_id),
            month: Set(row.month.number()),
            before_milli: Set(row.before_milli),
            after_milli: Set(row.after_milli),
            created_by: Set(to.actor.person_id()),
            created_at: Set(to.tx.now()),
            ..Default::default()
        };
        match known.get(&(fee_item_id, home_id, row.month.number())) {
            Some(old)
                if old.before_milli == row.before_milli && old.after_milli == row.after_milli =>
            {
                count.same += 1;
            }
            _ if closed.contains(&(compound_id, row.month)) => {
                let (home, month) = (&row.home, row.month.says());
                let text = format!("{month}已经出账，{home}的读数不能再改，请从文件里删掉。");
                return Err(Fault::new(Code::WrongStep, text));
            }
            None => rows.push(next),
            Some(old) => {
                count.changed += 1;
                next.id = Set(old.id);
                fee_reading::Entity::update(next).exec(to.tx.db()).await?;
            }
        }
    }
    count.new = rows.len();
    insert(to, "fee_readings", rows).await?;
    Ok(count)
}

/// The months whose runs have begun; none begins before this is stored, since the compounds are locked.
async fn closed(tx: &Tx, months: &BTreeSet<(i64, Month)>) -> Result<BTreeSet<(i64, Month)>, Fault> {
    let mut closed = BTreeSet::new();
    for (compound_id, month) in months {
        if run_of(tx.db(), *compound_id, *month).await?.is_some() {
            closed.insert((*compound_id, *month));
        }
    }
    Ok(closed)
}

pub(super) async fn spaces(plan: &Plan, to: &mut Storing<'_>, keys: &Keys) -> Result<Count, Fault> {
    let mut count = Count::default();
    let mut compounds = BTreeSet::new();
    for row in &plan.spaces {
        compounds.insert(keys.place(&row.compound)?);
    }
    let items = items(to.tx, &compounds).await?;
    let mut rows = Vec::new();
    for row in &plan.spaces {
        let compound_id = keys.place(&row.compound)?;
        let fee_item_id = item(&items, compound_id, &row.item)?;
        let home_id = keys.place(&row.home)?;
        let known = to.known.spaces.get(&(compound_id, row.code.clone()));
        let old = known
            .into_iter()
            .flatten()
            .find(|old| old.from_day == row.from);
        // A space that was ended is not begun again by an old file.
        let to_day = row.to.or(old.and_then(|old| old.to_day));
        let mut next = fee_space::ActiveModel {
            compound_id: Set(compound_id),
            fee_item_id: Set(fee_item_id),
            home_id: Set(home_id),
            code: Set(row.code.clone()),
            from_day: Set(row.from),
            to_day: Set(to_day),
            created_by: Set(to.actor.person_id()),
            created_at: Set(to.tx.now()),
            ..Default::default()
        };
        match old {
            None => rows.push(next),
            Some(old)
                if old.to_day == to_day
                    && old.home_id == home_id
                    && old.fee_item_id == fee_item_id =>
            {
                count.same += 1;
            }
            Some(old) => {
                count.changed += 1;
                next.id = Set(old.id);
                fee_space::Entity::update(next).exec(to.tx.db()).await?;
            }
        }
    }
    count.new = rows.len();
    insert(to, "fee_spaces", rows).await?;
    Ok(count)
}
