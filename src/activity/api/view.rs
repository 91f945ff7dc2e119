//! How the API shows an activity and those who take part, and what it takes: ids are strings, times RFC 3339
//! at +08:00.

use chrono::SubsecRound;
use entity::life::{ActivityKind, SignupState};
use sea_orm::{ActiveEnum, ConnectionTrait, Iterable};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::activity::actions::New;
use crate::activity::line::{Guest, place_in_line};
use crate::activity::queries::{self, Seen, Side};
use crate::activity::seats::free;
use crate::activity::times::Times;
use crate::activity::{kind_says, link, signup_says, state_says};
use crate::app::App;
use crate::attachment::link::{self as files, Variant};
use crate::base::clock::{Moment, china};
use crate::base::dates;
use crate::base::fault::Fault;

/// An activity, as far as the caller may see it.
#[derive(Debug, Serialize, ToSchema)]
pub struct ActivityView {
    /// The number that people type.
    pub id: String,
    /// party_day, festival, clinic, lecture, sport, cleaning, other.
    pub kind: String,
    /// 义诊 …
    pub kind_label: String,
    /// One line.
    pub title: String,
    /// What people should know.
    pub text: String,
    /// Where people meet.
    pub venue: String,
    /// It begins.
    pub starts_at: String,
    /// It is over.
    pub ends_at: String,
    /// Until when people sign up.
    pub closes_at: String,
    /// draft, open, closed, cancelled, held.
    pub state: String,
    /// 报名中 …
    pub state_label: String,
    /// For how many people; none: for all who come.
    pub places: Option<i32>,
    /// People who have a place.
    pub taken: i32,
    /// People who wait.
    pub waiting: i32,
    /// Places that nobody has; none where there are as many as people come.
    pub free: Option<i32>,
    /// Why it was cancelled.
    pub reason: Option<String>,
    /// leader or neighbour.
    pub side: String,
    /// The caller's own sign-up.
    pub own: Option<SignupView>,
    /// Its page, for everybody; none for a draft.
    pub url: Option<String>,
    /// Its calendar file.
    pub calendar_url: Option<String>,
    /// Photos of it.
    pub photos: Vec<ActivityPhoto>,
}

/// The caller's own sign-up.
#[derive(Debug, Serialize, ToSchema)]
pub struct SignupView {
    /// taken or waiting.
    pub state: String,
    /// 已报名, 候补
    pub state_label: String,
    /// How many they are, the caller included.
    pub size: i32,
    /// At which place of the line, from 1, while they wait.
    pub waits_at: Option<u64>,
    /// Told an hour before, too.
    pub hour_before: bool,
    /// When they came.
    pub checked_at: Option<String>,
}

/// A photo of an activity.
#[derive(Debug, Serialize, ToSchema)]
pub struct ActivityPhoto {
    /// Of the attachment.
    pub id: String,
    /// Holds for an hour; none while it is on its way.
    pub url: Option<String>,
    /// The small picture; holds for an hour.
    pub thumbnail_url: Option<String>,
}

/// A page of activities.
#[derive(Debug, Serialize, ToSchema)]
pub struct ActivityPage {
    /// Newest first.
    pub items: Vec<ActivityView>,
    /// Cursor of the next page; none at the end.
    pub next: Option<String>,
}

/// Somebody who takes part, for those who lead.
#[derive(Debug, Serialize, ToSchema)]
pub struct GuestView {
    /// Of the sign-up.
    pub id: String,
    /// As the roster has it.
    pub name: String,
    /// How many they are.
    pub size: i32,
    /// taken or waiting.
    pub state: String,
    /// When they came.
    pub checked_at: Option<String>,
}

/// Who takes part and who waits, in the order of the line.
#[derive(Debug, Serialize, ToSchema)]
pub struct GuestPage {
    /// The first in the line first.
    pub items: Vec<GuestView>,
    /// Cursor of the next page; none at the end.
    pub next: Option<String>,
}

/// An activity to be made or changed.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewActivity {
    /// Code of the compound or of a part of it, `GY` or `GY/3`; not needed for a change.
    #[serde(default)]
    pub place: String,
    /// party_day, festival, clinic, lecture, sport, cleaning, other.
    pub kind: String,
    /// At most 40 characters.
    pub title: String,
    /// At most 1000 characters.
    #[serde(default)]
    pub text: String,
    /// At most 40 characters.
    pub venue: String,
    /// RFC 3339.
    pub starts_at: String,
    /// RFC 3339.
    pub ends_at: String,
    /// RFC 3339; when it begins if not given.
    #[serde(default)]
    pub closes_at: Option<String>,
    /// 1 to 5000; for all who come if not given.
    #[serde(default)]
    pub places: Option<i32>,
}

