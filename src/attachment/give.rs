//! Attachments that belong to nothing yet are given to something. Called by the nouns that they are
//! given to.

use entity::attachment;
use entity::kinds::{AttachmentState, PhotoStage};
use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, Condition, EntityTrait, PaginatorTrait, QueryFilter};

use super::sender::of_actor;
use crate::access::Actor;
use crate::base::fault::Fault;
use crate::files::DOCUMENTS;
use crate::store::Tx;

/// Given at once, at most.
const MOST_AT_ONCE: usize = 9;
/// How subjects begin that are given what proves where money came from or went.
const PROVED: [&str; 6] = [
    "expense:",
    "payment:",
    "refund:",
    "waiver:",
    "voucher:",
    "donation-use:",
];

/// Whether what was given to this subject proves something of money, also of others.
#[must_use]
pub fn is_proof(subject: &str) -> bool {
    PROVED.iter().any(|begin| subject.starts_with(begin))
}

/// Whether documents are given to this subject: to notices, and as proofs. Everywhere else what is given has to show
/// something, to be looked at before others see it, or to be small enough for a phone.
fn is_read(subject: &str) -> bool {
    subject.starts_with("notice:") || is_proof(subject)
}

/// Gives unfiled attachments of somebody to a subject (`case:12`).
///
/// # Errors
/// `not_found` when one of them is not there, not theirs, or given already; `invalid` for too
/// many, and for a document where none is taken.
pub async fn give(tx: &Tx, actor: &Actor, ids: &[i64], to: &Owner<'_>) -> Result<(), Fault> {
    let mut ids = ids.to_vec();
    ids.sort_unstable();
    ids.dedup();
    if ids.is_empty() {
        return Ok(());
    }
    if ids.len() > MOST_AT_ONCE {
        return Err(Fault::invalid(
            "attachments",
            format!("一次最多附{MOST_AT_ONCE}个文件。"),
        ));
    }
    let missing = || Fault::not_found("没有找到要附上的文件，可能已经用过或过期，请重新上传。");
    let theirs = of_actor(actor).ok_or_else(missing)?;
    if !is_read(to.subject) {
        no_document(tx, theirs.clone(), &ids).await?;
    }
    let given = attachment::Entity::update_many()
        .set(attachment::ActiveModel {
            subject: Set(Some(to.subject.to_owned())),
            compound_id: Set(to.compound_id),
            stage: Set(Some(to.stage)),
            round: Set(Some(to.round)),
            ..Default::default()
        })
        .filter(attachment::COLUMN.id.is_in(ids.iter().copied()))
        .filter(theirs)
        .filter(attachment::COLUMN.subject.is_null())
        .filter(
            Condition::any()
                .add(attachment::COLUMN.state.eq(AttachmentState::Stored))
                // Sent by chat and still on its way.
                .add(
                    Condition::all()
                        .add(attachment::COLUMN.state.eq(AttachmentState::Pending))
                        .add(attachment::COLUMN.media_id.ne("")),
                ),
        )
        .exec(tx.db())
        .await?;
    if usize::try_from(given.rows_affected).ok() == Some(ids.len()) {
        Ok(())
    } else {
        Err(missing())
    }
}

async fn no_document(tx: &Tx, theirs: Condition, ids: &[i64]) -> Result<(), Fault> {
    let documents = attachment::Entity::find()
        .filter(attachment::COLUMN.id.is_in(ids.iter().copied()))
        .filter(theirs)
        .filter(attachment::COLUMN.kind.eq(DOCUMENTS))
        .count(tx.db())
        .await?;
    match documents {
        0 => Ok(()),
        _ => Err(Fault::invalid(
            "attachments",
            "PDF文件只能附在公告、报价和回单里，这里请改发照片。",
        )),
    }
}

/// To what attachments are given.
#[derive(Clone, Copy, Debug)]
pub struct Owner<'a> {
    /// `case:12`.
    pub subject: &'a str,
    /// Tenant; none for what belongs to a place above the compounds.
    pub compound_id: Option<i64>,
    /// Which side of the work they show.
    pub stage: PhotoStage,
    /// In which round.
    pub round: i32,
}
