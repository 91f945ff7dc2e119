//! `/console/mediations/:id`: one mediation: its sides, meetings, agreement and what was said to it, and
//! what whoever looks may do, as forms. A side sees itself alone (`mediation::queries::seen`). A form tells
//! what its page showed; if the mediation has changed since, nothing is done and what was typed stays.

use askama::Template;
use chrono::{Datelike, NaiveDateTime, Timelike};
use entity::{mediation, mediation_session};
use poem::http::StatusCode;
use poem::web::Path;
use poem::{Response, handler};

use crate::base::clock::{Moment, begin_of, say};
use crate::base::fault::{Code, Fault};
use crate::base::key::key_in;
use crate::case::queries as cases;
use crate::mediation::actions;
use crate::mediation::queries::{self, Seen, no_such};
use crate::mediation::step::{Act, By, after};
use crate::mediation::{FOLLOW_DAYS, MOST_FOLLOW_DAYS, centre_says, party_says, state_says};
use crate::place::queries as places;
use crate::store::Tx;
use crate::web::console::form::{Form, Typed};
use crate::web::console::frame::{Frame, show};
use crate::web::console::guard::{Desk, status};
use crate::web::pages::go;

/// A form: what it does, and who may send it when.
struct Step {
    key: &'static str,
    act: Act,
    by: By,
}

const STEPS: &[Step] = &[
    step("party", Act::Name, By::Mediator),
    step("session", Act::Call, By::Mediator),
    step("agreement", Act::Propose, By::Mediator),
    step("fail", Act::Fail, By::Mediator),
    step("agree", Act::Agree, By::Party),
    step("disagree", Act::Disagree, By::Party),
    step("kept", Act::Keep, By::Mediator),
    step("broken", Act::Break, By::Mediator),
];

const fn step(key: &'static str, act: Act, by: By) -> Step {
    Step { key, act, by }
}

/// The fields beside which an error may stand.
const FIELDS: [&str; 7] = [
    "who",
    "at",
    "venue",
    "text",
    "follow_days",
    "reason",
    "words",
];

struct PartyLine {
    name: String,
    home: String,
    says: &'static str,
    reason: Option<String>,
}

struct SessionLine {
    at: String,
    venue: String,
    off: bool,
}

#[derive(Template)]
#[template(path = "web/console/mediation.html")]
struct MediationPage {
    frame: Frame,
    id: i64,
    mark: String,
    state: &'static str,
    facts: Vec<(&'static str, String)>,
    case_id: i64,
    case_text: Option<String>,
    case_open: bool,
    agreement: Option<String>,
    answers: String,
    outcome: Option<String>,
    parties: Vec<PartyLine>,
    leads: bool,
    sessions: Vec<SessionLine>,
    can: Vec<&'static str>,
    tried: String,
    typed: Typed,
    problem: Option<String>,
}

impl MediationPage {
    fn can(&self, key: &str) -> bool {
        self.can.contains(&key) || self.tried == key
    }

    /// An error of the form that was sent, beside its field.
    fn error(&self, key: &str, field: &str) -> Option<&str> {
        self.typed.error(field).filter(|_| self.tried == key)
    }

    fn value(&self, key: &str, field: &str) -> &str {
        if self.tried == key {
            self.typed.value(field)
        } else {
            ""
        }
    }

    fn marks(&self, key: &str, field: &'static str) -> String {
        match self.error(key, field) {
            Some(_) => format!(" aria-invalid=\"true\" aria-describedby=\"{key}-{field}-wrong\""),
            None => String::new(),
        }
    }

