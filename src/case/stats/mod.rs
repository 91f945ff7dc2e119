//! Figures of cases (C8): what is counted, and the rates (三率) that follow. Pure; [`count`] asks the
//! database, [`span`] says what a period is. Used by the console, the board and the export.
//!
//! All figures speak of the cases that were *filed* in the period, as they stand now. So a figure of a
//! past month may still move, and the list behind it holds exactly the cases that it counts: one
//! [`Figure`] is one condition, and both are made of it. What was withdrawn is counted as filed and as
//! withdrawn and stands in no rate. What was closed without being solved is counted apart and never as
//! solved. A rating that lapsed is not a good one. See `docs/decisions/0017-what-figures-count.md`.

pub mod count;
pub mod span;

use entity::case;
use entity::kinds::{CaseState, Outcome};
use sea_orm::{ColumnTrait, Condition};

/// From this score on a resident is satisfied; the middle one is not.
pub const CONTENT_FROM: i16 = 4;

/// States in which there is something to do; that somebody asks to have it opened again is one.
pub const AT_WORK: [CaseState; 6] = [
    CaseState::Raised,
    CaseState::Assigned,
    CaseState::Accepted,
    CaseState::Arrived,
    CaseState::Paused,
    CaseState::ReopenRequested,
];

/// Something that is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Figure {
    /// Filed in the period.
    Filed,
    /// Taken back.
    Withdrawn,
    /// Being worked on.
    Open,
    /// Of those that had to be answered by now.
    Answerable,
    /// Answered before the first clock ran out.
    Answered,
    /// Of those that had to be solved by now.
    Due,
    /// Done.
    Solved,
    /// Done before the clock ran out.
    SolvedOnTime,
    /// Closed without being done.
    Unsolved,
    /// Open, and the clock has run out.
    Overdue,
    /// Opened again.
    Reopened,
    /// Rated, or the time for it has lapsed.
    Asked,
    /// Rated.
    Rated,
    /// Rated four or five.
    Satisfied,
}

/// What a figure is called, and what it counts.
#[derive(Clone, Copy, Debug)]
pub struct Words {
    /// In addresses.
    pub key: &'static str,
    /// Head of a column.
    pub name: &'static str,
    /// What is in it.
    pub means: &'static str,
}

impl Figure {
    /// All of them, in the order of the columns.
    pub const ALL: [Self; 14] = [
        Self::Filed,
        Self::Withdrawn,
        Self::Open,
        Self::Answerable,
        Self::Answered,
        Self::Due,
        Self::Solved,
        Self::SolvedOnTime,
        Self::Unsolved,
        Self::Overdue,
        Self::Reopened,
        Self::Asked,
        Self::Rated,
        Self::Satisfied,
    ];

