//! `/console/rules`: who gets which cases at a place: the rules in their order, changing them, and a box
//! in which one may try what would become of a case, and why.

use askama::Template;
use entity::dispatch_rule;
use entity::kinds::{CaseKind, Grade, Level, RoleKind};
use entity::place;
use poem::http::StatusCode;
use poem::web::{Path, Query};
use poem::{Response, handler};
use sea_orm::{ActiveEnum, Iterable};
use serde::Deserialize;

use crate::access::holders::says;
use crate::access::permit::{Deed, may, require, roles};
use crate::base::fault::{Code, Fault};
use crate::base::key::key_in;
use crate::case::actions::rules::{self as actions, Seen};
use crate::case::actions::says_target;
use crate::case::dispatch::{Verdict, Wanted, survey};
use crate::case::rules::{self, Draft};
use crate::case::{category, kind_says};
use crate::place::queries as places;
use crate::web::console::asked::typed_place;
use crate::web::console::at::At;
use crate::web::console::days::is_elsewhere;
use crate::web::console::form::{Form, Typed};
use crate::web::console::frame::{Frame, show};
use crate::web::console::guard::{Desk, status};
use crate::web::console::policies::seen as version_in;
use crate::web::pages::go;

const PAGE: &str = "/console/rules";
/// Whoever may look.
const DEEDS: &[Deed] = &[Deed::SeeCases, Deed::SetDispatch];
const FIELDS: &[&str] = &["kind", "category", "person", "organisation", "role"];

/// A choice of a field: value, words, whether it is chosen.
type Choice = (String, String, bool);

/// What the page's address says: the place, and what is tried.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    place: String,
    rule: String,
    kind: String,
    category: String,
    home: String,
    said: String,
}

/// A rule in the list.
struct Line {
    id: i64,
    version: i32,
    which: String,
    whom: String,
    from: String,
    own: bool,
    off: bool,
    first: bool,
    last: bool,
}

/// What became of a case that was tried.
struct Trial {
    /// Which rule, its words, what it says.
    lines: Vec<(String, String, bool)>,
    words: String,
}

#[derive(Template)]
#[template(path = "web/console/rules.html")]
struct Rules {
    frame: Frame,
    at: At,
    lines: Vec<Line>,
    can_set: bool,
    kinds: Vec<Choice>,
    categories: Vec<Choice>,
    home: String,
    home_wrong: Option<&'static str>,
    trial: Option<Trial>,
    problem: Option<String>,
}

/// `GET /console/rules`
///
/// # Errors
/// `not_found` for a place that is not theirs to see.
#[handler]
pub async fn list(desk: &Desk, Query(asked): Query<Asked>) -> Result<Response, Fault> {
    page(desk, asked, None).await
}

async fn page(desk: &Desk, asked: Asked, wrong: Option<&Fault>) -> Result<Response, Fault> {
    let at = At::find(desk, PAGE, &asked.place, DEEDS).await?;
    let db = desk.app.store.read();
    let all = rules::on_path(db, &at.place.path).await?;
    let words = rules::words(db, &all).await?;
    let above = places::on_path(db, &at.place.path).await?;
    let lines = lines(&all, &words, &at.place, &above);
    let (trial, home_wrong) = trial(desk, &at, &asked, &lines).await?;
    let page = Rules {
        frame: Frame::new(desk, "派单规则").saying(&asked.said),
        can_set: may(desk.actor(), Deed::SetDispatch, &at.place.path),
        lines,
        kinds: kinds(&asked.kind),
        categories: categories(&asked.category),
        home: asked.home,
        home_wrong,
        trial,
        problem: wrong.map(|fault| fault.detail.to_string()),
        at,
    };
    show(wrong.map_or(StatusCode::OK, status), &page)
}

fn kinds(chosen: &str) -> Vec<Choice> {
    CaseKind::iter()
        .map(|kind| {
            let value = kind.to_value();
            let is = value == chosen;
            (value, kind_says(kind).to_owned(), is)
        })
        .collect()
}

