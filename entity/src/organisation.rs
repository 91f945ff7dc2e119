//! Table `organisation`. A body that works in or over a place.

use sea_orm::entity::prelude::*;

/// A body that works in or over a place.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "organisation")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Unique code of the roster.
    #[sea_orm(unique)]
    pub code: String,
    /// Full name.
    pub name: String,
    /// property_company, committee, branch, community, street, department, unit, …
    pub kind: String,
    /// The organisation above.
    pub parent_id: Option<i64>,
    /// Where it works.
    pub place_id: i64,
    /// The place's compound, if it lies in one.
    pub compound_id: Option<i64>,
    /// 统一社会信用代码.
    pub credit_code: Option<String>,
    /// How people reach it in service; published on the board.
    pub service_phone: Option<String>,
    /// When somebody is there, as people say it; published on the board.
    pub service_hours: Option<String>,
    /// Since when it works here no longer, such as a company whose contract has ended; none while it does.
    pub ended_at: Option<DateTimeUtc>,
    /// UTC, whole ms.
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
