//! Days and moments as they come in from outside: of the years 2000 to 2199, whatever else they must be. Far beyond
//! these a sum of days runs over, and PostgreSQL knows no day before 4713 BC. Pure; any module may use it.

use std::ops::RangeInclusive;

use chrono::{DateTime, Datelike, NaiveDate};

use crate::base::clock::Moment;
use crate::base::fault::Fault;

/// Years that may be asked for.
pub const YEARS: RangeInclusive<i32> = 2000..=2199;

/// A day of such a year.
///
/// # Errors
/// `invalid`, naming the field, for a day of another one.
pub fn day(field: &'static str, day: NaiveDate) -> Result<NaiveDate, Fault> {
    match YEARS.contains(&day.year()) {
        true => Ok(day),
        false => Err(out_of_range(field)),
    }
}

/// The same for a day as it is written, `2026-12-01`.
///
/// # Errors
/// As [`day`]; also for what is no day.
pub fn read_day(field: &'static str, text: &str) -> Result<NaiveDate, Fault> {
    let read: Result<NaiveDate, _> = text.trim().parse();
    let read = read.map_err(|_| Fault::invalid(field, "日期写成 2026-12-01 这样。"))?;
    day(field, read)
}

/// A moment of such a year, as RFC 3339 writes it.
///
/// # Errors
/// As [`day`]; also for what is no moment.
pub fn read_moment(field: &'static str, text: &str) -> Result<Moment, Fault> {
    let read = DateTime::parse_from_rfc3339(text).map_err(|_| {
        Fault::invalid(
            field,
            format!("{field} 必须是 RFC 3339 时间，例如 2026-11-25T14:30:00+08:00。"),
        )
    })?;
    let at = read.to_utc();
    match YEARS.contains(&at.year()) {
        true => Ok(at),
        false => Err(out_of_range(field)),
    }
}

fn out_of_range(field: &'static str) -> Fault {
    let (first, last) = (*YEARS.start(), *YEARS.end());
    Fault::invalid(field, format!("年份请写{first}到{last}之间的，请核对。"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn years_that_nobody_means_are_refused_beside_their_field() {
        for text in ["2000-01-01", "2026-12-01", " 2199-12-31 "] {
            assert!(read_day("day", text).is_ok(), "{text}");
        }
        for text in [
            "1999-12-31",
            "2200-01-01",
            "-4800-01-01",
            "+262142-12-31",
            "morgen",
            "",
        ] {
            let fault = read_day("day", text).unwrap_err();
            assert_eq!(fault.field, Some("day"), "{text}");
        }
        for text in ["2026-12-01T14:00:00+08:00", "2199-12-31T23:59:59Z"] {
            assert!(read_moment("from", text).is_ok(), "{text}");
        }
        for text in [
            "0001-01-01T00:00:00Z",
            "9999-12-31T23:59:59-12:00",
            "+262142-12-31T23:59:59Z",
            "2026-12-01 14:00",
            "bald",
        ] {
            let fault = read_moment("from", text).unwrap_err();
            assert_eq!(fault.field, Some("from"), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "[-+0-9T:Z. ]{0,40}|\\PC{0,20}") {
            let _ = read_day("day", &text);
            let _ = read_moment("from", &text);
        }
    }
}
