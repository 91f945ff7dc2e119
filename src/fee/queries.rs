//! Reads of fees and bills. Any noun may use them.

use std::collections::HashMap;

use entity::kinds::{FeeKind, FeeSplit, PlaceKind};
use entity::money::BillState;
use entity::{
    bill, bill_line, bill_run, fee_cost, fee_item, fee_policy, fee_reading, fee_space, place,
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
};

use crate::access::Actor;
use crate::access::permit::{Deed, may};
use crate::base::fault::Fault;
use crate::base::month::Month;
use crate::base::page::{Page, Slice};
use crate::fee::tariff::items_of;
use crate::place::queries::compound_by_id;
use crate::store::paging::newest;

/// Homes that a finding names.
const NAMED: u64 = 20;

/// The compound, if the actor may see its money.
///
/// # Errors
/// `not_found`, also when it is not theirs to see.
pub async fn seen_compound<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    compound_id: i64,
) -> Result<place::Model, Fault> {
    compound_by_id(db, compound_id)
        .await?
        .filter(|place| may(actor, Deed::SeeMoney, &place.path))
        .ok_or_else(|| Fault::not_found("没有找到这个小区。"))
}

/// How a compound takes and asks for its money; none while nobody has set anything.
///
/// # Errors
/// The database's.
pub async fn policy<C: ConnectionTrait>(
    db: &C,
    compound_id: i64,
) -> Result<Option<fee_policy::Model>, Fault> {
    Ok(fee_policy::Entity::find_by_id(compound_id).one(db).await?)
}

/// Which of these receiving accounts are other compounds'.
///
/// # Errors
/// The database's.
pub async fn accounts_of_others<C: ConnectionTrait>(
    db: &C,
    compound_id: i64,
    names: &[&str],
) -> Result<Vec<String>, Fault> {
    let rows = fee_policy::Entity::find()
        .filter(fee_policy::COLUMN.merchant.is_in(names.iter().copied()))
        .filter(fee_policy::COLUMN.compound_id.ne(compound_id))
        .all(db)
        .await?;
    Ok(rows.into_iter().filter_map(|row| row.merchant).collect())
}

/// All fees of a compound, the oldest first.
///
/// # Errors
/// The database's.
pub async fn items<C: ConnectionTrait>(
    db: &C,
    compound_id: i64,
) -> Result<Vec<fee_item::Model>, Fault> {
    let rows = fee_item::Entity::find()
        .filter(fee_item::COLUMN.compound_id.eq(compound_id))
        .order_by_asc(fee_item::COLUMN.id)
        .all(db)
        .await?;
    Ok(rows)
}

/// Costs of a month, by fee.
///
/// # Errors
/// The database's.
pub async fn costs<C: ConnectionTrait>(
    db: &C,
    compound_id: i64,
    month: Month,
) -> Result<HashMap<i64, fee_cost::Model>, Fault> {
    let rows = fee_cost::Entity::find()
        .filter(fee_cost::COLUMN.compound_id.eq(compound_id))
        .filter(fee_cost::COLUMN.month.eq(month.number()))
        .all(db)
        .await?;
    Ok(rows.into_iter().map(|row| (row.fee_item_id, row)).collect())
}

/// The last readings that were entered for a month.
///
/// # Errors
/// The database's.
pub async fn readings<C: ConnectionTrait>(
    db: &C,
    compound_id: i64,
    month: Month,
    most: u64,
) -> Result<Vec<fee_reading::Model>, Fault> {
    let rows = fee_reading::Entity::find()
        .filter(fee_reading::COLUMN.compound_id.eq(compound_id))
        .filter(fee_reading::COLUMN.month.eq(month.number()))
        .order_by_desc(fee_reading::COLUMN.id)
        .limit(most)
        .all(db)
        .await?;
    Ok(rows)
}

/// Spaces that are or will be paid for, by what is painted on them.
///
/// # Errors
/// The database's.
pub async fn spaces<C: ConnectionTrait>(
    db: &C,
    compound_id: i64,
    most: u64,
) -> Result<Vec<fee_space::Model>, Fault> {
    let rows = fee_space::Entity::find()
        .filter(fee_space::COLUMN.compound_id.eq(compound_id))
        .filter(fee_space::COLUMN.to_day.is_null())
        .order_by_asc(fee_space::COLUMN.code)
        .limit(most)
        .all(db)
        .await?;
    Ok(rows)
}

/// Runs of a compound, the latest month first.
///
/// # Errors
/// The database's.
pub async fn runs<C: ConnectionTrait>(
    db: &C,
    compound_id: i64,
    most: u64,
) -> Result<Vec<bill_run::Model>, Fault> {
    let rows = bill_run::Entity::find()
        .filter(bill_run::COLUMN.compound_id.eq(compound_id))
        .order_by_desc(bill_run::COLUMN.month)
        .limit(most)
        .all(db)
        .await?;
    Ok(rows)
}

/// Which bills are looked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted {
    /// Of this month.
    pub month: Option<Month>,
    /// Where they stand.
    pub state: Option<BillState>,
    /// Of this home.
    pub home_id: Option<i64>,
}

