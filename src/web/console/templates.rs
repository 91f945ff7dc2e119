//! `/console/templates`: answer templates of a place and of those above it, and writing them.

use askama::Template;
use entity::answer_template;
use entity::kinds::AnswerUse;
use entity::place;
use poem::http::StatusCode;
use poem::web::{Path, Query};
use poem::{Response, handler};
use sea_orm::{ActiveEnum, Iterable};
use serde::Deserialize;

use crate::access::permit::{Deed, may, require};
use crate::answer::actions::{self, Draft, MOST_NAME, MOST_TEXT, Seen};
use crate::answer::fill::{BLANKS, Facts, fill};
use crate::answer::{queries, use_says};
use crate::base::fault::Fault;
use crate::base::key::key_in;
use crate::case::category;
use crate::place::queries as places;
use crate::web::console::at::At;
use crate::web::console::days::is_elsewhere;
use crate::web::console::form::{Form, Typed};
use crate::web::console::frame::{Frame, show};
use crate::web::console::guard::{Desk, status};
use crate::web::console::policies::seen as version_in;
use crate::web::pages::go;

const PAGE: &str = "/console/templates";
/// Whoever may look.
const DEEDS: &[Deed] = &[Deed::SeeCases, Deed::WorkCases, Deed::WriteAnswers];
const FIELDS: &[&str] = &["used_for", "category", "name", "text"];

/// What the page's address says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    place: String,
    template: String,
    said: String,
}

/// A template in the list.
struct Line {
    id: i64,
    name: String,
    category: String,
    text: String,
    from: String,
    own: bool,
}

