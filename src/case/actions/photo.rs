//! Photos given to a case: by whoever filed it, of what was found; by staff who work there, of what was
//! found and of what was done. And the holder's word why there is none (无照片).

use entity::case;
use entity::kinds::{CaseState, PhotoStage};

use crate::access::Actor;
use crate::access::permit::{Deed, may};
use crate::attachment::queries::count_pictures;
use crate::attachment::{self as photos, Owner};
use crate::base::fault::Fault;
use crate::base::text::shorten;
use crate::case::actions::feedback::strike_later;
use crate::case::actions::{Draft, require_text};
use crate::case::evidence::{self, ADDED, stage_says, waived_by, wants_photo};
use crate::case::queries::{Found, holds, no_such, visible};
use crate::case::remind;
use crate::case::step::{By, OPEN};
use crate::case::subject;
use crate::store::Tx;

/// Most characters of a reason.
const MOST_REASON: usize = 200;

/// Gives uploaded attachments to a case that was filed just now.
///
/// # Errors
/// `not_found` when one is not theirs, or was given already.
pub async fn file_photos(
    tx: &Tx,
    actor: &Actor,
    case: &case::Model,
    ids: &[i64],
) -> Result<(), Fault> {
    let owner = Owner {
        subject: &subject(case.id),
        compound_id: Some(case.compound_id),
        stage: PhotoStage::Before,
        round: case.round,
    };
    photos::give(tx, actor, ids, &owner).await
}

/// What was added to a case.
#[derive(Clone, Debug)]
pub struct Added {
    /// The case.
    pub case: case::Model,
    /// Whether by whoever filed it, not by those who work on it.
    pub filed: bool,
    /// Which side of the work it shows.
    pub stage: PhotoStage,
    /// Pictures among it.
    pub pictures: u64,
    /// Voices and films, which stand in for no picture.
    pub recordings: u64,
}

impl Added {
    /// `2张照片、1段语音或视频`
    #[must_use]
    pub fn says(&self) -> String {
        let pictures = (self.pictures > 0).then(|| format!("{}张照片", self.pictures));
        let recordings = (self.recordings > 0).then(|| format!("{}段语音或视频", self.recordings));
        let both: Vec<String> = pictures.into_iter().chain(recordings).collect();
        both.join("、")
    }
}

/// Adds attachments of the actor's to a case. `said`: which side of the work they show, as far as
/// whoever works there says so; whoever filed it shows what was found.
///
/// # Errors
/// `not_found` when the case is not theirs to see or an attachment not theirs to give, `forbidden`
/// for whoever neither filed it nor works there, `wrong_step` when it is over.
pub async fn add_photos(
    tx: &mut Tx,
    actor: &Actor,
    id: i64,
    ids: &[i64],
    said: Option<PhotoStage>,
) -> Result<Added, Fault> {
    let found = visible(tx.db(), actor, id).await?;
    let by = may_add(actor, &found)?;
    let stage = match (by, said) {
        (By::Staff, Some(stage)) => stage,
        (By::Staff, None) => evidence::side_of_work(tx.db(), &found.case, actor).await?,
        _ => PhotoStage::Before,
    };
    if ids.is_empty() {
        return Err(Fault::invalid(
            "attachments",
            "请先发照片，再说加到哪一件。",
        ));
    }
    let owner = Owner {
        subject: &subject(id),
        compound_id: Some(found.case.compound_id),
        stage,
        round: found.case.round,
    };
    let mut ids = ids.to_vec();
    ids.sort_unstable();
    ids.dedup();
    photos::give(tx, actor, &ids, &owner).await?;
    let pictures = count_pictures(tx.db(), &ids).await?;
    let mut added = Added {
        case: found.case.clone(),
        filed: by == By::Resident,
        stage,
        pictures,
        recordings: u64::try_from(ids.len()).map_or(0, |all| all.saturating_sub(pictures)),
    };
    let mut draft = Draft::new(tx, actor, by, found);
    let note = format!("{}{}", stage_says(stage), added.says());
    draft.event(ADDED, None, None, Some(note));
    draft.reminders.push(remind::photos(&draft.next, draft.now));
    look_again(&mut draft);
    added.case = draft.store(tx, actor, "case.photo").await?;
    Ok(added)
}

