//! The calendar file of an activity (RFC 5545): one event that phones take over, and take away again when
//! it is cancelled. Pure.

use entity::activity;
use entity::life::ActivityState;

use crate::base::clock::Moment;

/// Bytes of a line, without its end.
const LINE: usize = 75;
/// Minutes before its beginning at which the phone rings.
const RINGS: u32 = 60;

/// The file. `url` is the activity's page, `host` the name under which we are reached.
#[must_use]
pub fn file(row: &activity::Model, url: &str, host: &str) -> String {
    let status = match row.state {
        ActivityState::Cancelled => "CANCELLED",
        _ => "CONFIRMED",
    };
    let method = match row.state {
        ActivityState::Cancelled => "CANCEL",
        _ => "PUBLISH",
    };
    let mut out = String::new();
    let lines = [
        "BEGIN:VCALENDAR".to_owned(),
        "VERSION:2.0".to_owned(),
        "PRODID:-//linli//activities//ZH".to_owned(),
        "CALSCALE:GREGORIAN".to_owned(),
        format!("METHOD:{method}"),
        "BEGIN:VEVENT".to_owned(),
        format!("UID:activity-{}@{}", row.id, escape(host)),
        format!("DTSTAMP:{}", stamp(row.updated_at)),
        format!("SEQUENCE:{}", row.version),
        format!("DTSTART:{}", stamp(row.starts_at)),
        format!("DTEND:{}", stamp(row.ends_at)),
        format!("SUMMARY:{}", escape(&row.title)),
        format!("LOCATION:{}", escape(&row.venue)),
        format!("DESCRIPTION:{}", escape(&row.text)),
        format!("URL:{url}"),
        format!("STATUS:{status}"),
    ];
    for line in lines {
        fold(&mut out, &line);
    }
    if row.state != ActivityState::Cancelled {
        let alarm = [
            "BEGIN:VALARM".to_owned(),
            "ACTION:DISPLAY".to_owned(),
            format!("DESCRIPTION:{}", escape(&row.title)),
            format!("TRIGGER:-PT{RINGS}M"),
            "END:VALARM".to_owned(),
        ];
        for line in alarm {
            fold(&mut out, &line);
        }
    }
    fold(&mut out, "END:VEVENT");
    fold(&mut out, "END:VCALENDAR");
    out
}

/// UTC, without fractions: `20261205T060000Z`.
fn stamp(at: Moment) -> String {
    at.format("%Y%m%dT%H%M%SZ").to_string()
}

/// Text as it stands in a value (3.3.11): what parts values is escaped, a line feed is written as two
/// letters, other control characters are left out.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let plain = text.replace("\r\n", "\n");
    for letter in plain.chars() {
        match letter {
            '\\' => out.push_str("\\\\"),
            ';' => out.push_str("\\;"),
            ',' => out.push_str("\\,"),
            '\n' | '\r' => out.push_str("\\n"),
            other if other.is_control() && other != '\t' => {}
            other => out.push(other),
        }
    }
    out
}

