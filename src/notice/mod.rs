//! Notices (公告): what somebody in office tells the people of a place. Invariant: recipients are written
//! down once, by the query that counted them, and each is told once a round; until the first of them can
//! be told it can be undone, after that it is never changed: a recall leaves a tombstone, a correction is a
//! new version. Read and acknowledged are two things. Floor 3.

pub mod actions;
pub mod api;
pub mod audience;
pub mod chat;
pub mod link;
pub mod official;
pub mod queries;
pub mod remind;
mod told;

use chrono::TimeDelta;
use entity::kinds::NoticeState;
use entity::notice;

/// Most characters of a title.
pub const MOST_TITLE: usize = 40;
/// Most characters of a body.
pub const MOST_BODY: usize = 2_000;
/// So long it can be undone before anybody gets it.
pub const UNDO: TimeDelta = TimeDelta::seconds(15);
/// Of one author one ordinary notice in so long; nobody is told again sooner, either.
pub const THROTTLE: TimeDelta = TimeDelta::hours(1);
/// Hours after which whoever has not read it may be told again by itself.
pub const REPEATS: [i32; 3] = [24, 48, 72];
/// Most rounds of one notice that begin by themselves.
pub const MOST_ROUNDS: i32 = 3;
/// Days that a draft is kept.
pub const DRAFT_DAYS: i64 = 7;

/// How a notice is named as the subject of reminders, attachments and audit rows.
#[must_use]
pub fn subject(id: i64) -> String {
    format!("notice:{id}")
}

/// What people call a state; at most five characters.
#[must_use]
pub const fn state_says(state: NoticeState) -> &'static str {
    match state {
        NoticeState::Draft => "草稿",
        NoticeState::Undoable => "即将发出",
        NoticeState::Undone => "已撤销",
        NoticeState::Sending => "正在发送",
        NoticeState::Sent => "已发出",
        NoticeState::Corrected => "已更正",
        NoticeState::Recalled => "已撤回",
    }
}

/// States in which recipients have it, or had it.
pub const OUT: [NoticeState; 4] = [
    NoticeState::Sending,
    NoticeState::Sent,
    NoticeState::Corrected,
    NoticeState::Recalled,
];
/// States in which it holds.
pub const HOLDS: [NoticeState; 2] = [NoticeState::Sending, NoticeState::Sent];
/// The same, and confirmed though not yet out: what a new version of something published takes the place of.
pub const STANDS: [NoticeState; 3] = [
    NoticeState::Undoable,
    NoticeState::Sending,
    NoticeState::Sent,
];

/// What stands before a title: how urgent, and whether it takes the place of another.
#[must_use]
pub fn mark_of(row: &notice::Model) -> &'static str {
    match (row.urgent, is_correction(row)) {
        (true, true) => "【紧急·更正】",
        (true, false) => "【紧急】",
        (false, true) => "【更正】",
        (false, false) => "",
    }
}

/// Whether an earlier version of it was published.
#[must_use]
pub const fn is_correction(row: &notice::Model) -> bool {
    row.version > 1
}
