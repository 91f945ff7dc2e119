//! What the one who filed may do: 补充 催办 评价 重开 撤回.

use entity::case;
use entity::kinds::{CaseState, Level};

use crate::access::Actor;
use crate::base::clock::Moment;
use crate::base::fault::{Code, Fault};
use crate::case::actions::{Again, Draft, detail, require_text};
use crate::case::clock::{NUDGE_MINUTES, REOPEN_DAYS, after, after_days};
use crate::case::dispatch::Target;
use crate::case::queries::{Found, no_such, sees, visible};
use crate::case::remind::kinds;
use crate::case::step::{Action, By};
use crate::store::Tx;

/// The lowest score that does not reopen by itself.
const CONTENT: i16 = 3;

/// What became of a rating.
#[derive(Clone, Debug)]
pub struct Rated {
    /// The case.
    pub case: case::Model,
    /// It was a bad one and brought the one reopening.
    pub reopened: bool,
}

/// A case that the actor filed.
async fn own(tx: &Tx, actor: &Actor, id: i64) -> Result<Found, Fault> {
    let person = actor.person_id().ok_or_else(|| no_such(id))?;
    let found = visible(tx.db(), actor, id).await?;
    if found.case.reporter_id == person {
        return Ok(found);
    }
    debug_assert!(sees(actor, &found));
    Err(Fault::forbidden(format!(
        "只有提出诉求 #{id} 的人可以这样操作。"
    )))
}

/// Adds words to a case (补充); the holder is told.
///
/// # Errors
/// `not_found`, `forbidden` when somebody else filed it, `invalid` for no words, `wrong_step` when
/// it is over.
pub async fn supplement(
    tx: &mut Tx,
    actor: &Actor,
    id: i64,
    text: &str,
) -> Result<case::Model, Fault> {
    let found = own(tx, actor, id).await?;
    let text = require_text("text", text, || {
        format!("请写下要补充的内容，例如：补充 {id} 水更大了")
    })?;
    let mut draft = Draft::new(tx, actor, By::Resident, found);
    draft.act(Action::Supplement, "supplemented", Some(text))?;
    draft.tell(kinds::SUPPLEMENTED, draft.next.holder_id, "supplemented");
    draft.store(tx, actor, "case.supplement").await
}

/// Presses (催办): at most once in ten minutes; the holder is told at once.
///
/// # Errors
/// As [`supplement`]; `too_many` when pressed just now.
pub async fn nudge(tx: &mut Tx, actor: &Actor, id: i64) -> Result<case::Model, Fault> {
    let found = own(tx, actor, id).await?;
    let now = tx.now();
    if let Some(last) = found.case.nudged_at {
        let again = after(last, NUDGE_MINUTES);
        if again > now {
            let seconds = u32::try_from((again - now).num_seconds().max(1)).unwrap_or(1);
            return Err(Fault {
                detail: format!(
                    "刚刚已经催过，办理人会尽快处理。{}分钟后可以再催。",
                    seconds.div_ceil(60)
                )
                .into(),
                ..Fault::too_many(seconds)
            });
        }
    }
    let mut draft = Draft::new(tx, actor, By::Resident, found);
    draft.next.nudges = draft.next.nudges.saturating_add(1);
    draft.next.nudged_at = Some(now);
    draft.act(Action::Nudge, "nudged", None)?;
    if draft.next.holder_id.is_some() {
        draft.tell(kinds::NUDGED, draft.next.holder_id, "nudged");
    } else {
        draft.tell_dispatchers(tx, "unassigned").await?;
    }
    draft.store(tx, actor, "case.nudge").await
}

/// Takes it back (撤回), as long as it is not finished.
///
/// # Errors
/// As [`supplement`].
pub async fn withdraw(
    tx: &mut Tx,
    actor: &Actor,
    id: i64,
    reason: &str,
) -> Result<case::Model, Fault> {
    let found = own(tx, actor, id).await?;
    let reason = Some(crate::base::text::clean(reason)).filter(|reason| !reason.is_empty());
    let mut draft = Draft::new(tx, actor, By::Resident, found);
    draft.note_late(Action::AcceptLate);
    draft.note_late(Action::FinishLate);
    draft.act(Action::Withdraw, "withdrawn", reason)?;
    draft.next.closed_at = Some(tx.now());
    draft.cancel.extend(kinds::ALL);
    draft.tell(kinds::WITHDRAWN, draft.next.holder_id, "withdrawn");
    draft.store(tx, actor, "case.withdraw").await
}

