//! How the API shows volunteers, tasks and hours, and what it takes: ids are strings, times RFC 3339 at +08:00.

use chrono::SubsecRound;
use sea_orm::ActiveEnum;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::base::clock::{Moment, china};
use crate::base::dates;
use crate::base::fault::Fault;
use crate::volunteer::actions::NewTask;
use crate::volunteer::hours::Span;
use crate::volunteer::queries::{Part, Seen, Side};
use crate::volunteer::tally::Line;
use crate::volunteer::{service_says, task_says};

/// The caller as a volunteer.
#[derive(Debug, Serialize, ToSchema)]
pub struct VolunteerView {
    /// Of the registration.
    pub id: String,
    /// Of the compound.
    pub compound_id: String,
    /// A party member who has reported where they live.
    pub party: bool,
    /// Where the member works.
    pub unit: Option<String>,
    /// The board may name them.
    pub named: bool,
    /// active or left.
    pub state: String,
}

/// Where the caller is a volunteer.
#[derive(Debug, Serialize, ToSchema)]
pub struct VolunteerList {
    /// One for each compound.
    pub items: Vec<VolunteerView>,
}

/// A registration.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewVolunteer {
    /// 双报到: only for whoever the roster knows as a party member.
    #[serde(default)]
    pub party: bool,
    /// Where the member works.
    #[serde(default)]
    pub unit: String,
    /// Code of the compound, `GY`; where the caller lives if not given.
    #[serde(default)]
    pub compound: Option<String>,
}

/// Whether the board may name them.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NamedChoice {
    /// Yes or no.
    pub named: bool,
}

/// A task, as far as the caller may see it.
#[derive(Debug, Serialize, ToSchema)]
pub struct VolunteerTaskView {
    /// The number that people type.
    pub id: String,
    /// One line.
    pub title: String,
    /// Where.
    pub venue: String,
    /// It begins.
    pub starts_at: String,
    /// It is over.
    pub ends_at: String,
    /// How many are needed.
    pub wanted: i32,
    /// How many have said to come.
    pub taken: i32,
    /// open or cancelled.
    pub state: String,
    /// 进行中, 已取消
    pub state_label: String,
    /// Why it was called off.
    pub reason: Option<String>,
    /// At which activity.
    pub activity_id: Option<String>,
    /// leader or neighbour.
    pub side: String,
    /// The caller's own part.
    pub own: Option<ServiceView>,
}

/// A page of tasks.
#[derive(Debug, Serialize, ToSchema)]
pub struct VolunteerTaskPage {
    /// Newest first.
    pub items: Vec<VolunteerTaskView>,
    /// Cursor of the next page; none at the end.
    pub next: Option<String>,
}

/// Somebody's part in a task.
#[derive(Debug, Serialize, ToSchema)]
pub struct ServiceView {
    /// Of the service.
    pub id: String,
    /// Who, for those who lead; none for one's own.
    pub name: Option<String>,
    /// taken, left, begun, ended, confirmed, refused.
    pub state: String,
    /// 待确认 …
    pub state_label: String,
    /// Began.
    pub in_at: Option<String>,
    /// Ended.
    pub out_at: Option<String>,
    /// Whole minutes.
    pub minutes: Option<i32>,
    /// Why they do not count.
    pub reason: Option<String>,
}

/// Who has a part in a task.
#[derive(Debug, Serialize, ToSchema)]
pub struct ServiceList {
    /// The first to take it first; at most 500.
    pub items: Vec<ServiceView>,
}

/// A task to be made or changed.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewVolunteerTask {
    /// Code of the compound or of a part of it; not needed at an activity and for a change.
    #[serde(default)]
    pub place: String,
    /// At which activity; it has its place and time then.
    #[serde(default)]
    pub activity_id: Option<String>,
    /// At most 40 characters.
    pub title: String,
    /// At most 40 characters.
    #[serde(default)]
    pub venue: String,
    /// RFC 3339; not needed at an activity.
    #[serde(default)]
    pub starts_at: Option<String>,
    /// RFC 3339; not needed at an activity.
    #[serde(default)]
    pub ends_at: Option<String>,
    /// 1 to 500.
    pub wanted: i32,
}

/// Why it is called off, or does not count.
#[derive(Debug, Deserialize, ToSchema)]
pub struct VolunteerReason {
    /// Whom it concerns is told.
    pub reason: String,
}

