//! `/console/payments/waiting`: waivers and refunds that wait for a second person, refunds that did not
//! go through; and asking for a waiver.

use askama::Template;
use entity::money::RefundState;
use poem::http::StatusCode;
use poem::web::{Path, Query};
use poem::{Response, handler};
use serde::Deserialize;

use super::payment::typed_amount;
use crate::access::permit::{Deed, may_somewhere};
use crate::base::clock::say;
use crate::base::fault::{Code, Fault};
use crate::base::fen::Fen;
use crate::payment::actions::{refund as refunds, waive};
use crate::payment::{cause_says, month_says, queries, refund_says};
use crate::person::queries as people;
use crate::place::queries as places;
use crate::web::console::form::{Form, Typed};
use crate::web::console::frame::{Frame, show};
use crate::web::console::guard::{Desk, status};
use crate::web::pages::go;

const PAGE: &str = "/console/payments/waiting";
/// Lines of each list.
const MOST: u64 = 100;
/// The fields beside which an error may stand.
const FIELDS: [&str; 3] = ["bill", "amount", "reason"];

/// What has just been done, and for which bill the form is.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    said: String,
    bill: String,
}

struct Line {
    id: i64,
    about: String,
    amount: Fen,
    reason: String,
    by: String,
    at: String,
    state: &'static str,
    /// Waits for a second person.
    asked: bool,
    /// It was whoever looks who asked.
    own: bool,
}

#[derive(Template)]
#[template(path = "web/console/payments_waiting.html")]
struct Waiting {
    frame: Frame,
    waivers: Vec<Line>,
    refunds: Vec<Line>,
    can_waive: bool,
    typed: Typed,
    problem: Option<String>,
}

/// `GET /console/payments/waiting`
///
/// # Errors
/// `forbidden`.
#[handler]
pub async fn list(desk: &Desk, Query(asked): Query<Asked>) -> Result<Response, Fault> {
    let typed = Typed::with(&[("bill", &asked.bill)]);
    page(desk, StatusCode::OK, typed, &asked.said).await
}

async fn page(
    desk: &Desk,
    status: StatusCode,
    typed: Typed,
    said: &str,
) -> Result<Response, Fault> {
    let can_waive = may_somewhere(desk.actor(), Deed::WaiveFees);
    if !can_waive && !may_somewhere(desk.actor(), Deed::KeepMoney) {
        return Err(Fault::forbidden("您没有这项权限。"));
    }
    let page = Waiting {
        frame: Frame::new(desk, "减免和退款").saying(said),
        waivers: waivers(desk).await?,
        refunds: refund_lines(desk).await?,
        can_waive,
        problem: typed.general(&FIELDS).map(str::to_owned),
        typed,
    };
    show(status, &page)
}

async fn waivers(desk: &Desk) -> Result<Vec<Line>, Fault> {
    let db = desk.app.store.read();
    let mut lines = Vec::new();
    for (row, bill) in queries::waiting_waivers(db, desk.actor(), MOST).await? {
        let about = match &bill {
            Some(bill) => {
                let home = place_says(desk, bill.home_id).await?;
                format!("{home} {} 账单 {}", month_says(bill.month), bill.id)
            }
            None => String::new(),
        };
        lines.push(Line {
            id: row.id,
            about,
            amount: Fen(row.amount),
            by: name(desk, Some(row.asked_by)).await?,
            at: say(row.created_at),
            state: crate::payment::waiver_says(row.state),
            asked: true,
            own: desk.actor().person_id() == Some(row.asked_by),
            reason: row.reason,
        });
    }
    Ok(lines)
}

async fn refund_lines(desk: &Desk) -> Result<Vec<Line>, Fault> {
    let db = desk.app.store.read();
    let mut lines = Vec::new();
    for row in queries::waiting_refunds(db, desk.actor(), MOST).await? {
        let home = match queries::by_id(db, row.payment_id).await? {
            Some(paid) => place_says(desk, paid.home_id).await?,
            None => String::new(),
        };
        lines.push(Line {
            id: row.id,
            about: format!("{home} 缴费 #{}", row.payment_id),
            amount: Fen(row.amount),
            by: name(desk, row.asked_by).await?,
            at: say(row.created_at),
            state: refund_says(row.state),
            asked: row.state == RefundState::Asked,
            own: row.asked_by.is_some() && row.asked_by == desk.actor().person_id(),
            reason: match row.asked_by {
                Some(_) => row.reason,
                None => cause_says(row.cause).to_owned(),
            },
        });
    }
    Ok(lines)
}

