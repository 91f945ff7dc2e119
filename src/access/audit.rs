//! The audit trail: one row for each change that somebody made, in the same transaction.

use entity::audit;
use sea_orm::ActiveValue::Set;
use sea_orm::{EntityTrait, QueryTrait};
use serde_json::Value;

use crate::access::Actor;
use crate::store::Tx;

/// What was done to what.
#[derive(Clone, Debug)]
pub struct Entry<'a> {
    /// `case.file`, `role.grant` …
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
    let row = audit::ActiveModel {
        at: Set(tx.now()),
        actor_kind: Set(actor.kind),
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
