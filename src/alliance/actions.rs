//! What can be done to alliances: who belongs to them, and records of what members did. One function is one use
//! case, inside the caller's transaction.

use chrono::{NaiveDate, TimeDelta};
use entity::{alliance_member, alliance_record, organisation, place};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::OnConflict;
use sea_orm::{EntityTrait, QueryFilter, TryInsertResult};
use serde_json::{Value, json};

use crate::access::named::residents_named;
use crate::access::permit::{Deed, may};
use crate::access::{Actor, audit};
use crate::alliance::queries::{found, kept, membership, no_such};
use crate::alliance::{KIND, MOST_SERVED, MOST_TEXT, subject};
use crate::base::clock::china;
use crate::base::fault::Fault;
use crate::base::redact::redact;
use crate::base::worded::{Asks, worded};
use crate::organisation::queries as organisations;
use crate::place::ids;
use crate::place::queries as places;
use crate::store::Tx;

/// A record is of the last so many days.
const MOST_DAYS: i64 = 366;

/// Takes an organisation into an alliance; one that had left belongs to it again.
///
/// # Errors
/// `not_found` for an alliance that the actor does not keep, `invalid` for an organisation that is not there or
/// is an alliance itself, `wrong_step` when it belongs to it.
pub async fn join(
    tx: &Tx,
    actor: &Actor,
    alliance_id: i64,
    organisation_id: i64,
) -> Result<(), Fault> {
    let (_, place) = kept(tx.db(), actor, alliance_id).await?;
    let alliance = organisations::staying(tx, alliance_id).await?;
    let alliance = alliance.ok_or_else(no_such)?;
    let unit = unit(tx, &place, organisation_id).await?;
    let today = china(tx.now()).date_naive();
    let row = alliance_member::ActiveModel {
        alliance_id: Set(alliance.id),
        organisation_id: Set(unit.id),
        compound_id: Set(alliance.compound_id),
        since_on: Set(today),
        left_on: Set(None),
        created_at: Set(tx.now()),
        ..Default::default()
    };
    let key = [
        alliance_member::Column::AllianceId,
        alliance_member::Column::OrganisationId,
    ];
    let stored = alliance_member::Entity::insert(row)
        .on_conflict(OnConflict::columns(key).do_nothing().to_owned())
        .try_insert()
        .exec_without_returning(tx.db())
        .await?;
    let is_new = matches!(stored, TryInsertResult::Inserted(count) if count > 0);
    if !is_new {
        let back = alliance_member::Entity::update_many()
            .set(alliance_member::ActiveModel {
                since_on: Set(today),
                left_on: Set(None),
                ..Default::default()
            })
            .filter(alliance_member::COLUMN.alliance_id.eq(alliance.id))
            .filter(alliance_member::COLUMN.organisation_id.eq(unit.id))
            .filter(alliance_member::COLUMN.left_on.is_not_null())
            .exec(tx.db())
            .await?;
        if back.rows_affected == 0 {
            let name = unit.name;
            return Err(Fault::wrong_step(format!("{name}已经在这个联盟里了。")));
        }
    }
    let detail = json!({ "organisation": unit.id });
    note(tx, actor, "alliance.join", &alliance, detail);
    Ok(())
}

/// An organisation that works in the place of an alliance, inside of it, or above it; it stays until its membership
/// is stored.
async fn unit(tx: &Tx, place: &place::Model, id: i64) -> Result<organisation::Model, Fault> {
    let none = || Fault::invalid("organisation", "没有找到这个单位，请先在“组织”里登记。");
    let unit = organisations::staying(tx, id).await?;
    let unit = unit.filter(|row| row.kind != KIND).ok_or_else(none)?;
    let works = places::by_id(tx.db(), unit.place_id).await?;
    let works = works.ok_or_else(none)?;
    let near = works.path.starts_with(&place.path) || ids(&place.path).contains(&works.id);
    near.then_some(unit).ok_or_else(none)
}

/// Lets an organisation leave; what it did stays on record.
///
/// # Errors
/// `not_found` for an alliance that the actor does not keep, `wrong_step` when it does not belong to it.
pub async fn leave(
    tx: &Tx,
    actor: &Actor,
    alliance_id: i64,
    organisation_id: i64,
) -> Result<(), Fault> {
    let (alliance, _) = kept(tx.db(), actor, alliance_id).await?;
    let left = alliance_member::Entity::update_many()
        .set(alliance_member::ActiveModel {
            left_on: Set(Some(china(tx.now()).date_naive())),
            ..Default::default()
        })
        .filter(alliance_member::COLUMN.alliance_id.eq(alliance.id))
        .filter(alliance_member::COLUMN.organisation_id.eq(organisation_id))
        .filter(alliance_member::COLUMN.left_on.is_null())
        .exec(tx.db())
        .await?;
    if left.rows_affected != 1 {
        return Err(Fault::wrong_step("这个单位不在这个联盟里。"));
    }
    let detail = json!({ "organisation": organisation_id });
    note(tx, actor, "alliance.leave", &alliance, detail);
    Ok(())
}

