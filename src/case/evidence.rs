//! Photos of a case, before and after the work. A fault that can be seen is struck from the list
//! (销号) only with a picture of what was found and one of what was done, each of them stored, or with the
//! reason why there is none (`docs/decisions/0014`). Finishing never waits for it: the clock stops with
//! the holder's word. And which of them others may see. Asked by chat, console, API and the public board.

use std::collections::{HashMap, HashSet};

use entity::kinds::{AttachmentState, CaseKind, CaseState, ContentKind, Outcome, PhotoStage};
use entity::{attachment, case, case_event};
use sea_orm::{ConnectionTrait, EntityTrait, QueryFilter, QueryOrder};

use crate::access::Actor;
use crate::attachment::{is_of, person_of, queries as attachments};
use crate::base::fault::Fault;
use crate::case::category::is_visible;
use crate::case::similar::COMMON;
use crate::case::{BOARD, shield, subject};
use crate::moderation::{Submission, queries as moderation};

/// Action of the history: photos were added.
pub const ADDED: &str = "photo-added";
/// Action of the history: why there is none of what was done.
pub const WAIVED: &str = "photo-waived";
/// Action of the history: why there is none of what was found.
pub const WAIVED_BEFORE: &str = "photo-waived-before";

/// Cases filed from then on, 1 December 2026 in China, owe a picture of what was found as well; seconds of Unix.
const ASKED_FROM: i64 = 1_796_054_400;

/// What there is to be seen of one side of the work.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Side {
    /// Pictures that are stored.
    pub stored: usize,
    /// Pictures that are still fetched: whether they are any is known once they are here.
    pub coming: usize,
    /// Why there is none, while there is none.
    pub waived: Option<String>,
}

impl Side {
    /// Whether there is neither a picture nor the reason why there is none.
    #[must_use]
    pub const fn is_missing(&self) -> bool {
        self.stored == 0 && self.waived.is_none()
    }

    /// Pictures that are there or on their way.
    #[must_use]
    pub const fn sent(&self) -> usize {
        self.stored + self.coming
    }
}

/// What there is to be seen of a case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    /// Whether pictures are wanted.
    pub wanted: bool,
    /// Whether one of what was found is: nobody was asked for that of older cases.
    pub wanted_before: bool,
    /// Of what was found.
    pub before: Side,
    /// Of what was done, in this round.
    pub after: Side,
    /// Voices and films of both: they are kept, and show nothing to whoever strikes it from the list.
    pub recordings: usize,
}

impl Evidence {
    /// Whether a picture, or the reason why there is none, is still owed.
    #[must_use]
    pub fn is_owed(&self) -> bool {
        !self.missing().is_empty()
    }

    /// The sides of which neither is there.
    #[must_use]
    pub fn missing(&self) -> Vec<PhotoStage> {
        let sides = [PhotoStage::Before, PhotoStage::After];
        let missing = |stage: &PhotoStage| {
            let wanted = match stage {
                PhotoStage::Before => self.wanted_before,
                PhotoStage::After => self.wanted,
            };
            wanted && self.side(*stage).is_missing()
        };
        sides.into_iter().filter(missing).collect()
    }

    /// What is missing, in words: `处理前和处理后的照片`; none when nothing is.
    #[must_use]
    pub fn missing_says(&self) -> Option<&'static str> {
        match self.missing().as_slice() {
            [] => None,
            [PhotoStage::Before] => Some("处理前的照片"),
            [PhotoStage::After] => Some("处理后的照片"),
            _ => Some("处理前和处理后的照片"),
        }
    }

    /// Whether a picture of a side has to be asked for: it is missing, and none is on its way.
    #[must_use]
    pub fn lacks(&self, stage: PhotoStage) -> bool {
        let side = self.side(stage);
        self.missing().contains(&stage) && side.coming == 0
    }

    const fn side(&self, stage: PhotoStage) -> &Side {
        match stage {
            PhotoStage::Before => &self.before,
            PhotoStage::After => &self.after,
        }
    }
}

/// What people call a side.
#[must_use]
pub const fn stage_says(stage: PhotoStage) -> &'static str {
    match stage {
        PhotoStage::Before => "处理前",
        PhotoStage::After => "处理后",
    }
}

/// The action of the history by which the reason for a side is kept.
#[must_use]
pub const fn waived_by(stage: PhotoStage) -> &'static str {
    match stage {
        PhotoStage::Before => WAIVED_BEFORE,
        PhotoStage::After => WAIVED,
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
    seen(db, case, &all).await
}

/// The same of what is attached to it.
async fn seen<C: ConnectionTrait>(
    db: &C,
    case: &case::Model,
    all: &[attachment::Model],
) -> Result<Evidence, Fault> {
    let wanted = wants_photo(case) && case.outcome != Some(Outcome::Unsolved);
    let mut seen = Evidence {
        wanted,
        wanted_before: wanted && case.created_at.timestamp() >= ASKED_FROM,
        before: side(all.iter().filter(|row| is_before(row))),
        after: side(all.iter().filter(|row| is_after(row, case))),
        recordings: all.iter().filter(|row| !is_picture(row)).count(),
    };
    if wanted && (seen.before.stored == 0 || seen.after.stored == 0) {
        for event in reasons(db, case).await? {
            // Of what was found the reason of an earlier round is as good: the last one stands.
            if event.action == WAIVED_BEFORE && seen.before.stored == 0 {
                seen.before.waived = event.note;
            } else if event.action == WAIVED && event.round == case.round && seen.after.stored == 0
            {
                seen.after.waived = event.note;
            }
        }
    }
    Ok(seen)
}

