//! The one table of what may happen to a case, and what follows: state, steps, flags. Pure; asked
//! by every action. Residents', staff's and the system's rows are apart, so that no door can lend
//! one the power of another.

use entity::case;
use entity::kinds::{ActorKind, CaseState, CaseStep, Outcome};
use strum::EnumIter;

use CaseState::{
    Accepted, Arrived, Assigned, Finished, Merged, Paused, Raised, ReopenRequested, Reviewed,
    Withdrawn,
};

/// Something that happens to a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter)]
pub enum Action {
    /// 补充
    Supplement,
    /// 催办
    Nudge,
    /// 评价
    Rate,
    /// 重开: asks that it is opened again.
    AskReopen,
    /// 撤回
    Withdraw,
    /// 接单
    Accept,
    /// 接单 by who is asked to take it over: from now on they have it.
    TakeOver,
    /// 退单 by who is asked to take it over: the holder keeps it.
    TurnDown,
    /// 到场
    Arrive,
    /// 方案
    Plan,
    /// 办结
    Finish,
    /// 无法办结
    GiveUp,
    /// 退单
    Refuse,
    /// 转派, 派单
    HandOver,
    /// 转派 by who has accepted it: whoever is named is asked to take it over.
    Offer,
    /// 上报: somebody of the next level is asked.
    Escalate,
    /// 暂停
    Pause,
    /// 恢复
    Resume,
    /// A pause ends though nobody said so: its day has come, or a mediation brought nothing.
    GoOn,
    /// 定级
    Grade,
    /// 定级 by whoever is measured: somebody else is asked whether it is complex.
    AskGrade,
    /// 助力: somebody is invited, comes, goes, or notes something.
    Assist,
    /// 同意重开
    Reopen,
    /// 驳回重开
    DeclineReopen,
    /// The accept clock ran out.
    AcceptLate,
    /// The grace after it ran out, too: the next level gets it.
    PassOver,
    /// The arrive clock ran out.
    ArriveLate,
    /// Who is asked to take it over has not answered in time.
    AskLate,
    /// Whoever it was offered to has not answered in time: they are asked no longer.
    OfferLate,
    /// The finish clock ran out.
    FinishLate,
    /// The plan clock ran out.
    PlanLate,
    /// Somebody of the next level is asked, since a clock ran out.
    Raise,
    /// Somebody was found for what nobody had.
    Seek,
    /// Whoever has it may not work there any more.
    Vacate,
    /// Nobody rated in time.
    Lapse,
    /// Nobody decided in time whether it is opened again, or there was nobody to be asked: it is.
    ReopenSilent,
    /// 销号: struck from the published list.
    CloseOff,
    /// 我也遇到: the one who filed says that it is the same as another.
    Join,
    /// 合并
    Merge,
    /// 拆分
    Unmerge,
    /// A mediation has begun: the clock stands meanwhile.
    Mediate,
    /// The agreement of a mediation was kept.
    Settle,
}

/// Whose row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter)]
pub enum By {
    /// Who filed it.
    Resident,
    /// Who works on it.
    Staff,
    /// A clock.
    System,
}

impl By {
    /// As the history keeps it.
    #[must_use]
    pub const fn kind(self) -> ActorKind {
        match self {
            Self::Resident => ActorKind::Resident,
            Self::Staff => ActorKind::Staff,
            Self::System => ActorKind::System,
        }
    }
}

/// Where an action leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum To {
    /// The state stays.
    Same,
    /// This state.
    State(CaseState),
    /// Whatever the pause interrupted.
    Interrupted,
    /// Assigned to somebody, or raised when nobody can be found.
    Dispatch,
}

/// A row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// Whose.
    pub by: By,
    /// From which states.
    pub from: &'static [CaseState],
    /// Where to.
    pub to: To,
}

/// States in which the work is not done.
pub const OPEN: &[CaseState] = &[Raised, Assigned, Accepted, Arrived, Paused];
const HELD: &[CaseState] = &[Assigned, Accepted, Arrived];
const TAKEN: &[CaseState] = &[Accepted, Arrived];
/// Somebody has it.
const SOMEBODYS: &[CaseState] = &[Assigned, Accepted, Arrived, Paused];
/// Somebody has accepted it, and keeps it until somebody else does.
pub const KEPT: &[CaseState] = &[Accepted, Arrived, Paused];
const OVER: &[CaseState] = &[Finished, Reviewed];
const REQUESTED: &[CaseState] = &[ReopenRequested];

