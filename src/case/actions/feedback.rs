//! What the resident thinks of the end (评价), and what follows: 销号, or a request to open the case again
//! (重开), which the next level grants or declines within its clock; silence grants it.

use entity::kinds::{CaseState, Level, Outcome};
use entity::{case, case_event};
use sea_orm::ActiveValue::Set;
use sea_orm::EntityTrait;

use crate::access::Actor;
use crate::access::permit::{Deed, may};
use crate::base::clock::Moment;
use crate::base::fault::{Code, Fault};
use crate::case::actions::resident::own;
use crate::case::actions::staff::take;
use crate::case::actions::{Again, Draft, detail, join, require_text, says_target};
use crate::case::clock::{RATING_DAYS, REOPEN_DAYS, after, after_days};
use crate::case::dispatch::Target;
use crate::case::evidence;
use crate::case::queries::{Found, asked, visible};
use crate::case::remind::{self, counts, kinds};
use crate::case::step::{Action, By};
use crate::case::{BOARD, joiner, subject};
use crate::moderation::queries as moderation;
use crate::store::Tx;

/// The lowest score that asks for nothing more.
pub const CONTENT: i16 = 3;
/// Minutes between two looks whether what was finished is published.
const PUBLISHED_MINUTES: i64 = 60;

/// What became of the wish to open a case again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reopening {
    /// There was none, or it was used before.
    None,
    /// Somebody is asked: who, and until when they must answer.
    Asked(String, Moment),
    /// There was nobody to be asked: it is open again.
    Done,
}

/// Whose rating it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rated {
    /// Of who filed it, and what became of it.
    Own(Reopening),
    /// Of a neighbour who has joined: it opens nothing again.
    Joined,
}

/// Rates what was done (评价), 1 to 5; a bad score of who filed it asks for the one reopening.
///
/// # Errors
/// As [`super::supplement`]; `invalid` for a score out of range.
pub async fn rate(
    tx: &mut Tx,
    actor: &Actor,
    id: i64,
    score: i16,
    text: &str,
) -> Result<(case::Model, Rated), Fault> {
    if let Some(case) = join::rate(tx, actor, id, score, text).await? {
        return Ok((case, Rated::Joined));
    }
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
    let before = draft.next.reopened || draft.next.reopen_asked_at.is_some();
    let reopening = if score < CONTENT && !before {
        request(tx, &mut draft, note).await?
    } else {
        strike(tx, &mut draft).await?;
        Reopening::None
    };
    let case = draft.store(tx, actor, "case.rate").await?;
    Ok((case, Rated::Own(reopening)))
}

/// Asks that it is opened again (重开): once, within seven days.
///
/// # Errors
/// As [`super::supplement`]; `wrong_step` for the second time or too late, saying who decides next.
pub async fn reopen(
    tx: &mut Tx,
    actor: &Actor,
    id: i64,
    reason: &str,
) -> Result<(case::Model, Reopening), Fault> {
    let found = match own(tx, actor, id).await {
        Err(fault) => return Err(not_a_joiners(tx, actor, id, fault).await?),
        Ok(found) => found,
    };
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
    let reopening = request(tx, &mut draft, reason).await?;
    let case = draft.store(tx, actor, "case.reopen").await?;
    Ok((case, reopening))
}

/// What somebody who has joined reads instead: only who filed it asks for that.
async fn not_a_joiners(tx: &Tx, actor: &Actor, id: i64, fault: Fault) -> Result<Fault, Fault> {
    let joined = match actor.person_id() {
        Some(person) => joiner::of(tx.db(), id, person).await?.is_some(),
        None => false,
    };
    Ok(match joined {
        true => Fault::forbidden(format!(
            "诉求 #{id} 是您加入的，重开要由提出人申请。问题还在请直接另提一件，我们会接着办。"
        )),
        false => fault,
    })
}

fn is_too_late(case: &case::Model, now: Moment) -> bool {
    let over = matches!(case.state, CaseState::Finished | CaseState::Reviewed);
    let last = case.closed_at.max(case.finished_at);
    over && last.is_some_and(|last| after_days(last, REOPEN_DAYS) < now)
}

/// The next level is asked, within its clock. Where only the one is left whose work is in question,
/// nobody is asked.
async fn request(tx: &Tx, draft: &mut Draft, reason: String) -> Result<Reopening, Fault> {
    let again = Again::read(tx, &draft.found).await?;
    let target = next_round(&again, &draft.found.case);
    draft.act(Action::AskReopen, "reopen-asked", Some(reason))?;
    draft.cancel.push(kinds::LAPSE);
    draft.detail = detail(draft.next.level, target.is_some());
    let judge = target
        .as_ref()
        .filter(|target| Some(target.person_id) != draft.found.case.holder_id);
    if let Some(judge) = judge {
        let clocks = again.ground.policies.at(judge.level);
        let due = clocks.due(draft.now, clocks.policy.accept_minutes);
        draft.ask(judge, due, kinds::REOPEN_ASKED, kinds::REOPEN_CLOCK);
        return Ok(Reopening::Asked(says_target(judge), due));
    }
    draft.act_as_system(Action::ReopenSilent, "reopened", None, target.is_some())?;
    begin_again(tx, draft, &again, target.as_ref()).await?;
    Ok(Reopening::Done)
}

