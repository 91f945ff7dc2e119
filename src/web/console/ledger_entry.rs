//! `/console/ledger/:id`: one entry of the books: what it moved, what it was booked for, what takes it back; and
//! asking that it is taken back, where that is done here.

use askama::Template;
use entity::{bill, bill_line, donation_use, ledger_entry, place, waiver};
use poem::http::StatusCode;
use poem::web::Path;
use poem::{Response, handler};
use sea_orm::{ConnectionTrait, EntityTrait, QueryFilter};

use super::giving_act::address;
use super::vouchers::name;
use crate::access::permit::{Deed, may};
use crate::base::clock::{china, say};
use crate::base::dates::read_day;
use crate::base::fault::Fault;
use crate::base::fen::Fen;
use crate::ledger::kind_says;
use crate::ledger::queries::{Booked, by_id, reversal_of};
use crate::place::queries as places;
use crate::voucher::actions::{NewVoucher, What, ask};
use crate::voucher::queries::waiting_reversal;
use crate::voucher::{MOST_WORDS, reversible};
use crate::web::console::days::is_elsewhere;
use crate::web::console::form::{Form, Typed};
use crate::web::console::frame::{Frame, show};
use crate::web::console::guard::{Desk, status};
use crate::web::console::once;
use crate::web::pages::go;
use crate::wechat::http::percent;

/// The fields beside which an error may stand.
const FIELDS: [&str; 2] = ["day", "words"];

struct TransferLine {
    debit: &'static str,
    credit: &'static str,
    amount: String,
}

