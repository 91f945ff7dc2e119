//! Table `binding`. The tie between a chat account and a home.

use sea_orm::entity::prelude::*;

use crate::kinds::BindingState;

/// The tie between a chat account and a home.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "binding")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The chat account.
    pub account_id: i64,
    /// The person it was matched with; none while requested.
    pub person_id: Option<i64>,
    /// The home.
    pub place_id: i64,
    /// The home's compound (tenant).
    pub compound_id: i64,
    /// How far it has come.
    pub state: BindingState,
    /// Name as typed.
    pub claimed_name: String,
    /// Phone as typed, encrypted.
    pub claimed_phone_sealed: String,
    /// Keyed hash of the phone as typed.
    pub claimed_phone_index: String,
    /// Person who verified, refused or objected.
    pub decided_by: Option<i64>,
    /// When.
    pub decided_at: Option<DateTimeUtc>,
    /// Why refused.
    pub reason: Option<String>,
    /// UTC, whole ms.
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
