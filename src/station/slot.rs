//! Which time of a room can be booked: whole half hours inside one stretch of opening, not past, not too far
//! ahead and not too long. Pure; asked by the actions, and by the lists that offer what is free.

use chrono::{Datelike, NaiveDate, TimeDelta, Timelike};

use crate::base::calendar::Hours;
use crate::base::clock::{Moment, begin_of, china};
use crate::base::fault::Fault;
use crate::config::Stations;

/// Minutes of the smallest booking, and of the grid on which all lie.
pub const STEP: i64 = 30;

/// A time that is asked for, or taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    /// Begins.
    pub from: Moment,
    /// Ends; the next may begin.
    pub to: Moment,
}

impl Slot {
    /// Whether the two share a moment.
    #[must_use]
    pub fn meets(self, other: Self) -> bool {
        self.from < other.to && other.from < self.to
    }

    /// Whether it begins and ends on a grid of so many minutes, to the nanosecond.
    #[must_use]
    pub fn is_whole(self, minutes: i64) -> bool {
        let whole = |at: Moment| at.timestamp() % (minutes * 60) == 0 && at.nanosecond() == 0;
        whole(self.from) && whole(self.to)
    }

    /// As people read it: `12月1日 14:00-16:00`.
    #[must_use]
    pub fn says(self) -> String {
        format!(
            "{}-{}",
            crate::base::clock::say(self.from),
            clock_of(self.from, self.to)
        )
    }
}

/// The hour at which something ends that began on that day: midnight is `24:00`.
#[must_use]
pub fn clock_of(from: Moment, to: Moment) -> String {
    let next = begin_of(china(from).date_naive()) + TimeDelta::days(1);
    match to == next {
        true => "24:00".to_owned(),
        false => china(to).format("%H:%M").to_string(),
    }
}

/// The stretches of opening of a day.
fn stretches(hours: &Hours, day: NaiveDate) -> impl Iterator<Item = Slot> {
    let begin = begin_of(day);
    let at = move |minute: u16| begin + TimeDelta::minutes(i64::from(minute));
    hours.day(day).0.iter().map(move |span| Slot {
        from: at(span.from),
        to: at(span.to),
    })
}

/// Whether a time can be booked by its shape alone.
///
/// # Errors
/// `invalid`, with what to write instead.
pub fn check(hours: &Hours, now: Moment, slot: Slot, terms: &Stations) -> Result<(), Fault> {
    let wrong = |says: String| Err(Fault::invalid("from", says));
    let far = || {
        wrong(format!(
            "最多提前{}天预订，请过几天再订。",
            terms.booking_days
        ))
    };
    // First of all: beyond it the calendar itself may end.
    if slot.from - now > TimeDelta::days(terms.booking_days + 1) {
        return far();
    }
    if slot.to <= slot.from {
        return wrong("结束时间要晚于开始时间，例如：订房间 3 明天 14:00-16:00".to_owned());
    }
    if !slot.is_whole(STEP) {
        return wrong("时间请写整点或半点，例如 14:00 或 14:30。".to_owned());
    }
    if slot.from < now {
        return wrong("这个时间已经过了，请换一个以后的时间。".to_owned());
    }
    if slot.to - slot.from > TimeDelta::hours(terms.booking_hours) {
        return wrong(format!(
            "一次最多订{}小时，请分开订或者缩短。",
            terms.booking_hours
        ));
    }
    let (today, day) = (china(now).date_naive(), china(slot.from).date_naive());
    if day - today > TimeDelta::days(terms.booking_days) {
        return far();
    }
    if !stretches(hours, day).any(|open| open.from <= slot.from && slot.to <= open.to) {
        let spans = hours.day(day).0;
        return wrong(match spans.is_empty() {
            true => "驿站那天不开门，请换一天。".to_owned(),
            false => format!(
                "要在开门时间里：那天{}。",
                crate::base::calendar::hours::says(spans)
            ),
        });
    }
    Ok(())
}

/// The half hours of a day at which something can begin.
#[must_use]
pub fn free(hours: &Hours, day: NaiveDate, now: Moment, taken: &[Slot]) -> Vec<Moment> {
    let step = TimeDelta::minutes(STEP);
    let mut found = Vec::new();
    for open in stretches(hours, day) {
        let mut from = on_grid(open.from);
        while from + step <= open.to {
            let slot = Slot {
                from,
                to: from + step,
            };
            if from >= now && taken.iter().all(|other| !slot.meets(*other)) {
                found.push(from);
            }
            from += step;
        }
    }
    found
}

