//! When clocks run: round the clock, or in service hours with split shifts, days of their own and
//! China's public holidays. Sums over open time, exact to the millisecond, on China's wall clock.
//! Pure; used by the clocks of cases.

pub mod holidays;
pub mod hours;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate, TimeDelta};

use crate::base::calendar::holidays::{Public, public};
use crate::base::calendar::hours::{Span, Spans, Week};
use crate::base::clock::{Moment, begin_of, china};

/// Milliseconds of a minute.
pub const MINUTE: i64 = 60_000;

/// Days that a search goes through before it ends: ten years.
const MOST_DAYS: usize = 3_660;

/// When clocks run.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum Calendar {
    /// Day and night.
    #[default]
    Always,
    /// In these hours.
    Hours(Hours),
}

/// Service hours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hours {
    /// As a rule.
    pub week: Week,
    /// Closed on public holidays, open on the days that are worked for them.
    pub public_holidays: bool,
    /// Days that are otherwise; without a span they are closed. They go before the public ones.
    pub days: BTreeMap<NaiveDate, Spans>,
}

/// Why a day has the hours that it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// As its weekday has them.
    Week,
    /// A public holiday, or a day that is worked for one.
    Public,
    /// A day of the calendar's own.
    Own,
}

impl Hours {
    /// The hours of a day, and why it has them.
    #[must_use]
    pub fn day(&self, day: NaiveDate) -> (&[Span], Why) {
        if let Some(own) = self.days.get(&day) {
            return (own, Why::Own);
        }
        let weekday = self.week.of(day.weekday());
        match public(day).filter(|_| self.public_holidays) {
            Some(Public::Off) => (&[], Why::Public),
            Some(Public::Work) if weekday.is_empty() => {
                (self.week.of_work().unwrap_or(&[]), Why::Public)
            }
            _ => (weekday, Why::Week),
        }
    }

    fn spans(&self, day: NaiveDate) -> &[Span] {
        self.day(day).0
    }

    /// The open stretches of a day, as moments, in order.
    fn stretches(
        &self,
        day: NaiveDate,
    ) -> impl DoubleEndedIterator<Item = (Moment, Moment)> + use<'_> {
        let begin = begin_of(day);
        let at = move |minute: u16| begin + TimeDelta::minutes(i64::from(minute));
        self.spans(day)
            .iter()
            .map(move |span| (at(span.from), at(span.to)))
    }

    fn later(&self, from: Moment, mut left: i64) -> Moment {
        let mut day = china(from).date_naive();
        for _ in 0..MOST_DAYS {
            for (open, close) in self.stretches(day) {
                let open = open.max(from);
                let room = (close - open).num_milliseconds();
                if room >= left {
                    return open + TimeDelta::milliseconds(left);
                }
                left -= room.max(0);
            }
            let Some(next) = day.succ_opt() else { break };
            day = next;
        }
        begin_of(day)
    }

    fn earlier(&self, to: Moment, mut left: i64) -> Moment {
        let mut day = china(to).date_naive();
        for _ in 0..MOST_DAYS {
            for (open, close) in self.stretches(day).rev() {
                let close = close.min(to);
                let room = (close - open).num_milliseconds();
                if room >= left {
                    return close - TimeDelta::milliseconds(left);
                }
                left -= room.max(0);
            }
            let Some(previous) = day.pred_opt() else {
                break;
            };
            day = previous;
        }
        begin_of(day)
    }

    fn between(&self, from: Moment, to: Moment) -> i64 {
        let first = china(from).date_naive();
        let last = china(to).date_naive();
        first
            .iter_days()
            .take(MOST_DAYS)
            .take_while(|day| *day <= last)
            .flat_map(|day| self.stretches(day))
            .map(|(open, close)| (close.min(to) - open.max(from)).num_milliseconds().max(0))
            .sum()
    }
}

impl Calendar {
    /// The moment at which so many open minutes have passed since `from`; `from` itself for none. It
    /// is the end of a stretch rather than the beginning of the next one. Where a calendar opens so
    /// seldom that ten years do not hold them, the end of those.
    #[must_use]
    pub fn due(&self, from: Moment, minutes: i64) -> Moment {
        self.after(from, minutes.saturating_mul(MINUTE))
    }

    /// The same, for open milliseconds.
    #[must_use]
    pub fn after(&self, from: Moment, open: i64) -> Moment {
        match self {
            _ if open <= 0 => from,
            Self::Hours(hours) => hours.later(from, open),
            Self::Always => TimeDelta::try_milliseconds(open)
                .and_then(|delta| from.checked_add_signed(delta))
                .unwrap_or(Moment::MAX_UTC),
        }
    }

    /// The last moment from which so many open milliseconds pass until `to`.
    #[must_use]
    pub fn before(&self, to: Moment, open: i64) -> Moment {
        match self {
            _ if open <= 0 => to,
            Self::Hours(hours) => hours.earlier(to, open),
            Self::Always => TimeDelta::try_milliseconds(open)
                .and_then(|delta| to.checked_sub_signed(delta))
                .unwrap_or(Moment::MIN_UTC),
        }
    }

    /// Open milliseconds from one moment to another; none when it is not later.
    #[must_use]
    pub fn elapsed(&self, from: Moment, to: Moment) -> i64 {
        match self {
            _ if to <= from => 0,
            Self::Always => (to - from).num_milliseconds(),
            Self::Hours(hours) => hours.between(from, to),
        }
    }

    /// Whether every minute counts.
    #[must_use]
    pub fn is_always(&self) -> bool {
        matches!(self, Self::Always)
    }
}
