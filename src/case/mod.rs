//! 诉求: what a resident files, from the first word to the rating. Invariant: a case has one holder
//! at a time, its seven steps keep their order, and every change of it is a compare-and-set with
//! its history, its audit entry and its reminders in one transaction. Floor 3.

pub mod actions;
pub mod api;
pub mod board;
pub mod category;
pub mod chat;
pub mod clock;
pub mod course;
pub mod dispatch;
pub mod essence;
pub mod evidence;
pub mod fill;
pub mod history;
pub mod publish;
pub mod queries;
pub mod remind;
pub mod rules;
pub mod search;
pub mod shield;
pub mod stats;
pub mod step;
pub mod views;

pub mod behalf;
pub mod joiner;
pub mod similar;

use entity::case;
use entity::kinds::{CaseKind, CaseState, CaseStep, Level, Outcome, RoleKind};

/// Most characters of a case's text; what is longer is cut by whoever takes the message in.
pub const TEXT_MOST: usize = 5_000;

/// Which part of a case the board shows, as moderation names it.
pub const BOARD: &str = "board";

/// How reminders and the audit name a case: `case:12`.
#[must_use]
pub fn subject(id: i64) -> String {
    format!("case:{id}")
}

/// What people call a kind.
#[must_use]
pub const fn kind_says(kind: CaseKind) -> &'static str {
    match kind {
        CaseKind::Repair => "报修",
        CaseKind::Complaint => "投诉",
        CaseKind::Suggestion => "建议",
        CaseKind::Help => "求助",
        CaseKind::Dispute => "纠纷",
    }
}

/// What people call a state; at most five characters.
#[must_use]
pub const fn state_says(state: CaseState) -> &'static str {
    match state {
        CaseState::Raised => "正在派单",
        CaseState::Assigned => "待接单",
        CaseState::Accepted => "已接单",
        CaseState::Arrived => "已到场",
        CaseState::Paused => "已暂停",
        CaseState::Finished => "已办结",
        CaseState::Reviewed => "已评价",
        CaseState::ReopenRequested => "申请重开",
        CaseState::Withdrawn => "已撤回",
        CaseState::Merged => "已并案",
    }
}

/// The same of a case: what was not solved is never called done, and what nobody rated is not called
/// rated.
#[must_use]
pub const fn case_says(case: &case::Model) -> &'static str {
    match (case.state, case.outcome) {
        (CaseState::Finished | CaseState::Reviewed, Some(Outcome::Unsolved)) => "未能解决",
        (CaseState::Reviewed, _) if case.rating.is_none() => "已结束",
        (state, _) => state_says(state),
    }
}

/// What people call a step.
#[must_use]
pub const fn step_says(step: CaseStep) -> &'static str {
    match step {
        CaseStep::Raised => "提",
        CaseStep::Gathered => "汇",
        CaseStep::Deliberated => "议",
        CaseStep::Handled => "办",
        CaseStep::Supervised => "督",
        CaseStep::Published => "示",
        CaseStep::Reviewed => "评",
    }
}

/// The seven steps in their order.
pub const STEPS: [CaseStep; 7] = [
    CaseStep::Raised,
    CaseStep::Gathered,
    CaseStep::Deliberated,
    CaseStep::Handled,
    CaseStep::Supervised,
    CaseStep::Published,
    CaseStep::Reviewed,
];

/// What people call a level.
#[must_use]
pub const fn level_says(level: Level) -> &'static str {
    match level {
        Level::Compound => "小区",
        Level::Community => "社区",
        Level::Street => "街道",
        Level::Department => "职能部门",
    }
}

/// The level above; none above the last.
#[must_use]
pub const fn above(level: Level) -> Option<Level> {
    match level {
        Level::Compound => Some(Level::Community),
        Level::Community => Some(Level::Street),
        Level::Street => Some(Level::Department),
        Level::Department => None,
    }
}

/// The level at which a role works.
#[must_use]
pub const fn level_of(role: RoleKind) -> Level {
    match role {
        RoleKind::GridWorker | RoleKind::CommunitySecretary => Level::Community,
        RoleKind::StreetOfficer => Level::Street,
        RoleKind::DepartmentLiaison => Level::Department,
        _ => Level::Compound,
    }
}
