//! Why the table of steps refuses, in a sentence that says what is possible instead. Called by the
//! actions beside it.

use entity::case;
use entity::kinds::CaseState;

use crate::base::fault::Fault;
use crate::case::case_says;
use crate::case::step::{Action, OPEN, Refused, row};

/// Why the table refuses, in a sentence that says what is possible instead.
pub(super) fn refusal(case: &case::Model, action: Action, refused: Refused) -> Fault {
    let id = case.id;
    let state = case_says(case);
    let text = match (refused, action, case.state) {
        (Refused::NotTheirs, ..) => return Fault::forbidden("您没有这项权限。"),
        (Refused::ReopenedBefore, ..) => format!(
            "诉求 #{id} 已经申请重开过一次，不能再重开。如仍不满意，请向社区或街道反映，或另提一件诉求。"
        ),
        (Refused::Asked, ..) => format!(
            "诉求 #{id} 已请别人接手，对方接单前仍由现在的办理人负责。回复“进度 {id}”查看。"
        ),
        (Refused::NotAsked, ..) => {
            format!("诉求 #{id} 现在没有请您接手。回复“进度 {id}”查看。")
        }
        (_, Action::Reopen | Action::DeclineReopen, _) => {
            format!("诉求 #{id} 现在没有等待决定的重开申请。回复“进度 {id}”查看。")
        }
        (_, Action::Rate | Action::AskReopen, CaseState::ReopenRequested) => {
            format!("诉求 #{id} 的重开申请正在等待决定，有结果会告诉您。回复“进度 {id}”查看。")
        }
        (_, Action::Rate, state) if OPEN.contains(&state) => {
            format!("诉求 #{id} 还没有办结，办结后再评价。回复“催办 {id}”可以催一催。")
        }
        (_, Action::Rate, CaseState::Reviewed) if case.rating.is_none() => {
            format!("诉求 #{id} 七天内没有评价，已自动结束。回复“进度 {id}”查看。")
        }
        (_, Action::Rate, CaseState::Reviewed) => format!("诉求 #{id} 已经评价过了，谢谢您。"),
        (_, Action::AskReopen, state) if OPEN.contains(&state) => {
            format!("诉求 #{id} 还在办理，不用重开。回复“催办 {id}”可以催一催。")
        }
        (_, _, CaseState::Paused) if row(action).from.contains(&CaseState::Accepted) => {
            format!("诉求 #{id} 已暂停，请先回复“恢复 {id}”。")
        }
        (_, Action::Pause | Action::Plan, CaseState::Assigned) => {
            format!("诉求 #{id} 还没有接单，请先回复“接单 {id}”。")
        }
        (_, Action::Accept, CaseState::Accepted | CaseState::Arrived) => {
            format!("诉求 #{id} 已经接单了，不用重复。办好后回复“办结 {id} 结果”。")
        }
        _ => format!("诉求 #{id} 现在是“{state}”，不能这样操作。回复“进度 {id}”查看。"),
    };
    Fault::wrong_step(text)
}