/// The table.
#[must_use]
pub const fn row(action: Action) -> Row {
    use By::{Resident, Staff, System};
    let (by, from, to) = match action {
        Action::Supplement | Action::Nudge => (Resident, OPEN, To::Same),
        Action::Withdraw => (Resident, OPEN, To::State(Withdrawn)),
        Action::Rate => (Resident, &[Finished] as &[CaseState], To::State(Reviewed)),
        Action::AskReopen => (Resident, OVER, To::State(ReopenRequested)),
        Action::Accept => (
            Staff,
            &[Raised, Assigned] as &[CaseState],
            To::State(Accepted),
        ),
        Action::TakeOver => (Staff, KEPT, To::State(Accepted)),
        Action::TurnDown => (Staff, KEPT, To::Same),
        Action::Arrive => (
            Staff,
            &[Assigned, Accepted] as &[CaseState],
            To::State(Arrived),
        ),
        Action::Plan | Action::Offer | Action::Escalate => (Staff, TAKEN, To::Same),
        Action::Finish | Action::GiveUp => (Staff, HELD, To::State(Finished)),
        Action::Refuse => (Staff, HELD, To::Dispatch),
        Action::HandOver => (
            Staff,
            &[Raised, Assigned, Accepted, Arrived] as &[CaseState],
            To::State(Assigned),
        ),
        Action::Pause => (Staff, TAKEN, To::State(Paused)),
        Action::Resume => (Staff, &[Paused] as &[CaseState], To::Interrupted),
        Action::GoOn => (System, &[Paused] as &[CaseState], To::Interrupted),
        Action::Grade | Action::AskGrade => (Staff, OPEN, To::Same),
        Action::Assist => (Staff, SOMEBODYS, To::Same),
        Action::Reopen => (Staff, REQUESTED, To::Dispatch),
        Action::DeclineReopen => (Staff, REQUESTED, To::Interrupted),
        Action::AcceptLate => (System, &[Assigned] as &[CaseState], To::Same),
        Action::PassOver => (System, &[Assigned] as &[CaseState], To::Dispatch),
        Action::AskLate | Action::OfferLate => (System, KEPT, To::Same),
        // A pause stops the clocks, so nothing runs out in it.
        Action::Raise => (System, TAKEN, To::Same),
        Action::ArriveLate => (System, &[Accepted] as &[CaseState], To::Same),
        Action::FinishLate | Action::PlanLate => (
            System,
            &[Raised, Assigned, Accepted, Arrived] as &[CaseState],
            To::Same,
        ),
        Action::Seek => (System, &[Raised] as &[CaseState], To::Dispatch),
        Action::Vacate => (System, SOMEBODYS, To::Dispatch),
        Action::Lapse => (System, &[Finished] as &[CaseState], To::State(Reviewed)),
        Action::ReopenSilent => (System, REQUESTED, To::Dispatch),
        Action::CloseOff => (System, &[Reviewed] as &[CaseState], To::Same),
        Action::Join => (
            Resident,
            &[Raised, Assigned] as &[CaseState],
            To::State(Merged),
        ),
        Action::Merge => (Staff, OPEN, To::State(Merged)),
        Action::Unmerge => (Staff, &[Merged] as &[CaseState], To::Dispatch),
        Action::Mediate => (
            System,
            &[Raised, Assigned, Accepted, Arrived] as &[CaseState],
            To::State(Paused),
        ),
        Action::Settle => (System, OPEN, To::State(Finished)),
    };
    Row { by, from, to }
}

/// One of the seven steps, as it goes into the history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Which.
    pub step: CaseStep,
    /// It was passed by, and the record says so.
    pub skipped: bool,
}

/// Why something cannot happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Not by this kind of actor.
    NotTheirs,
    /// Not from this state.
    WrongState,
    /// That it is opened again was asked for before.
    ReopenedBefore,
    /// Somebody is asked to take it over, and until they answer the holder keeps it.
    Asked,
    /// Nobody is asked.
    NotAsked,
    /// What was not solved is not struck from the list; what was struck is.
    NotToStrike,
}

