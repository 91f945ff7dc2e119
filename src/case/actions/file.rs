//! Filing (提) and the first dispatch (汇): the hot path. Five statements, or six when the text
//! names a building: building, rules with clocks, people, what is open and may be the same, case,
//! reminders; three more where something is. History and audit wait for the end of the transaction.

use entity::kinds::{CaseKind, CaseState, CaseStep, Channel, Grade, Level, PlaceKind};
use entity::{case, case_event, place};
use sea_orm::ActiveValue::Set;
use sea_orm::{EntityTrait, QueryTrait};
use serde_json::json;

use crate::access::Actor;
use crate::access::audit::{self, Entry};
use crate::base::clock::Moment;
use crate::base::fault::Fault;
use crate::case::actions::behalf::building_of;
use crate::case::actions::ground::{Ground, ground};
use crate::case::actions::manner::{Behalf, Manner, put_apart};
use crate::case::actions::{Draft, require_text, says_target};
use crate::case::behalf::Veil;
use crate::case::category::{Emergency, emergency, guess};
use crate::case::dispatch::{self, Target, Wanted, survey};
use crate::case::queries::Found;
use crate::case::similar::{self, Alike};
use crate::case::step::By;
use crate::case::{kind_says, subject};
use crate::policy::Clocks;
use crate::reminder;
use crate::store::Tx;

/// What somebody files.
#[derive(Clone, Debug)]
pub struct Filing {
    /// Kind.
    pub kind: CaseKind,
    /// Their words.
    pub text: String,
    /// For which of their homes; none: found out from the text.
    pub home_id: Option<i64>,
    /// By which door.
    pub channel: Channel,
    /// Latitude and longitude as maps of this country have them (GCJ-02), degrees.
    pub location: Option<(f64, f64)>,
    /// Where they stand: the place whose code was scanned. Counts only where they may file, and unless
    /// the text names another building.
    pub at: Option<i64>,
    /// Without a name: who filed is shown to nobody.
    pub anonymous: bool,
    /// For somebody at the counter or on the phone.
    pub behalf: Option<Box<Behalf>>,
}

/// What became of it.
#[derive(Clone, Debug)]
pub struct Filed {
    /// The case.
    pub case: case::Model,
    /// Who is asked to take it; none when nobody could be found.
    pub target: Option<Target>,
    /// Minutes until somebody answers; none where they count in service hours only.
    pub answer_minutes: Option<i64>,
    /// What cannot wait for us.
    pub emergency: Option<Emergency>,
    /// The place that it was filed for, when that had to be chosen: `3-2-501`, `3栋`.
    pub place: Option<String>,
    /// Open cases that may be the same thing, likeliest first.
    pub alike: Vec<Alike>,
}

impl Filed {
    /// Who will answer, as people read it: `王建国（楼栋长）`.
    #[must_use]
    pub fn who(&self) -> Option<String> {
        self.target.as_ref().map(says_target)
    }
}

/// How grave it is taken to be: what cannot wait is major. Whoever has it may say otherwise.
const fn grade_of(emergency: Option<Emergency>) -> Grade {
    match emergency {
        Some(_) => Grade::Major,
        None => Grade::Ordinary,
    }
}

/// Files a case and dispatches it.
///
/// # Errors
/// `forbidden` for somebody who is not bound or belongs to no compound, `invalid` for an empty text,
/// `not_found` for a home that is not theirs.
pub async fn file(tx: &mut Tx, actor: &Actor, filing: Filing) -> Result<Filed, Fault> {
    let reporter = filing.behalf.as_deref().map_or(actor, |on| &on.reporter);
    let reporter_id = reporter.require_person()?;
    let text = require_text("text", &filing.text, || {
        format!("请写下内容，例如：{} 3栋电梯停了", kind_says(filing.kind))
    })?;
    let mut ground = ground(tx, reporter, &filing, &text).await?;
    let text = if filing.anonymous {
        ground = rough(tx, ground).await?;
        Veil::of(reporter).hide(&text)
    } else {
        text
    };
    let now = tx.now();
    let emergency = emergency(&text);
    let grade = grade_of(emergency);
    let people = survey(tx.db(), &ground.path, grade, now).await?;
    let category = guess(&text);
    let target = people.choose(Wanted {
        kind: filing.kind,
        category,
        floor: Level::Compound,
        without: &[reporter_id],
    });
    let level = target
        .as_ref()
        .map_or(Level::Compound, |target| target.level);
    let clocks = people.policies.at(level);
    let alike = similar::alike(
        tx.db(),
        similar::Wanted {
            kind: filing.kind,
            category,
            text: &text,
            compound_id: ground.compound_id,
            path: &ground.path,
            reporter_id,
        },
    )
    .await?;
    let mut row = new_row(
        &ground,
        actor,
        reporter_id,
        &filing,
        text,
        category,
        target.as_ref(),
        grade,
        &clocks,
        now,
    );
    put_apart(&mut row, &filing, actor);
    let case = case::Entity::insert(row)
        .exec_with_returning(tx.db())
        .await?;
    let case = store_rest(
        tx,
        actor,
        case,
        target.as_ref(),
        &people,
        ground.path,
        Manner::of(&filing, reporter, ground.place_id, emergency, &alike),
    )
    .await?;
    Ok(Filed {
        case,
        target,
        answer_minutes: clocks
            .calendar
            .is_always()
            .then_some(clocks.policy.accept_minutes),
        emergency,
        place: ground.says,
        alike,
    })
}

