//! 催缴: asking for what is due, politely: before, on and after the due day, by the compound's own
//! rhythm; and the late fee where one was agreed. Invariant: nobody is asked at night, nobody for what
//! is paid, disputed or being paid, nobody for somebody else's home; what was done is written down for good;
//! no word of ours threatens with water or power (Civil Code, article 944). Floor 3.
//!
//! | file | what it does |
//! |---|---|
//! | [`rule`], [`late`] | the rules, without I/O; what may not be written: `base::threat` |
//! | [`words`] | what is said |
//! | [`actions`] | the policy of a compound; a bill that is disputed |
//! | [`queries`] | who is to be asked now, and what was done |
//! | [`remind`] | the day's plan, the messages and their proof |
//! | `accrue` | the late fees of a month |

mod accrue;
pub mod actions;
pub mod late;
pub mod queries;
pub mod remind;
pub mod rule;
pub mod words;

use entity::money::{DueEvent, DueResult};

/// What people call what came of a reminder.
#[must_use]
pub const fn result_says(result: DueResult) -> &'static str {
    match result {
        DueResult::Sent => "已发出",
        DueResult::Delivered => "已送达",
        DueResult::Failed => "没有送达",
        DueResult::Unreachable => "联系不上",
        DueResult::Unwanted => "住户不接收",
        DueResult::NotNeeded => "不用发了",
        DueResult::Moved => "业主已变更，没有发",
    }
}

/// What people call what happened to a reminder.
#[must_use]
pub const fn event_says(event: DueEvent) -> &'static str {
    match event {
        DueEvent::Planned => "安排",
        DueEvent::Said => "发送",
        DueEvent::Ended => "结果",
    }
}

/// What people call a channel.
#[must_use]
pub fn channel_says(channel: &str) -> &'static str {
    match channel {
        "template" => "公众号模板消息",
        "notice" => "公众号订阅通知",
        "subscription" => "小程序订阅消息",
        "customer" => "公众号客服消息",
        "work" => "企业微信",
        _ => "",
    }
}
