//! What a copy holds of giving and talents: what somebody gave, offers, and asked neighbours for.

use entity::{donation, donation_step, help_request, talent};
use sea_orm::{ActiveEnum, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde_json::{Value, json};

use super::{MOST, maybe, time};
use crate::base::fault::Fault;

/// All of it.
pub(super) async fn all<C: ConnectionTrait>(db: &C, person_id: i64) -> Result<Value, Fault> {
    let given = donation::Entity::find()
        .filter(donation::COLUMN.donor_id.eq(person_id))
        .order_by_desc(donation::COLUMN.id)
        .limit(MOST)
        .all(db)
        .await?;
    let said = donation_step::Entity::find()
        .filter(donation_step::COLUMN.actor_id.eq(person_id))
        .order_by_desc(donation_step::COLUMN.id)
        .limit(MOST)
        .all(db)
        .await?;
    let offered = talent::Entity::find()
        .filter(talent::COLUMN.person_id.eq(person_id))
        .order_by_desc(talent::COLUMN.id)
        .limit(MOST)
        .all(db)
        .await?;
    let asked = help_request::Entity::find()
        .filter(help_request::COLUMN.asker_id.eq(person_id))
        .order_by_desc(help_request::COLUMN.id)
        .limit(MOST)
        .all(db)
        .await?;
    let gift = |row: &donation::Model| {
        json!({
            "number": row.id.to_string(), "kind": row.kind.to_value(), "amount": row.amount,
            "used": row.used, "returned": row.returned, "goods": row.goods, "room": row.room,
            "name": row.donor_name, "anonymous": row.anonymous, "state": row.state.to_value(),
            "reason": row.reason, "made_at": time(row.created_at),
            "received_at": maybe(row.received_at), "ended_at": maybe(row.ended_at),
        })
    };
    let words = |step: &donation_step::Model| {
        json!({
            "number": step.donation_id.to_string(), "what": step.action, "words": step.note,
            "at": time(step.at),
        })
    };
    let offer = |row: &talent::Model| {
        json!({
            "number": row.id.to_string(), "kind": row.kind.to_value(), "text": row.text,
            "state": row.state.to_value(), "consent_at": time(row.consent_at), "asked": row.asked,
            "ended_at": maybe(row.ended_at),
        })
    };
    let request = |row: &help_request::Model| {
        json!({
            "number": row.id.to_string(), "kind": row.kind.to_value(), "text": row.text,
            "state": row.state.to_value(), "made_at": time(row.created_at),
            "ended_at": maybe(row.ended_at),
        })
    };
    Ok(json!({
        "donations": given.iter().map(gift).collect::<Vec<_>>(),
        "own_words": said.iter().map(words).collect::<Vec<_>>(),
        "talents": offered.iter().map(offer).collect::<Vec<_>>(),
        "help": asked.iter().map(request).collect::<Vec<_>>(),
    }))
}