fn categories(chosen: &str) -> Vec<Choice> {
    category::all()
        .map(|(name, says)| (name.to_owned(), says.to_owned(), name == chosen))
        .collect()
}

fn lines(
    all: &[dispatch_rule::Model],
    words: &[(String, String)],
    place: &place::Model,
    above: &[place::Model],
) -> Vec<Line> {
    let own: Vec<i64> = all
        .iter()
        .filter(|rule| rule.place_id == place.id)
        .map(|rule| rule.id)
        .collect();
    let line = |(rule, (which, whom)): (&dispatch_rule::Model, &(String, String))| {
        let of = above.iter().find(|place| place.id == rule.place_id);
        Line {
            id: rule.id,
            version: rule.version,
            which: which.clone(),
            whom: whom.clone(),
            from: of.map(places::short_name).unwrap_or_default().to_owned(),
            own: rule.place_id == place.id,
            off: rule.off_at.is_some(),
            first: own.first() == Some(&rule.id),
            last: own.last() == Some(&rule.id),
        }
    };
    all.iter().zip(words).map(line).collect()
}

/// What would become of a case that is filed now; none when nothing is tried.
async fn trial(
    desk: &Desk,
    at: &At,
    asked: &Asked,
    rules: &[Line],
) -> Result<(Option<Trial>, Option<&'static str>), Fault> {
    let Ok(kind) = CaseKind::try_from_value(&asked.kind) else {
        return Ok((None, None));
    };
    let Some(home) = home(desk, at, &asked.home).await? else {
        let wrong = "没有找到这个地点，请写这里面的编号，例如 3-2-501。";
        return Ok((None, Some(wrong)));
    };
    let db = desk.app.store.read();
    let now = desk.app.clock.now();
    let ground = survey(db, &home.path, Grade::Ordinary, now).await?;
    let wanted = Wanted {
        kind,
        category: Some(asked.category.as_str()).filter(|name| !name.is_empty()),
        floor: Level::Compound,
        without: &[],
    };
    let verdicts = ground.verdicts(wanted);
    let winner = verdicts
        .iter()
        .find(|(_, verdict)| matches!(verdict, Verdict::Fits(_)))
        .map(|(id, _)| *id);
    let line = |(id, verdict): &(i64, Verdict)| {
        let known = rules.iter().find(|line| line.id == *id);
        // A rule of a place between this one and the home.
        let name = known.map_or_else(
            || "更近的地点的规则".to_owned(),
            |line| format!("{} → {}（{}）", line.which, line.whom, line.from),
        );
        let wins = winner == Some(*id);
        let says = match verdict {
            Verdict::OtherKind => "种类不同，不用".to_owned(),
            Verdict::OtherCategory => "类别不同，不用".to_owned(),
            Verdict::Vacant => "没有在任的人，空缺，往下看".to_owned(),
            Verdict::Fits(target) if wins => format!("就用这条：{}", says_target(target)),
            Verdict::Fits(_) => "也合适，但排在后面".to_owned(),
        };
        (name, says, wins)
    };
    let words = match (ground.choose(wanted), winner) {
        (Some(target), Some(_)) => format!("现在会派给{}。", says_target(&target)),
        (Some(target), None) => format!(
            "没有规则派得出去，按内置的顺序（楼栋长、物业经理、网格员，再往上）派给{}。",
            says_target(&target)
        ),
        (None, _) => "现在没有人可以接，会通知管理人员。".to_owned(),
    };
    let trial = Trial {
        lines: verdicts.iter().map(line).collect(),
        words,
    };
    Ok((Some(trial), None))
}

