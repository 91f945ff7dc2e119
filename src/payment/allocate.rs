//! Where the money of a payment goes, and from where it is taken back. Pure: fen in, fen out, and none
//! is lost or made.

/// Where a part of a payment lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lies {
    /// On this bill.
    OnBill(i64),
    /// Kept for this person (预存); 0 while no owner is known.
    Kept(i64),
}

impl Lies {
    /// Key of the bill.
    #[must_use]
    pub const fn bill(self) -> Option<i64> {
        match self {
            Self::OnBill(id) => Some(id),
            Self::Kept(_) => None,
        }
    }

    /// Whose it is, if it is kept.
    #[must_use]
    pub const fn payer(self) -> Option<i64> {
        match self {
            Self::OnBill(_) => None,
            Self::Kept(id) => Some(id),
        }
    }
}

/// What is left to pay of a bill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owed {
    /// Key of the bill.
    pub bill_id: i64,
    /// Fen, not below 0.
    pub left: i64,
}

/// Where an amount goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Split {
    /// Fen to each bill, above 0, in the order in which they are paid.
    pub parts: Vec<(i64, i64)>,
    /// Fen that are left over and kept (预存).
    pub advance: i64,
}

/// Puts an amount on bills: first those that were meant, in that order, then the home's others in the
/// order in which they are handed in (oldest first); what is over is paid ahead.
#[must_use]
pub fn split(amount: i64, meant: &[i64], open: &[Owed]) -> Split {
    let find = |id: &i64| open.iter().find(|owed| owed.bill_id == *id);
    let others = open.iter().filter(|owed| !meant.contains(&owed.bill_id));
    let mut split = Split {
        advance: amount.max(0),
        ..Split::default()
    };
    for owed in meant.iter().filter_map(find).chain(others) {
        let part = owed.left.min(split.advance);
        let known = split.parts.iter().any(|(id, _)| *id == owed.bill_id);
        if part > 0 && !known {
            split.parts.push((owed.bill_id, part));
            split.advance -= part;
        }
    }
    split
}

/// Whether bills were meant and none of them is owed any more: somebody else was faster, and the money
/// is to go back.
#[must_use]
pub fn is_paid_twice(meant: &[i64], open: &[Owed]) -> bool {
    let owed = |id: &i64| open.iter().any(|owed| owed.bill_id == *id && owed.left > 0);
    !meant.is_empty() && !meant.iter().any(owed)
}

/// How much of an amount goes back, since others have paid the bills that were meant meanwhile: what is more than is
/// left of them (`left`), and no more than was paid of them since the order (`paid_now` less `paid_before`). What the
/// payer meant to pay ahead stays, and so does what a correction has freed. All in fen.
#[must_use]
pub fn surplus(amount: i64, left: i64, paid_before: i64, paid_now: i64) -> i64 {
    (amount - left).min(paid_now - paid_before).max(0)
}

