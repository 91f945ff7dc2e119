//! `/console/cases`: the list with its filters, saved views, and giving several cases out at once.
//! `/console/tasks`: what lies with whoever is signed in.

use askama::Template;
use entity::case;
use entity::kinds::{CaseKind, CaseState, Level};
use poem::http::StatusCode;
use poem::web::{Path, Query};
use poem::{Response, handler};
use sea_orm::{ActiveEnum, Iterable};

use crate::access::permit::{Deed, may, may_somewhere};
use crate::base::clock::{Moment, say};
use crate::base::fault::Fault;
use crate::base::page::Slice;
use crate::base::text::shorten;
use crate::case::actions::{self, HandedOver, says_target};
use crate::case::queries::{self, Found};
use crate::case::search::{self, Said};
use crate::case::step::OPEN;
use crate::case::{case_says, category, clock, kind_says, level_says, state_says, views};
use crate::visit::queries as visits;
use crate::web::console::act::{as_seen, of_one_name, seen};
use crate::web::console::asked::{Asked, Wrong, beside};
use crate::web::console::form::Form;
use crate::web::console::frame::{Frame, show};
use crate::web::console::guard::Desk;
use crate::web::pages::go;

/// Lines of a page.
const LINES: u64 = 30;
/// Cases that may be given out at once.
const MOST_GIVEN: usize = 50;
/// Lines of the tasks.
const MOST_TASKS: u64 = 200;
/// Cases of a file, the newest.
pub(super) const MOST_IN_FILE: usize = 10_000;
/// Characters of a case's text in a line.
const SHOWN: usize = 60;

/// A choice of a filter: value, words, whether it is chosen.
type Choice = (String, &'static str, bool);

/// A case in a list.
pub struct Line {
    pub(super) id: i64,
    pub(super) mark: String,
    pub(super) kind: &'static str,
    pub(super) state: &'static str,
    pub(super) waits: bool,
    pub(super) text: String,
    pub(super) place: String,
    pub(super) holder: String,
    pub(super) level: &'static str,
    pub(super) filed: String,
    pub(super) due: Option<Due>,
    pub(super) can_give: bool,
}

/// The clock that runs.
pub struct Due {
    /// `还剩12分钟`
    pub words: String,
    /// It has run out.
    pub late: bool,
}

/// The clock that counts for a case now; none when it stands or is over.
pub fn due(case: &case::Model, now: Moment) -> Option<Due> {
    let (clock, at) = clock::next(case)?;
    let what = clock.says();
    let minutes = (at - now).num_minutes();
    let late = at < now;
    let words = if late {
        format!("{what}已超时{}", stretch(minutes.saturating_neg()))
    } else {
        format!("{what}还剩{}", stretch(minutes))
    };
    Some(Due { words, late })
}

/// `12分钟`, `3小时5分`, `2天4小时`.
fn stretch(minutes: i64) -> String {
    let (days, hours, rest) = (minutes / 1440, minutes / 60 % 24, minutes % 60);
    match (days, hours) {
        (0, 0) => format!("{rest}分钟"),
        (0, _) => format!("{hours}小时{rest}分"),
        _ => format!("{days}天{hours}小时"),
    }
}

/// As much of what was filed as a line of a list says.
pub(super) fn said_in_line(case: &case::Model) -> String {
    shorten(&case.text.replace('\n', " "), SHOWN)
}

fn line(desk: &Desk, found: &Found, said: Said, now: Moment) -> Line {
    let case = &found.case;
    let path = &found.place.path;
    let actor = desk.actor();
    Line {
        id: case.id,
        mark: seen(case),
        kind: kind_says(case.kind),
        state: case_says(case),
        waits: matches!(
            case.state,
            CaseState::Raised | CaseState::Assigned | CaseState::Paused
        ),
        text: said_in_line(case),
        place: said.place,
        holder: said.holder,
        level: level_says(case.level),
        filed: say(case.created_at),
        due: due(case, now),
        can_give: OPEN.contains(&case.state)
            && (may(actor, Deed::DispatchCases, path) || may(actor, Deed::Administer, path)),
    }
}

/// Cases as lines of a list.
pub(super) async fn lines(desk: &Desk, found: &[Found]) -> Result<Vec<Line>, Fault> {
    let now = desk.app.clock.now();
    let said = search::said(desk.app.store.read(), found).await?;
    let both = found.iter().zip(said);
    Ok(both
        .map(|(found, said)| line(desk, found, said, now))
        .collect())
}

#[derive(Template)]
#[template(path = "web/console/cases.html")]
struct Cases {
    frame: Frame,
    asked: Asked,
    wrong: Vec<Wrong>,
    states: Vec<Choice>,
    kinds: Vec<Choice>,
    categories: Vec<Choice>,
    levels: Vec<Choice>,
    lines: Vec<Line>,
    can_give: bool,
    can_file: bool,
    query: String,
    next: Option<String>,
    cut_short: bool,
    file_most: usize,
    views: Vec<entity::saved_view::Model>,
    given: Vec<(i64, bool, String)>,
    name: String,
    name_wrong: Option<String>,
}

impl Cases {
    fn wrong(&self, field: &str) -> Option<&'static str> {
        beside(&self.wrong, field)
    }
}

