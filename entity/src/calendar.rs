//! Table `calendar`. Service hours that clocks count (capability C4).

use sea_orm::entity::prelude::*;

/// Service hours that clocks count (capability C4).
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "calendar")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// What people call it; unique at its place.
    pub name: String,
    /// May be used at this place and below; everywhere if none.
    pub place_id: Option<i64>,
    /// `Mo-Fr 08:00-12:00,14:00-18:00` (base/calendar.rs).
    pub hours: String,
    /// Closed on China's public holidays, open on its make-up days.
    pub public_holidays: bool,
    /// One more with each change.
    pub version: i32,
    /// UTC, whole ms.
    pub created_at: DateTimeUtc,
    /// UTC, whole ms.
    pub updated_at: DateTimeUtc,
    /// No longer to be chosen; the clocks that run by it go on.
    pub removed_at: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}