    fn days(&self) -> String {
        match self.value("agreement", "follow_days") {
            "" => FOLLOW_DAYS.to_string(),
            typed => typed.to_owned(),
        }
    }
}

/// What a form tells of the mediation that its page showed.
fn seen_mark(row: &mediation::Model) -> String {
    format!("{}-{}", row.updated_at.timestamp_millis(), row.version)
}

/// `GET /console/mediations/:id`
///
/// # Errors
/// `not_found` for whoever neither leads it nor is a side of it.
#[handler]
pub async fn open(
    desk: &Desk,
    Path(id): Path<String>,
    request: &poem::Request,
) -> Result<Response, Fault> {
    let said = request.uri().query().unwrap_or_default();
    let said = said.strip_prefix("said=").unwrap_or_default();
    let id = key_in(&id, no_such)?;
    page(desk, id, StatusCode::OK, ("", Typed::default()), said).await
}

async fn page(
    desk: &Desk,
    id: i64,
    status: StatusCode,
    (tried, typed): (&str, Typed),
    said: &str,
) -> Result<Response, Fault> {
    let db = desk.app.store.read();
    let seen = queries::seen(db, desk.actor(), id).await?;
    let sessions = queries::sessions(db, id).await?;
    let case_id = seen.mediation.case_id;
    let case_open = cases::visible(db, desk.actor(), case_id).await.is_ok();
    let page = MediationPage {
        frame: Frame::new(desk, format!("调解 #{id} {}", seen.about)).saying(said),
        id,
        mark: seen_mark(&seen.mediation),
        state: state_says(seen.mediation.state),
        facts: facts(&seen),
        case_id,
        case_open,
        answers: format!("{} / {} 方同意", seen.agreed_count, seen.party_count),
        parties: parties(desk, &seen).await?,
        leads: seen.leads,
        sessions: sessions.iter().map(session_line).collect(),
        can: possible(desk, &seen),
        problem: typed.general(&FIELDS).map(str::to_owned),
        tried: tried.to_owned(),
        typed,
        agreement: seen.mediation.agreement,
        outcome: seen.mediation.outcome,
        case_text: seen.case_text,
    };
    show(status, &page)
}

/// The forms that are possible now.
fn possible(desk: &Desk, seen: &Seen) -> Vec<&'static str> {
    let own = seen
        .parties
        .iter()
        .map(|(_, party)| party)
        .find(|party| Some(party.person_id) == desk.actor().person_id());
    let can = |step: &&Step| {
        let by_mediator = seen.leads && step.by == By::Mediator;
        let keeps = matches!(step.act, Act::Keep | Act::Break);
        let by_party = own.is_some() && (step.by == By::Party || keeps);
        let by = if by_party { By::Party } else { By::Mediator };
        (by_mediator || by_party) && after(seen.mediation.state, step.act, by, true).is_some()
    };
    STEPS.iter().filter(can).map(|step| step.key).collect()
}

fn facts(seen: &Seen) -> Vec<(&'static str, String)> {
    let row = &seen.mediation;
    let mut facts = vec![
        ("调解中心", format!("{}调解中心", centre_says(row.centre))),
        ("调解员", seen.mediator.clone()),
        ("当事人", format!("{} 位", seen.party_count)),
        ("开始", say(row.created_at)),
    ];
    facts.extend(row.agreed_at.map(|at| ("达成协议", say(at))));
    facts.extend(row.follow_at.map(|at| ("回访", say(at))));
    facts.extend(row.closed_at.map(|at| ("结束", say(at))));
    facts
}

async fn parties(desk: &Desk, seen: &Seen) -> Result<Vec<PartyLine>, Fault> {
    let mut lines = Vec::new();
    for (name, party) in &seen.parties {
        let home = match party.home_id {
            Some(id) => places::by_id(desk.app.store.read(), id).await?,
            None => None,
        };
        lines.push(PartyLine {
            name: name.clone(),
            home: home
                .map(|home| places::short_name(&home).to_owned())
                .unwrap_or_default(),
            says: party_says(party),
            reason: party.reason.clone(),
        });
    }
    Ok(lines)
}

fn session_line(row: &mediation_session::Model) -> SessionLine {
    SessionLine {
        at: say(row.at),
        venue: row.venue.clone(),
        off: row.cancelled_at.is_some(),
    }
}

/// `POST /console/mediations/:id/:act`
///
/// # Errors
/// `not_found` for whoever neither leads it nor is a side of it, and for a form that there is none of.
#[handler]
pub async fn take(
    desk: &Desk,
    Path((id, key)): Path<(String, String)>,
    form: Form,
) -> Result<Response, Fault> {
    let id = key_in(&id, no_such)?;
    let known = STEPS.iter().find(|step| step.key == key);
    let known = known.ok_or_else(|| Fault::plain(Code::NotFound))?;
    // What is not theirs is not there; what is missing after that stands beside a field.
    queries::seen(desk.app.store.read(), desk.actor(), id).await?;
    match perform(desk, id, known, &form).await {
        Ok(()) => Ok(go(&format!("/console/mediations/{id}?said={key}"))),
        Err(fault) if fault.is_ours() => Err(fault),
        Err(fault) => {
            let fault = match (fault.code, fault.field, known.act) {
                (Code::NotFound | Code::Conflict, None, Act::Name) => {
                    Fault::invalid("who", fault.detail)
                }
                _ => fault,
            };
            let typed = Typed::wrong(&form, &fault);
            page(desk, id, status(&fault), (known.key, typed), "").await
        }
    }
}

