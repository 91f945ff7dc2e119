//! Figures of money (收缴率, F5): what homes were billed for in some months, what of it came in, and how old
//! the rest is. Pure; [`count`] asks the database. Used by the console and the board.
//!
//! All figures speak of the bills *of* a month, as they stand now, in fen. 收缴率 = paid ÷ billed: credits
//! make what was billed smaller, what was waived stays in it and is shown apart, neither is ever counted as
//! paid. One [`Figure`] is one amount of a bill and one range of its due day; the sum and the list behind it
//! are made of both. See `docs/decisions/0017-what-figures-count.md`.

pub mod count;

use chrono::{Datelike, Days, Months, NaiveDate};

use crate::base::clock::{Moment, china};
use crate::base::month::Month;

/// Most months of a period.
const MOST_MONTHS: usize = 60;
/// Months after which a claim lapses, when nothing interrupted that (民法典 188, 195).
const LIMITATION: Months = Months::new(36);

/// Months of bills, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// First.
    pub from: Month,
    /// Last; not before the first.
    pub until: Month,
}

impl Period {
    /// From one month to another; the other way round is turned, and five years are the most.
    #[must_use]
    pub fn new(one: Month, other: Month) -> Self {
        let (from, until) = (one.min(other), one.max(other));
        let last = months(from).take(MOST_MONTHS).last().unwrap_or(from);
        Self {
            from,
            until: until.min(last),
        }
    }

    /// The year until the present month.
    #[must_use]
    pub fn this_year(now: Moment) -> Self {
        let today = china(now).date_naive();
        let until = Month::of(today);
        Self::new(Month::new(today.year(), 1).unwrap_or(until), until)
    }

    /// Its months, one after the other.
    pub fn months(self) -> impl Iterator<Item = Month> {
        months(self.from).take_while(move |month| *month <= self.until)
    }

    /// `2026年1月至2026年11月`, `2026年11月`.
    #[must_use]
    pub fn says(self) -> String {
        if self.from == self.until {
            return self.from.says();
        }
        format!("{}至{}", self.from.says(), self.until.says())
    }
}

fn months(from: Month) -> impl Iterator<Item = Month> {
    std::iter::successors(Some(from), |month| {
        Some(month.next()).filter(|next| next > month)
    })
}

/// An amount that is summed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Figure {
    /// What homes are asked for: the charges without what was credited.
    Billed,
    /// What payments brought.
    Paid,
    /// What is not asked for any longer.
    Waived,
    /// What was charged wrongly and taken back.
    Credited,
    /// What is left to pay.
    Left,
    /// Of that: the due day has not passed.
    NotDue,
    /// 1 to 30 days over.
    Late30,
    /// 31 to 90 days over.
    Late90,
    /// 91 to 365 days over.
    Late365,
    /// More than a year over.
    LateMore,
    /// Of that: more than three years over.
    Lapsed,
}

/// What a figure is called, and what is in it.
#[derive(Clone, Copy, Debug)]
pub struct Words {
    /// In addresses.
    pub key: &'static str,
    /// Head of a column.
    pub name: &'static str,
    /// What is in it.
    pub means: &'static str,
}

/// The formula, as it stands on pages.
pub const FORMULA: &str = "收缴率 = 已缴 ÷ 应收（按金额）";

impl Figure {
    /// All of them, in the order of the columns.
    pub const ALL: [Self; 11] = [
        Self::Billed,
        Self::Paid,
        Self::Waived,
        Self::Credited,
        Self::Left,
        Self::NotDue,
        Self::Late30,
        Self::Late90,
        Self::Late365,
        Self::LateMore,
        Self::Lapsed,
    ];
    /// What is left by its age; together it is [`Figure::Left`].
    pub const AGES: [Self; 5] = [
        Self::NotDue,
        Self::Late30,
        Self::Late90,
        Self::Late365,
        Self::LateMore,
    ];

    /// By the word of an address.
    #[must_use]
    pub fn of(key: &str) -> Option<Self> {
        let mut all = Self::ALL.into_iter();
        all.find(|figure| figure.words().key == key)
    }