async fn place_says(desk: &Desk, home_id: i64) -> Result<String, Fault> {
    let db = desk.app.store.read();
    match places::by_id(db, home_id).await? {
        Some(home) => places::name_of(db, &home).await,
        None => Ok(String::new()),
    }
}

async fn name(desk: &Desk, id: Option<i64>) -> Result<String, Fault> {
    let Some(id) = id else {
        return Ok("系统".to_owned());
    };
    let person = people::by_id(desk.app.store.read(), id).await?;
    Ok(person.map(|person| person.name).unwrap_or_default())
}

/// `POST /console/payments/waivers`: asks for a waiver.
///
/// # Errors
/// `forbidden`; the database's.
#[handler]
pub async fn ask_waiver(desk: &Desk, form: Form) -> Result<Response, Fault> {
    let done = async {
        let none = || Fault::invalid("bill", "没有找到这张账单，请写编号，例如 12。");
        let bill = form.text("bill").trim().trim_start_matches('#');
        let bill: i64 = bill.parse().map_err(|_| none())?;
        let amount = typed_amount(&form)?;
        let app = &desk.app;
        let mut tx = app.store.begin(app.clock.now()).await?;
        let asked = waive::ask(&mut tx, desk.actor(), bill, amount, form.text("reason")).await;
        asked.map_err(|fault| match fault.code {
            // A bill of elsewhere is not there.
            Code::NotFound | Code::Forbidden => none(),
            _ => fault,
        })?;
        tx.commit().await
    };
    again(desk, done.await, "waiver-asked", &form).await
}

/// `POST /console/payments/waivers/:id/:act`: grant or refuse.
///
/// # Errors
/// `forbidden`; the database's.
#[handler]
pub async fn decide_waiver(
    desk: &Desk,
    Path((id, act)): Path<(String, String)>,
    form: Form,
) -> Result<Response, Fault> {
    let none = || Fault::not_found("没有找到这份减免申请。");
    let id: i64 = id.parse().map_err(|_| none())?;
    let (granted, said) = match act.as_str() {
        "grant" => (true, "waiver-granted"),
        "refuse" => (false, "waiver-refused"),
        _ => return Err(Fault::plain(Code::NotFound)),
    };
    let app = &desk.app;
    let done = async {
        let mut tx = app.store.begin(app.clock.now()).await?;
        waive::decide(&mut tx, desk.actor(), id, granted).await?;
        tx.commit().await
    };
    again(desk, done.await, said, &form).await
}

/// `POST /console/payments/refunds/:id/:act`: grant, refuse, or done by hand.
///
/// # Errors
/// `forbidden`; the database's.
#[handler]
pub async fn decide_refund(
    desk: &Desk,
    Path((id, act)): Path<(String, String)>,
    form: Form,
) -> Result<Response, Fault> {
    let none = || Fault::not_found("没有找到这份退款申请。");
    let id: i64 = id.parse().map_err(|_| none())?;
    let app = &desk.app;
    let (said, done) = match act.as_str() {
        "grant" => ("refund-granted", decide(desk, id, true).await),
        "refuse" => ("refund-refused", decide(desk, id, false).await),
        "by-hand" => {
            let done = async {
                let mut tx = app.store.begin(app.clock.now()).await?;
                refunds::by_hand(&mut tx, desk.actor(), id).await?;
                tx.commit().await
            };
            ("refund-by-hand", done.await)
        }
        _ => return Err(Fault::plain(Code::NotFound)),
    };
    again(desk, done, said, &form).await
}

async fn decide(desk: &Desk, id: i64, granted: bool) -> Result<(), Fault> {
    let app = &desk.app;
    let mut tx = app.store.begin(app.clock.now()).await?;
    refunds::decide(&mut tx, desk.actor(), id, granted).await?;
    tx.commit().await
}

/// Back to the page: with what was done, or with what is wrong.
async fn again(
    desk: &Desk,
    done: Result<(), Fault>,
    said: &str,
    form: &Form,
) -> Result<Response, Fault> {
    match done {
        Ok(()) => Ok(go(&format!("{PAGE}?said={said}"))),
        Err(fault) if fault.is_ours() || fault.code == Code::NotFound => Err(fault),
        Err(fault) => {
            let typed = Typed::wrong(form, &fault);
            page(desk, status(&fault), typed, "").await
        }
    }
}
