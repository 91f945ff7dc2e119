//! The bills of one home for one month, from what was loaded. Pure: the same input gives the same bills,
//! whoever makes them and however often.

use chrono::{Datelike, NaiveDate};
use entity::kinds::FeeKind;
use entity::{fee_charge, fee_item, fee_reading, fee_space};

use crate::base::fault::{Code, Fault};
use crate::base::fen::Fen;
use crate::base::month::Month;
use crate::fee::owner::{Owner, Part, parts};
use crate::fee::price::{self, Priced};
use crate::fee::split::shares;
use crate::ledger::Account;

/// What a bill says where a fee has no words of its own.
const BASIS: &str = "本小区公示的收费标准";

/// A fee as it holds for a home.
#[derive(Clone, Debug)]
pub struct Holds<'a> {
    /// The fee.
    pub item: &'a fee_item::Model,
    /// The home's share of a cost, priced, with what the cost was for; none for other kinds, or while
    /// there is no cost.
    pub share: Option<(Priced, String)>,
}

/// What is known of a home.
#[derive(Clone, Debug, Default)]
pub struct Home<'a> {
    /// Key.
    pub id: i64,
    /// `GY/3-2-501`, for messages.
    pub code: &'a str,
    /// Floor area, if known.
    pub area_cm2: Option<i64>,
    /// Whoever owns or owned it.
    pub owners: Vec<Owner>,
    /// Its parking spaces.
    pub spaces: Vec<&'a fee_space::Model>,
    /// Its meters' readings of the month.
    pub readings: Vec<&'a fee_reading::Model>,
    /// What it is charged once.
    pub charges: Vec<&'a fee_charge::Model>,
}

/// A line to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Which fee.
    pub item_id: Option<i64>,
    /// What is charged once.
    pub charge_id: Option<i64>,
    /// Where it belongs in the books.
    pub account: Account,
    /// What the bill calls it.
    pub name: String,
    /// How it was computed.
    pub formula: String,
    /// What it rests on.
    pub basis: String,
    /// In fen, more than 0.
    pub amount: i64,
}

/// A bill to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewBill {
    /// Which home.
    pub home_id: i64,
    /// Who owes it; 0 if nobody is known.
    pub payer_id: i64,
    /// First day.
    pub from: NaiveDate,
    /// Last day.
    pub to: NaiveDate,
    /// Until when.
    pub due_on: NaiveDate,
    /// What for; never empty.
    pub lines: Vec<Line>,
}

impl NewBill {
    /// The sum of its lines.
    #[must_use]
    pub fn amount(&self) -> i64 {
        self.lines.iter().map(|line| line.amount).sum()
    }
}

/// The account of a kind of fee.
#[must_use]
pub const fn account_of(kind: FeeKind) -> Account {
    match kind {
        FeeKind::Area | FeeKind::Fixed => Account::IncomeProperty,
        FeeKind::Shared | FeeKind::Meter => Account::IncomeShared,
        FeeKind::Parking => Account::IncomeParking,
    }
}

/// The bills of a home: one for each who owes, with the lines that are theirs. Nobody who has nothing to
/// pay gets one.
///
/// # Errors
/// `invalid` when a line is more than the books take; it names the home and the fee.
pub fn compose(month: Month, home: &Home<'_>, holds: &[Holds<'_>]) -> Result<Vec<NewBill>, Fault> {
    let parts = parts(month, &home.owners);
    let mut bills: Vec<NewBill> = parts.iter().map(|part| empty(month, home, part)).collect();
    let mut due = None;
    for hold in holds {
        for (priced, basis, weights) in priced(month, home, hold, &parts)? {
            due = due.max(Some(hold.item.due_day));
            let line = Line {
                item_id: Some(hold.item.id),
                charge_id: None,
                account: account_of(hold.item.kind),
                name: hold.item.name.clone(),
                formula: priced.formula,
                basis,
                amount: priced.amount,
            };
            share_out(&mut bills, &parts, &weights, line);
        }
    }
    // Whoever has the home in the end pays what is charged once.
    if let (Some(last), Some(bill)) = (latest(&parts), bills.len().checked_sub(1)) {
        let at = parts
            .iter()
            .position(|part| part.to == last)
            .unwrap_or(bill);
        if let Some(bill) = bills.get_mut(at) {
            bill.lines.extend(home.charges.iter().map(|row| once(row)));
        }
    }
    let due_on = match due {
        Some(day) => month.day(u32::try_from(day).unwrap_or(1)),
        None => month.last(),
    };
    for bill in &mut bills {
        bill.due_on = due_on;
    }
    bills.retain(|bill| !bill.lines.is_empty());
    Ok(bills)
}

