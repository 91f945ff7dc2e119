//! Photos given to a case: by whoever filed it, of what was found; by staff who work there, of what
//! was done. And the holder's word why there is none (无照片).

use entity::case;
use entity::kinds::{CaseState, PhotoStage};

use crate::access::Actor;
use crate::access::permit::{Deed, may};
use crate::attachment::{self as photos, Owner};
use crate::base::fault::Fault;
use crate::base::text::shorten;
use crate::case::actions::{Draft, require_text};
use crate::case::evidence::{ADDED, WAIVED, wants_photo};
use crate::case::queries::{Found, holds, no_such, visible};
use crate::case::remind;
use crate::case::step::By;
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

/// Adds attachments of the actor's to a case.
///
/// # Errors
/// `not_found` when the case is not theirs to see or an attachment not theirs to give, `forbidden`
/// for whoever neither filed it nor works there, `wrong_step` when it is over.
pub async fn add_photos(
    tx: &mut Tx,
    actor: &Actor,
    id: i64,
    ids: &[i64],
) -> Result<(case::Model, PhotoStage), Fault> {
    let found = visible(tx.db(), actor, id).await?;
    let stage = stage_of(actor, &found)?;
    let over = match stage {
        PhotoStage::Before => !crate::case::step::OPEN.contains(&found.case.state),
        PhotoStage::After => found.case.state == CaseState::Withdrawn,
    };
    if over {
        return Err(Fault::wrong_step(format!(
            "诉求 #{id} 已经结束，不能再加照片。要反映新的事，直接回复“报修 内容”。"
        )));
    }
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
    photos::give(tx, actor, ids, &owner).await?;
    let (by, says) = match stage {
        PhotoStage::Before => (By::Resident, "处理前"),
        PhotoStage::After => (By::Staff, "处理后"),
    };
    let mut draft = Draft::new(tx, actor, by, found);
    draft.event(ADDED, None, None, Some(format!("{says}{}张", ids.len())));
    draft.reminders.push(remind::photos(&draft.next, draft.now));
    let case = draft.store(tx, actor, "case.photo").await?;
    Ok((case, stage))
}

fn stage_of(actor: &Actor, found: &Found) -> Result<PhotoStage, Fault> {
    let id = found.case.id;
    let person = actor.person_id().ok_or_else(|| no_such(id))?;
    if person == found.case.reporter_id {
        return Ok(PhotoStage::Before);
    }
    if holds(actor, found) || may(actor, Deed::WorkCases, &found.place.path) {
        return Ok(PhotoStage::After);
    }
    Err(Fault::forbidden(format!(
        "只有提出或办理诉求 #{id} 的人可以加照片。"
    )))
}

/// Says why there is no photo of what was done (无照片 N 原因).
///
/// # Errors
/// `not_found`, `forbidden` for whoever does not have it, `invalid` without a reason, `wrong_step`
/// where none is wanted or the case is over.
pub async fn waive_photo(
    tx: &mut Tx,
    actor: &Actor,
    id: i64,
    reason: &str,
) -> Result<case::Model, Fault> {
    let found = visible(tx.db(), actor, id).await?;
    if !holds(actor, &found) {
        return Err(Fault::forbidden(format!(
            "只有诉求 #{id} 的办理人可以说明为什么没有照片。"
        )));
    }
    let reason = require_text("reason", reason, || {
        format!("请写明原因，例如：无照片 {id} 住户不让拍")
    })?;
    if !wants_photo(&found.case) {
        return Err(Fault::wrong_step(format!(
            "诉求 #{id} 不需要处理后的照片，直接办结就行。"
        )));
    }
    if matches!(found.case.state, CaseState::Withdrawn | CaseState::Raised) {
        return Err(Fault::wrong_step(format!(
            "诉求 #{id} 现在不需要照片。回复“进度 {id}”查看。"
        )));
    }
    let mut draft = Draft::new(tx, actor, By::Staff, found);
    draft.event(WAIVED, None, None, Some(shorten(&reason, MOST_REASON)));
    draft.store(tx, actor, "case.photo-waive").await
}
