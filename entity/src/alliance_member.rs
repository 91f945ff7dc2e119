//! Table `alliance_member`. Which organisations belong to an alliance (联盟).

use sea_orm::entity::prelude::*;

/// That an organisation belongs to an alliance (联盟), or did.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "alliance_member")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The alliance: an organisation of that kind.
    pub alliance_id: i64,
    /// Who belongs to it.
    pub organisation_id: i64,
    /// Tenant; none for the alliance of a community.
    pub compound_id: Option<i64>,
    /// First day, in China.
    pub since_on: Date,
    /// Last day; none while it belongs to it.
    pub left_on: Option<Date>,
    /// UTC, whole ms.
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
