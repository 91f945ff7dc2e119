//! `/console/cases/:id`: one case: what it is, its clocks, photos, history, and every action that is
//! possible now as a form (`act.rs`). Sections are made one by one: a new one is a field of [`Sections`].

use askama::Template;
use entity::kinds::{ActorKind, AttachmentState, CaseState};
use entity::{attachment, case, case_event, person};
use poem::http::{StatusCode, header};
use poem::web::Path;
use poem::{Response, handler};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::access::holders::{holders, says};
use crate::access::permit::{Deed, roles};
use crate::base::clock::{Moment, say};
use crate::base::fault::Fault;
use crate::base::key::key_in;
use crate::case::chat::event_says;
use crate::case::course::{self, Course};
use crate::case::evidence::stage_says;
use crate::case::queries::{self, Found, no_such};
use crate::case::shield::{self, Seen};
use crate::case::{STEPS, case_says, category, clock, kind_says, level_says, step_says, subject};
use crate::policy::grade_says;
use crate::web::console::act::{ActForm, Shape, forms, seen as mark};
use crate::web::console::also;
use crate::web::console::around::{Around, around};
use crate::web::console::cases::{Due, due};
use crate::web::console::fill;
use crate::web::console::form::Typed;
use crate::web::console::frame::{Frame, show};
use crate::web::console::guard::Desk;
use crate::web::console::photos::{self, PhotoForm};

/// Attachments shown.
const MOST_ATTACHED: u64 = 40;
/// People offered for a hand-over.
const MOST_OFFERED: usize = 60;

/// A line of the history.
struct EventLine {
    at: String,
    words: &'static str,
    who: String,
    note: Option<String>,
    step: Option<&'static str>,
}

/// An attachment.
struct Photo {
    id: i64,
    kind: String,
    stage: &'static str,
    at: String,
}

/// One of the seven steps.
struct StepMark {
    says: String,
    class: &'static str,
    current: bool,
}

/// The parts of the page, each made for itself.
struct Sections {
    steps: Vec<StepMark>,
    history: Vec<EventLine>,
    photos: Vec<Photo>,
    map: Option<String>,
    people: Vec<String>,
    around: Around,
    photo_form: Option<PhotoForm>,
}

#[derive(Template)]
#[template(path = "web/console/case.html")]
struct CasePage {
    frame: Frame,
    id: i64,
    mark: String,
    state: &'static str,
    waits: bool,
    late: Vec<&'static str>,
    facts: Vec<(&'static str, String)>,
    text: String,
    due: Option<Due>,
    plan: Option<String>,
    result: Option<String>,
    sections: Sections,
    forms: Vec<ActForm>,
    problem: Option<String>,
}

/// `GET /console/cases/:id`
///
/// # Errors
/// `not_found` for a case that the actor may not see.
#[handler]
pub async fn open(
    desk: &Desk,
    Path(id): Path<String>,
    request: &poem::Request,
) -> Result<Response, Fault> {
    let said = request.uri().query().unwrap_or_default();
    let said = said.strip_prefix("said=").unwrap_or_default();
    page(desk, key_in(&id, no_such)?, StatusCode::OK, None, said).await
}

pub(super) async fn page(
    desk: &Desk,
    id: i64,
    status: StatusCode,
    tried: Option<(String, Typed)>,
    said: &str,
) -> Result<Response, Fault> {
    let db = desk.app.store.read();
    let now = desk.app.clock.now();
    let found = queries::visible(db, desk.actor(), id).await?;
    let seen = shield::one(db, desk.actor(), found.clone()).await?;
    let case = &seen.found.case;
    let around = around(db, desk, &found, &case.text).await?;
    let mut forms = forms(desk, &found, tried.as_ref());
    fill::offer(db, &found, &mut forms).await?;
    forms.extend(also::forms(desk, &found, &around, tried.as_ref()));
    let named = forms.iter().any(|form| form.shape == Shape::Name);
    let sections = Sections {
        steps: steps(case, course::of(db, case).await?),
        history: history(db, &seen).await?,
        photos: attached(db, id).await?,
        map: map(case),
        people: if named {
            people(db, desk, &found, now).await?
        } else {
            Vec::new()
        },
        photo_form: photos::form(db, desk, &found, tried.as_ref()).await?,
        around,
    };
    let problem = tried.as_ref().and_then(|(_, typed)| {
        let mut fields: Vec<&str> = forms.iter().map(|form| form.field).collect();
        fields.push(photos::FIELD);
        typed.general(&fields).map(str::to_owned)
    });
    let page = CasePage {
        frame: Frame::new(desk, format!("#{id} {}", kind_says(case.kind))).saying(said),
        id,
        mark: mark(&found.case),
        state: case_says(case),
        waits: matches!(
            case.state,
            CaseState::Raised | CaseState::Assigned | CaseState::Paused
        ),
        late: late(case),
        facts: facts(db, &seen).await?,
        text: case.text.clone(),
        due: due(case, now),
        plan: case.plan.clone(),
        result: case.result.clone(),
        sections,
        forms,
        problem,
    };
    show(status, &page)
}

fn late(case: &case::Model) -> Vec<&'static str> {
    let flags = [
        (case.accept_late, "接单曾超时"),
        (case.arrive_late, "到场曾超时"),
        (case.plan_late, "方案曾超时"),
        (case.finish_late, "办结曾超时"),
        (case.silent_later, "接手曾超时"),
    ];
    let set = flags.into_iter().filter(|(late, _)| *late);
    set.map(|(_, words)| words).collect()
}

