//! Table `response_policy`. The clocks of a place (5341, capability C4).

use sea_orm::entity::prelude::*;

/// The clocks of a place (5341, capability C4).
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "response_policy")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Holds for this place and all below without their own.
    #[sea_orm(unique)]
    pub place_id: i64,
    /// Minutes until the holder must have accepted.
    pub accept_minutes: i32,
    /// Minutes until the case must be finished.
    pub finish_minutes: i32,
    /// UTC, whole ms.
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
