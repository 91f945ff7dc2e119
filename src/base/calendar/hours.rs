//! Hours as people write them: `Mo-Fr 08:00-12:00,14:00-18:00; Sa 09:00-12:00`, or
//! `周一至周五 8:00-12:00 14:00-18:00`. Read into spans and written back in one form. Pure.

use std::fmt;

use chrono::Weekday;

use crate::base::text::fold;

/// Minutes of a day.
pub const DAY_MINUTES: u16 = 24 * 60;

const NAMES: [&str; 7] = ["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"];
const SIGNS: [char; 7] = ['一', '二', '三', '四', '五', '六', '日'];

/// A stretch of a day, minutes since midnight: `from` is open, `to` no longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// 0 to 1 439.
    pub from: u16,
    /// 1 to 1 440, behind `from`.
    pub to: u16,
}

/// The spans of one day: in order, none touches another.
pub type Spans = Vec<Span>;

/// Hours of each day of a week, Monday first; some are open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Week([Spans; 7]);

impl Week {
    /// Reads it.
    ///
    /// # Errors
    /// Why it cannot be, in a sentence that says how to write it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut days: [Spans; 7] = Default::default();
        for part in fold(text).split([';', '\n']).map(str::trim) {
            if part.is_empty() {
                continue;
            }
            let part = part.replace("全天", "00:00-24:00");
            let digit = part.find(|c: char| c.is_ascii_digit());
            let (names, hours) = part.split_at(digit.unwrap_or(part.len()));
            let spans = spans(hours)?;
            for day in day_numbers(names)? {
                if let Some(day) = days.get_mut(day) {
                    day.extend(&spans);
                }
            }
        }
        for day in &mut days {
            *day = joined(std::mem::take(day))?;
        }
        if days.iter().all(Vec::is_empty) {
            return Err("每周至少要有一段服务时间，例如 Mo-Fr 08:00-12:00,14:00-18:00".to_owned());
        }
        Ok(Self(days))
    }

    /// The spans of a weekday.
    #[must_use]
    pub fn of(&self, day: Weekday) -> &[Span] {
        let day = usize::try_from(day.num_days_from_monday()).unwrap_or_default();
        self.0.get(day).map_or(&[], Vec::as_slice)
    }

    /// The spans of a weekend's day that is worked for a holiday: those of the first day from Monday
    /// to Friday that is open; none where only weekends are.
    #[must_use]
    pub fn of_work(&self) -> Option<&[Span]> {
        self.0
            .iter()
            .take(5)
            .find(|day| !day.is_empty())
            .map(Vec::as_slice)
    }
}

impl Week {
    /// As people read it: `周一至周五 09:00-12:00,14:00-18:00；周六 09:00-12:00`.
    #[must_use]
    pub fn says(&self) -> String {
        let names = SIGNS.map(|sign| format!("周{sign}"));
        self.written(names.each_ref().map(String::as_str), "至", "；")
    }

    /// Days of the same hours that follow one another are said once.
    fn written(&self, names: [&str; 7], dash: &str, sign: &str) -> String {
        let mut at = 0;
        let mut parts = Vec::new();
        while let Some(spans) = self.0.get(at) {
            let same = self.0.iter().skip(at).take_while(|day| *day == spans);
            let count = same.count().max(1);
            let name = |at: usize| names.get(at).copied().unwrap_or_default();
            if !spans.is_empty() {
                let days = match count {
                    1 => name(at).to_owned(),
                    _ => format!("{}{dash}{}", name(at), name(at + count - 1)),
                };
                parts.push(format!("{days} {}", says(spans)));
            }
            at += count;
        }
        parts.join(sign)
    }
}

impl fmt::Display for Week {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written(NAMES, "-", "; "))
    }
}