/// Hours that whoever leads enters.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewHours {
    /// Of the volunteer.
    pub volunteer_id: String,
    /// RFC 3339.
    pub from: String,
    /// RFC 3339; at most a day later.
    pub until: String,
}

/// The caller's record of a year.
#[derive(Debug, Serialize, ToSchema)]
pub struct YearRecord {
    /// Which.
    pub year: i32,
    /// All minutes that count.
    pub minutes: i64,
    /// The earliest first.
    pub items: Vec<RecordLine>,
    /// A sheet to print; holds for a day.
    pub url: String,
}

/// A service that counts.
#[derive(Debug, Serialize, ToSchema)]
pub struct RecordLine {
    /// Of the task.
    pub task_id: String,
    /// What it was.
    pub title: String,
    /// Where.
    pub venue: String,
    /// Began.
    pub from: Option<String>,
    /// Ended.
    pub until: Option<String>,
    /// Whole minutes.
    pub minutes: i32,
}

fn moment(field: &'static str, text: &str) -> Result<Moment, Fault> {
    Ok(dates::read_moment(field, text)?.trunc_subsecs(3))
}

impl NewVolunteerTask {
    /// As the actions take it; `now` stands for times that an activity gives.
    ///
    /// # Errors
    /// `invalid` for a time that is none, and for one that is missing without an activity.
    pub fn read(&self, now: Moment) -> Result<NewTask, Fault> {
        let time = |field: &'static str, text: &Option<String>| match text {
            Some(text) => moment(field, text),
            None if self.activity_id.is_some() => Ok(now),
            None => Err(Fault::invalid(field, format!("请写 {field}。"))),
        };
        Ok(NewTask {
            title: self.title.clone(),
            venue: self.venue.clone(),
            starts_at: time("starts_at", &self.starts_at)?,
            ends_at: time("ends_at", &self.ends_at)?,
            wanted: self.wanted,
        })
    }
}

impl NewHours {
    /// As the actions take it.
    ///
    /// # Errors
    /// `invalid` for a time that is none.
    pub fn read(&self) -> Result<Span, Fault> {
        Ok(Span {
            from: moment("from", &self.from)?,
            until: moment("until", &self.until)?,
        })
    }
}

fn time(at: Moment) -> String {
    china(at).to_rfc3339()
}

impl From<entity::volunteer::Model> for VolunteerView {
    fn from(row: entity::volunteer::Model) -> Self {
        Self {
            id: row.id.to_string(),
            compound_id: row.compound_id.to_string(),
            party: row.party,
            unit: row.unit,
            named: row.named,
            state: row.state.to_value(),
        }
    }
}

impl From<entity::volunteer_service::Model> for ServiceView {
    fn from(row: entity::volunteer_service::Model) -> Self {
        Self {
            id: row.id.to_string(),
            name: None,
            state: row.state.to_value(),
            state_label: service_says(row.state).to_owned(),
            in_at: row.in_at.map(time),
            out_at: row.out_at.map(time),
            minutes: row.minutes,
            reason: row.reason,
        }
    }
}

impl From<Part> for ServiceView {
    fn from(part: Part) -> Self {
        Self {
            name: Some(part.name),
            ..part.service.into()
        }
    }
}

impl From<Seen> for VolunteerTaskView {
    fn from(seen: Seen) -> Self {
        let row = seen.task;
        Self {
            id: row.id.to_string(),
            starts_at: time(row.starts_at),
            ends_at: time(row.ends_at),
            wanted: row.wanted,
            taken: row.taken,
            state: row.state.to_value(),
            state_label: task_says(row.state).to_owned(),
            activity_id: row.activity_id.map(|id| id.to_string()),
            side: match seen.side {
                Side::Leader => "leader",
                Side::Neighbour => "neighbour",
            }
            .to_owned(),
            own: seen.own.map(ServiceView::from),
            title: row.title,
            venue: row.venue,
            reason: row.reason,
        }
    }
}

impl From<Line> for RecordLine {
    fn from(line: Line) -> Self {
        Self {
            task_id: line.task.id.to_string(),
            title: line.task.title,
            venue: line.task.venue,
            from: line.service.in_at.map(time),
            until: line.service.out_at.map(time),
            minutes: line.service.minutes.unwrap_or_default(),
        }
    }
}
