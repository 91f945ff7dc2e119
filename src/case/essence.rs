//! How alike two texts are, pure: what of a text is compared, and what two have in common. Used by `similar.rs`,
//! which finds open cases that may be the same thing, and by whoever fits needs to resources.

use crate::base::text::fold;

/// Characters of a text that are compared.
const COMPARED: usize = 200;
/// Words that stand in half of all texts and say nothing of the thing; of places, which are compared by themselves.
const SAY_NOTHING: [&str; 9] = [
    "号楼", "单元", "栋", "幢", "小区", "我们", "我家", "你好", "您好",
];

/// What is compared of a text: its letters, without the numbers of houses. Traditional and simplified, full and
/// half width are the same.
#[must_use]
pub fn essence(text: &str) -> String {
    let mut folded = fold(text);
    for word in SAY_NOTHING {
        folded = folded.replace(word, " ");
    }
    folded
        .chars()
        .filter(|c| c.is_alphabetic())
        .take(COMPARED)
        .collect()
}

/// The pairs of characters that follow each other in an essence, each once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pairs(Vec<u64>);

impl Pairs {
    /// Those of an [`essence`].
    #[must_use]
    pub fn of(essence: &str) -> Self {
        let next = essence.chars().skip(1);
        let mut pairs: Vec<u64> = essence
            .chars()
            .zip(next)
            .map(|(one, other)| (u64::from(one) << 32) | u64::from(other))
            .collect();
        pairs.sort_unstable();
        pairs.dedup();
        Self(pairs)
    }

    /// Whether there is none: of a text of one character.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many both have.
    #[must_use]
    pub fn common(&self, other: &Self) -> usize {
        let (mut mine, mut theirs) = (self.0.iter().peekable(), other.0.iter().peekable());
        let mut count = 0;
        while let (Some(one), Some(another)) = (mine.peek(), theirs.peek()) {
            match one.cmp(another) {
                std::cmp::Ordering::Less => {
                    mine.next();
                }
                std::cmp::Ordering::Greater => {
                    theirs.next();
                }
                std::cmp::Ordering::Equal => {
                    count += 1;
                    mine.next();
                    theirs.next();
                }
            }
        }
        count
    }

    /// The share, 0 to 1, that `common` pairs are of the shorter text.
    #[expect(clippy::cast_precision_loss, reason = "at most 200 pairs")]
    #[must_use]
    pub fn share(&self, other: &Self, common: usize) -> f64 {
        let fewest = self.0.len().min(other.0.len());
        if fewest == 0 {
            return 0.0;
        }
        common as f64 / fewest as f64
    }
}

/// How alike two texts are, 0 to 1: the share of the shorter one's pairs of characters that the other has, too.
#[must_use]
pub fn likeness(one: &str, other: &str) -> f64 {
    let (one, other) = (Pairs::of(&essence(one)), Pairs::of(&essence(other)));
    one.share(&other, one.common(&other))
}

/// The longest run of characters that both essences have, two at least.
#[must_use]
pub fn shared(one: &str, other: &str) -> String {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let mut best = (0, 0);
    let mut above = vec![0_usize; other.len() + 1];
    for (at, a) in one.iter().enumerate() {
        let mut row = vec![0_usize; other.len() + 1];
        for (place, b) in other.iter().enumerate() {
            let length = match above.get(place) {
                Some(before) if a == b => before + 1,
                _ => 0,
            };
            if let Some(cell) = row.get_mut(place + 1) {
                *cell = length;
            }
            if length > best.1 {
                best = (at + 1 - length, length);
            }
        }
        above = row;
    }
    match best {
        (from, length) if length >= 2 => one.iter().skip(from).take(length).collect(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_same_thing_in_other_words_is_alike() {
        for (one, other, least) in [
            ("3栋电梯停了", "３棟電梯停了！", 1.0),
            ("3栋电梯停了", "3栋2单元的电梯停了好久，老人下不了楼", 1.0),
            ("电梯停了", "电梯坏了，快来修", 0.3),
            ("地下车库漏水了", "车库漏水，地上全是水", 0.5),
            ("楼道灯不亮", "二楼楼道灯不亮了", 1.0),
            ("大门口石狮子倒了", "门口的石獅子倒了，小心孩子", 0.5),
        ] {
            let found = likeness(one, other);
            assert!(found >= least, "{one} / {other}: {found}");
        }
    }

    #[test]
    fn what_is_another_thing_is_not() {
        for (one, other) in [
            ("3栋电梯停了", "3栋垃圾没人收"),
            ("路灯坏了一盏", "楼上装修太吵"),
            ("3栋2单元", "3栋2单元"),
            ("", "电梯停了"),
            ("梯", "梯"),
        ] {
            let found = likeness(one, other);
            assert!(found < 0.3, "{one} / {other}: {found}");
        }
    }

    #[test]
    fn only_what_both_have_said_is_shown() {
        let words = |one: &str, other: &str| shared(&essence(one), &essence(other));
        assert_eq!(words("3栋电梯停了", "我是张秀英，电梯停了两天"), "电梯停了");
        assert_eq!(words("电梯", "楼道灯"), "");
    }

    proptest! {
        #[test]
        fn likeness_is_a_share_and_the_same_both_ways(one in "\\PC{0,60}", other in "\\PC{0,60}") {
            let found = likeness(&one, &other);
            prop_assert!((0.0..=1.0).contains(&found));
            prop_assert_eq!(found, likeness(&other, &one));
        }

        #[test]
        fn a_text_is_like_itself_and_like_what_is_built_on_it(text in "[电梯停坏漏水灯]{2,20}", more in "[电梯停坏漏水灯]{0,20}") {
            prop_assert!(likeness(&text, &text) >= 1.0);
            let longer = format!("{text}，{more}");
            prop_assert!(likeness(&text, &longer) >= 1.0);
        }

        #[test]
        fn shared_words_stand_in_both(one in "[电梯停了坏漏水灯]{0,20}", other in "[电梯停了坏漏水灯]{0,20}") {
            let words = shared(&essence(&one), &essence(&other));
            prop_assert!(one.contains(&words) && other.contains(&words));
        }

        #[test]
        fn an_essence_holds_nothing_but_letters(text in "\\PC{0,300}") {
            let kept = essence(&text);
            prop_assert!(kept.chars().all(char::is_alphabetic) && kept.chars().count() <= 200);
        }
    }
}
