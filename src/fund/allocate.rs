//! From which donations a use takes what it needs. Pure: amounts in, amounts out, and none is lost or made.

/// What is left of a donation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Left {
    /// Its key.
    pub donation_id: i64,
    /// Of money fen, of goods pieces; not below 0.
    pub left: i64,
}

/// Takes an amount from donations in the order in which they are handed in: each with its part, above 0.
/// None when there is not so much, or when nothing is wanted.
#[must_use]
pub fn take(amount: i64, from: &[Left]) -> Option<Vec<(i64, i64)>> {
    if amount <= 0 {
        return None;
    }
    let (mut wanted, mut parts) = (amount, Vec::new());
    for one in from {
        let part = one.left.min(wanted);
        if part > 0 {
            parts.push((one.donation_id, part));
            wanted -= part;
        }
        if wanted == 0 {
            return Some(parts);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn lefts(amounts: &[i64]) -> Vec<Left> {
        let each = amounts.iter().zip(1..);
        each.map(|(left, donation_id)| Left {
            donation_id: i64::from(donation_id),
            left: *left,
        })
        .collect()
    }

    #[test]
    fn what_is_there_longest_is_used_first() {
        let from = lefts(&[30, 0, 50, 20]);
        assert_eq!(take(30, &from), Some(vec![(1, 30)]));
        assert_eq!(take(31, &from), Some(vec![(1, 30), (3, 1)]));
        assert_eq!(take(100, &from), Some(vec![(1, 30), (3, 50), (4, 20)]));
        for wrong in [101, 0, -1, i64::MAX, i64::MIN] {
            assert_eq!(take(wrong, &from), None, "{wrong}");
        }
        assert_eq!(take(1, &[]), None);
    }

    proptest! {
        /// Random donations and uses one after the other: every use is the exact sum of its parts, no donation
        /// gives more than it has, a use that finds too little takes nothing, and nothing is passed over.
        #[test]
        fn sums_are_exact(
            given in proptest::collection::vec(1_i64..1_000_000_000_000, 0..30),
            uses in proptest::collection::vec(1_i64..3_000_000_000_000, 0..30),
        ) {
            let mut from = lefts(&given);
            let mut taken: BTreeMap<i64, i64> = BTreeMap::new();
            let mut spent = 0;
            for amount in uses {
                let there: i64 = from.iter().map(|one| one.left).sum();
                let Some(parts) = take(amount, &from) else {
                    prop_assert!(amount > there);
                    continue;
                };
                prop_assert!(amount <= there);
                prop_assert_eq!(parts.iter().map(|(_, part)| part).sum::<i64>(), amount);
                for (id, part) in parts {
                    prop_assert!(part > 0);
                    let earlier = from.iter().filter(|one| one.donation_id < id);
                    let passed: i64 = earlier.map(|one| one.left).sum();
                    prop_assert_eq!(passed, 0, "an earlier donation was passed over");
                    let one = from.iter_mut().find(|one| one.donation_id == id).unwrap();
                    one.left -= part;
                    prop_assert!(one.left >= 0);
                    *taken.entry(id).or_default() += part;
                }
                spent += amount;
            }
            prop_assert_eq!(taken.values().sum::<i64>(), spent);
            for (one, amount) in from.iter().zip(&given) {
                let used = taken.get(&one.donation_id).copied().unwrap_or_default();
                prop_assert_eq!(used + one.left, *amount);
            }
        }
    }
}