/// What a member did, as it was written.
#[derive(Clone, Copy, Debug)]
pub struct Done<'a> {
    /// Who.
    pub organisation_id: i64,
    /// When, in China.
    pub on_day: NaiveDate,
    /// What.
    pub text: &'a str,
    /// For how many people.
    pub served: i32,
}

/// Puts on record what a member did: written by whoever keeps the alliance, since it is published as it stands. A
/// member tells them.
///
/// # Errors
/// `not_found` for an alliance that the actor does not keep, `invalid` for a unit that does not belong to it, and for
/// words, numbers and days that cannot be.
pub async fn record(
    tx: &Tx,
    actor: &Actor,
    alliance_id: i64,
    done: &Done<'_>,
) -> Result<alliance_record::Model, Fault> {
    let (alliance, _) = kept(tx.db(), actor, alliance_id).await?;
    let author = actor.require_person()?;
    let member = membership(tx.db(), alliance.id, done.organisation_id).await?;
    if member.is_none_or(|row| row.left_on.is_some()) {
        return Err(Fault::invalid("organisation", "这个单位不在这个联盟里。"));
    }
    let asks = Asks {
        field: "text",
        most: MOST_TEXT,
        missing: "请写做了什么，例如：免费理发半天。",
        number: "这里写的会公布，请不要写手机号、证件号。",
    };
    let text = worded(done.text, asks)?;
    let names = residents_named(tx.db(), &text, tx.now()).await?;
    let today = china(tx.now()).date_naive();
    if done.on_day > today || done.on_day < today - TimeDelta::days(MOST_DAYS) {
        return Err(Fault::invalid("on_day", "日期请写最近一年里的。"));
    }
    if !(0..=MOST_SERVED).contains(&done.served) {
        return Err(Fault::invalid(
            "served",
            format!("服务人数请写0到{MOST_SERVED}。"),
        ));
    }
    let row = alliance_record::ActiveModel {
        alliance_id: Set(alliance.id),
        organisation_id: Set(done.organisation_id),
        compound_id: Set(alliance.compound_id),
        on_day: Set(done.on_day),
        text: Set(redact(&text, &names)),
        served: Set(done.served),
        author_id: Set(author),
        removed_at: Set(None),
        created_at: Set(tx.now()),
        ..Default::default()
    };
    let row = alliance_record::Entity::insert(row)
        .exec_with_returning(tx.db())
        .await?;
    write_down(tx, actor, "alliance.record", &row);
    Ok(row)
}

/// Strikes a record out; written anew it is another one.
///
/// # Errors
/// `not_found` for a record of an alliance that the actor does not keep, `wrong_step` when it was struck out.
pub async fn strike(tx: &Tx, actor: &Actor, id: i64) -> Result<(), Fault> {
    let none = || Fault::not_found("没有找到这条记录。");
    let row = alliance_record::Entity::find_by_id(id)
        .one(tx.db())
        .await?
        .ok_or_else(none)?;
    let (_, place) = found(tx.db(), row.alliance_id).await?;
    if !may(actor, Deed::KeepAgreements, &place.path) {
        return Err(none());
    }
    let done = alliance_record::Entity::update_many()
        .set(alliance_record::ActiveModel {
            removed_at: Set(Some(tx.now())),
            ..Default::default()
        })
        .filter(alliance_record::COLUMN.id.eq(row.id))
        .filter(alliance_record::COLUMN.removed_at.is_null())
        .exec(tx.db())
        .await?;
    if done.rows_affected != 1 {
        return Err(Fault::wrong_step("这条记录已经删掉了。"));
    }
    write_down(tx, actor, "alliance.strike", &row);
    Ok(())
}

fn note(
    tx: &Tx,
    actor: &Actor,
    action: &'static str,
    alliance: &organisation::Model,
    detail: Value,
) {
    let entry = audit::Entry {
        action,
        subject: format!("organisation:{}", alliance.id),
        compound_id: alliance.compound_id,
        detail: Some(detail),
    };
    audit::record(tx, actor, entry);
}

fn write_down(tx: &Tx, actor: &Actor, action: &'static str, row: &alliance_record::Model) {
    let entry = audit::Entry {
        action,
        subject: subject(row.id),
        compound_id: row.compound_id,
        detail: Some(json!({ "organisation": row.organisation_id })),
    };
    audit::record(tx, actor, entry);
}
