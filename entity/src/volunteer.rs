//! Table `volunteer`. Who serves as a volunteer in a compound (志愿者, 双报到).

use sea_orm::entity::prelude::*;

use crate::life::VolunteerState;

/// Who serves as a volunteer in a compound.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "volunteer")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Tenant.
    pub compound_id: i64,
    /// Who; none once they are forgotten.
    pub person_id: Option<i64>,
    /// A party member who has reported where they live (双报到).
    pub party: bool,
    /// Where the member works; theirs to say.
    pub unit: Option<String>,
    /// The board may name them.
    pub named: bool,
    /// Whether they still are one.
    pub state: VolunteerState,
    /// Since when. UTC, whole ms.
    pub created_at: DateTimeUtc,
    /// Last changed.
    pub updated_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