/// A content line in pieces of at most 75 bytes (3.1), never inside a character: each piece but the first
/// begins with a space, which counts.
fn fold(out: &mut String, line: &str) {
    let mut room = LINE;
    for letter in line.chars() {
        if letter.len_utf8() > room {
            out.push_str("\r\n ");
            room = LINE - 1;
        }
        out.push(letter);
        room -= letter.len_utf8();
    }
    out.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use entity::life::ActivityKind;
    use proptest::prelude::*;

    use super::*;
    use crate::base::clock::from_ms;

    fn row(title: &str, venue: &str, text: &str) -> activity::Model {
        let at = from_ms(1_796_450_400_000).unwrap();
        activity::Model {
            id: 12,
            compound_id: 1,
            place_id: 1,
            author_id: 1,
            kind: ActivityKind::Festival,
            title: title.to_owned(),
            text: text.to_owned(),
            venue: venue.to_owned(),
            starts_at: at,
            ends_at: at + TimeDelta::hours(2),
            closes_at: at,
            places: None,
            taken: 0,
            waiting: 0,
            ticket: 0,
            state: ActivityState::Open,
            reason: None,
            version: 3,
            opened_at: None,
            ended_at: None,
            created_at: at,
            updated_at: at,
        }
    }

    /// What a reader makes of the file: unfolded lines, name and value.
    fn read(file: &str) -> Vec<(String, String)> {
        let unfolded = file.replace("\r\n ", "");
        let lines = unfolded.split("\r\n").filter(|line| !line.is_empty());
        let pairs = lines.map(|line| line.split_once(':').unwrap());
        pairs
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    }

    fn unescaped(value: &str) -> String {
        let mut out = String::new();
        let mut letters = value.chars();
        while let Some(letter) = letters.next() {
            match (letter, letter == '\\') {
                (_, true) => match letters.next() {
                    Some('n') => out.push('\n'),
                    Some(other) => out.push(other),
                    None => panic!("a lone backslash at the end of {value:?}"),
                },
                (other, false) => {
                    assert!(!matches!(other, ';' | ','), "bare {other} in {value:?}");
                    out.push(other);
                }
            }
        }
        out
    }

    fn value<'a>(read: &'a [(String, String)], name: &str) -> &'a str {
        &read.iter().find(|(known, _)| known == name).unwrap().1
    }

    #[test]
    fn the_file_of_one_activity() {
        let file = file(
            &row("邻里节;一起来", "中心花园, 东侧", "带\\水\n穿红"),
            "https://gy.example/activity/12.x",
            "gy.example",
        );
        let lines = read(&file);
        for (name, wanted) in [
            ("UID", "activity-12@gy.example"),
            ("DTSTART", "20261205T060000Z"),
            ("DTEND", "20261205T080000Z"),
            ("SEQUENCE", "3"),
            ("SUMMARY", "邻里节\\;一起来"),
            ("LOCATION", "中心花园\\, 东侧"),
            ("DESCRIPTION", "带\\\\水\\n穿红"),
            ("URL", "https://gy.example/activity/12.x"),
            ("STATUS", "CONFIRMED"),
            ("TRIGGER", "-PT60M"),
        ] {
            assert_eq!(value(&lines, name), wanted, "{name}");
        }
        assert_eq!(lines.first().unwrap().1, "VCALENDAR");
        assert_eq!(lines.last().unwrap().1, "VCALENDAR");
    }

    #[test]
    fn a_cancelled_one_is_taken_away_and_does_not_ring() {
        let mut row = row("邻里节", "花园", "");
        row.state = ActivityState::Cancelled;
        let file = file(&row, "https://x/", "x");
        assert!(file.contains("STATUS:CANCELLED\r\n") && file.contains("METHOD:CANCEL\r\n"));
        assert!(!file.contains("VALARM"), "{file}");
    }

    proptest! {
        #[test]
        fn whatever_is_written_comes_back_and_no_line_is_too_long(
            title in "\\PC{0,60}",
            venue in "[,;:\\\\\"a-z一-龥 ]{0,80}",
            text in "(\\PC|[\n\r\t\u{0}\u{7f}]){0,300}",
        ) {
            let file = file(&row(&title, &venue, &text), "https://gy.example/activity/12.x", "gy.example");
            prop_assert!(file.ends_with("\r\n"));
            for line in file.split("\r\n") {
                prop_assert!(line.len() <= LINE, "{}: {line}", line.len());
                prop_assert!(!line.contains(['\r', '\n']), "{line:?}");
            }
            let lines = read(&file);
            // No words make a line of their own.
            let begins = lines.iter().filter(|(name, _)| name == "BEGIN").count();
            prop_assert_eq!(begins, 3);
            let clean = |text: &str| -> String {
                let text = text.replace("\r\n", "\n").replace('\r', "\n");
                text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect()
            };
            prop_assert_eq!(unescaped(value(&lines, "SUMMARY")), clean(&title));
            prop_assert_eq!(unescaped(value(&lines, "LOCATION")), clean(&venue));
            prop_assert_eq!(unescaped(value(&lines, "DESCRIPTION")), clean(&text));
        }
    }
}