/// A page of the bills of a compound, the newest first; and how many there are in all.
///
/// # Errors
/// The database's.
pub async fn bills<C: ConnectionTrait>(
    db: &C,
    compound_id: i64,
    wanted: Wanted,
    slice: Slice,
) -> Result<(Page<bill::Model>, u64), Fault> {
    let mut find = bill::Entity::find().filter(bill::COLUMN.compound_id.eq(compound_id));
    if let Some(month) = wanted.month {
        find = find.filter(bill::COLUMN.month.eq(month.number()));
    }
    if let Some(state) = wanted.state {
        find = find.filter(bill::COLUMN.state.eq(state));
    }
    if let Some(home_id) = wanted.home_id {
        find = find.filter(bill::COLUMN.home_id.eq(home_id));
    }
    let count = find.clone().count(db).await?;
    let page = newest(db, find, bill::Column::Id, slice, |row| row.id).await?;
    Ok((page, count))
}

/// Open bills of a home, in the order in which they are to be paid.
///
/// # Errors
/// The database's.
pub async fn open_bills<C: ConnectionTrait>(
    db: &C,
    home_id: i64,
) -> Result<Vec<bill::Model>, Fault> {
    let rows = bill::Entity::find()
        .filter(bill::COLUMN.home_id.eq(home_id))
        .filter(bill::COLUMN.state.eq(BillState::Open))
        .order_by_asc(bill::COLUMN.month)
        .order_by_asc(bill::COLUMN.id)
        .all(db)
        .await?;
    Ok(rows)
}

/// The lines of a bill, charges and credits as they came about.
///
/// # Errors
/// The database's.
pub async fn lines<C: ConnectionTrait>(
    db: &C,
    bill_id: i64,
) -> Result<Vec<bill_line::Model>, Fault> {
    let rows = bill_line::Entity::find()
        .filter(bill_line::COLUMN.bill_id.eq(bill_id))
        .order_by_asc(bill_line::COLUMN.id)
        .all(db)
        .await?;
    Ok(rows)
}

/// A bill of a compound, with its lines.
///
/// # Errors
/// `not_found` for another compound's.
pub async fn bill_of<C: ConnectionTrait>(
    db: &C,
    compound_id: i64,
    bill_id: i64,
) -> Result<(bill::Model, Vec<bill_line::Model>), Fault> {
    let row = bill::Entity::find_by_id(bill_id).one(db).await?;
    let row = row
        .filter(|row| row.compound_id == compound_id)
        .ok_or_else(|| Fault::not_found("没有找到这张账单。"))?;
    let lines = lines(db, row.id).await?;
    Ok((row, lines))
}

/// What a month's bills do without, in words: costs and readings that are missing, homes without an area.
///
/// # Errors
/// The database's.
pub async fn findings<C: ConnectionTrait>(
    db: &C,
    compound_id: i64,
    month: Month,
) -> Result<Vec<String>, Fault> {
    let items = items_of(db, compound_id, month).await?;
    let mut out = Vec::new();
    if items.is_empty() {
        out.push(format!("{}没有收费项目。", month.says()));
    }
    let costs = costs(db, compound_id, month).await?;
    for item in items.iter().filter(|item| item.kind == FeeKind::Shared) {
        if !costs.contains_key(&item.id) {
            out.push(format!("“{}”还没有填本月的费用。", item.name));
        }
    }
    let by_area = |item: &&fee_item::Model| {
        item.kind == FeeKind::Area
            || (item.kind == FeeKind::Shared && item.split == Some(FeeSplit::Area))
    };
    let names: Vec<&str> = items
        .iter()
        .filter(by_area)
        .map(|item| item.name.as_str())
        .collect();
    if !names.is_empty()
        && let Some(text) = without_area(db, compound_id, &names.join("、")).await?
    {
        out.push(text);
    }
    for item in items.iter().filter(|item| item.kind == FeeKind::Meter) {
        let read = fee_reading::Entity::find()
            .filter(fee_reading::COLUMN.fee_item_id.eq(item.id))
            .filter(fee_reading::COLUMN.month.eq(month.number()))
            .count(db)
            .await?;
        out.push(format!("“{}”有{read}户的读数，没有读数的不收。", item.name));
    }
    Ok(out)
}

async fn without_area<C: ConnectionTrait>(
    db: &C,
    compound_id: i64,
    names: &str,
) -> Result<Option<String>, Fault> {
    let find = place::Entity::find()
        .filter(place::COLUMN.compound_id.eq(compound_id))
        .filter(place::COLUMN.kind.eq(PlaceKind::Home))
        .filter(place::COLUMN.closed_at.is_null())
        .filter(place::COLUMN.area_cm2.is_null());
    let count = find.clone().count(db).await?;
    if count == 0 {
        return Ok(None);
    }
    let some = find
        .order_by_asc(place::COLUMN.code)
        .limit(NAMED)
        .all(db)
        .await?;
    let codes: Vec<&str> = some.iter().map(crate::place::queries::short_name).collect();
    let more = if count > NAMED { "等" } else { "" };
    Ok(Some(format!(
        "有{count}户没有登记面积，“{names}”不会收：{}{more}。",
        codes.join("、")
    )))
}
