//! Time as a parameter. The only file that reads the machine's clock; any module may use it.

use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveTime, SubsecRound, TimeDelta, TimeZone, Utc};

/// A point in time, UTC, whole milliseconds (what both databases keep).
pub type Moment = DateTime<Utc>;

/// Seconds by which China's clocks are ahead of UTC: no daylight saving since 1991.
const CHINA_OFFSET_SECONDS: i32 = 8 * 3600;

/// Where the time comes from.
pub trait Clock: Send + Sync {
    /// The present, UTC, whole milliseconds.
    fn now(&self) -> Moment;
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads it")]
    fn now(&self) -> Moment {
        Utc::now().trunc_subsecs(3)
    }
}

/// The machine's clock moved by an offset: tests and the sandbox let time jump with it.
#[derive(Debug, Default)]
pub struct ShiftedClock {
    shift_ms: AtomicI64,
}

impl ShiftedClock {
    /// Moves the clock; negative goes back.
    pub fn advance(&self, by: TimeDelta) {
        self.shift_ms
            .fetch_add(by.num_milliseconds(), Ordering::SeqCst);
    }
}

impl Clock for ShiftedClock {
    fn now(&self) -> Moment {
        SystemClock.now() + TimeDelta::milliseconds(self.shift_ms.load(Ordering::SeqCst))
    }
}

/// The same moment on China's wall clock.
#[must_use]
pub fn china(moment: Moment) -> DateTime<FixedOffset> {
    // The constant is in range, so the fallback is never taken.
    let offset =
        FixedOffset::east_opt(CHINA_OFFSET_SECONDS).unwrap_or_else(|| chrono::Offset::fix(&Utc));
    offset.from_utc_datetime(&moment.naive_utc())
}

/// The moment at which a day begins in China.
#[must_use]
pub fn begin_of(day: NaiveDate) -> Moment {
    let offset = *china(Moment::UNIX_EPOCH).offset();
    offset
        .from_local_datetime(&day.and_time(NaiveTime::MIN))
        // An offset without daylight saving has every local time once.
        .single()
        .map_or(Moment::UNIX_EPOCH, |at| at.to_utc())
}

/// How people write it: `11月21日 08:30`.
#[must_use]
pub fn say(moment: Moment) -> String {
    china(moment).format("%-m月%-d日 %H:%M").to_string()
}

/// Whole minutes and hours as people say them: `5分钟`, `4小时`, `1天`.
#[must_use]
pub fn say_minutes(minutes: i64) -> String {
    if minutes >= 24 * 60 && minutes % (24 * 60) == 0 {
        format!("{}天", minutes / (24 * 60))
    } else if minutes >= 60 && minutes % 60 == 0 {
        format!("{}小时", minutes / 60)
    } else {
        format!("{minutes}分钟")
    }
}

/// From milliseconds since 1970, UTC; none when out of range.
#[must_use]
pub fn from_ms(ms: i64) -> Option<Moment> {
    Utc.timestamp_millis_opt(ms).single()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wall_clock_is_eight_hours_ahead() {
        let moment = from_ms(1_700_000_000_000).unwrap();
        assert_eq!(say(moment), "11月15日 06:13");
    }

    #[test]
    fn minutes_are_said_in_the_largest_whole_unit() {
        assert_eq!(say_minutes(5), "5分钟");
        assert_eq!(say_minutes(90), "90分钟");
        assert_eq!(say_minutes(240), "4小时");
        assert_eq!(say_minutes(1440), "1天");
    }

    #[test]
    fn a_shifted_clock_jumps() {
        let clock = ShiftedClock::default();
        let before = clock.now();
        clock.advance(TimeDelta::hours(3));
        assert!(clock.now() - before >= TimeDelta::hours(3));
    }
}
