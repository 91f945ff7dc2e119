//! What a steward writes in lines: what, when, where, and for how many; and what is answered to lines that are not
//! that. Used by the chat of activities and of volunteers.

use chrono::TimeDelta;

use crate::base::clock::{Moment, china};
use crate::base::text::fold;
use crate::chat::{Reply, Turn};
use crate::mediation::when;

/// How long it is when no end is written.
const USUAL: TimeDelta = TimeDelta::hours(2);

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lines {
    /// The first line.
    pub title: String,
    /// It begins.
    pub starts: Moment,
    /// It is over.
    pub ends: Moment,
    /// The third line.
    pub venue: String,
    /// The lines behind it.
    pub rest: Vec<String>,
}

/// Reads title, time (`12月5日 14:00-16:00`) and place, each in a line of its own; none when it is not that.
#[must_use]
pub fn lines(text: &str, now: Moment) -> Option<Lines> {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let (title, time, venue) = (lines.next()?, lines.next()?, lines.next()?);
    let (starts, behind) = when::read(time, now)?;
    let until =
        behind.trim_start_matches(['-', '—', '–', '~', '～', '－', '至', '到', ' ', '\u{3000}']);
    let ends = match until.is_empty() {
        true => starts + USUAL,
        false => {
            let day = china(starts).format("%Y-%m-%d");
            let same_day = format!("{day} {until}");
            when::read(&same_day, now)
                .or_else(|| when::read(until, now))?
                .0
        }
    };
    Some(Lines {
        title: title.to_owned(),
        starts,
        ends,
        venue: venue.to_owned(),
        rest: lines.map(str::to_owned).collect(),
    })
}

/// A number of people: `30`, `３０人`, `要5人`; none when there is none.
#[must_use]
pub fn people(line: &str) -> Option<i32> {
    let folded = fold(line);
    let digits: String = folded.chars().filter(char::is_ascii_digit).collect();
    digits.parse().ok()
}

/// Says `how` it is written and asks for it once more, for the command `word`. Whoever meant something else files
/// their words by a digit.
pub fn unread(turn: &mut Turn<'_>, word: &str, said: &str, how: &str) -> Reply {
    turn.ask_again(&format!("没看懂。{how}"), said, word.to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::base::clock::{from_ms, say};

    /// 2026-11-21 17:20 in China.
    fn now() -> Moment {
        from_ms(1_795_252_800_000).unwrap()
    }

    #[test]
    fn a_time_may_be_written_in_many_ways() {
        for (time, ends) in [
            ("12月5日 14:00-16:30", "12月5日 16:30"),
            ("12月5日 14:00 至 16点半", "12月5日 16:30"),
            ("12月5日14:00", "12月5日 16:00"),
            ("12月5日 下午2点 到 12月6日 9:00", "12月6日 09:00"),
        ] {
            let read = lines(&format!("义诊\n{time}\n\n中心花园\n5人"), now());
            let read = read.unwrap_or_else(|| panic!("{time}"));
            assert_eq!(say(read.starts), "12月5日 14:00", "{time}");
            assert_eq!(say(read.ends), ends, "{time}");
            assert_eq!((read.venue.as_str(), read.rest.len()), ("中心花园", 1));
        }
        assert_eq!(people("要３０人"), Some(30));
        assert_eq!((people("很多人"), people("99999999999")), (None, None));
    }

    #[test]
    fn what_is_not_that_is_none() {
        for text in [
            "",
            "义诊",
            "义诊\n花园\n12月5日 14:00",
            "义诊\n12月5日 14:00-下班\n花园",
        ] {
            assert!(lines(text, now()).is_none(), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "(\\PC|\n){0,60}", time in "[0-9月日:点半明后天上下午到至 -]{0,24}") {
            let _ = lines(&text, now());
            let _ = lines(&format!("义诊\n{time}\n花园"), now());
            let _ = people(&text);
        }
    }
}
