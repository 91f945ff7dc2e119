//! Photos of a case, before and after the work. A fault that can be seen is struck from the list
//! (销号) only with a photo of what was done, or with the reason why there is none
//! (`docs/decisions/0014`). Finishing never waits for it: the clock stops with the holder's word.

use entity::kinds::{CaseKind, ContentKind, Outcome, PhotoStage};
use entity::{attachment, case, case_event};
use sea_orm::{ConnectionTrait, EntityTrait, QueryFilter, QueryOrder};

use crate::attachment::{person_of, queries as attachments};
use crate::base::fault::Fault;
use crate::case::category::is_visible;
use crate::case::subject;
use crate::moderation::{Submission, queries as moderation};

/// Action of the history: photos were added.
pub const ADDED: &str = "photo-added";
/// Action of the history: why there is none.
pub const WAIVED: &str = "photo-waived";

/// What there is to be seen of a case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    /// Whether a photo of what was done is wanted.
    pub wanted: bool,
    /// Photos, voices and films of what was found.
    pub before: usize,
    /// Of what was done, in this round.
    pub after: usize,
    /// Why there is none, in this round.
    pub waived: Option<String>,
}

impl Evidence {
    /// Whether a photo, or the reason why there is none, is still owed.
    #[must_use]
    pub fn is_owed(&self) -> bool {
        self.wanted && self.after == 0 && self.waived.is_none()
    }
}

/// Whether a photo can show that the work on it is done.
#[must_use]
pub fn wants_photo(case: &case::Model) -> bool {
    let kind = matches!(case.kind, CaseKind::Repair | CaseKind::Complaint);
    kind && case.category.as_deref().is_some_and(is_visible)
}

/// Looks at a case.
///
/// # Errors
/// The database's.
pub async fn of<C: ConnectionTrait>(db: &C, case: &case::Model) -> Result<Evidence, Fault> {
    let all = attachments::of_subject(db, &subject(case.id)).await?;
    let after = all.iter().filter(|row| is_after(row, case)).count();
    let before = all
        .iter()
        .filter(|row| row.stage != Some(PhotoStage::After))
        .count();
    let wanted = wants_photo(case) && case.outcome != Some(Outcome::Unsolved);
    let waived = match wanted && after == 0 {
        true => waived(db, case).await?,
        false => None,
    };
    Ok(Evidence {
        wanted,
        before,
        after,
        waived,
    })
}

fn is_after(row: &attachment::Model, case: &case::Model) -> bool {
    row.stage == Some(PhotoStage::After) && row.round == Some(case.round)
}

async fn waived<C: ConnectionTrait>(db: &C, case: &case::Model) -> Result<Option<String>, Fault> {
    let event = case_event::Entity::find()
        .filter(case_event::COLUMN.case_id.eq(case.id))
        .filter(case_event::COLUMN.round.eq(case.round))
        .filter(case_event::COLUMN.action.eq(WAIVED))
        .order_by_desc(case_event::COLUMN.id)
        .one(db)
        .await?;
    Ok(event.and_then(|event| event.note))
}

/// How moderation names a photo of a case.
fn part(row: &attachment::Model) -> String {
    format!("photo:{}", row.id)
}

/// The two photos that others may see once they have passed: the newest of what was found, the newest
/// of what was done.
fn pair<'a>(all: &'a [attachment::Model], case: &case::Model) -> Vec<&'a attachment::Model> {
    let shown = |row: &&attachment::Model| row.kind == "image" && row.path.is_some();
    let before = |row: &&attachment::Model| row.stage == Some(PhotoStage::Before);
    let mut pair: Vec<&attachment::Model> = Vec::new();
    pair.extend(all.iter().rev().filter(shown).find(before));
    pair.extend(
        all.iter()
            .rev()
            .filter(shown)
            .find(|row| is_after(row, case)),
    );
    pair
}

/// Photos that have to be looked at before others may see them, and were not handed in yet.
///
/// # Errors
/// The database's.
pub async fn to_submit<C: ConnectionTrait>(
    db: &C,
    case: &case::Model,
) -> Result<Vec<Submission>, Fault> {
    let all = attachments::of_subject(db, &subject(case.id)).await?;
    let mut wanted = Vec::new();
    for row in pair(&all, case) {
        if moderation::is_known(db, &subject(case.id), &part(row)).await? {
            continue;
        }
        wanted.push(Submission {
            subject: subject(case.id),
            part: part(row),
            compound_id: case.compound_id,
            place_id: case.place_id,
            kind: ContentKind::Image,
            content: row.path.clone().unwrap_or_default(),
            author_id: person_of(db, row).await?,
        });
    }
    Ok(wanted)
}

/// Photos of a case that others may see: what was found, then what was done, as far as they passed.
///
/// # Errors
/// The database's.
pub async fn on_board<C: ConnectionTrait>(
    db: &C,
    case: &case::Model,
) -> Result<Vec<attachment::Model>, Fault> {
    let all = attachments::of_subject(db, &subject(case.id)).await?;
    let mut shown = Vec::new();
    for row in pair(&all, case) {
        if moderation::shown(db, &subject(case.id), &part(row))
            .await?
            .is_some()
        {
            shown.push(row.clone());
        }
    }
    Ok(shown)
}
