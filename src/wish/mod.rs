//! Wishes (微心愿): something small that a resident wishes for. Staff reads it first, then a neighbour
//! claims it, fulfils it with a photo, and is thanked.
//! Invariant: a wish has one claimer at a time, whoever comes at the same moment; nobody but the two
//! learns who the other is, and they only once it is claimed; what others read of it has passed. Floor 3.

pub mod actions;
pub mod api;
pub mod chat;
pub mod queries;
pub mod remind;
pub mod step;

use entity::kinds::WishState;

/// Most characters of a wish, and of what is written about one.
pub const MOST_TEXT: usize = 200;
/// The part of a wish that others may see, as `moderation` knows it.
pub const PART: &str = "text";

/// How a wish is named as the subject of reminders, attachments and audit rows.
#[must_use]
pub fn subject(id: i64) -> String {
    format!("wish:{id}")
}

/// What people call a state; at most five characters.
#[must_use]
pub const fn state_says(state: WishState) -> &'static str {
    match state {
        WishState::Raised => "待审核",
        WishState::Open => "待认领",
        WishState::Claimed => "已认领",
        WishState::Fulfilled => "已实现",
        WishState::Thanked => "已感谢",
        WishState::Refused => "未通过",
        WishState::Withdrawn => "已撤回",
        WishState::Removed => "已下架",
    }
}
