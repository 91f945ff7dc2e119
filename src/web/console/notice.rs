//! `/console/notices/:id`: one notice: a draft with how many it would reach, then how far it has come, building
//! by building, who has not read it, and what may be done: let it go out, take it back, tell those who have
//! not read it once more, correct it, print it, have the rest told at the door.

use askama::Template;
use chrono::TimeDelta;
use entity::kinds::{NoticeState, VisitState};
use entity::{notice, place};
use poem::http::{HeaderValue, StatusCode, header};
use poem::web::{Path, Query};
use poem::{Response, handler};
use serde::Deserialize;

use crate::attachment::link::{Variant, file_name, path as file_path};
use crate::base::clock::{Moment, say};
use crate::base::fault::{Code, Fault};
use crate::base::key::key_in;
use crate::base::text::shorten;
use crate::delivery::Unreached;
use crate::notice::actions::Words;
use crate::notice::audience::Scope;
use crate::notice::queries::{self, Progress, no_such};
use crate::notice::{
    HOLDS, MOST_BODY, MOST_TITLE, OUT, actions, link, mark_of, state_says, subject,
};
use crate::place::queries as places;
use crate::visit::actions::open as open_visit;
use crate::web::console::form::{Form, Typed};
use crate::web::console::frame::{Frame, show};
use crate::web::console::guard::{Desk, status};
use crate::web::console::notices::{attach, keep, limited, require};
use crate::web::console::photos::FIELD;
use crate::web::console::upload::Uploads;
use crate::web::pages::go;

/// Kind of a visit to somebody who has got a notice and has not read it.
const UNREAD: &str = "notice.unread";
/// The fields beside which an error may stand.
const FIELDS: [&str; 3] = ["title", "body", FIELD];
/// So long after a round began the page fetches itself anew while messages wait; what waits longer waits for the
/// morning, or for the next day of a quota.
const LIVELY: TimeDelta = TimeDelta::hours(1);
/// People of one list, and told at the door at once.
const MOST: u64 = 500;
/// Characters that are said at the door.
const AT_THE_DOOR: usize = 200;

/// What the page's address says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    said: String,
    building: String,
}

struct BuildingLine {
    id: i64,
    name: String,
    people: i64,
    read: i64,
    acknowledged: i64,
    unread: i64,
    lists: bool,
}

