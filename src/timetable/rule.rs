//! When a timetable rings: some days, at some minutes of each. Pure. The calendar is China's, without daylight
//! saving: every local time is there once. Short months: the 29th, 30th and 31st are their last day where they
//! have none (decision 0027).

use chrono::{Datelike, NaiveDate, TimeDelta};
use serde::{Deserialize, Serialize};

use crate::base::clock::{Moment, begin_of, china};
use crate::base::fault::Fault;
use crate::base::month::Month;

/// Times of a day, at most.
pub const MOST_TIMES: usize = 4;
/// Days that are left out, at most.
pub const MOST_EXCEPT: usize = 60;
/// Every so many days, weeks or months, at most.
pub const MOST_EVERY: u32 = 52;
/// The first and the last minute of a day at which people are told: 06:00 and 22:00.
const HOURS: std::ops::RangeInclusive<u16> = 6 * 60..=22 * 60;
/// Days that are looked through for the next one: ten years.
const MOST_DAYS: u32 = 3_660;
/// Months that have such a weekday.
const NTH: [i8; 5] = [1, 2, 3, 4, LAST];
/// The last of its kind in a month.
pub const LAST: i8 = -1;

/// Which days.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Days {
    /// All of them.
    Daily,
    /// These weekdays, 1 (Monday) to 7.
    Weekly {
        /// At least one.
        on: Vec<u8>,
    },
    /// This day of the month, 1 to 31.
    Monthly {
        /// The last day of the month where it has no such day.
        day: u8,
    },
    /// The n-th of a weekday in the month.
    MonthlyNth {
        /// 1 to 4, or -1 for the last.
        nth: i8,
        /// 1 (Monday) to 7.
        weekday: u8,
    },
}

/// When a timetable rings, as stored in `timetable.rule`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// Which days.
    pub days: Days,
    /// Of every so many days, weeks or months, counted from the one of `from`.
    pub every: u32,
    /// The first day that may be one.
    pub from: NaiveDate,
    /// The last day that may be one.
    pub until: Option<NaiveDate>,
    /// Days that are left out.
    pub except: Vec<NaiveDate>,
    /// Minutes of the day.
    pub times: Vec<u16>,
}

impl Rule {
    /// The same with everything in order and once.
    ///
    /// # Errors
    /// `invalid` with the field when it cannot be.
    pub fn checked(mut self) -> Result<Self, Fault> {
        self.times.sort_unstable();
        self.times.dedup();
        self.except.sort_unstable();
        self.except.dedup();
        if self.times.is_empty() || self.times.len() > MOST_TIMES {
            return Err(Fault::invalid(
                "times",
                format!("请写1到{MOST_TIMES}个时间，例如 07:00、18:30。"),
            ));
        }
        if self.times.iter().any(|minute| !HOURS.contains(minute)) {
            return Err(Fault::invalid("times", "时间请在06:00到22:00之间。"));
        }
        if !(1..=MOST_EVERY).contains(&self.every) {
            return Err(Fault::invalid(
                "every",
                format!("间隔请写1到{MOST_EVERY}。"),
            ));
        }
        if self.except.len() > MOST_EXCEPT {
            return Err(Fault::invalid(
                "except",
                format!("除外的日期最多{MOST_EXCEPT}个。"),
            ));
        }
        if !(2020..=2100).contains(&self.from.year()) {
            return Err(Fault::invalid("from", "开始日期不对，例如 2026-12-01。"));
        }
        if self.until.is_some_and(|until| until < self.from) {
            return Err(Fault::invalid("until", "结束日期要在开始日期以后。"));
        }
        self.days = days_checked(self.days)?;
        Ok(self)
    }

    /// Whether it rings on that day.
    #[must_use]
    pub fn falls_on(&self, day: NaiveDate) -> bool {
        let out = day < self.from
            || self.until.is_some_and(|until| until < day)
            || self.except.contains(&day);
        if out {
            return false;
        }
        let every = i64::from(self.every.max(1));
        match &self.days {
            Days::Daily => (day - self.from).num_days() % every == 0,
            Days::Weekly { on } => {
                let weeks = (monday_of(day) - monday_of(self.from)).num_days() / 7;
                on.contains(&weekday(day)) && weeks % every == 0
            }
            Days::Monthly { day: wanted } => {
                let there = Month::of(day).day(u32::from(*wanted));
                there == day && months(self.from, day) % every == 0
            }
            Days::MonthlyNth {
                nth,
                weekday: wanted,
            } => {
                weekday(day) == *wanted && is_nth(day, *nth) && months(self.from, day) % every == 0
            }
        }
    }

