//! Who gets a place and who waits. Pure.
//!
//! A family stays together: it has a place for everybody or it waits. Whoever waits is moved up in the
//! order of the line. While people still sign up, nobody overtakes: a family of three at the head keeps
//! what becomes free until it is enough for three, and whoever comes anew goes behind it. Once nobody signs
//! up any more, the first in the line who fit are moved up: a place is not left empty for a family that
//! cannot come.

/// Where a sign-up goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seat {
    /// Has a place.
    Taken,
    /// Waits.
    Waiting,
}

/// Places that nobody has; none when there are as many as people come.
#[must_use]
pub fn free(places: Option<i32>, taken: i32) -> Option<i32> {
    places.map(|places| places.saturating_sub(taken).max(0))
}

/// Where somebody goes who comes with so many, while so many wait.
#[must_use]
pub fn seat(free: Option<i32>, waiting: i32, size: i32) -> Seat {
    match free {
        None => Seat::Taken,
        Some(free) if waiting == 0 && size <= free => Seat::Taken,
        Some(_) => Seat::Waiting,
    }
}

/// Whom of those who wait (key and size, in the order of the line) a place is for now; `closed`: nobody
/// signs up any more.
#[must_use]
pub fn move_up(free: Option<i32>, line: &[(i64, i32)], closed: bool) -> Vec<i64> {
    let Some(mut free) = free else {
        return line.iter().map(|(id, _)| *id).collect();
    };
    let mut up = Vec::new();
    for (id, size) in line {
        if *size <= free {
            free -= size;
            up.push(*id);
        } else if !closed {
            break;
        }
    }
    up
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_family_goes_in_whole_or_waits() {
        assert_eq!(seat(Some(3), 0, 3), Seat::Taken);
        assert_eq!(seat(Some(2), 0, 3), Seat::Waiting);
        assert_eq!(seat(Some(5), 3, 1), Seat::Waiting, "nobody overtakes");
        assert_eq!(seat(None, 0, 6), Seat::Taken);
        assert_eq!(free(Some(10), 12), Some(0), "let in at the door");
    }

    #[test]
    fn the_head_of_the_line_is_waited_for_until_nobody_signs_up_any_more() {
        let line = [(1, 3), (2, 1), (3, 2)];
        assert_eq!(move_up(Some(2), &line, false), Vec::<i64>::new());
        assert_eq!(move_up(Some(4), &line, false), [1, 2]);
        assert_eq!(move_up(Some(2), &line, true), [2]);
        assert_eq!(move_up(Some(3), &line[1..], true), [2, 3]);
        assert_eq!(move_up(None, &line, false), [1, 2, 3]);
    }

    proptest! {
        #[test]
        fn never_more_than_there_are_and_never_out_of_order(
            places in 0_i32..40,
            sizes in proptest::collection::vec(1_i32..=6, 0..30),
            closed in any::<bool>(),
        ) {
            let line: Vec<(i64, i32)> = (0_i64..).zip(sizes.iter().copied()).collect();
            let up = move_up(Some(places), &line, closed);
            let seats: i32 = line.iter().filter(|(id, _)| up.contains(id)).map(|(_, size)| size).sum();
            prop_assert!(seats <= places);
            prop_assert!(up.is_sorted());
            let left = places - seats;
            let mut behind = line.iter().filter(|(id, _)| !up.contains(id));
            match closed {
                // Nobody is left who fits.
                true => prop_assert!(behind.all(|(_, size)| *size > left)),
                // Those who were moved up are the head of the line, and the next does not fit.
                false => {
                    prop_assert!((0_i64..).zip(&up).all(|(at, id)| at == *id));
                    prop_assert!(behind.next().is_none_or(|(_, size)| *size > left));
                }
            }
        }

        #[test]
        fn whoever_comes_while_somebody_waits_goes_behind(
            places in 1_i32..20,
            sizes in proptest::collection::vec(1_i32..=6, 1..30),
        ) {
            let (mut taken, mut waiting) = (0, 0);
            for size in sizes {
                match seat(free(Some(places), taken), waiting, size) {
                    Seat::Taken => {
                        prop_assert_eq!(waiting, 0);
                        taken += size;
                    }
                    Seat::Waiting => waiting += size,
                }
                prop_assert!(taken <= places);
            }
        }
    }
}