    /// By the word of an address.
    #[must_use]
    pub fn of(key: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|figure| figure.words().key == key)
    }

    /// What it is called.
    #[must_use]
    pub const fn words(self) -> Words {
        let (key, name, means) = match self {
            Self::Filed => ("filed", "提出", "这段时间提出的全部诉求"),
            Self::Withdrawn => ("withdrawn", "撤回", "提出人撤回的，不计入任何比率"),
            Self::Open => ("open", "在办", "现在还在办理的"),
            Self::Answerable => (
                "answerable",
                "应响应",
                "没有撤回，已响应、或响应时限已过、或没有人接的",
            ),
            Self::Answered => ("answered", "按时响应", "第一次在响应时限内接单的"),
            Self::Due => ("due", "应解决", "没有撤回，已结束、或办理时限已过的"),
            Self::Solved => ("solved", "已解决", "办结并且解决的"),
            Self::SolvedOnTime => ("on_time", "按时解决", "在办理时限内解决的"),
            Self::Unsolved => ("unsolved", "未能解决", "已经结束但没有解决的，不算解决"),
            Self::Overdue => ("overdue", "超时在办", "办理时限已过、还没有办结的"),
            Self::Reopened => ("reopened", "重开", "办结以后又重新办理过的"),
            Self::Asked => ("asked", "应评价", "已评价，或评价期限已过的"),
            Self::Rated => ("rated", "已评价", "提出人打了分的"),
            Self::Satisfied => ("satisfied", "满意", "提出人打了4分或5分的，加入的邻居不计"),
        };
        Words { key, name, means }
    }

    /// Which cases it counts.
    #[must_use]
    pub fn condition(self) -> Condition {
        let counts = || Condition::all().add(case::COLUMN.state.ne(CaseState::Withdrawn));
        let over = || {
            let ends = [CaseState::Finished, CaseState::Reviewed];
            counts().add(case::COLUMN.state.is_in(ends))
        };
        let open = || Condition::all().add(case::COLUMN.state.is_in(AT_WORK));
        let solved = || over().add(case::COLUMN.outcome.eq(Outcome::Solved));
        let reviewed = || Condition::all().add(case::COLUMN.state.eq(CaseState::Reviewed));
        match self {
            Self::Filed => Condition::all(),
            Self::Withdrawn => Condition::all().add(case::COLUMN.state.eq(CaseState::Withdrawn)),
            Self::Open => open(),
            // Whoever was told a moment ago is not late; nobody to be told is.
            Self::Answerable => counts().add(
                Condition::any()
                    .add(case::COLUMN.accepted_at.is_not_null())
                    .add(case::COLUMN.accept_late.eq(true))
                    .add(case::COLUMN.state.ne(CaseState::Assigned)),
            ),
            Self::Answered => counts()
                .add(case::COLUMN.accepted_at.is_not_null())
                .add(case::COLUMN.accept_late.eq(false)),
            Self::Due => Condition::any()
                .add(over())
                .add(open().add(case::COLUMN.finish_late.eq(true))),
            Self::Solved => solved(),
            Self::SolvedOnTime => solved().add(case::COLUMN.finish_late.eq(false)),
            Self::Unsolved => over().add(case::COLUMN.outcome.eq(Outcome::Unsolved)),
            Self::Overdue => open().add(case::COLUMN.finish_late.eq(true)),
            Self::Reopened => counts().add(case::COLUMN.reopened.eq(true)),
            Self::Asked => reviewed(),
            Self::Rated => reviewed().add(case::COLUMN.rating.is_not_null()),
            Self::Satisfied => reviewed().add(case::COLUMN.rating.gte(CONTENT_FROM)),
        }
    }
}

/// How many cases each figure counts, in the order of [`Figure::ALL`]; and the sum of the scores.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    counts: [i64; Figure::ALL.len()],
    stars: i64,
}

impl Counts {
    /// From what was counted.
    #[must_use]
    pub const fn new(counts: [i64; Figure::ALL.len()], stars: i64) -> Self {
        Self { counts, stars }
    }

    /// One of them.
    #[must_use]
    pub fn get(&self, figure: Figure) -> i64 {
        let counts = Figure::ALL.iter().zip(self.counts);
        counts
            .filter(|(known, _)| **known == figure)
            .map(|(_, count)| count)
            .sum()
    }

    /// Adds those of other cases.
    pub fn add(&mut self, other: &Self) {
        for (sum, count) in self.counts.iter_mut().zip(other.counts) {
            *sum += count;
        }
        self.stars += other.stars;
    }

    /// The mean score in tenths, rounded; none when nobody has rated.
    #[must_use]
    pub fn score(&self) -> Option<i64> {
        rounded(self.stars * 10, self.get(Figure::Rated))
    }
}

/// A part of a whole, in public.
#[derive(Clone, Copy, Debug)]
pub struct Rate {
    /// What it is called.
    pub name: &'static str,
    /// The part.
    pub part: Figure,
    /// The whole.
    pub whole: Figure,
}

/// 三率, and how much was solved in time.
pub const RATES: [Rate; 4] = [
    Rate {
        name: "响应率",
        part: Figure::Answered,
        whole: Figure::Answerable,
    },
    Rate {
        name: "解决率",
        part: Figure::Solved,
        whole: Figure::Due,
    },
    Rate {
        name: "按时解决率",
        part: Figure::SolvedOnTime,
        whole: Figure::Due,
    },
    Rate {
        name: "满意率",
        part: Figure::Satisfied,
        whole: Figure::Asked,
    },
];

