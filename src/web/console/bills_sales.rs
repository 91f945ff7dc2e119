//! `/console/bills/sales`: homes that went to another owner (过户): writing it down, the bills that follow from it and
//! wait to be corrected, and what is still kept for whoever owned the home before.

use std::collections::{BTreeMap, HashMap};

use askama::Template;
use entity::kinds::HomeRelation;
use entity::{bill_sale, person, residency};
use poem::http::StatusCode;
use poem::web::{Path, Query};
use poem::{Response, handler};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use serde::Deserialize;

use super::bills::homes_named;
use super::payment::typed_amount;
use crate::access::permit::{Deed, may};
use crate::base::clock::china;
use crate::base::dates::read_day;
use crate::base::fault::{Code, Fault};
use crate::base::fen::Fen;
use crate::base::month::Month;
use crate::fee::actions::sale;
use crate::fee::sale::{Billed, plan};
use crate::fee::sales;
use crate::payment::actions::refund::ask_ahead;
use crate::payment::queries::asked_ahead;
use crate::person::actions::end_ownership;
use crate::person::queries as people;
use crate::place::queries::by_local_code;
use crate::web::console::books::Books;
use crate::web::console::form::{Form, Typed};
use crate::web::console::frame::{Frame, show};
use crate::web::console::guard::{Desk, status};
use crate::web::pages::go;
use crate::wechat::http::percent;

const PAGE: &str = "/console/bills/sales";
/// Sales of a page.
const MOST: u64 = 50;
/// The fields beside which an error may stand.
const FIELDS: [&str; 3] = ["last", "amount", "reason"];

/// What the page's address says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    compound: String,
    /// Of which home the owners are shown.
    home: String,
    said: String,
}

/// A sale whose bills are to be corrected.
struct Sale {
    id: i64,
    home: String,
    month: String,
    amount: Fen,
    /// What goes over as the page is drawn, in fen.
    seen: i64,
    /// What happens to whose bill.
    moves: Vec<String>,
}

/// Somebody who owns or owned the home that was asked for.
struct Owner {
    id: i64,
    name: String,
    /// The last day on which it was theirs.
    last: Option<String>,
}

/// What is kept for somebody who pays no more bills of the home.
struct Left {
    home: String,
    name: String,
    amount: Fen,
    /// What of it was asked back and waits: the refund, and how much.
    asked: Vec<(i64, Fen)>,
    /// What of it was not.
    rest: Fen,
    /// Whose it is: `home-person`.
    of: String,
}

#[derive(Template)]
#[template(path = "web/console/bills_sales.html")]
struct Sales {
    frame: Frame,
    books: Books,
    sales: Vec<Sale>,
    home: String,
    home_wrong: Option<&'static str>,
    owners: Vec<Owner>,
    left: Vec<Left>,
    can_ask: bool,
    today: String,
    typed: Typed,
    problem: Option<String>,
}

/// `GET /console/bills/sales`
///
/// # Errors
/// `not_found` for a compound whose money is not theirs to see.
#[handler]
pub async fn list(desk: &Desk, Query(asked): Query<Asked>) -> Result<Response, Fault> {
    page(desk, &asked, Typed::default(), StatusCode::OK).await
}

async fn page(
    desk: &Desk,
    asked: &Asked,
    typed: Typed,
    status: StatusCode,
) -> Result<Response, Fault> {
    let db = desk.app.store.read();
    let books = Books::find(desk, &asked.compound).await?;
    let typed_home = asked.home.trim();
    let home = match typed_home {
        "" => None,
        text => Some(by_local_code(db, &books.place, text).await?),
    };
    let home_wrong = matches!(home, Some(None)).then_some("没有找到这个房号，例如 3-2-501。");
    let owners = match home.flatten().filter(|_| books.keeps) {
        Some(home) => owners(desk, home.id).await?,
        None => Vec::new(),
    };
    let page = Sales {
        frame: Frame::new(desk, format!("{}：过户", books.place.name)).saying(&asked.said),
        sales: waiting(desk, &books).await?,
        left: left(desk, &books).await?,
        can_ask: may(desk.actor(), Deed::KeepMoney, &books.place.path),
        home: typed_home.to_owned(),
        home_wrong,
        owners,
        today: china(desk.app.clock.now()).date_naive().to_string(),
        problem: typed.general(&FIELDS).map(str::to_owned),
        typed,
        books,
    };
    show(status, &page)
}

