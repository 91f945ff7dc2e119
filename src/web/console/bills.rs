//! `/console/bills`: the bills of a compound, by month, state and home; one bill with its lines, and
//! correcting a line.

use std::collections::HashMap;

use askama::Template;
use chrono::NaiveDate;
use entity::money::BillState;
use entity::{bill, bill_line, person, place};
use poem::http::StatusCode;
use poem::web::{Path, Query};
use poem::{Response, handler};
use sea_orm::{ActiveEnum, ConnectionTrait, EntityTrait, Iterable, QueryFilter};
use serde::Deserialize;

use super::vouchers::name;
use crate::access::permit::{Deed, may};
use crate::base::clock::say;
use crate::base::fault::Fault;
use crate::base::fen::Fen;
use crate::base::month::Month;
use crate::base::page::Slice;
use crate::fee::actions::credit::{credit, still};
use crate::fee::advance;
use crate::fee::bill::{creditable_among, left};
use crate::fee::queries::{self, Wanted};
use crate::fee::sales::waiting;
use crate::fee::state_says;
use crate::payment::queries::waivers_of;
use crate::payment::{link, waiver_says};
use crate::place::queries::{by_local_code, short_name};
use crate::report::pdf;
use crate::web::console::books::Books;
use crate::web::console::days::is_elsewhere;
use crate::web::console::dues::{NoticeLine, notices};
use crate::web::console::form::{Form, Typed};
use crate::web::console::frame::{Frame, show};
use crate::web::console::guard::{Desk, status};
use crate::web::pages::{go, qr};
use crate::wechat::http::percent;

/// Lines of a page.
const LINES: u64 = 50;

/// What the page's address says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    compound: String,
    month: String,
    state: String,
    home: String,
    cursor: String,
    said: String,
}

/// A bill in the list.
struct Line {
    id: i64,
    home: String,
    month: String,
    due: NaiveDate,
    amount: String,
    left: String,
    state: &'static str,
    open: bool,
}

