//! `/console/notices`: what whoever is signed in has told people, or has to carry to their doors; and the form
//! for a new one: to which place, to which groups, or to a list. Sending the form makes a draft, whose page
//! (`notice.rs`) shows how many it would reach.

use askama::Template;
use entity::kinds::PhotoStage;
use entity::notice;
use poem::http::StatusCode;
use poem::web::Query;
use poem::{Response, handler};
use serde::Deserialize;
use strum::IntoEnumIterator;

use crate::access::Actor;
use crate::access::permit::{Deed, may, may_somewhere};
use crate::attachment::link::{Variant, file_name, path as file_path};
use crate::attachment::{Owner, actions as attachments, give};
use crate::base::clock::say;
use crate::base::fault::Fault;
use crate::base::page::Slice;
use crate::notice::actions::draft::{MOST_PLACES, New, draft};
use crate::notice::audience::{Group, Scope};
use crate::notice::{MOST_BODY, MOST_TITLE, REPEATS, mark_of, queries, state_says, subject};
use crate::place::queries as places;
use crate::store::Tx;
use crate::web::console::at::At;
use crate::web::console::files::{Kept, keep_paper};
use crate::web::console::form::{Form, Typed};
use crate::web::console::frame::{Frame, show};
use crate::web::console::guard::{Desk, status};
use crate::web::console::photos::FIELD;
use crate::web::console::upload::Uploads;
use crate::web::pages::go;

/// Where the form stands.
const NEW_PAGE: &str = "/console/notices/new";
/// Lines of a page.
const LINES: u64 = 30;
/// Photos and documents of one notice.
const MOST_FILES: usize = 9;
/// Forms of one person in a minute.
const PER_MINUTE: u32 = 30;
/// Ticked where the files of the notice that is written anew go along.
const ALONG: &str = "along";
/// The fields beside which an error may stand.
const FIELDS: [&str; 7] = ["title", "body", "who", "list", "repeat", "place", FIELD];

/// Where the page begins, and what has just been done.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    cursor: String,
    said: String,
    place: String,
    /// A notice whose words, scope and files the form begins with.
    from: String,
}

struct Line {
    id: i64,
    title: String,
    state: &'static str,
    waits: bool,
    people: i64,
    day: String,
}

#[derive(Template)]
#[template(path = "web/console/notices.html")]
struct Notices {
    frame: Frame,
    publishes: bool,
    lines: Vec<Line>,
    next: Option<String>,
}

/// Refuses whoever neither publishes nor goes to doors.
///
/// # Errors
/// `forbidden`.
pub(super) fn require(desk: &Desk) -> Result<(), Fault> {
    let actor = desk.actor();
    let able = may_somewhere(actor, Deed::PublishNotices) || may_somewhere(actor, Deed::MakeVisits);
    if able {
        Ok(())
    } else {
        Err(Fault::forbidden("您没有这项权限。"))
    }
}

/// `GET /console/notices`
///
/// # Errors
/// `forbidden`; `invalid` for a cursor that is none.
#[handler]
pub async fn list(desk: &Desk, Query(asked): Query<Asked>) -> Result<Response, Fault> {
    require(desk)?;
    let slice = Slice::parse(Some(&asked.cursor), Some(LINES))?;
    let page = queries::page(desk.app.store.read(), desk.actor(), slice).await?;
    let line = |row: notice::Model| Line {
        id: row.id,
        title: format!("{}{}", mark_of(&row), row.title),
        state: state_says(row.state),
        waits: crate::notice::HOLDS.contains(&row.state),
        people: row.counted,
        day: say(row.published_at.unwrap_or(row.created_at)),
    };
    let page = Notices {
        frame: Frame::new(desk, "公告").saying(&asked.said),
        publishes: may_somewhere(desk.actor(), Deed::PublishNotices),
        lines: page.items.into_iter().map(line).collect(),
        next: page.next,
    };
    show(StatusCode::OK, &page)
}

struct Tick {
    word: &'static str,
    says: &'static str,
    on: bool,
}

/// The files of the notice that is written anew.
struct Along {
    id: i64,
    count: usize,
    photos: Vec<String>,
    papers: Vec<String>,
    /// Whether they go along.
    on: bool,
}

#[derive(Template)]
#[template(path = "web/console/notice_new.html")]
struct NewNotice {
    frame: Frame,
    at: At,
    along: Option<Along>,
    groups: Vec<Tick>,
    urgent: bool,
    repeats: Vec<(i32, bool)>,
    most_title: usize,
    most_body: usize,
    most_places: usize,
    typed: Typed,
    problem: Option<String>,
}

