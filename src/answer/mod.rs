//! 答复模板: words that staff use again when they write a plan, finish, give up, pause or send back.
//! Invariant: a template names only blanks that a case can fill, and none that says who somebody is or
//! in which home they live, since what is filled in may be published. Floor 3; knows no case: whoever
//! fills one hands in the case's own words ([`fill::Facts`]).

pub mod actions;
pub mod chat;
pub mod fill;
pub mod queries;

use entity::kinds::AnswerUse;

/// What people call a use: the word of its command.
#[must_use]
pub const fn use_says(used_for: AnswerUse) -> &'static str {
    match used_for {
        AnswerUse::Plan => "方案",
        AnswerUse::Finish => "办结",
        AnswerUse::GiveUp => "无法办结",
        AnswerUse::Pause => "暂停",
        AnswerUse::Refuse => "退单",
    }
}
