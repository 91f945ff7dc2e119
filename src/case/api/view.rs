//! How the API shows a case: ids are strings, times RFC 3339 at +08:00.

use entity::{attachment, case, case_event, person};
use sea_orm::{ActiveEnum, ConnectionTrait, EntityTrait, QueryFilter};
use serde::Serialize;
use utoipa::ToSchema;

use crate::access::Actor;
use crate::app::App;
use crate::attachment::link::{self, Variant};
use crate::base::clock::{Moment, china};
use crate::base::fault::Fault;
use crate::case::api::together::AlikeView;
use crate::case::queries::Helper;
use crate::case::shield::{self, Seen};
use crate::case::{case_says, clock, kind_says};
use crate::policy::grade_says;
use crate::visit::api::VisitView;

/// A case.
#[derive(Debug, Serialize, ToSchema)]
pub struct CaseView {
    /// The number that people type.
    pub id: String,
    /// repair, complaint, suggestion, help, dispute.
    pub kind: String,
    /// 报修 …
    pub kind_label: String,
    /// lift, water, noise …
    pub category: Option<String>,
    /// As written.
    pub text: String,
    /// Key of the place.
    pub place_id: String,
    /// Full code of the place.
    pub place_code: String,
    /// raised, assigned, accepted, arrived, paused, finished, reviewed, reopen_requested, withdrawn.
    pub state: String,
    /// 待接单 …
    pub state_label: String,
    /// The last of the seven steps taken.
    pub step: String,
    /// 1, and 2 after reopening.
    pub round: i32,
    /// compound, community, street, department.
    pub level: String,
    /// Name of who has it.
    pub holder: Option<String>,
    /// Name of who is asked to take it over, or whether it is opened again; until they answer the holder
    /// keeps it.
    pub asked: Option<String>,
    /// At which level they work.
    pub asked_level: Option<String>,
    /// Until when they must answer.
    pub asked_due_at: Option<String>,
    /// ordinary, major, complex.
    pub grade: String,
    /// 普通 …
    pub grade_label: String,
    /// What is to be done next by a moment: accept, arrive, plan, finish; none when no clock runs.
    pub next: Option<String>,
    /// Until when.
    pub next_due_at: Option<String>,
    /// Until when it must be accepted.
    pub accept_due_at: Option<String>,
    /// Until when somebody must be on the scene.
    pub arrive_due_at: Option<String>,
    /// Until when there must be a plan; none once there is one.
    pub plan_due_at: Option<String>,
    /// Until when it must be finished.
    pub finish_due_at: Option<String>,
    /// When a pause ends though nobody says so.
    pub pause_until: Option<String>,
    /// The first answer was late.
    pub accept_late: bool,
    /// The arrive clock was missed.
    pub arrive_late: bool,
    /// The plan clock was missed.
    pub plan_late: bool,
    /// The finish clock was missed.
    pub finish_late: bool,
    /// Behind the first answer somebody who got it, or was asked to take it over, kept silent.
    pub silent_later: bool,
    /// How often it was pressed.
    pub nudges: i32,
    /// How it will be done.
    pub plan: Option<String>,
    /// What was done, or why it could not be.
    pub result: Option<String>,
    /// solved or unsolved; none while it is open.
    pub outcome: Option<String>,
    /// 1 to 5.
    pub rating: Option<i16>,
    /// Words with the rating.
    pub rating_text: Option<String>,
    /// When the one request to open it again was made.
    pub reopen_asked_at: Option<String>,
    /// It was opened again.
    pub reopened: bool,
    /// When it was struck from the published list (销号).
    pub closed_off_at: Option<String>,
    /// How many homes have met it.
    pub households: i32,
    /// The case that it was merged into.
    pub merged_into: Option<String>,
    /// Filed without a name.
    pub anonymous: bool,
    /// When it was filed.
    pub created_at: String,
    /// When it last changed.
    pub updated_at: String,
}

/// A case with its history.
#[derive(Debug, Serialize, ToSchema)]
pub struct FullView {
    /// The case.
    #[serde(flatten)]
    pub case: CaseView,
    /// Who helps or helped, the first to come first.
    pub helpers: Vec<HelperView>,
    /// Who reported, for whoever works on it; nobody's name for a case without one, and for those whom a
    /// complaint may be about.
    pub reporter: Option<String>,
    /// Oldest first.
    pub events: Vec<EventView>,
    /// Photos, voices and films, oldest first.
    pub attachments: Vec<PhotoView>,
    /// A photo of what was found or of what was done, or the reason why there is none, is still owed.
    pub photo_owed: bool,
    /// Of which sides: before, after.
    pub photos_missing: Vec<String>,
    /// What neighbours who have joined it gave for the last end, 1 to 5, in the order in which they joined.
    pub joiner_ratings: Vec<i16>,
}

/// A photo, voice or film of a case.
#[derive(Debug, Serialize, ToSchema)]
pub struct PhotoView {
    /// Key, for `/attachments/{id}`.
    pub id: String,
    /// image, voice or video.
    pub kind: String,
    /// before or after the work.
    pub stage: Option<String>,
    /// pending while it is fetched, then stored.
    pub state: String,
    /// Holds for an hour.
    pub url: Option<String>,
    /// The small picture; holds for an hour.
    pub thumbnail_url: Option<String>,
    /// When it was sent.
    pub created_at: String,
}

impl PhotoView {
    /// As whoever may see the case sees it.
    #[must_use]
    pub fn of(app: &App, row: &attachment::Model) -> Self {
        Self {
            id: row.id.to_string(),
            kind: row.kind.clone(),
            stage: row.stage.map(|stage| stage.to_value()),
            state: row.state.to_value(),
            url: link::url(app, row, Variant::Full),
            thumbnail_url: link::url(app, row, Variant::Small),
            created_at: time(row.created_at),
        }
    }
}

