//! A home that somebody owns no more (过户): until which day it was theirs. The next owner comes with the roster.
//! What becomes of bills is the noun `fee`'s.

use chrono::{Days, NaiveDate};
use entity::kinds::HomeRelation;
use entity::residency;
use sea_orm::ActiveValue::Set;
use sea_orm::{EntityTrait, QueryFilter};
use serde_json::json;

use crate::access::permit::{Deed, may};
use crate::access::{Actor, audit};
use crate::base::clock::{begin_of, china};
use crate::base::fault::{Code, Fault};
use crate::place::queries as places;
use crate::store::Tx;

/// Days back that may be written down.
const BACK: Days = Days::new(365);

/// Writes down the last day on which a home was somebody's; once more with another day mends it. Whoever keeps the
/// fees does it, since bills follow from it. Gives the home.
///
/// # Errors
/// `not_found` for who does not keep the home's fees, and for whoever is no owner; `invalid` beside `last` for a day
/// that is to come, or that is more than a year ago; `conflict` when it was changed meanwhile.
pub async fn end_ownership(
    tx: &mut Tx,
    actor: &Actor,
    residency_id: i64,
    last: NaiveDate,
) -> Result<i64, Fault> {
    let none = || Fault::not_found("没有找到这位业主，请刷新后再试。");
    let row = residency::Entity::find_by_id(residency_id)
        .one(tx.db())
        .await?
        .filter(|row| row.relation == HomeRelation::Owner)
        .ok_or_else(none)?;
    let home = places::by_id(tx.db(), row.place_id).await?;
    let home = home.ok_or_else(none)?;
    if !may(actor, Deed::KeepFees, &home.path) {
        return Err(none());
    }
    let today = china(tx.now()).date_naive();
    let oldest = today.checked_sub_days(BACK).unwrap_or(today);
    if last > today || last < oldest {
        let words = "请写房子还归原业主的最后一天，今天或以前一年内，例如 2026-11-15。";
        return Err(Fault::invalid("last", words));
    }
    // Midnight is the end of the day before.
    let end = begin_of(last.succ_opt().unwrap_or(last));
    let seen = match row.ended_at {
        Some(at) => residency::COLUMN.ended_at.eq(at),
        None => residency::COLUMN.ended_at.is_null(),
    };
    let done = residency::Entity::update_many()
        .set(residency::ActiveModel {
            ended_at: Set(Some(end)),
            ..Default::default()
        })
        .filter(residency::COLUMN.id.eq(row.id))
        .filter(seen)
        .exec(tx.db())
        .await?;
    if done.rows_affected != 1 {
        return Err(Fault::plain(Code::Conflict));
    }
    let entry = audit::Entry {
        action: "person.sold",
        subject: format!("person:{}", row.person_id),
        compound_id: Some(row.compound_id),
        detail: Some(json!({ "place": home.id, "to": last.to_string() })),
    };
    audit::record(tx, actor, entry);
    Ok(home.id)
}
