//! `/console/payments/:id`: one payment with all that it did: the order, what the platform told, where the
//! money went, the books, the receipt, what went back; and asking that some of it goes back.

use askama::Template;
use entity::{payment, payment_notice, place, refund};
use poem::http::StatusCode;
use poem::web::Path;
use poem::{Request, Response, handler};

use super::files::{show_file, slip_says};
use crate::access::permit::{Deed, may};
use crate::attachment::queries as attachments;
use crate::base::clock::say;
use crate::base::fault::{Code, Fault};
use crate::base::fen::Fen;
use crate::base::key::key_in;
use crate::fund;
use crate::ledger::queries::Booked;
use crate::payment::actions::{no_such, refund as refunds};
use crate::payment::queries::platform::notices_of;
use crate::payment::{cause_says, link, month_says, queries, refund_says, state_says, way_says};
use crate::person::queries as people;
use crate::place::queries as places;
use crate::report::pdf;
use crate::web::console::form::{Form, Typed};
use crate::web::console::frame::{Frame, show};
use crate::web::console::guard::{Desk, status};
use crate::web::pages::go;

/// The fields beside which an error may stand.
const FIELDS: [&str; 2] = ["amount", "reason"];

struct NoticeLine {
    at: String,
    kind: String,
    error: Option<String>,
}

struct RefundLine {
    id: i64,
    amount: Fen,
    why: String,
    state: &'static str,
    at: String,
    /// Whether there is a slip of it.
    slip: bool,
}