#[derive(Template)]
#[template(path = "web/console/templates.html")]
struct Templates {
    frame: Frame,
    at: At,
    groups: Vec<(&'static str, Vec<Line>)>,
    can_write: bool,
}

/// `GET /console/templates`
///
/// # Errors
/// `not_found` for a place that is not theirs to see.
#[handler]
pub async fn list(desk: &Desk, Query(asked): Query<Asked>) -> Result<Response, Fault> {
    let at = At::find(desk, PAGE, &asked.place, DEEDS).await?;
    let db = desk.app.store.read();
    let above = places::on_path(db, &at.place.path).await?;
    let ids: Vec<i64> = above.iter().map(|place| place.id).collect();
    let rows = queries::at_places(db, &ids).await?;
    let group = |used_for: AnswerUse| {
        let own = rows.iter().filter(|row| row.used_for == used_for);
        let lines = own.map(|row| line(row, &at.place, &above)).collect();
        (use_says(used_for), lines)
    };
    let page = Templates {
        frame: Frame::new(desk, "答复模板").saying(&asked.said),
        groups: AnswerUse::iter().map(group).collect(),
        can_write: may(desk.actor(), Deed::WriteAnswers, &at.place.path),
        at,
    };
    show(StatusCode::OK, &page)
}

fn line(row: &answer_template::Model, place: &place::Model, above: &[place::Model]) -> Line {
    let of = above.iter().find(|known| known.id == row.place_id);
    let category = row.category.as_deref();
    Line {
        id: row.id,
        name: row.name.clone(),
        category: category
            .map_or("各类", |name| category::says(name).unwrap_or(name))
            .to_owned(),
        text: row.text.clone(),
        from: of.map(places::short_name).unwrap_or_default().to_owned(),
        own: row.place_id == place.id,
    }
}

#[derive(Template)]
#[template(path = "web/console/template.html")]
struct TemplatePage {
    frame: Frame,
    at: At,
    id: Option<i64>,
    version: i32,
    uses: Vec<(String, &'static str, bool)>,
    categories: Vec<(&'static str, &'static str, bool)>,
    blanks: &'static [(&'static str, &'static str)],
    typed: Typed,
    example: String,
    problem: Option<String>,
    most_name: usize,
    most_text: usize,
}

/// `GET /console/templates/edit`: a new template, or one of the place.
///
/// # Errors
/// `not_found` for a place or a template that is not theirs; `forbidden` for who may not write there.
#[handler]
pub async fn edit(desk: &Desk, Query(asked): Query<Asked>) -> Result<Response, Fault> {
    let template = match asked.template.as_str() {
        "" => None,
        id => Some(number(id)?),
    };
    form_page(desk, &asked.place, template, None).await
}

fn no_template() -> Fault {
    Fault::not_found("没有找到这个模板，可能已经删掉了。")
}

fn number(id: &str) -> Result<i64, Fault> {
    key_in(id, |_| no_template())
}

async fn form_page(
    desk: &Desk,
    place: &str,
    id: Option<i64>,
    wrong: Option<(&Form, &Fault)>,
) -> Result<Response, Fault> {
    let at = At::find(desk, PAGE, place, DEEDS).await?;
    require(desk.actor(), Deed::WriteAnswers, &at.place.path)?;
    let own = queries::at_places(desk.app.store.read(), &[at.place.id]).await?;
    let row = match id {
        Some(id) => Some(
            own.iter()
                .find(|row| row.id == id)
                .ok_or_else(no_template)?,
        ),
        None => None,
    };
    let typed = match (wrong, row) {
        (Some((form, fault)), _) => Typed::wrong(form, fault),
        (None, Some(row)) => Typed::with(&[
            ("used_for", &row.used_for.to_value()),
            ("category", row.category.as_deref().unwrap_or_default()),
            ("name", &row.name),
            ("text", &row.text),
        ]),
        (None, None) => Typed::default(),
    };
    let page = TemplatePage {
        frame: Frame::new(desk, format!("{}：答复模板", at.name)),
        id,
        version: row.map_or(0, |row| row.version),
        uses: AnswerUse::iter()
            .map(|used_for| {
                let value = used_for.to_value();
                let is = value == typed.value("used_for");
                (value, use_says(used_for), is)
            })
            .collect(),
        categories: category::all()
            .map(|(name, says)| (name, says, name == typed.value("category")))
            .collect(),
        blanks: BLANKS,
        example: row
            .map(|row| fill(&row.text, &Facts::example()))
            .unwrap_or_default(),
        problem: typed.general(FIELDS).map(str::to_owned),
        typed,
        most_name: MOST_NAME,
        most_text: MOST_TEXT,
        at,
    };
    show(
        wrong.map_or(StatusCode::OK, |(_, fault)| status(fault)),
        &page,
    )
}

fn draft(form: &Form) -> Result<Draft, Fault> {
    let used_for = AnswerUse::try_from_value(&form.text("used_for").to_owned())
        .map_err(|_| Fault::invalid("used_for", "请选用在哪里。"))?;
    let category = match form.text("category") {
        "" => None,
        typed => Some(
            category::all()
                .find(|(name, _)| *name == typed)
                .map(|(name, _)| name)
                .ok_or_else(|| Fault::invalid("category", "没有这个类别，请重新选择。"))?,
        ),
    };
    Ok(Draft {
        used_for,
        category,
        name: form.text("name").to_owned(),
        text: form.text("text").to_owned(),
    })
}

/// `POST /console/templates/save`: a new template, or one that is changed.
///
/// # Errors
/// `not_found` for a place or a template that is not theirs.
#[handler]
pub async fn save(desk: &Desk, form: Form) -> Result<Response, Fault> {
    let at = At::find(desk, PAGE, form.text("place"), DEEDS).await?;
    let template = match form.text("template") {
        "" => None,
        id => Some(number(id)?),
    };
    let done = async {
        let draft = draft(&form)?;
        let seen = template.map(|id| seen(&form, id));
        let mut tx = desk.app.store.begin(desk.app.clock.now()).await?;
        actions::save(&mut tx, desk.actor(), at.place.id, draft, seen).await?;
        tx.commit().await
    };
    match done.await {
        Ok(()) => Ok(go(&format!("{PAGE}?place={}&said=template-saved", at.code))),
        Err(fault) if is_elsewhere(&fault) => Err(fault),
        Err(fault) => form_page(desk, form.text("place"), template, Some((&form, &fault))).await,
    }
}

fn seen(form: &Form, id: i64) -> Seen {
    Seen {
        id,
        version: version_in(form).unwrap_or_default(),
    }
}

/// `POST /console/templates/:id/remove`
///
/// # Errors
/// As [`save`].
#[handler]
pub async fn remove(desk: &Desk, Path(id): Path<String>, form: Form) -> Result<Response, Fault> {
    let at = At::find(desk, PAGE, form.text("place"), DEEDS).await?;
    let id = number(&id)?;
    let done = async {
        let mut tx = desk.app.store.begin(desk.app.clock.now()).await?;
        actions::remove(&mut tx, desk.actor(), at.place.id, seen(&form, id)).await?;
        tx.commit().await
    };
    match done.await {
        Ok(()) => Ok(go(&format!(
            "{PAGE}?place={}&said=template-removed",
            at.code
        ))),
        Err(fault) if is_elsewhere(&fault) => Err(fault),
        Err(fault) => form_page(desk, form.text("place"), Some(id), Some((&form, &fault))).await,
    }
}
