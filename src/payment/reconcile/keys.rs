//! A set of keys, a bit each: which payments of a day the bill has not shown yet. Keys of one day lie close
//! together, so that a million of them take as much as twenty of them as text.

use std::collections::BTreeMap;

/// Keys of one block, in so many words.
const BLOCK: i64 = 16_384;
const WORDS: usize = 256;

/// The keys.
#[derive(Debug, Default)]
pub(super) struct Keys(BTreeMap<i64, Box<[u64; WORDS]>>);

impl Keys {
    /// Puts a key in.
    pub(super) fn insert(&mut self, key: i64) {
        let (word, bit) = place(key);
        let block = self.0.entry(key.div_euclid(BLOCK));
        if let Some(word) = block.or_insert_with(|| Box::new([0; WORDS])).get_mut(word) {
            *word |= bit;
        }
    }

    /// Takes a key out, if it is there.
    pub(super) fn remove(&mut self, key: i64) {
        let (word, bit) = place(key);
        let block = self.0.get_mut(&key.div_euclid(BLOCK));
        if let Some(word) = block.and_then(|block| block.get_mut(word)) {
            *word &= !bit;
        }
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        let words = self.0.values().flat_map(|block| block.iter());
        words.map(|word| word.count_ones() as usize).sum()
    }

    /// All of them in their order.
    pub(super) fn iter(&self) -> impl Iterator<Item = i64> {
        let words = self.0.iter().flat_map(|(block, words)| {
            let first = block * BLOCK;
            (0_i64..)
                .zip(words.iter())
                .map(move |(at, word)| (first + 64 * at, *word))
        });
        words.flat_map(|(first, word)| {
            (0_i64..64).filter_map(move |bit| ((word >> bit) & 1 == 1).then_some(first + bit))
        })
    }
}

/// The word of a block, and the bit in it.
fn place(key: i64) -> (usize, u64) {
    let inside = key.rem_euclid(BLOCK);
    let word = usize::try_from(inside / 64).unwrap_or(usize::MAX);
    (word, 1 << (inside % 64))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_is_a_set(
            changes in prop::collection::vec((any::<bool>(), prop_oneof![0_i64..300, 16_000_i64..17_000, any::<i64>().prop_map(|key| key / 2)]), 0..200),
        ) {
            let (mut keys, mut set) = (Keys::default(), BTreeSet::new());
            for (comes, key) in changes {
                if comes {
                    keys.insert(key);
                    set.insert(key);
                } else {
                    keys.remove(key);
                    set.remove(&key);
                }
            }
            prop_assert_eq!(keys.count(), set.len());
            prop_assert_eq!(keys.iter().collect::<Vec<_>>(), set.into_iter().collect::<Vec<_>>());
        }
    }
}
