//! `/console/expenses`: the expenses of what somebody answers for, the newest first, by state; and proposing a
//! new one.

use askama::Template;
use entity::money::ExpenseState;
use poem::http::StatusCode;
use poem::web::Query;
use poem::{Response, handler};
use sea_orm::{ActiveEnum, Iterable};
use serde::Deserialize;

use super::payment::typed_amount;
use crate::access::permit::{Deed, may};
use crate::base::clock::say;
use crate::base::fault::Fault;
use crate::base::fen::Fen;
use crate::base::page::Slice;
use crate::expense::actions::draft::{Said, propose};
use crate::expense::queries::{self, Found};
use crate::expense::step::waits;
use crate::expense::{ACCOUNTS, state_says};
use crate::web::console::books::Books;
use crate::web::console::days::is_elsewhere;
use crate::web::console::form::{Form, Typed};
use crate::web::console::frame::{Frame, show};
use crate::web::console::guard::{Desk, status};
use crate::web::console::once::{mark, once};
use crate::web::pages::go;

/// Lines of a page.
const LINES: u64 = 30;
/// The fields beside which an error may stand.
const FIELDS: [&str; 6] = ["title", "purpose", "account", "payee", "amount", "choice"];

/// What the page's address says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    compound: String,
    state: String,
    cursor: String,
    said: String,
}

struct Line {
    id: i64,
    title: String,
    amount: String,
    payee: String,
    state: &'static str,
    waits: bool,
    mine: bool,
    at: String,
}

/// A choice: value, words, whether it is the one.
pub(super) type Choice = (String, &'static str, bool);

#[derive(Template)]
#[template(path = "web/console/expenses.html")]
struct Expenses {
    frame: Frame,
    books: Books,
    states: Vec<Choice>,
    state: String,
    lines: Vec<Line>,
    next: Option<String>,
    can_propose: bool,
}

#[derive(Template)]
#[template(path = "web/console/expense_new.html")]
struct NewExpense {
    frame: Frame,
    books: Books,
    accounts: Vec<Choice>,
    mark: String,
    typed: Typed,
    problem: Option<String>,
}

/// `GET /console/expenses`
///
/// # Errors
/// `forbidden`; `not_found` for a compound that is not theirs; `invalid` for a cursor that is none.
#[handler]
pub async fn list(desk: &Desk, Query(asked): Query<Asked>) -> Result<Response, Fault> {
    let db = desk.app.store.read();
    let books = Books::find(desk, &asked.compound).await?;
    let state = ExpenseState::try_from_value(&asked.state).ok();
    let slice = Slice::parse(Some(&asked.cursor), Some(LINES))?;
    let page = queries::page(db, desk.actor(), Some(books.place.id), state, slice).await?;
    let looked = queries::looked_at(db, desk.actor(), page.items).await?;
    let page = Expenses {
        frame: Frame::new(desk, "支出审批").saying(&asked.said),
        states: ExpenseState::iter()
            .map(|one| (one.to_value(), state_says(one), Some(one) == state))
            .collect(),
        state: state.map(|one| one.to_value()).unwrap_or_default(),
        lines: looked.into_iter().map(line).collect(),
        next: page.next,
        can_propose: may(desk.actor(), Deed::ProposeExpenses, &books.place.path),
        books,
    };
    show(StatusCode::OK, &page)
}

fn line((found, mine): (Found, bool)) -> Line {
    let row = found.expense;
    Line {
        id: row.id,
        amount: Fen(row.amount).in_groups(),
        state: state_says(row.state),
        waits: waits(row.state),
        mine,
        at: say(row.moved_at),
        title: row.title,
        payee: row.payee,
    }
}

/// The accounts that may be chosen.
pub(super) fn accounts(chosen: &str) -> Vec<Choice> {
    let one = |account: &crate::ledger::Account| {
        let code = account.code();
        (code.to_owned(), account.says(), code == chosen)
    };
    ACCOUNTS.iter().map(one).collect()
}

/// What the form of an expense says.
pub(super) fn said_in(form: &Form) -> Result<Said, Fault> {
    Ok(Said {
        title: form.text("title").to_owned(),
        purpose: form.text("purpose").to_owned(),
        account: form.text("account").to_owned(),
        payee: form.text("payee").to_owned(),
        amount: typed_amount(form)?,
        choice: form.text("choice").to_owned(),
    })
}

/// `GET /console/expenses/new`
///
/// # Errors
/// `forbidden`; `not_found` for a compound that is not theirs.
#[handler]
pub async fn ask(desk: &Desk, Query(asked): Query<Asked>) -> Result<Response, Fault> {
    form_page(desk, &asked.compound, StatusCode::OK, Typed::default()).await
}

async fn form_page(
    desk: &Desk,
    compound: &str,
    status: StatusCode,
    typed: Typed,
) -> Result<Response, Fault> {
    let books = Books::find(desk, compound).await?;
    if !may(desk.actor(), Deed::ProposeExpenses, &books.place.path) {
        return Err(Fault::forbidden("您可以看支出，但没有权限提出支出。"));
    }
    let page = NewExpense {
        frame: Frame::new(desk, "提出支出"),
        books,
        accounts: accounts(typed.value("account")),
        problem: typed.general(&FIELDS).map(str::to_owned),
        mark: mark(desk),
        typed,
    };
    show(status, &page)
}

/// `POST /console/expenses/new`
///
/// # Errors
/// As the action's, where they are not shown beside the form.
#[handler]
pub async fn take(desk: &Desk, form: Form) -> Result<Response, Fault> {
    let books = Books::find(desk, form.text("compound")).await?;
    let done = async {
        let said = said_in(&form)?;
        once(desk, &form, "expenses/new", async |tx| {
            let row = propose(tx, desk.actor(), books.place.id, &said).await?;
            Ok(row.id)
        })
        .await
    };
    match done.await {
        Ok(id) => Ok(go(&format!("/console/expenses/{id}?said=expense-proposed"))),
        Err(fault) if is_elsewhere(&fault) => Err(fault),
        Err(fault) => {
            let typed = Typed::wrong(&form, &fault);
            form_page(desk, form.text("compound"), status(&fault), typed).await
        }
    }
}
