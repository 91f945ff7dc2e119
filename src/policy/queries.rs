//! Reads of policies and calendars: for the clocks of cases, and for whoever may see how they are set.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use entity::kinds::{Grade, Level};
use entity::{calendar, calendar_day, place, response_policy};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, FromQueryResult, Iterable, JoinType,
    QueryFilter, QueryOrder, QuerySelect, RelationDef,
};

use crate::access::Actor;
use crate::access::holders::path_ids;
use crate::access::permit::{Deed, may};
use crate::base::calendar::Calendar;
use crate::base::fault::Fault;
use crate::place::queries::by_id;
use crate::policy::rules::Timetable;
use crate::policy::{Policies, Policy, Rule, Slot, built_in, nearest};

/// What holds at the place with this path for a grade.
///
/// # Errors
/// The database's.
pub async fn policies<C: ConnectionTrait>(
    db: &C,
    path: &str,
    grade: Grade,
) -> Result<Policies, Fault> {
    let ids = path_ids(path);
    let mut rows = response_policy::Entity::find()
        .filter(response_policy::COLUMN.place_id.is_in(ids.iter().copied()))
        .filter(response_policy::COLUMN.grade.eq(grade))
        .all(db)
        .await?;
    rows.sort_by_key(|row| std::cmp::Reverse(ids.iter().position(|id| *id == row.place_id)));
    let rules: Vec<Rule> = rows
        .iter()
        .map(|row| Rule {
            level: row.level,
            policy: Policy::new(row.into(), row.calendar_id),
        })
        .collect();
    with_calendars(db, grade, rules).await
}

/// The same from rows that were read already, nearer places first. No further read where no row
/// names a calendar.
///
/// # Errors
/// The database's.
pub async fn with_calendars<C: ConnectionTrait>(
    db: &C,
    grade: Grade,
    rules: Vec<Rule>,
) -> Result<Policies, Fault> {
    let mut named: Vec<i64> = rules
        .iter()
        .filter_map(|rule| rule.policy.calendar_id)
        .collect();
    named.sort_unstable();
    named.dedup();
    let calendars = calendars(db, &named).await?;
    Ok(Policies::new(grade, rules, calendars))
}

#[derive(FromQueryResult)]
struct Row {
    id: i64,
    hours: String,
    public_holidays: bool,
    day: Option<NaiveDate>,
    day_hours: Option<String>,
}

/// Calendars by key, also removed ones: clocks run by them. One statement, none for no key.
///
/// # Errors
/// The database's.
pub async fn calendars<C: ConnectionTrait>(
    db: &C,
    ids: &[i64],
) -> Result<BTreeMap<i64, Calendar>, Fault> {
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let to_day: RelationDef = calendar::Entity::belongs_to(calendar_day::Entity)
        .from(calendar::Column::Id)
        .to(calendar_day::Column::CalendarId)
        .into();
    let rows = calendar::Entity::find()
        .select_only()
        .columns([
            calendar::Column::Id,
            calendar::Column::Hours,
            calendar::Column::PublicHolidays,
        ])
        .column_as(calendar_day::Column::Day, "day")
        .column_as(calendar_day::Column::Hours, "day_hours")
        .join(JoinType::LeftJoin, to_day)
        .filter(calendar::COLUMN.id.is_in(ids.iter().copied()))
        .into_model::<Row>()
        .all(db)
        .await?;
    let mut tables: BTreeMap<i64, Timetable> = BTreeMap::new();
    for row in rows {
        let table = tables.entry(row.id).or_insert_with(|| Timetable {
            hours: row.hours,
            public_holidays: row.public_holidays,
            days: BTreeMap::new(),
        });
        if let Some(day) = row.day {
            table.days.insert(day, row.day_hours);
        }
    }
    let read = |(id, table): (i64, Timetable)| match table.read() {
        Ok(hours) => Some((id, Calendar::Hours(hours))),
        Err((field, why)) => {
            // Checked when it was stored. Nobody's complaint is to wait for it.
            tracing::error!(calendar = id, field, why, "a calendar cannot be read");
            None
        }
    };
    Ok(tables.into_iter().filter_map(read).collect())
}

/// The calendar with this key; round the clock for none.
///
/// # Errors
/// The database's.
pub async fn calendar_of<C: ConnectionTrait>(db: &C, id: Option<i64>) -> Result<Calendar, Fault> {
    let Some(id) = id else {
        return Ok(Calendar::Always);
    };
    let mut found = calendars(db, &[id]).await?;
    Ok(found.remove(&id).unwrap_or_default())
}

/// The place, if the actor may see how its clocks are set: whoever sees its cases.
///
/// # Errors
/// `not_found`, also when it is not theirs to see.
pub async fn seen_place<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    place_id: i64,
) -> Result<place::Model, Fault> {
    by_id(db, place_id)
        .await?
        .filter(|place| {
            may(actor, Deed::SeeCases, &place.path) || may(actor, Deed::SetClocks, &place.path)
        })
        .ok_or_else(|| Fault::not_found("没有找到这个地点。"))
}

/// The rows of a place itself, by grade and level.
///
/// # Errors
/// The database's; `not_found` when the actor may not see the place.
pub async fn of<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    place_id: i64,
) -> Result<Vec<response_policy::Model>, Fault> {
    let place = seen_place(db, actor, place_id).await?;
    let mut rows = response_policy::Entity::find()
        .filter(response_policy::COLUMN.place_id.eq(place.id))
        .order_by_asc(response_policy::COLUMN.id)
        .all(db)
        .await?;
    rows.sort_by_key(|row| (row.grade, row.level));
    Ok(rows)
}