/// `GET /console/notices/new`
///
/// # Errors
/// `not_found` for a place that is not theirs; `forbidden` for who may publish nowhere.
#[handler]
pub async fn ask(desk: &Desk, Query(asked): Query<Asked>) -> Result<Response, Fault> {
    if asked.from.is_empty() {
        return form_page(desk, &asked.place, &Form::default(), None).await;
    }
    let id = asked.from.parse().map_err(|_| queries::no_such(0))?;
    let db = desk.app.store.read();
    let row = queries::led(db, desk.actor(), id).await?;
    let place = places::by_id(db, row.place_id).await?;
    let place = place.map(|place| place.code).unwrap_or_default();
    form_page(desk, &place, &filled(desk, &row).await?, None).await
}

/// The form as it was when this notice was written; its files go along.
async fn filled(desk: &Desk, row: &notice::Model) -> Result<Form, Fault> {
    let db = desk.app.store.read();
    let scope: Scope = serde_json::from_value(row.scope.clone()).map_err(Fault::internal)?;
    let mut fields = vec![
        ("title".to_owned(), row.title.clone()),
        ("body".to_owned(), row.body.clone()),
        ("from".to_owned(), row.id.to_string()),
        (ALONG.to_owned(), "yes".to_owned()),
    ];
    for group in &scope.who {
        fields.push(("who".to_owned(), group.word().to_owned()));
    }
    let mut homes = Vec::new();
    for id in &scope.places {
        homes.extend(places::by_id(db, *id).await?.map(|place| place.code));
    }
    fields.push(("list".to_owned(), homes.join("\n")));
    if let Some(hours) = row.repeat_hours {
        fields.push(("repeat".to_owned(), hours.to_string()));
    }
    if row.urgent {
        fields.push(("urgent".to_owned(), "yes".to_owned()));
    }
    Ok(Form(fields))
}

/// The files of the notice that the form began with, to go along or not; none where it has none.
async fn along(desk: &Desk, form: &Form) -> Result<Option<Along>, Fault> {
    let Ok(id) = form.text("from").parse() else {
        return Ok(None);
    };
    let (app, db) = (&desk.app, desk.app.store.read());
    let row = queries::led(db, desk.actor(), id).await?;
    let files = queries::files(db, &row).await?;
    let (photos, papers): (Vec<_>, Vec<_>) = files.iter().partition(|file| file.kind == "image");
    let small = photos
        .into_iter()
        .filter_map(|photo| file_path(app, photo, Variant::Small));
    Ok((!files.is_empty()).then(|| Along {
        id,
        count: files.len(),
        photos: small.collect(),
        papers: papers.into_iter().map(file_name).collect(),
        on: form.text(ALONG) == "yes",
    }))
}

async fn form_page(
    desk: &Desk,
    place: &str,
    form: &Form,
    wrong: Option<&Fault>,
) -> Result<Response, Fault> {
    let at = At::find(desk, NEW_PAGE, place, &[Deed::PublishNotices]).await?;
    let typed = match wrong {
        Some(fault) => Typed::wrong(form, fault),
        None => Typed::again(form),
    };
    let ticked: Vec<&str> = form.all("who").collect();
    let groups = Group::iter().map(|group| Tick {
        word: group.word(),
        says: group.says(),
        on: ticked.contains(&group.word()) || (ticked.is_empty() && group == Group::Residents),
    });
    let page = NewNotice {
        frame: Frame::new(desk, format!("{}：发公告", at.name)),
        along: along(desk, form).await?,
        groups: groups.collect(),
        urgent: may(desk.actor(), Deed::PublishUrgently, &at.place.path),
        repeats: REPEATS
            .map(|hours| (hours, typed.value("repeat") == hours.to_string()))
            .to_vec(),
        most_title: MOST_TITLE,
        most_body: MOST_BODY,
        most_places: MOST_PLACES,
        problem: typed.general(&FIELDS).map(str::to_owned),
        typed,
        at,
    };
    show(wrong.map_or(StatusCode::OK, status), &page)
}

/// `POST /console/notices/new`: makes a draft.
///
/// # Errors
/// `not_found` for a place that is not theirs; the database's.
#[handler]
pub async fn take(desk: &Desk, form: Form, uploads: Uploads) -> Result<Response, Fault> {
    // What is not theirs is not there; all else stands beside its field.
    let at = At::find(desk, NEW_PAGE, form.text("place"), &[Deed::PublishNotices]).await?;
    match store(desk, &at, &form, &uploads).await {
        Ok(row) => Ok(go(&format!("/console/notices/{}", row.id))),
        Err(fault) if fault.is_ours() => Err(fault),
        Err(fault) => form_page(desk, form.text("place"), &form, Some(&fault)).await,
    }
}

