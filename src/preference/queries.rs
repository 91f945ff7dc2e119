//! Reads of wishes.

use entity::preference;
use sea_orm::{ConnectionTrait, EntityTrait, QueryFilter};

use crate::access::Actor;
use crate::base::fault::Fault;
use crate::delivery::topic::CHOICES;
use crate::preference::{Switch, concerns, switch};

/// All switches that concern the actor, in the order of their numbers.
///
/// # Errors
/// `forbidden` when the account is nobody's; the database's.
pub async fn switches<C: ConnectionTrait>(db: &C, actor: &Actor) -> Result<Vec<Switch>, Fault> {
    let person_id = actor.require_person()?;
    let rows = preference::Entity::find()
        .filter(preference::COLUMN.person_id.eq(person_id))
        .filter(preference::COLUMN.off.eq(true))
        .all(db)
        .await?;
    let on_duty = actor.is_staff();
    let topics = CHOICES
        .into_iter()
        .filter(|topic| concerns(*topic, on_duty));
    Ok(topics
        .map(|topic| {
            let stored = rows.iter().any(|row| row.topic == topic.name());
            switch(topic, stored, on_duty)
        })
        .collect())
}
