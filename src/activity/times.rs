//! When an activity may be, when people are told of it, and when they come in. Pure; China's wall clock.

use chrono::TimeDelta;
use entity::activity;

use crate::base::clock::{Moment, begin_of, china};
use crate::base::fault::Fault;

/// The hour of the evening before at which whoever comes is reminded.
const EVE_HOUR: i64 = 18;
/// An activity is at most so long.
const LONGEST: TimeDelta = TimeDelta::days(7);
/// And begins at most so long from now.
const FARTHEST: TimeDelta = TimeDelta::days(366);
/// People come in from so long before it begins until so long after its end.
const DOOR: TimeDelta = TimeDelta::hours(1);

/// When it is, and until when people sign up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    /// It begins.
    pub starts: Moment,
    /// It is over.
    pub ends: Moment,
    /// Nobody signs up after that.
    pub closes: Moment,
}

impl Times {
    /// Those of an activity.
    #[must_use]
    pub const fn of(row: &activity::Model) -> Self {
        Self {
            starts: row.starts_at,
            ends: row.ends_at,
            closes: row.closes_at,
        }
    }

    /// Whether they make sense. Of one that people know of (`known`) what is not changed may have come to pass.
    ///
    /// # Errors
    /// `invalid`, naming the field and what to write.
    pub fn check(self, now: Moment, known: Option<Self>) -> Result<Self, Fault> {
        let new = |of: fn(&Self) -> Moment| known.is_none_or(|known| of(&known) != of(&self));
        let starts_anew = new(|times| times.starts);
        if starts_anew && self.starts <= now {
            return Err(Fault::invalid(
                "starts_at",
                "开始时间已经过了，请写以后的时间。",
            ));
        }
        if starts_anew && self.starts - now > FARTHEST {
            return Err(Fault::invalid("starts_at", "开始时间请写在一年之内。"));
        }
        if self.ends <= self.starts || new(|times| times.ends) && self.ends <= now {
            return Err(Fault::invalid(
                "ends_at",
                "结束时间要在开始时间之后，也不能已经过了。",
            ));
        }
        if self.ends - self.starts > LONGEST {
            return Err(Fault::invalid(
                "ends_at",
                "一次活动最长7天，再长请分几次发。",
            ));
        }
        if self.closes > self.starts {
            return Err(Fault::invalid(
                "closes_at",
                "报名截止要在活动开始之前，最晚到开始的时候。",
            ));
        }
        if new(|times| times.closes) && self.closes <= now {
            return Err(Fault::invalid(
                "closes_at",
                "报名截止时间已经过了，请写以后的时间。",
            ));
        }
        Ok(self)
    }
}

/// The evening before: a decent hour, whenever the activity begins.
#[must_use]
pub fn eve(starts: Moment) -> Moment {
    let day = china(starts).date_naive();
    begin_of(day) - TimeDelta::days(1) + TimeDelta::hours(EVE_HOUR)
}

/// What whoever comes is promised: nothing that would have to ring in the past.
#[must_use]
pub fn eve_says(starts: Moment, now: Moment) -> &'static str {
    match eve(starts) > now {
        true => "前一天傍晚会提醒您。",
        false => "时间快到了，请您记好。",
    }
}

/// An hour before.
#[must_use]
pub fn hour_before(starts: Moment) -> Moment {
    starts - TimeDelta::hours(1)
}

/// Whether people come in at this moment.
#[must_use]
pub fn is_door_open(starts: Moment, ends: Moment, now: Moment) -> bool {
    (starts - DOOR..=ends + DOOR).contains(&now)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::clock::{from_ms, say};

    /// 2026-12-05 14:00 in China.
    fn at() -> Moment {
        from_ms(1_796_450_400_000).unwrap()
    }

    #[test]
    fn the_evening_before_is_an_evening_in_china() {
        assert_eq!(say(eve(at())), "12月4日 18:00");
        // 00:30 and 23:30 of the same day.
        let night = at() - TimeDelta::minutes(13 * 60 + 30);
        assert_eq!(say(night), "12月5日 00:30");
        for same in [night, night + TimeDelta::hours(23)] {
            assert_eq!(say(eve(same)), "12月4日 18:00");
        }
    }

    #[test]
    fn an_evening_that_is_over_is_not_promised() {
        let evening = eve(at());
        let early = evening - TimeDelta::minutes(1);
        assert!(eve_says(at(), early).contains("前一天傍晚"));
        for late in [evening, evening + TimeDelta::minutes(7)] {
            assert!(!eve_says(at(), late).contains("傍晚"));
        }
    }

    #[test]
    fn times_make_sense_or_the_field_is_named() {
        let now = at() - TimeDelta::days(3);
        let good = Times {
            starts: at(),
            ends: at() + TimeDelta::hours(2),
            closes: at() - TimeDelta::days(1),
        };
        assert_eq!(good.check(now, None).unwrap(), good);
        let at_the_start = Times {
            closes: at(),
            ..good
        };
        assert!(at_the_start.check(now, None).is_ok());
        let hours = TimeDelta::hours;
        for (wrong, field) in [
            (
                Times {
                    starts: now,
                    ..good
                },
                "starts_at",
            ),
            (
                Times {
                    starts: now + TimeDelta::days(400),
                    ends: now + TimeDelta::days(401),
                    ..good
                },
                "starts_at",
            ),
            (Times { ends: at(), ..good }, "ends_at"),
            (
                Times {
                    ends: at() + TimeDelta::days(8),
                    ..good
                },
                "ends_at",
            ),
            (
                Times {
                    closes: at() + hours(1),
                    ..good
                },
                "closes_at",
            ),
            (
                Times {
                    closes: now - hours(1),
                    ..good
                },
                "closes_at",
            ),
        ] {
            let fault = wrong.check(now, None).unwrap_err();
            assert_eq!(fault.field, Some(field), "{wrong:?}");
        }
        // While it is under way its end may be put off, and nothing else asked about what is past.
        let under_way = at() + hours(1);
        let longer = Times {
            ends: at() + hours(3),
            ..good
        };
        assert!(longer.check(under_way, Some(good)).is_ok());
        assert!(good.check(under_way, Some(good)).is_ok());
        assert!(longer.check(under_way, None).is_err());
        let over = Times {
            ends: at() + hours(1) / 2,
            ..good
        };
        assert_eq!(
            over.check(under_way, Some(good)).unwrap_err().field,
            Some("ends_at")
        );
    }

    #[test]
    fn the_door_is_open_around_it() {
        let ends = at() + TimeDelta::hours(2);
        for (minutes, open) in [
            (-61, false),
            (-60, true),
            (60, true),
            (180, true),
            (181, false),
        ] {
            let now = at() + TimeDelta::minutes(minutes);
            assert_eq!(is_door_open(at(), ends, now), open, "{minutes}");
        }
    }
}
