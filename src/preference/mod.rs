//! What somebody wants to be told: one switch for each topic of pushes. Invariant: what may not be
//! switched off is not, whatever was stored while it could be; the postman looks at both. Floor 3.

pub mod actions;
pub mod api;
pub mod chat;
pub mod queries;

use crate::delivery::Topic;

/// A topic and how it stands for somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Switch {
    /// Which.
    pub topic: Topic,
    /// Whether they are told.
    pub on: bool,
    /// Whether they may change that.
    pub fixed: bool,
}

/// How one topic stands.
#[must_use]
pub fn switch(topic: Topic, stored_off: bool, on_duty: bool) -> Switch {
    let fixed = !topic.may_be_off(on_duty);
    Switch {
        topic,
        on: fixed || !stored_off,
        fixed,
    }
}

/// Topics that somebody is told of at all: what is to be done is for those who hold a role.
#[must_use]
pub fn concerns(topic: Topic, on_duty: bool) -> bool {
    on_duty || !matches!(topic, Topic::Task | Topic::News)
}

/// Why a topic stays on, kindly.
#[must_use]
pub fn why_fixed(topic: Topic) -> &'static str {
    match topic {
        Topic::Task => "您正在岗，办理任务的提醒不能关，居民在等您。夜里只有急事才会提醒您。",
        Topic::Public => "财务和支出的公示要告诉每一户，不能关；一个月只有几条，夜里不会打扰您。",
        _ => "账号安全的提醒不能关，这是为了保护您家的信息，平时很少会有。",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_switched_off_before_taking_a_post_is_on_again() {
        assert!(!switch(Topic::Task, true, false).on);
        assert!(switch(Topic::Task, true, true).on);
        assert!(switch(Topic::Safety, true, false).on);
        assert!(!switch(Topic::Progress, true, true).on);
    }
}