/// A voice or a film is no picture; what a picture really is shows when it is fetched.
fn is_picture(row: &attachment::Model) -> bool {
    row.kind == "image"
}

fn is_before(row: &attachment::Model) -> bool {
    row.stage != Some(PhotoStage::After)
}

fn is_after(row: &attachment::Model, case: &case::Model) -> bool {
    row.stage == Some(PhotoStage::After) && row.round == Some(case.round)
}

fn side<'a>(rows: impl Iterator<Item = &'a attachment::Model>) -> Side {
    let mut side = Side::default();
    for row in rows.filter(|row| is_picture(row)) {
        match row.state {
            AttachmentState::Stored => side.stored += 1,
            AttachmentState::Pending => side.coming += 1,
            AttachmentState::Refused | AttachmentState::Lost => {}
        }
    }
    side
}

/// Why there are none, oldest first.
async fn reasons<C: ConnectionTrait>(
    db: &C,
    case: &case::Model,
) -> Result<Vec<case_event::Model>, Fault> {
    Ok(case_event::Entity::find()
        .filter(case_event::COLUMN.case_id.eq(case.id))
        .filter(case_event::COLUMN.action.is_in([WAIVED, WAIVED_BEFORE]))
        .order_by_asc(case_event::COLUMN.id)
        .all(db)
        .await?)
}

/// Which side a picture of somebody who works on the case shows when they do not say: until it is finished
/// what was found, as long as nobody else has shown that or said why not; else what was done. By what they
/// do, not by how many they send: several come one by one.
///
/// # Errors
/// The database's.
pub async fn side_of_work<C: ConnectionTrait>(
    db: &C,
    case: &case::Model,
    actor: &Actor,
) -> Result<PhotoStage, Fault> {
    let under_way = matches!(
        case.state,
        CaseState::Assigned | CaseState::Accepted | CaseState::Arrived | CaseState::Paused
    );
    if !under_way || !wants_photo(case) {
        return Ok(PhotoStage::After);
    }
    let all = attachments::of_subject(db, &subject(case.id)).await?;
    if seen(db, case, &all).await?.before.waived.is_some() {
        return Ok(PhotoStage::After);
    }
    let shown = all
        .iter()
        .any(|row| is_picture(row) && is_before(row) && !is_of(row, actor));
    Ok(match shown {
        true => PhotoStage::After,
        false => PhotoStage::Before,
    })
}

/// How moderation names a photo of a case.
fn part(row: &attachment::Model) -> String {
    format!("photo:{}", row.id)
}

/// The two photos that others may see once they have passed: the newest of what was found, the newest
/// of what was done.
fn pair<'a>(all: &'a [attachment::Model], case: &case::Model) -> Vec<&'a attachment::Model> {
    let shown = |row: &&attachment::Model| {
        is_picture(row) && row.state == AttachmentState::Stored && row.path.is_some()
    };
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

/// Whether others may see pictures of a case at all: of one that is over and could be anybody's, never of what is
/// nobody else's business (求助, 纠纷), of one without a name or of a complaint, whose picture may tell who complains
/// where words do not.
#[must_use]
pub fn may_be_shown(case: &case::Model) -> bool {
    let over = matches!(case.state, CaseState::Finished | CaseState::Reviewed);
    over && COMMON.contains(&case.kind) && !case.anonymous && !shield::is_guarded(case)
}

/// Photos that have to be looked at before others may see them, and were not handed in yet.
///
/// # Errors
/// The database's.
pub async fn to_submit<C: ConnectionTrait>(
    db: &C,
    case: &case::Model,
) -> Result<Vec<Submission>, Fault> {
    if !may_be_shown(case) {
        return Ok(Vec::new());
    }
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

/// Photos of a case that others may see: what was found, then what was done, as far as they passed, and none
/// before the result did.
///
/// # Errors
/// The database's.
pub async fn on_board<C: ConnectionTrait>(
    db: &C,
    case: &case::Model,
) -> Result<Vec<attachment::Model>, Fault> {
    let mut shown = all_on_board(db, std::slice::from_ref(case)).await?;
    Ok(shown.remove(&case.id).unwrap_or_default())
}

/// The same of many cases, by case, with two reads for all; those that have none are left out.
///
/// # Errors
/// The database's.
pub async fn all_on_board<C: ConnectionTrait>(
    db: &C,
    cases: &[case::Model],
) -> Result<HashMap<i64, Vec<attachment::Model>>, Fault> {
    let cases: Vec<&case::Model> = cases.iter().filter(|case| may_be_shown(case)).collect();
    let subjects: Vec<String> = cases.iter().map(|case| subject(case.id)).collect();
    let passed = moderation::all_passed(db, subjects.clone()).await?;
    let attached = attachments::of_subjects(db, subjects).await?;
    let mut shown = HashMap::new();
    for case in cases {
        let about = subject(case.id);
        let Some(own) = attached.get(&about) else {
            continue;
        };
        let photos = passed_of(&passed, &about, pair(own, case));
        if !photos.is_empty() {
            shown.insert(case.id, photos);
        }
    }
    Ok(shown)
}

fn passed_of(
    passed: &HashSet<(String, String)>,
    about: &str,
    pair: Vec<&attachment::Model>,
) -> Vec<attachment::Model> {
    let is_passed = |part: String| passed.contains(&(about.to_owned(), part));
    if !is_passed(BOARD.to_owned()) {
        return Vec::new();
    }
    let shown = pair.into_iter().filter(|row| is_passed(part(row)));
    shown.cloned().collect()
}