/// From where an amount of a payment is taken back: what is still kept of it first, then its bills, the
/// one that was paid last first. `parts` are the payment's, each place once, in the order in which they were paid;
/// `kept` is what each person has paid ahead for the home now. None when so much is not there.
#[must_use]
pub fn take_back(
    amount: i64,
    parts: &[(Lies, i64)],
    kept: &[(i64, i64)],
) -> Option<Vec<(Lies, i64)>> {
    let mut left = amount;
    let mut taken = Vec::new();
    let ahead = parts.iter().filter(|(lies, _)| lies.bill().is_none());
    let bills = parts.iter().rev().filter(|(lies, _)| lies.bill().is_some());
    for (lies, part) in ahead.chain(bills) {
        let most = match lies {
            Lies::OnBill(_) => *part,
            Lies::Kept(whose) => {
                let own = kept.iter().find(|(person, _)| person == whose);
                own.map_or(0, |(_, has)| *has).min(*part)
            }
        };
        let some = most.min(left).max(0);
        if some > 0 {
            taken.push((*lies, some));
            left -= some;
        }
    }
    (left == 0 && amount > 0).then_some(taken)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn owed(bill_id: i64, left: i64) -> Owed {
        Owed { bill_id, left }
    }

    #[test]
    fn the_meant_one_first_then_the_oldest_then_ahead() {
        let open = [owed(1, 100), owed(2, 50), owed(3, 70)];
        assert_eq!(split(70, &[3], &open).parts, [(3, 70)]);
        let more = split(200, &[3], &open);
        assert_eq!(more.parts, [(3, 70), (1, 100), (2, 30)]);
        assert_eq!(split(300, &[], &open).advance, 80);
        assert_eq!(split(10, &[2, 2], &open).parts, [(2, 10)]);
    }

    #[test]
    fn paid_twice_is_when_nothing_that_was_meant_is_owed() {
        let open = [owed(1, 0), owed(2, 5)];
        assert!(is_paid_twice(&[1], &open));
        assert!(is_paid_twice(&[9], &open));
        assert!(!is_paid_twice(&[1, 2], &open));
        assert!(!is_paid_twice(&[], &[]));
    }

    #[test]
    fn what_others_have_paid_meanwhile_goes_back() {
        // 300 for two bills; a neighbour paid the one of 100.
        assert_eq!(surplus(300, 200, 0, 100), 100);
        // 50 more were meant to be kept: they are.
        assert_eq!(surplus(350, 200, 0, 100), 100);
        // Nobody has paid: what is over is kept, whether it was meant or freed by a credit.
        assert_eq!(surplus(350, 300, 20, 20), 0);
        assert_eq!(surplus(300, 250, 20, 20), 0);
        // Half of a bill, and somebody paid more than the other half.
        assert_eq!(surplus(50, 20, 0, 80), 30);
        // Something was taken back meanwhile: then more is left.
        assert_eq!(surplus(300, 400, 100, 0), 0);
    }

    #[test]
    fn what_is_kept_goes_back_before_a_bill_is_owed_again() {
        let (kept, bill) = (Lies::Kept(7), Lies::OnBill);
        let parts = [(bill(1), 60), (bill(2), 40), (kept, 20)];
        let has = [(5, 100), (7, 15)];
        let taken = take_back(50, &parts, &has).unwrap();
        assert_eq!(taken, [(kept, 15), (bill(2), 35)]);
        assert_eq!(take_back(116, &parts, &has), None);
        assert_eq!(take_back(0, &parts, &has), None);
        // What is another one's is not taken.
        let taken = take_back(20, &parts, &has[..1]).unwrap();
        assert_eq!(taken, [(bill(2), 20)]);
    }

    fn some_bills() -> impl Strategy<Value = Vec<Owed>> {
        proptest::collection::vec(0_i64..500, 0..8).prop_map(|lefts| {
            let numbered = (1..).zip(lefts);
            numbered.map(|(id, left)| owed(id, left)).collect()
        })
    }

    proptest! {
        #[test]
        fn every_fen_has_one_place(
            amount in 0_i64..5_000,
            open in some_bills(),
            meant in proptest::collection::vec(1_i64..10, 0..4),
        ) {
            let split = split(amount, &meant, &open);
            let to_bills: i64 = split.parts.iter().map(|(_, part)| part).sum();
            prop_assert_eq!(to_bills + split.advance, amount);
            for (id, part) in &split.parts {
                let bill = open.iter().find(|owed| owed.bill_id == *id).unwrap();
                prop_assert!(*part > 0 && *part <= bill.left);
                let same = split.parts.iter().filter(|(other, _)| other == id);
                prop_assert_eq!(same.count(), 1);
            }
            // Nothing is paid ahead while something is owed.
            let all: i64 = open.iter().map(|owed| owed.left).sum();
            prop_assert_eq!(split.advance, (amount - all).max(0));
            // Nothing goes elsewhere while something that was meant is owed.
            let of_meant = |id: &i64| meant.contains(id);
            let meant_left: i64 =
                open.iter().filter(|owed| of_meant(&owed.bill_id)).map(|owed| owed.left).sum();
            let to_meant: i64 =
                split.parts.iter().filter(|(id, _)| of_meant(id)).map(|(_, part)| part).sum();
            prop_assert_eq!(to_meant, amount.min(meant_left));
        }

        #[test]
        fn nobody_pays_more_than_they_meant_and_nothing_that_is_owed_goes_back(
            bills in proptest::collection::vec((1_i64..500, 0_i64..500, 0_i64..200), 1..6),
            more in 0_i64..300,
        ) {
            // Of each bill what was left at the order, what others paid since, what was credited since.
            let ordered: i64 = bills.iter().map(|(left, _, _)| left).sum();
            let paid: i64 = bills.iter().map(|(left, by, _)| by.min(left)).sum();
            let left: i64 = bills.iter().map(|(left, by, less)| (left - by - less).max(0)).sum();
            let back = surplus(ordered + more, left, 0, paid);
            prop_assert_eq!(back, paid);
            prop_assert!(ordered + more - back >= left + more);
            // Who orders less gets back what is more than is left, and no more than others paid.
            let part = surplus(more, left, 0, paid);
            prop_assert_eq!(part, (more - left).clamp(0, paid));
        }

        #[test]
        fn what_is_taken_back_was_there(
            amount in 1_i64..2_000,
            lefts in proptest::collection::vec(1_i64..400, 0..5),
            aheads in proptest::collection::vec((0_i64..400, 0_i64..400), 0..3),
        ) {
            let mut parts: Vec<(Lies, i64)> =
                (1_i64..).zip(lefts).map(|(id, part)| (Lies::OnBill(id), part)).collect();
            let on_bills: i64 = parts.iter().map(|(_, part)| part).sum();
            let own = (0_i64..).zip(&aheads);
            parts.extend(own.clone().filter(|(_, (ahead, _))| *ahead > 0)
                .map(|(id, (ahead, _))| (Lies::Kept(id), *ahead)));
            let kept: Vec<(i64, i64)> = own.map(|(id, (_, has))| (id, *has)).collect();
            let ahead: i64 = aheads.iter().map(|(ahead, has)| ahead.min(has)).sum();
            match take_back(amount, &parts, &kept) {
                Some(taken) => {
                    prop_assert_eq!(taken.iter().map(|(_, part)| part).sum::<i64>(), amount);
                    for (lies, part) in &taken {
                        let of = parts.iter().find(|(other, _)| other == lies).unwrap().1;
                        prop_assert!(*part > 0 && *part <= of);
                        let whose = lies.payer();
                        let has = kept.iter().find(|(id, _)| Some(*id) == whose);
                        prop_assert!(has.is_none_or(|(_, has)| part <= has));
                    }
                }
                None => prop_assert!(amount > on_bills + ahead),
            }
        }
    }
}
