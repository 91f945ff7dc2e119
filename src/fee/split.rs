//! Sharing an amount so that the shares add up to it: the largest remainder. Pure; used by shared costs
//! and by the months in which a home changes hands.

/// The shares of an amount by weights, in the order of the weights. Each gets its part rounded down; the
/// fen that are left go one by one to those who lost most by it, of equals to the smaller key. Without any
/// weight nobody gets anything.
#[must_use]
pub fn shares(amount: i64, weights: &[(i64, i64)]) -> Vec<i64> {
    let total: i128 = weights.iter().map(|(_, weight)| i128::from(*weight)).sum();
    if total <= 0 {
        return vec![0; weights.len()];
    }
    let mut left = amount;
    let mut parts = Vec::with_capacity(weights.len());
    let mut losers = Vec::with_capacity(weights.len());
    for (at, (key, weight)) in weights.iter().enumerate() {
        let exact = i128::from(amount) * i128::from(*weight);
        // Not above the amount, since no weight is above the total.
        let part = i64::try_from(exact.div_euclid(total)).unwrap_or(0);
        left -= part;
        parts.push(part);
        losers.push((exact.rem_euclid(total), *key, at));
    }
    losers.sort_unstable_by_key(|(lost, key, at)| (std::cmp::Reverse(*lost), *key, *at));
    let few = usize::try_from(left).unwrap_or(0);
    for (_, _, at) in losers.into_iter().take(few) {
        if let Some(part) = parts.get_mut(at) {
            *part += 1;
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn remainders_go_to_whoever_lost_most_then_to_the_smaller_key() {
        // 100.00 by three: what rounding each by itself makes 99.99 of.
        assert_eq!(
            shares(10_000, &[(3, 1), (1, 1), (2, 1)]),
            [3_333, 3_334, 3_333]
        );
        assert_eq!(shares(10, &[(1, 1), (2, 1), (3, 2)]), [3, 2, 5]);
        // 37.88 and 63.12: the first lost more.
        assert_eq!(shares(101, &[(1, 500_000), (2, 833_300)]), [38, 63]);
        assert_eq!(shares(5, &[]), Vec::<i64>::new());
        assert_eq!(shares(5, &[(1, 0), (2, 0)]), [0, 0]);
        assert_eq!(shares(5, &[(1, 0), (2, 7)]), [0, 5]);
        let most = i64::MAX;
        assert_eq!(
            shares(most, &[(1, most), (2, most)]),
            [most / 2 + 1, most / 2]
        );
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_nothing_is_made(
            amount in 0_i64..1_000_000_000_000,
            weights in proptest::collection::vec(0_i64..10_000_000, 1..200),
        ) {
            let keyed: Vec<(i64, i64)> = (1..).zip(weights.iter().copied()).collect();
            let parts = shares(amount, &keyed);
            let total: i64 = weights.iter().sum();
            if total == 0 {
                prop_assert!(parts.iter().all(|part| *part == 0));
                return Ok(());
            }
            prop_assert_eq!(parts.iter().sum::<i64>(), amount);
            for (part, weight) in parts.iter().zip(&weights) {
                // Nobody is more than a fen from what is exactly theirs, and who has no weight pays nothing.
                let exact = i128::from(amount) * i128::from(*weight);
                let mine = i128::from(*part) * i128::from(total);
                prop_assert!((exact - mine).abs() < i128::from(total));
                prop_assert!(*weight > 0 || *part == 0);
            }
        }

        #[test]
        fn the_order_of_homes_changes_no_share(
            amount in 0_i64..1_000_000,
            weights in proptest::collection::vec(0_i64..1_000, 1..30),
        ) {
            let keyed: Vec<(i64, i64)> = (1..).zip(weights).collect();
            let mut turned = keyed.clone();
            turned.reverse();
            let mut back = shares(amount, &turned);
            back.reverse();
            prop_assert_eq!(shares(amount, &keyed), back);
        }
    }
}
