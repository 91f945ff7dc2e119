//! Table `data_export`. A copy of everything kept of somebody, made because they asked.

use sea_orm::entity::prelude::*;

use crate::kinds::ExportState;

/// A copy of everything kept of somebody, made because they asked.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "data_export")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Which account asked.
    pub account_id: i64,
    /// Whose data.
    pub person_id: i64,
    /// Where it stands.
    pub state: ExportState,
    /// Where it lies in our storage, sealed.
    pub path: Option<String>,
    /// Bytes, before sealing.
    pub size: Option<i64>,
    /// Until when it can be fetched.
    pub expires_at: DateTimeUtc,
    /// UTC, whole ms.
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
