//! The one table of what may happen to a case, and what follows: state, steps, flags. Pure; asked
//! by every action. Residents', staff's and the system's rows are apart, so that no door can lend
//! one the power of another.

use entity::case;
use entity::kinds::{ActorKind, CaseState, CaseStep};
use strum::EnumIter;

use CaseState::{Accepted, Arrived, Assigned, Finished, Paused, Raised, Reviewed, Withdrawn};

/// Something that happens to a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter)]
pub enum Action {
    /// 补充
    Supplement,
    /// 催办
    Nudge,
    /// 评价
    Rate,
    /// 重开
    Reopen,
    /// 撤回
    Withdraw,
    /// 接单
    Accept,
    /// 到场
    Arrive,
    /// 方案
    Plan,
    /// 办结
    Finish,
    /// 退单
    Refuse,
    /// 转派
    HandOver,
    /// 上报
    Escalate,
    /// 暂停
    Pause,
    /// 恢复
    Resume,
    /// The accept clock ran out.
    AcceptLate,
    /// The grace after it ran out, too: the next level gets it.
    PassOver,
    /// The finish clock ran out.
    FinishLate,
    /// The next level gets it, since the finish clock ran out.
    Raise,
    /// Somebody was found for what nobody had.
    Seek,
    /// Nobody rated in time.
    Lapse,
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

/// The table.
#[must_use]
pub const fn row(action: Action) -> Row {
    use By::{Resident, Staff, System};
    let (by, from, to) = match action {
        Action::Supplement | Action::Nudge => (Resident, OPEN, To::Same),
        Action::Withdraw => (Resident, OPEN, To::State(Withdrawn)),
        Action::Rate => (Resident, &[Finished] as &[CaseState], To::State(Reviewed)),
        Action::Reopen => (
            Resident,
            &[Finished, Reviewed] as &[CaseState],
            To::Dispatch,
        ),
        Action::Accept => (
            Staff,
            &[Raised, Assigned] as &[CaseState],
            To::State(Accepted),
        ),
        Action::Arrive => (
            Staff,
            &[Assigned, Accepted] as &[CaseState],
            To::State(Arrived),
        ),
        Action::Plan => (Staff, TAKEN, To::Same),
        Action::Finish => (Staff, HELD, To::State(Finished)),
        Action::Refuse | Action::Escalate => (Staff, HELD, To::Dispatch),
        Action::HandOver => (
            Staff,
            &[Raised, Assigned, Accepted, Arrived] as &[CaseState],
            To::State(Assigned),
        ),
        Action::Pause => (Staff, TAKEN, To::State(Paused)),
        Action::Resume => (Staff, &[Paused] as &[CaseState], To::Interrupted),
        Action::AcceptLate => (System, &[Assigned] as &[CaseState], To::Same),
        Action::PassOver => (System, &[Assigned] as &[CaseState], To::Dispatch),
        Action::FinishLate => (
            System,
            &[Raised, Assigned, Accepted, Arrived] as &[CaseState],
            To::Same,
        ),
        Action::Raise => (System, HELD, To::Dispatch),
        Action::Seek => (System, &[Raised] as &[CaseState], To::Dispatch),
        Action::Lapse => (System, &[Finished] as &[CaseState], To::State(Reviewed)),
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
    /// The one reopening was used.
    ReopenedBefore,
}

/// Applies an action to the state, the step, the round and the flags of a case, and says which of
/// the seven steps it takes. `found` tells whether dispatch found somebody; it matters only where
/// the row says so.
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
    if action == Action::Reopen && case.reopened {
        return Err(Refused::ReopenedBefore);
    }
    let before = case.state;
    case.state = match row.to {
        To::Same => before,
        To::State(state) => state,
        To::Interrupted => case.resume_state.unwrap_or(Accepted),
        To::Dispatch if found => Assigned,
        To::Dispatch => Raised,
    };
    case.resume_state = (action == Action::Pause).then_some(before);
    match action {
        Action::Reopen => {
            case.round += 1;
            case.reopened = true;
        }
        Action::AcceptLate => case.accept_late = true,
        Action::FinishLate => case.finish_late = true,
        _ => {}
    }
    let steps = steps(action, case.step);
    if let Some(last) = steps.last() {
        case.step = last.step;
    }
    Ok(steps)
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
        Action::Finish => {
            let skip = (at == Gathered).then_some(Taken {
                step: Deliberated,
                skipped: true,
            });
            skip.into_iter()
                .chain([Handled, Supervised, Published].map(taken))
                .collect()
        }
        Action::Rate | Action::Lapse => vec![taken(Reviewed)],
        Action::Reopen => vec![taken(Raised), taken(Gathered)],
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests;