fn latest(parts: &[Part]) -> Option<NaiveDate> {
    parts.iter().map(|part| part.to).max()
}

fn empty(month: Month, home: &Home<'_>, part: &Part) -> NewBill {
    NewBill {
        home_id: home.id,
        payer_id: part.payer_id,
        from: part.from,
        to: part.to,
        due_on: month.last(),
        lines: Vec::new(),
    }
}

fn once(row: &fee_charge::Model) -> Line {
    let priced = price::once(row.amount);
    Line {
        item_id: None,
        charge_id: Some(row.id),
        account: Account::IncomeOther,
        name: row.name.clone(),
        formula: priced.formula,
        basis: row.basis.clone(),
        amount: row.amount,
    }
}

/// Priced, what it rests on, and the days that each part has of it.
type Whole = (Priced, String, Vec<i64>);

/// What a fee comes to for the home's month, before it is shared out.
fn priced(
    month: Month,
    home: &Home<'_>,
    hold: &Holds<'_>,
    parts: &[Part],
) -> Result<Vec<Whole>, Fault> {
    let item = hold.item;
    let basis = item.basis.as_deref().unwrap_or(BASIS);
    let all = || parts.iter().map(Part::count).collect::<Vec<_>>();
    let sound = |found: Option<Priced>| found.ok_or_else(|| too_much(home, item));
    let one = |priced: Priced| vec![(priced, basis.to_owned(), all())];
    Ok(match item.kind {
        FeeKind::Area => match home.area_cm2 {
            Some(area) => one(sound(price::area(area, item.unit_price))?),
            None => Vec::new(),
        },
        FeeKind::Fixed => one(sound(price::fixed(item.unit_price))?),
        FeeKind::Shared => match &hold.share {
            Some((priced, note)) => {
                let basis = match note.as_str() {
                    "" => basis.to_owned(),
                    note => format!("{basis}；{note}"),
                };
                vec![(priced.clone(), basis, all())]
            }
            None => Vec::new(),
        },
        FeeKind::Meter => {
            let of_item = home
                .readings
                .iter()
                .filter(|row| row.fee_item_id == item.id);
            let mut out = Vec::new();
            for row in of_item {
                let found = price::meter(row.before_milli, row.after_milli, item.unit_price);
                out.extend(one(sound(found)?));
            }
            out
        }
        FeeKind::Parking => {
            let of_item = home.spaces.iter().filter(|row| row.fee_item_id == item.id);
            let mut out = Vec::new();
            for row in of_item {
                let to = row.to_day.unwrap_or(NaiveDate::MAX);
                let own = |part: &Part| part.count_between(month, row.from_day, to);
                let weights: Vec<i64> = parts.iter().map(own).collect();
                let days = weights.iter().sum();
                if days > 0 {
                    let found = price::parking(item.unit_price, &row.code, days, month.days());
                    out.push((sound(found)?, basis.to_owned(), weights));
                }
            }
            out
        }
    })
}

fn too_much(home: &Home<'_>, item: &fee_item::Model) -> Fault {
    Fault::new(
        Code::Invalid,
        format!(
            "{}的“{}”算出来的金额不对，请核对单价、面积和读数。",
            home.code, item.name
        ),
    )
}