/// The next round: to the level above; where nobody is there, to somebody else; else to whoever is left.
fn next_round(again: &Again, case: &case::Model) -> Option<Target> {
    let mut others = again.clone();
    others.without.extend(case.holder_id);
    let reporter_only = Again {
        without: vec![case.reporter_id],
        ..again.clone()
    };
    others
        .choose_above(case)
        .or_else(|| others.choose(case, case.level))
        .or_else(|| reporter_only.choose(case, Level::Compound))
}

/// Opened again: clocks begin, the new holder and the reporter are told.
async fn begin_again(
    tx: &Tx,
    draft: &mut Draft,
    again: &Again,
    target: Option<&Target>,
) -> Result<(), Fault> {
    draft.next.closed_at = None;
    match target {
        Some(target) => draft.assign(target, &again.ground.policies, true),
        None => {
            // The clocks of the round that is over say nothing of the new one.
            draft.next.plan_due_at = None;
            draft.next.finish_due_at = None;
            draft.next.clock_level = None;
            draft.leave_unassigned(tx, &again.ground.policies).await?;
        }
    }
    draft.tell_reporter("reopened");
    Ok(())
}

/// The request that the actor may decide: who is asked, or gives work out there; never whoever's work is
/// in question, nor who asked for it.
async fn to_decide(tx: &Tx, actor: &Actor, id: i64) -> Result<Found, Fault> {
    let found = visible(tx.db(), actor, id).await?;
    let case = &found.case;
    let person = actor.person_id();
    let gives = may(actor, Deed::DispatchCases, &found.place.path);
    if person == Some(case.reporter_id) || person == case.holder_id {
        return Err(Fault::forbidden(format!(
            "诉求 #{id} 的重开要由别人决定，不能由您自己决定。"
        )));
    }
    if asked(actor, &found) || gives {
        return Ok(found);
    }
    Err(Fault::forbidden(format!(
        "诉求 #{id} 的重开没有请您决定。回复“进度 {id}”查看。"
    )))
}

/// Grants it (同意重开): it lies with whoever was asked. If that is the actor, it is accepted, too.
///
/// # Errors
/// `not_found` when it is not theirs to see, `forbidden` when they are not asked, `wrong_step` when there
/// is no request, `conflict` when somebody decided at the same time.
pub async fn grant_reopen(tx: &mut Tx, actor: &Actor, id: i64) -> Result<case::Model, Fault> {
    let found = to_decide(tx, actor, id).await?;
    let again = Again::read(tx, &found).await?;
    let judge = found.case.asked_id;
    let target = again
        .person(judge)
        .or_else(|| next_round(&again, &found.case));
    let mut draft = Draft::new(tx, actor, By::Staff, found);
    draft.act_to(Action::Reopen, "reopened", None, target.is_some())?;
    draft.detail = detail(draft.next.level, target.is_some());
    begin_again(tx, &mut draft, &again, target.as_ref()).await?;
    if judge.is_some() && draft.next.holder_id == actor.person_id() {
        draft
            .reminders
            .retain(|reminder| !kinds::OF_ONE_HOLDER.contains(&reminder.kind));
        take(&mut draft)?;
        draft.begin_arrive(tx).await?;
    }
    draft.store(tx, actor, "case.grant-reopen").await
}

/// Declines it with words (驳回重开), which the resident is told; it is as it was before.
///
/// # Errors
/// As [`grant_reopen`]; `invalid` without words.
pub async fn decline_reopen(
    tx: &mut Tx,
    actor: &Actor,
    id: i64,
    reason: &str,
) -> Result<case::Model, Fault> {
    let found = to_decide(tx, actor, id).await?;
    let reason = require_text("reason", reason, || {
        format!("请写明理由，居民会看到，例如：驳回重开 {id} 已现场核实修好")
    })?;
    let mut draft = Draft::new(tx, actor, By::Staff, found);
    draft.act(Action::DeclineReopen, "reopen-declined", Some(reason))?;
    draft.tell_reporter("reopen-declined");
    if draft.next.state == CaseState::Finished {
        // There is at least a day left to rate it.
        let began = draft.next.finished_at.unwrap_or(draft.now);
        let due = after_days(began, RATING_DAYS).max(after_days(draft.now, 1));
        draft
            .reminders
            .push(remind::clock(&draft.next, kinds::LAPSE, due, 0));
    } else {
        strike(tx, &mut draft).await?;
    }
    draft.store(tx, actor, "case.decline-reopen").await
}

