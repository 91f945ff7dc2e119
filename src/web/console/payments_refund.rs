//! `/console/payments/refunds/:id`: one refund: who asked for it, who agreed, from where and by whom it was paid out,
//! with the slip; and the word of whoever has paid it out.

use askama::Template;
use entity::money::RefundState;
use poem::http::StatusCode;
use poem::web::{Path, Query};
use poem::{Response, handler};
use serde::Deserialize;

use super::files::{self, show_file, slip_says};
use super::payments_take::keep_proof;
use super::payments_waiting::{about, first_says, name};
use crate::access::permit::{Deed, may, require_somewhere};
use crate::attachment::queries::by_id;
use crate::base::clock::say;
use crate::base::fault::{Code, Fault};
use crate::base::fen::Fen;
use crate::base::key::key_in;
use crate::ledger::Account;
use crate::payment::actions::refund as refunds;
use crate::payment::queries::{Back, seen_refund};
use crate::payment::{cause_says, refund_says, sources, way_says};
use crate::web::console::days::is_elsewhere;
use crate::web::console::form::{Form, Typed};
use crate::web::console::frame::{Frame, show};
use crate::web::console::guard::{Desk, status};
use crate::web::console::upload::Uploads;
use crate::web::pages::go;

/// The fields beside which an error may stand.
const FIELDS: [&str; 2] = ["source", "proof"];
/// Forms with a slip of one person in a minute.
pub(super) const PER_MINUTE: u32 = 30;

/// What has just been done.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    said: String,
}

