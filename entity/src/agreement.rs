//! Table `agreement`. A co-building agreement (共建协议) of an organisation with a compound.

use sea_orm::entity::prelude::*;

/// A co-building agreement (共建协议) of an organisation with a compound.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "agreement")]
pub struct Model {
    /// Key; the number that people type.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Tenant.
    pub compound_id: i64,
    /// Who has agreed.
    pub organisation_id: i64,
    /// First day, in China.
    pub from_on: Date,
    /// Last day, in China.
    pub to_on: Date,
    /// Person who put it on record.
    pub recorded_by: i64,
    /// Counts the changes.
    pub version: i32,
    /// Put on record. UTC, whole ms.
    pub created_at: DateTimeUtc,
    /// Last changed.
    pub updated_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
