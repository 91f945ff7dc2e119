//! Where the money of a payment goes, and from where it is taken back. Pure: fen in, fen out, and none
//! is lost or made.

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
    /// Fen that are left over and kept for the home (预存).
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

/// From where an amount of a payment is taken back: what is still kept of it first, then its bills, the
/// one that was paid last first. `parts` are the payment's, each bill once (none: kept for the home),
/// in the order in which they were paid; `kept` is what the home has paid ahead now. None when so much
/// is not there.
#[must_use]
pub fn take_back(
    amount: i64,
    parts: &[(Option<i64>, i64)],
    kept: i64,
) -> Option<Vec<(Option<i64>, i64)>> {
    let mut left = amount;
    let mut taken = Vec::new();
    let ahead = parts.iter().filter(|(bill, _)| bill.is_none());
    let bills = parts.iter().rev().filter(|(bill, _)| bill.is_some());
    let mut kept = kept;
    for (bill, part) in ahead.chain(bills) {
        let most = if bill.is_none() {
            kept.min(*part)
        } else {
            *part
        };
        let some = most.min(left).max(0);
        if some > 0 {
            taken.push((*bill, some));
            left -= some;
            if bill.is_none() {
                kept -= some;
            }
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
    fn what_is_kept_goes_back_before_a_bill_is_owed_again() {
        let parts = [(Some(1), 60), (Some(2), 40), (None, 20)];
        let taken = take_back(50, &parts, 15).unwrap();
        assert_eq!(taken, [(None, 15), (Some(2), 35)]);
        assert_eq!(take_back(116, &parts, 15), None);
        assert_eq!(take_back(0, &parts, 15), None);
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
        fn what_is_taken_back_was_there(
            amount in 1_i64..2_000,
            lefts in proptest::collection::vec(1_i64..400, 0..5),
            ahead in 0_i64..400,
            kept in 0_i64..400,
        ) {
            let mut parts: Vec<(Option<i64>, i64)> =
                (1_i64..).zip(lefts).map(|(id, part)| (Some(id), part)).collect();
            if ahead > 0 { parts.push((None, ahead)); }
            let there: i64 = parts.iter().filter(|(bill, _)| bill.is_some()).map(|(_, part)| part).sum();
            match take_back(amount, &parts, kept) {
                Some(taken) => {
                    prop_assert_eq!(taken.iter().map(|(_, part)| part).sum::<i64>(), amount);
                    for (bill, part) in &taken {
                        let of = parts.iter().find(|(other, _)| other == bill).unwrap().1;
                        prop_assert!(*part > 0 && *part <= of);
                        prop_assert!(bill.is_some() || *part <= kept);
                    }
                }
                None => prop_assert!(amount > there + ahead.min(kept)),
            }
        }
    }
}
