//! What a compound bills for: adding a fee, ending one. A fee is never changed: another price is another
//! fee from a later month, so that every bill keeps its reason.

use entity::kinds::{FeeKind, FeeSplit};
use entity::{fee_item, place};
use sea_orm::ActiveValue::Set;
use sea_orm::{EntityTrait, PaginatorTrait, QueryFilter};
use serde_json::json;

use super::{MOST_NAME, MOST_NOTE, locked, record, worded};
use crate::access::Actor;
use crate::base::fault::{Code, Fault};
use crate::base::month::Month;
use crate::place::queries::by_local_code;
use crate::store::Tx;

/// Most of a unit price: a million yuan, in 1/100 fen.
pub const MOST_PRICE: i64 = 10_000_000_000;
/// Fees that a compound may have.
const MOST: u64 = 200;

/// A fee to be.
#[derive(Clone, Debug)]
pub struct NewItem {
    /// What the bill calls it.
    pub name: String,
    /// How it is computed.
    pub kind: FeeKind,
    /// In 1/100 fen; 0 for a shared cost.
    pub unit_price: i64,
    /// For shared costs.
    pub split: Option<FeeSplit>,
    /// 1 to 28.
    pub due_day: i16,
    /// `3`, `3-2`: only for homes below it; all if empty.
    pub place: String,
    /// First month, if not from the beginning.
    pub from: Option<Month>,
    /// What the price rests on.
    pub basis: String,
}

/// Adds a fee.
///
/// # Errors
/// `not_found` and `forbidden` for who does not keep the compound's fees, `invalid` for what cannot be.
pub async fn add(
    tx: &mut Tx,
    actor: &Actor,
    compound_id: i64,
    new: NewItem,
) -> Result<fee_item::Model, Fault> {
    let compound = locked(tx, actor, compound_id).await?;
    let name = worded("name", &new.name, MOST_NAME, "请写收费名称，例如“物业费”。")?;
    let basis = worded(
        "basis",
        &new.basis,
        MOST_NOTE,
        "请写收费依据，例如“物业服务合同第8条”，账单上会看到。",
    )?;
    check(&new)?;
    let place = below(tx, &compound, &new.place).await?;
    not_twice(tx, compound.id, &name, new.from).await?;
    let known = fee_item::Entity::find()
        .filter(fee_item::COLUMN.compound_id.eq(compound.id))
        .count(tx.db())
        .await?;
    if known >= MOST {
        return Err(Fault::wrong_step(format!("一个小区最多{MOST}个收费项目。")));
    }
    let shared = new.kind == FeeKind::Shared;
    let row = fee_item::ActiveModel {
        compound_id: Set(compound.id),
        name: Set(name),
        kind: Set(new.kind),
        unit_price: Set(if shared { 0 } else { new.unit_price }),
        split: Set(new.split.filter(|_| shared)),
        due_day: Set(new.due_day),
        place_id: Set(place.map(|place| place.id)),
        from_month: Set(new.from.map(Month::number)),
        to_month: Set(None),
        basis: Set(Some(basis)),
        created_at: Set(tx.now()),
        ..Default::default()
    };
    let stored = fee_item::Entity::insert(row)
        .exec_with_returning(tx.db())
        .await?;
    let subject = format!("fee:{}", stored.id);
    let detail = json!({ "fee": stored.name });
    record(tx, actor, "fee.add", subject, compound.id, detail);
    Ok(stored)
}

/// What a fee asks for, and by when.
fn check(new: &NewItem) -> Result<(), Fault> {
    let shared = new.kind == FeeKind::Shared;
    if !shared && !(1..=MOST_PRICE).contains(&new.unit_price) {
        return Err(Fault::invalid(
            "unit_price",
            "请写单价，大于0，最多4位小数，例如 1.80。",
        ));
    }
    if shared && new.split.is_none() {
        return Err(Fault::invalid("split", "公摊请选按面积还是按户分。"));
    }
    if !(1..=28).contains(&new.due_day) {
        return Err(Fault::invalid("due_day", "缴费日请写1到28。"));
    }
    Ok(())
}

/// One name is one fee at a time.
async fn not_twice(
    tx: &Tx,
    compound_id: i64,
    name: &str,
    from: Option<Month>,
) -> Result<(), Fault> {
    let first = from.map_or(0, Month::number);
    let open = fee_item::Entity::find()
        .filter(fee_item::COLUMN.compound_id.eq(compound_id))
        .filter(fee_item::COLUMN.name.eq(name))
        .all(tx.db())
        .await?;
    if open
        .iter()
        .any(|row| row.to_month.is_none_or(|to| to >= first))
    {
        return Err(Fault::invalid(
            "name",
            "已经有同名的收费项目在收。要换单价，请先把原来的结束，新的写明从下一个月开始。",
        ));
    }
    Ok(())
}

/// The place of the compound that was typed; none for all of it.
async fn below(
    tx: &Tx,
    compound: &place::Model,
    typed: &str,
) -> Result<Option<place::Model>, Fault> {
    if typed.trim().is_empty() {
        return Ok(None);
    }
    let found = by_local_code(tx.db(), compound, typed).await?;
    let missing = || {
        Fault::invalid(
            "place",
            "没有找到这栋楼，请写编号，例如 3 或 3-2；全小区请留空。",
        )
    };
    found.map(Some).ok_or_else(missing)
}

/// Ends a fee with a month: it is the last that is billed.
///
/// # Errors
/// As [`add`]; `conflict` when somebody has ended it meanwhile, `invalid` for a month before its first.
pub async fn end(
    tx: &mut Tx,
    actor: &Actor,
    compound_id: i64,
    item_id: i64,
    last: Month,
) -> Result<(), Fault> {
    let compound = locked(tx, actor, compound_id).await?;
    let row = own(tx, compound.id, item_id).await?;
    if row.from_month.is_some_and(|from| last.number() < from) {
        return Err(Fault::invalid("to_month", "最后一个月不能早于开始的月份。"));
    }
    let change = fee_item::ActiveModel {
        to_month: Set(Some(last.number())),
        ..Default::default()
    };
    let seen = match row.to_month {
        Some(month) => fee_item::COLUMN.to_month.eq(month),
        None => fee_item::COLUMN.to_month.is_null(),
    };
    let changed = fee_item::Entity::update_many()
        .set(change)
        .filter(fee_item::COLUMN.id.eq(row.id))
        .filter(seen)
        .exec(tx.db())
        .await?;
    if changed.rows_affected != 1 {
        return Err(Fault::plain(Code::Conflict));
    }
    let detail = json!({ "fee": row.name, "month": last.to_string() });
    let subject = format!("fee:{}", row.id);
    record(tx, actor, "fee.end", subject, compound.id, detail);
    Ok(())
}

/// A fee of the compound.
pub(super) async fn own(tx: &Tx, compound_id: i64, item_id: i64) -> Result<fee_item::Model, Fault> {
    let row = fee_item::Entity::find_by_id(item_id).one(tx.db()).await?;
    row.filter(|row| row.compound_id == compound_id)
        .ok_or_else(|| Fault::not_found("没有找到这个收费项目。"))
}