/// The ends that a booking may have which begins then.
#[must_use]
pub fn ends(
    hours: &Hours,
    now: Moment,
    from: Moment,
    taken: &[Slot],
    terms: &Stations,
) -> Vec<Moment> {
    let steps = terms.booking_hours.max(0) * 60 / STEP;
    let ends = (1..=steps).map(|count| from + TimeDelta::minutes(count * STEP));
    ends.take_while(|to| {
        let slot = Slot { from, to: *to };
        taken.iter().all(|other| !slot.meets(*other)) && check(hours, now, slot, terms).is_ok()
    })
    .collect()
}

fn on_grid(at: Moment) -> Moment {
    let step = STEP * 60_000;
    let over = at.timestamp_millis().rem_euclid(step);
    match over {
        0 => at,
        over => at + TimeDelta::milliseconds(step - over),
    }
}

/// The week, Monday to Monday, in which a moment lies in China.
#[must_use]
pub fn week_of(at: Moment) -> Slot {
    let day = china(at).date_naive();
    let since = i64::from(day.weekday().num_days_from_monday());
    let monday = begin_of(day) - TimeDelta::days(since);
    Slot {
        from: monday,
        to: monday + TimeDelta::days(7),
    }
}

/// The end of a time as it is typed behind its beginning, `-16:00 读书会` or `到4点`, on the same day; and
/// what stands behind it.
#[must_use]
pub fn read_end(from: Moment, text: &str) -> Option<(Moment, String)> {
    let plain: String = text.chars().map(crate::base::text::half_width).collect();
    let plain = plain.trim_start_matches([' ', '-', '—', '–', '~', '至', '到']);
    let digits = |text: &str| -> usize { text.bytes().take_while(u8::is_ascii_digit).count() };
    let (hour, rest) = plain.split_at_checked(digits(plain).min(2))?;
    let hour: i64 = hour.parse().ok()?;
    let rest = rest.strip_prefix([':', '点', '时'])?;
    let (minute, rest) = match rest.strip_prefix('半') {
        Some(rest) => (30, rest),
        None => {
            let (minute, rest) = rest.split_at_checked(digits(rest).min(2))?;
            (minute.parse().unwrap_or(0), rest.trim_start_matches('分'))
        }
    };
    if hour > 24 || minute > 59 || hour == 24 && minute > 0 {
        return None;
    }
    let begin = begin_of(china(from).date_naive());
    let mut to = begin + TimeDelta::minutes(hour * 60 + minute);
    // «下午2点到4点» ends in the afternoon, too.
    if to <= from && hour <= 12 {
        to += TimeDelta::hours(12);
    }
    let behind = rest.trim_start_matches([' ', '\u{3000}', ',', '，', ':', '：']);
    Some((to, behind.trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::policy::rules::Timetable;

    fn terms() -> Stations {
        Stations {
            booking_hours: 2,
            booking_days: 14,
            bookings_per_week: 2,
            remind_hours: 2,
            most_loans: 2,
            deposit_days: 3,
            unclaimed_days: 30,
        }
    }

    fn hours(week: &str) -> Hours {
        let table = Timetable {
            hours: week.to_owned(),
            public_holidays: true,
            days: Default::default(),
        };
        table.read().unwrap()
    }

    fn moment(day: &str, minute: i64) -> Moment {
        begin_of(day.parse().unwrap()) + TimeDelta::minutes(minute)
    }

    fn slot(day: &str, from: i64, to: i64) -> Slot {
        Slot {
            from: moment(day, from),
            to: moment(day, to),
        }
    }

    #[test]
    fn past_far_long_odd_and_closed_times_are_refused_with_why() {
        let hours = hours("每天 08:00-12:00,14:00-24:00");
        let now = moment("2026-11-30", 9 * 60 + 10);
        for (slot, says) in [
            (slot("2026-11-30", 540, 600), "已经过了"),
            (slot("2026-11-30", 600, 600), "晚于开始"),
            (slot("2026-11-30", 660, 600), "晚于开始"),
            (slot("2026-11-30", 575, 605), "整点或半点"),
            (slot("2026-11-30", 840, 990), "最多订2小时"),
            (slot("2026-11-30", 690, 750), "08:00-12:00,14:00-24:00"),
            (slot("2026-11-30", 420, 450), "已经过了"),
            (slot("2026-12-15", 600, 660), "最多提前14天"),
        ] {
            let fault = check(&hours, now, slot, &terms()).unwrap_err();
            assert!(fault.detail.contains(says), "{slot:?}: {}", fault.detail);
        }
        // Over the end of the month, and until the end of the day.
        for good in [
            slot("2026-12-14", 600, 660),
            slot("2026-11-30", 1320, 1440),
            slot("2026-12-01", 480, 600),
        ] {
            assert!(check(&hours, now, good, &terms()).is_ok(), "{good:?}");
        }
        assert_eq!(
            slot("2026-11-30", 1380, 1440).says(),
            "11月30日 23:00-24:00"
        );
        let fault = check(
            &self::hours("Mo 08:00-09:00"),
            now,
            slot("2026-12-01", 600, 660),
            &terms(),
        );
        assert!(fault.unwrap_err().detail.contains("不开门"));
    }

    #[test]
    fn the_end_of_the_calendar_and_a_part_of_a_second_are_refused() {
        let hours = hours("每天 08:00-20:00");
        let now = moment("2026-11-30", 9 * 60 + 10);
        let (first, last) = (Moment::MIN_UTC, Moment::MAX_UTC);
        let good = slot("2026-12-01", 600, 660);
        let off = |at: Moment| at + TimeDelta::microseconds(500);
        for (from, to) in [
            (last, last),
            (first, last),
            (first, first),
            (good.from, last),
            (off(good.from), good.to),
            (good.from, off(good.to)),
            (off(good.from), off(good.to)),
        ] {
            let slot = Slot { from, to };
            let fault = check(&hours, now, slot, &terms()).unwrap_err();
            assert_eq!(fault.field, Some("from"), "{slot:?}");
        }
        assert!(check(&hours, now, good, &terms()).is_ok());
        // Before 1970, too.
        assert!(slot("1969-12-31", 600, 630).is_whole(STEP));
    }

    #[test]
    fn a_week_begins_on_monday() {
        let week = week_of(moment("2026-12-01", 600));
        assert_eq!(week.from, moment("2026-11-30", 0));
        assert_eq!(week.to, moment("2026-12-07", 0));
        assert_eq!(week_of(moment("2026-12-06", 1439)), week);
    }

    #[test]
    fn an_end_is_read_as_people_write_it() {
        let from = moment("2026-12-01", 14 * 60);
        for (text, minute, behind) in [
            ("-16:00 读书会", 960, "读书会"),
            ("16:00", 960, ""),
            ("到4点半", 990, ""),
            ("至１５：３０，开会", 930, "开会"),
            ("-24:00", 1440, ""),
        ] {
            let (to, rest) = read_end(from, text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!((to, rest.as_str()), (moment("2026-12-01", minute), behind));
        }
        for text in ["", "-", "读书会", "-25:00", "-16", "24:30", "16：75"] {
            assert_eq!(read_end(from, text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_offered_can_be_booked(
            now in 0_i64..3 * 24 * 60, from in 0_i64..72, length in 1_i64..5,
        ) {
            let hours = hours("每天 08:10-12:00,14:00-24:00");
            let now = moment("2026-11-30", now);
            let begin = moment("2026-12-01", from * STEP);
            let taken = [Slot { from: begin, to: begin + TimeDelta::minutes(length * STEP) }];
            let day = "2026-12-01".parse().unwrap();
            for from in free(&hours, day, now, &taken) {
                let all = ends(&hours, now, from, &taken, &terms());
                prop_assert!(!all.is_empty());
                for to in all {
                    let slot = Slot { from, to };
                    prop_assert!(check(&hours, now, slot, &terms()).is_ok());
                    prop_assert!(!slot.meets(taken[0]));
                }
            }
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,20}") {
            let from = moment("2026-12-01", 600);
            if let Some((to, rest)) = read_end(from, &text) {
                prop_assert!(to >= moment("2026-12-01", 0) && to <= moment("2026-12-02", 720));
                prop_assert!(rest.len() <= text.len());
            }
        }
    }
}
