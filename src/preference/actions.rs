//! The one use case: a topic is switched on or off by the person themselves.

use entity::preference;
use sea_orm::ActiveValue::Set;
use sea_orm::EntityTrait;
use sea_orm::sea_query::OnConflict;
use serde_json::json;

use crate::access::{Actor, audit};
use crate::base::fault::Fault;
use crate::delivery::Topic;
use crate::preference::why_fixed;
use crate::store::Tx;

/// Switches a topic for the actor. What may not be switched off is refused with the reason; to
/// switch on what is on changes nothing.
///
/// # Errors
/// `forbidden` when the account is nobody's or the topic is fixed; the database's.
pub async fn set(tx: &Tx, actor: &Actor, topic: Topic, on: bool) -> Result<(), Fault> {
    let person_id = actor.require_person()?;
    if !on && !topic.may_be_off(actor.is_staff()) {
        return Err(Fault::forbidden(why_fixed(topic)));
    }
    let row = preference::ActiveModel {
        person_id: Set(person_id),
        topic: Set(topic.name().to_owned()),
        off: Set(!on),
        updated_at: Set(tx.now()),
    };
    let key = [preference::Column::PersonId, preference::Column::Topic];
    preference::Entity::insert(row)
        .on_conflict(
            OnConflict::columns(key)
                .update_columns([preference::Column::Off, preference::Column::UpdatedAt])
                .to_owned(),
        )
        .exec_without_returning(tx.db())
        .await?;
    let entry = audit::Entry {
        action: "preference.set",
        subject: format!("person:{person_id}"),
        compound_id: None,
        detail: Some(json!({ "topic": topic.name(), "on": on })),
    };
    audit::record(tx, actor, entry);
    Ok(())
}