#[derive(Template)]
#[template(path = "web/console/payment.html")]
struct PaymentPage {
    frame: Frame,
    id: i64,
    state: &'static str,
    facts: Vec<(&'static str, String)>,
    /// What the link to the slip says, where there is one.
    proof: Option<&'static str>,
    receipt: Option<(i64, String)>,
    /// The receipt on paper, where this build makes papers.
    paper: Option<String>,
    parts: Vec<(String, Fen)>,
    entries: Vec<(String, String)>,
    notices: Vec<NoticeLine>,
    refunds: Vec<RefundLine>,
    can_refund: bool,
    typed: Typed,
    problem: Option<String>,
}

/// `GET /console/payments/:id`
///
/// # Errors
/// `not_found` for a payment that no role of theirs covers.
#[handler]
pub async fn open(
    desk: &Desk,
    Path(id): Path<String>,
    request: &Request,
) -> Result<Response, Fault> {
    let said = request.uri().query().unwrap_or_default();
    let said = said.strip_prefix("said=").unwrap_or_default();
    page(
        desk,
        key_in(&id, no_such)?,
        StatusCode::OK,
        Typed::default(),
        said,
    )
    .await
}

async fn page(
    desk: &Desk,
    id: i64,
    status: StatusCode,
    typed: Typed,
    said: &str,
) -> Result<Response, Fault> {
    let db = desk.app.store.read();
    let (row, home) = queries::seen(db, desk.actor(), id).await?;
    let all = queries::refunds_of(db, id).await?;
    let entries = queries::entries_of(db, &row, &all).await?;
    let notices = notices_of(db, &row).await?;
    let receipt = queries::receipt_of(db, id).await?;
    let paid = row.state == entity::money::PaymentState::Paid;
    let paper = receipt.as_ref().filter(|_| pdf::available());
    let page = PaymentPage {
        frame: Frame::new(desk, format!("缴费 #{id}")).saying(said),
        id,
        state: state_says(row.state),
        facts: facts(desk, &row, &home).await?,
        proof: slip_says(desk, row.proof_id).await?,
        paper: paper.map(|receipt| link::receipt_paper(&desk.app, receipt)),
        receipt: receipt.map(|receipt| (receipt.number, link::receipt(&desk.app, &receipt))),
        parts: parts(desk, &row).await?,
        entries: entries.into_iter().map(entry_line).collect(),
        notices: notices.into_iter().map(notice_line).collect(),
        refunds: all.iter().map(refund_line).collect(),
        can_refund: paid && may(desk.actor(), Deed::TakeMoney, &home.path),
        problem: typed.general(&FIELDS).map(str::to_owned),
        typed,
    };
    show(status, &page)
}

async fn facts(
    desk: &Desk,
    row: &payment::Model,
    home: &place::Model,
) -> Result<Vec<(&'static str, String)>, Fault> {
    let db = desk.app.store.read();
    let name = |id: Option<i64>| async move {
        match id {
            Some(id) => people::by_id(db, id)
                .await
                .map(|found| found.map(|one| one.name)),
            None => Ok(None),
        }
    };
    let gift = match row.donation_id {
        Some(id) => fund::rows::by_id(db, id).await?,
        None => None,
    };
    let of = match &gift {
        Some(gift) => (
            "捐款",
            format!(
                "#{}（{}）",
                gift.id,
                fund::rows::purpose(db, gift.id).await?
            ),
        ),
        None => ("房号", places::name_of(db, home).await?),
    };
    let mut facts = vec![
        of,
        ("金额", format!("{} 元", Fen(row.amount))),
        ("方式", way_says(row.way).to_owned()),
        ("下单", say(row.created_at)),
    ];
    // Who gives in secret is nobody here either.
    if gift.is_none_or(|gift| !gift.anonymous) {
        facts.extend(name(row.payer_id).await?.map(|name| ("交费人", name)));
    }
    facts.extend(name(row.recorded_by).await?.map(|name| ("经手人", name)));
    facts.extend(row.paid_at.map(|at| ("到账", say(at))));
    facts.extend(row.day.map(|day| ("记账日", day.to_string())));
    facts.extend(row.merchant.clone().map(|name| ("收款账户", name)));
    if row.recorded_by.is_none() {
        facts.extend(row.out_trade_no.clone().map(|no| ("商户订单号", no)));
    }
    facts.extend(row.transaction_id.clone().map(|no| ("微信支付订单号", no)));
    facts.extend(row.expires_at.map(|at| ("订单有效到", say(at))));
    if row.asked > 0 {
        facts.push(("已查询", format!("{} 次", row.asked)));
    }
    facts.extend(row.note.clone().map(|note| ("说明", note)));
    Ok(facts)
}

async fn parts(desk: &Desk, row: &payment::Model) -> Result<Vec<(String, Fen)>, Fault> {
    let db = desk.app.store.read();
    if let Some(id) = row.donation_id
        && queries::receipt_of(db, row.id).await?.is_some()
    {
        return Ok(vec![(format!("捐款 #{id}"), Fen(row.amount))]);
    }
    let parts = queries::parts_of(db, row.id).await?;
    let line = |(part, bill): (entity::payment_part::Model, Option<entity::bill::Model>)| {
        let what = match bill {
            Some(bill) => format!("账单 {}（{}）", bill.id, month_says(bill.month)),
            None => "预存".to_owned(),
        };
        (what, Fen(part.amount))
    };
    Ok(parts.into_iter().map(line).collect())
}

fn entry_line(booked: Booked) -> (String, String) {
    let moved: Vec<String> = booked
        .transfers
        .iter()
        .map(|one| {
            let (to, from) = (one.debit.says(), one.credit.says());
            format!("{to} ← {from} {} 元", Fen(one.amount))
        })
        .collect();
    let entry = booked.entry;
    (
        format!("{} #{} {}", entry.day, entry.id, entry.memo),
        moved.join("，"),
    )
}

fn notice_line(row: payment_notice::Model) -> NoticeLine {
    NoticeLine {
        at: say(row.created_at),
        kind: row.kind,
        error: row.error,
    }
}

fn refund_line(row: &refund::Model) -> RefundLine {
    RefundLine {
        id: row.id,
        amount: Fen(row.amount),
        why: match row.asked_by {
            Some(_) => row.reason.clone(),
            None => cause_says(row.cause).to_owned(),
        },
        state: refund_says(row.state),
        at: say(row.created_at),
        slip: row.proof_id.is_some(),
    }
}

/// `GET /console/payments/:id/proof`: the slip, as a picture or a PDF.
///
/// # Errors
/// `not_found`.
#[handler]
pub async fn proof(desk: &Desk, Path(id): Path<String>) -> Result<Response, Fault> {
    let id = key_in(&id, no_such)?;
    let db = desk.app.store.read();
    let (row, _) = queries::seen(db, desk.actor(), id).await?;
    let none = || Fault::plain(Code::NotFound);
    let file = attachments::by_id(db, row.proof_id.ok_or_else(none)?).await?;
    show_file(&desk.app, &file.ok_or_else(none)?).await
}

/// `POST /console/payments/:id/refund`: asks; another one decides.
///
/// # Errors
/// `not_found`; the database's.
#[handler]
pub async fn ask_refund(
    desk: &Desk,
    Path(id): Path<String>,
    form: Form,
) -> Result<Response, Fault> {
    let id = key_in(&id, no_such)?;
    queries::seen(desk.app.store.read(), desk.actor(), id).await?;
    match asked(desk, id, &form).await {
        Ok(()) => Ok(go(&format!("/console/payments/{id}?said=refund-asked"))),
        Err(fault) if fault.is_ours() => Err(fault),
        Err(fault) => {
            let typed = Typed::wrong(&form, &fault);
            page(desk, id, status(&fault), typed, "").await
        }
    }
}

async fn asked(desk: &Desk, id: i64, form: &Form) -> Result<(), Fault> {
    let amount = typed_amount(form)?;
    let app = &desk.app;
    let mut tx = app.store.begin(app.clock.now()).await?;
    let reason = form.text("reason");
    refunds::ask(&mut tx, &app.dice, desk.actor(), id, amount, reason).await?;
    tx.commit().await
}

/// The amount of a form, in fen.
pub(super) fn typed_amount(form: &Form) -> Result<i64, Fault> {
    let amount = Fen::parse(form.text("amount"));
    amount
        .map(|amount| amount.0)
        .ok_or_else(|| Fault::invalid("amount", "金额写成 161.10 这样，最多两位小数。"))
}
