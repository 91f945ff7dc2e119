//! Content that others may see only after it was looked at (审核). A noun that shows words or
//! pictures of people to others hands them in by [`submit`] and shows them once [`queries::shown`]
//! says so. Floor 3; knows no other noun.
//!
//! States: `pending` → `passed` | `refused`. The platform's check may pass it, and nothing else of
//! the platform's decides: a doubt, an error, silence, no mini-program leave it to a person (staff of
//! the place, [`Deed::Moderate`](crate::access::permit::Deed::Moderate)). Invariant: what is not
//! `passed` is shown to nobody but its author and staff.
//!
//! What people file for staff alone is not handed in: no private flow waits for a check.

pub mod actions;
pub mod api;
pub mod chat;
pub mod judge;
pub mod queries;
pub mod remind;

use entity::kinds::ContentKind;
use entity::moderation;
use sea_orm::ActiveValue::Set;
use sea_orm::{EntityTrait, QueryFilter};

use crate::base::fault::Fault;
use crate::store::Tx;

/// What is to be shown to others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submission {
    /// What it belongs to, `case:12`.
    pub subject: String,
    /// Which part of it: `board`, `text`, `photo:7`. Handing a part in again replaces it.
    pub part: String,
    /// Tenant.
    pub compound_id: i64,
    /// Whose staff decides.
    pub place_id: i64,
    /// Text or picture.
    pub kind: ContentKind,
    /// The text; of a picture its path in our storage.
    pub content: String,
    /// Who wrote or sent it.
    pub author_id: Option<i64>,
}

/// How one is named as the subject of reminders and audit rows.
#[must_use]
pub fn subject(id: i64) -> String {
    format!("moderation:{id}")
}

/// Hands content in, in the transaction that makes it. Until it has passed others do not see it; what
/// was handed in for the same part before is no longer shown either.
///
/// # Errors
/// The database's.
pub async fn submit(tx: &mut Tx, content: Submission) -> Result<moderation::Model, Fault> {
    let row = moderation::ActiveModel {
        subject: Set(content.subject),
        part: Set(content.part),
        compound_id: Set(content.compound_id),
        place_id: Set(content.place_id),
        kind: Set(content.kind),
        content: Set(content.content),
        author_id: Set(content.author_id),
        state: Set(entity::kinds::ModerationState::Pending),
        created_at: Set(tx.now()),
        ..Default::default()
    };
    let row = moderation::Entity::insert(row)
        .exec_with_returning(tx.db())
        .await?;
    remind::begin(tx, &row).await?;
    Ok(row)
}

/// Keeps content as passed by the word of somebody who has read it: for a noun whose staff reads everything
/// before others do, and who asks that noun's own permission. What was handed in for the same part before is
/// no longer shown.
///
/// # Errors
/// The database's.
pub async fn vouch(
    tx: &Tx,
    content: Submission,
    reader_id: i64,
) -> Result<moderation::Model, Fault> {
    let row = moderation::ActiveModel {
        subject: Set(content.subject),
        part: Set(content.part),
        compound_id: Set(content.compound_id),
        place_id: Set(content.place_id),
        kind: Set(content.kind),
        content: Set(content.content),
        author_id: Set(content.author_id),
        state: Set(entity::kinds::ModerationState::Passed),
        decided_by: Set(Some(reader_id)),
        decided_at: Set(Some(tx.now())),
        created_at: Set(tx.now()),
        ..Default::default()
    };
    Ok(moderation::Entity::insert(row)
        .exec_with_returning(tx.db())
        .await?)
}

/// Takes the words, and whose they were, out of all that was looked at about something: erasure and retention.
///
/// # Errors
/// The database's.
pub async fn forget(tx: &Tx, about: &str) -> Result<(), Fault> {
    moderation::Entity::update_many()
        .set(moderation::ActiveModel {
            content: Set(String::new()),
            doubt: Set(None),
            reason: Set(None),
            author_id: Set(None),
            ..Default::default()
        })
        .filter(moderation::COLUMN.subject.eq(about))
        .exec(tx.db())
        .await?;
    Ok(())
}