/// The place of the case that is tried: the page's, or one inside of it.
async fn home(desk: &Desk, at: &At, typed: &str) -> Result<Option<place::Model>, Fault> {
    if typed.trim().is_empty() {
        return Ok(Some(at.place.clone()));
    }
    let db = desk.app.store.read();
    let mut found = typed_place(db, desk.actor(), typed).await?;
    if found.is_none()
        && let Some(compound) = places::compound_of(db, &at.place).await?
    {
        found = places::by_local_code(db, &compound, typed.trim()).await?;
    }
    Ok(found.filter(|place| place.path.starts_with(&at.place.path)))
}

#[derive(Template)]
#[template(path = "web/console/rule.html")]
struct RulePage {
    frame: Frame,
    at: At,
    id: Option<i64>,
    version: i32,
    kinds: Vec<Choice>,
    categories: Vec<Choice>,
    people: Vec<Choice>,
    bodies: Vec<Choice>,
    roles: Vec<Choice>,
    typed: Typed,
    problem: Option<String>,
}

/// `GET /console/rules/edit`: a new rule, or one of the place.
///
/// # Errors
/// `not_found` for a place or a rule that is not theirs; `forbidden` for who may not set rules.
#[handler]
pub async fn edit(desk: &Desk, Query(asked): Query<Asked>) -> Result<Response, Fault> {
    let rule = match asked.rule.as_str() {
        "" => None,
        id => Some(number(id)?),
    };
    form_page(desk, &asked.place, rule, None).await
}

fn no_rule() -> Fault {
    Fault::not_found("没有找到这条规则，可能已经删掉了。")
}

fn number(id: &str) -> Result<i64, Fault> {
    key_in(id, |_| no_rule())
}

async fn form_page(
    desk: &Desk,
    place: &str,
    id: Option<i64>,
    wrong: Option<(&Form, &Fault)>,
) -> Result<Response, Fault> {
    let at = At::find(desk, PAGE, place, DEEDS).await?;
    require(desk.actor(), Deed::SetDispatch, &at.place.path)?;
    let db = desk.app.store.read();
    let own = rules::of_place(db, at.place.id).await?;
    let rule = match id {
        Some(id) => Some(own.iter().find(|rule| rule.id == id).ok_or_else(no_rule)?),
        None => None,
    };
    let typed = match (wrong, rule) {
        (Some((form, fault)), _) => Typed::wrong(form, fault),
        (None, Some(rule)) => as_it_is(rule),
        (None, None) => Typed::default(),
    };
    let people = rules::people(db, &at.place, desk.app.clock.now()).await?;
    let bodies = rules::organisations(db, &at.place).await?;
    let chosen = |field: &str, value: &str| typed.value(field) == value;
    let page = RulePage {
        frame: Frame::new(desk, format!("{}：派单规则", at.name)),
        id,
        version: rule.map_or(0, |rule| rule.version),
        kinds: kinds(typed.value("kind")),
        categories: categories(typed.value("category")),
        people: people
            .into_iter()
            .map(|one| {
                let value = one.person_id.to_string();
                let is = chosen("person", &value);
                (value, one.words, is)
            })
            .collect(),
        bodies: bodies
            .into_iter()
            .map(|one| {
                let value = one.id.to_string();
                let is = chosen("organisation", &value);
                (value, one.name, is)
            })
            .collect(),
        roles: roles(Deed::WorkCases)
            .iter()
            .map(|role| {
                let value = role.to_value();
                let is = chosen("role", &value);
                (value, says(*role).to_owned(), is)
            })
            .collect(),
        problem: typed.general(FIELDS).map(str::to_owned),
        typed,
        at,
    };
    show(
        wrong.map_or(StatusCode::OK, |(_, fault)| status(fault)),
        &page,
    )
}

fn as_it_is(rule: &dispatch_rule::Model) -> Typed {
    let id = |id: Option<i64>| id.map(|id| id.to_string()).unwrap_or_default();
    Typed::with(&[
        (
            "kind",
            &rule.kind.map(|kind| kind.to_value()).unwrap_or_default(),
        ),
        ("category", rule.category.as_deref().unwrap_or_default()),
        ("person", &id(rule.person_id)),
        ("organisation", &id(rule.organisation_id)),
        (
            "role",
            &rule.role.map(|role| role.to_value()).unwrap_or_default(),
        ),
    ])
}

