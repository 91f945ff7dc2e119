//! Table `attachment`. A photo, voice or video that belongs to something.

use sea_orm::entity::prelude::*;

use crate::kinds::AttachmentState;

/// A photo, voice or video that belongs to something.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "attachment")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// What it belongs to, `case:12`; none until the person says.
    pub subject: Option<String>,
    /// Who sent it.
    pub account_id: i64,
    /// Tenant.
    pub compound_id: Option<i64>,
    /// image, voice or video.
    pub kind: String,
    /// The platform's id, good for 3 days.
    pub media_id: String,
    /// Where it stands.
    pub state: AttachmentState,
    /// As found in the bytes.
    pub content_type: Option<String>,
    /// Bytes.
    pub size: Option<i64>,
    /// Where it lies in our storage.
    pub path: Option<String>,
    /// UTC, whole ms.
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
