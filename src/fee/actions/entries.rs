//! What a month's bills need beside the fees: shared costs, meters' readings, parking spaces, and what is
//! charged once. What belongs to a month is entered before its run begins; from then on it is fixed. What
//! is charged once after that stands on the next bill.

use std::collections::{HashMap, HashSet};

use chrono::{NaiveDate, TimeDelta};
use entity::kinds::{FeeKind, PlaceKind};
use entity::{bill_run, fee_charge, fee_cost, fee_item, fee_reading, fee_space, place};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::OnConflict;
use sea_orm::{EntityTrait, QueryFilter, QueryOrder};
use serde_json::json;

use super::items::own;
use super::run::run_of;
use super::{MOST_NAME, MOST_NOTE, locked, record, worded};
use crate::access::Actor;
use crate::base::clock::china;
use crate::base::fault::{Code, Fault};
use crate::base::month::Month;
use crate::fee::price;
use crate::ledger::post::MOST;
use crate::place::queries::{by_local_code, by_local_codes};
use crate::store::Tx;

/// Most of a reading, in thousandths.
pub const MOST_READING: i64 = 1_000_000_000_000;
/// Most characters of what is painted on a space.
pub const MOST_CODE: usize = 20;
/// Months that a charge may be put off.
const PUT_OFF: usize = 24;
/// Rows of one statement.
const ROWS: usize = 1_000;
/// What is said of a reading that no bill can be made of.
pub const TOO_MUCH: &str = "这个读数算出来的金额太大，请核对读数和单价。";
/// The same thing by the same person within so long is a second press of the button.
pub(super) const AGAIN: TimeDelta = TimeDelta::minutes(2);

/// Sets the cost of a month that homes share; a later word replaces an earlier one.
///
/// # Errors
/// `not_found` and `forbidden` for who does not keep the compound's fees, `invalid` for what cannot be,
/// `wrong_step` once the month's run has begun.
pub async fn set_cost(
    tx: &mut Tx,
    actor: &Actor,
    (compound_id, item_id): (i64, i64),
    month: Month,
    amount: i64,
    note: &str,
) -> Result<(), Fault> {
    let compound = locked(tx, actor, compound_id).await?;
    let item = own(tx, compound.id, item_id).await?;
    if item.kind != FeeKind::Shared {
        return Err(Fault::invalid("item", "请选公摊的收费项目。"));
    }
    if !(1..=MOST).contains(&amount) {
        return Err(Fault::invalid("amount", "请写金额，例如 1234.56。"));
    }
    let note = worded(
        "note",
        note,
        MOST_NOTE,
        "请写这笔钱用在哪里，账单上会看到。",
    )?;
    still_open(tx, compound.id, month).await?;
    let row = fee_cost::ActiveModel {
        compound_id: Set(compound.id),
        fee_item_id: Set(item.id),
        month: Set(month.number()),
        amount: Set(amount),
        note: Set(note),
        created_by: Set(actor.person_id()),
        created_at: Set(tx.now()),
        ..Default::default()
    };
    use fee_cost::Column::{Amount, CreatedAt, CreatedBy, FeeItemId, Note};
    fee_cost::Entity::insert(row)
        .on_conflict(
            OnConflict::columns([FeeItemId, fee_cost::Column::Month])
                .update_columns([Amount, Note, CreatedBy, CreatedAt])
                .to_owned(),
        )
        .exec_without_returning(tx.db())
        .await?;
    let detail = json!({ "fee": item.name, "month": month.to_string() });
    let subject = format!("fee:{}", item.id);
    record(tx, actor, "fee.cost", subject, compound.id, detail);
    Ok(())
}

/// A reading of a home's meter.
#[derive(Clone, Debug)]
pub struct Reading {
    /// `3-2-501`
    pub home: String,
    /// In thousandths; none: what the meter showed the last time.
    pub before_milli: Option<i64>,
    /// In thousandths.
    pub after_milli: i64,
}

/// Why readings were not taken.
#[derive(Debug)]
pub struct Wrong {
    /// Which of them, from 0; none: none of them can be taken.
    pub at: Option<usize>,
    /// Why.
    pub fault: Fault,
}

impl From<Fault> for Wrong {
    fn from(fault: Fault) -> Self {
        Self { at: None, fault }
    }
}

/// Sets a meter's reading of a month; a later word replaces an earlier one.
///
/// # Errors
/// As [`set_cost`]; `invalid` for what no bill could be made of.
pub async fn set_reading(
    tx: &mut Tx,
    actor: &Actor,
    key: (i64, i64),
    month: Month,
    reading: Reading,
) -> Result<(), Fault> {
    let done = set_readings(tx, actor, key, month, vec![reading]).await;
    done.map_err(|wrong| wrong.fault)
}