fn draft(form: &Form) -> Result<Draft, Fault> {
    let wrong = |field| Fault::invalid(field, "没有这一项，请重新选择。");
    let given = |field: &'static str| Some(form.text(field)).filter(|value| !value.is_empty());
    let id = |field: &'static str| {
        let given = given(field);
        given
            .map(|value| value.parse::<i64>().map_err(|_| wrong(field)))
            .transpose()
    };
    Ok(Draft {
        kind: given("kind")
            .map(|value| CaseKind::try_from_value(&value.to_owned()))
            .transpose()
            .map_err(|_| wrong("kind"))?,
        category: given("category").map(str::to_owned),
        person_id: id("person")?,
        organisation_id: id("organisation")?,
        role: given("role")
            .map(|value| RoleKind::try_from_value(&value.to_owned()))
            .transpose()
            .map_err(|_| wrong("role"))?,
    })
}

/// `POST /console/rules/save`: a new rule, or one that is changed.
///
/// # Errors
/// `not_found` for a place or a rule that is not theirs.
#[handler]
pub async fn save(desk: &Desk, form: Form) -> Result<Response, Fault> {
    let at = At::find(desk, PAGE, form.text("place"), DEEDS).await?;
    let rule = match form.text("rule") {
        "" => None,
        id => Some(number(id)?),
    };
    let done = async {
        let draft = draft(&form)?;
        let seen = rule.map(|id| seen(&form, id));
        let mut tx = desk.app.store.begin(desk.app.clock.now()).await?;
        actions::save_rule(&mut tx, desk.actor(), at.place.id, draft, seen).await?;
        tx.commit().await
    };
    match done.await {
        Ok(()) => Ok(go(&format!("{PAGE}?place={}&said=rule-saved", at.code))),
        Err(fault) if is_elsewhere(&fault) => Err(fault),
        Err(fault) => form_page(desk, form.text("place"), rule, Some((&form, &fault))).await,
    }
}

fn seen(form: &Form, id: i64) -> Seen {
    Seen {
        id,
        version: version_in(form).unwrap_or_default(),
    }
}

/// `POST /console/rules/:id/:act`: up, down, off, on, remove.
///
/// # Errors
/// `not_found` for a rule that is not theirs, and for an action that there is none of.
#[handler]
pub async fn take(
    desk: &Desk,
    Path((id, act)): Path<(String, String)>,
    form: Form,
) -> Result<Response, Fault> {
    let at = At::find(desk, PAGE, form.text("place"), DEEDS).await?;
    let seen = seen(&form, number(&id)?);
    let done = async {
        let mut tx = desk.app.store.begin(desk.app.clock.now()).await?;
        let actor = desk.actor();
        let said = match act.as_str() {
            "up" | "down" => {
                actions::move_rule(&mut tx, actor, seen, act == "up").await?;
                "rule-moved"
            }
            "off" | "on" => {
                actions::switch_rule(&mut tx, actor, seen, act == "on").await?;
                if act == "on" { "rule-on" } else { "rule-off" }
            }
            "remove" => {
                actions::remove_rule(&mut tx, actor, seen).await?;
                "rule-removed"
            }
            _ => return Err(Fault::plain(Code::NotFound)),
        };
        tx.commit().await?;
        Ok(said)
    };
    match done.await {
        Ok(said) => Ok(go(&format!("{PAGE}?place={}&said={said}", at.code))),
        Err(fault) if is_elsewhere(&fault) => Err(fault),
        Err(fault) => {
            let asked = Asked {
                place: form.text("place").to_owned(),
                ..Asked::default()
            };
            page(desk, asked, Some(&fault)).await
        }
    }
}
