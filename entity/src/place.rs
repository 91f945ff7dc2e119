//! Table `place`. One node of the tree of places (地点树).

use sea_orm::entity::prelude::*;

use crate::kinds::PlaceKind;

/// One node of the tree of places (地点树).
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "place")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Unique in the whole tree, such as `GY/3-2-501`.
    #[sea_orm(unique)]
    pub code: String,
    /// What it is.
    pub kind: PlaceKind,
    /// What people call it.
    pub name: String,
    /// The place above; none for the top.
    pub parent_id: Option<i64>,
    /// The compound it lies in (itself for a compound); none above.
    pub compound_id: Option<i64>,
    /// Ids from the top down, `/1/5/9/`: descendants are a range, ancestors are in it.
    pub path: String,
    /// Floor area in cm².
    pub area_cm2: Option<i64>,
    /// Free remark.
    pub note: Option<String>,
    /// Since when nothing new happens here, such as in a building that was pulled down; none while it does. Holds for
    /// all below, each in its own row.
    pub closed_at: Option<DateTimeUtc>,
    /// UTC, whole ms.
    pub created_at: DateTimeUtc,
    /// UTC, whole ms.
    pub updated_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