/// Somebody who helps the holder.
#[derive(Debug, Serialize, ToSchema)]
pub struct HelperView {
    /// Full name.
    pub name: String,
    /// Since when; none while only invited.
    pub joined_at: Option<String>,
    /// When they went again.
    pub left_at: Option<String>,
}

impl From<&Helper> for HelperView {
    fn from(helper: &Helper) -> Self {
        Self {
            name: helper.name.clone(),
            joined_at: helper.joined_at.map(time),
            left_at: helper.left_at.map(time),
        }
    }
}

/// A case that was filed just now.
#[derive(Debug, Serialize, ToSchema)]
pub struct FiledView {
    /// The case.
    #[serde(flatten)]
    pub case: CaseView,
    /// Open cases that may be the same thing, likeliest first: `POST /cases/{id}/join` with `own_id`.
    pub alike: Vec<AlikeView>,
}

/// A page of what lies with somebody.
#[derive(Debug, Serialize, ToSchema)]
pub struct TaskPage {
    /// Cases, newest first.
    pub items: Vec<CaseView>,
    /// Whom no channel reaches and who is to be told at the door, the longest waiting first; with
    /// the first page only.
    pub visits: Vec<VisitView>,
    /// Cursor of the next page; none at the end.
    pub next: Option<String>,
}

/// An entry of the history.
#[derive(Debug, Serialize, ToSchema)]
pub struct EventView {
    /// filed, dispatched, accepted …
    pub action: String,
    /// Which of the seven steps it is.
    pub step: Option<String>,
    /// In which round.
    pub round: i32,
    /// resident, staff, system.
    pub by: String,
    /// Words that go with it.
    pub note: Option<String>,
    /// When.
    pub at: String,
}

impl EventView {
    /// As whoever reads the case may read it.
    #[must_use]
    pub fn of(seen: &Seen, event: &case_event::Model) -> Self {
        Self {
            action: event.action.clone(),
            step: event.step.map(|step| step.to_value()),
            round: event.round,
            by: event.actor_kind.to_value(),
            note: event.note.as_deref().map(|note| seen.words(note)),
            at: time(event.at),
        }
    }
}

fn time(at: Moment) -> String {
    china(at).to_rfc3339()
}

/// One case as it is shown to the actor.
///
/// # Errors
/// The database's.
pub async fn one<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    case: &case::Model,
) -> Result<CaseView, Fault> {
    let mut views = many(db, actor, std::slice::from_ref(case)).await?;
    views
        .pop()
        .ok_or_else(|| Fault::internal("a case was not shown"))
}

/// Many of them, with few reads for all.
///
/// # Errors
/// The database's.
pub async fn many<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    cases: &[case::Model],
) -> Result<Vec<CaseView>, Fault> {
    if cases.is_empty() {
        return Ok(Vec::new());
    }
    let seen = shield::cases(db, actor, cases.to_vec()).await?;
    let holders = person::Entity::find()
        .filter(
            person::COLUMN.id.is_in(
                cases
                    .iter()
                    .flat_map(|case| [case.holder_id, case.asked_id])
                    .flatten(),
            ),
        )
        .all(db)
        .await?;
    let name = |id: i64| {
        let person = holders.iter().find(|person| person.id == id);
        person.map(|person| person.name.clone())
    };
    let show = |seen: &Seen| {
        let (case, place) = (&seen.found.case, &seen.found.place);
        let (holder, asked) = (case.holder_id.and_then(name), case.asked_id.and_then(name));
        shown(case, place.code.clone(), holder, asked)
    };
    Ok(seen.iter().map(show).collect())
}

/// A case with the code of its place and the names of who has it and who is asked to take it over.
fn shown(
    case: &case::Model,
    place_code: String,
    holder: Option<String>,
    asked: Option<String>,
) -> CaseView {
    CaseView {
        id: case.id.to_string(),
        kind: case.kind.to_value(),
        kind_label: kind_says(case.kind).to_owned(),
        category: case.category.clone(),
        text: case.text.clone(),
        place_id: case.place_id.to_string(),
        place_code,
        state: case.state.to_value(),
        state_label: case_says(case).to_owned(),
        step: case.step.to_value(),
        round: case.round,
        level: case.level.to_value(),
        holder,
        asked,
        asked_level: case.asked_level.map(|level| level.to_value()),
        asked_due_at: case.asked_due_at.map(time),
        grade: case.grade.to_value(),
        grade_label: grade_says(case.grade).to_owned(),
        next: clock::next(case).map(|(clock, _)| clock.name().to_owned()),
        next_due_at: clock::next(case).map(|(_, due)| time(due)),
        accept_due_at: case.accept_due_at.map(time),
        arrive_due_at: case.arrive_due_at.map(time),
        plan_due_at: case.plan_due_at.map(time),
        finish_due_at: case.finish_due_at.map(time),
        pause_until: case.pause_until.map(time),
        accept_late: case.accept_late,
        arrive_late: case.arrive_late,
        plan_late: case.plan_late,
        finish_late: case.finish_late,
        silent_later: case.silent_later,
        nudges: case.nudges,
        plan: case.plan.clone(),
        result: case.result.clone(),
        outcome: case.outcome.map(|outcome| outcome.to_value()),
        rating: case.rating,
        rating_text: case.rating_text.clone(),
        reopen_asked_at: case.reopen_asked_at.map(time),
        reopened: case.reopened,
        closed_off_at: case.closed_off_at.map(time),
        households: case.households,
        merged_into: case.merged_into.map(|id| id.to_string()),
        anonymous: case.anonymous,
        created_at: time(case.created_at),
        updated_at: time(case.updated_at),
    }
}