/// What holds at a place for a grade and a level.
#[derive(Clone, Debug)]
pub struct Holding {
    /// Grade.
    pub grade: Grade,
    /// Level; none stands for all that have none of their own.
    pub level: Option<Level>,
    /// The row that says so, of this place or of one above; the law of the house if none.
    pub row: Option<response_policy::Model>,
}

impl Holding {
    /// Its clocks.
    #[must_use]
    pub fn policy(&self) -> Policy {
        self.row.as_ref().map_or_else(
            || built_in(self.grade),
            |row| Policy::new(row.into(), row.calendar_id),
        )
    }

    /// The row, if it is the place's own and for this very level.
    #[must_use]
    pub fn own(&self, place_id: i64) -> Option<&response_policy::Model> {
        let row = self.row.as_ref()?;
        (row.place_id == place_id && row.level == self.level).then_some(row)
    }
}

/// What holds at a place, grade by grade: first for all levels, then for each.
///
/// # Errors
/// The database's; `not_found` when the actor may not see the place.
pub async fn holding<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    place_id: i64,
) -> Result<Vec<Holding>, Fault> {
    let place = seen_place(db, actor, place_id).await?;
    let ids = path_ids(&place.path);
    let mut rows = response_policy::Entity::find()
        .filter(response_policy::COLUMN.place_id.is_in(ids.iter().copied()))
        .all(db)
        .await?;
    rows.sort_by_key(|row| std::cmp::Reverse(ids.iter().position(|id| *id == row.place_id)));
    let mut found = Vec::new();
    for grade in Grade::iter() {
        let of_grade: Vec<_> = rows.iter().filter(|row| row.grade == grade).collect();
        for level in std::iter::once(None).chain(Level::iter().map(Some)) {
            found.push(Holding {
                grade,
                level,
                row: nearest(&of_grade, level, |row| row.level).map(|row| (*row).clone()),
            });
        }
    }
    Ok(found)
}

/// The row of a slot, if it has one.
///
/// # Errors
/// The database's.
pub async fn row_of<C: ConnectionTrait>(
    db: &C,
    slot: Slot,
) -> Result<Option<response_policy::Model>, Fault> {
    let level = match slot.level {
        Some(level) => response_policy::COLUMN.level.eq(level),
        None => response_policy::COLUMN.level.is_null(),
    };
    Ok(response_policy::Entity::find()
        .filter(response_policy::COLUMN.place_id.eq(slot.place_id))
        .filter(response_policy::COLUMN.grade.eq(slot.grade))
        .filter(level)
        .one(db)
        .await?)
}

/// A calendar with its days.
#[derive(Clone, Debug)]
pub struct FullCalendar {
    /// Name, place, version.
    pub calendar: calendar::Model,
    /// What it says.
    pub table: Timetable,
}

/// The calendars that may be chosen at a place: its own, those of places above, those for all; own
/// ones first, then by name.
///
/// # Errors
/// The database's; `not_found` when the actor may not see the place.
pub async fn calendars_at<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    place_id: i64,
) -> Result<Vec<FullCalendar>, Fault> {
    let place = seen_place(db, actor, place_id).await?;
    let ids = path_ids(&place.path);
    let mut rows = calendar::Entity::find()
        .filter(to_choose(&ids))
        .order_by_asc(calendar::COLUMN.name)
        .all(db)
        .await?;
    rows.sort_by_key(|row| std::cmp::Reverse(depth(&ids, row.place_id)));
    let days = calendar_day::Entity::find()
        .filter(
            calendar_day::COLUMN
                .calendar_id
                .is_in(rows.iter().map(|row| row.id)),
        )
        .all(db)
        .await?;
    let full = |calendar: calendar::Model| {
        let own = days.iter().filter(|day| day.calendar_id == calendar.id);
        let table = Timetable {
            hours: calendar.hours.clone(),
            public_holidays: calendar.public_holidays,
            days: own.map(|day| (day.day, day.hours.clone())).collect(),
        };
        FullCalendar { calendar, table }
    };
    Ok(rows.into_iter().map(full).collect())
}

/// The calendar that a name means at the place with this path: the nearest one.
///
/// # Errors
/// The database's.
pub async fn calendar_named<C: ConnectionTrait>(
    db: &C,
    path: &str,
    name: &str,
) -> Result<Option<calendar::Model>, Fault> {
    let ids = path_ids(path);
    let rows = calendar::Entity::find()
        .filter(to_choose(&ids))
        .filter(calendar::COLUMN.name.eq(name))
        .all(db)
        .await?;
    Ok(rows.into_iter().max_by_key(|row| depth(&ids, row.place_id)))
}

/// Not removed, and of a place on the path or of all.
pub(super) fn to_choose(ids: &[i64]) -> Condition {
    Condition::all()
        .add(calendar::COLUMN.removed_at.is_null())
        .add(
            Condition::any()
                .add(calendar::COLUMN.place_id.is_null())
                .add(calendar::COLUMN.place_id.is_in(ids.iter().copied())),
        )
}

/// How near a place on the path is; none for everywhere.
fn depth(ids: &[i64], place_id: Option<i64>) -> Option<usize> {
    ids.iter().position(|id| Some(*id) == place_id)
}
