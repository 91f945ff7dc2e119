//! What goes from one owner's bill of a month to another's when the home was sold within it (过户): each fee by the
//! days for which each of them owns the home. Pure; by what was billed, so that prices that have changed since
//! change nothing.
//!
//! Late fees and what is charged once stay where they are, and so does what was corrected by hand. What was waived
//! is not moved.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::Datelike;
use entity::{bill, bill_line, fee_space};

use crate::base::month::Month;
use crate::fee::bill::creditable_among;
use crate::fee::owner::{Owner, Part, parts};
use crate::fee::split::shares;

/// Characters of who owes for which days.
const OWNERS: usize = 200;

/// A home's month that was billed.
#[derive(Clone, Debug)]
pub struct Billed {
    /// Tenant.
    pub compound_id: i64,
    /// Which home.
    pub home_id: i64,
    /// Which month.
    pub month: Month,
    /// Whoever owns or owned it.
    pub owners: Vec<Owner>,
    /// Its bills.
    pub bills: Vec<bill::Model>,
    /// Their lines.
    pub lines: Vec<bill_line::Model>,
    /// The home's parking spaces.
    pub spaces: Vec<fee_space::Model>,
}

/// What a line loses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Take {
    /// Of which bill.
    pub bill_id: i64,
    /// Which line.
    pub line_id: i64,
    /// In fen, above 0.
    pub amount: i64,
}

/// What a bill gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Give {
    /// Whose bill.
    pub payer_id: i64,
    /// The line whose days go over: name, account and basis are its.
    pub like: i64,
    /// In fen, above 0.
    pub amount: i64,
    /// `11月16日至11月30日共15天（30天按天分）`
    pub days: String,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Who owes for which days: `7:1-14,9:15-30`.
    pub owners: String,
    /// What is taken off.
    pub takes: Vec<Take>,
    /// Where it goes; as much as is taken off.
    pub gives: Vec<Give>,
    /// The parts of the month.
    pub parts: Vec<Part>,
}

impl Plan {
    /// What goes over, in fen.
    #[must_use]
    pub fn amount(&self) -> i64 {
        self.gives.iter().map(|give| give.amount).sum()
    }
}

/// What goes over; none when nothing does, and while nobody is known who owns the home for some of its days.
#[must_use]
pub fn plan(billed: &Billed) -> Option<Plan> {
    let parts = parts(billed.month, &billed.owners);
    if parts.iter().any(|part| part.payer_id == 0) {
        return None;
    }
    let mut plan = Plan {
        owners: says(&parts),
        takes: Vec::new(),
        gives: Vec::new(),
        parts: parts.clone(),
    };
    // What may be taken off a bill, whatever line it is of.
    let rest = |bill: &bill::Model| (bill.id, bill.amount - bill.credited - bill.waived);
    let mut rests: HashMap<i64, i64> = billed.bills.iter().map(rest).collect();
    let fees = billed.lines.iter().filter_map(|line| line.fee_item_id);
    for item_id in fees.collect::<BTreeSet<i64>>() {
        let fee = Fee::of(billed, item_id, &parts);
        fee.move_to(billed, &mut rests, &mut plan);
    }
    (plan.amount() > 0).then_some(plan)
}

/// `7:1-14,9:15-30`
fn says(parts: &[Part]) -> String {
    let one = |part: &Part| format!("{}:{}-{}", part.payer_id, part.from.day(), part.to.day());
    let all: Vec<String> = parts.iter().map(one).collect();
    all.join(",").chars().take(OWNERS).collect()
}

/// One fee of the month.
struct Fee<'a> {
    /// Its charges, of all bills.
    charges: Vec<(&'a bill::Model, &'a bill_line::Model)>,
    /// What each owes more than their bill asks for, in fen; less than 0 when it is less.
    diffs: BTreeMap<i64, i64>,
    /// Days of each part, and of all.
    weights: Vec<i64>,
}

