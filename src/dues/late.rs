//! What being late costs, where that was agreed. Pure. Simple interest on what is left of the bill without its
//! late fees, from the day after the first reminder that came after the due day; never more in all than
//! what is left. Payments go to the bill first and to its late fees last, which is kinder than article 561 of the Civil Code.

use chrono::{Days, NaiveDate};
use entity::bill_line;

use crate::base::fen::Fen;

/// The most that may be agreed, in 1/100 000 a day: three in ten thousand. A court lowers what is more than
/// 30 % above the loss (Civil Code, article 585; contract interpretation of 2023, article 65), and the loss is
/// interest; four times the one-year loan prime rate, above which no interest on a loan is owed,
/// is 12 % a year at 3.0 %, which is 0.0328 % a day.
pub const MOST_DAILY: i32 = 30;
/// Parts of which a rate has so many.
const PARTS: i128 = 100_000;

/// A late fee to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LateFee {
    /// In fen, more than 0.
    pub amount: i64,
    /// `100.00元 × 0.03%/天 × 20天 = 0.60元`
    pub formula: String,
}

/// What a bill's lines say of its late fees.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SoFar {
    /// Charged for being late, less what was taken back, in fen.
    pub charged: i64,
    /// The last day that was charged.
    pub to: Option<NaiveDate>,
}

impl SoFar {
    /// Of the lines of one bill.
    #[must_use]
    pub fn of(lines: &[bill_line::Model]) -> Self {
        let late: Vec<&bill_line::Model> =
            lines.iter().filter(|line| line.late_to.is_some()).collect();
        let own = |line: &&bill_line::Model| {
            line.late_to.is_some() || late.iter().any(|one| Some(one.id) == line.corrects)
        };
        Self {
            charged: lines.iter().filter(own).map(|line| line.amount).sum(),
            to: late.iter().filter_map(|line| line.late_to).max(),
        }
    }
}

/// The days to be charged: behind each of these days, up to and with `to`; none when there are none.
#[must_use]
pub fn days(behind: &[NaiveDate], to: NaiveDate) -> Option<(NaiveDate, NaiveDate)> {
    let from = behind.iter().max()?.checked_add_days(Days::new(1))?;
    (from <= to).then_some((from, to))
}

/// The late fee for some days, less what would make all of them more than what is left; none when it is less than a fen.
#[must_use]
pub fn late_fee(left: i64, charged: i64, daily: i32, days: i64) -> Option<LateFee> {
    let principal = left.saturating_sub(charged).max(0);
    let whole = simple(principal, daily, days);
    let amount = whole.min(principal.saturating_sub(charged));
    if amount <= 0 {
        return None;
    }
    let capped = match amount < whole {
        true => "，合计不超过欠费本金",
        false => "",
    };
    Some(LateFee {
        amount,
        formula: format!(
            "{}元 × {}%/天 × {days}天 = {}元（单利，不计复利{capped}）",
            Fen(principal),
            percent(daily),
            Fen(amount)
        ),
    })
}

/// Simple interest, rounded down.
fn simple(principal: i64, daily: i32, days: i64) -> i64 {
    let daily = daily.clamp(0, MOST_DAILY);
    let exact = i128::from(principal.max(0)) * i128::from(daily) * i128::from(days.max(0));
    i64::try_from(exact / PARTS).unwrap_or(i64::MAX)
}

/// `0.03`, `0.015`
#[must_use]
pub fn percent(daily: i32) -> String {
    let digits = format!("{:03}", daily.max(0));
    let digits = digits.trim_end_matches('0');
    match digits {
        "" => "0".to_owned(),
        digits => format!("0.{digits}"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn the_table_of_late_fees() {
        for (left, charged, daily, of_days, wanted) in [
            (10_000, 0, 30, 20, Some(60)),
            // What was charged before does not bear interest.
            (10_060, 60, 30, 30, Some(90)),
            // Rounded down, and nothing below a fen.
            (9_999, 0, 30, 20, Some(59)),
            (100, 0, 30, 20, None),
            (10_000, 0, 0, 365, None),
            (10_000, 0, 30, 0, None),
            // A rate that nobody may agree counts as the highest that one may.
            (10_000, 0, 3_000, 20, Some(60)),
            // Never more than what is left of the bill itself.
            (10_000, 0, 30, 4_000, Some(10_000)),
            (19_900, 9_900, 30, 4_000, Some(100)),
            (20_000, 10_000, 30, 30, None),
            (5_000, 9_000, 30, 30, None),
        ] {
            let fee = late_fee(left, charged, daily, of_days);
            assert_eq!(
                fee.map(|fee| fee.amount),
                wanted,
                "{left} {charged} {daily} {of_days}"
            );
        }
        let fee = late_fee(10_000, 0, 15, 20).unwrap();
        assert_eq!(
            fee.formula,
            "100.00元 × 0.015%/天 × 20天 = 0.30元（单利，不计复利）"
        );
        let fee = late_fee(10_000, 0, 30, 4_000).unwrap();
        assert!(fee.formula.contains("不超过欠费本金"), "{}", fee.formula);
        assert_eq!(
            (percent(30), percent(5), percent(0)),
            ("0.03".to_owned(), "0.005".to_owned(), "0".to_owned())
        );
    }

    #[test]
    fn days_are_counted_behind_the_latest_of_all_reasons() {
        let (due, told) = (day("2028-02-10"), day("2028-02-17"));
        assert_eq!(
            days(&[due, told], day("2028-02-29")),
            Some((day("2028-02-18"), day("2028-02-29")))
        );
        assert_eq!(days(&[due, day("2028-02-29")], day("2028-02-29")), None);
        assert_eq!(days(&[], day("2028-02-29")), None);
        assert_eq!(
            days(&[day("2026-12-31")], day("2027-01-31")),
            Some((day("2027-01-01"), day("2027-01-31")))
        );
    }

    proptest! {
        #[test]
        fn late_fees_are_simple_grow_with_time_and_never_beyond_the_bill(
            principal in 0_i64..100_000_000,
            daily in 0_i32..=60,
            first in 0_i64..2_000,
            second in 0_i64..2_000,
        ) {
            let fee = |left: i64, charged: i64, days: i64| {
                late_fee(left, charged, daily, days).map_or(0, |fee| fee.amount)
            };
            let one = fee(principal, 0, first);
            let both = fee(principal, 0, first + second);
            prop_assert!(one <= both && both <= principal);
            // Charged in two parts it is no more than in one, and at most a fen less: no interest on interest.
            let parts = one + fee(principal + one, one, second);
            prop_assert!(parts <= both && both <= parts + 1, "{parts} {both}");
            prop_assert!(fee(principal, 0, first) <= fee(principal + 1, 0, first));
        }
    }
}
