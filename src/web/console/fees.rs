//! `/console/fees`: what a compound bills for; adding a fee and ending one.

use askama::Template;
use entity::fee_item;
use entity::kinds::{FeeKind, FeeSplit};
use poem::http::StatusCode;
use poem::web::{Path, Query};
use poem::{Response, handler};
use sea_orm::{ActiveEnum, EntityTrait, Iterable, QueryFilter};
use serde::Deserialize;

use crate::base::fault::Fault;
use crate::base::month::Month;
use crate::base::text::half_width;
use crate::fee::actions::items::{self, NewItem};
use crate::fee::price::price;
use crate::fee::{kind_says, queries, split_says, unit_says};
use crate::place::queries::short_name;
use crate::web::console::books::{Books, month_in};
use crate::web::console::days::is_elsewhere;
use crate::web::console::form::{Form, Typed};
use crate::web::console::frame::{Frame, show};
use crate::web::console::guard::{Desk, status};
use crate::web::pages::go;

const PAGE: &str = "/console/fees";
const FIELDS: &[&str] = &[
    "name",
    "kind",
    "unit_price",
    "split",
    "due_day",
    "place",
    "from",
    "basis",
];

/// What the page's address says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    compound: String,
    said: String,
}

/// A fee in the list.
struct Line {
    id: i64,
    name: String,
    kind: &'static str,
    price: String,
    place: String,
    term: String,
    due_day: i16,
    basis: String,
    ended: bool,
}

