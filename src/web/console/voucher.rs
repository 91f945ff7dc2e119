//! `/console/vouchers/:id`: one voucher with its slip, the second person's word on it, and the entry that it became.

use askama::Template;
use entity::money::VoucherState;
use entity::{place, voucher};
use poem::http::StatusCode;
use poem::web::{Path, Query};
use poem::{Response, handler};
use serde::Deserialize;

use super::files::{show_file, slip_says};
use super::vouchers::name;
use crate::access::permit::{Deed, may};
use crate::attachment::queries as attachments;
use crate::base::clock::say;
use crate::base::fault::{Code, Fault};
use crate::base::fen::Fen;
use crate::base::key::key_in;
use crate::ledger::Account;
use crate::voucher::actions::decide;
use crate::voucher::queries::{entry_of, no_such, seen};
use crate::voucher::{state_says, subject, what_says};
use crate::web::console::days::is_elsewhere;
use crate::web::console::form::{Form, Typed};
use crate::web::console::frame::{Frame, show};
use crate::web::console::guard::{Desk, status};
use crate::web::pages::go;
use crate::wechat::http::percent;

/// What has just been done.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    said: String,
}

#[derive(Template)]
#[template(path = "web/console/voucher.html")]
struct VoucherPage {
    frame: Frame,
    id: i64,
    what: String,
    state: &'static str,
    waits: bool,
    facts: Vec<(&'static str, String)>,
    words: String,
    /// What the link to the slip says, where there is one.
    proof: Option<&'static str>,
    /// The entry that it takes back, for whoever sees the books.
    takes_back: Option<i64>,
    /// The entry that it became, for whoever sees the books.
    entry: Option<i64>,
    own: bool,
    can_decide: bool,
    code: String,
    problem: Option<String>,
}

fn number(id: &str) -> Result<i64, Fault> {
    key_in(id, no_such)
}

/// `GET /console/vouchers/:id`
///
/// # Errors
/// `not_found` for a voucher that no role of theirs covers.
#[handler]
pub async fn open(
    desk: &Desk,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Fault> {
    let found = seen(desk.app.store.read(), desk.actor(), number(&id)?).await?;
    page(desk, found, StatusCode::OK, Typed::default(), &asked.said).await
}

async fn page(
    desk: &Desk,
    (row, place): (voucher::Model, place::Model),
    status: StatusCode,
    typed: Typed,
    said: &str,
) -> Result<Response, Fault> {
    let db = desk.app.store.read();
    let (waits, sees) = (
        row.state == VoucherState::Asked,
        may(desk.actor(), Deed::SeeMoney, &place.path),
    );
    let entry = entry_of(db, &row).await?.filter(|_| sees);
    let page = VoucherPage {
        frame: Frame::new(desk, format!("记账 #{}", row.id)).saying(said),
        id: row.id,
        what: what_says(&row),
        state: state_says(row.state),
        waits,
        facts: facts(desk, &row, &place).await?,
        proof: slip_says(desk, row.proof_id).await?,
        takes_back: row.entry_id.filter(|_| sees),
        entry: entry.map(|entry| entry.id),
        own: desk.actor().person_id() == Some(row.asked_by),
        can_decide: waits && may(desk.actor(), Deed::KeepMoney, &place.path),
        code: percent(&place.code),
        problem: typed.general(&[]).map(str::to_owned),
        words: row.words,
    };
    show(status, &page)
}

async fn facts(
    desk: &Desk,
    row: &voucher::Model,
    place: &place::Model,
) -> Result<Vec<(&'static str, String)>, Fault> {
    let account = |code: &Option<String>| code.as_deref().and_then(Account::parse);
    let mut facts = vec![
        ("小区", place.name.clone()),
        ("金额", format!("{} 元", Fen(row.amount).in_groups())),
        ("日期", row.day.to_string()),
    ];
    facts.extend(account(&row.debit).map(|one| ("借方", one.says().to_owned())));
    facts.extend(account(&row.credit).map(|one| ("贷方", one.says().to_owned())));
    let asked = format!(
        "{} {}",
        name(desk, row.asked_by).await?,
        say(row.created_at)
    );
    facts.push(("谁记的", asked));
    if let (Some(by), Some(at)) = (row.decided_by, row.decided_at) {
        facts.push(("谁确认的", format!("{} {}", name(desk, by).await?, say(at))));
    }
    Ok(facts)
}

/// `POST /console/vouchers/:id/:act`: grant or refuse.
///
/// # Errors
/// `not_found` for a voucher that no role of theirs covers; the database's.
#[handler]
pub async fn take(
    desk: &Desk,
    Path((id, act)): Path<(String, String)>,
    form: Form,
) -> Result<Response, Fault> {
    let id = number(&id)?;
    let (granted, said) = match act.as_str() {
        "grant" => (true, "voucher-granted"),
        "refuse" => (false, "voucher-refused"),
        _ => return Err(Fault::plain(Code::NotFound)),
    };
    let app = &desk.app;
    let done = async {
        let mut tx = app.store.begin(app.clock.now()).await?;
        decide(&mut tx, desk.actor(), id, granted).await?;
        tx.commit().await
    };
    match done.await {
        Ok(()) => Ok(go(&format!("/console/vouchers/{id}?said={said}"))),
        Err(fault) if is_elsewhere(&fault) => Err(fault),
        Err(fault) => {
            let found = seen(app.store.read(), desk.actor(), id).await?;
            let typed = Typed::wrong(&form, &fault);
            page(desk, found, status(&fault), typed, "").await
        }
    }
}

/// `GET /console/vouchers/:id/proof`: the slip, as a picture or a PDF.
///
/// # Errors
/// `not_found`.
#[handler]
pub async fn proof(desk: &Desk, Path(id): Path<String>) -> Result<Response, Fault> {
    let db = desk.app.store.read();
    let (row, _) = seen(db, desk.actor(), number(&id)?).await?;
    let none = || Fault::plain(Code::NotFound);
    let file = attachments::by_id(db, row.proof_id.ok_or_else(none)?).await?;
    let file = file.filter(|file| file.subject.as_deref() == Some(subject(row.id).as_str()));
    show_file(&desk.app, &file.ok_or_else(none)?).await
}