/// Reads the spans of one day: `08:00-12:00,14:00-18:00`. An end of `23:59` is midnight: whoever
/// writes so means the whole day.
///
/// # Errors
/// As [`Week::parse`].
pub fn spans(text: &str) -> Result<Spans, String> {
    let plain = fold(text)
        .replace("全天", "00:00-24:00")
        .replace(['—', '–', '~', '至', '到'], "-")
        .replace(" -", "-")
        .replace("- ", "-");
    let mut spans = Vec::new();
    for part in plain.split([',', ' ']).filter(|part| !part.is_empty()) {
        let read = part
            .split_once('-')
            .and_then(|(from, to)| Some((minute(from)?, minute(to)?)));
        let Some((from, to)) = read else {
            return Err(format!(
                "“{}”不是时段，请写成 08:00-12:00",
                crate::base::text::shorten(part, 20)
            ));
        };
        let to = if to == DAY_MINUTES - 1 {
            DAY_MINUTES
        } else {
            to
        };
        if to <= from {
            return Err(format!(
                "时段“{part}”的结束不晚于开始；跨夜请写成两段：22:00-24:00 和次日 00:00-02:00"
            ));
        }
        spans.push(Span { from, to });
    }
    if spans.is_empty() {
        return Err("请写明服务时间，例如 08:00-12:00,14:00-18:00".to_owned());
    }
    joined(spans)
}

/// As [`spans`] reads it.
#[must_use]
pub fn says(spans: &[Span]) -> String {
    let time = |minute: u16| format!("{:02}:{:02}", minute / 60, minute % 60);
    let each: Vec<String> = spans
        .iter()
        .map(|span| format!("{}-{}", time(span.from), time(span.to)))
        .collect();
    each.join(",")
}

/// In order, what touches made one.
fn joined(mut spans: Spans) -> Result<Spans, String> {
    spans.sort_unstable();
    let mut kept: Spans = Vec::with_capacity(spans.len());
    for span in spans {
        match kept.last_mut() {
            Some(last) if span.from < last.to => {
                return Err(format!("时段重叠：{} 和 {}", says(&[*last]), says(&[span])));
            }
            Some(last) if span.from == last.to => last.to = span.to,
            _ => kept.push(span),
        }
    }
    Ok(kept)
}

/// `8:30` is 510, `24:00` is 1 440.
fn minute(text: &str) -> Option<u16> {
    let (hour, minute) = text.split_once(':')?;
    let number = |text: &str| {
        let fits = (1..=2).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
        fits.then(|| text.parse::<u16>().ok()).flatten()
    };
    let (hour, minute) = (number(hour)?, number(minute)?);
    let at = hour * 60 + minute;
    (minute < 60 && at <= DAY_MINUTES).then_some(at)
}

/// Which days are named; all if none is.
fn day_numbers(text: &str) -> Result<Vec<usize>, String> {
    let plain = text
        .replace("每天", "一-日")
        .replace("工作日", "一-五")
        .replace("周末", "六-日")
        .replace("星期", "")
        .replace('周', "")
        .replace('天', "日")
        .replace(['—', '–', '~', '至', '到'], "-")
        .replace(" -", "-")
        .replace("- ", "-");
    let mut days = Vec::new();
    for part in plain.split([',', ' ', ':']).filter(|part| !part.is_empty()) {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (Some(first), Some(last)) = (day_number(first), day_number(last)) else {
            return Err(format!(
                "“{}”不是星期，请写成 Mo-Fr 或 周一至周五",
                crate::base::text::shorten(part, 20)
            ));
        };
        // `Fr-Mo` goes over the end of the week.
        let count = (last + 7 - first) % 7;
        days.extend((0..=count).map(|step| (first + step) % 7));
    }
    if days.is_empty() {
        days.extend(0..7);
    }
    days.sort_unstable();
    days.dedup();
    Ok(days)
}

