//! `/console/timetables`: what comes round again at fixed times at one's places, with how many asked to be told;
//! making one, changing it, letting it ring no more.

use askama::Template;
use chrono::NaiveDate;
use entity::kinds::TimetableState;
use poem::http::StatusCode;
use poem::web::{Path, Query};
use poem::{Response, handler};
use serde::Deserialize;

use crate::access::permit::{Deed, require_somewhere};
use crate::base::clock::{china, say};
use crate::base::fault::Fault;
use crate::base::key::key_in;
use crate::base::page::Slice;
use crate::timetable::actions::{self, Draft, Seen};
use crate::timetable::queries::{self, Which, no_such};
use crate::timetable::rule::{Days, LAST, Rule, minute_of, minute_says};
use crate::timetable::{MOST_TEXT, MOST_TITLE, state_says};
use crate::web::console::at::At;
use crate::web::console::days::is_elsewhere;
use crate::web::console::form::{Form, Typed};
use crate::web::console::frame::{Frame, show};
use crate::web::console::guard::{Desk, status};
use crate::web::console::policies::seen as version_in;
use crate::web::pages::go;

/// Where the form stands.
const NEW_PAGE: &str = "/console/timetables/new";
/// Lines of a page.
const LINES: u64 = 20;
/// The fields beside which an error may stand.
const FIELDS: &[&str] = &[
    "title", "text", "kind", "on", "day", "nth", "every", "from", "until", "times", "except",
];
/// Values and words of the kinds of days.
const KINDS: [(&str, &str); 4] = [
    ("daily", "每天"),
    ("weekly", "每周的星期几"),
    ("monthly", "每月几号"),
    ("monthly_nth", "每月第几个星期几"),
];
/// Weekdays by their number.
const WEEKDAYS: [(&str, &str); 7] = [
    ("1", "周一"),
    ("2", "周二"),
    ("3", "周三"),
    ("4", "周四"),
    ("5", "周五"),
    ("6", "周六"),
    ("7", "周日"),
];
/// Which of a weekday in a month.
const NTH: [(&str, &str); 5] = [
    ("1", "第1个"),
    ("2", "第2个"),
    ("3", "第3个"),
    ("4", "第4个"),
    ("-1", "最后一个"),
];

/// What the page's address says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    cursor: String,
    said: String,
    place: String,
}

struct Line {
    id: i64,
    version: i32,
    title: String,
    text: String,
    place: String,
    when: String,
    next: Option<String>,
    state: &'static str,
    active: bool,
    readers: u64,
}

#[derive(Template)]
#[template(path = "web/console/timetables.html")]
struct Timetables {
    frame: Frame,
    lines: Vec<Line>,
    next: Option<String>,
    problem: Option<String>,
}

/// `GET /console/timetables`
///
/// # Errors
/// `forbidden` for whoever may set none; `invalid` for a cursor that is none.
#[handler]
pub async fn list(desk: &Desk, Query(asked): Query<Asked>) -> Result<Response, Fault> {
    page(desk, &asked, None).await
}

async fn page(desk: &Desk, asked: &Asked, wrong: Option<&Fault>) -> Result<Response, Fault> {
    require_somewhere(desk.actor(), Deed::SetTimetables)?;
    let db = desk.app.store.read();
    let slice = Slice::parse(Some(&asked.cursor), Some(LINES))?;
    let found = queries::page(db, desk.actor(), Which::Kept, slice).await?;
    let mut lines = Vec::new();
    for seen in found.items {
        let row = seen.timetable;
        lines.push(Line {
            readers: queries::readers(db, row.id).await?,
            id: row.id,
            version: row.version,
            title: row.title,
            text: row.text,
            place: seen.place,
            when: seen.when,
            next: row.next_at.map(say),
            state: state_says(row.state),
            active: row.state == TimetableState::Active,
        });
    }
    let page = Timetables {
        frame: Frame::new(desk, "日程").saying(&asked.said),
        lines,
        next: found.next,
        problem: wrong.map(|fault| fault.detail.to_string()),
    };
    show(wrong.map_or(StatusCode::OK, status), &page)
}

/// A choice of a field: value, words, whether it is chosen.
type Choice = (&'static str, &'static str, bool);

#[derive(Template)]
#[template(path = "web/console/timetable.html")]
struct TimetablePage {
    frame: Frame,
    at: Option<At>,
    action: String,
    version: i32,
    kinds: Vec<Choice>,
    on: Vec<Choice>,
    nth: Vec<Choice>,
    weekday: Vec<Choice>,
    typed: Typed,
    problem: Option<String>,
    most_title: usize,
    most_text: usize,
}