#[derive(Template)]
#[template(path = "web/console/payments_refund.html")]
struct RefundPage {
    frame: Frame,
    id: i64,
    amount: Fen,
    state: &'static str,
    waits: bool,
    reason: String,
    facts: Vec<(&'static str, String)>,
    payment: Option<i64>,
    /// What the link to the slip says, where there is one.
    proof: Option<&'static str>,
    /// Why whoever looks may not pay it out, of those who may; empty if they may.
    why_not: &'static str,
    /// From where it may be paid: key, words, whether it is the one; empty when it is not to be paid by who looks.
    sources: Vec<(&'static str, &'static str, bool)>,
    typed: Typed,
    problem: Option<String>,
}

fn no_such(_: i64) -> Fault {
    Fault::not_found("没有找到这笔退款。")
}

/// `GET /console/payments/refunds/:id`
///
/// # Errors
/// `not_found` for a refund that no role of theirs covers.
#[handler]
pub async fn open(
    desk: &Desk,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Fault> {
    let id = key_in(&id, no_such)?;
    page(desk, id, StatusCode::OK, Typed::default(), &asked.said).await
}

async fn page(
    desk: &Desk,
    id: i64,
    status: StatusCode,
    typed: Typed,
    said: &str,
) -> Result<Response, Fault> {
    let found = seen_refund(desk.app.store.read(), desk.actor(), id).await?;
    let row = &found.refund;
    let pays =
        row.state == RefundState::Granted && may(desk.actor(), Deed::KeepMoney, &found.home.path);
    let own = refunds::first(row) == desk.actor().person_id();
    let choice = |account: &Account| {
        let says = match account {
            Account::Wechat => "微信支付（在商户平台退的）",
            other => other.says(),
        };
        (
            account.code(),
            says,
            account.code() == typed.value("source"),
        )
    };
    let page = RefundPage {
        frame: Frame::new(desk, format!("退款 #{id}")).saying(said),
        id,
        amount: Fen(row.amount),
        state: refund_says(row.state),
        waits: !matches!(row.state, RefundState::Done | RefundState::Refused),
        reason: match row.asked_by {
            Some(_) => row.reason.clone(),
            None => cause_says(row.cause).to_owned(),
        },
        facts: facts(desk, &found).await?,
        payment: row.payment_id,
        proof: slip_says(desk, row.proof_id).await?,
        why_not: if pays && own { first_says(row) } else { "" },
        sources: match pays && !own {
            true => {
                let way = found.paid.as_ref().map(|paid| paid.way);
                sources(way).iter().map(choice).collect()
            }
            false => Vec::new(),
        },
        problem: typed.general(&FIELDS).map(str::to_owned),
        typed,
    };
    show(status, &page)
}

async fn facts(desk: &Desk, found: &Back) -> Result<Vec<(&'static str, String)>, Fault> {
    let row = &found.refund;
    let asked = format!(
        "{} {}",
        name(desk, row.asked_by).await?,
        say(row.created_at)
    );
    let mut facts = vec![("退什么", about(desk, row).await?), ("谁申请的", asked)];
    if let Some(paid) = &found.paid {
        facts.push(("原来的方式", way_says(paid.way).to_owned()));
    }
    for (label, id) in [
        ("谁确认的", row.decided_by),
        ("谁改由人工退的", row.handed_by),
        ("谁付的", row.paid_by),
    ] {
        if id.is_some() {
            facts.push((label, name(desk, id).await?));
        }
    }
    let from = row.paid_from.as_deref().and_then(Account::parse);
    facts.extend(from.map(|from| ("从哪里付的", from.says().to_owned())));
    facts.extend(row.done_at.map(|at| ("结束", say(at))));
    Ok(facts)
}

/// `POST /console/payments/refunds/:id/paid`: it was paid out.
///
/// # Errors
/// `not_found` for a refund that no role of theirs covers; the database's.
#[handler]
pub async fn take(
    desk: &Desk,
    Path(id): Path<String>,
    form: Form,
    uploads: Uploads,
) -> Result<Response, Fault> {
    let id = key_in(&id, no_such)?;
    match store(desk, id, &form, &uploads).await {
        Ok(()) => Ok(go(&format!(
            "/console/payments/refunds/{id}?said=refund-paid"
        ))),
        Err(fault) if is_elsewhere(&fault) => Err(fault),
        Err(fault) => page(desk, id, status(&fault), Typed::wrong(&form, &fault), "").await,
    }
}

async fn store(desk: &Desk, id: i64, form: &Form, uploads: &Uploads) -> Result<(), Fault> {
    let app = &desk.app;
    seen_refund(app.store.read(), desk.actor(), id).await?;
    require_somewhere(desk.actor(), Deed::KeepMoney)?;
    let by = desk.actor().require_person()?;
    let key = format!("console:refund:{by}");
    if !app.limiter.take(&key, PER_MINUTE).await {
        return Err(Fault::too_many(30));
    }
    let kept = keep_proof(desk, uploads).await?;
    let mut tx = app.store.begin(app.clock.now()).await?;
    let slip = files::settle(&tx, kept).await?;
    let paid = (form.text("source"), slip);
    refunds::pay_out(&mut tx, desk.actor(), id, paid).await?;
    tx.commit().await
}

/// `GET /console/payments/refunds/:id/proof`: the slip.
///
/// # Errors
/// `not_found`.
#[handler]
pub async fn proof(desk: &Desk, Path(id): Path<String>) -> Result<Response, Fault> {
    let id = key_in(&id, no_such)?;
    let found = seen_refund(desk.app.store.read(), desk.actor(), id).await?;
    picture(desk, found.refund.proof_id, &refunds::subject(id)).await
}

/// The picture or document that proves something, if it is that thing's.
///
/// # Errors
/// `not_found`; `outside` when the storage does not answer.
pub(super) async fn picture(
    desk: &Desk,
    proof_id: Option<i64>,
    subject: &str,
) -> Result<Response, Fault> {
    let none = || Fault::plain(Code::NotFound);
    let file = by_id(desk.app.store.read(), proof_id.ok_or_else(none)?).await?;
    let file = file.filter(|file| file.subject.as_deref() == Some(subject));
    show_file(&desk.app, &file.ok_or_else(none)?).await
}
