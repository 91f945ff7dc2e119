//! What a month costs by each rule, exactly and rounded once, with the words that show how. Pure.

use crate::base::fen::Fen;
use crate::ledger::post::MOST;

/// Square centimetres of a square metre, and parts of a fen in a unit price.
const CM2: i128 = 10_000;
const PARTS: i128 = 100;
/// Thousandths of a unit of a meter.
const MILLI: i128 = 1_000;

/// What it comes to, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Priced {
    /// In fen.
    pub amount: i64,
    /// `89.50㎡ × 1.80元/㎡·月 × 1个月 = 161.10元`
    pub formula: String,
}

/// A floor area by a price per m² and month. None when it is more than the books take.
#[must_use]
pub fn area(area_cm2: i64, unit_price: i64) -> Option<Priced> {
    let amount = rounded(i128::from(area_cm2) * i128::from(unit_price), CM2 * PARTS)?;
    Some(Priced {
        amount,
        formula: format!(
            "{}㎡ × {}元/㎡·月 × 1个月 = {}元",
            metres(area_cm2),
            price(unit_price),
            Fen(amount)
        ),
    })
}

/// The same for each home.
#[must_use]
pub fn fixed(unit_price: i64) -> Option<Priced> {
    let amount = rounded(i128::from(unit_price), PARTS)?;
    Some(Priced {
        amount,
        formula: format!("{}元/月 × 1个月 = {}元", price(unit_price), Fen(amount)),
    })
}

/// A parking space, for so many days of a month.
#[must_use]
pub fn parking(unit_price: i64, code: &str, days: i64, of_days: i64) -> Option<Priced> {
    if days >= of_days {
        let whole = fixed(unit_price)?;
        return Some(Priced {
            formula: format!("车位{code}：{}", whole.formula),
            ..whole
        });
    }
    let exact = i128::from(unit_price) * i128::from(days);
    let amount = rounded(exact, PARTS * i128::from(of_days))?;
    Some(Priced {
        amount,
        formula: format!(
            "车位{code}：{}元/月 × {days}天 ÷ {of_days}天 = {}元",
            price(unit_price),
            Fen(amount)
        ),
    })
}

/// What a meter showed, by a price per unit.
#[must_use]
pub fn meter(before_milli: i64, after_milli: i64, unit_price: i64) -> Option<Priced> {
    let used = after_milli
        .checked_sub(before_milli)
        .filter(|used| *used >= 0)?;
    let amount = rounded(i128::from(used) * i128::from(unit_price), MILLI * PARTS)?;
    Some(Priced {
        amount,
        formula: format!(
            "（本次{} − 上次{}）× {}元 = {}元",
            units(after_milli),
            units(before_milli),
            price(unit_price),
            Fen(amount)
        ),
    })
}

/// A share of a cost by floor area; the amount is what [`super::split::shares`] gave.
#[must_use]
pub fn by_area(cost: i64, area_cm2: i64, of_cm2: i64, amount: i64) -> Priced {
    Priced {
        amount,
        formula: format!(
            "{}元 × {}㎡ ÷ {}㎡ = {}元（尾差按最大余数分到户）",
            Fen(cost),
            metres(area_cm2),
            metres(of_cm2),
            Fen(amount)
        ),
    }
}

/// The same, evenly.
#[must_use]
pub fn evenly(cost: i64, homes: i64, amount: i64) -> Priced {
    Priced {
        amount,
        formula: format!(
            "{}元 ÷ {homes}户 = {}元（尾差按最大余数分到户）",
            Fen(cost),
            Fen(amount)
        ),
    }
}

/// Something that is charged once.
#[must_use]
pub fn once(amount: i64) -> Priced {
    Priced {
        amount,
        formula: format!("一次性 {}元", Fen(amount)),
    }
}

/// A unit price, of which 10 000 are a yuan: `1.80`, `0.5283`.
#[must_use]
pub fn price(unit_price: i64) -> String {
    decimal(unit_price, 4, 2)
}

/// `89.50`
fn metres(area_cm2: i64) -> String {
    decimal(area_cm2, 4, 2)
}

/// `123`, `123.456`
#[must_use]
pub fn units(milli: i64) -> String {
    decimal(milli, 3, 0)
}

/// A scaled number with at least so many places.
fn decimal(number: i64, places: usize, least: usize) -> String {
    let digits = format!("{:0width$}", number.unsigned_abs(), width = places + 1);
    let (whole, part) = digits.split_at(digits.len() - places);
    let mut part = part.trim_end_matches('0').to_owned();
    while part.len() < least {
        part.push('0');
    }
    let sign = if number < 0 { "-" } else { "" };
    match part.as_str() {
        "" => format!("{sign}{whole}"),
        part => format!("{sign}{whole}.{part}"),
    }
}