/// `GET /console/timetables/new`
///
/// # Errors
/// `not_found` for a place that is not theirs; `forbidden` for who may set none.
#[handler]
pub async fn ask(desk: &Desk, Query(asked): Query<Asked>) -> Result<Response, Fault> {
    let at = At::find(desk, NEW_PAGE, &asked.place, &[Deed::SetTimetables]).await?;
    let today = china(desk.app.clock.now()).date_naive().to_string();
    let form = Form::default();
    let typed = Typed::with(&[("from", &today), ("every", "1"), ("kind", "daily")]);
    form_page(desk, Some(at), None, &form, typed, StatusCode::OK)
}

fn choices<const N: usize>(all: [(&'static str, &'static str); N], chosen: &[&str]) -> Vec<Choice> {
    let choice = |(value, words): (&'static str, &'static str)| {
        let is = chosen.contains(&value);
        (value, words, is)
    };
    all.into_iter().map(choice).collect()
}

fn form_page(
    desk: &Desk,
    at: Option<At>,
    seen: Option<Seen>,
    form: &Form,
    typed: Typed,
    code: StatusCode,
) -> Result<Response, Fault> {
    let ticked: Vec<&str> = match form.text("kind") {
        // The form as it was stored.
        "" => typed.value("on").split(',').collect(),
        _ => form.all("on").collect(),
    };
    let page = TimetablePage {
        frame: Frame::new(
            desk,
            if seen.is_some() {
                "改日程"
            } else {
                "新日程"
            },
        ),
        action: match seen {
            Some(seen) => format!("/console/timetables/{}/change", seen.id),
            None => NEW_PAGE.to_owned(),
        },
        version: seen.map_or(0, |seen| seen.version),
        kinds: choices(KINDS, &[typed.value("kind")]),
        on: choices(WEEKDAYS, &ticked),
        nth: choices(NTH, &[typed.value("nth")]),
        weekday: choices(WEEKDAYS, &[typed.value("weekday")]),
        problem: typed.general(FIELDS).map(str::to_owned),
        typed,
        most_title: MOST_TITLE,
        most_text: MOST_TEXT,
        at,
    };
    show(code, &page)
}

fn date(form: &Form, field: &'static str) -> Result<Option<NaiveDate>, Fault> {
    match form.text(field).trim() {
        "" => Ok(None),
        typed => typed
            .parse()
            .map(Some)
            .map_err(|_| Fault::invalid(field, "日期请写成 2026-12-01 这样。")),
    }
}

fn count<T: std::str::FromStr>(form: &Form, field: &'static str) -> Result<T, Fault> {
    let typed = form.text(field).trim().parse();
    typed.map_err(|_| Fault::invalid(field, "请写一个数。"))
}

/// What was typed between commas or on lines.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    text.split([',', '，', '、', ';', '；', ' ', '\n', '\r'])
        .map(str::trim)
        .filter(|piece| !piece.is_empty())
}

fn draft(form: &Form) -> Result<Draft, Fault> {
    let days = match form.text("kind") {
        "daily" => Days::Daily,
        "weekly" => Days::Weekly {
            on: form.all("on").filter_map(|day| day.parse().ok()).collect(),
        },
        "monthly" => Days::Monthly {
            day: count(form, "day")?,
        },
        "monthly_nth" => Days::MonthlyNth {
            nth: count(form, "nth")?,
            weekday: count(form, "weekday").map_err(|_| Fault::invalid("nth", "请选星期几。"))?,
        },
        _ => return Err(Fault::invalid("kind", "请选哪些天。")),
    };
    let times: Option<Vec<u16>> = pieces(form.text("times")).map(minute_of).collect();
    let except: Result<Vec<NaiveDate>, _> = pieces(form.text("except")).map(str::parse).collect();
    Ok(Draft {
        title: form.text("title").to_owned(),
        text: form.text("text").to_owned(),
        rule: Rule {
            days,
            every: count(form, "every")?,
            from: date(form, "from")?
                .ok_or_else(|| Fault::invalid("from", "请写从哪天开始，例如 2026-12-01。"))?,
            until: date(form, "until")?,
            except: except
                .map_err(|_| Fault::invalid("except", "日期请写成 2026-12-01，用逗号隔开。"))?,
            times: times
                .ok_or_else(|| Fault::invalid("times", "时间请写成 07:00，用逗号隔开。"))?,
        },
    })
}

