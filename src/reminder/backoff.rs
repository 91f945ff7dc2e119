//! How long to wait before the next try. Pure; called by `settle`.

use chrono::TimeDelta;

use crate::base::dice::Dice;

/// Seconds after the first, second … failed try; the last one stays.
const STEPS: [i32; 5] = [60, 5 * 60, 30 * 60, 2 * 3600, 6 * 3600];
/// Spread by a fifth either way, so that what failed together does not come back together.
const SPREAD: f64 = 0.2;

/// The pause after so many tries (1 for the first one).
#[must_use]
pub fn pause(attempts: i32, dice: &Dice) -> TimeDelta {
    let step = usize::try_from(attempts.saturating_sub(1)).unwrap_or(0);
    let seconds = STEPS.get(step).or(STEPS.last()).copied().unwrap_or(60);
    let spread = f64::from(seconds) * dice.jitter(SPREAD);
    // Between 48 s and 7.2 h: far inside of what a Duration takes.
    TimeDelta::from_std(std::time::Duration::from_secs_f64(spread))
        .unwrap_or_else(|_| TimeDelta::seconds(i64::from(seconds)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_stay_inside_their_spread() {
        let dice = Dice::from_seed(3);
        for (attempts, minutes) in [
            (-1, 1),
            (0, 1),
            (1, 1),
            (2, 5),
            (3, 30),
            (4, 120),
            (5, 360),
            (6, 360),
            (99, 360),
        ] {
            for _ in 0..50 {
                let ms = pause(attempts, &dice).num_milliseconds();
                let wanted = minutes * 60_000;
                assert!(
                    (wanted * 8 / 10..=wanted * 12 / 10).contains(&ms),
                    "{attempts}: {ms}"
                );
            }
        }
    }
}
