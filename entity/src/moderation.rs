//! Table `moderation`. Content that others may see only after it was looked at.

use sea_orm::entity::prelude::*;

use crate::kinds::{ContentKind, ModerationState};

/// Content that others may see only after it was looked at.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "moderation")]
pub struct Model {
    /// Key; the number people type.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// What it belongs to, `case:12`.
    pub subject: String,
    /// Which part of it: `board`, `text`, `photo:7`.
    pub part: String,
    /// Tenant.
    pub compound_id: i64,
    /// Whose staff decides.
    pub place_id: i64,
    /// Text or picture.
    pub kind: ContentKind,
    /// The text itself; of a picture where it lies in our storage.
    pub content: String,
    /// Person who wrote or sent it.
    pub author_id: Option<i64>,
    /// Where it stands.
    pub state: ModerationState,
    /// Why a person has to decide.
    pub doubt: Option<String>,
    /// Since when a person is asked.
    pub asked_at: Option<DateTimeUtc>,
    /// The platform's name of a check under way.
    pub trace_id: Option<String>,
    /// Person who decided; none when the platform did.
    pub decided_by: Option<i64>,
    /// When.
    pub decided_at: Option<DateTimeUtc>,
    /// Why refused.
    pub reason: Option<String>,
    /// UTC, whole ms.
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
