//! `/console/payments/waiting`: waivers and refunds that wait for a second person, refunds that did not go through or
//! are to be paid out; and asking for a waiver, with what shows that it is right.

use askama::Template;
use entity::money::RefundState;
use entity::refund;
use poem::http::StatusCode;
use poem::web::{Path, Query};
use poem::{Response, handler};
use serde::Deserialize;

use super::payment::typed_amount;
use super::payments_refund::{PER_MINUTE, picture};
use super::payments_take::keep_proof;
use super::vouchers;
use crate::access::permit::{Deed, may_somewhere, require_somewhere};
use crate::base::clock::say;
use crate::base::fault::{Code, Fault};
use crate::base::fen::Fen;
use crate::payment::actions::{refund as refunds, waive};
use crate::payment::{cause_says, month_says, queries, refund_says, waiver_subject};
use crate::place::queries as places;
use crate::web::console::files;
use crate::web::console::form::{Form, Typed};
use crate::web::console::frame::{Frame, show};
use crate::web::console::guard::{Desk, status};
use crate::web::console::upload::Uploads;
use crate::web::pages::go;

const PAGE: &str = "/console/payments/waiting";
/// Lines of each list.
const MOST: u64 = 100;
/// The fields beside which an error may stand.
const FIELDS: [&str; 4] = ["bill", "amount", "reason", "proof"];

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
    /// Waits for somebody who pays it out.
    pays: bool,
    /// It was whoever looks who asked, or who gave it to people.
    own: bool,
    /// What of the two it was.
    why_not: &'static str,
    /// There is a picture or a document that shows that it is right.
    proof: bool,
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
            pays: false,
            own: desk.actor().person_id() == Some(row.asked_by),
            why_not: "",
            proof: row.proof_id.is_some(),
            reason: row.reason,
        });
    }
    Ok(lines)
}

async fn refund_lines(desk: &Desk) -> Result<Vec<Line>, Fault> {
    let db = desk.app.store.read();
    let mut lines = Vec::new();
    for row in queries::waiting_refunds(db, desk.actor(), MOST).await? {
        let first = match row.state {
            RefundState::Granted => refunds::first(&row),
            _ => row.asked_by,
        };
        lines.push(Line {
            id: row.id,
            about: about(desk, &row).await?,
            amount: Fen(row.amount),
            by: name(desk, row.asked_by).await?,
            at: say(row.created_at),
            state: refund_says(row.state),
            asked: row.state == RefundState::Asked,
            pays: row.state == RefundState::Granted,
            own: first.is_some() && first == desk.actor().person_id(),
            why_not: first_says(&row),
            proof: false,
            reason: match row.asked_by {
                Some(_) => row.reason,
                None => cause_says(row.cause).to_owned(),
            },
        });
    }
    Ok(lines)
}

/// What a refund is of: `1-1-101 缴费 #12`, `1-1-101 张秀英的预存`.
pub(super) async fn about(desk: &Desk, row: &refund::Model) -> Result<String, Fault> {
    let Some(payment_id) = row.payment_id else {
        let home = place_says(desk, row.home_id.unwrap_or_default()).await?;
        return Ok(format!("{home} {}的预存", name(desk, row.payer_id).await?));
    };
    let home = match queries::by_id(desk.app.store.read(), payment_id).await? {
        Some(paid) => place_says(desk, paid.home_id).await?,
        None => String::new(),
    };
    Ok(format!("{home} 缴费 #{payment_id}"))
}

/// Why whoever was the first may not pay it out: `这是您申请的`.
pub(super) const fn first_says(row: &refund::Model) -> &'static str {
    match row.handed_by {
        Some(_) => "这是您改由人工退的",
        None => "这是您申请的",
    }
}

async fn place_says(desk: &Desk, home_id: i64) -> Result<String, Fault> {
    let db = desk.app.store.read();
    match places::by_id(db, home_id).await? {
        Some(home) => places::name_of(db, &home).await,
        None => Ok(String::new()),
    }
}