impl<'a> Fee<'a> {
    fn of(billed: &'a Billed, item_id: i64, parts: &[Part]) -> Self {
        let of_item = billed
            .lines
            .iter()
            .filter(|line| line.fee_item_id == Some(item_id) && line.late_to.is_none());
        let mut diffs: BTreeMap<i64, i64> = BTreeMap::new();
        let (mut charges, mut sum) = (Vec::new(), 0);
        for line in of_item {
            let Some(bill) = billed.bills.iter().find(|bill| bill.id == line.bill_id) else {
                continue;
            };
            if line.corrects.is_none() {
                charges.push((bill, line));
            } else if line.sale_id.is_none() {
                // Corrected by hand: that is between this owner and whoever keeps the fees.
                continue;
            }
            *diffs.entry(bill.payer_id).or_default() -= line.amount;
            sum += line.amount;
        }
        let weights = weights(billed, item_id, parts);
        let keyed: Vec<(i64, i64)> = (0..).zip(weights.iter().copied()).collect();
        for (part, share) in parts.iter().zip(shares(sum, &keyed)) {
            *diffs.entry(part.payer_id).or_default() += share;
        }
        // Several lines of a fee were each rounded by itself: that is no sale.
        let bound = i64::try_from(charges.len()).unwrap_or(i64::MAX);
        if weights.iter().sum::<i64>() == 0 || diffs.values().all(|diff| diff.abs() <= bound) {
            diffs.clear();
        }
        Self {
            charges,
            diffs,
            weights,
        }
    }

    fn move_to(&self, billed: &Billed, rests: &mut HashMap<i64, i64>, plan: &mut Plan) {
        let mut pool = 0;
        for (payer_id, diff) in self.diffs.iter().filter(|(_, diff)| **diff < 0) {
            let mut more = -diff;
            let own = self.charges.iter().rev();
            for (bill, line) in own.filter(|(bill, _)| bill.payer_id == *payer_id) {
                let of_bill: Vec<bill_line::Model> = billed
                    .lines
                    .iter()
                    .filter(|other| other.bill_id == bill.id)
                    .cloned()
                    .collect();
                let rest = rests.entry(bill.id).or_default();
                let amount = creditable_among(bill, line, &of_bill).min(more).min(*rest);
                if amount > 0 {
                    more -= amount;
                    pool += amount;
                    *rest -= amount;
                    plan.takes.push(Take {
                        bill_id: bill.id,
                        line_id: line.id,
                        amount,
                    });
                }
            }
        }
        let Some((_, like)) = self.charges.first() else {
            return;
        };
        let of: i64 = self.weights.iter().sum();
        for (part, days) in plan.parts.iter().zip(&self.weights) {
            let diff = self.diffs.get(&part.payer_id).copied().unwrap_or_default();
            let amount = diff.min(pool);
            if amount > 0 {
                pool -= amount;
                plan.gives.push(Give {
                    payer_id: part.payer_id,
                    like: like.id,
                    amount,
                    days: format!(
                        "{}月{}日至{}月{}日共{days}天（{of}天按天分）",
                        part.from.month(),
                        part.from.day(),
                        part.to.month(),
                        part.to.day(),
                    ),
                });
            }
        }
    }
}

