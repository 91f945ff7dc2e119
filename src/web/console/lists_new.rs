//! `/console/lists/new`: what an organisation puts on one of the four lists, and projects to be claimed. What
//! residents put there comes by chat or mini-program.

use askama::Template;
use chrono::NaiveDate;
use entity::kinds::{OfferCategory, OfferList, PlaceKind};
use entity::organisation;
use poem::http::StatusCode;
use poem::web::Query;
use poem::{Response, handler};
use sea_orm::{ActiveEnum, EntityTrait, Iterable, QueryFilter};
use serde::Deserialize;

use crate::access::permit::{Deed, may};
use crate::base::dates;
use crate::base::fault::Fault;
use crate::offer::actions::{Author, Written, publish};
use crate::offer::figure::Figure;
use crate::offer::queries::{speaks_for, spoken_for};
use crate::offer::{category, is_promise, list_says, read_list};
use crate::organisation::queries as organisations;
use crate::web::console::compound::Compound;
use crate::web::console::days::is_elsewhere;
use crate::web::console::form::{Form, Typed};
use crate::web::console::frame::{Frame, show};
use crate::web::console::guard::{Desk, status};
use crate::web::console::lists::DEEDS;
use crate::web::pages::go;
use crate::wechat::http::percent;

/// The fields beside which an error may stand.
const FIELDS: [&str; 6] = [
    "list",
    "text",
    "category",
    "quantity",
    "due_on",
    "organisation",
];
/// What is chosen when a project is to be claimed.
const PROJECT: &str = "project";

/// What the page's address says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    compound: String,
}

/// A choice: value, words, whether it is the one.
type Choice = (String, String, bool);

#[derive(Template)]
#[template(path = "web/console/lists_new.html")]
struct NewItem {
    frame: Frame,
    at: Compound,
    lists: Vec<Choice>,
    categories: Vec<Choice>,
    organisations: Vec<Choice>,
    typed: Typed,
    problem: Option<String>,
}

/// `GET /console/lists/new`
///
/// # Errors
/// `forbidden`; `not_found` for a compound that is not theirs.
#[handler]
pub async fn ask(desk: &Desk, Query(asked): Query<Asked>) -> Result<Response, Fault> {
    form_page(desk, &asked.compound, StatusCode::OK, Typed::default()).await
}

/// For whom whoever is signed in may publish there: the organisations that they speak for; for whoever
/// supervises, all that work there, and nobody yet.
async fn for_whom(desk: &Desk, at: &Compound, chosen: &str) -> Result<Vec<Choice>, Fault> {
    let db = desk.app.store.read();
    let actor = desk.actor();
    let path = &at.place.path;
    let choice = |row: &organisation::Model| {
        let id = row.id.to_string();
        let here = id == chosen;
        (id, row.name.clone(), here)
    };
    let own = organisation::Entity::find()
        .filter(organisation::COLUMN.id.is_in(spoken_for(actor)))
        .all(db)
        .await?;
    let own: Vec<&organisation::Model> = own
        .iter()
        .filter(|row| speaks_for(actor, row.id, path))
        .collect();
    let mut all: Vec<Choice> = own.iter().copied().map(&choice).collect();
    if may(actor, Deed::SuperviseOffers, path) && at.place.kind == PlaceKind::Compound {
        let near = organisations::around(db, &at.place).await?;
        let others = near
            .iter()
            .filter(|row| own.iter().all(|one| one.id != row.id));
        all.extend(others.map(&choice));
        let project = "不指定，待单位认领".to_owned();
        all.push((PROJECT.to_owned(), project, chosen == PROJECT));
    }
    Ok(all)
}

async fn form_page(
    desk: &Desk,
    compound: &str,
    status: StatusCode,
    typed: Typed,
) -> Result<Response, Fault> {
    let at = Compound::find(desk, compound, DEEDS).await?;
    let organisations = for_whom(desk, &at, typed.value("organisation")).await?;
    if organisations.is_empty() {
        return Err(Fault::forbidden(
            "您还不能代表单位发布。请社区在“岗位”里登记您的单位。",
        ));
    }
    let list = |one: OfferList| {
        let value = one.to_value();
        let here = value == typed.value("list");
        (value, list_says(one).to_owned(), here)
    };
    let sort = |one: OfferCategory| {
        let value = one.to_value();
        let here = value == typed.value("category");
        (value, category::says(one).to_owned(), here)
    };
    let page = NewItem {
        frame: Frame::new(desk, "发清单"),
        lists: OfferList::iter().map(list).collect(),
        categories: OfferCategory::iter().map(sort).collect(),
        organisations,
        problem: typed.general(&FIELDS).map(str::to_owned),
        at,
        typed,
    };
    show(status, &page)
}

/// `POST /console/lists/new`
///
/// # Errors
/// As the action's, where they are not shown beside the form.
#[handler]
pub async fn take(desk: &Desk, form: Form) -> Result<Response, Fault> {
    let at = Compound::find(desk, form.text("compound"), DEEDS).await?;
    match store(desk, &at, &form).await {
        Ok(list) => Ok(go(&format!(
            "/console/lists?compound={}&list={}&said=offer-published",
            percent(&at.place.code),
            Figure::of(list).name()
        ))),
        Err(fault) if is_elsewhere(&fault) => Err(fault),
        Err(fault) => {
            let typed = Typed::wrong(&form, &fault);
            form_page(desk, form.text("compound"), status(&fault), typed).await
        }
    }
}

async fn store(desk: &Desk, at: &Compound, form: &Form) -> Result<OfferList, Fault> {
    let list = read_list(form.text("list"));
    let list = list.ok_or_else(|| Fault::invalid("list", "请选择哪张清单。"))?;
    let category = match form.text("category") {
        "" => None,
        word => Some(
            OfferCategory::try_from_value(&word.to_owned())
                .map_err(|_| Fault::invalid("category", "请选择分类。"))?,
        ),
    };
    let author = match form.text("organisation") {
        PROJECT => Author::Project(at.place.id),
        id => {
            let id: i64 = id
                .parse()
                .map_err(|_| Fault::invalid("organisation", "请选择哪个单位。"))?;
            Author::Organisation(id, at.place.id)
        }
    };
    let written = Written {
        list,
        category,
        text: form.text("text"),
        quantity: number(form, "quantity")?.filter(|_| !is_promise(list)),
        due_on: day(form, "due_on")?,
        author,
    };
    let mut tx = desk.app.store.begin(desk.app.clock.now()).await?;
    let terms = &desk.app.settings.lists;
    publish(&mut tx, desk.actor(), terms, &written).await?;
    tx.commit().await?;
    Ok(list)
}

/// A whole number that may be left out.
fn number(form: &Form, field: &'static str) -> Result<Option<i32>, Fault> {
    match form.text(field).trim() {
        "" => Ok(None),
        typed => match typed.parse() {
            Ok(number) => Ok(Some(number)),
            Err(_) => Err(Fault::invalid(field, "请写数字，例如 3。")),
        },
    }
}

/// A day that may be left out.
pub(super) fn day(form: &Form, field: &'static str) -> Result<Option<NaiveDate>, Fault> {
    match form.text(field).trim() {
        "" => Ok(None),
        typed => match NaiveDate::parse_from_str(typed, "%Y-%m-%d") {
            Ok(day) => dates::day(field, day).map(Some),
            Err(_) => Err(Fault::invalid(field, "日期写成 2026-12-31 这样。")),
        },
    }
}