#[derive(Template)]
#[template(path = "web/console/fees.html")]
struct Fees {
    frame: Frame,
    books: Books,
    lines: Vec<Line>,
    typed: Typed,
    problem: Option<String>,
    end_problem: Option<String>,
    kinds: Vec<(String, &'static str, bool)>,
    splits: Vec<(String, &'static str, bool)>,
    month: Month,
}

/// `GET /console/fees`
///
/// # Errors
/// `not_found` for a compound whose money is not theirs to see.
#[handler]
pub async fn list(desk: &Desk, Query(asked): Query<Asked>) -> Result<Response, Fault> {
    page(
        desk,
        &asked.compound,
        &asked.said,
        Typed::default(),
        None,
        StatusCode::OK,
    )
    .await
}

async fn page(
    desk: &Desk,
    compound: &str,
    said: &str,
    typed: Typed,
    end_problem: Option<String>,
    status: StatusCode,
) -> Result<Response, Fault> {
    let books = Books::find(desk, compound).await?;
    let rows = queries::items(desk.app.store.read(), books.place.id).await?;
    let choice = |value: String, says, field: &str| {
        let is = value == typed.value(field);
        (value, says, is)
    };
    let month = month_in(desk, "");
    let kinds = FeeKind::iter().map(|kind| choice(kind.to_value(), kind_says(kind), "kind"));
    let splits = FeeSplit::iter().map(|split| choice(split.to_value(), split_says(split), "split"));
    let page = Fees {
        frame: Frame::new(desk, format!("{}：收费项目", books.place.name)).saying(said),
        lines: lines(desk, rows, month).await?,
        kinds: kinds.collect(),
        splits: splits.collect(),
        problem: typed.general(FIELDS).map(str::to_owned),
        typed,
        end_problem,
        month,
        books,
    };
    show(status, &page)
}

async fn lines(desk: &Desk, rows: Vec<fee_item::Model>, month: Month) -> Result<Vec<Line>, Fault> {
    let places = entity::place::Entity::find()
        .filter(
            entity::place::COLUMN
                .id
                .is_in(rows.iter().filter_map(|row| row.place_id)),
        )
        .all(desk.app.store.read())
        .await?;
    let line = |row: fee_item::Model| {
        let place = places.iter().find(|place| Some(place.id) == row.place_id);
        let of = |number: Option<i32>| number.and_then(Month::from_number).map(Month::says);
        let term = match (of(row.from_month), of(row.to_month)) {
            (None, None) => "一直".to_owned(),
            (Some(from), None) => format!("{from}起"),
            (None, Some(to)) => format!("到{to}"),
            (Some(from), Some(to)) => format!("{from}到{to}"),
        };
        Line {
            id: row.id,
            kind: kind_says(row.kind),
            price: match (row.kind, row.split) {
                (FeeKind::Shared, Some(split)) => split_says(split).to_owned(),
                (kind, _) => format!("{}{}", price(row.unit_price), unit_says(kind)),
            },
            place: place.map_or("全小区", short_name).to_owned(),
            term,
            due_day: row.due_day,
            basis: row.basis.unwrap_or_default(),
            ended: row.to_month.is_some_and(|to| to < month.number()),
            name: row.name,
        }
    };
    Ok(rows.into_iter().map(line).collect())
}

fn new_item(form: &Form) -> Result<NewItem, Fault> {
    let kind = FeeKind::try_from_value(&form.text("kind").to_owned())
        .map_err(|_| Fault::invalid("kind", "请选怎么算。"))?;
    let split = match form.text("split") {
        "" => None,
        typed => Some(
            FeeSplit::try_from_value(&typed.to_owned())
                .map_err(|_| Fault::invalid("split", "请选按面积还是按户分。"))?,
        ),
    };
    let unit_price = match kind {
        FeeKind::Shared => 0,
        _ => decimal(form.text("unit_price"), 4).ok_or_else(|| {
            Fault::invalid("unit_price", "请写单价，大于0，最多4位小数，例如 1.80。")
        })?,
    };
    let due_day = whole(form.text("due_day"));
    let from = match form.text("from").trim() {
        "" => None,
        typed => Some(
            Month::parse(typed)
                .ok_or_else(|| Fault::invalid("from", "请写月份，例如 2026-11。"))?,
        ),
    };
    Ok(NewItem {
        name: form.text("name").to_owned(),
        kind,
        unit_price,
        split,
        due_day: due_day.unwrap_or_default(),
        place: form.text("place").to_owned(),
        from,
        basis: form.text("basis").to_owned(),
    })
}

fn whole(typed: &str) -> Option<i16> {
    let plain: String = typed.trim().chars().map(half_width).collect();
    plain.parse().ok()
}

/// A number above or equal to 0 with at most so many places, times ten to that power: `1.80` with 4 is
/// 18000. Not more than nine digits before the point.
#[must_use]
pub fn decimal(typed: &str, places: usize) -> Option<i64> {
    let plain: String = typed.trim().chars().map(half_width).collect();
    let (whole, part) = plain.split_once('.').unwrap_or((plain.as_str(), ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || whole.len() > 9 || part.len() > places {
        return None;
    }
    if !digits(whole) || !digits(part) {
        return None;
    }
    format!("{whole}{part:0<places$}").parse().ok()
}

/// `POST /console/fees/add`
///
/// # Errors
/// `not_found` for a compound whose money is not theirs to see.
#[handler]
pub async fn add(desk: &Desk, form: Form) -> Result<Response, Fault> {
    let books = Books::find(desk, form.text("compound")).await?;
    let done = async {
        let new = new_item(&form)?;
        let mut tx = desk.app.store.begin(desk.app.clock.now()).await?;
        items::add(&mut tx, desk.actor(), books.place.id, new).await?;
        tx.commit().await
    };
    match done.await {
        Ok(()) => Ok(go(&format!(
            "{PAGE}?compound={}&said=fee-added",
            books.code
        ))),
        Err(fault) if is_elsewhere(&fault) => Err(fault),
        Err(fault) => {
            let typed = Typed::wrong(&form, &fault);
            page(desk, form.text("compound"), "", typed, None, status(&fault)).await
        }
    }
}

/// `POST /console/fees/:id/end`
///
/// # Errors
/// As [`add`].
#[handler]
pub async fn end(desk: &Desk, Path(id): Path<String>, form: Form) -> Result<Response, Fault> {
    let books = Books::find(desk, form.text("compound")).await?;
    let done = async {
        let id = id
            .parse()
            .map_err(|_| Fault::not_found("没有找到这个收费项目。"))?;
        let last = Month::parse(form.text("to_month"))
            .ok_or_else(|| Fault::invalid("to_month", "请写最后收费的月份，例如 2026-12。"))?;
        let mut tx = desk.app.store.begin(desk.app.clock.now()).await?;
        items::end(&mut tx, desk.actor(), books.place.id, id, last).await?;
        tx.commit().await
    };
    match done.await {
        Ok(()) => Ok(go(&format!(
            "{PAGE}?compound={}&said=fee-ended",
            books.code
        ))),
        Err(fault) if is_elsewhere(&fault) => Err(fault),
        Err(fault) => {
            let says = Some(fault.detail.to_string());
            let typed = Typed::default();
            page(desk, form.text("compound"), "", typed, says, status(&fault)).await
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_and_readings_are_exact() {
        assert_eq!(decimal("1.80", 4), Some(18_000));
        assert_eq!(decimal(" １２．５ ", 3), Some(12_500));
        assert_eq!(decimal("0", 3), Some(0));
        for typed in ["", ".", "-1", "1.00001", "1e5", "1.2.3", "1234567890", "一"] {
            assert_eq!(decimal(typed, 4), None, "{typed}");
        }
    }
}
