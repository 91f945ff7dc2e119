//! The text of a disclosure and its digest. Whoever has the text can make the digest again with any
//! `sha256sum`, and follow the chain back to the first month. Pure.

use std::fmt::Write;

use aws_lc_rs::digest::{SHA256, digest};

use crate::base::month::Month;
use crate::disclosure::statement::Line;

/// The digest before the first: zeros.
pub const FIRST: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// What is sealed.
#[derive(Clone, Copy, Debug)]
pub struct Content<'a> {
    /// Code of the compound, `GY`.
    pub compound: &'a str,
    /// From 1, in the order in which they were published.
    pub position: i32,
    /// The month.
    pub month: Month,
    /// 1, or more for a correction.
    pub version: i32,
    /// Why it was corrected.
    pub reason: Option<&'a str>,
    /// Digest of the one before.
    pub previous: &'a str,
    /// Its lines.
    pub lines: &'a [Line],
}

/// The text, line by line: its facts, then each line as `account opening plus minus closing` in fen. UTF-8,
/// lines ended by LF.
#[must_use]
pub fn text(content: &Content<'_>) -> String {
    let mut text = format!(
        "linli disclosure 1\ncompound {}\nposition {}\nmonth {}\nversion {}\nprevious {}\n",
        one_line(content.compound),
        content.position,
        content.month,
        content.version,
        content.previous
    );
    if let Some(reason) = content.reason {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "reason {}", one_line(reason));
    }
    for line in content.lines {
        let _ = writeln!(
            text,
            "{} {} {} {} {}",
            line.account, line.opening, line.plus, line.minus, line.closing
        );
    }
    text
}

/// SHA-256 of the text, lower-case hex.
#[must_use]
pub fn hash(text: &str) -> String {
    let bytes = digest(&SHA256, text.as_bytes());
    bytes
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn one_line(words: &str) -> String {
    let mark = |one: char| if one.is_control() { ' ' } else { one };
    words.chars().map(mark).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(account: &str, closing: i64) -> Line {
        Line {
            account: account.to_owned(),
            opening: 0,
            plus: closing,
            minus: 0,
            closing,
        }
    }

    #[test]
    fn whatever_differs_has_another_digest() {
        let lines = [line("income:property", 5_000), line("expenses:repair", 12)];
        let other = [line("income:property", 5_001), line("expenses:repair", 12)];
        let base = Content {
            compound: "GY",
            position: 1,
            month: Month::parse("2026-11").unwrap(),
            version: 1,
            reason: None,
            previous: FIRST,
            lines: &lines,
        };
        let digests: std::collections::HashSet<String> = [
            base,
            Content {
                compound: "GX",
                ..base
            },
            Content {
                position: 2,
                ..base
            },
            Content {
                month: base.month.next(),
                ..base
            },
            Content { version: 2, ..base },
            Content {
                reason: Some("漏记\n一笔"),
                ..base
            },
            Content {
                previous: "ff",
                ..base
            },
            Content {
                lines: &other,
                ..base
            },
            Content {
                lines: &lines[..1],
                ..base
            },
        ]
        .iter()
        .map(|content| hash(&text(content)))
        .collect();
        assert_eq!(digests.len(), 9);
        assert_eq!(
            text(&base),
            format!(
                "linli disclosure 1\ncompound GY\nposition 1\nmonth 2026-11\nversion 1\nprevious {FIRST}\n\
                 income:property 0 5000 0 5000\nexpenses:repair 0 12 0 12\n"
            )
        );
        // A reason cannot pretend to be a line.
        let lying = Content {
            reason: Some("x\nincome:property 0 1 0 1"),
            ..base
        };
        assert_eq!(text(&lying).lines().count(), 9);
        assert_eq!(
            hash(""),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
    }
}
