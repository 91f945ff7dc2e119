//! Table `credential`. Name and password of somebody who signs in to the console.

use sea_orm::entity::prelude::*;

/// Name and password of somebody who signs in to the console.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "credential")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Name to sign in with.
    #[sea_orm(unique)]
    pub login: String,
    /// Who.
    pub person_id: i64,
    /// argon2id, PHC string.
    pub password_hash: String,
    /// Must be changed at the first sign-in.
    pub one_time: bool,
    /// Secret of the second factor (TOTP), encrypted; none before it is set up.
    pub totp_sealed: Option<String>,
    /// The last half minute whose code was used; no code of it or before counts again.
    pub totp_last_step: Option<i64>,
    /// UTC, whole ms.
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