async fn perform(desk: &Desk, id: i64, known: &Step, form: &Form) -> Result<(), Fault> {
    let mut tx = desk.app.store.begin(desk.app.clock.now()).await?;
    // Of two at once the second finds what the first has made of it.
    actions::hold(&tx, id).await?;
    let now = queries::seen(tx.db(), desk.actor(), id).await?.mediation;
    if seen_mark(&now) != form.text("seen") {
        return Err(Fault::new(
            Code::Conflict,
            format!("调解 #{id} 刚刚有了新变化，没有提交。请看过现在的情况，再决定要不要提交。"),
        ));
    }
    run(&mut tx, desk, id, known.act, form).await?;
    tx.commit().await
}

async fn run(tx: &mut Tx, desk: &Desk, id: i64, act: Act, form: &Form) -> Result<(), Fault> {
    let actor = desk.actor();
    match act {
        Act::Name => drop(actions::name(tx, actor, id, form.text("who")).await?),
        Act::Call => {
            let at = moment(form.text("at"))?;
            drop(actions::call(tx, actor, id, at, form.text("venue")).await?);
        }
        Act::Propose => {
            let days = form.text("follow_days").trim().parse().map_err(|_| {
                let words = format!("回访天数请写1到{MOST_FOLLOW_DAYS}天。");
                Fault::invalid("follow_days", words)
            })?;
            drop(actions::propose(tx, actor, id, form.text("text"), days).await?);
        }
        Act::Fail => drop(actions::fail(tx, actor, id, form.text("reason")).await?),
        Act::Agree => drop(actions::answer(tx, actor, id, true, "").await?),
        Act::Disagree => drop(actions::answer(tx, actor, id, false, form.text("words")).await?),
        Act::Keep => drop(actions::keep(tx, actor, id, true, form.text("words")).await?),
        Act::Break => drop(actions::keep(tx, actor, id, false, form.text("words")).await?),
        // Nobody presses it: no form of this page is of this act.
        Act::End => return Err(Fault::wrong_step("调解不能这样结束，请刷新页面再试。")),
    }
    Ok(())
}

/// `2026-11-25T14:30` on China's wall clock, as browsers send it; a space may stand for the T.
fn moment(typed: &str) -> Result<Moment, Fault> {
    moment_of("at", typed)
}

/// The same for a field of another name.
pub(super) fn moment_of(field: &'static str, typed: &str) -> Result<Moment, Fault> {
    let typed = typed.trim().replace(['T', '　'], " ");
    let read = NaiveDateTime::parse_from_str(&typed, "%Y-%m-%d %H:%M")
        .or_else(|_| NaiveDateTime::parse_from_str(&typed, "%Y-%m-%d %H:%M:%S"))
        .ok()
        // Years that people write.
        .filter(|read| (2000..=2999).contains(&read.year()))
        .ok_or_else(|| Fault::invalid(field, "时间写成 2026-11-25 14:30 这样。"))?;
    let into = chrono::TimeDelta::seconds(i64::from(read.time().num_seconds_from_midnight()));
    Ok(begin_of(read.date()) + into)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_chinas_and_nonsense_is_told() {
        let read = |typed| moment(typed).map(|at| at.to_rfc3339());
        for typed in [
            "2026-11-25T14:30",
            "2026-11-25 14:30",
            "2026-11-25T14:30:00",
        ] {
            assert_eq!(
                read(typed).ok().as_deref(),
                Some("2026-11-25T06:30:00+00:00")
            );
        }
        for typed in [
            "",
            "明天",
            "2026-02-30T10:00",
            "2026-11-25T25:00",
            "+99999-01-01T00:00",
        ] {
            assert_eq!(moment(typed).unwrap_err().field, Some("at"), "{typed}");
        }
    }
}
