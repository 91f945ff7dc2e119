//! Kinds of push as people know them: what may be switched off, by whom, and how long each is worth
//! being said. Pure; the nouns name a topic for each of their kinds, the postman obeys it.

use chrono::TimeDelta;

/// A kind of push as people know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, strum::EnumIter)]
pub enum Topic {
    /// Something is to be done by the recipient.
    Task,
    /// What has become of the recipient's own matter.
    Progress,
    /// What staff may like to know and need not act on.
    News,
    /// Who got access to the recipient's home or account.
    Safety,
    /// What the recipient is asked to pay.
    Dues,
    /// What has to be shown to every home: a month of the accounts, money to be spent.
    Public,
    /// The answer to what the recipient has just asked.
    Answer,
    /// How to reach a neighbour, for the recipient alone.
    Contact,
}

/// Those that people choose from, in the order of their numbers. An answer is asked for each time, and what
/// somebody has taken on can be done only by whoever reaches the other.
pub const CHOICES: [Topic; 6] = [
    Topic::Progress,
    Topic::News,
    Topic::Task,
    Topic::Safety,
    Topic::Dues,
    Topic::Public,
];

impl Topic {
    /// As stored in `preference.topic`, and in the API.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Task => "task",
            Self::Progress => "progress",
            Self::News => "news",
            Self::Safety => "safety",
            Self::Dues => "dues",
            Self::Public => "public",
            Self::Answer => "answer",
            Self::Contact => "contact",
        }
    }

    /// What people call it.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Task => "办理任务",
            Self::Progress => "诉求进度",
            Self::News => "工作动态",
            Self::Safety => "账号安全",
            Self::Dues => "缴费提醒",
            Self::Public => "公开公示",
            Self::Answer => "回答",
            Self::Contact => "联系方式",
        }
    }

    /// Whether the recipient may switch it off: nobody what concerns their safety or is shown to every home,
    /// nobody on duty what is to be done.
    #[must_use]
    pub const fn may_be_off(self, on_duty: bool) -> bool {
        match self {
            Self::Progress | Self::News | Self::Dues => true,
            Self::Task => !on_duty,
            Self::Safety | Self::Answer | Self::Contact | Self::Public => false,
        }
    }

    /// How long after its time it is still worth being said. What must be true when it goes out,
    /// its composer looks at.
    #[must_use]
    pub const fn keeps(self) -> TimeDelta {
        match self {
            Self::Task | Self::Safety | Self::Public => TimeDelta::days(7),
            Self::Progress | Self::Dues | Self::Contact => TimeDelta::days(3),
            Self::News => TimeDelta::days(1),
            Self::Answer => TimeDelta::minutes(30),
        }
    }

    /// Whether it is told at the door when no channel reaches the recipient. Tasks are not: their
    /// clocks hand them to somebody else before anybody could walk there. What somebody owes is no
    /// neighbour's business. What is shown to every home has a list of who has not read it, by which people go.
    #[must_use]
    pub const fn is_told_in_person(self) -> bool {
        matches!(self, Self::Progress | Self::Safety | Self::Contact)
    }

    /// Whether its words are for nobody but the recipient: whoever goes to the door is handed the title alone.
    #[must_use]
    pub const fn is_private(self) -> bool {
        matches!(self, Self::Contact)
    }

    /// From when to when it is never said, in China's time, whatever the settings allow and however
    /// urgent it is; none: as the settings say.
    #[must_use]
    pub const fn hours(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Dues => Some(("21:00", "08:00")),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use strum::IntoEnumIterator;

    use super::*;

    #[test]
    fn the_table_of_what_may_be_switched_off() {
        // Topic, by somebody on duty, by anybody else.
        for (topic, on_duty, else_) in [
            (Topic::Task, false, true),
            (Topic::Progress, true, true),
            (Topic::News, true, true),
            (Topic::Safety, false, false),
            (Topic::Dues, true, true),
            (Topic::Public, false, false),
            (Topic::Answer, false, false),
            (Topic::Contact, false, false),
        ] {
            assert_eq!(topic.may_be_off(true), on_duty, "{topic:?}");
            assert_eq!(topic.may_be_off(false), else_, "{topic:?}");
        }
    }

    #[test]
    fn what_is_not_asked_for_each_time_can_be_chosen_and_each_has_a_name_of_its_own() {
        let mut names: Vec<_> = Topic::iter().map(Topic::name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Topic::iter().count());
        for topic in Topic::iter() {
            let asked_for = matches!(topic, Topic::Answer | Topic::Contact);
            assert_eq!(CHOICES.contains(&topic), !asked_for);
            assert!(topic.keeps() > TimeDelta::zero());
        }
    }
}