impl Rate {
    /// In thousandths, rounded; none when there is nothing to judge by.
    #[must_use]
    pub fn of(&self, counts: &Counts) -> Option<i64> {
        rounded(counts.get(self.part) * 1000, counts.get(self.whole))
    }

    /// `93.8%`; a dash when there is nothing to judge by.
    #[must_use]
    pub fn says(&self, counts: &Counts) -> String {
        self.of(counts).map_or_else(|| "—".to_owned(), percent)
    }

    /// `响应率 = 按时响应 ÷ 应响应`
    #[must_use]
    pub fn formula(&self) -> String {
        format!(
            "{} = {} ÷ {}",
            self.name,
            self.part.words().name,
            self.whole.words().name
        )
    }
}

/// How much of all that was solved was solved at one level: how much is settled low (小事不出社区).
pub const SHARE: &str = "占全部已解决";

/// How that is worked out.
pub const SHARE_FORMULA: &str = "占全部已解决 = 该层级已解决 ÷ 全部已解决";

/// The share of these cases in all that was solved: `82.0%`; a dash when nothing was.
#[must_use]
pub fn share_says(part: &Counts, whole: &Counts) -> String {
    let solved = |counts: &Counts| counts.get(Figure::Solved);
    rounded(solved(part) * 1000, solved(whole)).map_or_else(|| "—".to_owned(), percent)
}

/// Thousandths as people write them.
#[must_use]
pub fn percent(thousandths: i64) -> String {
    format!("{}%", tenths(thousandths))
}

/// `4.5` of 45.
#[must_use]
pub fn tenths(number: i64) -> String {
    format!("{}.{}", number / 10, number % 10)
}

/// The quotient to the nearest whole number, a half upward; neither is below 0.
fn rounded(part: i64, whole: i64) -> Option<i64> {
    (whole > 0).then(|| (2 * part + whole) / (2 * whole))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn counts(of: &[(Figure, i64)]) -> Counts {
        let count = |figure: Figure| {
            let found = of.iter().find(|(known, _)| *known == figure);
            found.map_or(0, |(_, count)| *count)
        };
        Counts::new(Figure::ALL.map(count), 0)
    }

    #[test]
    fn every_figure_is_there_once() {
        for (at, figure) in Figure::ALL.iter().enumerate() {
            assert_eq!(Figure::of(figure.words().key), Some(*figure));
            assert_eq!(
                Figure::ALL.iter().position(|other| other == figure),
                Some(at)
            );
        }
        assert_eq!(Figure::of("all"), None);
    }

    #[test]
    fn a_rate_is_part_of_whole() {
        let counts = counts(&[
            (Figure::Answered, 15),
            (Figure::Answerable, 16),
            (Figure::Solved, 1),
            (Figure::Due, 3),
        ]);
        let said: Vec<String> = RATES.iter().map(|rate| rate.says(&counts)).collect();
        assert_eq!(said, ["93.8%", "33.3%", "0.0%", "—"]);
        assert_eq!(RATES[3].formula(), "满意率 = 满意 ÷ 应评价");
    }

    #[test]
    fn a_share_is_of_all_that_was_solved() {
        let solved = |count| counts(&[(Figure::Solved, count), (Figure::Unsolved, 7)]);
        for (part, whole, said) in [(5, 6, "83.3%"), (0, 6, "0.0%"), (0, 0, "—")] {
            assert_eq!(share_says(&solved(part), &solved(whole)), said);
        }
    }

    #[test]
    fn the_mean_score_is_of_those_who_rated() {
        let mut counts = counts(&[(Figure::Rated, 4)]);
        counts.add(&Counts::new([0; 14], 17));
        assert_eq!(counts.score().map(tenths).as_deref(), Some("4.3"));
        assert_eq!(Counts::default().score(), None);
    }

    proptest! {
        #[test]
        fn a_part_is_never_more_than_its_whole(part in 0_i64..1_000_000, more in 0_i64..1_000_000) {
            let rate = rounded(part * 1000, part + more);
            prop_assert!(rate.is_none_or(|rate| (0..=1000).contains(&rate)));
            prop_assert_eq!(rate.is_none(), part + more == 0);
        }
    }
}