/// What somebody who has done something to it is called.
pub(super) async fn name(desk: &Desk, id: Option<i64>) -> Result<String, Fault> {
    match id {
        Some(id) => vouchers::name(desk, id).await,
        None => Ok("系统".to_owned()),
    }
}

/// `POST /console/payments/waivers`: asks for a waiver.
///
/// # Errors
/// `forbidden`; the database's.
#[handler]
pub async fn ask_waiver(desk: &Desk, form: Form, uploads: Uploads) -> Result<Response, Fault> {
    require_somewhere(desk.actor(), Deed::WaiveFees)?;
    let done = ask(desk, &form, &uploads).await;
    again(desk, done, "waiver-asked", &form).await
}

async fn ask(desk: &Desk, form: &Form, uploads: &Uploads) -> Result<(), Fault> {
    let none = || Fault::invalid("bill", "没有找到这张账单，请写编号，例如 12。");
    let bill = form.text("bill").trim().trim_start_matches('#');
    let bill: i64 = bill.parse().map_err(|_| none())?;
    let amount = typed_amount(form)?;
    let app = &desk.app;
    let by = desk.actor().require_person()?;
    let key = format!("console:waiver:{by}");
    if !app.limiter.take(&key, PER_MINUTE).await {
        return Err(Fault::too_many(30));
    }
    let kept = keep_proof(desk, uploads).await?;
    let mut tx = app.store.begin(app.clock.now()).await?;
    let slip = files::settle(&tx, kept).await?;
    let asked = waive::ask(
        &mut tx,
        desk.actor(),
        bill,
        amount,
        form.text("reason"),
        slip,
    )
    .await;
    asked.map_err(|fault| match fault.code {
        // A bill of elsewhere is not there.
        Code::NotFound | Code::Forbidden => none(),
        _ => fault,
    })?;
    // What is wrong with the rest is said first: a browser forgets the file.
    if slip.is_none() {
        return Err(Fault::invalid(
            "proof",
            "请附上凭证的照片或PDF，例如低保证、会议决定。",
        ));
    }
    tx.commit().await
}

/// `GET /console/payments/waivers/:id/proof`: what shows that a waiver is right.
///
/// # Errors
/// `not_found`, also for who decides on no waivers there.
#[handler]
pub async fn proof(desk: &Desk, Path(id): Path<String>) -> Result<Response, Fault> {
    let none = || Fault::not_found("没有找到这份减免申请。");
    let id: i64 = id.parse().map_err(|_| none())?;
    let row = queries::seen_waiver(desk.app.store.read(), desk.actor(), id).await?;
    picture(desk, row.proof_id, &waiver_subject(id)).await
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

/// `POST /console/payments/refunds/:id/:act`: grant, refuse, or give it to people.
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
    match perform(desk, id, &act).await {
        Ok(said) => again(desk, Ok(()), said, &form).await,
        Err(fault) => again(desk, Err(fault), "", &form).await,
    }
}

/// Does it; what is said then.
async fn perform(desk: &Desk, id: i64, act: &str) -> Result<&'static str, Fault> {
    let app = &desk.app;
    let mut tx = app.store.begin(app.clock.now()).await?;
    let done = match act {
        "grant" => refunds::decide(&mut tx, desk.actor(), id, true).await?,
        "refuse" => refunds::decide(&mut tx, desk.actor(), id, false).await?,
        "by-hand" => refunds::by_hand(&mut tx, desk.actor(), id).await?,
        _ => return Err(Fault::plain(Code::NotFound)),
    };
    tx.commit().await?;
    Ok(match (act, done.state) {
        ("by-hand", _) => "refund-by-hand",
        (_, RefundState::Granted) => "refund-to-pay",
        (_, RefundState::Refused) => "refund-refused",
        _ => "refund-granted",
    })
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