/// The same for many meters at once: all of them, or none.
///
/// # Errors
/// As [`set_reading`], with which one it was.
pub async fn set_readings(
    tx: &mut Tx,
    actor: &Actor,
    (compound_id, item_id): (i64, i64),
    month: Month,
    readings: Vec<Reading>,
) -> Result<(), Wrong> {
    let compound = locked(tx, actor, compound_id).await?;
    let item = own(tx, compound.id, item_id).await?;
    if item.kind != FeeKind::Meter {
        return Err(Fault::invalid("item", "请选按表计量的收费项目。").into());
    }
    let typed: Vec<&str> = readings.iter().map(|one| one.home.as_str()).collect();
    let homes = by_local_codes(tx.db(), &compound, &typed).await?;
    still_open(tx, compound.id, month).await?;
    let ids: Vec<i64> = homes.iter().flatten().map(|home| home.id).collect();
    let last = last_readings(tx, item.id, &ids, month).await?;
    let mut rows: Vec<fee_reading::ActiveModel> = Vec::with_capacity(readings.len());
    let mut seen = HashSet::new();
    for (at, (reading, home)) in readings.iter().zip(homes).enumerate() {
        let wrong = |fault: Fault| Wrong {
            at: Some(at),
            fault,
        };
        let home = home.filter(is_billed);
        let home = home.ok_or_else(no_home).map_err(wrong)?;
        if !seen.insert(home.id) {
            let twice = Fault::invalid("home", "这户写了两次，请留下对的一行。");
            return Err(wrong(twice));
        }
        let before = reading.before_milli.or_else(|| last.get(&home.id).copied());
        let none = || Fault::invalid("before", "这户还没有上次读数，请写上。");
        let before = before.ok_or_else(none).map_err(wrong)?;
        fits(&item, before, reading.after_milli).map_err(wrong)?;
        rows.push(fee_reading::ActiveModel {
            compound_id: Set(compound.id),
            fee_item_id: Set(item.id),
            home_id: Set(home.id),
            month: Set(month.number()),
            before_milli: Set(before),
            after_milli: Set(reading.after_milli),
            created_by: Set(actor.person_id()),
            created_at: Set(tx.now()),
            ..Default::default()
        });
        let detail = json!({ "fee": item.name, "month": month.to_string(), "place": home.id });
        let subject = format!("fee:{}", item.id);
        record(tx, actor, "fee.reading", subject, compound.id, detail);
    }
    store_readings(tx, rows).await?;
    Ok(())
}

/// Whether a bill can be made of a reading.
fn fits(item: &fee_item::Model, before: i64, after: i64) -> Result<(), Fault> {
    let range = 0..=MOST_READING;
    if !range.contains(&before) {
        return Err(Fault::invalid("before", "请写上次读数，不小于0。"));
    }
    if !range.contains(&after) || after < before {
        return Err(Fault::invalid(
            "after",
            "本次读数不能小于上次读数，请核对。",
        ));
    }
    match price::meter(before, after, item.unit_price) {
        Some(_) => Ok(()),
        None => Err(Fault::invalid("after", TOO_MUCH)),
    }
}

async fn store_readings(tx: &Tx, rows: Vec<fee_reading::ActiveModel>) -> Result<(), Fault> {
    use fee_reading::Column::{AfterMilli, BeforeMilli, CreatedAt, CreatedBy, FeeItemId, HomeId};
    for part in rows.chunks(ROWS) {
        fee_reading::Entity::insert_many(part.to_vec())
            .on_conflict(
                OnConflict::columns([FeeItemId, HomeId, fee_reading::Column::Month])
                    .update_columns([BeforeMilli, AfterMilli, CreatedBy, CreatedAt])
                    .to_owned(),
            )
            .exec_without_returning(tx.db())
            .await?;
    }
    Ok(())
}

/// What the meters showed in the latest month before, by home.
async fn last_readings(
    tx: &Tx,
    item_id: i64,
    homes: &[i64],
    month: Month,
) -> Result<HashMap<i64, i64>, Fault> {
    let rows = fee_reading::Entity::find()
        .filter(fee_reading::COLUMN.fee_item_id.eq(item_id))
        .filter(fee_reading::COLUMN.home_id.is_in(homes.iter().copied()))
        .filter(fee_reading::COLUMN.month.lt(month.number()))
        .order_by_asc(fee_reading::COLUMN.month)
        .all(tx.db())
        .await?;
    // The latest is the last to be put there.
    Ok(rows
        .into_iter()
        .map(|row| (row.home_id, row.after_milli))
        .collect())
}

