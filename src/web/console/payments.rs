//! `/console/payments`: money that came in for homes, the newest first, narrowed by home, state, way and
//! business day.

use std::collections::HashMap;

use askama::Template;
use entity::money::{PayWay, PaymentState};
use entity::payment;
use poem::http::StatusCode;
use poem::web::Query;
use poem::{Response, handler};
use sea_orm::{ActiveEnum, Iterable};
use serde::Deserialize;

use crate::access::permit::{Deed, may_somewhere};
use crate::base::clock::say;
use crate::base::dates::read_day;
use crate::base::fault::Fault;
use crate::base::fen::Fen;
use crate::base::page::Slice;
use crate::payment::queries::{self, Filter, SEES};
use crate::payment::{state_says, way_says};
use crate::web::console::asked::{beside, query_of, typed_place};
use crate::web::console::collection_list::homes_in_full;
use crate::web::console::frame::{Frame, show};
use crate::web::console::guard::Desk;

/// Lines of a page.
const LINES: u64 = 30;

/// The filters, as the page's address holds them.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    home: String,
    state: String,
    way: String,
    from: String,
    to: String,
    cursor: String,
    said: String,
}

struct Line {
    id: i64,
    home: String,
    amount: Fen,
    way: &'static str,
    state: &'static str,
    waits: bool,
    at: String,
}

/// A choice: value, words, whether it is the one.
type Choice = (String, &'static str, bool);

#[derive(Template)]
#[template(path = "web/console/payments.html")]
struct Payments {
    frame: Frame,
    asked: Asked,
    states: Vec<Choice>,
    ways: Vec<Choice>,
    wrong: Vec<(&'static str, &'static str)>,
    lines: Vec<Line>,
    query: String,
    next: Option<String>,
    can_take: bool,
    can_waive: bool,
    can_keep: bool,
}

impl Payments {
    fn wrong(&self, field: &str) -> Option<&'static str> {
        beside(&self.wrong, field)
    }
}

/// Whoever may look at payments at all.
///
/// # Errors
/// `forbidden`.
pub(super) fn check(desk: &Desk) -> Result<(), Fault> {
    match SEES.iter().any(|deed| may_somewhere(desk.actor(), *deed)) {
        true => Ok(()),
        false => Err(Fault::forbidden("您没有这项权限。")),
    }
}

/// `GET /console/payments`
///
/// # Errors
/// `forbidden`; `invalid` for a cursor that is none.
#[handler]
pub async fn list(desk: &Desk, Query(asked): Query<Asked>) -> Result<Response, Fault> {
    check(desk)?;
    let db = desk.app.store.read();
    let (filter, wrong) = read(desk, &asked).await?;
    let slice = Slice::parse(Some(&asked.cursor), Some(LINES))?;
    let page = queries::page(db, desk.actor(), filter, slice).await?;
    let homes = homes_in_full(db, page.items.iter().map(|row| row.home_id)).await?;
    let lines = page.items.iter().map(|row| line(row, &homes)).collect();
    let query = query_of(&[
        ("home", &asked.home),
        ("state", &asked.state),
        ("way", &asked.way),
        ("from", &asked.from),
        ("to", &asked.to),
    ]);
    let page = Payments {
        frame: Frame::new(desk, "缴费").saying(&asked.said),
        states: PaymentState::iter()
            .map(|state| choice(state.to_value(), state_says(state), &asked.state))
            .collect(),
        ways: PayWay::iter()
            .map(|way| choice(way.to_value(), way_says(way), &asked.way))
            .collect(),
        wrong,
        lines,
        query,
        next: page.next,
        can_take: may_somewhere(desk.actor(), Deed::TakeMoney),
        can_keep: may_somewhere(desk.actor(), Deed::KeepMoney),
        can_waive: may_somewhere(desk.actor(), Deed::WaiveFees)
            || may_somewhere(desk.actor(), Deed::KeepMoney),
        asked,
    };
    show(StatusCode::OK, &page)
}

fn choice(value: String, says: &'static str, asked: &str) -> Choice {
    let here = value == asked;
    (value, says, here)
}

fn line(row: &payment::Model, homes: &HashMap<i64, String>) -> Line {
    Line {
        id: row.id,
        home: match row.donation_id {
            Some(id) => format!("捐款 #{id}"),
            None => homes.get(&row.home_id).cloned().unwrap_or_default(),
        },
        amount: Fen(row.amount),
        way: way_says(row.way),
        state: state_says(row.state),
        waits: matches!(row.state, PaymentState::Created | PaymentState::Open),
        at: say(row.paid_at.unwrap_or(row.created_at)),
    }
}

async fn read(
    desk: &Desk,
    asked: &Asked,
) -> Result<(Filter, Vec<(&'static str, &'static str)>), Fault> {
    let (mut filter, mut wrong) = (Filter::default(), Vec::new());
    if !asked.home.trim().is_empty() {
        let db = desk.app.store.read();
        match typed_place(db, desk.actor(), &asked.home).await? {
            Some(home) => filter.home_id = Some(home.id),
            None => wrong.push(("home", "没有找到这个房号，例如 3-2-501。")),
        }
    }
    filter.state = PaymentState::try_from_value(&asked.state).ok();
    filter.way = PayWay::try_from_value(&asked.way).ok();
    for (field, text, into) in [
        ("from", &asked.from, &mut filter.from),
        ("to", &asked.to, &mut filter.to),
    ] {
        if text.trim().is_empty() {
            continue;
        }
        match read_day(field, text) {
            Ok(day) => *into = Some(day),
            Err(_) => wrong.push((field, "日期写成 2026-11-21 这样。")),
        }
    }
    Ok((filter, wrong))
}