/// How many come.
#[derive(Debug, Deserialize, ToSchema)]
pub struct SignUp {
    /// 1 to 6, the caller included.
    #[serde(default = "one")]
    pub size: i32,
}

const fn one() -> i32 {
    1
}

/// Whether to be told an hour before, too.
#[derive(Debug, Deserialize, ToSchema)]
pub struct HourBefore {
    /// Yes or no.
    pub wants: bool,
}

/// Why it is called off.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ActivityReason {
    /// Whoever has signed up is told.
    pub reason: String,
}

/// The code at the door.
#[derive(Debug, Deserialize, ToSchema)]
pub struct DoorCode {
    /// What stands behind `/activity/in/` in the scanned address.
    pub token: String,
}

/// Photos of it.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ActivityPhotos {
    /// Ids of uploaded photos.
    pub attachments: Vec<String>,
}

impl NewActivity {
    /// As the actions take it.
    ///
    /// # Errors
    /// `invalid` for a kind or a time that is none.
    pub fn read(&self) -> Result<New, Fault> {
        let kind = <ActivityKind as Iterable>::iter().find(|kind| kind.to_value() == self.kind);
        let kind = kind.ok_or_else(|| {
            Fault::invalid(
                "kind",
                "kind 必须是 party_day、festival、clinic、lecture、sport、cleaning 或 other。",
            )
        })?;
        let starts = moment("starts_at", &self.starts_at)?;
        Ok(New {
            kind,
            title: self.title.clone(),
            text: self.text.clone(),
            venue: self.venue.clone(),
            times: Times {
                starts,
                ends: moment("ends_at", &self.ends_at)?,
                closes: match &self.closes_at {
                    Some(closes) => moment("closes_at", closes)?,
                    None => starts,
                },
            },
            places: self.places,
        })
    }
}

fn moment(field: &'static str, text: &str) -> Result<Moment, Fault> {
    Ok(dates::read_moment(field, text)?.trunc_subsecs(3))
}

fn time(at: Moment) -> String {
    china(at).to_rfc3339()
}

/// With the caller's place in the line and the photos.
///
/// # Errors
/// The database's.
pub async fn whole<C: ConnectionTrait>(
    app: &App,
    db: &C,
    seen: Seen,
) -> Result<ActivityView, Fault> {
    let waits_at = match &seen.own {
        Some(own) if own.state == SignupState::Waiting => Some(place_in_line(db, own).await?),
        _ => None,
    };
    let photos = queries::photos(db, seen.activity.id).await?;
    let photo = |row: &entity::attachment::Model| ActivityPhoto {
        id: row.id.to_string(),
        url: files::url(app, row, Variant::Full),
        thumbnail_url: files::url(app, row, Variant::Small),
    };
    let mut view = plain(app, seen);
    view.photos = photos.iter().map(photo).collect();
    if let Some(own) = &mut view.own {
        own.waits_at = waits_at;
    }
    Ok(view)
}

/// Without photos and without the place in the line.
#[must_use]
pub fn plain(app: &App, seen: Seen) -> ActivityView {
    let row = seen.activity;
    let out = row.opened_at.is_some();
    let own = seen.own.map(|own| SignupView {
        state: own.state.to_value(),
        state_label: signup_says(own.state).to_owned(),
        size: own.size,
        waits_at: None,
        hour_before: own.hour_before,
        checked_at: own.checked_at.map(time),
    });
    ActivityView {
        id: row.id.to_string(),
        kind: row.kind.to_value(),
        kind_label: kind_says(row.kind).to_owned(),
        starts_at: time(row.starts_at),
        ends_at: time(row.ends_at),
        closes_at: time(row.closes_at),
        state: row.state.to_value(),
        state_label: state_says(row.state).to_owned(),
        places: row.places,
        taken: row.taken,
        waiting: row.waiting,
        free: free(row.places, row.taken),
        side: match seen.side {
            Side::Leader => "leader",
            Side::Neighbour => "neighbour",
        }
        .to_owned(),
        own,
        url: out.then(|| link::public(app, row.id)),
        calendar_url: out.then(|| link::calendar(app, row.id)),
        photos: Vec::new(),
        title: row.title,
        text: row.text,
        venue: row.venue,
        reason: row.reason,
    }
}

impl From<Guest> for GuestView {
    fn from(guest: Guest) -> Self {
        Self {
            id: guest.signup.id.to_string(),
            name: guest.name,
            size: guest.signup.size,
            state: guest.signup.state.to_value(),
            checked_at: guest.signup.checked_at.map(time),
        }
    }
}