/// Days of a fee that each part has: those of the month, of a parking space those for which the home has it.
fn weights(billed: &Billed, item_id: i64, parts: &[Part]) -> Vec<i64> {
    let spaces: Vec<&fee_space::Model> = billed
        .spaces
        .iter()
        .filter(|space| space.fee_item_id == item_id)
        .collect();
    let of_part = |part: &Part| match spaces.is_empty() {
        true => part.count(),
        false => spaces
            .iter()
            .map(|space| {
                let to = space.to_day.unwrap_or(chrono::NaiveDate::MAX);
                part.count_between(billed.month, space.from_day, to)
            })
            .sum(),
    };
    parts.iter().map(of_part).collect()
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use entity::money::BillState;
    use proptest::prelude::*;

    use super::*;
    use crate::base::clock::{Moment, begin_of};

    fn month() -> Month {
        Month::new(2026, 11).unwrap()
    }

    fn bill(id: i64, payer_id: i64, amount: i64) -> bill::Model {
        bill::Model {
            id,
            compound_id: 1,
            home_id: 2,
            payer_id,
            month: 202_611,
            from_day: month().first(),
            to_day: month().last(),
            due_on: month().day(10),
            amount,
            credited: 0,
            paid: 0,
            waived: 0,
            state: BillState::Open,
            settled_at: None,
            created_at: Moment::UNIX_EPOCH,
            updated_at: Moment::UNIX_EPOCH,
        }
    }

    fn line(id: i64, bill_id: i64, item: Option<i64>, amount: i64) -> bill_line::Model {
        bill_line::Model {
            id,
            bill_id,
            compound_id: 1,
            fee_item_id: item,
            fee_charge_id: None,
            corrects: None,
            account: "income:property".to_owned(),
            name: "物业费".to_owned(),
            formula: "x".to_owned(),
            basis: "y".to_owned(),
            amount,
            late_to: None,
            sale_id: None,
            created_by: None,
            created_at: Moment::UNIX_EPOCH,
        }
    }

    /// Sold on the last day of so many: 7 owned it before, 9 from then on.
    fn sold(days: u32) -> Vec<Owner> {
        let end = begin_of(month().day(days)) + TimeDelta::hours(12);
        let owner = |person_id, entered_at, ended_at| Owner {
            person_id,
            share: None,
            entered_at,
            ended_at,
        };
        vec![
            owner(7, Moment::UNIX_EPOCH, Some(end)),
            owner(9, end + TimeDelta::days(40), None),
        ]
    }

    fn billed(lines: Vec<bill_line::Model>, days: u32) -> Billed {
        let sum = lines.iter().map(|line| line.amount.max(0)).sum();
        Billed {
            compound_id: 1,
            home_id: 2,
            month: month(),
            owners: sold(days),
            bills: vec![bill(1, 7, sum)],
            lines,
            spaces: Vec::new(),
        }
    }

    /// The rows as they are once a plan was followed.
    fn done(billed: &Billed, plan: &Plan) -> Billed {
        let mut next = billed.clone();
        let mut id = 100 + i64::try_from(next.lines.len()).unwrap();
        for take in &plan.takes {
            id += 1;
            let of = next
                .lines
                .iter()
                .find(|line| line.id == take.line_id)
                .unwrap();
            let credit = bill_line::Model {
                id,
                corrects: Some(take.line_id),
                amount: -take.amount,
                sale_id: Some(1),
                ..of.clone()
            };
            next.lines.push(credit);
            let bill = next.bills.iter_mut().find(|bill| bill.id == take.bill_id);
            bill.unwrap().credited += take.amount;
        }
        for give in &plan.gives {
            id += 1;
            if !next.bills.iter().any(|bill| bill.payer_id == give.payer_id) {
                next.bills.push(bill(id, give.payer_id, 0));
            }
            let own = next
                .bills
                .iter_mut()
                .find(|bill| bill.payer_id == give.payer_id);
            let own = own.unwrap();
            own.amount += give.amount;
            let of = next.lines.iter().find(|line| line.id == give.like).unwrap();
            let moved = bill_line::Model {
                id,
                bill_id: own.id,
                amount: give.amount,
                sale_id: Some(1),
                ..of.clone()
            };
            next.lines.push(moved);
        }
        next
    }

    fn owed(billed: &Billed, payer_id: i64) -> i64 {
        let own = billed.bills.iter().filter(|bill| bill.payer_id == payer_id);
        own.map(|bill| bill.amount - bill.credited).sum()
    }

    #[test]
    fn each_owes_for_their_days_and_a_second_look_finds_nothing() {
        let before = billed(vec![line(1, 1, Some(3), 9_000)], 10);
        let plan = plan(&before).unwrap();
        assert_eq!(plan.owners, "7:1-10,9:11-30");
        assert_eq!((plan.amount(), plan.takes.len()), (6_000, 1));
        assert_eq!(plan.gives[0].days, "11月11日至11月30日共20天（30天按天分）");
        let after = done(&before, &plan);
        assert_eq!((owed(&after, 7), owed(&after, 9)), (3_000, 6_000));
        assert_eq!(super::plan(&after), None);
        // The day was typed wrongly: what was moved is moved on, and all of it back.
        let mended = Billed {
            owners: sold(20),
            ..after
        };
        let back = super::plan(&mended).unwrap();
        let mended = done(&mended, &back);
        assert_eq!((owed(&mended, 7), owed(&mended, 9)), (6_000, 3_000));
        assert_eq!(super::plan(&mended), None);
    }

    #[test]
    fn what_is_not_of_the_days_stays() {
        let mut late = line(2, 1, None, 40);
        late.late_to = Some(month().day(20));
        let once = line(3, 1, None, 500);
        let mut by_hand = line(4, 1, Some(3), -1_000);
        by_hand.corrects = Some(1);
        let mut before = billed(vec![line(1, 1, Some(3), 9_000), late, once, by_hand], 15);
        before.bills[0].credited = 1_000;
        let plan = plan(&before).unwrap();
        assert_eq!(plan.amount(), 4_500, "the correction was the seller's");
        // What was waived is nobody's debt any more.
        before.bills[0].waived = 9_540 - 1_000 - 700;
        assert_eq!(super::plan(&before).unwrap().amount(), 700);
        before.bills[0].waived += 700;
        assert_eq!(super::plan(&before), None);
        // Nobody knows yet who bought it.
        before.bills[0].waived = 0;
        before.owners.truncate(1);
        assert_eq!(super::plan(&before), None);
    }

    #[test]
    fn a_space_counts_by_its_own_days() {
        let mut before = billed(vec![line(1, 1, Some(3), 10_000)], 15);
        before.spaces = vec![fee_space::Model {
            id: 1,
            compound_id: 1,
            fee_item_id: 3,
            home_id: 2,
            code: "A-7".to_owned(),
            from_day: month().day(11),
            to_day: Some(month().day(20)),
            created_by: None,
            created_at: Moment::UNIX_EPOCH,
        }];
        assert_eq!(plan(&before).unwrap().amount(), 5_000);
        before.owners = sold(25);
        assert_eq!(plan(&before), None, "its days were all the seller's");
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_nothing_is_made(
            amounts in proptest::collection::vec((1_i64..4, 1_i64..100_000), 1..6),
            days in proptest::collection::vec(1_u32..30, 1..4),
            waived in 0_i64..50_000,
        ) {
            let lines = (1..).zip(&amounts).map(|(id, (item, fen))| line(id, 1, Some(*item), *fen));
            let mut now = billed(lines.collect(), days[0]);
            now.bills[0].waived = waived.min(now.bills[0].amount);
            let whole: i64 = amounts.iter().map(|(_, fen)| fen).sum();
            for day in days {
                now.owners = sold(day);
                let Some(plan) = plan(&now) else { continue };
                let taken: i64 = plan.takes.iter().map(|take| take.amount).sum();
                prop_assert_eq!(taken, plan.amount());
                prop_assert!(plan.takes.iter().all(|take| take.amount > 0));
                now = done(&now, &plan);
                prop_assert_eq!(owed(&now, 7) + owed(&now, 9), whole);
                for bill in &now.bills {
                    prop_assert!(bill.amount - bill.credited - bill.waived >= 0, "{bill:?}");
                }
                prop_assert_eq!(super::plan(&now), None, "done is done");
                if waived == 0 {
                    let exact = whole * (30 - i64::from(day)) / 30;
                    let off = (owed(&now, 9) - exact).abs();
                    prop_assert!(off <= 2 * i64::try_from(now.lines.len()).unwrap());
                }
            }
        }
    }
}
