//! Table `residency`. A person belongs to a home, as the roster says.

use sea_orm::entity::prelude::*;

use crate::kinds::HomeRelation;

/// A person belongs to a home, as the roster says.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "residency")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Who.
    pub person_id: i64,
    /// The home.
    pub place_id: i64,
    /// The home's compound (tenant).
    pub compound_id: i64,
    /// Owner, tenant or family.
    pub relation: HomeRelation,
    /// Part of the ownership as a fraction, `1/2`.
    pub share: Option<String>,
    /// Moved out.
    pub ended_at: Option<DateTimeUtc>,
    /// UTC, whole ms.
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