/// Puts a line on the bills, by the days that each has of it; the parts add up to the whole.
fn share_out(bills: &mut [NewBill], parts: &[Part], weights: &[i64], line: Line) {
    // Nearly every home: it is one person's, and so is the line.
    if let [bill] = bills {
        if line.amount != 0 {
            bill.lines.push(line);
        }
        return;
    }
    let keyed: Vec<(i64, i64)> = (0..).zip(weights.iter().copied()).collect();
    let total: i64 = weights.iter().sum();
    let amounts = shares(line.amount, &keyed);
    for ((bill, part), (amount, days)) in
        bills.iter_mut().zip(parts).zip(amounts.iter().zip(weights))
    {
        if *amount == 0 {
            continue;
        }
        let mut line = line.clone();
        if *days < total {
            let (from, to) = (part.from, part.to);
            line.formula = format!(
                "{}；其中{}月{}日至{}月{}日共{days}天（{total}天按天分）= {}元",
                line.formula,
                from.month(),
                from.day(),
                to.month(),
                to.day(),
                Fen(*amount)
            );
        }
        line.amount = *amount;
        bill.lines.push(line);
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use entity::kinds::FeeSplit;
    use proptest::prelude::*;

    use super::*;
    use crate::base::clock::{Moment, begin_of};

    fn item(id: i64, kind: FeeKind, unit_price: i64) -> fee_item::Model {
        fee_item::Model {
            id,
            compound_id: 1,
            name: format!("{id}"),
            kind,
            unit_price,
            split: (kind == FeeKind::Shared).then_some(FeeSplit::Even),
            due_day: 5 + i16::try_from(id).unwrap(),
            place_id: None,
            from_month: None,
            to_month: None,
            basis: None,
            created_at: Moment::UNIX_EPOCH,
        }
    }

    fn space(id: i64, from: NaiveDate, to: Option<NaiveDate>) -> fee_space::Model {
        fee_space::Model {
            id,
            compound_id: 1,
            fee_item_id: 2,
            home_id: 9,
            code: format!("A-{id}"),
            from_day: from,
            to_day: to,
            created_by: None,
            created_at: Moment::UNIX_EPOCH,
        }
    }

    fn charge(amount: i64) -> fee_charge::Model {
        fee_charge::Model {
            id: 3,
            compound_id: 1,
            home_id: 9,
            month: 202_802,
            name: "卡".to_owned(),
            amount,
            basis: "价目表".to_owned(),
            created_by: None,
            created_at: Moment::UNIX_EPOCH,
        }
    }

    fn holds(items: &[fee_item::Model]) -> Vec<Holds<'_>> {
        let share = |item: &fee_item::Model| {
            let share = price::evenly(10_000, 3, 3_334);
            (item.kind == FeeKind::Shared).then_some((share, "电".to_owned()))
        };
        let each = items.iter();
        each.map(|item| Holds {
            item,
            share: share(item),
        })
        .collect()
    }

    fn sum(bills: &[NewBill]) -> i64 {
        bills.iter().map(NewBill::amount).sum()
    }

    #[test]
    fn a_bill_is_due_on_the_latest_day_of_its_fees() {
        let month = Month::new(2028, 2).unwrap();
        let items = [item(1, FeeKind::Area, 18_000), item(3, FeeKind::Fixed, 100)];
        let once = charge(500);
        let home = Home {
            id: 9,
            code: "GY/1",
            area_cm2: Some(895_000),
            charges: vec![&once],
            ..Home::default()
        };
        let all = compose(month, &home, &holds(&items)).unwrap();
        assert_eq!(all.len(), 1);
        assert_eq!((all[0].payer_id, all[0].due_on), (0, month.day(8)));
        assert_eq!(all[0].amount(), 16_110 + 1 + 500);
        assert_eq!(all[0].lines[0].basis, BASIS);
        let charged = compose(month, &home, &[]).unwrap();
        assert_eq!(charged[0].due_on, month.last());
        let bare = Home {
            charges: Vec::new(),
            area_cm2: None,
            ..home
        };
        let none = compose(month, &bare, &holds(&items[..1])).unwrap();
        assert!(none.is_empty(), "nobody gets a bill of nothing");
    }

    proptest! {
        #[test]
        fn however_often_a_home_changes_hands_its_month_comes_to_the_same(
            owners in proptest::collection::vec((1_i64..4, 0_i64..40, proptest::option::of(0_i64..40)), 0..5),
            area in 0_i64..3_000_000,
            price in 1_i64..100_000,
            spaces in proptest::collection::vec((1_u32..29, proptest::option::of(1_u32..29)), 0..3),
            once in 1_i64..10_000,
        ) {
            let month = Month::new(2028, 2).unwrap();
            let base = begin_of(month.before().day(25));
            let owners = owners.into_iter().map(|(person_id, entered, ended)| Owner {
                person_id,
                share: None,
                entered_at: base + TimeDelta::days(entered),
                ended_at: ended.map(|days| base + TimeDelta::days(days)),
            }).collect();
            let items = [
                item(1, FeeKind::Area, price),
                item(2, FeeKind::Parking, price),
                item(3, FeeKind::Shared, 0),
            ];
            let spaces: Vec<_> = (1..).zip(spaces)
                .map(|(id, (from, to))| space(id, month.day(from), to.map(|to| month.day(to.max(from)))))
                .collect();
            let once = charge(once);
            let many = Home {
                id: 9,
                code: "GY/1",
                area_cm2: Some(area),
                owners,
                spaces: spaces.iter().collect(),
                charges: vec![&once],
                ..Home::default()
            };
            let bills = compose(month, &many, &holds(&items)).unwrap();
            let alone = Home { owners: Vec::new(), ..many };
            let whole = compose(month, &alone, &holds(&items)).unwrap();
            prop_assert_eq!(sum(&bills), sum(&whole));
            for bill in &bills {
                prop_assert!(bill.lines.iter().all(|line| line.amount > 0));
                let same = bills.iter().filter(|other| other.payer_id == bill.payer_id);
                prop_assert_eq!(same.count(), 1);
            }
        }
    }
}
