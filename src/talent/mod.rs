//! Talents (特长): what neighbours are good at and offer, and requests for their help (找帮手). One talent is asked
//! at a time, whoever was asked least first; only a yes makes the two known to each other (decision 0024).
//! Invariant: nobody is asked who has not agreed on record; who asks and who is asked stand in no list, page or
//! group, and each learns of the other by a message to them alone. Floor 3.

pub mod actions;
pub mod api;
pub mod chat;
pub mod choose;
pub mod queries;
pub mod remind;
pub mod step;

use entity::kinds::{HelpState, TalentKind, TalentState};
use sea_orm::Iterable;

/// Most characters of a talent and of a request.
pub const MOST_TEXT: usize = 100;
/// Hours that a talent has to say yes or no; then the next is asked.
pub const ASK_HOURS: i64 = 24;
/// Days after which a request lapses.
pub const LAPSE_DAYS: i64 = 7;

/// How a talent is named as the subject of audit rows.
#[must_use]
pub fn subject(id: i64) -> String {
    format!("talent:{id}")
}

/// How a request is named as the subject of reminders and audit rows.
#[must_use]
pub fn request_subject(id: i64) -> String {
    format!("help:{id}")
}

/// What people call a kind.
#[must_use]
pub const fn kind_says(kind: TalentKind) -> &'static str {
    match kind {
        TalentKind::Doctor => "医护",
        TalentKind::Teacher => "教师",
        TalentKind::Lawyer => "法律",
        TalentKind::Police => "警务",
        TalentKind::Electrician => "水电维修",
        TalentKind::Computer => "电脑手机",
        TalentKind::Barber => "理发",
        TalentKind::Arts => "书画文艺",
        TalentKind::Other => "其他",
    }
}

/// What else they call it.
const ALSO: &[(&str, TalentKind)] = &[
    ("医生", TalentKind::Doctor),
    ("护士", TalentKind::Doctor),
    ("老师", TalentKind::Teacher),
    ("律师", TalentKind::Lawyer),
    ("警察", TalentKind::Police),
    ("民警", TalentKind::Police),
    ("电工", TalentKind::Electrician),
    ("水电工", TalentKind::Electrician),
    ("电脑", TalentKind::Computer),
    ("手机", TalentKind::Computer),
    ("书画", TalentKind::Arts),
];

/// The kind that a word names, and what stands behind it.
#[must_use]
pub fn kind_of(text: &str) -> Option<(TalentKind, &str)> {
    let text = text.trim();
    let (word, rest) = text
        .split_once([' ', '\u{3000}', ',', '，', ':', '：'])
        .unwrap_or((text, ""));
    let own = <TalentKind as Iterable>::iter().find(|kind| kind_says(*kind) == word);
    let also = || {
        ALSO.iter()
            .find(|(known, _)| *known == word)
            .map(|(_, kind)| *kind)
    };
    Some((own.or_else(also)?, rest.trim()))
}

/// What people call the state of a talent.
#[must_use]
pub const fn talent_says(state: TalentState) -> &'static str {
    match state {
        TalentState::Offered => "已登记",
        TalentState::Withdrawn => "已撤销",
    }
}

/// What people call the state of a request; at most five characters.
#[must_use]
pub const fn state_says(state: HelpState) -> &'static str {
    match state {
        HelpState::Asking => "正在问",
        HelpState::Accepted => "有人帮忙",
        HelpState::Unmet => "没有找到",
        HelpState::Withdrawn => "已撤回",
        HelpState::Lapsed => "已到期",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_named_in_many_ways() {
        assert_eq!(kind_of("医护 量血压"), Some((TalentKind::Doctor, "量血压")));
        assert_eq!(
            kind_of("医生，看化验单"),
            Some((TalentKind::Doctor, "看化验单"))
        );
        assert_eq!(kind_of("电工"), Some((TalentKind::Electrician, "")));
        assert_eq!(kind_of("修钟表"), None);
        assert_eq!(kind_of(""), None);
        for kind in <TalentKind as Iterable>::iter() {
            assert_eq!(kind_of(kind_says(kind)), Some((kind, "")));
        }
    }
}
