//! `/console/collection/bills`: the bills that one amount of the figures is the sum of, newest first, with how
//! many they are and what they come to. Made of the same condition as the amount (`fee::stats`).

use std::collections::HashMap;

use askama::Template;
use chrono::NaiveDate;
use entity::{bill, place};
use poem::http::StatusCode;
use poem::web::Query;
use poem::{Response, handler};
use sea_orm::{ConnectionTrait, EntityTrait, QueryFilter};
use serde::Deserialize;

use crate::base::fault::Fault;
use crate::base::fen::Fen;
use crate::base::month::Month;
use crate::base::page::Slice;
use crate::fee::stats::count::{self, Behind};
use crate::fee::stats::{Amounts, Figure, Period, days_over};
use crate::place::queries as places;
use crate::place::scope::Scope;
use crate::report::money::{By, Companies};
use crate::web::console::collection::{Asked, Read, query};
use crate::web::console::frame::{Frame, show};
use crate::web::console::guard::Desk;
use crate::wechat::http::percent;

/// Lines of a page.
const LINES: u64 = 50;

/// Which number.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Wanted {
    place: String,
    from: String,
    until: String,
    figure: String,
    by: String,
    key: String,
    cursor: String,
}

struct Line {
    id: i64,
    home: String,
    month: String,
    value: String,
    left: String,
    due: NaiveDate,
    over: i64,
}

#[derive(Template)]
#[template(path = "web/console/collection_list.html")]
struct ListPage {
    frame: Frame,
    place: String,
    period: String,
    group: Option<String>,
    name: &'static str,
    means: &'static str,
    bills: i64,
    sum: String,
    lines: Vec<Line>,
    back: String,
    next: Option<String>,
}

/// What a number is narrowed to.
struct Narrowed {
    scope: Scope,
    period: Period,
    directly_below: Option<i64>,
    says: Option<String>,
}

fn none() -> Fault {
    Fault::not_found("没有找到这个数据。请从收缴率页重新点开。")
}

/// `GET /console/collection/bills`
///
/// # Errors
/// `not_found` for a place that is not theirs, a figure or a group that there is none of.
#[handler]
pub async fn list(desk: &Desk, Query(wanted): Query<Wanted>) -> Result<Response, Fault> {
    let db = desk.app.store.read();
    let figure = Figure::of(&wanted.figure).ok_or_else(none)?;
    let asked = Asked {
        place: wanted.place.clone(),
        from: wanted.from.clone(),
        until: wanted.until.clone(),
    };
    let read = asked.read(db, desk).await?.ok_or_else(none)?;
    let own = query(&read.scope.place.code, read.period);
    let narrow = narrowed(db, &read, &wanted).await?;
    let what = Behind {
        figure,
        period: narrow.period,
        directly_below: narrow.directly_below,
        today: read.today,
    };
    let slice = Slice::parse(Some(&wanted.cursor), Some(LINES))?;
    let (bills, sum) = count::total(db, &narrow.scope, &what).await?;
    let page = count::behind(db, &narrow.scope, &what, slice).await?;
    let names = homes_in_full(db, page.items.iter().map(|row| row.home_id)).await?;
    let words = figure.words();
    let shown = ListPage {
        frame: Frame::new(desk, format!("收缴率 · {}", words.name)),
        place: narrow.scope.place.name.clone(),
        period: narrow.period.says(),
        group: narrow.says,
        name: words.name,
        means: words.means,
        bills,
        sum: Fen(sum).in_groups(),
        lines: page
            .items
            .iter()
            .map(|row| line(row, figure, read.today, &names))
            .collect(),
        next: page.next.map(|cursor| {
            format!(
                "{own}&figure={}&by={}&key={}&cursor={}",
                words.key,
                percent(&wanted.by),
                percent(&wanted.key),
                percent(&cursor)
            )
        }),
        back: own,
    };
    show(StatusCode::OK, &shown)
}

/// What people call homes, with their compounds, by their keys.
///
/// # Errors
/// The database's.
pub async fn homes_in_full<C: ConnectionTrait>(
    db: &C,
    ids: impl Iterator<Item = i64>,
) -> Result<HashMap<i64, String>, Fault> {
    let homes = place::Entity::find()
        .filter(place::COLUMN.id.is_in(ids))
        .all(db)
        .await?;
    let names = places::names_of(db, &homes).await?;
    let ids = homes.iter().map(|home| home.id);
    Ok(ids.zip(names).collect())
}

fn line(row: &bill::Model, figure: Figure, today: NaiveDate, names: &HashMap<i64, String>) -> Line {
    let amounts = Amounts {
        amount: row.amount,
        credited: row.credited,
        paid: row.paid,
        waived: row.waived,
    };
    let left = Figure::Left.value(&amounts);
    Line {
        id: row.id,
        home: names.get(&row.home_id).cloned().unwrap_or_default(),
        month: Month::from_number(row.month).map_or_else(String::new, Month::says),
        value: Fen(figure.value(&amounts)).in_groups(),
        left: Fen(left).in_groups(),
        due: row.due_on,
        // What is paid is late no longer.
        over: if left > 0 {
            days_over(row.due_on, today)
        } else {
            0
        },
    }
}

/// The group of a number, as a scope and months.
async fn narrowed<C: ConnectionTrait>(
    db: &C,
    read: &Read,
    wanted: &Wanted,
) -> Result<Narrowed, Fault> {
    let mut all = Narrowed {
        scope: read.scope.clone(),
        period: read.period,
        directly_below: None,
        says: None,
    };
    if wanted.by.is_empty() {
        return Ok(all);
    }
    match By::of(&wanted.by).ok_or_else(none)? {
        By::Month => {
            let month = wanted.key.parse().ok().and_then(Month::from_number);
            let month = month.filter(|month| read.period.months().any(|one| one == *month));
            let month = month.ok_or_else(none)?;
            all.period = Period::new(month, month);
        }
        By::Place => {
            let own = &read.scope.place;
            let place = places::by_code(db, &wanted.key).await?;
            let place = place.filter(|place| place.path.starts_with(&own.path));
            let place = place.ok_or_else(none)?;
            if place.id == own.id {
                all.directly_below = Some(place.id);
                all.says = Some("不在楼栋里的户".to_owned());
            } else {
                all.scope = Scope::of(db, place).await?;
            }
        }
        By::Company => {
            let companies = Companies::read(db, &read.scope.compounds).await?;
            all.says = Some(companies.name(&wanted.key).ok_or_else(none)?);
            let theirs = |place: &place::Model| companies.key(place.id) == wanted.key;
            all.scope.compounds.retain(theirs);
        }
    }
    Ok(all)
}
