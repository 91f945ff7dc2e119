//! Activities (活动: 主题党日, 邻里节, 义诊 …): somebody in office says what, when and where, and people of the
//! compound sign up, themselves and their families, by one reply.
//! Invariants: nobody has more than one sign-up in an activity; those who have a place are never more than
//! there are places, unless a leader lets somebody in at the door; who waits is moved up in the order of
//! the line (`seats`). Floor 3.

pub mod actions;
pub mod api;
pub mod chat;
pub mod ending;
pub mod ics;
pub mod line;
pub mod link;
pub mod queries;
pub mod remind;
pub mod seats;
pub mod step;
pub mod times;
pub mod written;

use entity::activity;
use entity::life::{ActivityKind, ActivityState, SignupState};

use crate::base::clock::{Moment, china, say};
use crate::base::text::shorten;

/// Most characters of a title, and of the place where people meet.
pub const MOST_TITLE: usize = 40;
/// Most characters of the text.
pub const MOST_TEXT: usize = 1_000;
/// Most characters of why it is cancelled.
pub const MOST_REASON: usize = 200;
/// Most people that one person signs up, themselves included.
pub const MOST_SIZE: i32 = 6;
/// Most places of one activity.
pub const MOST_PLACES: i32 = 5_000;
/// Most people who wait for a place.
pub const MOST_WAITING: i32 = 500;

/// How an activity is named as the subject of reminders, attachments and audit rows.
#[must_use]
pub fn subject(id: i64) -> String {
    format!("activity:{id}")
}

/// What people call a state; at most five characters.
#[must_use]
pub const fn state_says(state: ActivityState) -> &'static str {
    match state {
        ActivityState::Draft => "草稿",
        ActivityState::Open => "报名中",
        ActivityState::Closed => "报名截止",
        ActivityState::Cancelled => "已取消",
        ActivityState::Held => "已结束",
    }
}

/// What people call the state of a sign-up.
#[must_use]
pub const fn signup_says(state: SignupState) -> &'static str {
    match state {
        SignupState::Taken => "已报名",
        SignupState::Waiting => "候补",
        SignupState::Left => "已取消",
    }
}

/// What people call a kind.
#[must_use]
pub const fn kind_says(kind: ActivityKind) -> &'static str {
    match kind {
        ActivityKind::PartyDay => "主题党日",
        ActivityKind::Festival => "邻里节",
        ActivityKind::Clinic => "义诊",
        ActivityKind::Lecture => "讲座",
        ActivityKind::Sport => "文体",
        ActivityKind::Cleaning => "环境整治",
        ActivityKind::Other => "其他",
    }
}

/// `12月5日 14:00—16:00`; with both days where it goes on.
#[must_use]
pub fn span_says(from: Moment, until: Moment) -> String {
    let (begin, end) = (china(from), china(until));
    match begin.date_naive() == end.date_naive() {
        true => format!("{}—{}", say(from), end.format("%H:%M")),
        false => format!("{}—{}", say(from), say(until)),
    }
}

/// Characters of a template's hint: what is longer is cut there.
const HINT: usize = 20;

/// Where it is, and what to do, in a hint: the place gives way, it stands in the whole text, too.
#[must_use]
pub fn venue_hint(venue: &str, rest: &str) -> String {
    let room = HINT.saturating_sub(rest.chars().count() + 1);
    format!("{}，{rest}", shorten(venue, room))
}

/// Why, in a hint; where it has no room, `elsewhere` says how to read it.
#[must_use]
pub fn reason_hint(reason: &str, elsewhere: String) -> String {
    let whole = format!("原因：{reason}");
    match whole.chars().count() <= HINT {
        true => whole,
        false => elsewhere,
    }
}

/// `还剩3个名额`, `名额已满，可以候补`, `不限名额`; while people sign up.
#[must_use]
pub fn places_say(row: &activity::Model) -> String {
    match seats::free(row.places, row.taken) {
        None => "不限名额".to_owned(),
        Some(free) if free > 0 && row.waiting == 0 => format!("还剩{free}个名额"),
        Some(_) => "名额已满，可以候补".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::clock::from_ms;

    #[test]
    fn a_hint_has_room_for_what_matters() {
        let leave = "不去回复:取消报名 123456";
        assert_eq!(venue_hint("议事厅", leave), format!("议事厅，{leave}"));
        let long = venue_hint("中心花园北侧凉亭", leave);
        assert_eq!(long, format!("中心…，{leave}"));
        assert!(long.chars().count() <= HINT);
        let elsewhere = || "回复“活动 1”看原因".to_owned();
        assert_eq!(reason_hint("下雨", elsewhere()), "原因：下雨");
        assert_eq!(reason_hint(&"雨".repeat(18), elsewhere()), elsewhere());
    }

    #[test]
    fn a_span_says_its_day_once() {
        // 2026-12-05 14:00 in China.
        let from = from_ms(1_796_450_400_000).unwrap();
        assert_eq!(
            span_says(from, from + chrono::TimeDelta::hours(2)),
            "12月5日 14:00—16:00"
        );
        assert_eq!(
            span_says(from, from + chrono::TimeDelta::hours(12)),
            "12月5日 14:00—12月6日 02:00"
        );
    }
}