#[derive(Template)]
#[template(path = "web/console/bills.html")]
struct Bills {
    frame: Frame,
    books: Books,
    asked: Asked,
    states: Vec<(String, &'static str, bool)>,
    lines: Vec<Line>,
    count: u64,
    /// Homes that were sold and whose bills wait to be corrected.
    sold: usize,
    /// What is kept for the home that was asked for: whose, how much.
    kept: Vec<(String, Fen)>,
    next: Option<String>,
    month_wrong: Option<&'static str>,
    home_wrong: Option<&'static str>,
}

/// What people call homes, by their keys.
///
/// # Errors
/// The database's.
pub async fn homes_named<C: ConnectionTrait>(
    db: &C,
    ids: impl Iterator<Item = i64>,
) -> Result<HashMap<i64, String>, Fault> {
    let rows = place::Entity::find()
        .filter(place::COLUMN.id.is_in(ids))
        .all(db)
        .await?;
    let named = rows.iter().map(|row| (row.id, short_name(row).to_owned()));
    Ok(named.collect())
}

/// `GET /console/bills`
///
/// # Errors
/// `not_found` for a compound whose money is not theirs to see; `invalid` for a cursor that is none.
#[handler]
pub async fn list(desk: &Desk, Query(asked): Query<Asked>) -> Result<Response, Fault> {
    let db = desk.app.store.read();
    let books = Books::find(desk, &asked.compound).await?;
    let month = Month::parse(&asked.month);
    let month_wrong =
        (!asked.month.trim().is_empty() && month.is_none()).then_some("请写月份，例如 2026-11。");
    let state = BillState::try_from_value(&asked.state).ok();
    let home = match asked.home.trim() {
        "" => None,
        typed => Some(by_local_code(db, &books.place, typed).await?),
    };
    let home_wrong = matches!(home, Some(None)).then_some("没有找到这个房号，例如 3-2-501。");
    let wanted = Wanted {
        month,
        state,
        // A home that is not there has no bills.
        home_id: home.map(|home| home.map_or(0, |home| home.id)),
    };
    let slice = Slice::parse(Some(&asked.cursor), Some(LINES))?;
    let (found, count) = queries::bills(db, books.place.id, wanted, slice).await?;
    let next = found.next.map(|cursor| {
        format!(
            "compound={}&month={}&state={}&home={}&cursor={}",
            books.code,
            percent(&asked.month),
            percent(&asked.state),
            percent(&asked.home),
            percent(&cursor)
        )
    });
    let rows = found.items;
    let homes = homes_named(db, rows.iter().map(|row| row.home_id)).await?;
    let kept = match wanted.home_id {
        Some(id) => kept(desk, id, &books.place).await?,
        None => Vec::new(),
    };
    let page = Bills {
        frame: Frame::new(desk, format!("{}：账单", books.place.name)).saying(&asked.said),
        states: BillState::iter()
            .map(|state| {
                let value = state.to_value();
                let is = value == asked.state;
                (value, state_says(state), is)
            })
            .collect(),
        lines: rows.iter().map(|row| line(row, &homes)).collect(),
        count,
        sold: waiting(db, books.place.id, LINES).await?.len(),
        kept,
        next,
        month_wrong,
        home_wrong,
        asked,
        books,
    };
    show(StatusCode::OK, &page)
}

/// What is kept for a home (预存): whose, and how much. Who it is belongs to those who may see people.
async fn kept(
    desk: &Desk,
    home_id: i64,
    compound: &place::Model,
) -> Result<Vec<(String, Fen)>, Fault> {
    let db = desk.app.store.read();
    let rows = advance::kept(db, [home_id]).await?;
    let mut out = Vec::new();
    for row in rows {
        out.push((payer(desk, row.payer_id, compound).await?, Fen(row.balance)));
    }
    Ok(out)
}

/// What a payer is called.
async fn payer(desk: &Desk, id: i64, compound: &place::Model) -> Result<String, Fault> {
    if id == advance::NOBODY {
        return Ok("还没有登记业主".to_owned());
    }
    if !may(desk.actor(), Deed::SeePeople, &compound.path) {
        return Ok("业主".to_owned());
    }
    let found = person::Entity::find_by_id(id)
        .one(desk.app.store.read())
        .await?;
    Ok(found.map_or_else(|| "业主".to_owned(), |person| person.name))
}

fn line(row: &bill::Model, homes: &HashMap<i64, String>) -> Line {
    Line {
        id: row.id,
        home: homes.get(&row.home_id).cloned().unwrap_or_default(),
        month: month_of(row),
        due: row.due_on,
        amount: Fen(row.amount).to_string(),
        left: Fen(left(row)).to_string(),
        state: state_says(row.state),
        open: row.state == BillState::Open,
    }
}

fn month_of(row: &bill::Model) -> String {
    Month::from_number(row.month).map_or_else(String::new, Month::says)
}

/// A line of a bill.
struct Item {
    id: i64,
    name: String,
    formula: String,
    basis: String,
    amount: String,
    credit: bool,
    /// What may still be credited, in yuan; none for credits and what is credited already.
    rest: Option<String>,
}

/// What of a bill is not asked for, or is not to be.
struct WaiverLine {
    id: i64,
    amount: Fen,
    state: &'static str,
    /// Who asked for it and who decided, each with the time.
    who: String,
    reason: String,
    proof: bool,
    /// Whether whoever looks decides on waivers: why somebody needs one is nobody else's to read.
    open: bool,
}

#[derive(Template)]
#[template(path = "web/console/bill.html")]
struct One {
    frame: Frame,
    books: Books,
    id: i64,
    /// Fen that are credited as the page is drawn: a form that is sent twice credits once.
    credited: i64,
    facts: Vec<(&'static str, String)>,
    items: Vec<Item>,
    choices: Vec<(i64, String, bool)>,
    waivers: Vec<WaiverLine>,
    notices: Vec<NoticeLine>,
    /// Where anybody pays it, and the same as a QR code; none when nothing is left.
    pay: Option<(String, String)>,
    /// As people see it.
    page: String,
    /// The same on paper; none where no papers are made.
    paper: Option<String>,
    typed: Typed,
    problem: Option<String>,
}

/// `GET /console/bills/:id`
///
/// # Errors
/// `not_found` for a bill of a compound whose money is not theirs to see.
#[handler]
pub async fn open(
    desk: &Desk,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Fault> {
    one(desk, &id, &asked.said, Typed::default(), StatusCode::OK).await
}

/// The bill, and the compound, if its money is theirs to see.
async fn seen(
    desk: &Desk,
    id: &str,
) -> Result<(bill::Model, Vec<bill_line::Model>, place::Model), Fault> {
    let none = || Fault::not_found("没有找到这张账单。");
    let db = desk.app.store.read();
    let id: i64 = id.parse().map_err(|_| none())?;
    let row = bill::Entity::find_by_id(id)
        .one(db)
        .await?
        .ok_or_else(none)?;
    let compound = queries::seen_compound(db, desk.actor(), row.compound_id)
        .await
        .map_err(|fault| if is_elsewhere(&fault) { none() } else { fault })?;
    let (row, lines) = queries::bill_of(db, compound.id, row.id).await?;
    Ok((row, lines, compound))
}

async fn one(
    desk: &Desk,
    id: &str,
    said: &str,
    typed: Typed,
    status: StatusCode,
) -> Result<Response, Fault> {
    let (row, lines, compound) = seen(desk, id).await?;
    let db = desk.app.store.read();
    let books = Books::find(desk, &compound.code).await?;
    let homes = homes_named(db, std::iter::once(row.home_id)).await?;
    let home = homes.get(&row.home_id).cloned().unwrap_or_default();
    let item = |line: &bill_line::Model| {
        let rest = match line.corrects {
            Some(_) => 0,
            None => creditable_among(&row, line, &lines),
        };
        Item {
            id: line.id,
            credit: line.corrects.is_some(),
            amount: Fen(line.amount).to_string(),
            name: line.name.clone(),
            formula: line.formula.clone(),
            basis: line.basis.clone(),
            rest: (rest > 0).then(|| Fen(rest).to_string()),
        }
    };
    let items: Vec<Item> = lines.iter().map(item).collect();
    let choice = |item: &Item| {
        let rest = item.rest.as_ref()?;
        let says = format!("{} {}元，最多减{rest}元", item.name, item.amount);
        Some((item.id, says, item.id.to_string() == typed.value("line")))
    };
    let pay = match left(&row) > 0 {
        true => {
            let url = link::pay_later(&desk.app, &row);
            let code = qr(&url)?;
            Some((url, code))
        }
        false => None,
    };
    let shown = link::bill(&desk.app, row.id);
    let page = One {
        frame: Frame::new(desk, format!("{home} {}账单", month_of(&row))).saying(said),
        id: row.id,
        credited: row.credited,
        facts: facts(desk, &row, &compound).await?,
        choices: items.iter().filter_map(choice).collect(),
        waivers: waivers(desk, row.id, &compound).await?,
        notices: notices(desk, row.id).await?,
        pay,
        paper: pdf::available().then(|| format!("{shown}.pdf")),
        page: shown,
        items,
        problem: typed
            .general(&["line", "amount", "reason"])
            .map(str::to_owned),
        typed,
        books,
    };
    show(status, &page)
}

async fn waivers(
    desk: &Desk,
    bill_id: i64,
    compound: &place::Model,
) -> Result<Vec<WaiverLine>, Fault> {
    let decides = may(desk.actor(), Deed::WaiveFees, &compound.path);
    let mut lines = Vec::new();
    for row in waivers_of(desk.app.store.read(), bill_id).await? {
        let asked = name(desk, row.asked_by).await?;
        let mut who = format!("{asked} {} 申请", say(row.created_at));
        if let (Some(by), Some(at)) = (row.decided_by, row.decided_at) {
            who = format!("{who}，{} {} 答复", name(desk, by).await?, say(at));
        }
        lines.push(WaiverLine {
            id: row.id,
            amount: Fen(row.amount),
            state: waiver_says(row.state),
            who,
            reason: row.reason,
            proof: row.proof_id.is_some(),
            open: decides,
        });
    }
    Ok(lines)
}

async fn facts(
    desk: &Desk,
    row: &bill::Model,
    compound: &place::Model,
) -> Result<Vec<(&'static str, String)>, Fault> {
    let yuan = |fen: i64| format!("{}元", Fen(fen));
    let mut facts = vec![
        ("状态", state_says(row.state).to_owned()),
        ("应缴", yuan(row.amount)),
        ("还要缴", yuan(left(row))),
        ("缴费日", row.due_on.to_string()),
        ("包含日期", format!("{}至{}", row.from_day, row.to_day)),
    ];
    for (label, fen) in [
        ("已缴", row.paid),
        ("更正减少", row.credited),
        ("减免", row.waived),
    ] {
        if fen > 0 {
            facts.push((label, yuan(fen)));
        }
    }
    // Who it is belongs to those who may see people.
    if may(desk.actor(), Deed::SeePeople, &compound.path) {
        facts.push(("缴费人", payer(desk, row.payer_id, compound).await?));
    }
    let ahead = advance::balance(desk.app.store.read(), row.home_id, row.payer_id).await?;
    if ahead > 0 {
        facts.push(("缴费人的预存", yuan(ahead)));
    }
    Ok(facts)
}

/// `POST /console/bills/:id/credit`
///
/// # Errors
/// As [`open`].
#[handler]
pub async fn correct(desk: &Desk, Path(id): Path<String>, form: Form) -> Result<Response, Fault> {
    let (row, lines, _) = seen(desk, &id).await?;
    let done = async {
        let line: i64 = form
            .text("line")
            .parse()
            .ok()
            .filter(|id| lines.iter().any(|line| line.id == *id))
            .ok_or_else(|| Fault::invalid("line", "请选要更正的一项。"))?;
        let amount = Fen::parse(form.text("amount"))
            .ok_or_else(|| Fault::invalid("amount", "请写要减的金额（元），例如 20.00。"))?;
        let mut tx = desk.app.store.begin(desk.app.clock.now()).await?;
        if let Ok(seen) = form.text("credited").parse() {
            still(&tx, row.id, seen).await?;
        }
        credit(&mut tx, desk.actor(), line, amount.0, form.text("reason")).await?;
        tx.commit().await
    };
    match done.await {
        Ok(()) => Ok(go(&format!("/console/bills/{}?said=credited", row.id))),
        Err(fault) if is_elsewhere(&fault) => Err(fault),
        Err(fault) => one(desk, &id, "", Typed::wrong(&form, &fault), status(&fault)).await,
    }
}