/// What people are called, by their keys; nobody's name for who may not see people.
async fn names(desk: &Desk, books: &Books, ids: Vec<i64>) -> Result<HashMap<i64, String>, Fault> {
    if !may(desk.actor(), Deed::SeePeople, &books.place.path) {
        return Ok(HashMap::new());
    }
    people::names(desk.app.store.read(), ids).await
}

fn named(names: &HashMap<i64, String>, id: i64) -> &str {
    names.get(&id).map_or("业主", String::as_str)
}

async fn waiting(desk: &Desk, books: &Books) -> Result<Vec<Sale>, Fault> {
    let db = desk.app.store.read();
    let rows = sales::waiting(db, books.place.id, MOST).await?;
    let homes = homes_named(db, rows.iter().map(|row| row.home_id)).await?;
    let mut out = Vec::new();
    for row in rows {
        let home = homes.get(&row.home_id).cloned().unwrap_or_default();
        out.push(one(desk, books, &row, home).await?);
    }
    Ok(out)
}

async fn one(
    desk: &Desk,
    books: &Books,
    row: &bill_sale::Model,
    home: String,
) -> Result<Sale, Fault> {
    let found = sales::of_sale(desk.app.store.read(), row).await?;
    let moves = match &found {
        Some(found) => moves(desk, books, row, found).await?,
        None => None,
    };
    let (seen, moves) = moves.unwrap_or_default();
    Ok(Sale {
        id: row.id,
        home,
        month: Month::from_number(row.month).map_or_else(String::new, Month::says),
        amount: Fen(seen),
        seen,
        moves,
    })
}

/// What goes over, and what happens to whose bill; none when the owners are others by now.
async fn moves(
    desk: &Desk,
    books: &Books,
    row: &bill_sale::Model,
    found: &Billed,
) -> Result<Option<(i64, Vec<String>)>, Fault> {
    let Some(plan) = plan(found).filter(|plan| plan.owners == row.owners) else {
        return Ok(None);
    };
    let payers = found.bills.iter().map(|bill| bill.payer_id);
    let payers = payers.chain(plan.parts.iter().map(|part| part.payer_id));
    let names = names(desk, books, payers.collect()).await?;
    let mut says = Vec::new();
    for part in &plan.parts {
        let days = format!("{}至{}", part.from, part.to);
        says.push(format!("{}：{days}是业主", named(&names, part.payer_id)));
    }
    let mut taken: BTreeMap<i64, i64> = BTreeMap::new();
    for take in &plan.takes {
        *taken.entry(take.bill_id).or_default() += take.amount;
    }
    for (bill_id, fen) in taken {
        let bill = found.bills.iter().find(|bill| bill.id == bill_id);
        let whose = bill.map_or(0, |bill| bill.payer_id);
        says.push(format!(
            "{}的账单 {bill_id} 减 {} 元，已经交过的转为预存，先抵本人没交的账单",
            named(&names, whose),
            Fen(fen)
        ));
    }
    let mut given: BTreeMap<i64, i64> = BTreeMap::new();
    for give in &plan.gives {
        *given.entry(give.payer_id).or_default() += give.amount;
    }
    for (payer_id, fen) in given {
        let own = found.bills.iter().find(|bill| bill.payer_id == payer_id);
        let bill = own.map_or_else(
            || "出一张账单".to_owned(),
            |bill| format!("账单 {} 加", bill.id),
        );
        says.push(format!(
            "{}：{bill} {} 元",
            named(&names, payer_id),
            Fen(fen)
        ));
    }
    Ok(Some((plan.amount(), says)))
}

async fn owners(desk: &Desk, home_id: i64) -> Result<Vec<Owner>, Fault> {
    let db = desk.app.store.read();
    let rows = residency::Entity::find()
        .filter(residency::COLUMN.place_id.eq(home_id))
        .filter(residency::COLUMN.relation.eq(HomeRelation::Owner))
        .order_by_asc(residency::COLUMN.id)
        .all(db)
        .await?;
    let people = person::Entity::find()
        .filter(
            person::COLUMN
                .id
                .is_in(rows.iter().map(|row| row.person_id)),
        )
        .all(db)
        .await?;
    let line = |row: &residency::Model| {
        let person = people.iter().find(|person| person.id == row.person_id)?;
        // Midnight is the end of the day before.
        let last = row
            .ended_at
            .map(|at| china(at - chrono::TimeDelta::milliseconds(1)).date_naive());
        Some(Owner {
            id: row.id,
            name: person.name.clone(),
            last: last.map(|day| day.to_string()),
        })
    };
    Ok(rows.iter().filter_map(line).collect())
}

