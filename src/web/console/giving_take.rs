//! `/console/giving/take`: what somebody gives at the counter, in cash or by transfer, written down by whoever took
//! it, with a receipt. The form has a mark, so that sent twice it is one donation. Who gives in secret is not
//! written down by name.

use askama::Template;
use entity::{donation, place};
use poem::http::StatusCode;
use poem::web::Query;
use poem::{Response, handler};
use serde::Deserialize;

use super::giving_act::address;
use super::payment::typed_amount;
use super::payments_take::{home_of, keep_proof, payer, way};
use crate::access::permit::Deed;
use crate::base::clock::china;
use crate::base::fault::Fault;
use crate::giving::actions::{NewCounter, counter};
use crate::giving::queries::{self, public};
use crate::payment::actions::take::{NewTaken, take as take_in};
use crate::payment::check_amount;
use crate::web::console::compound::ground;
use crate::web::console::days::is_elsewhere;
use crate::web::console::files;
use crate::web::console::form::{Form, Typed};
use crate::web::console::frame::{Frame, show};
use crate::web::console::guard::{Desk, status};
use crate::web::console::once;
use crate::web::console::upload::Uploads;
use crate::web::pages::go;

/// The fields beside which an error may stand.
const FIELDS: [&str; 8] = [
    "drive", "way", "amount", "home", "payer", "donor", "proof", "note",
];
/// Forms of one person in a minute.
const PER_MINUTE: u32 = 30;

/// What the form begins with.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    compound: String,
    drive: String,
}

/// A drive that may be chosen: its key, its title, whether it is the one.
type Choice = (String, String, bool);

#[derive(Template)]
#[template(path = "web/console/giving_take.html")]
struct Take {
    frame: Frame,
    name: String,
    code: String,
    drives: Vec<Choice>,
    typed: Typed,
    problem: Option<String>,
}

async fn page(
    desk: &Desk,
    compound: &str,
    status: StatusCode,
    typed: Typed,
) -> Result<Response, Fault> {
    let (compound, _) = ground(desk, compound, &[Deed::TakeMoney]).await?;
    let today = china(desk.app.clock.now()).date_naive();
    let all = public::drives(desk.app.store.read(), compound.id).await?;
    let drives = all.into_iter().filter(|row| queries::takes(row, today));
    let drives = drives.map(|row| {
        let key = row.id.to_string();
        let here = key == typed.value("drive");
        (key, row.title, here)
    });
    let page = Take {
        frame: Frame::new(desk, "收捐款"),
        drives: drives.collect(),
        name: compound.name,
        code: compound.code,
        problem: typed.general(&FIELDS).map(str::to_owned),
        typed,
    };
    show(status, &page)
}

/// `GET /console/giving/take`
///
/// # Errors
/// `forbidden`; `not_found` for a compound that is not theirs.
#[handler]
pub async fn ask(desk: &Desk, Query(asked): Query<Asked>) -> Result<Response, Fault> {
    let mark = once::mark(desk);
    let typed = Typed::with(&[("mark", &mark), ("way", "cash"), ("drive", &asked.drive)]);
    page(desk, &asked.compound, StatusCode::OK, typed).await
}

/// `POST /console/giving/take`
///
/// # Errors
/// `forbidden`; `not_found` for a compound that is not theirs; the database's.
#[handler]
pub async fn take(desk: &Desk, form: Form, uploads: Uploads) -> Result<Response, Fault> {
    let code = form.text("compound");
    let (compound, _) = ground(desk, code, &[Deed::TakeMoney]).await?;
    match store(desk, &compound, &form, &uploads).await {
        Ok(row) => Ok(go(&address(row.drive_id, &compound, "gift-taken"))),
        Err(fault) if is_elsewhere(&fault) => Err(fault),
        Err(fault) => {
            let typed = Typed::wrong(&form, &fault);
            page(desk, code, status(&fault), typed).await
        }
    }
}

async fn store(
    desk: &Desk,
    compound: &place::Model,
    form: &Form,
    uploads: &Uploads,
) -> Result<donation::Model, Fault> {
    let app = &desk.app;
    let by = desk.actor().require_person()?;
    let key = format!("console:take:{by}");
    if !app.limiter.take(&key, PER_MINUTE).await {
        return Err(Fault::too_many(30));
    }
    let donor_id = match form.text("home").trim() {
        "" => None,
        typed => {
            let home = home_of(desk, typed).await?;
            payer(desk, &home, form.text("payer")).await?
        }
    };
    let gift = NewCounter {
        drive_id: match form.text("drive") {
            "" => None,
            typed => Some(
                typed
                    .parse()
                    .map_err(|_| Fault::invalid("drive", "请选一个活动。"))?,
            ),
        },
        amount: typed_amount(form)?,
        donor_id,
        donor_name: form.text("donor").to_owned(),
        anonymous: form.text("shown") == "secret",
        mark: form.text("mark").to_owned(),
    };
    check_amount(gift.amount)?;
    let mut money = NewTaken {
        home_id: compound.id,
        way: way(form)?,
        amount: gift.amount,
        bills: Vec::new(),
        donation: None,
        payer_id: donor_id,
        proof_id: None,
        note: form.text("note").to_owned(),
        mark: gift.mark.clone(),
    };
    let kept = keep_proof(desk, uploads).await?;
    let mut tx = app.store.begin(app.clock.now()).await?;
    money.proof_id = files::settle(&tx, kept).await?;
    let row = counter(&mut tx, desk.actor(), compound, gift).await?;
    money.donation = Some(row.id);
    take_in(&mut tx, &app.dice, desk.actor(), money).await?;
    tx.commit().await?;
    Ok(row)
}