/// What was owed may be there now: whether it can be struck from the list is looked at once more, also when that was
/// given up after a month.
fn look_again(draft: &mut Draft) {
    let next = &draft.next;
    if next.state == CaseState::Reviewed && next.closed_off_at.is_none() {
        strike_later(draft);
    }
}

/// As whom the actor may add photos as things stand: whoever filed it while it is open, those who work on it also
/// afterwards.
///
/// # Errors
/// `forbidden` for whoever neither filed it nor works there, `wrong_step` when it is over, or part of another one.
pub fn may_add(actor: &Actor, found: &Found) -> Result<By, Fault> {
    let by = giver(actor, found)?;
    let state = found.case.state;
    let over = match by {
        By::Staff => matches!(state, CaseState::Withdrawn | CaseState::Merged),
        _ => !OPEN.contains(&state),
    };
    match over {
        true => Err(Fault::wrong_step(format!(
            "诉求 #{} 已经结束或并入别的诉求，不能再加照片。要反映新的事，直接回复“报修 内容”。",
            found.case.id
        ))),
        false => Ok(by),
    }
}

/// As whom the actor may add photos: of those who work on it, who may have filed it themselves; of those who filed it;
/// or of those who work there.
fn giver(actor: &Actor, found: &Found) -> Result<By, Fault> {
    let id = found.case.id;
    let person = actor.person_id().ok_or_else(|| no_such(id))?;
    if holds(actor, found) {
        return Ok(By::Staff);
    }
    if person == found.case.reporter_id {
        return Ok(By::Resident);
    }
    if may(actor, Deed::WorkCases, &found.place.path) {
        return Ok(By::Staff);
    }
    Err(Fault::forbidden(format!(
        "只有提出或办理诉求 #{id} 的人可以加照片。"
    )))
}

/// Whether the actor may say why there is no photo.
#[must_use]
pub fn may_waive(actor: &Actor, found: &Found) -> bool {
    let done = matches!(found.case.state, CaseState::Finished | CaseState::Reviewed);
    holds(actor, found) || done && may(actor, Deed::DispatchCases, &found.place.path)
}

/// Says why there is no photo (无照片 N 原因): of the given side, or of whatever is missing.
///
/// # Errors
/// `not_found`, `forbidden` for whoever does not have it (once it is finished whoever gives work out there may say it,
/// too: the holder's post may be over), `invalid` without a reason, `wrong_step` where none is wanted or missing, or
/// the case is over.
pub async fn waive_photo(
    tx: &mut Tx,
    actor: &Actor,
    id: i64,
    said: Option<PhotoStage>,
    reason: &str,
) -> Result<case::Model, Fault> {
    let found = visible(tx.db(), actor, id).await?;
    if !may_waive(actor, &found) {
        return Err(Fault::forbidden(format!(
            "只有诉求 #{id} 的办理人可以说明为什么没有照片。"
        )));
    }
    let reason = require_text("reason", reason, || {
        format!("请写明原因，例如：无照片 {id} 住户不让拍")
    })?;
    if !wants_photo(&found.case) {
        return Err(Fault::wrong_step(format!(
            "诉求 #{id} 不需要处理前后的照片，直接办结就行。"
        )));
    }
    if matches!(found.case.state, CaseState::Withdrawn | CaseState::Raised) {
        return Err(Fault::wrong_step(format!(
            "诉求 #{id} 现在不需要照片。回复“进度 {id}”查看。"
        )));
    }
    let missing = evidence::of(tx.db(), &found.case).await?.missing();
    let sides = match said {
        Some(stage) => missing.into_iter().filter(|one| *one == stage).collect(),
        None => missing,
    };
    if sides.is_empty() {
        return Err(Fault::wrong_step(format!(
            "诉求 #{id} 不缺照片，不用再写原因。"
        )));
    }
    let mut draft = Draft::new(tx, actor, By::Staff, found);
    for stage in sides {
        let note = shorten(&reason, MOST_REASON);
        draft.event(waived_by(stage), None, None, Some(note));
    }
    look_again(&mut draft);
    draft.store(tx, actor, "case.photo-waive").await
}
