//! Timetables (日程): what comes round again at fixed times at a place, told to those who asked for it
//! (垃圾不落地, water tests, the open day).
//! Invariant: a time rings once, whatever was changed meanwhile and however many instances keep time; nobody
//! is told who has not asked, or does not belong to the place any more. Floor 3.

pub mod actions;
pub mod api;
pub mod chat;
pub mod queries;
pub mod remind;
pub mod rule;

use chrono::TimeDelta;
use entity::kinds::TimetableState;

/// Most characters of a title.
pub const MOST_TITLE: usize = 20;
/// Most characters of what is told besides.
pub const MOST_TEXT: usize = 200;
/// Timetables of one place.
pub const MOST_OF_A_PLACE: u64 = 50;
/// What should have rung longer ago is not told any more: as long as an answer is worth being said.
pub const LATE: TimeDelta = TimeDelta::minutes(30);

/// How a timetable is named as the subject of audit rows, and in the names of its slots.
#[must_use]
pub fn subject(id: i64) -> String {
    format!("timetable:{id}")
}

/// What people call a state.
#[must_use]
pub const fn state_says(state: TimetableState) -> &'static str {
    match state {
        TimetableState::Active => "在用",
        TimetableState::Stopped => "已停用",
    }
}
