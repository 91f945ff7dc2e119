//! A day and an hour as mediators type them: `2026-11-25 14:30`, `11月25日 14:30`, `明天 9:00`, `后天
//! 下午3点半`. Pure; China's wall clock. Used by chat.rs.

use chrono::{Datelike, Days, FixedOffset, NaiveDate, NaiveTime, TimeZone};

use crate::base::clock::{Moment, china};
use crate::base::text::half_width;

/// The moment, and what is written behind it. A date without a year is the next such day.
#[must_use]
pub fn read(text: &str, now: Moment) -> Option<(Moment, String)> {
    let plain: Vec<char> = text.trim().chars().map(half_width).collect();
    let today = china(now).date_naive();
    let (day, at) = day(&plain, today)?;
    let (time, at) = time(&plain, at)?;
    let local = day.and_time(time);
    let offset: FixedOffset = *china(now).offset();
    let moment = offset.from_local_datetime(&local).single()?;
    let behind: String = text.trim().chars().skip(at).collect();
    let behind = behind.trim_start_matches([' ', '\u{3000}', ',', '，', ':', '：', '在', '到']);
    Some((moment.to_utc(), behind.trim().to_owned()))
}

/// A day alone, `12月31日 更换门禁`, and what is written behind it; for other nouns, too.
#[must_use]
pub fn read_day(text: &str, today: NaiveDate) -> Option<(NaiveDate, String)> {
    let plain: Vec<char> = text.trim().chars().map(half_width).collect();
    let (day, at) = day(&plain, today)?;
    let behind: String = text.trim().chars().skip(at).collect();
    let behind = behind.trim_start_matches([' ', '\u{3000}', ',', '，', ':', '：', '前']);
    Some((day, behind.trim().to_owned()))
}

fn day(text: &[char], today: NaiveDate) -> Option<(NaiveDate, usize)> {
    for (word, days) in [("今天", 0), ("明天", 1), ("后天", 2), ("大后天", 3)] {
        let word: Vec<char> = word.chars().collect();
        if text.starts_with(&word) {
            return Some((today.checked_add_days(Days::new(days))?, word.len()));
        }
    }
    let (first, at) = number(text, 0)?;
    let (second, at) = number(text, after(text, at, &['-', '/', '.', '年', '月'])?)?;
    if first >= 1000 {
        let (third, at) = number(text, after(text, at, &['-', '/', '.', '月'])?)?;
        let date = NaiveDate::from_ymd_opt(i32::try_from(first).ok()?, second, third)?;
        return Some((date, after(text, at, &['日', '号']).unwrap_or(at)));
    }
    let this_year = NaiveDate::from_ymd_opt(today.year(), first, second);
    let next_year = || NaiveDate::from_ymd_opt(today.year() + 1, first, second);
    let date = this_year.filter(|date| *date >= today).or_else(next_year)?;
    Some((date, after(text, at, &['日', '号']).unwrap_or(at)))
}

fn time(text: &[char], at: usize) -> Option<(NaiveTime, usize)> {
    let mut at = blank(text, at);
    let mut afternoon = false;
    for (word, late) in [
        ("上午", false),
        ("早上", false),
        ("中午", true),
        ("下午", true),
        ("晚上", true),
    ] {
        let word: Vec<char> = word.chars().collect();
        if text.get(at..).is_some_and(|rest| rest.starts_with(&word)) {
            afternoon = late;
            at = blank(text, at + word.len());
        }
    }
    let (hour, next) = number(text, at)?;
    let next = after(text, next, &[':', '点', '时'])?;
    let (minute, next) = match (number(text, next), text.get(next)) {
        (Some((minute, next)), _) => (minute, after(text, next, &['分']).unwrap_or(next)),
        (None, Some('半')) => (30, next + 1),
        (None, _) => (0, next),
    };
    let hour = if afternoon && hour < 12 {
        hour + 12
    } else {
        hour
    };
    Some((NaiveTime::from_hms_opt(hour, minute, 0)?, next))
}

fn number(text: &[char], at: usize) -> Option<(u32, usize)> {
    let digits: String = text
        .get(at..)?
        .iter()
        .take_while(|c| c.is_ascii_digit())
        .take(4)
        .collect();
    let end = at + digits.len();
    Some((digits.parse().ok()?, end))
}

fn after(text: &[char], at: usize, signs: &[char]) -> Option<usize> {
    text.get(at).filter(|c| signs.contains(c)).map(|_| at + 1)
}

fn blank(text: &[char], at: usize) -> usize {
    at + text
        .get(at..)
        .unwrap_or_default()
        .iter()
        .take_while(|c| c.is_whitespace())
        .count()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::base::clock::from_ms;

    /// 2026-11-21 17:20 in China.
    fn now() -> Moment {
        from_ms(1_795_252_800_000).unwrap()
    }

    fn said(text: &str) -> Option<(String, String)> {
        let (moment, rest) = read(text, now())?;
        Some((china(moment).format("%F %R").to_string(), rest))
    }

    #[test]
    fn what_mediators_type_is_read() {
        assert_eq!(china(now()).date_naive().to_string(), "2026-11-21");
        for (text, moment, rest) in [
            (
                "2026-11-25 14:30 社区服务中心",
                "2026-11-25 14:30",
                "社区服务中心",
            ),
            (
                "11月25日 14:30，社区服务中心",
                "2026-11-25 14:30",
                "社区服务中心",
            ),
            ("11-25 9点 议事厅", "2026-11-25 09:00", "议事厅"),
            (
                "1月3日下午3点半在街道调解中心",
                "2027-01-03 15:30",
                "街道调解中心",
            ),
            ("明天 ９：００ 议事厅", "2026-11-22 09:00", "议事厅"),
            ("后天晚上7点", "2026-11-23 19:00", ""),
        ] {
            assert_eq!(
                said(text),
                Some((moment.to_owned(), rest.to_owned())),
                "{text}"
            );
        }
    }

    #[test]
    fn a_day_is_read_without_an_hour() {
        let today = china(now()).date_naive();
        let read = |text| read_day(text, today).map(|(day, rest)| (day.to_string(), rest));
        let wanted = |day: &str, rest: &str| Some((day.to_owned(), rest.to_owned()));
        assert_eq!(
            read("2031-12-31 更换3栋门禁"),
            wanted("2031-12-31", "更换3栋门禁")
        );
        assert_eq!(
            read("2031年5月3日前，修路灯"),
            wanted("2031-05-03", "修路灯")
        );
        for none in ["3栋门禁", "2031-13-01 修路灯", ""] {
            assert_eq!(read(none), None, "{none}");
        }
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in [
            "",
            "明天",
            "2026-13-01 9:00",
            "2-30 9:00",
            "9:00",
            "11-25 25:00",
            "2026-11-25",
        ] {
            assert_eq!(said(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "\\PC{0,30}", dates in "[0-9年月日:点半明后天上下午 -]{0,20}") {
            let _ = (read(&text, now()), read(&dates, now()));
        }
    }
}