fn day_number(text: &str) -> Option<usize> {
    let english = NAMES.iter().position(|name| {
        let name = name.to_lowercase();
        text.is_ascii() && text.starts_with(&name)
    });
    let mut chars = text.chars();
    match (chars.next(), chars.next()) {
        (Some(sign), None) => SIGNS.iter().position(|known| *known == sign).or(english),
        _ => english,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn hours_are_read_as_people_write_them() {
        let split = "Mo-Fr 08:00-12:00,14:00-18:00";
        for (text, form) in [
            ("Mo-Fr 08:00-12:00,14:00-18:00", split),
            ("周一至周五 8:00-12:00 14:00-18:00", split),
            (
                "週一至週五　８：００－１２：００、１４：００－１８：００",
                split,
            ),
            ("星期一~星期五 08:00 - 12:00, 14:00 - 18:00", split),
            ("工作日 8:00-12:00 14:00-18:00", split),
            ("08:00-12:00", "Mo-Su 08:00-12:00"),
            ("每天全天", "Mo-Su 00:00-24:00"),
            ("周末 9:00-12:00", "Sa-Su 09:00-12:00"),
            ("Sa,Tu 09:00-10:00", "Tu 09:00-10:00; Sa 09:00-10:00"),
            ("Fr-Mo 09:00-10:00", "Mo 09:00-10:00; Fr-Su 09:00-10:00"),
            ("Mo 08:00-12:00; Mo 12:00-13:00", "Mo 08:00-13:00"),
            // Zammad #3180: nobody means a minute of rest at midnight.
            ("00:00-23:59", "Mo-Su 00:00-24:00"),
            (
                "Mo-Fr 08:00-18:00; Sa 09:00-12:00",
                "Mo-Fr 08:00-18:00; Sa 09:00-12:00",
            ),
        ] {
            let week = Week::parse(text).unwrap_or_else(|why| panic!("{text}: {why}"));
            assert_eq!(week.to_string(), form, "{text}");
        }
    }

    #[test]
    fn hours_are_said_in_chinese_and_read_again() {
        let week = Week::parse("Mo-Fr 08:00-12:00,14:00-18:00; Sa 09:00-12:00").unwrap();
        let said = week.says();
        assert_eq!(said, "周一至周五 08:00-12:00,14:00-18:00；周六 09:00-12:00");
        assert_eq!(Week::parse(&said.replace('；', ";")), Ok(week));
    }

    #[test]
    fn what_cannot_be_is_refused_with_a_word_to_it() {
        for (text, word) in [
            ("", "至少要有一段"),
            (";", "至少要有一段"),
            ("Mo-Fr", "请写明服务时间"),
            ("Mo-Fr 22:00-02:00", "跨夜"),
            ("Mo 08:00-08:00", "不晚于"),
            ("Mo 08:00-12:00,11:00-14:00", "重叠"),
            ("Mo 08:00-12:00; Mo-Tu 11:00-14:00", "重叠"),
            ("Mo 8-12", "不是时段"),
            ("Mo 08:60-12:00", "不是时段"),
            ("Mo 08:00-24:01", "不是时段"),
            ("Xx 08:00-12:00", "不是星期"),
            ("周八 08:00-12:00", "不是星期"),
        ] {
            let why = Week::parse(text).expect_err(text);
            assert!(why.contains(word), "{text}: {why}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_as_the_same(
            days in proptest::collection::vec(
                proptest::collection::btree_set(0_u16..=48, 0..5), 7)
        ) {
            let mut text = String::new();
            for (name, ends) in NAMES.iter().zip(&days) {
                let ends: Vec<u16> = ends.iter().map(|half| half * 30).collect();
                let spans: Spans = ends
                    .chunks_exact(2)
                    .map(|pair| Span { from: pair[0], to: pair[1] })
                    .collect();
                if !spans.is_empty() {
                    text.push_str(&format!("{name} {};", says(&spans)));
                }
            }
            if let Ok(week) = Week::parse(&text) {
                prop_assert_eq!(Week::parse(&week.to_string()), Ok(week));
            } else {
                prop_assert!(text.is_empty());
            }
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,40}") {
            let _ = (Week::parse(&text), spans(&text));
        }
    }
}