/// A parking space to be paid for.
#[derive(Clone, Debug)]
pub struct Space {
    /// `3-2-501`
    pub home: String,
    /// What is painted on it.
    pub code: String,
    /// First day.
    pub from: NaiveDate,
    /// Last day; none while it goes on.
    pub to: Option<NaiveDate>,
}

/// Lets a home pay for a space. Whether one of its months has been billed already: what is billed stays.
///
/// # Errors
/// As [`set_cost`]; `invalid` when the space is somebody's on one of these days.
pub async fn add_space(
    tx: &mut Tx,
    actor: &Actor,
    (compound_id, item_id): (i64, i64),
    space: Space,
) -> Result<bool, Fault> {
    let compound = locked(tx, actor, compound_id).await?;
    let item = own(tx, compound.id, item_id).await?;
    if item.kind != FeeKind::Parking {
        return Err(Fault::invalid("item", "请选停车的收费项目。"));
    }
    let home = home_of(tx, &compound, &space.home).await?;
    let code = worded("code", &space.code, MOST_CODE, "请写车位号，例如 B1-023。")?;
    if space.to.is_some_and(|to| to < space.from) {
        return Err(Fault::invalid("to", "结束日期早于开始日期。"));
    }
    let same = fee_space::Entity::find()
        .filter(fee_space::COLUMN.compound_id.eq(compound.id))
        .filter(fee_space::COLUMN.code.eq(code.as_str()))
        .all(tx.db())
        .await?;
    let overlaps = |row: &fee_space::Model| {
        space.to.is_none_or(|to| row.from_day <= to) && row.to_day.is_none_or(|to| space.from <= to)
    };
    if same.iter().any(overlaps) {
        return Err(Fault::invalid(
            "code",
            "这个车位在这段时间已经登记给一户了，请先结束原来的。",
        ));
    }
    let row = fee_space::ActiveModel {
        compound_id: Set(compound.id),
        fee_item_id: Set(item.id),
        home_id: Set(home.id),
        code: Set(code),
        from_day: Set(space.from),
        to_day: Set(space.to),
        created_by: Set(actor.person_id()),
        created_at: Set(tx.now()),
        ..Default::default()
    };
    fee_space::Entity::insert(row)
        .exec_without_returning(tx.db())
        .await?;
    let detail = json!({ "fee": item.name, "place": home.id });
    let subject = format!("fee:{}", item.id);
    record(tx, actor, "fee.space", subject, compound.id, detail);
    billed(tx, compound.id, space.from, space.to).await
}

/// Whether bills were made of a month that has one of these days.
async fn billed(
    tx: &Tx,
    compound_id: i64,
    from: NaiveDate,
    to: Option<NaiveDate>,
) -> Result<bool, Fault> {
    let mut find = bill_run::Entity::find()
        .filter(bill_run::COLUMN.compound_id.eq(compound_id))
        .filter(bill_run::COLUMN.month.gte(Month::of(from).number()));
    if let Some(to) = to {
        find = find.filter(bill_run::COLUMN.month.lte(Month::of(to).number()));
    }
    Ok(find.one(tx.db()).await?.is_some())
}

/// Ends a space with a day. Whether a later day has been billed already.
///
/// # Errors
/// As [`add_space`]; `conflict` when it has an end already.
pub async fn end_space(
    tx: &mut Tx,
    actor: &Actor,
    compound_id: i64,
    space_id: i64,
    last: NaiveDate,
) -> Result<bool, Fault> {
    let compound = locked(tx, actor, compound_id).await?;
    let row = fee_space::Entity::find_by_id(space_id).one(tx.db()).await?;
    let row = row
        .filter(|row| row.compound_id == compound.id)
        .ok_or_else(|| Fault::not_found("没有找到这个车位。"))?;
    if last < row.from_day {
        return Err(Fault::invalid("to", "结束日期早于开始日期。"));
    }
    let change = fee_space::ActiveModel {
        to_day: Set(Some(last)),
        ..Default::default()
    };
    let changed = fee_space::Entity::update_many()
        .set(change)
        .filter(fee_space::COLUMN.id.eq(row.id))
        .filter(fee_space::COLUMN.to_day.is_null())
        .exec(tx.db())
        .await?;
    if changed.rows_affected != 1 {
        return Err(Fault::plain(Code::Conflict));
    }
    let detail = json!({ "place": row.home_id });
    let subject = format!("fee:{}", row.fee_item_id);
    record(tx, actor, "fee.space-end", subject, compound.id, detail);
    match last.succ_opt() {
        Some(next) => billed(tx, compound.id, next, None).await,
        None => Ok(false),
    }
}

