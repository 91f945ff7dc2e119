//! Volunteers (志愿者) and party members who report where they live (双报到): whoever has registered takes tasks,
//! says when they begin and end, and whoever leads confirms the hours. A record of each year is theirs.
//! Invariants: of one person no two services overlap, in whatever compounds, so that no day has more than 24
//! hours; nobody confirms their own; whoever is named on the board has said so. Floor 3.

pub mod actions;
pub mod api;
pub mod chat;
pub mod hours;
pub mod link;
pub mod queries;
pub mod remind;
pub mod step;
pub mod tally;

use entity::life::{ServiceState, VolunteerTaskState};
use entity::volunteer_task;

use crate::base::clock::Moment;

/// Most characters of a title and of where it is.
pub const MOST_TITLE: usize = 40;
/// Most characters of a member's unit.
pub const MOST_UNIT: usize = 40;
/// Most characters of a reason.
pub const MOST_REASON: usize = 200;
/// Most volunteers that a task needs.
pub const MOST_WANTED: i32 = 500;

/// How a task is named as the subject of reminders and audit rows.
#[must_use]
pub fn subject(task_id: i64) -> String {
    format!("volunteer-task:{task_id}")
}

/// What people call the state of a task; at most five characters.
#[must_use]
pub const fn task_says(state: VolunteerTaskState) -> &'static str {
    match state {
        VolunteerTaskState::Open => "进行中",
        VolunteerTaskState::Cancelled => "已取消",
    }
}

/// The same at a moment: one whose time is over is not under way.
#[must_use]
pub fn task_says_at(task: &volunteer_task::Model, now: Moment) -> &'static str {
    match task.state {
        VolunteerTaskState::Open if task.ends_at <= now => "已结束",
        state => task_says(state),
    }
}

/// `还要3人`, `人够了`
#[must_use]
pub fn left_says(task: &volunteer_task::Model) -> String {
    match task.wanted.saturating_sub(task.taken) {
        some if some > 0 => format!("还要{some}人"),
        _ => "人够了".to_owned(),
    }
}

/// What people call the state of somebody's part in it.
#[must_use]
pub const fn service_says(state: ServiceState) -> &'static str {
    match state {
        ServiceState::Taken => "已领",
        ServiceState::Left => "已退",
        ServiceState::Begun => "服务中",
        ServiceState::Ended => "待确认",
        ServiceState::Confirmed => "已确认",
        ServiceState::Refused => "未认可",
    }
}