/// Half a fen goes up. None below 0 and above what the books take.
fn rounded(exact: i128, unit: i128) -> Option<i64> {
    let fen = (exact * 2 + unit).div_euclid(unit * 2);
    let fen = i64::try_from(fen).ok()?;
    (0..=MOST).contains(&fen).then_some(fen)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_home_pays_for_its_area() {
        let one = area(895_000, 18_000).unwrap();
        assert_eq!(one.amount, 16_110);
        assert_eq!(one.formula, "89.50㎡ × 1.80元/㎡·月 × 1个月 = 161.10元");
        // 66.67 × 0.75 = 50.0025, 66.66 × 0.75 = 49.995: half a fen goes up.
        assert_eq!(area(666_700, 7_500).unwrap().amount, 5_000);
        assert_eq!(area(666_600, 7_500).unwrap().amount, 5_000);
        assert_eq!(area(666_599, 7_500).unwrap().amount, 4_999);
        assert_eq!(area(1, 1).unwrap().amount, 0);
        assert_eq!(area(i64::MAX, i64::MAX), None);
    }

    #[test]
    fn spaces_are_paid_by_the_day_and_meters_by_what_they_showed() {
        assert_eq!(
            fixed(1_200_000).unwrap().formula,
            "120.00元/月 × 1个月 = 120.00元"
        );
        assert_eq!(parking(1_200_000, "A-07", 30, 30).unwrap().amount, 12_000);
        let part = parking(1_200_000, "A-07", 11, 28).unwrap();
        assert_eq!(part.amount, 4_714);
        assert_eq!(
            part.formula,
            "车位A-07：120.00元/月 × 11天 ÷ 28天 = 47.14元"
        );
        let water = meter(1_000_500, 1_012_750, 32_500).unwrap();
        assert_eq!(water.amount, 3_981);
        assert_eq!(
            water.formula,
            "（本次1012.75 − 上次1000.5）× 3.25元 = 39.81元"
        );
        assert_eq!(meter(5, 4, 10_000), None);
    }

    #[test]
    fn a_bill_is_the_sum_of_what_its_lines_print() {
        // Known from other billing programs as a fen that comes and goes: each line rounded and then added is
        // 335.00, added and then rounded 334.99. A bill prints its lines, and they must add up.
        let lines = [683_300, 683_300, 575_000, 850_000].map(|cm2| area(cm2, 12_000).unwrap());
        let fen = lines.map(|line| line.amount);
        assert_eq!(fen, [8_200, 8_200, 6_900, 10_200]);
        assert_eq!(fen.iter().sum::<i64>(), 33_500);
    }

    #[test]
    fn a_day_of_february_costs_more_in_an_ordinary_year() {
        let of = |days| parking(1_200_000, "A-07", 1, days).unwrap().amount;
        assert_eq!([28, 29, 30, 31].map(of), [429, 414, 400, 387]);
        assert_eq!(parking(1_200_000, "A-07", 29, 29).unwrap().amount, 12_000);
        assert_eq!(parking(1_200_000, "A-07", 28, 29).unwrap().amount, 11_586);
    }

    #[test]
    fn numbers_are_shown_as_people_write_them() {
        assert_eq!(price(5_283), "0.5283");
        assert_eq!(price(18_000), "1.80");
        assert_eq!(price(0), "0.00");
        assert_eq!(metres(895_001), "89.5001");
        assert_eq!(units(123_000), "123");
        assert_eq!(units(1), "0.001");
    }

    proptest! {
        #[test]
        fn rounding_is_never_off_by_more_than_half_a_fen(
            area_cm2 in 0_i64..100_000_000,
            unit_price in 0_i64..1_000_000,
        ) {
            let amount = area(area_cm2, unit_price).unwrap().amount;
            let exact = i128::from(area_cm2) * i128::from(unit_price);
            let off = i128::from(amount) * CM2 * PARTS - exact;
            prop_assert!(off * 2 <= CM2 * PARTS && off * 2 > -CM2 * PARTS);
        }

        #[test]
        fn the_days_of_a_space_never_cost_more_than_its_month(
            unit_price in 0_i64..10_000_000,
            days in 0_i64..=31,
        ) {
            let part = parking(unit_price, "1", days, 31).unwrap().amount;
            prop_assert!(part <= fixed(unit_price).unwrap().amount);
        }
    }
}
