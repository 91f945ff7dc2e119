//! Table `attachment`. A photo, voice, video or document that belongs to something.

use sea_orm::entity::prelude::*;

use crate::kinds::{AttachmentState, PhotoStage};

/// A photo, voice, video or document that belongs to something.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "attachment")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// What it belongs to, `case:12`; none until the person says.
    pub subject: Option<String>,
    /// By which account it was sent; none for what was uploaded at the console.
    pub account_id: Option<i64>,
    /// Who uploaded it at the console, where nobody needs an account; none for what an account sent, and once they
    /// had their data erased.
    pub person_id: Option<i64>,
    /// Tenant.
    pub compound_id: Option<i64>,
    /// image, voice, video or document.
    pub kind: String,
    /// The platform's id, good for 3 days; empty for what was uploaded to us.
    pub media_id: String,
    /// Where it stands.
    pub state: AttachmentState,
    /// As found in the bytes.
    pub content_type: Option<String>,
    /// Bytes.
    pub size: Option<i64>,
    /// Where it lies in our storage.
    pub path: Option<String>,
    /// Before or after the work; none for what belongs to no case.
    pub stage: Option<PhotoStage>,
    /// In which round of the case it was added.
    pub round: Option<i32>,
    /// Of a picture: where the small one lies.
    pub small_path: Option<String>,
    /// Of a picture, pixels.
    pub width: Option<i32>,
    /// Of a picture, pixels.
    pub height: Option<i32>,
    /// UTC, whole ms.
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