/// `POST /console/timetables/new`
///
/// # Errors
/// `not_found` for a place that is not theirs; the database's.
#[handler]
pub async fn take(desk: &Desk, form: Form) -> Result<Response, Fault> {
    let at = At::find(desk, NEW_PAGE, form.text("place"), &[Deed::SetTimetables]).await?;
    let done = async {
        let draft = draft(&form)?;
        let mut tx = desk.app.store.begin(desk.app.clock.now()).await?;
        actions::make(&mut tx, desk.actor(), at.place.id, draft).await?;
        tx.commit().await
    };
    match done.await {
        Ok(()) => Ok(go("/console/timetables?said=timetable-made")),
        Err(fault) if is_elsewhere(&fault) => Err(fault),
        Err(fault) => {
            let typed = Typed::wrong(&form, &fault);
            form_page(desk, Some(at), None, &form, typed, status(&fault))
        }
    }
}

/// `GET /console/timetables/:id`: the form with what it is now.
///
/// # Errors
/// `not_found` for one that they may not change.
#[handler]
pub async fn open(desk: &Desk, Path(id): Path<String>) -> Result<Response, Fault> {
    let row = queries::kept(desk.app.store.read(), desk.actor(), key_in(&id, no_such)?).await?;
    let typed = match queries::rule_of(&row) {
        Some(rule) => stored(&row.title, &row.text, &rule),
        None => Typed::with(&[("title", &row.title), ("text", &row.text)]),
    };
    let seen = Seen {
        id: row.id,
        version: row.version,
    };
    form_page(
        desk,
        None,
        Some(seen),
        &Form::default(),
        typed,
        StatusCode::OK,
    )
}

fn stored(title: &str, text: &str, rule: &Rule) -> Typed {
    let join = |all: Vec<String>, by: &str| all.join(by);
    let times = rule.times.iter().map(|at| minute_says(*at)).collect();
    let except = rule.except.iter().map(NaiveDate::to_string).collect();
    let until = rule.until.map(|until| until.to_string());
    let typed = Typed::with(&[
        ("title", title),
        ("text", text),
        ("every", &rule.every.to_string()),
        ("from", &rule.from.to_string()),
        ("until", until.as_deref().unwrap_or_default()),
        ("times", &join(times, "、")),
        ("except", &join(except, "\n")),
    ]);
    match &rule.days {
        Days::Daily => typed.set("kind", "daily"),
        Days::Weekly { on } => {
            let on: Vec<String> = on.iter().map(u8::to_string).collect();
            typed.set("kind", "weekly").set("on", &on.join(","))
        }
        Days::Monthly { day } => typed.set("kind", "monthly").set("day", &day.to_string()),
        Days::MonthlyNth { nth, weekday } => {
            let which = match *nth {
                LAST => "-1".to_owned(),
                nth => nth.to_string(),
            };
            typed
                .set("kind", "monthly_nth")
                .set("nth", &which)
                .set("weekday", &weekday.to_string())
        }
    }
}

/// `POST /console/timetables/:id/:act`: change, stop or start it.
///
/// # Errors
/// `not_found` for one that they may not change; the database's.
#[handler]
pub async fn act(
    desk: &Desk,
    Path((id, act)): Path<(String, String)>,
    form: Form,
) -> Result<Response, Fault> {
    let seen = Seen {
        id: key_in(&id, no_such)?,
        version: version_in(&form).unwrap_or_default(),
    };
    // What is not theirs is not there, whatever was typed.
    queries::kept(desk.app.store.read(), desk.actor(), seen.id).await?;
    let done = async {
        let mut tx = desk.app.store.begin(desk.app.clock.now()).await?;
        match act.as_str() {
            "change" => drop(actions::change(&mut tx, desk.actor(), seen, draft(&form)?).await?),
            "stop" => drop(actions::switch(&mut tx, desk.actor(), seen, false).await?),
            "start" => drop(actions::switch(&mut tx, desk.actor(), seen, true).await?),
            _ => return Err(no_such(0)),
        }
        tx.commit().await
    };
    let said = match act.as_str() {
        "change" => "timetable-changed",
        "stop" => "timetable-stopped",
        _ => "timetable-started",
    };
    match done.await {
        Ok(()) => Ok(go(&format!("/console/timetables?said={said}"))),
        Err(fault) if is_elsewhere(&fault) => Err(fault),
        Err(fault) if act == "change" => {
            let typed = Typed::wrong(&form, &fault);
            form_page(desk, None, Some(seen), &form, typed, status(&fault))
        }
        Err(fault) => page(desk, &Asked::default(), Some(&fault)).await,
    }
}