async fn store(
    desk: &Desk,
    at: &At,
    form: &Form,
    uploads: &Uploads,
) -> Result<notice::Model, Fault> {
    let app = &desk.app;
    limited(desk).await?;
    let new = New {
        place_id: at.place.id,
        title: form.text("title").to_owned(),
        body: form.text("body").to_owned(),
        urgent: form.text("urgent") == "yes",
        scope: scope(desk, at, form).await?,
        repeat_hours: match form.text("repeat") {
            "" | "0" => None,
            typed => Some(
                typed
                    .parse()
                    .map_err(|_| Fault::invalid("repeat", "再次提醒请选24、48或72小时。"))?,
            ),
        },
        rewrites: match form.text(ALONG) {
            "yes" => form.text("from").parse().ok(),
            _ => None,
        },
    };
    let kept = keep(desk, uploads).await?;
    let tx = app.store.begin(app.clock.now()).await?;
    let row = draft(&tx, desk.actor(), new).await?;
    attach(&tx, desk.actor(), &row, kept).await?;
    tx.commit().await?;
    Ok(row)
}

/// Whether they have not sent too many forms.
///
/// # Errors
/// `too_many`.
pub(super) async fn limited(desk: &Desk) -> Result<(), Fault> {
    let by = desk.actor().require_person()?;
    let key = format!("console:notice:{by}");
    if desk.app.limiter.take(&key, PER_MINUTE).await {
        Ok(())
    } else {
        Err(Fault::too_many(30))
    }
}

/// Gives them to a notice.
///
/// # Errors
/// The database's.
pub(super) async fn attach(
    tx: &Tx,
    actor: &Actor,
    row: &notice::Model,
    kept: Vec<Kept>,
) -> Result<(), Fault> {
    let mut ids = Vec::new();
    for (id, change) in kept {
        ids.push(attachments::settle(tx, id, change).await?.id);
    }
    let about = subject(row.id);
    let owner = Owner {
        subject: &about,
        compound_id: row.compound_id,
        stage: PhotoStage::Before,
        round: 0,
    };
    give(tx, actor, &ids, &owner).await
}

/// Photos and documents lie in our storage before the transaction begins.
///
/// # Errors
/// `invalid` for what is not kept and for too many, beside the field.
pub(super) async fn keep(desk: &Desk, uploads: &Uploads) -> Result<Vec<Kept>, Fault> {
    let files: Vec<&[u8]> = uploads
        .of(FIELD)
        .map(|file| file.bytes.as_slice())
        .collect();
    if files.len() > MOST_FILES {
        return Err(Fault::invalid(
            FIELD,
            format!("一条公告最多附{MOST_FILES}个文件。"),
        ));
    }
    let mut kept = Vec::new();
    for file in files {
        kept.push(keep_paper(desk, FIELD, file).await?);
    }
    Ok(kept)
}

/// Groups that are ticked, and the list with each line's place.
async fn scope(desk: &Desk, at: &At, form: &Form) -> Result<Scope, Fault> {
    let mut scope = Scope::default();
    for word in form.all("who") {
        let group = Group::read(word);
        scope
            .who
            .push(group.ok_or_else(|| Fault::invalid("who", "请选发给哪些人。"))?);
    }
    let db = desk.app.store.read();
    let compound = places::compound_of(db, &at.place).await?;
    let typed = form.text("list").split(['\n', '，', ',', '、', ' ', '\r']);
    let typed: Vec<&str> = typed.map(str::trim).filter(|one| !one.is_empty()).collect();
    if typed.len() > MOST_PLACES {
        return Err(Fault::invalid(
            "list",
            format!("名单最多{MOST_PLACES}个，请分几次发。"),
        ));
    }
    for one in typed {
        let mut place = places::by_code(db, one).await?;
        if let (None, Some(compound)) = (&place, &compound) {
            place = places::by_local_code(db, compound, one).await?;
        }
        let place = place.filter(|place| place.path.starts_with(&at.place.path));
        let none = || {
            Fault::invalid(
                "list",
                format!("名单里的“{one}”没有登记，或不在{}。", at.name),
            )
        };
        scope.places.push(place.ok_or_else(none)?.id);
    }
    Ok(scope)
}
