//! `/console/payments/take`: cash and bank transfers written down by whoever took them, a transfer with
//! a picture of its slip, or the PDF of the bank. The form has a mark, so that sent twice it is one payment.

use askama::Template;
use entity::money::PayWay;
use entity::{person, place};
use poem::http::StatusCode;
use poem::web::Query;
use poem::{Response, handler};
use serde::Deserialize;

use super::files::{self, Kept, keep_paper};
use super::payment::typed_amount;
use crate::access::permit::{Deed, may, require_somewhere};
use crate::base::fault::Fault;
use crate::base::text::half_width;
use crate::payment::actions::take::{NewTaken, check_amount, take as take_in};
use crate::person::queries as people;
use crate::web::console::asked::typed_place;
use crate::web::console::form::{Form, Typed};
use crate::web::console::frame::{Frame, show};
use crate::web::console::guard::{Desk, status};
use crate::web::console::once;
use crate::web::console::upload::Uploads;
use crate::web::pages::go;

/// The fields beside which an error may stand.
const FIELDS: [&str; 7] = ["home", "way", "amount", "bills", "payer", "proof", "note"];
/// Forms of one person in a minute.
const PER_MINUTE: u32 = 30;
/// Digits of a phone that tell two people of one name apart.
const TAIL: usize = 4;

/// What the form begins with.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    home: String,
    bill: String,
}

#[derive(Template)]
#[template(path = "web/console/payments_take.html")]
struct Take {
    frame: Frame,
    typed: Typed,
    problem: Option<String>,
}

fn page(desk: &Desk, status: StatusCode, typed: Typed) -> Result<Response, Fault> {
    let page = Take {
        frame: Frame::new(desk, "收现金或转账"),
        problem: typed.general(&FIELDS).map(str::to_owned),
        typed,
    };
    show(status, &page)
}

/// `GET /console/payments/take`
///
/// # Errors
/// `forbidden`.
#[handler]
pub fn ask(desk: &Desk, Query(asked): Query<Asked>) -> Result<Response, Fault> {
    require_somewhere(desk.actor(), Deed::TakeMoney)?;
    let mark = once::mark(desk);
    let typed = Typed::with(&[
        ("mark", &mark),
        ("way", "cash"),
        ("home", &asked.home),
        ("bills", &asked.bill),
    ]);
    page(desk, StatusCode::OK, typed)
}

/// `POST /console/payments/take`
///
/// # Errors
/// `forbidden`; the database's.
#[handler]
pub async fn take(desk: &Desk, form: Form, uploads: Uploads) -> Result<Response, Fault> {
    require_somewhere(desk.actor(), Deed::TakeMoney)?;
    match store(desk, &form, &uploads).await {
        Ok(id) => Ok(go(&format!("/console/payments/{id}?said=taken"))),
        Err(fault) if fault.is_ours() => Err(fault),
        Err(fault) => page(desk, status(&fault), Typed::wrong(&form, &fault)),
    }
}

async fn store(desk: &Desk, form: &Form, uploads: &Uploads) -> Result<i64, Fault> {
    let app = &desk.app;
    let by = desk.actor().require_person()?;
    if !app
        .limiter
        .take(&format!("console:take:{by}"), PER_MINUTE)
        .await
    {
        return Err(Fault::too_many(30));
    }
    let home = home_of(desk, form.text("home")).await?;
    let mut new = NewTaken {
        home_id: home.id,
        way: way(form)?,
        amount: typed_amount(form)?,
        bills: bills(form.text("bills"))?,
        donation: None,
        payer_id: payer(desk, &home, form.text("payer")).await?,
        proof_id: None,
        note: form.text("note").to_owned(),
        mark: form.text("mark").to_owned(),
    };
    check_amount(new.amount)?;
    let kept = keep_proof(desk, uploads).await?;
    let mut tx = app.store.begin(app.clock.now()).await?;
    new.proof_id = files::settle(&tx, kept).await?;
    let row = take_in(&mut tx, &app.dice, desk.actor(), new).await?;
    tx.commit().await?;
    Ok(row.id)
}

/// How the money was given.
pub(super) fn way(form: &Form) -> Result<PayWay, Fault> {
    match form.text("way") {
        "cash" => Ok(PayWay::Cash),
        "transfer" => Ok(PayWay::Transfer),
        _ => Err(Fault::invalid("way", "请选现金或银行转账。")),
    }
}