#[derive(Template)]
#[template(path = "web/console/ledger_entry.html")]
struct EntryPage {
    frame: Frame,
    id: i64,
    memo: String,
    facts: Vec<(&'static str, String)>,
    transfers: Vec<TransferLine>,
    /// What it was booked for: where that is, and its name.
    cause: Option<(String, &'static str)>,
    /// The entry that it takes back.
    reverses: Option<i64>,
    /// The entry that takes it back.
    reversed: Option<i64>,
    /// The voucher that would.
    waiting: Option<i64>,
    can_reverse: bool,
    today: String,
    most_words: usize,
    /// Where the list of its compound and month is.
    back: String,
    typed: Typed,
    problem: Option<String>,
}

fn none() -> Fault {
    Fault::not_found("账簿里没有这一笔。")
}

/// An entry of a compound whose money whoever looks may see.
async fn found(desk: &Desk, id: &str) -> Result<(Booked, place::Model), Fault> {
    let db = desk.app.store.read();
    let id: i64 = id.parse().map_err(|_| none())?;
    let booked = by_id(db, id).await?.ok_or_else(none)?;
    let place = places::by_id(db, booked.entry.compound_id).await?;
    let place = place.filter(|place| may(desk.actor(), Deed::SeeMoney, &place.path));
    Ok((booked, place.ok_or_else(none)?))
}

/// `GET /console/ledger/:id`
///
/// # Errors
/// `not_found` for an entry of books that are not theirs to see.
#[handler]
pub async fn open(desk: &Desk, Path(id): Path<String>) -> Result<Response, Fault> {
    let found = found(desk, &id).await?;
    let today = china(desk.app.clock.now()).date_naive().to_string();
    let mark = once::mark(desk);
    let typed = Typed::with(&[("mark", &mark), ("day", &today)]);
    page(desk, found, StatusCode::OK, typed).await
}

async fn page(
    desk: &Desk,
    (booked, place): (Booked, place::Model),
    status: StatusCode,
    typed: Typed,
) -> Result<Response, Fault> {
    let db = desk.app.store.read();
    let entry = &booked.entry;
    let reversed = reversal_of(db, entry.id).await?;
    let waiting = waiting_reversal(db, entry.id).await?;
    let takes = may(desk.actor(), Deed::TakeMoney, &place.path);
    let month = entry.day.format("%Y-%m");
    let page = EntryPage {
        frame: Frame::new(desk, format!("分录 #{}", entry.id)),
        id: entry.id,
        memo: entry.memo.clone(),
        facts: facts(desk, entry, &place).await?,
        transfers: booked.transfers.iter().map(line).collect(),
        cause: cause(db, entry, &place).await?,
        reverses: entry.reverses,
        can_reverse: takes && reversed.is_none() && waiting.is_none() && reversible(entry).is_ok(),
        reversed: reversed.map(|one| one.id),
        waiting: waiting.map(|one| one.id),
        today: china(desk.app.clock.now()).date_naive().to_string(),
        most_words: MOST_WORDS,
        back: format!("compound={}&month={month}", percent(&place.code)),
        problem: typed.general(&FIELDS).map(str::to_owned),
        typed,
    };
    show(status, &page)
}

fn line(one: &crate::ledger::post::Transfer) -> TransferLine {
    TransferLine {
        debit: one.debit.says(),
        credit: one.credit.says(),
        amount: Fen(one.amount).in_groups(),
    }
}

async fn facts(
    desk: &Desk,
    entry: &ledger_entry::Model,
    place: &place::Model,
) -> Result<Vec<(&'static str, String)>, Fault> {
    let by = match entry.actor_id {
        Some(id) => name(desk, id).await?,
        None => "系统".to_owned(),
    };
    Ok(vec![
        ("小区", place.name.clone()),
        ("日期", entry.day.to_string()),
        ("类别", kind_says(entry.kind).to_owned()),
        ("谁记的", format!("{by} {}", say(entry.created_at))),
        ("原因编号", entry.cause.clone()),
    ])
}

/// Where the thing is that an entry was booked for, and what the way there is called.
async fn cause<C: ConnectionTrait>(
    db: &C,
    entry: &ledger_entry::Model,
    place: &place::Model,
) -> Result<Option<(String, &'static str)>, Fault> {
    let mut parts = entry.cause.split(':');
    let noun = parts.next().unwrap_or_default();
    if matches!(noun, "platform-fee" | "withdrawal") {
        return Ok(Some(("/console/payments/days".to_owned(), "看对账")));
    }
    let Some(id) = parts.next().and_then(|id| id.parse::<i64>().ok()) else {
        return Ok(None);
    };
    let bill = |id: i64| (format!("/console/bills/{id}"), "看账单");
    let payment = |id: i64| (format!("/console/payments/{id}"), "看缴费");
    Ok(match noun {
        "payment" => Some(payment(id)),
        "expense" => Some((format!("/console/expenses/{id}"), "看支出")),
        "voucher" => Some((format!("/console/vouchers/{id}"), "看记账和凭证")),
        "late" => Some(bill(id)),
        "refund" => Some((format!("/console/payments/refunds/{id}"), "看退款和凭证")),
        "waiver" => {
            let row = waiver::Entity::find_by_id(id).one(db).await?;
            row.map(|row| bill(row.bill_id))
        }
        "credit" => {
            let row = bill_line::Entity::find_by_id(id).one(db).await?;
            row.map(|row| bill(row.bill_id))
        }
        "donation-use" => {
            let row = donation_use::Entity::find_by_id(id).one(db).await?;
            row.map(|row| (address(row.drive_id, place, ""), "看捐款的用途"))
        }
        "bill" => billed(db, id, parts).await?.map(|row| bill(row.id)),
        _ => None,
    })
}

/// The bill of a home, a month and a payer.
async fn billed<C: ConnectionTrait>(
    db: &C,
    home_id: i64,
    mut rest: std::str::Split<'_, char>,
) -> Result<Option<bill::Model>, Fault> {
    let mut next = || rest.next().and_then(|part| part.parse::<i64>().ok());
    let (Some(month), Some(payer_id)) = (next(), next()) else {
        return Ok(None);
    };
    let Ok(month) = i32::try_from(month) else {
        return Ok(None);
    };
    Ok(bill::Entity::find()
        .filter(bill::COLUMN.home_id.eq(home_id))
        .filter(bill::COLUMN.month.eq(month))
        .filter(bill::COLUMN.payer_id.eq(payer_id))
        .one(db)
        .await?)
}

/// `POST /console/ledger/:id/reverse`: asks that it is taken back; another person decides.
///
/// # Errors
/// `not_found` for an entry of books that are not theirs to see; the database's.
#[handler]
pub async fn take(desk: &Desk, Path(id): Path<String>, form: Form) -> Result<Response, Fault> {
    let (booked, place) = found(desk, &id).await?;
    let app = &desk.app;
    let done = async {
        let new = NewVoucher {
            compound_id: place.id,
            what: What::Reverse(booked.entry.id),
            day: read_day("day", form.text("day"))?,
            words: form.text("words").to_owned(),
            proof_id: None,
            mark: form.text("mark").to_owned(),
        };
        let mut tx = app.store.begin(app.clock.now()).await?;
        let row = ask(&mut tx, desk.actor(), new).await?;
        tx.commit().await?;
        Ok(row.id)
    };
    let done = done.await;
    match done {
        Ok(id) => Ok(go(&format!("/console/vouchers/{id}?said=voucher-asked"))),
        Err(fault) if is_elsewhere(&fault) => Err(fault),
        Err(fault) => {
            let typed = Typed::wrong(&form, &fault);
            page(desk, (booked, place), status(&fault), typed).await
        }
    }
}
