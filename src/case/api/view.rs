//! How the API shows a case: ids are strings, times RFC 3339 at +08:00.

use entity::{case, case_event, person, place};
use sea_orm::{ActiveEnum, ConnectionTrait, EntityTrait, QueryFilter};
use serde::Serialize;
use utoipa::ToSchema;

use crate::base::clock::{Moment, china};
use crate::base::fault::Fault;
use crate::case::{kind_says, state_says};
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
    /// raised, assigned, accepted, arrived, paused, finished, reviewed, withdrawn.
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
    /// Until when it must be accepted.
    pub accept_due_at: Option<String>,
    /// Until when it must be finished.
    pub finish_due_at: Option<String>,
    /// The accept clock was missed.
    pub accept_late: bool,
    /// The finish clock was missed.
    pub finish_late: bool,
    /// How often it was pressed.
    pub nudges: i32,
    /// How it will be done.
    pub plan: Option<String>,
    /// What was done.
    pub result: Option<String>,
    /// 1 to 5.
    pub rating: Option<i16>,
    /// Words with the rating.
    pub rating_text: Option<String>,
    /// The one reopening was used.
    pub reopened: bool,
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
    /// Oldest first.
    pub events: Vec<EventView>,
}

/// A page of cases.
#[derive(Debug, Serialize, ToSchema)]
pub struct CasePage {
    /// Newest first.
    pub items: Vec<CaseView>,
    /// Cursor of the next page; none at the end.
    pub next: Option<String>,
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

impl From<&case_event::Model> for EventView {
    fn from(event: &case_event::Model) -> Self {
        Self {
            action: event.action.clone(),
            step: event.step.map(|step| step.to_value()),
            round: event.round,
            by: event.actor_kind.to_value(),
            note: event.note.clone(),
            at: time(event.at),
        }
    }
}

fn time(at: Moment) -> String {
    china(at).to_rfc3339()
}

/// One case as it is shown.
///
/// # Errors
/// The database's.
pub async fn one<C: ConnectionTrait>(db: &C, case: &case::Model) -> Result<CaseView, Fault> {
    let mut views = many(db, std::slice::from_ref(case)).await?;
    views
        .pop()
        .ok_or_else(|| Fault::internal("a case was not shown"))
}

/// Many of them, with two reads for all.
///
/// # Errors
/// The database's.
pub async fn many<C: ConnectionTrait>(
    db: &C,
    cases: &[case::Model],
) -> Result<Vec<CaseView>, Fault> {
    if cases.is_empty() {
        return Ok(Vec::new());
    }
    let places = place::Entity::find()
        .filter(
            place::COLUMN
                .id
                .is_in(cases.iter().map(|case| case.place_id)),
        )
        .all(db)
        .await?;
    let holders = person::Entity::find()
        .filter(
            person::COLUMN
                .id
                .is_in(cases.iter().filter_map(|case| case.holder_id)),
        )
        .all(db)
        .await?;
    let code = |id: i64| places.iter().find(|place| place.id == id);
    let name = |id: i64| holders.iter().find(|person| person.id == id);
    Ok(cases
        .iter()
        .map(|case| CaseView {
            id: case.id.to_string(),
            kind: case.kind.to_value(),
            kind_label: kind_says(case.kind).to_owned(),
            category: case.category.clone(),
            text: case.text.clone(),
            place_id: case.place_id.to_string(),
            place_code: code(case.place_id).map_or_else(String::new, |place| place.code.clone()),
            state: case.state.to_value(),
            state_label: state_says(case.state).to_owned(),
            step: case.step.to_value(),
            round: case.round,
            level: case.level.to_value(),
            holder: case
                .holder_id
                .and_then(name)
                .map(|person| person.name.clone()),
            accept_due_at: case.accept_due_at.map(time),
            finish_due_at: case.finish_due_at.map(time),
            accept_late: case.accept_late,
            finish_late: case.finish_late,
            nudges: case.nudges,
            plan: case.plan.clone(),
            result: case.result.clone(),
            rating: case.rating,
            rating_text: case.rating_text.clone(),
            reopened: case.reopened,
            created_at: time(case.created_at),
            updated_at: time(case.updated_at),
        })
        .collect())
}