    /// When it rings next, strictly after a moment; none when it does not within ten years.
    #[must_use]
    pub fn first_after(&self, after: Moment) -> Option<Moment> {
        let mut day = china(after).date_naive().max(self.from);
        for _ in 0..MOST_DAYS {
            if self.until.is_some_and(|until| until < day) {
                return None;
            }
            if self.falls_on(day) {
                let begin = begin_of(day);
                let times = self.times.iter();
                let at = times.map(|minute| begin + TimeDelta::minutes(i64::from(*minute)));
                if let Some(at) = at.filter(|at| *at > after).min() {
                    return Some(at);
                }
            }
            day = day.succ_opt()?;
        }
        None
    }

    /// How people say it: `每周一、周三 07:00`.
    #[must_use]
    pub fn says(&self) -> String {
        let every = self.every;
        let days = match (&self.days, every) {
            (Days::Daily, 1) => "每天".to_owned(),
            (Days::Daily, _) => format!("每{every}天"),
            (Days::Weekly { on }, 1) => format!("每{}", weekdays_say(on)),
            (Days::Weekly { on }, _) => format!("每{every}周的{}", weekdays_say(on)),
            (Days::Monthly { day }, _) => format!("{}{day}日", months_say(every)),
            (Days::MonthlyNth { nth, weekday }, _) => {
                let which = match *nth {
                    LAST => "最后一个".to_owned(),
                    nth => format!("第{nth}个"),
                };
                format!("{}{which}{}", months_say(every), weekday_says(*weekday))
            }
        };
        let times: Vec<String> = self.times.iter().map(|at| minute_says(*at)).collect();
        let until = self
            .until
            .map(|until| format!("，到{}为止", until.format("%Y年%-m月%-d日")));
        format!("{days} {}{}", times.join("、"), until.unwrap_or_default())
    }
}

fn days_checked(days: Days) -> Result<Days, Fault> {
    match days {
        Days::Daily => Ok(Days::Daily),
        Days::Weekly { mut on } => {
            on.sort_unstable();
            on.dedup();
            if on.is_empty() || on.iter().any(|day| !(1..=7).contains(day)) {
                return Err(Fault::invalid("on", "请选星期几。"));
            }
            Ok(Days::Weekly { on })
        }
        Days::Monthly { day } if !(1..=31).contains(&day) => {
            Err(Fault::invalid("day", "几号请写1到31。"))
        }
        Days::MonthlyNth { nth, weekday } if !NTH.contains(&nth) || !(1..=7).contains(&weekday) => {
            Err(Fault::invalid("nth", "请选第几个星期几。"))
        }
        fine => Ok(fine),
    }
}

/// 1 (Monday) to 7.
fn weekday(day: NaiveDate) -> u8 {
    // It is 7 at most.
    u8::try_from(day.weekday().number_from_monday()).unwrap_or(7)
}

fn monday_of(day: NaiveDate) -> NaiveDate {
    let since = TimeDelta::days(i64::from(day.weekday().num_days_from_monday()));
    day.checked_sub_signed(since).unwrap_or(day)
}

/// Whole months from the month of one day to that of another.
fn months(from: NaiveDate, to: NaiveDate) -> i64 {
    let number = |day: NaiveDate| i64::from(day.year()) * 12 + i64::from(day.month0());
    number(to) - number(from)
}

/// Whether the day is the n-th of its weekday in its month.
fn is_nth(day: NaiveDate, nth: i8) -> bool {
    if nth == LAST {
        let next = day.checked_add_signed(TimeDelta::days(7));
        return next.is_none_or(|next| next.month() != day.month());
    }
    u32::try_from(nth).is_ok_and(|nth| day.day0() / 7 + 1 == nth)
}

fn weekday_says(number: u8) -> &'static str {
    match number {
        1 => "周一",
        2 => "周二",
        3 => "周三",
        4 => "周四",
        5 => "周五",
        6 => "周六",
        _ => "周日",
    }
}

fn weekdays_say(on: &[u8]) -> String {
    let names: Vec<&str> = on.iter().map(|day| weekday_says(*day)).collect();
    names.join("、")
}

fn months_say(every: u32) -> String {
    match every {
        1 => "每月".to_owned(),
        _ => format!("每{every}个月的"),
    }
}