/// Applies an action to the state, the step, the round and the flags of a case, and says which of
/// the seven steps it takes. `found` tells whether dispatch found somebody; it matters only where
/// the row says so. `updated_at` of the case is the time of the action.
///
/// # Errors
/// When the table has no such row; then the case is as it was.
pub fn apply(
    case: &mut case::Model,
    action: Action,
    by: By,
    found: bool,
) -> Result<Vec<Taken>, Refused> {
    let row = row(action);
    if row.by != by {
        return Err(Refused::NotTheirs);
    }
    if !row.from.contains(&case.state) {
        return Err(Refused::WrongState);
    }
    guard(case, action)?;
    let before = case.state;
    case.state = match row.to {
        To::Same => before,
        To::State(state) => state,
        To::Interrupted => case.resume_state.unwrap_or(match before {
            ReopenRequested => Reviewed,
            _ => Accepted,
        }),
        To::Dispatch if found => Assigned,
        To::Dispatch => Raised,
    };
    if case.state != Paused {
        case.pause_until = None;
    }
    case.resume_state = match (action, row.to) {
        (Action::Pause | Action::AskReopen | Action::Mediate, _) => Some(before),
        (_, To::Same) => case.resume_state,
        _ => None,
    };
    match action {
        Action::Reopen | Action::ReopenSilent => {
            case.round += 1;
            case.reopened = true;
            case.outcome = None;
            case.closed_off_at = None;
            // What was thought of the last round stands in the history.
            case.rating = None;
            case.rating_text = None;
        }
        Action::AskReopen => case.reopen_asked_at = Some(case.updated_at),
        Action::CloseOff => case.closed_off_at = Some(case.updated_at),
        Action::Finish | Action::Settle => case.outcome = Some(Outcome::Solved),
        Action::GiveUp => case.outcome = Some(Outcome::Unsolved),
        // The first answer is fixed once it is there.
        Action::AcceptLate if case.accepted_at.is_none() => case.accept_late = true,
        Action::AcceptLate | Action::AskLate => case.silent_later = true,
        Action::ArriveLate => case.arrive_late = true,
        Action::FinishLate => case.finish_late = true,
        Action::PlanLate => case.plan_late = true,
        _ => {}
    }
    if ends_asking(action) {
        case.asked_id = None;
        case.asked_organisation_id = None;
        case.asked_level = None;
        case.asked_due_at = None;
    }
    let steps = steps(action, case.step);
    if let Some(last) = steps.last() {
        case.step = last.step;
    }
    Ok(steps)
}

/// What the state alone does not tell.
fn guard(case: &case::Model, action: Action) -> Result<(), Refused> {
    let asked = case.asked_id.is_some();
    match action {
        Action::AskReopen if case.reopened || case.reopen_asked_at.is_some() => {
            Err(Refused::ReopenedBefore)
        }
        Action::Offer | Action::Escalate | Action::Refuse if asked => Err(Refused::Asked),
        Action::TakeOver | Action::TurnDown | Action::AskLate | Action::OfferLate if !asked => {
            Err(Refused::NotAsked)
        }
        Action::CloseOff
            if case.outcome != Some(Outcome::Solved)
                || case.step != CaseStep::Reviewed
                || case.closed_off_at.is_some() =>
        {
            Err(Refused::NotToStrike)
        }
        _ => Ok(()),
    }
}

/// Whether nobody is asked any more once this has happened.
const fn ends_asking(action: Action) -> bool {
    matches!(
        action,
        Action::Withdraw
            | Action::TakeOver
            | Action::TurnDown
            | Action::OfferLate
            | Action::Finish
            | Action::GiveUp
            | Action::Refuse
            | Action::HandOver
            | Action::Reopen
            | Action::DeclineReopen
            | Action::PassOver
            | Action::Vacate
            | Action::ReopenSilent
            | Action::Join
            | Action::Merge
            | Action::Settle
    )
}

/// The steps that an action takes when the last one was `at`.
///
/// The skip of 议 is put on record when the work is finished, not on arrival: a plan is often made
/// only after having looked.
fn steps(action: Action, at: CaseStep) -> Vec<Taken> {
    use CaseStep::{Deliberated, Gathered, Handled, Published, Raised, Reviewed, Supervised};
    let taken = |step| Taken {
        step,
        skipped: false,
    };
    match action {
        Action::Plan if at == Gathered => vec![taken(Deliberated)],
        Action::Finish | Action::GiveUp | Action::Settle => {
            let skip = (at == Gathered).then_some(Taken {
                step: Deliberated,
                skipped: true,
            });
            skip.into_iter()
                .chain([Handled, Supervised, Published].map(taken))
                .collect()
        }
        Action::Rate | Action::Lapse => vec![taken(Reviewed)],
        Action::Reopen | Action::ReopenSilent => vec![taken(Raised), taken(Gathered)],
        _ => Vec::new(),
    }
}

#[cfg(test)]
pub(crate) mod tests;
