//! The audit trail: one row for each change that somebody made, in the same transaction.
//!
//! | file | what it does |
//! |---|---|
//! | [`words`] | THE table of actions: what people call each, and as whom it is done |
//! | [`detail`] | what else a row says, as people read it |
//! | [`trail`] | reading it, within what a role covers |

pub mod detail;
pub mod trail;
pub mod words;

use entity::kinds::ActorKind;
use entity::{audit, place};
use sea_orm::ActiveValue::Set;
use sea_orm::{EntityTrait, QueryTrait};
use serde_json::Value;

use crate::access::Actor;
use crate::store::Tx;

/// What was done to what.
#[derive(Clone, Debug)]
pub struct Entry<'a> {
    /// `case.file`, `role.grant` …; has its line in [`words::ACTIONS`].
    pub action: &'a str,
    /// `case:12`, `person:7` …
    pub subject: String,
    /// Tenant, if it has one.
    pub compound_id: Option<i64>,
    /// What else; never personal data.
    pub detail: Option<Value>,
}

/// Writes it down, at the end of the transaction.
pub fn record(tx: &Tx, actor: &Actor, entry: Entry<'_>) {
    debug_assert!(
        words::known(entry.action).is_some(),
        "{} has no words in access/audit/words.rs",
        entry.action
    );
    let row = audit::ActiveModel {
        at: Set(tx.now()),
        actor_kind: Set(as_whom(actor, entry.action)),
        actor_id: Set(actor.person_id()),
        account_id: Set(actor.account_id),
        action: Set(entry.action.to_owned()),
        subject: Set(entry.subject),
        compound_id: Set(entry.compound_id),
        detail: Set(entry.detail),
        ..Default::default()
    };
    tx.at_end(audit::Entity::insert(row).into_query());
}

/// Notes what was set at a place: rules, policies, words.
pub fn record_at(tx: &Tx, actor: &Actor, action: &str, place: &place::Model, detail: Value) {
    let entry = Entry {
        action,
        subject: format!("place:{}", place.id),
        compound_id: place.compound_id,
        detail: Some(detail),
    };
    record(tx, actor, entry);
}

/// Whoever comes by chat is loaded as a resident, since a steward lives somewhere as well and it is not
/// known yet what they are going to do. What is done needs an office or it does not: that decides.
fn as_whom(actor: &Actor, action: &str) -> ActorKind {
    let in_office = words::known(action).is_some_and(|known| known.in_office);
    match actor.kind {
        ActorKind::Resident if in_office => ActorKind::Staff,
        kind => kind,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_needs_an_office_is_done_by_staff_whoever_is_loaded() {
        let resident = Actor {
            kind: ActorKind::Resident,
            ..Actor::system()
        };
        for (actor, action, kind) in [
            (&resident, "binding.verify", ActorKind::Staff),
            (&resident, "binding.prove", ActorKind::Resident),
            (&resident, "moderation.refuse", ActorKind::Staff),
            (&resident, "case.file", ActorKind::Resident),
            (&Actor::system(), "moderation.pass", ActorKind::System),
            (&Actor::operator(), "role.grant", ActorKind::Operator),
        ] {
            assert_eq!(as_whom(actor, action), kind, "{action}");
        }
    }
}
