//! How far a search goes on while its page is not full: in looks that grow, until the time for them is over.
//! A look that would not end in time is not begun. Part of `search.rs`.

use std::time::{Duration, Instant};

/// Cases that the first look goes through, and the least that any does.
pub(super) const STRETCH: u64 = 8_000;
/// How much further a look goes than the one before, at most.
const WIDER: u64 = 4;

/// How far the looks of one search go, by a clock that no test and nobody sets.
pub(super) struct Pace {
    began: Instant,
    budget: Duration,
    /// Of the last look: when it began, and how many cases it went through.
    last: Option<(Instant, u64)>,
}

impl Pace {
    /// A search that begins now.
    pub(super) fn new(budget: Duration) -> Self {
        Self {
            began: Instant::now(),
            budget,
            last: None,
        }
    }

    /// Through how many cases the next look goes; none when it would not end in time.
    pub(super) fn next_length(&mut self) -> Option<u64> {
        let length = match self.last {
            None => STRETCH,
            Some((since, length)) => {
                let left = self.budget.saturating_sub(self.began.elapsed());
                longer(length, since.elapsed(), left)?
            }
        };
        self.last = Some((Instant::now(), length));
        Some(length)
    }
}

/// How far a look goes in the time that is left, after one that went so far took so long; none when that is
/// not worth its statements.
fn longer(length: u64, took: Duration, left: Duration) -> Option<u64> {
    let whole = u128::from(length).saturating_mul(left.as_micros());
    let fits = whole / took.as_micros().max(1);
    let next = Ord::min(fits, u128::from(length.saturating_mul(WIDER)));
    u64::try_from(next).ok().filter(|next| *next >= STRETCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_look_is_as_long_as_the_time_that_is_left() {
        let ms = Duration::from_millis;
        for (length, took, left, next) in [
            (STRETCH, ms(1), ms(119), Some(4 * STRETCH)),
            (STRETCH, ms(0), ms(120), Some(4 * STRETCH)),
            (STRETCH, ms(50), ms(100), Some(2 * STRETCH)),
            (4 * STRETCH, ms(80), ms(20), Some(STRETCH)),
            (STRETCH, ms(80), ms(40), None),
            (STRETCH, ms(1), ms(0), None),
            (u64::MAX, ms(1), Duration::MAX, Some(u64::MAX)),
        ] {
            assert_eq!(
                longer(length, took, left),
                next,
                "{length} {took:?} {left:?}"
            );
        }
    }

    #[test]
    fn the_first_look_is_never_too_late() {
        let mut pace = Pace::new(Duration::ZERO);
        assert_eq!(pace.next_length(), Some(STRETCH));
        assert_eq!(pace.next_length(), None);
    }
}