/// Nobody decided in time: it is opened again. Answers whether the clock still counted.
///
/// # Errors
/// The database's; `conflict` when something happened meanwhile.
pub async fn reopen_breach(tx: &mut Tx, found: Found, due: Moment) -> Result<bool, Fault> {
    if found.case.state != CaseState::ReopenRequested || !counts(found.case.asked_due_at, due) {
        return Ok(false);
    }
    let again = Again::read(tx, &found).await?;
    let target = again
        .person(found.case.asked_id)
        .or_else(|| next_round(&again, &found.case));
    let system = Actor::system();
    let mut draft = Draft::new(tx, &system, By::System, found);
    let note = Some("到时没有答复，自动重开".to_owned());
    draft.act_to(Action::ReopenSilent, "reopened", note, target.is_some())?;
    draft.detail = detail(draft.next.level, target.is_some());
    begin_again(tx, &mut draft, &again, target.as_ref()).await?;
    draft.store(tx, &system, "case.reopen-silent").await?;
    Ok(true)
}

/// Nobody rated in time: 评 is closed by the system. It never counts as satisfied.
///
/// # Errors
/// As [`reopen_breach`].
pub async fn lapse(tx: &mut Tx, found: Found) -> Result<Option<case::Model>, Fault> {
    if found.case.state != CaseState::Finished {
        return Ok(None);
    }
    let system = Actor::system();
    let mut draft = Draft::new(tx, &system, By::System, found);
    let note = "七天内未评价，自动结束".to_owned();
    draft.act(Action::Lapse, "lapsed", Some(note))?;
    draft.next.closed_at = Some(draft.now);
    strike(tx, &mut draft).await?;
    Ok(Some(draft.store(tx, &system, "case.lapse").await?))
}

/// 销号 once 评 is over: at once if the board shows it, else a clock looks again. What was not solved
/// stays on the list as what it is.
async fn strike(tx: &Tx, draft: &mut Draft) -> Result<(), Fault> {
    if draft.next.outcome != Some(Outcome::Solved) {
        return Ok(());
    }
    if is_published(tx, &draft.next).await? {
        return draft.act_as_system(Action::CloseOff, "closed-off", None, true);
    }
    strike_later(draft);
    Ok(())
}

/// A clock looks in a while whether it can be struck from the list.
pub(super) fn strike_later(draft: &mut Draft) {
    let due = after(draft.now, PUBLISHED_MINUTES);
    draft
        .reminders
        .push(remind::clock(&draft.next, kinds::CLOSE_OFF, due, 0));
}

/// The board shows it, and a photo of what was done, or the reason why there is none, is not owed.
async fn is_published(tx: &Tx, case: &case::Model) -> Result<bool, Fault> {
    let shown = moderation::shown(tx.db(), &subject(case.id), BOARD).await?;
    Ok(shown.is_some() && !evidence::of(tx.db(), case).await?.is_owed())
}

/// Looks again whether what was reviewed can be struck from the list. None when there is nothing to
/// strike, else whether it was done.
///
/// # Errors
/// As [`reopen_breach`].
pub async fn close_off(tx: &mut Tx, found: Found) -> Result<Option<bool>, Fault> {
    let case = &found.case;
    let strikes = case.state == CaseState::Reviewed
        && case.outcome == Some(Outcome::Solved)
        && case.closed_off_at.is_none();
    if !strikes {
        return Ok(None);
    }
    if !is_published(tx, case).await? {
        return Ok(Some(false));
    }
    let system = Actor::system();
    let mut draft = Draft::new(tx, &system, By::System, found);
    draft.act(Action::CloseOff, "closed-off", None)?;
    draft.store(tx, &system, "case.close-off").await?;
    Ok(Some(true))
}

/// What the history says of somebody who was asked for a rating, and of who was not.
pub const FEEDBACK: [&str; 2] = ["feedback-asked", "feedback-not-asked"];

/// Puts on record whether somebody could be asked for a rating of a round, and by what; or why not.
///
/// # Errors
/// The database's.
pub async fn note_asked(
    tx: &Tx,
    case: &case::Model,
    (person, round): (i64, i32),
    asked: bool,
    note: &str,
) -> Result<(), Fault> {
    let [yes, no] = FEEDBACK;
    let action = if asked { yes } else { no };
    let event = case_event::ActiveModel {
        case_id: Set(case.id),
        compound_id: Set(case.compound_id),
        round: Set(round),
        action: Set(action.to_owned()),
        actor_kind: Set(By::System.kind()),
        actor_id: Set(Some(person)),
        note: Set(Some(note.to_owned())),
        at: Set(tx.now()),
        ..Default::default()
    };
    case_event::Entity::insert(event)
        .exec_without_returning(tx.db())
        .await?;
    Ok(())
}
