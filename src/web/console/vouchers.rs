//! `/console/vouchers` (记账): entering what no other page brings into the books of a compound, what of it waits
//! for a second person, and what came of the rest. The form has a mark, so that sent twice it is one voucher.

use askama::Template;
use entity::money::VoucherKind;
use entity::{place, voucher};
use poem::http::StatusCode;
use poem::web::Query;
use poem::{Response, handler};
use serde::Deserialize;

use super::compound::{Way, ground};
use super::payment::typed_amount;
use super::payments_take::keep_proof;
use crate::access::permit::{Deed, may};
use crate::base::clock::{china, say};
use crate::base::dates::read_day;
use crate::base::fault::Fault;
use crate::base::fen::Fen;
use crate::base::page::Slice;
use crate::person::queries as people;
use crate::voucher::actions::{NewVoucher, What, ask as enter};
use crate::voucher::queries::{self, SEES};
use crate::voucher::{MOST_WORDS, MOVES, Move, state_says, what_says};
use crate::web::console::days::is_elsewhere;
use crate::web::console::files;
use crate::web::console::form::{Form, Typed};
use crate::web::console::frame::{Frame, show};
use crate::web::console::guard::{Desk, status};
use crate::web::console::once;
use crate::web::console::upload::Uploads;
use crate::web::pages::go;
use crate::wechat::http::percent;

/// The fields beside which an error may stand.
const FIELDS: [&str; 5] = ["what", "amount", "day", "words", "proof"];
/// Vouchers that wait, and lines of a page of the others.
const WAITING: u64 = 100;
const LINES: u64 = 30;
/// Forms of one person in a minute.
const PER_MINUTE: u32 = 30;

/// What the page's address says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    compound: String,
    cursor: String,
    said: String,
}

struct Line {
    id: i64,
    what: String,
    amount: String,
    day: String,
    words: String,
    by: String,
    state: &'static str,
}

/// A choice of the form: key, words, whether it is the one.
type Choice = (String, &'static str, bool);

#[derive(Template)]
#[template(path = "web/console/vouchers.html")]
struct Vouchers {
    frame: Frame,
    place: place::Model,
    code: String,
    ways: Vec<Way>,
    waiting: Vec<Line>,
    decided: Vec<Line>,
    next: Option<String>,
    can_enter: bool,
    can_decide: bool,
    sees_books: bool,
    groups: Vec<(&'static str, Vec<Choice>)>,
    today: String,
    most_words: usize,
    typed: Typed,
    problem: Option<String>,
}

/// `GET /console/vouchers`
///
/// # Errors
/// `forbidden`; `not_found` for a compound that is not theirs.
#[handler]
pub async fn list(desk: &Desk, Query(asked): Query<Asked>) -> Result<Response, Fault> {
    let today = china(desk.app.clock.now()).date_naive().to_string();
    let mark = once::mark(desk);
    let typed = Typed::with(&[("mark", &mark), ("day", &today)]);
    page(desk, &asked, StatusCode::OK, typed).await
}

async fn page(
    desk: &Desk,
    asked: &Asked,
    status: StatusCode,
    typed: Typed,
) -> Result<Response, Fault> {
    let (place, ways) = ground(desk, &asked.compound, SEES).await?;
    let db = desk.app.store.read();
    let slice = Slice::parse(Some(&asked.cursor), Some(LINES))?;
    let waiting = queries::waiting(db, place.id, WAITING).await?;
    let decided = queries::decided(db, place.id, slice).await?;
    let may = |deed| may(desk.actor(), deed, &place.path);
    let page = Vouchers {
        frame: Frame::new(desk, format!("{}：记账", place.name)).saying(&asked.said),
        code: percent(&place.code),
        ways,
        waiting: lines(desk, waiting).await?,
        next: decided.next,
        decided: lines(desk, decided.items).await?,
        can_enter: may(Deed::TakeMoney),
        can_decide: may(Deed::KeepMoney),
        sees_books: may(Deed::SeeMoney),
        groups: groups(typed.value("what")),
        today: china(desk.app.clock.now()).date_naive().to_string(),
        most_words: MOST_WORDS,
        problem: typed.general(&FIELDS).map(str::to_owned),
        typed,
        place,
    };
    show(status, &page)
}

/// All that may be entered, in three groups.
fn groups(chosen: &str) -> Vec<(&'static str, Vec<Choice>)> {
    let all = [
        (VoucherKind::Income, "收到的钱"),
        (VoucherKind::Transfer, "自己的账户之间"),
        (VoucherKind::Opening, "期初"),
    ];
    let of = |kind: VoucherKind| -> Vec<Choice> {
        let own = MOVES.iter().filter(|one| one.kind == kind);
        let choices = own.map(|one| (one.key(), one.says, one.key() == chosen));
        choices.collect()
    };
    all.into_iter()
        .map(|(kind, says)| (says, of(kind)))
        .collect()
}

async fn lines(desk: &Desk, rows: Vec<voucher::Model>) -> Result<Vec<Line>, Fault> {
    let mut lines = Vec::new();
    for row in rows {
        lines.push(Line {
            id: row.id,
            what: what_says(&row),
            amount: Fen(row.amount).in_groups(),
            day: row.day.to_string(),
            by: format!(
                "{} {}",
                name(desk, row.asked_by).await?,
                say(row.created_at)
            ),
            state: state_says(row.state),
            words: row.words,
        });
    }
    Ok(lines)
}

/// What somebody who has entered or agreed to something is called.
pub(super) async fn name(desk: &Desk, id: i64) -> Result<String, Fault> {
    let person = people::by_id(desk.app.store.read(), id).await?;
    Ok(person.map(|person| person.name).unwrap_or_default())
}

/// `POST /console/vouchers`: enters one; another person decides.
///
/// # Errors
/// `forbidden`; `not_found` for a compound that is not theirs; the database's.
#[handler]
pub async fn take(desk: &Desk, form: Form, uploads: Uploads) -> Result<Response, Fault> {
    let asked = Asked {
        compound: form.text("compound").to_owned(),
        ..Asked::default()
    };
    let (place, _) = ground(desk, &asked.compound, SEES).await?;
    match store(desk, &place, &form, &uploads).await {
        Ok(id) => Ok(go(&format!("/console/vouchers/{id}?said=voucher-asked"))),
        Err(fault) if is_elsewhere(&fault) => Err(fault),
        Err(fault) => page(desk, &asked, status(&fault), Typed::wrong(&form, &fault)).await,
    }
}

async fn store(
    desk: &Desk,
    place: &place::Model,
    form: &Form,
    uploads: &Uploads,
) -> Result<i64, Fault> {
    let app = &desk.app;
    let by = desk.actor().require_person()?;
    let key = format!("console:voucher:{by}");
    if !app.limiter.take(&key, PER_MINUTE).await {
        return Err(Fault::too_many(30));
    }
    let what =
        Move::parse(form.text("what")).ok_or_else(|| Fault::invalid("what", "请选记的是什么。"))?;
    let mut new = NewVoucher {
        compound_id: place.id,
        what: What::Move(what, typed_amount(form)?),
        day: read_day("day", form.text("day"))?,
        words: form.text("words").to_owned(),
        proof_id: None,
        mark: form.text("mark").to_owned(),
    };
    let kept = keep_proof(desk, uploads).await?;
    let mut tx = app.store.begin(app.clock.now()).await?;
    new.proof_id = files::settle(&tx, kept).await?;
    let row = enter(&mut tx, desk.actor(), new).await?;
    tx.commit().await?;
    Ok(row.id)
}
