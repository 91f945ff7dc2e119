//! How far a case has come, as people read it: which of the seven steps are taken, which one was passed by, and whether
//! what is to be published waits for somebody to look at it. Used by the chat, by `/me` and by the console.

use std::collections::{HashMap, HashSet};

use entity::kinds::{CaseStep, ModerationState};
use entity::{case, case_event};
use sea_orm::{ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};

use crate::base::fault::Fault;
use crate::case::{BOARD, step_says, subject};
use crate::moderation::queries as moderation;

/// How the history calls the step that was passed by.
pub const SKIPPED: &str = "deliberation-skipped";

/// What has become of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// It is still to come.
    Ahead,
    /// It is taken.
    Taken,
    /// It was passed by, and the history says so.
    Skipped,
    /// Its words wait for whoever looks at them: nobody else reads them yet.
    Waits,
    /// Its words were refused: nobody else reads them.
    Refused,
}

impl Mark {
    /// The step with what has become of it, where there are only letters: `提✓`, `议（略）`.
    #[must_use]
    pub fn says(self, step: CaseStep) -> String {
        let behind = match self {
            Self::Taken => "✓",
            other => other.note(),
        };
        format!("{}{behind}", step_says(step))
    }

    /// What stands behind a step whose mark is drawn; empty when there is nothing to say.
    #[must_use]
    pub const fn note(self) -> &'static str {
        match self {
            Self::Ahead | Self::Taken => "",
            Self::Skipped => "（略）",
            Self::Waits => "（待审核）",
            Self::Refused => "（未通过）",
        }
    }

    /// How pages mark it; empty for what is still to come.
    #[must_use]
    pub const fn class(self) -> &'static str {
        match self {
            Self::Ahead => "",
            Self::Taken => "done",
            Self::Skipped => "skipped",
            Self::Waits | Self::Refused => "waits",
        }
    }
}

/// What the row of a case does not tell of its steps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Course {
    skipped: bool,
    board: Option<ModerationState>,
}

impl Course {
    /// What has become of a step of the case.
    #[must_use]
    pub fn mark(self, case: &case::Model, step: CaseStep) -> Mark {
        match (step, self.board) {
            _ if step > case.step => Mark::Ahead,
            (CaseStep::Deliberated, _) if self.skipped => Mark::Skipped,
            (CaseStep::Published, Some(ModerationState::Pending)) => Mark::Waits,
            (CaseStep::Published, Some(ModerationState::Refused)) => Mark::Refused,
            _ => Mark::Taken,
        }
    }
}

/// The course of one case.
///
/// # Errors
/// The database's.
pub async fn of<C: ConnectionTrait>(db: &C, case: &case::Model) -> Result<Course, Fault> {
    let mut all = of_all(db, std::slice::from_ref(case)).await?;
    Ok(all.remove(&case.id).unwrap_or_default())
}

/// The courses of many cases by their keys; those whose work is not done have nothing more to tell than their rows.
///
/// # Errors
/// The database's.
pub async fn of_all<C: ConnectionTrait>(
    db: &C,
    cases: &[case::Model],
) -> Result<HashMap<i64, Course>, Fault> {
    let done = cases
        .iter()
        .filter(|case| case.step >= CaseStep::Handled)
        .collect::<Vec<_>>();
    if done.is_empty() {
        return Ok(HashMap::new());
    }
    let skipped: HashSet<(i64, i32)> = case_event::Entity::find()
        .select_only()
        .column(case_event::Column::CaseId)
        .column(case_event::Column::Round)
        .filter(
            case_event::COLUMN
                .case_id
                .is_in(done.iter().map(|case| case.id)),
        )
        .filter(case_event::COLUMN.action.eq(SKIPPED))
        .into_tuple::<(i64, i32)>()
        .all(db)
        .await?
        .into_iter()
        .collect();
    let subjects = done.iter().map(|case| subject(case.id)).collect();
    let boards = moderation::all_states(db, subjects, BOARD).await?;
    let course = |case: &&case::Model| {
        let course = Course {
            skipped: skipped.contains(&(case.id, case.round)),
            board: boards.get(&subject(case.id)).copied(),
        };
        (case.id, course)
    };
    Ok(done.iter().map(course).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::STEPS;

    #[test]
    fn a_step_that_was_passed_by_is_not_called_done() {
        let mut case = crate::case::step::tests::filed();
        let says = |case: &case::Model, course: Course| {
            let each = STEPS.iter();
            let each = each.map(|step| course.mark(case, *step).says(*step));
            each.collect::<Vec<_>>().join(" ")
        };
        let course = |skipped, board| Course { skipped, board };
        assert_eq!(says(&case, course(false, None)), "提✓ 汇✓ 议 办 督 示 评");
        case.step = CaseStep::Published;
        for (course, wanted) in [
            (
                course(true, Some(ModerationState::Pending)),
                "提✓ 汇✓ 议（略） 办✓ 督✓ 示（待审核） 评",
            ),
            (
                course(false, Some(ModerationState::Refused)),
                "提✓ 汇✓ 议✓ 办✓ 督✓ 示（未通过） 评",
            ),
            (
                course(true, Some(ModerationState::Passed)),
                "提✓ 汇✓ 议（略） 办✓ 督✓ 示✓ 评",
            ),
            (course(false, None), "提✓ 汇✓ 议✓ 办✓ 督✓ 示✓ 评"),
        ] {
            assert_eq!(says(&case, course), wanted);
        }
        // A new round begins anew, whatever was shown of the one before.
        case.step = CaseStep::Gathered;
        let shown = course(false, Some(ModerationState::Passed));
        assert_eq!(says(&case, shown), "提✓ 汇✓ 议 办 督 示 评");
    }
}
