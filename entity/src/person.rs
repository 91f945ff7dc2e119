//! Table `person`. A human being known to the system, with or without an account.

use sea_orm::entity::prelude::*;

/// A human being known to the system, with or without an account.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "person")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The roster's own key for the person.
    #[sea_orm(unique)]
    pub key: Option<String>,
    /// Full name.
    pub name: String,
    /// Phone, encrypted (base/seal.rs).
    pub phone_sealed: Option<String>,
    /// Keyed hash of the phone, for look-up.
    pub phone_index: Option<String>,
    /// Member of the party.
    pub party_member: bool,
    /// Lower-cased WeCom user id.
    #[sea_orm(unique)]
    pub wecom_userid: Option<String>,
    /// When the person left; then nothing is pushed and no role counts.
    pub left_at: Option<DateTimeUtc>,
    /// When the person had their data erased (注销): name and phone are gone since.
    pub erased_at: Option<DateTimeUtc>,
    /// UTC, whole ms.
    pub created_at: DateTimeUtc,
    /// UTC, whole ms.
    pub updated_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
