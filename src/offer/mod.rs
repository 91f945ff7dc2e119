//! The four lists (四项清单): what is needed (需求) and what somebody can give or do (资源), which are
//! proposed to each other and tied; what organisations do by a day (服务) and answer for (责任), closed off
//! one by one (销号).
//! Invariant: a need is tied to one resource, a resource to as many needs as it can meet, whoever comes at
//! the same moment; what a resident wrote is read by staff before others see it; who somebody is, only the
//! two of a tie learn, and they only once it is tied. Floor 3.

pub mod actions;
pub mod api;
pub mod category;
pub mod chart;
pub mod chat;
pub mod figure;
pub mod fitting;
pub mod queries;
pub mod remind;
pub mod step;

use entity::kinds::{OfferList, OfferState};

use crate::base::text::{clean, shorten};

/// Most characters of a title.
pub const MOST_TITLE: usize = 40;
/// Most characters of what else is said, and of what is written about an item.
pub const MOST_TEXT: usize = 500;
/// Most needs that one resource can meet.
pub const MOST_QUANTITY: i32 = 99;
/// The part of an item that others may see, as `moderation` knows it.
pub const PART: &str = "text";

/// How an item is named as the subject of reminders, attachments and audit rows.
#[must_use]
pub fn subject(id: i64) -> String {
    format!("offer:{id}")
}

/// What people call a list.
#[must_use]
pub const fn list_says(list: OfferList) -> &'static str {
    match list {
        OfferList::Need => "需求",
        OfferList::Resource => "资源",
        OfferList::Service => "服务",
        OfferList::Responsibility => "责任",
    }
}

/// The list that a word names, in Chinese or as it is stored.
#[must_use]
pub fn read_list(word: &str) -> Option<OfferList> {
    Some(match word.trim().trim_end_matches("清单") {
        "需求" | "need" => OfferList::Need,
        "资源" | "resource" => OfferList::Resource,
        "服务" | "service" => OfferList::Service,
        "责任" | "responsibility" => OfferList::Responsibility,
        _ => return None,
    })
}

/// Whether items of the list are promises of organisations, closed off one by one.
#[must_use]
pub const fn is_promise(list: OfferList) -> bool {
    matches!(list, OfferList::Service | OfferList::Responsibility)
}

/// What people call a state; at most five characters.
#[must_use]
pub const fn state_says(list: OfferList, state: OfferState) -> &'static str {
    match state {
        OfferState::Raised => "待审核",
        OfferState::Open if is_promise(list) => "办理中",
        OfferState::Open => "待对接",
        OfferState::Matched => "已对接",
        OfferState::Done if is_promise(list) => "已销号",
        OfferState::Done => "已办好",
        OfferState::Refused => "未通过",
        OfferState::Withdrawn => "已撤回",
        OfferState::Removed => "已下架",
        OfferState::Lapsed => "已到期",
    }
}

/// Title and text of what somebody wrote as one: the first line, if it is short enough to be a title.
#[must_use]
pub fn parted(written: &str) -> (String, String) {
    let written = clean(written);
    let (first, rest) = written.split_once('\n').unwrap_or((&written, ""));
    if first.chars().count() <= MOST_TITLE {
        (first.trim().to_owned(), rest.trim().to_owned())
    } else {
        (shorten(first, MOST_TITLE), written)
    }
}

/// As one again, as `moderation` keeps it.
#[must_use]
pub fn joined(title: &str, text: &str) -> String {
    match text {
        "" => title.to_owned(),
        text => format!("{title}\n{text}"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use sea_orm::Iterable;

    use super::*;

    #[test]
    fn a_short_first_line_is_the_title() {
        let two = |title: &str, text: &str| (title.to_owned(), text.to_owned());
        assert_eq!(parted(" 想学手机 \n周末有空"), two("想学手机", "周末有空"));
        assert_eq!(parted("想学手机"), two("想学手机", ""));
        let long = "很".repeat(MOST_TITLE + 1);
        let (title, text) = parted(&long);
        assert_eq!((title.chars().count(), text), (MOST_TITLE, long));
    }

    #[test]
    fn every_list_is_read_by_its_name_and_says_its_states_in_few_words() {
        for list in OfferList::iter() {
            assert_eq!(read_list(list_says(list)), Some(list));
            for state in OfferState::iter() {
                assert!(state_says(list, state).chars().count() <= 5);
            }
        }
        assert_eq!(read_list("需求清单"), Some(OfferList::Need));
        assert_eq!(read_list("心愿"), None);
    }

    proptest! {
        #[test]
        fn nothing_that_was_written_is_lost(text in "\\PC{0,120}(\n\\PC{0,40})?") {
            let (title, rest) = parted(&text);
            prop_assert!(title.chars().count() <= MOST_TITLE);
            let whole = joined(&title, &rest);
            let letters = |text: &str| clean(text).chars().filter(|c| !c.is_whitespace()).collect::<String>();
            prop_assert!(letters(&whole).contains(&letters(&text)) || letters(&whole) == letters(&text));
        }
    }
}
