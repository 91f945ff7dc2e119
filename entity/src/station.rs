//! Table `station`. A service point of a compound (红色驿站).

use sea_orm::entity::prelude::*;

/// A service point of a compound (红色驿站).
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "station")]
pub struct Model {
    /// Key; the number that people type.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Tenant.
    pub compound_id: i64,
    /// Where it stands: who keeps it follows from it.
    pub place_id: i64,
    /// What people call it.
    pub name: String,
    /// Where its door is: `1栋一楼大厅`.
    pub spot: String,
    /// `Mo-Fr 08:00-12:00,14:00-18:00` (base/calendar).
    pub hours: String,
    /// Closed on China's public holidays, open on its make-up days.
    pub public_holidays: bool,
    /// The official account whose platform made the code at its door.
    pub code_app_id: Option<String>,
    /// What that code holds.
    pub code_url: Option<String>,
    /// Counts the changes.
    pub version: i32,
    /// Made. UTC, whole ms.
    pub created_at: DateTimeUtc,
    /// Last changed.
    pub updated_at: DateTimeUtc,
    /// Closed for good.
    pub removed_at: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}