    /// What it is called.
    #[must_use]
    pub const fn words(self) -> Words {
        let (key, name, means) = match self {
            Self::Billed => (
                "billed",
                "应收",
                "这些月份的账单金额，减去更正；减免仍算在内",
            ),
            Self::Paid => ("paid", "已缴", "这些账单已经到账的钱，含预存抵扣"),
            Self::Waived => ("waived", "减免", "经两人同意不再收的，不算已缴"),
            Self::Credited => ("credited", "更正", "算错后减掉的，不在应收里，也不算已缴"),
            Self::Left => ("left", "未缴", "应收减去已缴和减免"),
            Self::NotDue => ("not_due", "未到期", "未缴，缴费日还没有过"),
            Self::Late30 => ("late30", "逾期1–30天", "未缴，缴费日过了1到30天"),
            Self::Late90 => ("late90", "逾期31–90天", "未缴，缴费日过了31到90天"),
            Self::Late365 => ("late365", "逾期91–365天", "未缴，缴费日过了91到365天"),
            Self::LateMore => ("late_more", "逾期一年以上", "未缴，缴费日过了365天以上"),
            Self::Lapsed => (
                "lapsed",
                "其中超过三年",
                "未缴，缴费日过了三年：可能已过诉讼时效（民法典第188条），催缴、同意履行等会让时效重新计算",
            ),
        };
        Words { key, name, means }
    }

    /// Between which days a bill has to be due to be in it, seen from a day; both included, none: no bound.
    #[must_use]
    pub fn due(self, today: NaiveDate) -> (Option<NaiveDate>, Option<NaiveDate>) {
        let ago = |days: u64| Some(today.checked_sub_days(Days::new(days)).unwrap_or(today));
        match self {
            Self::Billed | Self::Paid | Self::Waived | Self::Credited | Self::Left => (None, None),
            Self::NotDue => (Some(today), None),
            Self::Late30 => (ago(30), ago(1)),
            Self::Late90 => (ago(90), ago(31)),
            Self::Late365 => (ago(365), ago(91)),
            Self::LateMore => (None, ago(366)),
            Self::Lapsed => (None, Some(lapsed_until(today))),
        }
    }

    /// What of a bill, or of several of one due day, is in it, in fen.
    #[must_use]
    pub fn value(self, of: &Amounts) -> i64 {
        match self {
            Self::Billed => of.amount - of.credited,
            Self::Paid => of.paid,
            Self::Waived => of.waived,
            Self::Credited => of.credited,
            _ => of.amount - of.credited - of.paid - of.waived,
        }
    }
}

/// The last due day whose three years are over on this day.
fn lapsed_until(today: NaiveDate) -> NaiveDate {
    let then = today.checked_sub_months(LIMITATION).unwrap_or(today);
    // A year without a 29th of February ends the three years of one on the 28th.
    let over = |due: NaiveDate| {
        let last = due.checked_add_months(LIMITATION);
        last.is_some_and(|last| last < today)
    };
    if over(then) {
        return then;
    }
    then.pred_opt().unwrap_or(then)
}

/// Days since the due day; 0 until it is over.
#[must_use]
pub fn days_over(due_on: NaiveDate, today: NaiveDate) -> i64 {
    today.signed_duration_since(due_on).num_days().max(0)
}

/// What bills come to, in fen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amounts {
    /// Charges.
    pub amount: i64,
    /// Credits.
    pub credited: i64,
    /// Payments.
    pub paid: i64,
    /// Waivers.
    pub waived: i64,
}

/// The figures of some bills.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// How many bills.
    pub bills: i64,
    fen: [i64; Figure::ALL.len()],
}

impl Sums {
    /// One of them, in fen.
    #[must_use]
    pub fn get(&self, figure: Figure) -> i64 {
        let sums = Figure::ALL.iter().zip(self.fen);
        sums.filter(|(known, _)| **known == figure)
            .map(|(_, fen)| fen)
            .sum()
    }

    /// Adds bills that are due on one day.
    pub fn take(&mut self, bills: i64, of: &Amounts, due_on: NaiveDate, today: NaiveDate) {
        self.bills += bills;
        for (sum, figure) in self.fen.iter_mut().zip(Figure::ALL) {
            let (from, until) = figure.due(today);
            let after = from.is_none_or(|from| due_on >= from);
            if after && until.is_none_or(|until| due_on <= until) {
                *sum += figure.value(of);
            }
        }
    }

    /// Adds those of other bills.
    pub fn add(&mut self, other: &Self) {
        self.bills += other.bills;
        for (sum, fen) in self.fen.iter_mut().zip(other.fen) {
            *sum += fen;
        }
    }

