//! What a policy and a calendar may say: figures that contradict themselves are refused with the
//! reason. Pure; asked by the actions and by the import.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use entity::response_policy;

use crate::base::calendar::Hours;
use crate::base::calendar::hours::{Spans, Week, spans};
use crate::base::text::fold;

/// Longest clock: 90 days in minutes.
pub const MOST_MINUTES: i32 = 90 * 24 * 60;
/// Days of its own that a calendar may have.
pub const MOST_DAYS: usize = 400;

/// Minutes as people write them: `5`, `5分钟`, `4小时`, `1天12小时`. None for anything else.
#[must_use]
pub fn read_minutes(text: &str) -> Option<i32> {
    let text = fold(text).replace(' ', "");
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.parse().ok();
    }
    let (mut minutes, mut rest, mut last) = (0_i32, text.as_str(), i32::MAX);
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit())?;
        let (digits, behind) = rest.split_at(end);
        let (unit, behind) = UNITS
            .iter()
            .find_map(|(word, unit)| Some((*unit, behind.strip_prefix(word)?)))?;
        // «30分钟1天» is a slip rather than a time.
        if unit >= last {
            return None;
        }
        let number: i32 = digits.parse().ok()?;
        minutes = minutes.checked_add(number.checked_mul(unit)?)?;
        (rest, last) = (behind, unit);
    }
    (last != i32::MAX).then_some(minutes)
}

/// Words of units and their minutes; of words that begin alike the longer stands first.
const UNITS: &[(&str, i32)] = &[
    ("天", 24 * 60),
    ("日", 24 * 60),
    ("个小时", 60),
    ("小时", 60),
    ("时", 60),
    ("分钟", 1),
    ("分", 1),
];

/// The figures of a policy, minutes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Figures {
    /// Until accepted.
    pub accept_minutes: i32,
    /// From accepting until on the scene; no such clock if none.
    pub arrive_minutes: Option<i32>,
    /// Until finished; no such clock if none.
    pub finish_minutes: Option<i32>,
    /// Until there is a plan; no such clock if none.
    pub plan_minutes: Option<i32>,
}

impl From<&response_policy::Model> for Figures {
    fn from(row: &response_policy::Model) -> Self {
        Self {
            accept_minutes: row.accept_minutes,
            arrive_minutes: row.arrive_minutes,
            finish_minutes: row.finish_minutes,
            plan_minutes: row.plan_minutes,
        }
    }
}

/// A field and why it cannot be.
pub type Absurd = (&'static str, String);

impl Figures {
    /// Whether they can be.
    ///
    /// # Errors
    /// The first field that cannot be, and why.
    pub fn check(&self) -> Result<(), Absurd> {
        let given = [
            ("accept_minutes", Some(self.accept_minutes)),
            ("arrive_minutes", self.arrive_minutes),
            ("finish_minutes", self.finish_minutes),
            ("plan_minutes", self.plan_minutes),
        ];
        for (field, minutes) in given {
            if minutes.is_some_and(|minutes| !(1..=MOST_MINUTES).contains(&minutes)) {
                return Err((field, format!("应为 1 到 {MOST_MINUTES} 分钟")));
            }
        }
        let last = match (self.finish_minutes, self.plan_minutes) {
            (None, None) => {
                return Err((
                    "finish_minutes",
                    "办结时限和方案时限至少要有一个，否则没有人知道什么时候该办好".to_owned(),
                ));
            }
            (Some(finish), Some(plan)) if plan > finish => {
                return Err(("plan_minutes", "方案时限不能比办结时限长".to_owned()));
            }
            (finish, plan) => finish.or(plan).unwrap_or(MOST_MINUTES),
        };
        if self.accept_minutes > last {
            return Err((
                "accept_minutes",
                "接单时限不能比办结（方案）时限长".to_owned(),
            ));
        }
        if self.arrive_minutes.is_some_and(|arrive| arrive > last) {
            return Err((
                "arrive_minutes",
                "到场时限不能比办结（方案）时限长".to_owned(),
            ));
        }
        Ok(())
    }
}

/// What a calendar says, as people write it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timetable {
    /// `Mo-Fr 08:00-12:00,14:00-18:00`.
    pub hours: String,
    /// Closed on public holidays, open on the days that are worked for them.
    pub public_holidays: bool,
    /// Days that are otherwise: hours, or none for a day off.
    pub days: BTreeMap<NaiveDate, Option<String>>,
}