/// Rates what was done (评价), 1 to 5; a bad score brings the one reopening.
///
/// # Errors
/// As [`supplement`]; `invalid` for a score out of range.
pub async fn rate(
    tx: &mut Tx,
    actor: &Actor,
    id: i64,
    score: i16,
    text: &str,
) -> Result<Rated, Fault> {
    let found = own(tx, actor, id).await?;
    if !(1..=5).contains(&score) {
        return Err(Fault::invalid(
            "score",
            format!("请打1到5分，例如：评价 {id} 5"),
        ));
    }
    let text = Some(crate::base::text::clean(text)).filter(|text| !text.is_empty());
    let holder = found.case.holder_id;
    let mut draft = Draft::new(tx, actor, By::Resident, found);
    draft.next.rating = Some(score);
    draft.next.rating_text.clone_from(&text);
    draft.next.closed_at = Some(tx.now());
    let note = text.map_or_else(|| format!("{score}分"), |text| format!("{score}分：{text}"));
    draft.act(Action::Rate, "reviewed", Some(note.clone()))?;
    draft.cancel.push(kinds::LAPSE);
    draft.tell(kinds::REVIEWED, holder, "reviewed");
    let reopened = score < CONTENT && !draft.next.reopened;
    if reopened {
        reopen_in(tx, &mut draft, note).await?;
    }
    let case = draft.store(tx, actor, "case.rate").await?;
    Ok(Rated { case, reopened })
}

/// Reopens it (重开): once, within seven days, to the next level up.
///
/// # Errors
/// As [`supplement`]; `wrong_step` for the second time or too late, saying who decides next.
pub async fn reopen(
    tx: &mut Tx,
    actor: &Actor,
    id: i64,
    reason: &str,
) -> Result<case::Model, Fault> {
    let found = own(tx, actor, id).await?;
    let reason = require_text("reason", reason, || {
        format!("请写明原因，例如：重开 {id} 还在漏水")
    })?;
    if is_too_late(&found.case, tx.now()) {
        return Err(Fault::new(
            Code::WrongStep,
            format!(
                "诉求 #{id} 结束已超过{REOPEN_DAYS}天，不能重开。请直接另提一件诉求，我们会接着办。"
            ),
        ));
    }
    let mut draft = Draft::new(tx, actor, By::Resident, found);
    draft.cancel.push(kinds::LAPSE);
    reopen_in(tx, &mut draft, reason).await?;
    draft.store(tx, actor, "case.reopen").await
}

fn is_too_late(case: &case::Model, now: Moment) -> bool {
    let over = matches!(case.state, CaseState::Finished | CaseState::Reviewed);
    let last = case.closed_at.max(case.finished_at);
    over && last.is_some_and(|last| after_days(last, REOPEN_DAYS) < now)
}

/// The next round: to the level above; where nobody is there, to somebody else; else to whoever is left.
async fn reopen_in(tx: &Tx, draft: &mut Draft, reason: String) -> Result<(), Fault> {
    let again = Again::read(tx, &draft.found).await?;
    let target = next_round(&again, &draft.found.case);
    draft.act_to(Action::Reopen, "reopened", Some(reason), target.is_some())?;
    draft.next.closed_at = None;
    draft.detail = detail(draft.next.level, target.is_some());
    match &target {
        Some(target) => draft.assign(target, again.policy, true),
        None => draft.leave_unassigned(tx, again.policy).await?,
    }
    draft.tell_reporter("moved");
    Ok(())
}

fn next_round(again: &Again, case: &case::Model) -> Option<Target> {
    let mut others = Again {
        ground: again.ground.clone(),
        policy: again.policy,
        without: again.without.clone(),
    };
    others.without.extend(case.holder_id);
    let reporter_only = Again {
        ground: again.ground.clone(),
        policy: again.policy,
        without: vec![case.reporter_id],
    };
    others
        .choose_above(case)
        .or_else(|| others.choose(case, case.level))
        .or_else(|| reporter_only.choose(case, Level::Compound))
}