/// Something to be charged once.
#[derive(Clone, Debug)]
pub struct Charge {
    /// `3-2-501`
    pub home: String,
    /// On the bill of this month at the earliest, and not before the present one.
    pub month: Month,
    /// What the bill calls it.
    pub name: String,
    /// In fen.
    pub amount: i64,
    /// Why, on the bill.
    pub basis: String,
}

/// Charges a home once: on the bill of that month, or of the first month behind it that has not begun.
/// Says on which.
///
/// # Errors
/// As [`set_cost`].
pub async fn charge(
    tx: &mut Tx,
    actor: &Actor,
    compound_id: i64,
    new: Charge,
) -> Result<Month, Fault> {
    let compound = locked(tx, actor, compound_id).await?;
    let home = home_of(tx, &compound, &new.home).await?;
    let name = worded(
        "name",
        &new.name,
        MOST_NAME,
        "请写收什么，例如“门禁卡工本费”。",
    )?;
    let basis = worded(
        "basis",
        &new.basis,
        MOST_NOTE,
        "请写收费依据，账单上会看到。",
    )?;
    if !(1..=MOST).contains(&new.amount) {
        return Err(Fault::invalid("amount", "请写金额，例如 20.00。"));
    }
    once(tx, actor, home.id, &name, new.amount).await?;
    // What is over is not billed any more.
    let mut month = new.month.max(Month::of(china(tx.now()).date_naive()));
    let mut tries = 0;
    while run_of(tx.db(), compound.id, month).await?.is_some() {
        month = month.next();
        tries += 1;
        if tries > PUT_OFF {
            return Err(Fault::invalid(
                "month",
                "这个月已经出账了，请写以后的月份。",
            ));
        }
    }
    let row = fee_charge::ActiveModel {
        compound_id: Set(compound.id),
        home_id: Set(home.id),
        month: Set(month.number()),
        name: Set(name),
        amount: Set(new.amount),
        basis: Set(basis),
        created_by: Set(actor.person_id()),
        created_at: Set(tx.now()),
        ..Default::default()
    };
    let stored = fee_charge::Entity::insert(row)
        .exec_with_returning(tx.db())
        .await?;
    let detail = json!({ "month": month.to_string(), "place": home.id });
    let subject = format!("charge:{}", stored.id);
    record(tx, actor, "fee.charge", subject, compound.id, detail);
    Ok(month)
}

/// Refuses what the same person has charged the same home with a moment ago.
async fn once(tx: &Tx, actor: &Actor, home_id: i64, name: &str, amount: i64) -> Result<(), Fault> {
    let Some(by) = actor.person_id() else {
        return Ok(());
    };
    let same = fee_charge::Entity::find()
        .filter(fee_charge::COLUMN.home_id.eq(home_id))
        .filter(fee_charge::COLUMN.created_by.eq(by))
        .filter(fee_charge::COLUMN.amount.eq(amount))
        .filter(fee_charge::COLUMN.name.eq(name))
        .filter(fee_charge::COLUMN.created_at.gt(tx.now() - AGAIN))
        .one(tx.db())
        .await?;
    match same {
        None => Ok(()),
        Some(_) => Err(Fault::wrong_step(
            "刚刚已经给这户记过同样的一笔，没有再记。确实要再收一笔，请过两分钟再记。",
        )),
    }
}

/// The home of the compound that was typed.
async fn home_of(tx: &Tx, compound: &place::Model, typed: &str) -> Result<place::Model, Fault> {
    let found = by_local_code(tx.db(), compound, typed).await?;
    found.filter(is_billed).ok_or_else(no_home)
}

/// A home; nothing is billed any more to one of a closed building.
fn is_billed(place: &place::Model) -> bool {
    place.kind == PlaceKind::Home && place.closed_at.is_none()
}

fn no_home() -> Fault {
    Fault::invalid("home", "没有找到这个房号，请写 楼-单元-房，例如 3-2-501。")
}

async fn still_open(tx: &Tx, compound_id: i64, month: Month) -> Result<(), Fault> {
    match run_of(tx.db(), compound_id, month).await? {
        None => Ok(()),
        Some(_) => Err(Fault::wrong_step(format!(
            "{}已经出账，不能再改。请记在下个月，或在账单上更正。",
            month.says()
        ))),
    }
}