impl Timetable {
    /// Reads it.
    ///
    /// # Errors
    /// Why it cannot be.
    pub fn read(&self) -> Result<Hours, Absurd> {
        if self.days.len() > MOST_DAYS {
            return Err(("days", format!("最多{MOST_DAYS}天，请删去过去的日期")));
        }
        let week = Week::parse(&self.hours).map_err(|why| ("hours", why))?;
        let mut days = BTreeMap::new();
        for (day, hours) in &self.days {
            let open = match hours {
                Some(hours) => spans(hours).map_err(|why| ("days", format!("{day}：{why}")))?,
                None => Spans::new(),
            };
            days.insert(*day, open);
        }
        Ok(Hours {
            week,
            public_holidays: self.public_holidays,
            days,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(
        accept: i32,
        arrive: Option<i32>,
        finish: Option<i32>,
        plan: Option<i32>,
    ) -> Figures {
        Figures {
            accept_minutes: accept,
            arrive_minutes: arrive,
            finish_minutes: finish,
            plan_minutes: plan,
        }
    }

    #[test]
    fn absurd_figures_are_refused_by_the_field_that_is_wrong() {
        for (figures, field) in [
            (figures(0, None, Some(30), None), "accept_minutes"),
            (figures(5, Some(-1), Some(30), None), "arrive_minutes"),
            (
                figures(5, None, Some(MOST_MINUTES + 1), None),
                "finish_minutes",
            ),
            (figures(5, None, None, None), "finish_minutes"),
            (figures(31, None, Some(30), None), "accept_minutes"),
            (figures(5, Some(31), Some(30), None), "arrive_minutes"),
            (figures(5, None, Some(30), Some(31)), "plan_minutes"),
            (figures(61, None, None, Some(60)), "accept_minutes"),
        ] {
            assert_eq!(figures.check().map_err(|(field, _)| field), Err(field));
        }
        for figures in [
            figures(5, Some(5), Some(30), None),
            figures(30, None, Some(30), Some(30)),
            figures(5, None, None, Some(1_440)),
            figures(1, Some(MOST_MINUTES), Some(MOST_MINUTES), None),
        ] {
            assert_eq!(figures.check(), Ok(()));
        }
    }

    #[test]
    fn minutes_are_read_as_people_write_them() {
        for (text, minutes) in [
            ("5", Some(5)),
            ("５分鐘", Some(5)),
            (" 30 分 ", Some(30)),
            ("4小时", Some(240)),
            ("2个小时30分", Some(150)),
            ("1天", Some(1_440)),
            ("1天12小时", Some(2_160)),
            ("0", Some(0)),
            ("", None),
            ("天", None),
            ("5x", None),
            ("-5", None),
            ("1.5小时", None),
            ("30分钟1天", None),
            ("1天2", None),
            ("99999999999", None),
            ("9999999天", None),
        ] {
            assert_eq!(read_minutes(text), minutes, "{text}");
        }
        for minutes in [1, 5, 59, 60, 90, 240, 1_440, 2_880, MOST_MINUTES] {
            let said = crate::base::clock::say_minutes(minutes.into());
            assert_eq!(read_minutes(&said), Some(minutes), "{said}");
        }
    }

    #[test]
    fn a_calendar_that_never_opens_is_refused() {
        let mut table = Timetable {
            hours: "Mo-Fr".to_owned(),
            public_holidays: true,
            days: BTreeMap::new(),
        };
        assert_eq!(table.read().map_err(|(field, _)| field), Err("hours"));
        table.hours = "Mo-Fr 08:00-12:00".to_owned();
        let day = NaiveDate::from_ymd_opt(2027, 1, 1).unwrap();
        table.days.insert(day, None);
        assert_eq!(table.read().map(|hours| hours.days.len()), Ok(1));
        table.days.insert(day, Some("25:00-26:00".to_owned()));
        assert_eq!(table.read().map_err(|(field, _)| field), Err("days"));
    }
}
