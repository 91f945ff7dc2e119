//! Table `ledger_entry`. One event in the books, for one cause; never changed, never removed.

use sea_orm::entity::prelude::*;

use crate::money::EntryKind;

/// One event in the books, for one cause; never changed, never removed.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "ledger_entry")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Tenant.
    pub compound_id: i64,
    /// The business day in China.
    pub day: Date,
    /// What it is booked for, `payment:12:paid`; once in a compound.
    pub cause: String,
    /// What kind of event.
    pub kind: EntryKind,
    /// What it says in the books; no names, no phones.
    pub memo: String,
    /// The entry that it takes back; an entry is taken back once.
    pub reverses: Option<i64>,
    /// Who caused it; none for the system.
    pub actor_id: Option<i64>,
    /// UTC, whole ms.
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
