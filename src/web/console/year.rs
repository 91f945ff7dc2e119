//! What the page of a calendar shows of a year: its months day by day, and the days of its own. Pure;
//! used by `calendars.rs`.

use chrono::{Datelike, NaiveDate, Weekday};

use crate::base::calendar::hours::says;
use crate::base::calendar::{Hours, Why};
use crate::policy::rules::Timetable;

/// A day of its own, as a line.
pub struct DayLine {
    /// `2027-02-06`
    pub day: String,
    /// `2月6日 周六`
    pub words: String,
    /// `休息` or the hours.
    pub hours: String,
}

/// A day in the table of a year.
pub struct DayCell {
    /// A sign that does without colour: 开 open, 休 closed, 假 off out of turn, 调 open out of turn.
    pub sign: &'static str,
    /// Its class.
    pub class: &'static str,
    /// `2月6日 周六 09:00-12:00`
    pub title: String,
}

/// A month: 31 cells, none behind its last day.
pub struct MonthLine {
    /// 1 to 12.
    pub month: u32,
    /// Its days.
    pub cells: Vec<Option<DayCell>>,
    /// Days that are open.
    pub open: usize,
}

/// A weekday's name.
const fn weekday(day: Weekday) -> &'static str {
    match day {
        Weekday::Mon => "周一",
        Weekday::Tue => "周二",
        Weekday::Wed => "周三",
        Weekday::Thu => "周四",
        Weekday::Fri => "周五",
        Weekday::Sat => "周六",
        Weekday::Sun => "周日",
    }
}

fn words(day: NaiveDate) -> String {
    let name = weekday(day.weekday());
    format!("{}月{}日 {name}", day.month(), day.day())
}

/// The days of its own in a year, in order.
pub fn own_days(table: &Timetable, year: i32) -> Vec<DayLine> {
    let days = table.days.iter().filter(|(day, _)| day.year() == year);
    days.map(|(day, hours)| DayLine {
        day: day.to_string(),
        words: words(*day),
        hours: hours.clone().unwrap_or_else(|| "休息".to_owned()),
    })
    .collect()
}

/// The months of a year.
pub fn year_of(hours: &Hours, year: i32) -> Vec<MonthLine> {
    let month = |month: u32| {
        let cell = |date: u32| {
            let day = NaiveDate::from_ymd_opt(year, month, date)?;
            Some(cell(hours, day))
        };
        let cells: Vec<Option<DayCell>> = (1..=31).map(cell).collect();
        let open = cells.iter().flatten().filter(|cell| cell.class != "off");
        MonthLine {
            month,
            open: open.filter(|cell| cell.class != "holiday").count(),
            cells,
        }
    };
    (1..=12).map(month).collect()
}

fn cell(hours: &Hours, day: NaiveDate) -> DayCell {
    let (spans, why) = hours.day(day);
    let as_rule = hours.week.of(day.weekday());
    let (sign, class) = match (spans.is_empty(), why) {
        (false, Why::Week) => ("开", "open"),
        (true, Why::Week) => ("休", "off"),
        (true, _) if as_rule.is_empty() => ("休", "off"),
        (true, _) => ("假", "holiday"),
        (false, _) if spans == as_rule => ("开", "open"),
        (false, _) => ("调", "moved"),
    };
    let open = match spans.is_empty() {
        true => "休息".to_owned(),
        false => says(spans),
    };
    DayCell {
        sign,
        class,
        title: format!("{} {open}", words(day)),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn office() -> Timetable {
        Timetable {
            hours: "Mo-Fr 09:00-12:00,14:00-18:00".to_owned(),
            public_holidays: true,
            days: BTreeMap::new(),
        }
    }

    #[test]
    fn a_year_shows_holidays_days_worked_for_them_and_days_of_its_own() {
        let mut table = office();
        let day = |month, date| NaiveDate::from_ymd_opt(2026, month, date).unwrap();
        table.days.insert(day(3, 2), None);
        table.days.insert(day(3, 7), Some("09:00-12:00".to_owned()));
        let months = year_of(&table.read().unwrap(), 2026);
        let sign =
            |month: usize, date: usize| months[month - 1].cells[date - 1].as_ref().unwrap().sign;
        // 国庆, its day worked on a Saturday, an ordinary Monday and Sunday, and two of its own.
        assert_eq!(sign(10, 1), "假");
        assert_eq!(sign(10, 10), "调");
        assert_eq!(sign(10, 12), "开");
        assert_eq!(sign(10, 18), "休");
        assert_eq!(sign(3, 2), "假");
        assert_eq!(sign(3, 7), "调");
        assert_eq!(months.len(), 12);
        assert!(months[1].cells[28].is_none() && months[1].cells[27].is_some());
        let days: Vec<String> = own_days(&table, 2026)
            .into_iter()
            .map(|day| day.hours)
            .collect();
        assert_eq!(days, ["休息", "09:00-12:00"]);
        assert!(own_days(&table, 2027).is_empty());
    }

    #[test]
    fn a_leap_year_has_its_day() {
        let months = year_of(&office().read().unwrap(), 2028);
        assert!(months[1].cells[28].is_some() && months[1].cells[29].is_none());
        // The 29th of February 2028 is a Tuesday.
        assert_eq!(months[1].open, 21);
    }
}
