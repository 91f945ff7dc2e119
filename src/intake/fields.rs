//! Reads single cells: what a text must be to be taken, and what to say otherwise. Pure; used by check.rs.

use chrono::NaiveDate;
use sea_orm::{ActiveEnum, Iterable};

use super::tables::{BadRow, Row, Table};
use crate::base::text::{clean, half_width, line};
use crate::place::code;

/// Most characters of a name or code.
const MOST_NAME: usize = 80;

/// One row being read; complaints go to `bad`.
pub struct Fields<'a> {
    /// Its table.
    pub table: &'a Table,
    /// The row.
    pub row: &'a Row,
    /// Complaints about this row.
    pub bad: Vec<BadRow>,
}

impl<'a> Fields<'a> {
    /// Begins a row.
    #[must_use]
    pub fn new(table: &'a Table, row: &'a Row) -> Self {
        Self {
            table,
            row,
            bad: Vec::new(),
        }
    }

    /// Says what is wrong with a column.
    pub fn complain(&mut self, column: &str, reason: impl Into<String>) {
        self.bad
            .push(complaint(self.table, self.row, column, reason));
    }

    /// The cell, with ends trimmed and control characters out.
    #[must_use]
    pub fn text(&self, column: &str) -> Option<String> {
        let text = clean(self.table.cell(self.row, column));
        (!text.is_empty()).then_some(text)
    }

    /// A text that must be there; an empty one is complained about.
    pub fn required(&mut self, column: &str) -> String {
        let text = line(&self.text(column).unwrap_or_default());
        if text.is_empty() {
            self.complain(column, "不能为空");
        } else if text.chars().count() > MOST_NAME {
            self.complain(column, format!("太长,最多{MOST_NAME}个字"));
        }
        text
    }

    /// A code that must be there, in its one form.
    pub fn code(&mut self, column: &str) -> String {
        code::normal(&self.required(column))
    }

    /// A code that may be missing.
    #[must_use]
    pub fn code_or_none(&self, column: &str) -> Option<String> {
        let code = code::normal(&self.text(column)?);
        (!code.is_empty()).then_some(code)
    }

    /// A word of a closed list, by its stored word or its Chinese name.
    pub fn word<E>(&mut self, column: &str, name: fn(E) -> &'static str) -> Option<E>
    where
        E: ActiveEnum<Value = String> + Iterable + Copy,
    {
        let text = self.text(column)?;
        let folded = text.to_lowercase();
        let found = E::iter().find(|word| word.to_value() == folded || name(*word) == text);
        if found.is_none() {
            let all: Vec<String> = E::iter().map(|word| word.to_value()).collect();
            self.complain(
                column,
                format!("“{}”不是可用的值,可用: {}", shown(&text), all.join(" ")),
            );
        }
        found
    }

    /// The same, but it must be there.
    pub fn required_word<E>(&mut self, column: &str, name: fn(E) -> &'static str) -> Option<E>
    where
        E: ActiveEnum<Value = String> + Iterable + Copy,
    {
        if self.text(column).is_none() {
            self.complain(column, "不能为空");
            return None;
        }
        self.word(column, name)
    }

    /// A day: `2026-11-20`, `2026/11/20`, `20261120`, `2026年11月20日`.
    pub fn day(&mut self, column: &str) -> Option<NaiveDate> {
        let text = self.text(column)?;
        let plain: String = text.chars().map(half_width).collect();
        let day = ["%Y-%m-%d", "%Y/%m/%d", "%Y%m%d", "%Y年%m月%d日", "%Y.%m.%d"]
            .iter()
            .find_map(|format| NaiveDate::parse_from_str(&plain, format).ok())
            .filter(|day| (1900..2200).contains(&chrono::Datelike::year(day)));
        if day.is_none() {
            self.complain(
                column,
                format!("“{}”不是日期,请写成 2026-11-20", shown(&text)),
            );
        }
        day
    }

    /// A decimal number with at most so many places, times ten to that power.
    pub fn decimal(&mut self, column: &str, places: usize) -> Option<i64> {
        let text = self.text(column)?;
        let plain: String = text.chars().map(half_width).filter(|c| *c != ',').collect();
        let number = scaled(&plain, places);
        if number.is_none() {
            self.complain(
                column,
                format!("“{}”不是数字,或小数超过{places}位", shown(&text)),
            );
        }
        number
    }

    /// A whole number in a range that must be there.
    pub fn whole<T>(&mut self, column: &str, range: std::ops::RangeInclusive<T>) -> Option<T>
    where
        T: std::str::FromStr + PartialOrd + std::fmt::Display,
    {
        let text = self.required(column);
        let plain: String = text.chars().map(half_width).collect();
        let number = plain.parse().ok().filter(|number| range.contains(number));
        if number.is_none() && !text.is_empty() {
            let (from, to) = (range.start(), range.end());
            self.complain(
                column,
                format!("“{}”应为 {from} 到 {to} 的整数", shown(&text)),
            );
        }
        number
    }

    /// The same, but it may be missing.
    pub fn whole_or_none<T>(
        &mut self,
        column: &str,
        range: std::ops::RangeInclusive<T>,
    ) -> Option<T>
    where
        T: std::str::FromStr + PartialOrd + std::fmt::Display,
    {
        self.text(column)?;
        self.whole(column, range)
    }

    /// yes or no; empty is no.
    pub fn yes_or_no(&mut self, column: &str) -> bool {
        let text = self.text(column).unwrap_or_default().to_lowercase();
        match text.as_str() {
            "yes" | "y" | "true" | "1" | "是" => true,
            "" | "no" | "n" | "false" | "0" | "否" => false,
            _ => {
                self.complain(column, format!("“{}”应为 yes 或 no", shown(&text)));
                false
            }
        }
    }
}

/// A complaint about one cell.
pub fn complaint(table: &Table, row: &Row, column: &str, reason: impl Into<String>) -> BadRow {
    BadRow {
        file: table.file.clone(),
        line: row.line,
        column: column.to_owned(),
        position: table.position(column).unwrap_or(0),
        reason: reason.into(),
    }
}

/// A cell's text as a message may show it.
fn shown(text: &str) -> String {
    crate::base::text::shorten(text, 20)
}

/// `89.5` with 4 places → 895000. No sign, at most 12 digits before the point.
fn scaled(text: &str, places: usize) -> Option<i64> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let part = part.trim_end_matches('0');
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || whole.len() > 12 || part.len() > places {
        return None;
    }
    if !digits(whole) || !digits(part) {
        return None;
    }
    format!("{whole}{part:0<places$}").parse().ok()
}

/// A fraction above 0 and not above 1.
pub(super) fn is_share(text: &str) -> bool {
    let (part, whole) = text.split_once('/').unwrap_or((text, "1"));
    match (part.trim().parse::<u32>(), whole.trim().parse::<u32>()) {
        (Ok(part), Ok(whole)) => part > 0 && part <= whole,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_exact() {
        assert_eq!(scaled("89.5", 4), Some(895_000));
        assert_eq!(scaled("0.0001", 4), Some(1));
        assert_eq!(scaled("120", 2), Some(12_000));
        assert_eq!(scaled("1.50000", 2), Some(150));
        for text in [
            "",
            ".",
            "1.00001",
            "-1",
            "1e5",
            "一百",
            "1.2.3",
            "9999999999999",
        ] {
            assert_eq!(scaled(text, 4), None, "{text}");
        }
    }
}