    /// 收缴率 in thousandths, to the nearest, but not all before all is paid; none when nothing was billed.
    #[must_use]
    pub fn rate(&self) -> Option<i64> {
        let (paid, billed) = (self.get(Figure::Paid), self.get(Figure::Billed));
        let rounded = |paid: i64, billed: i64| (2_000 * paid + billed) / (2 * billed);
        match billed {
            ..=0 => None,
            _ if paid >= billed => Some(1_000),
            _ => Some(rounded(paid, billed).min(999)),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn month(text: &str) -> Month {
        Month::parse(text).unwrap()
    }

    #[test]
    fn every_figure_has_its_own_words() {
        for figure in Figure::ALL {
            assert_eq!(Figure::of(figure.words().key), Some(figure));
        }
        assert_eq!(Figure::of("all"), None);
    }

    #[test]
    fn a_claim_lapses_when_its_three_years_are_over() {
        for (today, last) in [
            ("2029-11-30", "2026-11-29"),
            ("2027-02-28", "2024-02-27"),
            ("2027-03-01", "2024-02-29"),
            ("2028-02-29", "2025-02-28"),
            ("2028-03-01", "2025-02-28"),
            ("2028-03-02", "2025-03-01"),
        ] {
            assert_eq!(lapsed_until(day(today)), day(last), "{today}");
        }
    }

    #[test]
    fn a_bill_is_as_old_as_the_days_since_it_was_due() {
        let today = day("2028-03-01");
        let of = Amounts {
            amount: 100,
            ..Amounts::default()
        };
        for (due, age) in [
            ("2028-03-02", Figure::NotDue),
            ("2028-03-01", Figure::NotDue),
            ("2028-02-29", Figure::Late30),
            ("2028-01-31", Figure::Late30),
            ("2028-01-30", Figure::Late90),
            ("2027-12-02", Figure::Late90),
            ("2027-12-01", Figure::Late365),
            ("2027-03-02", Figure::Late365),
            ("2027-03-01", Figure::LateMore),
        ] {
            let mut sums = Sums::default();
            sums.take(1, &of, day(due), today);
            for figure in Figure::AGES {
                let is = if figure == age { 100 } else { 0 };
                assert_eq!(sums.get(figure), is, "{due} {figure:?}");
            }
        }
        assert_eq!(days_over(day("2028-02-29"), today), 1);
        assert_eq!(days_over(day("2028-03-05"), today), 0);
    }

    #[test]
    fn waivers_and_credits_are_not_paid() {
        let mut sums = Sums::default();
        assert_eq!(sums.rate(), None);
        let of = Amounts {
            amount: 1_200,
            credited: 200,
            paid: 750,
            waived: 250,
        };
        sums.take(2, &of, day("2026-11-10"), day("2026-11-30"));
        assert_eq!(
            (sums.get(Figure::Billed), sums.get(Figure::Left)),
            (1_000, 0)
        );
        assert_eq!(sums.rate(), Some(750));
        let nearly = Amounts {
            amount: 1_000_000,
            paid: 999_999,
            ..Amounts::default()
        };
        let mut sums = Sums::default();
        sums.take(1, &nearly, day("2026-11-10"), day("2026-11-30"));
        assert_eq!(sums.rate(), Some(999), "not all before all is paid");
    }

    #[test]
    fn a_period_is_whole_months_in_their_order() {
        let period = Period::new(month("2028-03"), month("2027-12"));
        let all: Vec<String> = period.months().map(|month| month.to_string()).collect();
        assert_eq!(all, ["2027-12", "2028-01", "2028-02", "2028-03"]);
        assert_eq!(period.says(), "2027年12月至2028年3月");
        let one = Period::new(month("2028-02"), month("2028-02"));
        assert_eq!(
            (one.months().count(), one.says().as_str()),
            (1, "2028年2月")
        );
        let long = Period::new(month("2000-01"), month("2199-12"));
        assert_eq!(long.months().count(), MOST_MONTHS);
        let last = Period::new(month("2199-12"), month("2199-12"));
        assert_eq!(last.months().count(), 1);
        // The year begins in China.
        let now: Moment = "2025-12-31T16:00:00Z".parse().unwrap();
        let year = Period::this_year(now);
        assert_eq!(
            (year.from, year.until),
            (month("2026-01"), month("2026-01"))
        );
    }

    proptest! {
        #[test]
        fn ages_are_all_that_is_left(amount in 0_i64..1_000_000, parts in (0_i64..=100, 0_i64..=100, 0_i64..=100), over in -400_i64..2_000) {
            let today = day("2028-02-29");
            let due = today - chrono::TimeDelta::days(over);
            let credited = amount * parts.0 / 100;
            let paid = (amount - credited) * parts.1 / 100;
            let waived = (amount - credited - paid) * parts.2 / 100;
            let mut sums = Sums::default();
            sums.take(1, &Amounts { amount, credited, paid, waived }, due, today);
            let ages: i64 = Figure::AGES.iter().map(|age| sums.get(*age)).sum();
            prop_assert_eq!(ages, sums.get(Figure::Left));
            prop_assert!(sums.get(Figure::Lapsed) <= sums.get(Figure::LateMore));
            let all = sums.get(Figure::Paid) + sums.get(Figure::Waived) + sums.get(Figure::Left);
            prop_assert_eq!(all, sums.get(Figure::Billed));
            if let Some(rate) = sums.rate() {
                prop_assert!((0..=1_000).contains(&rate));
                prop_assert_eq!(rate == 1_000, paid == amount - credited);
            }
        }
    }
}
