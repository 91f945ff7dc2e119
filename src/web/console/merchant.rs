//! `/console/merchant`: which of the receiving accounts of the configuration takes a compound's money inside
//! WeChat. Whoever sees the money may look; whoever keeps the fees may choose.

use askama::Template;
use poem::http::StatusCode;
use poem::web::Query;
use poem::{Response, handler};
use serde::Deserialize;

use crate::base::fault::Fault;
use crate::fee::actions::merchant::{Choice, set};
use crate::fee::queries::{accounts_of_others, policy};
use crate::payment::queries::platform::open_orders;
use crate::web::console::books::Books;
use crate::web::console::days::is_elsewhere;
use crate::web::console::form::{Form, Typed};
use crate::web::console::frame::{Frame, show};
use crate::web::console::guard::{Desk, status};
use crate::web::pages::go;

/// The fields beside which an error may stand.
const FIELDS: [&str; 2] = ["merchant", "sure"];
/// What the form says for no account.
const NOBODY: &str = "-";

/// What the page's address says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    compound: String,
    said: String,
}

/// An account that may be chosen: its name, its number at the platform, whether it is the one.
type Account = (String, String, bool);

#[derive(Template)]
#[template(path = "web/console/merchant.html")]
struct Page {
    frame: Frame,
    books: Books,
    now: Option<String>,
    /// The compound's account is not in the configuration any longer.
    gone: bool,
    accounts: Vec<Account>,
    /// Configured, and other compounds'.
    others: usize,
    nobody: bool,
    version: i32,
    open: u64,
    typed: Typed,
    problem: Option<String>,
}

/// `GET /console/merchant`
///
/// # Errors
/// `forbidden` for who may see no money; `not_found` for a compound whose money is not theirs to see.
#[handler]
pub async fn open(desk: &Desk, Query(asked): Query<Asked>) -> Result<Response, Fault> {
    let typed = Typed::default();
    page(desk, &asked.compound, &asked.said, typed, StatusCode::OK).await
}

async fn page(
    desk: &Desk,
    compound: &str,
    said: &str,
    typed: Typed,
    status: StatusCode,
) -> Result<Response, Fault> {
    let books = Books::find(desk, compound).await?;
    let db = desk.app.store.read();
    let known: Vec<&str> = desk.app.pay.keys().map(String::as_str).collect();
    let policy = policy(db, books.place.id).await?;
    let version = policy.as_ref().map_or(0, |policy| policy.version);
    let now = policy.and_then(|policy| policy.merchant);
    let others = accounts_of_others(db, books.place.id, &known).await?;
    let chosen = match typed.value("merchant") {
        "" => now.clone().unwrap_or_else(|| NOBODY.to_owned()),
        typed => typed.to_owned(),
    };
    let free = desk
        .app
        .pay
        .iter()
        .filter(|(name, _)| !others.contains(name));
    let page = Page {
        frame: Frame::new(desk, format!("{}：收款账户", books.place.name)).saying(said),
        gone: now.as_deref().is_some_and(|now| !known.contains(&now)),
        accounts: free
            .map(|(name, client)| {
                let number = client.merchant().mch_id().to_owned();
                (name.clone(), number, *name == chosen)
            })
            .collect(),
        others: others.len(),
        nobody: chosen == NOBODY,
        now,
        version,
        open: open_orders(db, books.place.id).await?,
        problem: typed.general(&FIELDS).map(str::to_owned),
        typed,
        books,
    };
    show(status, &page)
}

/// `POST /console/merchant`
///
/// # Errors
/// As [`open`].
#[handler]
pub async fn choose(desk: &Desk, form: Form) -> Result<Response, Fault> {
    let books = Books::find(desk, form.text("compound")).await?;
    match chosen(desk, &books, &form).await {
        Ok(()) => Ok(go(&format!(
            "/console/merchant?compound={}&said=merchant-set",
            books.code
        ))),
        Err(fault) if fault.is_ours() || is_elsewhere(&fault) => Err(fault),
        Err(fault) => {
            let typed = Typed::wrong(&form, &fault);
            page(desk, &books.place.code, "", typed, status(&fault)).await
        }
    }
}

async fn chosen(desk: &Desk, books: &Books, form: &Form) -> Result<(), Fault> {
    let app = &desk.app;
    let merchant = match form.text("merchant") {
        "" => return Err(Fault::invalid("merchant", "请选一个收款账户，或选不收。")),
        NOBODY => None,
        name => Some(name),
    };
    let seen = form.text("version").parse().ok();
    let seen = seen.ok_or_else(|| Fault::wrong_step("页面开得太久了，请刷新后再选。"))?;
    let known: Vec<&str> = app.pay.keys().map(String::as_str).collect();
    let mut tx = app.store.begin(app.clock.now()).await?;
    let choice = Choice {
        merchant,
        known: &known,
        seen: Some(seen),
    };
    set(&mut tx, desk.actor(), books.place.id, choice).await?;
    let orders = open_orders(tx.db(), books.place.id).await?;
    if orders > 0 && form.text("sure") != "yes" {
        let says =
            format!("还有{orders}笔没付完的订单，会付到原来的账户。确定要改，请勾选后再保存。");
        return Err(Fault::invalid("sure", says));
    }
    tx.commit().await
}
