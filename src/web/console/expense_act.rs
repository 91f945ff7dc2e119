//! `POST /console/expenses/:id/:act`: what the forms of an expense do. The page is `expense.rs`.

use poem::web::Path;
use poem::{Response, handler};

use super::expense::page;
use super::expenses::said_in;
use super::files::{self, keep_paper};
use crate::access::Actor;
use crate::base::fault::{Code, Fault};
use crate::base::fen::Fen;
use crate::base::key::key_in;
use crate::expense::actions::{draft, pay, review};
use crate::expense::no_such;
use crate::expense::queries;
use crate::store::Tx;
use crate::web::console::form::{Form, Typed};
use crate::web::console::guard::{Desk, status};
use crate::web::console::upload::Uploads;
use crate::web::pages::go;

/// The forms, with what is said once each is done.
const ACTS: &[(&str, &str)] = &[
    ("change", "expense-changed"),
    ("quote", "expense-quoted"),
    ("unquote", "expense-unquoted"),
    ("submit", "expense-submitted"),
    ("withdraw", "expense-withdrawn"),
    ("revise", "expense-revised"),
    ("approve", "expense-approved"),
    ("refuse", "expense-refused"),
    ("tender", "expense-tendered"),
    ("file", "expense-filed"),
    ("pay", "expense-paid"),
];
/// Forms with files of one person in a minute.
const PER_MINUTE: u32 = 30;

/// `POST /console/expenses/:id/:act`
///
/// # Errors
/// `not_found` for an expense that no role of theirs covers, and for a form that there is none of.
#[handler]
pub async fn take(
    desk: &Desk,
    Path((id, key)): Path<(String, String)>,
    form: Form,
    uploads: Uploads,
) -> Result<Response, Fault> {
    let id = key_in(&id, no_such)?;
    let known = ACTS.iter().find(|(known, _)| *known == key);
    let (key, said) = known.ok_or_else(|| Fault::plain(Code::NotFound))?;
    // What is not theirs is not there; what is missing after that stands beside a field.
    queries::visible(desk.app.store.read(), desk.actor(), id).await?;
    match perform(desk, id, key, &form, &uploads).await {
        Ok(()) => Ok(go(&format!("/console/expenses/{id}?said={said}"))),
        Err(fault) if fault.is_ours() => Err(fault),
        Err(fault) => {
            let typed = Typed::wrong(&form, &fault);
            page(desk, id, status(&fault), (key, typed), "").await
        }
    }
}

async fn perform(
    desk: &Desk,
    id: i64,
    key: &str,
    form: &Form,
    uploads: &Uploads,
) -> Result<(), Fault> {
    let app = &desk.app;
    let seen = form
        .text("seen")
        .parse()
        .map_err(|_| Fault::new(Code::Conflict, "页面不完整，没有提交。请刷新后再试。"))?;
    let (actor, mut kept) = (desk.actor(), None);
    // The file lies there before the transaction begins.
    let field = match key {
        "quote" => Some("file"),
        "pay" => Some("proof"),
        _ => None,
    };
    if let Some(field) = field
        && let Some(file) = uploads.of(field).next()
    {
        let by = actor.require_person()?;
        let key = format!("console:expense:{by}");
        if !app.limiter.take(&key, PER_MINUTE).await {
            return Err(Fault::too_many(30));
        }
        kept = Some(keep_paper(desk, field, &file.bytes).await?);
    }
    let mut tx = app.store.begin(app.clock.now()).await?;
    let file = files::settle(&tx, kept).await?;
    run(&mut tx, actor, (id, Some(seen)), key, form, file).await?;
    tx.commit().await
}

async fn run(
    tx: &mut Tx,
    actor: &Actor,
    (id, seen): (i64, Option<i32>),
    key: &str,
    form: &Form,
    file: Option<i64>,
) -> Result<(), Fault> {
    let words = form.text("words");
    match key {
        "change" => draft::change(tx, actor, id, seen, &said_in(form)?).await,
        "quote" => {
            let new = draft::NewQuote {
                supplier: form.text("supplier").to_owned(),
                amount: yuan(form, "quote")?,
                note: form.text("note").to_owned(),
                attachment_id: file,
            };
            draft::add_quote(tx, actor, id, seen, new).await
        }
        "unquote" => {
            let quote = form.text("of").parse().unwrap_or_default();
            draft::remove_quote(tx, actor, id, seen, quote).await
        }
        "submit" => draft::submit(tx, actor, id, seen).await,
        "withdraw" => draft::withdraw(tx, actor, id, seen, form.text("reason")).await,
        "revise" => draft::revise(tx, actor, id, seen).await,
        "approve" => review::approve(tx, actor, id, seen, words).await.map(drop),
        "refuse" => {
            let reason = form.text("reason");
            review::refuse(tx, actor, id, seen, reason).await.map(drop)
        }
        "tender" => {
            let amount = yuan(form, "tender")?;
            let result = (form.text("reference"), form.text("winner"), amount);
            review::tender(tx, actor, id, seen, result).await.map(drop)
        }
        "file" => review::file(tx, actor, id, seen, words).await.map(drop),
        _ => {
            let from = (form.text("source"), file);
            pay::pay(tx, actor, id, seen, from).await.map(drop)
        }
    }
}

/// An amount of a form, in fen.
fn yuan(form: &Form, field: &'static str) -> Result<i64, Fault> {
    let amount = Fen::parse(form.text(field));
    amount
        .map(|amount| amount.0)
        .ok_or_else(|| Fault::invalid(field, "金额写成 3200.00 这样，最多两位小数。"))
}