/// `07:30`
#[must_use]
pub fn minute_says(minute: u16) -> String {
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

/// From `7:30` or `07：30`; none when it is no time of day.
#[must_use]
pub fn minute_of(text: &str) -> Option<u16> {
    let text: String = text
        .trim()
        .chars()
        .map(crate::base::text::half_width)
        .collect();
    let (hour, minute) = text.split_once(':')?;
    let (hour, minute): (u16, u16) = (hour.trim().parse().ok()?, minute.trim().parse().ok()?);
    (hour < 24 && minute < 60).then_some(hour * 60 + minute)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::base::clock::say;

    fn day(year: i32, month: u32, day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(year, month, day).unwrap()
    }

    fn rule(days: Days, every: u32) -> Rule {
        Rule {
            days,
            every,
            from: day(2026, 1, 1),
            until: None,
            except: Vec::new(),
            times: vec![7 * 60],
        }
    }

    /// The days of a stretch on which it rings.
    fn all(rule: &Rule, from: NaiveDate, days: u32) -> Vec<NaiveDate> {
        let each = from.iter_days().take(days.try_into().unwrap());
        each.filter(|day| rule.falls_on(*day)).collect()
    }

    #[test]
    fn the_31st_of_a_short_month_is_its_last_day() {
        let monthly = rule(Days::Monthly { day: 31 }, 1);
        let found = all(&monthly, day(2026, 1, 1), 365);
        let ends = (1..=12).map(|month| Month::new(2026, month).unwrap().last());
        assert_eq!(found, ends.collect::<Vec<_>>());
        let thirtieth = rule(Days::Monthly { day: 30 }, 1);
        assert!(thirtieth.falls_on(day(2026, 2, 28)) && thirtieth.falls_on(day(2026, 3, 30)));
        assert!(!thirtieth.falls_on(day(2026, 3, 31)));
        let leap = rule(Days::Monthly { day: 29 }, 1);
        assert!(leap.falls_on(day(2028, 2, 29)) && leap.falls_on(day(2027, 2, 28)));
    }

    #[test]
    fn the_nth_weekday_of_a_month() {
        let second = rule(Days::MonthlyNth { nth: 2, weekday: 6 }, 1);
        assert!(second.falls_on(day(2026, 12, 12)) && !second.falls_on(day(2026, 12, 5)));
        let last = rule(
            Days::MonthlyNth {
                nth: LAST,
                weekday: 4,
            },
            1,
        );
        // December 2026 has five Thursdays.
        assert!(last.falls_on(day(2026, 12, 31)) && !last.falls_on(day(2026, 12, 24)));
        assert_eq!(last.says(), "每月最后一个周四 07:00");
    }

    #[test]
    fn it_is_said_as_people_say_it() {
        assert_eq!(rule(Days::Daily, 1).says(), "每天 07:00");
        let weekly = Days::Weekly { on: vec![1, 3] };
        assert_eq!(rule(weekly.clone(), 1).says(), "每周一、周三 07:00");
        assert_eq!(rule(weekly, 2).says(), "每2周的周一、周三 07:00");
        assert_eq!(rule(Days::Monthly { day: 15 }, 1).says(), "每月15日 07:00");
        assert_eq!(minute_of("18：30"), Some(18 * 60 + 30));
        assert_eq!(minute_of("24:00"), None);
        assert_eq!(minute_of("七点"), None);
    }

    #[test]
    fn what_cannot_be_is_refused_with_its_field() {
        let wrong = |change: fn(&mut Rule)| {
            let mut one = rule(Days::Daily, 1);
            change(&mut one);
            one.checked().unwrap_err().field
        };
        assert_eq!(wrong(|rule| rule.times = Vec::new()), Some("times"));
        assert_eq!(wrong(|rule| rule.times = vec![5 * 60]), Some("times"));
        assert_eq!(wrong(|rule| rule.every = 0), Some("every"));
        assert_eq!(
            wrong(|rule| rule.days = Days::Weekly { on: vec![8] }),
            Some("on")
        );
        assert_eq!(
            wrong(|rule| rule.days = Days::Monthly { day: 32 }),
            Some("day")
        );
        let fifth = |rule: &mut Rule| rule.days = Days::MonthlyNth { nth: 5, weekday: 1 };
        assert_eq!(wrong(fifth), Some("nth"));
        assert_eq!(
            wrong(|rule| rule.until = Some(day(2025, 1, 1))),
            Some("until")
        );
    }

    #[test]
    fn the_wall_clock_is_the_same_in_summer_and_winter() {
        let daily = rule(Days::Daily, 1);
        for (month, at) in [(1, "1月15日 07:00"), (7, "7月15日 07:00")] {
            let before = begin_of(day(2026, month, 15));
            assert_eq!(daily.first_after(before).map(say).as_deref(), Some(at));
        }
    }

    fn any_rule() -> impl Strategy<Value = Rule> {
        let days = prop_oneof![
            Just(Days::Daily),
            prop::collection::btree_set(1_u8..=7, 1..7).prop_map(|on| Days::Weekly {
                on: on.into_iter().collect()
            }),
            (1_u8..=31).prop_map(|day| Days::Monthly { day }),
            (prop::sample::select(NTH.to_vec()), 1_u8..=7)
                .prop_map(|(nth, weekday)| Days::MonthlyNth { nth, weekday }),
        ];
        let times = prop::collection::btree_set(360_u16..=1320, 1..=4);
        let except = prop::collection::vec(0_u64..400, 0..5);
        (days, 1_u32..6, 0_u64..800, times, except).prop_map(
            |(days, every, from, times, except)| {
                let begin = day(2026, 1, 1);
                let later = |days| begin.checked_add_days(chrono::Days::new(days)).unwrap();
                Rule {
                    days,
                    every,
                    from: later(from),
                    until: None,
                    except: except.into_iter().map(|days| later(from + days)).collect(),
                    times: times.into_iter().collect(),
                }
            },
        )
    }

    /// The days of three years, found month by month instead of day by day.
    fn by_months(rule: &Rule) -> Option<BTreeSet<NaiveDate>> {
        let mut found = BTreeSet::new();
        let mut month = Month::of(rule.from);
        for number in 0..36_u32 {
            let one = match &rule.days {
                Days::Monthly { day } => Some(month.day(u32::from(*day))),
                Days::MonthlyNth { nth, weekday } => {
                    let mut same = month
                        .each_day()
                        .filter(|day| super::weekday(*day) == *weekday);
                    match *nth {
                        LAST => same.last(),
                        nth => same.nth(usize::try_from(nth).unwrap() - 1),
                    }
                }
                _ => return None,
            };
            let fits = number % rule.every == 0;
            let kept = |day: &NaiveDate| *day >= rule.from && !rule.except.contains(day);
            found.extend(one.filter(|_| fits).filter(kept));
            month = month.next();
        }
        Some(found)
    }

    proptest! {
        #[test]
        fn the_next_time_is_later_falls_on_a_day_and_skips_none(rule in any_rule(), ahead in 0_i64..600_000) {
            let after = begin_of(day(2026, 1, 1)) + TimeDelta::minutes(ahead);
            let next = rule.first_after(after);
            if let Some(next) = next {
                prop_assert!(next > after);
                let local = china(next);
                prop_assert!(rule.falls_on(local.date_naive()));
                let mut day = china(after).date_naive();
                while day < local.date_naive() {
                    let begin = begin_of(day);
                    let missed = rule.falls_on(day) && rule.times.iter().any(|minute| begin + TimeDelta::minutes(i64::from(*minute)) > after);
                    prop_assert!(!missed, "{day}");
                    day = day.succ_opt().unwrap();
                }
            }
        }

        #[test]
        fn day_by_day_and_month_by_month_find_the_same(rule in any_rule()) {
            if let Some(expected) = by_months(&rule) {
                let end = expected.last().copied().unwrap_or(rule.from);
                let found: BTreeSet<NaiveDate> = rule.from.iter_days()
                    .take_while(|day| *day <= end)
                    .filter(|day| rule.falls_on(*day))
                    .collect();
                prop_assert_eq!(found, expected);
            }
        }

        #[test]
        fn every_month_has_its_day_once(wanted in 1_u8..=31, year in 2026_i32..2040) {
            let monthly = rule(Days::Monthly { day: wanted }, 1);
            for month in 1..=12 {
                let month = Month::new(year, month).unwrap();
                prop_assert_eq!(month.each_day().filter(|day| monthly.falls_on(*day)).count(), 1);
            }
        }

        #[test]
        fn a_rule_comes_back_as_it_was_stored(rule in any_rule()) {
            let stored = serde_json::to_value(&rule).unwrap();
            prop_assert_eq!(serde_json::from_value::<Rule>(stored).unwrap(), rule);
        }
    }
}