async fn facts<C: ConnectionTrait>(
    db: &C,
    seen: &Seen,
) -> Result<Vec<(&'static str, String)>, Fault> {
    let Found { case, place } = &seen.found;
    let holder = queries::name_of(db, case.holder_id).await?;
    let mut facts = vec![
        ("地点", queries::place_says(db, place).await?),
        (
            "办理人",
            if holder.is_empty() {
                "还没有人".to_owned()
            } else {
                holder
            },
        ),
        ("层级", level_says(case.level).to_owned()),
        ("等级", grade_says(case.grade).to_owned()),
        ("提出", say(case.created_at)),
    ];
    if seen.is_hidden() {
        facts.push(("提出人", shield::HIDDEN.to_owned()));
    }
    if let Some(words) = case.category.as_deref().and_then(category::says) {
        facts.push(("类别", words.to_owned()));
    }
    let clocks = clock::running(case).into_iter();
    let clocks: Vec<String> = clocks
        .map(|(clock, at)| format!("{}前{}", say(at), clock.says()))
        .collect();
    if !clocks.is_empty() {
        facts.push(("时限", clocks.join("，")));
    }
    if let Some(until) = case.pause_until {
        facts.push(("暂停到", say(until)));
    }
    if case.nudges > 0 {
        facts.push(("催办", format!("{}次", case.nudges)));
    }
    if let Some(score) = case.rating {
        let words = case.rating_text.as_deref().unwrap_or_default();
        facts.push(("评价", format!("{score}分 {words}")));
    }
    Ok(facts)
}

fn steps(case: &case::Model, course: Course) -> Vec<StepMark> {
    let steps = STEPS.iter();
    steps
        .map(|step| {
            let mark = course.mark(case, *step);
            StepMark {
                says: format!("{}{}", step_says(*step), mark.note()),
                class: mark.class(),
                current: *step == case.step,
            }
        })
        .collect()
}