fn choices<T: ActiveEnum<Value = String> + Iterable + Copy>(
    chosen: &str,
    says: impl Fn(T) -> &'static str,
) -> Vec<Choice> {
    T::iter()
        .map(|one| {
            let value = one.to_value();
            let is = value == chosen;
            (value, says(one), is)
        })
        .collect()
}

/// What became of a form on the list.
#[derive(Default)]
struct Outcome {
    given: Vec<(i64, bool, String)>,
    name: String,
    name_wrong: Option<String>,
}

/// `GET /console/cases`
///
/// # Errors
/// `invalid` for a cursor that is none; the database's.
#[handler]
pub async fn list(desk: &Desk, Query(asked): Query<Asked>) -> Result<Response, Fault> {
    if let Some(id) = asked.number()
        && queries::visible(desk.app.store.read(), desk.actor(), id)
            .await
            .is_ok()
    {
        return Ok(go(&format!("/console/cases/{id}")));
    }
    page(desk, asked, StatusCode::OK, Outcome::default()).await
}

async fn page(
    desk: &Desk,
    asked: Asked,
    status: StatusCode,
    outcome: Outcome,
) -> Result<Response, Fault> {
    let db = desk.app.store.read();
    let actor = desk.actor();
    let slice = Slice::parse(Some(&asked.cursor), Some(LINES))?;
    let (wanted, wrong) = asked.read(db, actor).await?;
    let now = desk.app.clock.now();
    let listed = if wrong.is_empty() {
        search::list(db, actor, &wanted, slice, now).await?
    } else {
        search::Listed::default()
    };
    let lines = lines(desk, &listed.items).await?;
    let views = views::of(db, actor.require_person()?).await?;
    let page = Cases {
        frame: Frame::new(desk, "诉求").saying(&asked.said),
        states: choices::<CaseState>(&asked.state, state_says),
        kinds: choices::<CaseKind>(&asked.kind, kind_says),
        categories: category::all()
            .map(|(name, says)| (name.to_owned(), says, name == asked.category))
            .collect(),
        levels: choices::<Level>(&asked.level, level_says),
        can_give: lines.iter().any(|line| line.can_give),
        can_file: may_somewhere(actor, Deed::FileForOthers),
        lines,
        query: asked.query(),
        next: listed.next,
        cut_short: listed.cut_short,
        file_most: MOST_IN_FILE,
        views,
        wrong,
        asked,
        given: outcome.given,
        name: outcome.name,
        name_wrong: outcome.name_wrong,
    };
    show(status, &page)
}

/// The filters that a form on the list carries along.
fn asked_in(form: &Form) -> Asked {
    let text = |name: &str| form.text(name).to_owned();
    Asked {
        state: text("state"),
        kind: text("kind"),
        category: text("category"),
        level: text("level"),
        place: text("place"),
        holder: text("holder"),
        late: text("late"),
        from: text("from"),
        until: text("until"),
        text: text("text"),
        cursor: text("cursor"),
        onward: String::new(),
        said: String::new(),
    }
}

/// `POST /console/cases/assign`: gives the ticked cases to somebody, each for itself.
///
/// # Errors
/// The database's.
#[handler]
pub async fn assign(desk: &Desk, form: Form) -> Result<Response, Fault> {
    let name = form.text("name").trim().to_owned();
    let ticked: Vec<&str> = form.all("case").collect();
    let refused = if name.is_empty() {
        Some("请写办理人的姓名，例如：王建国；同名的加上职务：王建国 楼栋长。".to_owned())
    } else if ticked.is_empty() {
        Some("请先勾选要派的诉求。".to_owned())
    } else if ticked.len() > MOST_GIVEN {
        Some(format!("一次最多派{MOST_GIVEN}件，请分几次。"))
    } else {
        None
    };
    if refused.is_some() {
        let outcome = Outcome {
            name,
            name_wrong: refused,
            ..Outcome::default()
        };
        return page(
            desk,
            asked_in(&form),
            StatusCode::UNPROCESSABLE_ENTITY,
            outcome,
        )
        .await;
    }
    let mut given = Vec::new();
    for mark in ticked {
        let Some((id, mark)) = mark.split_once(':') else {
            continue;
        };
        let Ok(id) = id.parse() else { continue };
        given.push(match give(desk, id, mark, &name).await {
            Ok(whom) => (id, true, format!("已派给{whom}")),
            Err(fault) if fault.is_ours() => return Err(fault),
            Err(fault) => (id, false, fault.detail.to_string()),
        });
    }
    let outcome = Outcome {
        given,
        name,
        name_wrong: None,
    };
    page(desk, asked_in(&form), StatusCode::OK, outcome).await
}

