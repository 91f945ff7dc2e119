//! Table `alliance_record`. What a member of an alliance has done for residents.

use sea_orm::entity::prelude::*;

/// What a member of an alliance has done for residents.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "alliance_record")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Of which alliance.
    pub alliance_id: i64,
    /// Who did it.
    pub organisation_id: i64,
    /// Tenant; none for the alliance of a community.
    pub compound_id: Option<i64>,
    /// On which day, in China.
    pub on_day: Date,
    /// What; published.
    pub text: String,
    /// How many people it served.
    pub served: i32,
    /// Person who wrote it down.
    pub author_id: i64,
    /// When it was struck out.
    pub removed_at: Option<DateTimeUtc>,
    /// UTC, whole ms.
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