async fn history<C: ConnectionTrait>(db: &C, seen: &Seen) -> Result<Vec<EventLine>, Fault> {
    let events = queries::events(db, seen.found.case.id).await?;
    let ids = events.iter().filter_map(|event| event.actor_id);
    let people = person::Entity::find()
        .filter(person::COLUMN.id.is_in(ids))
        .all(db)
        .await?;
    let line = |event: &case_event::Model| {
        let words = event_says(&event.action)?;
        // Who filed is not named: what matters here is the place.
        let own = event.actor_kind == ActorKind::Resident;
        let person = people
            .iter()
            .find(|person| Some(person.id) == event.actor_id && !own);
        Some(EventLine {
            at: say(event.at),
            words,
            who: match (own, person) {
                (true, _) => "居民".to_owned(),
                (false, Some(person)) => person.name.clone(),
                (false, None) => "系统".to_owned(),
            },
            note: event.note.as_deref().map(|note| seen.words(note)),
            step: event.step.map(step_says),
        })
    };
    Ok(events.iter().filter_map(line).collect())
}

async fn attached<C: ConnectionTrait>(db: &C, id: i64) -> Result<Vec<Photo>, Fault> {
    let rows = attachment::Entity::find()
        .filter(attachment::COLUMN.subject.eq(subject(id)))
        .filter(attachment::COLUMN.state.eq(AttachmentState::Stored))
        .order_by_asc(attachment::COLUMN.id)
        .limit(MOST_ATTACHED)
        .all(db)
        .await?;
    let shown = rows.into_iter().map(|row| Photo {
        id: row.id,
        kind: row.kind,
        stage: row.stage.map_or("", stage_says),
        at: say(row.created_at),
    });
    Ok(shown.collect())
}

/// A map elsewhere, opened on purpose only: it draws as WeChat's own map does (`gaode` is GCJ-02).
fn map(case: &case::Model) -> Option<String> {
    let (latitude, longitude) = (case.latitude?, case.longitude?);
    Some(format!(
        "https://uri.amap.com/marker?position={longitude:.6},{latitude:.6}&coordinate=gaode&callnative=0"
    ))
}

/// Names that may be typed for a hand-over.
async fn people<C: ConnectionTrait>(
    db: &C,
    desk: &Desk,
    found: &Found,
    now: Moment,
) -> Result<Vec<String>, Fault> {
    let all = holders(db, &found.place.path, roles(Deed::WorkCases), now).await?;
    let mut names: Vec<String> = Vec::new();
    for held in all {
        let out = Some(held.person_id) == found.case.holder_id
            || held.person_id == found.case.reporter_id
            || (Some(held.person_id) == desk.actor().person_id() && found.case.holder_id.is_some());
        let name = format!("{} {}", held.name, says(held.role));
        if !out && names.len() < MOST_OFFERED && !names.contains(&name) {
            names.push(name);
        }
    }
    Ok(names)
}

/// `GET /console/cases/:id/files/:file`: a photo, voice or video of a case that the actor may see.
///
/// # Errors
/// `not_found` for all others.
#[handler]
pub async fn file(
    desk: &Desk,
    Path((id, file)): Path<(String, String)>,
) -> Result<Response, Fault> {
    let none = || Fault::not_found("没有找到这个附件。");
    let id = key_in(&id, no_such)?;
    let file: i64 = file.parse().map_err(|_| none())?;
    let db = desk.app.store.read();
    let found = queries::visible(db, desk.actor(), id).await?;
    let row = attachment::Entity::find_by_id(file)
        .filter(attachment::COLUMN.subject.eq(subject(found.case.id)))
        .filter(attachment::COLUMN.state.eq(AttachmentState::Stored))
        .one(db)
        .await?
        .ok_or_else(none)?;
    let kind = row.content_type.unwrap_or_default();
    let media = ["image/", "audio/", "video/"];
    let path = row.path.ok_or_else(none)?;
    if !media.iter().any(|begin| kind.starts_with(begin)) || kind.contains("svg") {
        return Err(none());
    }
    let bytes = desk.app.files.get(&path).await?;
    Ok(Response::builder()
        .content_type(kind)
        .header(header::CONTENT_DISPOSITION, "inline")
        .body(bytes))
}
