//! A line of readings as a spreadsheet gives it: home, what the meter shows now, and what it showed before where
//! nobody has written that down yet. Pure; used by `billing`.

use crate::base::fault::Fault;
use crate::base::text::half_width;
use crate::fee::actions::entries::Reading;
use crate::web::console::fees::decimal;

/// The line, separated by commas, tabs or spaces.
///
/// # Errors
/// `invalid` for what is no reading.
pub fn reading(line: &str) -> Result<Reading, Fault> {
    let plain: String = line.chars().map(half_width).collect();
    let mut cells = plain
        .split([',', '\t', ' '])
        .map(str::trim)
        .filter(|cell| !cell.is_empty());
    let wrong = || Fault::invalid("after", "请写 房号 本次读数，例如 3-2-501 1234.5。");
    let home = cells.next().ok_or_else(wrong)?.to_owned();
    let after_milli = decimal(cells.next().ok_or_else(wrong)?, 3).ok_or_else(wrong)?;
    let before_milli = match cells.next() {
        None => None,
        Some(cell) => Some(decimal(cell, 3).ok_or_else(wrong)?),
    };
    match cells.next() {
        None => Ok(Reading {
            home,
            before_milli,
            after_milli,
        }),
        Some(_) => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_readings_is_taken_as_spreadsheets_give_it() {
        for typed in [
            "3-2-501,1234.5,1200",
            "3-2-501\t1234.5\t1200",
            "3-2-501 1234.5  1200",
        ] {
            let one = reading(typed).unwrap();
            assert_eq!(one.home, "3-2-501");
            assert_eq!(
                (one.after_milli, one.before_milli),
                (1_234_500, Some(1_200_000))
            );
        }
        assert_eq!(reading("3-2-501 7").unwrap().before_milli, None);
        for typed in [
            "3-2-501",
            "3-2-501 x",
            "3-2-501 1 2 3",
            "3-2-501 -5",
            "3-2-501 1.2345",
        ] {
            assert!(reading(typed).is_err(), "{typed}");
        }
    }
}
