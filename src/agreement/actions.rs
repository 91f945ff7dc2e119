//! What can be done to agreements: put on record, and ended before their time. One function is one use case,
//! inside the caller's transaction.

use chrono::NaiveDate;
use entity::kinds::PlaceKind;
use entity::{agreement, organisation};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::LockType;
use sea_orm::{EntityTrait, QueryFilter, QuerySelect};
use serde_json::json;

use crate::access::permit::{Deed, may};
use crate::access::{Actor, audit};
use crate::agreement::queries::{kept, term};
use crate::agreement::rule::{MOST_DAYS, Term, day_before};
use crate::agreement::subject;
use crate::base::clock::china;
use crate::base::dates;
use crate::base::fault::{Code, Fault};
use crate::organisation::queries::around;
use crate::place::queries as places;
use crate::store::Tx;

/// Puts an agreement on record.
///
/// # Errors
/// `not_found` for a compound or an organisation that is not there for the actor, `invalid` for days that cannot
/// be, `wrong_step` when the organisation has an agreement in these days.
pub async fn record(
    tx: &Tx,
    actor: &Actor,
    compound_id: i64,
    organisation_id: i64,
    days: Term,
) -> Result<agreement::Model, Fault> {
    let none = || Fault::not_found("没有找到这个小区。");
    let compound = places::by_id(tx.db(), compound_id).await?;
    let compound = compound
        .filter(|place| place.kind == PlaceKind::Compound)
        .filter(|place| may(actor, Deed::KeepAgreements, &place.path))
        .ok_or_else(none)?;
    let person = actor.require_person()?;
    check(days)?;
    // One that works elsewhere is not there.
    let near = around(tx.db(), &compound).await?;
    let near = near.iter().any(|row| row.id == organisation_id);
    // One after the other: with the lock no two overlap.
    let found = organisation::Entity::find_by_id(organisation_id)
        .filter(organisation::COLUMN.ended_at.is_null())
        .lock(LockType::NoKeyUpdate)
        .one(tx.db())
        .await?
        .filter(|_| near)
        .ok_or_else(|| Fault::invalid("organisation", "没有找到这个单位，请先在“组织”里登记。"))?;
    let others = agreement::Entity::find()
        .filter(agreement::COLUMN.compound_id.eq(compound.id))
        .filter(agreement::COLUMN.organisation_id.eq(found.id))
        .all(tx.db())
        .await?;
    if let Some(other) = others.iter().find(|other| term(other).overlaps(days)) {
        return Err(Fault::wrong_step(format!(
            "{}在这段时间已有共建协议（{}到{}）。",
            found.name, other.from_on, other.to_on
        )));
    }
    let row = agreement::ActiveModel {
        compound_id: Set(compound.id),
        organisation_id: Set(found.id),
        from_on: Set(days.from),
        to_on: Set(days.to),
        recorded_by: Set(person),
        version: Set(0),
        created_at: Set(tx.now()),
        updated_at: Set(tx.now()),
        ..Default::default()
    };
    let row = agreement::Entity::insert(row)
        .exec_with_returning(tx.db())
        .await?;
    write_down(tx, actor, &row, "agreement.record");
    Ok(row)
}

fn check(days: Term) -> Result<(), Fault> {
    dates::day("from", days.from)?;
    dates::day("to", days.to)?;
    if days.to < days.from {
        return Err(Fault::invalid("to", "最后一天不能早于第一天。"));
    }
    if (days.to - days.from).num_days() > MOST_DAYS {
        return Err(Fault::invalid("to", "一份协议最多十年，到期可以续签。"));
    }
    Ok(())
}

/// Ends an agreement before its time: today is the first day on which it no longer holds. One that has not
/// begun ends on its first day.
///
/// # Errors
/// `not_found` for one that the actor does not keep, `wrong_step` when it is over, `conflict` when somebody else
/// was first.
pub async fn end(tx: &Tx, actor: &Actor, id: i64) -> Result<agreement::Model, Fault> {
    let (row, _) = kept(tx.db(), actor, id).await?;
    let today = china(tx.now()).date_naive();
    let to_on: NaiveDate = day_before(today).max(row.from_on);
    if to_on >= row.to_on {
        return Err(Fault::wrong_step("这份共建协议已经到期了。"));
    }
    let done = agreement::Entity::update_many()
        .set(agreement::ActiveModel {
            to_on: Set(to_on),
            version: Set(row.version + 1),
            updated_at: Set(tx.now()),
            ..Default::default()
        })
        .filter(agreement::COLUMN.id.eq(row.id))
        .filter(agreement::COLUMN.version.eq(row.version))
        .exec(tx.db())
        .await?;
    if done.rows_affected != 1 {
        return Err(Fault::new(
            Code::Conflict,
            "这份共建协议刚刚有变化，请刷新再看。",
        ));
    }
    let row = agreement::Model {
        to_on,
        version: row.version + 1,
        updated_at: tx.now(),
        ..row
    };
    write_down(tx, actor, &row, "agreement.end");
    Ok(row)
}

fn write_down(tx: &Tx, actor: &Actor, row: &agreement::Model, action: &'static str) {
    let entry = audit::Entry {
        action,
        subject: subject(row.id),
        compound_id: Some(row.compound_id),
        detail: Some(json!({
            "organisation": row.organisation_id,
            "from": row.from_on.to_string(),
            "to": row.to_on.to_string(),
        })),
    };
    audit::record(tx, actor, entry);
}