/// The building in place of the home, for a case without a name.
async fn rough(tx: &Tx, ground: Ground) -> Result<Ground, Fault> {
    let place = place::Entity::find_by_id(ground.place_id)
        .one(tx.db())
        .await?;
    let near = match place {
        Some(place) => building_of(tx, &place).await?,
        None => None,
    };
    Ok(match near {
        Some(near) => Ground {
            place_id: near.id,
            says: ground.says.map(|_| near.name),
            path: near.path,
            ..ground
        },
        None => ground,
    })
}

#[expect(
    clippy::too_many_arguments,
    reason = "one row, one place where it is made"
)]
fn new_row(
    ground: &Ground,
    actor: &Actor,
    reporter_id: i64,
    filing: &Filing,
    text: String,
    category: Option<&str>,
    target: Option<&Target>,
    grade: Grade,
    clocks: &Clocks<'_>,
    now: Moment,
) -> case::ActiveModel {
    let due = |minutes: Option<i64>| minutes.map(|minutes| clocks.due(now, minutes));
    let policy = &clocks.policy;
    let location = filing
        .location
        .filter(|(lat, lon)| (-90.0..=90.0).contains(lat) && (-180.0..=180.0).contains(lon));
    case::ActiveModel {
        compound_id: Set(ground.compound_id),
        place_id: Set(ground.place_id),
        near_id: Set(Some(similar::near_of(&ground.path, ground.compound_id))),
        kind: Set(filing.kind),
        category: Set(category.map(str::to_owned)),
        essence: Set(similar::kept(filing.kind, &text)),
        text: Set(text),
        reporter_id: Set(reporter_id),
        account_id: Set(actor.account_id),
        channel: Set(filing.channel),
        state: Set(target.map_or(CaseState::Raised, |_| CaseState::Assigned)),
        step: Set(CaseStep::Gathered),
        round: Set(1),
        level: Set(target.map_or(Level::Compound, |target| target.level)),
        holder_id: Set(target.map(|target| target.person_id)),
        organisation_id: Set(target.and_then(|target| target.organisation_id)),
        accept_due_at: Set(target.map(|_| clocks.due(now, policy.accept_minutes))),
        finish_due_at: Set(due(policy.finish_minutes)),
        plan_due_at: Set(due(policy.plan_minutes)),
        calendar_id: Set(policy.calendar_id),
        grade: Set(grade),
        accept_late: Set(false),
        arrive_late: Set(false),
        finish_late: Set(false),
        plan_late: Set(false),
        silent_later: Set(false),
        clock_level: Set(Some(target.map_or(Level::Compound, |target| target.level))),
        nudges: Set(0),
        reopened: Set(false),
        latitude: Set(location.map(|(latitude, _)| latitude)),
        longitude: Set(location.map(|(_, longitude)| longitude)),
        created_at: Set(now),
        updated_at: Set(now),
        ..Default::default()
    }
}

/// History, audit, reminders.
async fn store_rest(
    tx: &mut Tx,
    actor: &Actor,
    case: case::Model,
    target: Option<&Target>,
    people: &dispatch::Ground,
    path: String,
    manner: Manner,
) -> Result<case::Model, Fault> {
    let found = Found {
        place: bare_place(&case, path, tx.now()),
        case,
    };
    let by = manner.by();
    let mut draft = Draft::new(tx, actor, by, found);
    let way = manner.behalf.map(|(way, _)| way.to_owned());
    draft.event("filed", Some(CaseStep::Raised), None, way);
    draft.event_by(
        By::System,
        None,
        "gathered",
        Some(CaseStep::Gathered),
        Some(CaseState::Raised),
        None,
    );
    match target {
        Some(target) => draft.assign(target, &people.policies, true),
        None => {
            draft.begin_clocks(&people.policies.at(draft.next.level));
            draft.leave_unassigned(tx, &people.policies).await?;
        }
    }
    if manner.need {
        draft.tell_answerers(&people.people);
    }
    if manner.behalf.is_some_and(|(_, known)| known) {
        draft.tell_reporter("filed-for");
    }
    for reminder in &mut draft.reminders {
        manner.mark(reminder);
    }
    // Of a case that did not exist before: nothing can be in conflict.
    tx.at_end(case_event::Entity::insert_many(draft.events).into_query());
    let entry = Entry {
        action: "case.file",
        subject: subject(draft.next.id),
        compound_id: Some(draft.next.compound_id),
        detail: Some(json!({ "kind": kind_says(draft.next.kind), "found": target.is_some() })),
    };
    audit::record(tx, &actor.acting(by.kind()), entry);
    reminder::enqueue(tx, draft.reminders).await?;
    Ok(draft.next)
}

/// As much of the place as a draft looks at, without another read on this path.
fn bare_place(case: &case::Model, path: String, now: Moment) -> place::Model {
    place::Model {
        id: case.place_id,
        code: String::new(),
        kind: PlaceKind::Home,
        name: String::new(),
        parent_id: None,
        compound_id: Some(case.compound_id),
        path,
        area_cm2: None,
        note: None,
        closed_at: None,
        created_at: now,
        updated_at: now,
    }
}