/// The slip that came with a form, as a picture or a PDF, kept before the transaction begins, which makes it stay.
pub(super) async fn keep_proof(desk: &Desk, uploads: &Uploads) -> Result<Option<Kept>, Fault> {
    match uploads.of("proof").next() {
        Some(file) => keep_paper(desk, "proof", &file.bytes).await.map(Some),
        None => Ok(None),
    }
}

pub(super) async fn home_of(desk: &Desk, typed: &str) -> Result<place::Model, Fault> {
    let db = desk.app.store.read();
    let found = typed_place(db, desk.actor(), typed).await?;
    let theirs = |place: &place::Model| {
        place.kind == entity::kinds::PlaceKind::Home
            && may(desk.actor(), Deed::TakeMoney, &place.path)
    };
    found
        .filter(theirs)
        .ok_or_else(|| Fault::invalid("home", "没有找到这个房号，请核对，例如 3-2-501。"))
}

/// `12 13`, `12，13`: bills by their numbers; nothing: the oldest first.
fn bills(typed: &str) -> Result<Vec<i64>, Fault> {
    let parts = typed.split(|c: char| !c.is_ascii_digit() && c != '#');
    let ids: Option<Vec<i64>> = parts
        .map(|part| part.trim_start_matches('#'))
        .filter(|part| !part.is_empty())
        .map(|part| part.parse().ok())
        .collect();
    let mut ids = ids.ok_or_else(|| Fault::invalid("bills", "账单编号写成 12 13 这样。"))?;
    let mut seen = Vec::new();
    ids.retain(|id| {
        let new = !seen.contains(id);
        seen.push(*id);
        new
    });
    Ok(ids)
}

/// Somebody who lives in the home, by name: whoever is told that the money is there. Of two with one name the
/// end of the phone says which, as the person at the counter does.
pub(super) async fn payer(
    desk: &Desk,
    home: &place::Model,
    typed: &str,
) -> Result<Option<i64>, Fault> {
    let (name, tail) = name_and_tail(typed);
    if name.is_empty() && tail.is_none() {
        return Ok(None);
    }
    let mut here = people::residents(desk.app.store.read(), home.id).await?;
    here.retain(|person| person.name == name);
    if let Some(tail) = &tail {
        let phone = |one: &person::Model| people::phone_of(&desk.app.seal, one);
        here.retain(|one| phone(one).is_some_and(|phone| phone.digits().ends_with(tail)));
    }
    match (here.as_slice(), tail) {
        ([one], _) => Ok(Some(one.id)),
        ([], None) => Err(Fault::invalid(
            "payer",
            "这一户没有登记这个人。不知道就不写。",
        )),
        ([], Some(_)) => Err(Fault::invalid(
            "payer",
            "这一户没有这个名字和手机尾号的人，请核对。不知道就不写。",
        )),
        (several, None) => Err(Fault::invalid(
            "payer",
            format!(
                "这一户有{}位{name}。请问一下是哪一位，在名字后面写手机号的后四位，例如 {name} 0101。",
                several.len()
            ),
        )),
        (_, Some(_)) => Err(Fault::invalid(
            "payer",
            "这一户有同名、手机尾号也一样的人，分不清是谁，请不写交费人。",
        )),
    }
}

/// `张秀英 0101`: a name, and the last four digits of a phone behind it.
fn name_and_tail(typed: &str) -> (String, Option<String>) {
    let plain: String = typed.trim().chars().map(half_width).collect();
    let at = plain.len().saturating_sub(TAIL);
    let split = plain.is_char_boundary(at).then(|| plain.split_at(at));
    match split {
        Some((name, tail)) if tail.len() == TAIL && tail.bytes().all(|b| b.is_ascii_digit()) => {
            (name.trim().to_owned(), Some(tail.to_owned()))
        }
        _ => (plain, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_the_end_of_a_phone() {
        let said = |typed: &str| name_and_tail(typed);
        let is = |name: &str, tail: Option<&str>| (name.to_owned(), tail.map(str::to_owned));
        assert_eq!(said(" 张秀英 "), is("张秀英", None));
        assert_eq!(said("张秀英 0101"), is("张秀英", Some("0101")));
        assert_eq!(said("张秀英０１０１"), is("张秀英", Some("0101")));
        assert_eq!(said("李"), is("李", None));
        assert_eq!(said("0101"), is("", Some("0101")));
        assert_eq!(said(""), is("", None));
    }

    #[test]
    fn bills_as_people_write_them() {
        assert_eq!(bills("12 13，#14").unwrap(), [12, 13, 14]);
        assert_eq!(bills("12,12").unwrap(), [12]);
        assert_eq!(bills("").unwrap(), [0_i64; 0]);
        assert!(bills("99999999999999999999").is_err());
    }
}
