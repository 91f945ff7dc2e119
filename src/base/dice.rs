//! Randomness as a parameter: one source for keys, codes and jitter, seeded in tests. Any module may use it.

use std::sync::Mutex;

use rand::rngs::StdRng;
use rand::{Rng, RngExt, SeedableRng};

/// A cryptographically strong source that can be seeded.
#[derive(Debug)]
pub struct Dice(Mutex<StdRng>);

impl Dice {
    /// Seeded by the operating system.
    #[must_use]
    pub fn from_system() -> Self {
        Self(Mutex::new(rand::make_rng()))
    }

    /// The same throws for the same seed: tests only.
    #[must_use]
    pub fn from_seed(seed: u64) -> Self {
        Self(Mutex::new(StdRng::seed_from_u64(seed)))
    }

    fn with<T>(&self, draw: impl FnOnce(&mut StdRng) -> T) -> T {
        // A poisoned lock still holds a usable generator.
        let mut guard = self
            .0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        draw(&mut guard)
    }

    /// Random bytes.
    #[must_use]
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        self.with(|rng| {
            let mut out = [0_u8; N];
            rng.fill_bytes(&mut out);
            out
        })
    }

    /// Decimal digits, such as an invitation code.
    #[must_use]
    pub fn digits(&self, count: usize) -> String {
        self.with(|rng| {
            (0..count)
                .map(|_| char::from(b'0' + rng.random_range(0..10_u8)))
                .collect()
        })
    }

    /// A URL-safe token of 256 bits.
    #[must_use]
    pub fn token(&self) -> String {
        use base64::Engine;
        base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(self.bytes::<32>())
    }

    /// A factor in `[1 - spread, 1 + spread)` for back-off with jitter.
    #[must_use]
    pub fn jitter(&self, spread: f64) -> f64 {
        self.with(|rng| 1.0 - spread + rng.random::<f64>() * 2.0 * spread)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_repeats_and_two_seeds_differ() {
        assert_eq!(Dice::from_seed(1).digits(8), Dice::from_seed(1).digits(8));
        assert_ne!(Dice::from_seed(1).token(), Dice::from_seed(2).token());
    }

    #[test]
    fn jitter_stays_inside_its_spread() {
        let dice = Dice::from_seed(7);
        for _ in 0..1000 {
            let factor = dice.jitter(0.2);
            assert!((0.8..1.2).contains(&factor));
        }
    }
}