async fn give(desk: &Desk, id: i64, mark: &str, name: &str) -> Result<String, Fault> {
    let mut tx = desk.app.store.begin(desk.app.clock.now()).await?;
    as_seen(&tx, desk.actor(), id, mark).await?;
    match actions::hand_over(&mut tx, desk.actor(), id, name).await? {
        HandedOver::Done(_, target) => {
            tx.commit().await?;
            Ok(says_target(&target))
        }
        HandedOver::Which(several) => Err(of_one_name(&several)),
    }
}

/// `POST /console/views`: keeps the list as it is filtered.
///
/// # Errors
/// The database's.
#[handler]
pub async fn save_view(desk: &Desk, form: Form) -> Result<Response, Fault> {
    let asked = asked_in(&form);
    let tx = desk.app.store.begin(desk.app.clock.now()).await?;
    views::save(&tx, desk.actor(), form.text("view"), &asked.query()).await?;
    tx.commit().await?;
    Ok(go(&format!(
        "/console/cases?{}&said=view-saved",
        asked.query()
    )))
}

/// `POST /console/views/:id/remove`
///
/// # Errors
/// `not_found` for a view that is not one's own.
#[handler]
pub async fn remove_view(desk: &Desk, Path(id): Path<String>) -> Result<Response, Fault> {
    let none = || Fault::not_found("没有找到这个列表，可能已经删掉了。");
    let id = id.parse().map_err(|_| none())?;
    let tx = desk.app.store.begin(desk.app.clock.now()).await?;
    views::remove(&tx, desk.actor(), id).await?;
    tx.commit().await?;
    Ok(go("/console/cases?said=view-removed"))
}

#[derive(Template)]
#[template(path = "web/console/tasks.html")]
struct Tasks {
    frame: Frame,
    groups: Vec<(&'static str, Vec<Line>)>,
    visits: u64,
}

impl Tasks {
    fn is_idle(&self) -> bool {
        self.groups.iter().all(|(_, lines)| lines.is_empty())
    }
}

/// `GET /console/tasks`
///
/// # Errors
/// The database's.
#[handler]
pub async fn tasks(desk: &Desk) -> Result<Response, Fault> {
    let db = desk.app.store.read();
    let actor = desk.actor();
    let mut held = queries::held(db, actor, OPEN, MOST_TASKS).await?;
    // What runs out first stands first; what stands still stands last.
    held.sort_by_key(|case| clock::next(case).map_or(Moment::MAX_UTC, |(_, at)| at));
    let free = queries::unheld(db, actor, MOST_TASKS).await?;
    let (waiting, rest): (Vec<_>, Vec<_>) = held
        .into_iter()
        .partition(|case| case.state == CaseState::Assigned);
    let (paused, working): (Vec<_>, Vec<_>) = rest
        .into_iter()
        .partition(|case| case.state == CaseState::Paused);
    let asked = queries::asked_of(db, actor, MOST_TASKS).await?;
    let mut groups = Vec::new();
    for (title, cases) in [
        ("请我接手或决定", asked),
        ("等我接单", waiting),
        ("我在办理", working),
        ("暂停中", paused),
        ("还没有人办", free),
    ] {
        let found = search::among(db, actor, cases).await?;
        groups.push((title, lines(desk, &found).await?));
    }
    let visits = visits::count(db, actor).await?;
    let page = Tasks {
        frame: Frame::new(desk, "我的任务"),
        groups,
        visits,
    };
    show(StatusCode::OK, &page)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches_are_said_in_two_units_at_most() {
        for (minutes, said) in [
            (0, "0分钟"),
            (59, "59分钟"),
            (60, "1小时0分"),
            (185, "3小时5分"),
            (1440, "1天0小时"),
            (3000, "2天2小时"),
        ] {
            assert_eq!(stretch(minutes), said);
        }
    }
}
