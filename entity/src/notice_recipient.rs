//! Table `notice_recipient`. Somebody whom a notice is for, and whether they have read it.

use sea_orm::entity::prelude::*;

/// Somebody whom a notice is for, and whether they have read it.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "notice_recipient")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Which notice.
    pub notice_id: i64,
    /// Who; one row for a person, however many homes they have.
    pub person_id: i64,
    /// Tenant: the compound of the home; none for a post above the compounds.
    pub compound_id: Option<i64>,
    /// Their home, or the place of their post.
    pub home_id: i64,
    /// The building it lies in, for whoever goes to their door.
    pub building_id: Option<i64>,
    /// Whether a channel might reach them when they were written down.
    pub reachable: bool,
    /// Read. UTC, whole ms.
    pub read_at: Option<DateTimeUtc>,
    /// Acknowledged (收到): more than read.
    pub acknowledged_at: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}
