//! Who is asked next. Pure.

use crate::base::clock::Moment;

/// Somebody who may be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The talent's key.
    pub talent_id: i64,
    /// How often it was asked.
    pub asked: i32,
    /// When last.
    pub asked_at: Option<Moment>,
}

/// Whoever was asked least; of equals who was not asked for longest, of these who came first.
#[must_use]
pub fn next(candidates: &[Candidate]) -> Option<i64> {
    let least = candidates
        .iter()
        .min_by_key(|one| (one.asked, one.asked_at, one.talent_id));
    least.map(|one| one.talent_id)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::base::clock::from_ms;

    #[test]
    fn who_was_asked_least_and_not_for_longest() {
        let one = |talent_id, asked, at: Option<i64>| Candidate {
            talent_id,
            asked,
            asked_at: at.and_then(from_ms),
        };
        let all = [
            one(1, 2, Some(10)),
            one(2, 1, Some(30)),
            one(3, 1, Some(20)),
        ];
        assert_eq!(next(&all), Some(3));
        let new = [one(1, 1, Some(10)), one(9, 0, None), one(8, 0, None)];
        assert_eq!(next(&new), Some(8));
        assert_eq!(next(&[]), None);
    }

    proptest! {
        /// However many ask: nobody is asked twice more than anybody else.
        #[test]
        fn asking_goes_round(count in 1_usize..9, turns in 0_i64..60) {
            let mut all: Vec<Candidate> = (1..).take(count).map(|talent_id| Candidate {
                talent_id,
                asked: 0,
                asked_at: None,
            }).collect();
            for turn in 0..turns {
                let id = next(&all).unwrap();
                let one = all.iter_mut().find(|one| one.talent_id == id).unwrap();
                one.asked += 1;
                one.asked_at = from_ms(turn);
            }
            let least = all.iter().map(|one| one.asked).min().unwrap();
            prop_assert!(all.iter().all(|one| one.asked - least <= 1));
        }
    }
}