#[derive(Template)]
#[template(path = "web/console/notice.html")]
struct NoticePage {
    frame: Frame,
    id: i64,
    state: &'static str,
    title: String,
    body: String,
    photos: Vec<String>,
    papers: Vec<(String, String)>,
    facts: Vec<(&'static str, String)>,
    leads: bool,
    draft: bool,
    /// It tells of what is published: nobody changes it here.
    official: bool,
    undoable: bool,
    /// Nobody is told yet: what may be done changes by itself.
    begins: bool,
    /// The figures change by themselves.
    moves: bool,
    holds: bool,
    sent: bool,
    out: bool,
    far: Progress,
    buildings: Vec<BuildingLine>,
    sheet: Option<String>,
    /// It was taken back before anybody got it: its words may be wanted again.
    again: bool,
    most_title: usize,
    most_body: usize,
    tried: String,
    typed: Typed,
    problem: Option<String>,
}

impl NoticePage {
    /// What stands in a field of the correction: what was typed, or what is out.
    fn value(&self, field: &str) -> &str {
        match (self.tried.as_str(), field) {
            ("correct", _) => self.typed.value(field),
            (_, "title") => &self.title,
            _ => &self.body,
        }
    }
}

/// `GET /console/notices/:id`
///
/// # Errors
/// `not_found` for one that is not theirs.
#[handler]
pub async fn open(
    desk: &Desk,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Fault> {
    require(desk)?;
    let plain = ("", Typed::default());
    page(
        desk,
        key_in(&id, no_such)?,
        StatusCode::OK,
        plain,
        &asked.said,
    )
    .await
}

async fn page(
    desk: &Desk,
    id: i64,
    status: StatusCode,
    (tried, typed): (&str, Typed),
    said: &str,
) -> Result<Response, Fault> {
    let (app, db) = (&desk.app, desk.app.store.read());
    let (row, leads) = queries::seen(db, desk.actor(), id).await?;
    let far = queries::progress(db, &row).await?;
    let files = queries::files(db, &row).await?;
    let out = OUT.contains(&row.state);
    let now = app.clock.now();
    let page = NoticePage {
        frame: Frame::new(desk, format!("公告 #{id} {}", row.title)).saying(said),
        id,
        state: state_says(row.state),
        photos: files
            .iter()
            .filter_map(|file| file_path(app, file, Variant::Small))
            .collect(),
        papers: files
            .iter()
            .filter(|file| file.kind != "image")
            .filter_map(|file| Some((file_path(app, file, Variant::Full)?, file_name(file))))
            .collect(),
        facts: facts(desk, &row).await?,
        leads,
        draft: row.state == NoticeState::Draft,
        official: row.about.is_some(),
        undoable: row.state == NoticeState::Undoable && row.go_at.is_some_and(|at| at > now),
        begins: row.state == NoticeState::Undoable,
        moves: moves(&row, &far, now),
        holds: HOLDS.contains(&row.state),
        sent: row.state == NoticeState::Sent,
        out,
        far,
        buildings: if out {
            buildings(desk, id, leads).await?
        } else {
            Vec::new()
        },
        // What no longer holds is not hung up.
        sheet: HOLDS
            .contains(&row.state)
            .then(|| link::paper_path(app, id)),
        again: row.state == NoticeState::Undone,
        most_title: MOST_TITLE,
        most_body: MOST_BODY,
        problem: typed.general(&FIELDS).map(str::to_owned),
        tried: tried.to_owned(),
        typed,
        title: row.title,
        body: row.body,
    };
    show(status, &page)
}

/// Whether its figures change by themselves soon.
fn moves(row: &notice::Model, far: &Progress, now: Moment) -> bool {
    let lately = row.round_at.is_some_and(|at| at > now - LIVELY);
    match row.state {
        NoticeState::Undoable | NoticeState::Sending => true,
        NoticeState::Sent => lately && far.waiting > 0,
        _ => false,
    }
}

async fn facts(desk: &Desk, row: &notice::Model) -> Result<Vec<(&'static str, String)>, Fault> {
    let db = desk.app.store.read();
    let scope: Scope = serde_json::from_value(row.scope.clone()).map_err(Fault::internal)?;
    let place = places::by_id(db, row.place_id).await?;
    let place = match place {
        Some(place) => places::name_of(db, &place).await?,
        None => String::new(),
    };
    let mut facts = vec![("发给", format!("{place}：{}", scope.says()))];
    if !scope.places.is_empty() {
        facts.push(("名单", format!("{} 个楼栋或房号", scope.places.len())));
    }
    let mark = mark_of(row);
    if !mark.is_empty() {
        facts.push(("类型", mark.trim_matches(['【', '】']).to_owned()));
    }
    if let Some(hours) = row.repeat_hours {
        facts.push(("没读的人", format!("每 {hours} 小时再提醒")));
    }
    if row.about.is_some() {
        facts.push(("公示", "不能撤回，更正由新公布的一版代替".to_owned()));
    }
    facts.extend(row.published_at.map(|at| ("发布", say(at))));
    facts.extend(row.recalled_at.map(|at| ("撤回", say(at))));
    Ok(facts)
}

async fn buildings(desk: &Desk, id: i64, leads: bool) -> Result<Vec<BuildingLine>, Fault> {
    let all = queries::buildings(desk.app.store.read(), id).await?;
    let line = |one: queries::Building| BuildingLine {
        id: one.place.as_ref().map_or(0, |place| place.id),
        lists: queries::lists(desk.actor(), one.place.as_ref(), leads),
        name: one
            .place
            .map_or_else(|| "其他".to_owned(), |place| place.name),
        unread: one.people - one.read,
        people: one.people,
        read: one.read,
        acknowledged: one.acknowledged,
    };
    Ok(all
        .into_iter()
        .map(line)
        .filter(|line| leads || line.lists)
        .collect())
}

struct UnreadLine {
    place: String,
    name: String,
    how: &'static str,
    visit: &'static str,
}

#[derive(Template)]
#[template(path = "web/console/notice_unread.html")]
struct UnreadPage {
    frame: Frame,
    id: i64,
    title: String,
    building: i64,
    place: String,
    lines: Vec<UnreadLine>,
    full: bool,
    opens: bool,
}

/// The building that was asked for: 0 is for those who live in none.
async fn building_of(
    desk: &Desk,
    typed: &str,
    leads: bool,
    id: i64,
) -> Result<Option<place::Model>, Fault> {
    let found = match typed.parse::<i64>() {
        Ok(0) => None,
        Ok(key) => places::by_id(desk.app.store.read(), key).await?,
        Err(_) => return Err(no_such(id)),
    };
    let asked_none = typed == "0";
    if (found.is_some() || asked_none) && queries::lists(desk.actor(), found.as_ref(), leads) {
        Ok(found)
    } else {
        Err(no_such(id))
    }
}

/// `GET /console/notices/:id/unread?building=`
///
/// # Errors
/// `not_found` for a notice or a building that is not theirs.
#[handler]
pub async fn unread(
    desk: &Desk,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Fault> {
    require(desk)?;
    let (db, id) = (desk.app.store.read(), key_in(&id, no_such)?);
    let (row, leads) = queries::seen(db, desk.actor(), id).await?;
    let building = building_of(desk, &asked.building, leads, id).await?;
    let key = building.as_ref().map(|place| place.id);
    let people = queries::unread(db, id, key, MOST).await?;
    let line = |one: &queries::Unread| UnreadLine {
        place: places::short_name(&one.place).to_owned(),
        name: one.name.clone(),
        how: match (one.told, one.reachable) {
            (true, _) => "发过消息，还没有读",
            (false, true) => "后来绑定了微信，还没有发过",
            (false, false) => "没有微信",
        },
        visit: match one.visit {
            None => "",
            Some(VisitState::Open) => "等上门",
            Some(VisitState::Done) => "已上门",
        },
    };
    let place = building.map_or_else(|| "其他".to_owned(), |place| place.name);
    let page = UnreadPage {
        frame: Frame::new(desk, format!("{place}：没读公告 #{id} 的人")).saying(&asked.said),
        id,
        title: row.title,
        building: key.unwrap_or(0),
        place,
        lines: people.iter().map(line).collect(),
        full: people.len() >= usize::try_from(MOST).unwrap_or(usize::MAX),
        opens: HOLDS.contains(&row.state) && people.iter().any(|one| one.visit.is_none()),
    };
    show(StatusCode::OK, &page)
}

/// `POST /console/notices/:id/:act`
///
/// # Errors
/// `not_found` for one that is not theirs, and for an act that there is none of.
#[handler]
pub async fn take(
    desk: &Desk,
    Path((id, act)): Path<(String, String)>,
    form: Form,
    uploads: Uploads,
) -> Result<Response, Fault> {
    require(desk)?;
    let id = key_in(&id, no_such)?;
    let (_, leads) = queries::seen(desk.app.store.read(), desk.actor(), id).await?;
    let done = match act.as_str() {
        "correct" => correct(desk, id, &form, &uploads).await,
        _ => perform(desk, id, leads, &act, &form).await,
    };
    match done {
        Ok(to) => Ok(go(&to)),
        Err(fault) if fault.is_ours() || fault.code == Code::NotFound => Err(fault),
        Err(fault) => {
            let typed = Typed::wrong(&form, &fault);
            let mut response = page(desk, id, status(&fault), (act.as_str(), typed), "").await?;
            if let Some(seconds) = fault.retry_after {
                let headers = response.headers_mut();
                headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
            }
            Ok(response)
        }
    }
}

/// Writes the new version down; photos of its own take the place of those before.
async fn correct(desk: &Desk, id: i64, form: &Form, uploads: &Uploads) -> Result<String, Fault> {
    limited(desk).await?;
    // Nobody leaves a file with us who may not.
    queries::led(desk.app.store.read(), desk.actor(), id).await?;
    let kept = keep(desk, uploads).await?;
    let tx = desk.app.store.begin(desk.app.clock.now()).await?;
    let words = Words {
        title: form.text("title"),
        body: form.text("body"),
        files: !kept.is_empty(),
    };
    let row = actions::correct(&tx, desk.actor(), id, words).await?;
    attach(&tx, desk.actor(), &row, kept).await?;
    tx.commit().await?;
    Ok(format!("/console/notices/{}", row.id))
}

async fn perform(
    desk: &Desk,
    id: i64,
    leads: bool,
    act: &str,
    form: &Form,
) -> Result<String, Fault> {
    let actor = desk.actor();
    let mut tx = desk.app.store.begin(desk.app.clock.now()).await?;
    let to = match act {
        "publish" => {
            actions::publish(&mut tx, actor, id).await?;
            format!("/console/notices/{id}")
        }
        "recall" => {
            let row = actions::recall(&mut tx, actor, id).await?;
            let said = match row.state {
                NoticeState::Undone => "notice-undone",
                _ => "notice-recalled",
            };
            format!("/console/notices/{id}?said={said}")
        }
        "repeat" => {
            actions::repeat(&mut tx, actor, id).await?;
            format!("/console/notices/{id}?said=notice-repeated")
        }
        "visits" => {
            let building = building_of(desk, form.text("building"), leads, id).await?;
            let key = building.map(|place| place.id);
            let row = queries::by_id(tx.db(), id)
                .await?
                .ok_or_else(|| no_such(id))?;
            if !HOLDS.contains(&row.state) {
                return Err(Fault::wrong_step("这条公告不再有效，不用上门告诉。"));
            }
            let text = shorten(&format!("{}：{}", row.title, row.body), AT_THE_DOOR);
            for one in queries::unread(tx.db(), id, key, MOST).await? {
                if one.visit.is_some() {
                    continue;
                }
                // Who can get it and has not read it is told something else at the door than who cannot.
                let kind = match one.told || one.reachable {
                    true => UNREAD,
                    false => "notice.new",
                };
                let missed = Unreached {
                    person_id: one.person_id,
                    compound_id: one.place.compound_id,
                    subject: &subject(id),
                    kind,
                    text: &text,
                };
                open_visit(&mut tx, missed).await?;
            }
            let key = key.unwrap_or(0);
            format!("/console/notices/{id}/unread?building={key}&said=notice-visits")
        }
        _ => return Err(Fault::plain(Code::NotFound)),
    };
    tx.commit().await?;
    Ok(to)
}