async fn left(desk: &Desk, books: &Books) -> Result<Vec<Left>, Fault> {
    let db = desk.app.store.read();
    let rows = sales::left_over(db, books.place.id, desk.app.clock.now()).await?;
    let asked = asked_ahead(db, books.place.id).await?;
    let homes = homes_named(db, rows.iter().map(|row| row.home_id)).await?;
    let names = names(desk, books, rows.iter().map(|row| row.payer_id).collect()).await?;
    let line = |row: &entity::advance::Model| {
        let whose = (Some(row.home_id), Some(row.payer_id));
        let own: Vec<(i64, Fen)> = asked
            .iter()
            .filter(|back| (back.home_id, back.payer_id) == whose)
            .map(|back| (back.id, Fen(back.amount)))
            .collect();
        Left {
            home: homes.get(&row.home_id).cloned().unwrap_or_default(),
            name: named(&names, row.payer_id).to_owned(),
            amount: Fen(row.balance),
            rest: Fen(row.balance - own.iter().map(|(_, fen)| fen.0).sum::<i64>()),
            asked: own,
            of: format!("{}-{}", row.home_id, row.payer_id),
        }
    };
    Ok(rows.iter().map(line).collect())
}

/// `POST /console/bills/sales/left`: asks that what is kept for somebody goes back to them.
///
/// # Errors
/// As [`list`].
#[handler]
pub async fn give_back(desk: &Desk, form: Form) -> Result<Response, Fault> {
    let done = async {
        let none = || Fault::not_found("没有找到这笔预存，请刷新后再看。");
        let (home, payer) = form.text("of").split_once('-').ok_or_else(none)?;
        let key = |text: &str| text.parse::<i64>().map_err(|_| none());
        let of = (key(home)?, key(payer)?);
        let amount = typed_amount(&form)?;
        let app = &desk.app;
        let mut tx = app.store.begin(app.clock.now()).await?;
        let reason = form.text("reason");
        ask_ahead(&mut tx, &app.dice, desk.actor(), of, amount, reason).await?;
        tx.commit().await
    };
    again(desk, done.await, "refund-asked", &form).await
}

/// `POST /console/bills/sales/end`: until which day a home was somebody's.
///
/// # Errors
/// As [`list`].
#[handler]
pub async fn end(desk: &Desk, form: Form) -> Result<Response, Fault> {
    let done = async {
        let none = || Fault::not_found("没有找到这位业主，请刷新后再试。");
        let id: i64 = form.text("owner").parse().map_err(|_| none())?;
        let last = read_day("last", form.text("last"))?;
        let mut tx = desk.app.store.begin(desk.app.clock.now()).await?;
        let home = end_ownership(&mut tx, desk.actor(), id, last).await?;
        sale::note_home(&mut tx, home).await?;
        tx.commit().await
    };
    again(desk, done.await, "sold", &form).await
}

/// `POST /console/bills/sales/:id/:act`: corrects the bills, or says that nothing is to be corrected.
///
/// # Errors
/// As [`list`].
#[handler]
pub async fn decide(
    desk: &Desk,
    Path((id, act)): Path<(String, String)>,
    form: Form,
) -> Result<Response, Fault> {
    let none = || Fault::not_found("没有找到这次过户。");
    let id: i64 = id.parse().map_err(|_| none())?;
    let said = match act.as_str() {
        "correct" => "sale-corrected",
        "leave" => "sale-left",
        _ => return Err(Fault::plain(Code::NotFound)),
    };
    let done = async {
        let mut tx = desk.app.store.begin(desk.app.clock.now()).await?;
        match act.as_str() {
            "correct" => {
                let seen = form.text("seen").parse().unwrap_or_default();
                sale::correct(&mut tx, desk.actor(), id, seen).await?;
            }
            _ => sale::leave(&mut tx, desk.actor(), id, form.text("note")).await?,
        }
        tx.commit().await
    };
    again(desk, done.await, said, &form).await
}

/// Back to the page: with what was done, or with what is wrong.
async fn again(
    desk: &Desk,
    done: Result<(), Fault>,
    said: &str,
    form: &Form,
) -> Result<Response, Fault> {
    let (compound, home) = (form.text("compound"), form.text("home"));
    match done {
        Ok(()) => Ok(go(&format!(
            "{PAGE}?compound={}&home={}&said={said}",
            percent(compound),
            percent(home)
        ))),
        Err(fault) if fault.is_ours() || fault.code == Code::NotFound => Err(fault),
        Err(fault) => {
            let asked = Asked {
                compound: compound.to_owned(),
                home: home.to_owned(),
                said: String::new(),
            };
            page(desk, &asked, Typed::wrong(form, &fault), status(&fault)).await
        }
    }
}
