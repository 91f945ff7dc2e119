//! What is told of a mediation, by name in the payload of its reminders and by its head in a template.
//! Used by the reminders of mediations and by whoever puts them down.

use entity::reminder;

use crate::reminder::payload::word;

/// What is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Telling {
    /// Mediator: there is a new one.
    Opened,
    /// Party: you were named.
    Invited,
    /// Party: come at this time.
    Called,
    /// Both: tomorrow.
    Eve,
    /// Party: do you agree to this text?
    Proposed,
    /// Party: you have not answered.
    AskedAgain,
    /// Mediator: somebody does not agree, and why.
    Disagreed,
    /// Party: there is no agreement yet.
    BackToTable,
    /// Both: it holds.
    Agreed,
    /// Party: is it kept?
    IsItKept,
    /// Mediator: nobody says whether it is kept.
    Silent,
    /// Both: it was kept.
    Kept,
    /// Mediator: somebody says that it is not kept.
    Broken,
    /// Party: it brought nothing.
    Failed,
    /// Mediator: nothing has happened for days.
    Stalled,
    /// Whoever led it, and the parties: somebody else leads it now.
    PassedOn,
    /// Both: it goes no further, and why.
    Ended,
}

impl Telling {
    const ALL: [Self; 17] = [
        Self::Opened,
        Self::Invited,
        Self::Called,
        Self::Eve,
        Self::Proposed,
        Self::AskedAgain,
        Self::Disagreed,
        Self::BackToTable,
        Self::Agreed,
        Self::IsItKept,
        Self::Silent,
        Self::Kept,
        Self::Broken,
        Self::Failed,
        Self::Stalled,
        Self::PassedOn,
        Self::Ended,
    ];

    /// As the payload keeps it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Invited => "invited",
            Self::Called => "called",
            Self::Eve => "eve",
            Self::Proposed => "proposed",
            Self::AskedAgain => "asked-again",
            Self::Disagreed => "disagreed",
            Self::BackToTable => "back-to-table",
            Self::Agreed => "agreed",
            Self::IsItKept => "is-it-kept",
            Self::Silent => "silent",
            Self::Kept => "kept",
            Self::Broken => "broken",
            Self::Failed => "failed",
            Self::Stalled => "stalled",
            Self::PassedOn => "passed-on",
            Self::Ended => "ended",
        }
    }

    /// What a reminder is about, as its payload keeps it.
    pub(super) fn of(reminder: &reminder::Model) -> Option<Self> {
        let text = word(reminder, "what");
        Self::ALL.into_iter().find(|what| Some(what.name()) == text)
    }

    /// In a few characters, behind the number.
    pub(super) const fn head(self) -> &'static str {
        match self {
            Self::Opened => "请您主持",
            Self::Invited => "您是当事人",
            Self::Called => "见面：",
            Self::Eve => "明天见面：",
            Self::Proposed | Self::AskedAgain => "协议待您确认",
            Self::Disagreed => "有人不同意",
            Self::BackToTable => "没有谈拢",
            Self::Agreed => "协议生效",
            Self::IsItKept => "协议履行了吗",
            Self::Silent => "履行还没有回复",
            Self::Kept => "协议已履行",
            Self::Broken => "协议没有履行",
            Self::Failed => "没有成功",
            Self::Stalled => "请往下进行",
            Self::PassedOn => "换人主持",
            Self::Ended => "不再进行",
        }
    }
}
