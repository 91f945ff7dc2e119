//! Table `drive`. What a compound collects money or goods for (捐赠活动).

use sea_orm::entity::prelude::*;

use crate::kinds::DriveState;

/// What a compound collects money or goods for (捐赠活动).
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "drive")]
pub struct Model {
    /// Key; the number that people type.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Tenant.
    pub compound_id: i64,
    /// In a few words; for everybody.
    pub title: String,
    /// What for and for whom; for everybody.
    pub text: String,
    /// What it hopes for, in fen; none when any amount helps.
    pub goal: Option<i64>,
    /// The first day on which something is taken, China's.
    pub from_day: Date,
    /// The last one; none until somebody closes it.
    pub to_day: Option<Date>,
    /// Where it stands.
    pub state: DriveState,
    /// Who wrote it.
    pub created_by: i64,
    /// Who closed it; none when its last day did.
    pub closed_by: Option<i64>,
    /// When it was opened. UTC, whole ms.
    pub opened_at: Option<DateTimeUtc>,
    /// When it was closed. UTC, whole ms.
    pub closed_at: Option<DateTimeUtc>,
    /// Counts the changes; a page that shows an older one changes nothing.
    pub version: i32,
    /// Made.
    pub created_at: DateTimeUtc,
    /// Last changed.
    pub updated_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
