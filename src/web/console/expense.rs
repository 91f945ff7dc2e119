//! `/console/expenses/:id`: one expense: what it says, its quotes, its way through reviews, publications and
//! filing, and what whoever looks may do, as forms. A form tells which version its page showed; if the expense
//! has changed since, nothing is done and what was typed stays. What the forms do is `expense_act.rs`.

use askama::Template;
use entity::money::ExpenseState;
use entity::{attachment, expense};
use poem::http::StatusCode;
use poem::web::Path;
use poem::{Response, handler};

use super::expenses::{Choice, accounts};
use super::files::{self, link_says};
use crate::access::permit::{Deed, may};
use crate::attachment::queries as attachments;
use crate::base::clock::say;
use crate::base::fault::{Code, Fault};
use crate::base::fen::Fen;
use crate::base::key::key_in;
use crate::expense::chain::Review;
use crate::expense::queries::{self, Found};
use crate::expense::{SOURCES, account_says, act_says, no_such, state_says, subject};
use crate::ledger::queries::of_subject;
use crate::person::queries as people;
use crate::web::console::form::Typed;
use crate::web::console::frame::{Frame, show};
use crate::web::console::guard::Desk;

/// The fields beside which an error may stand.
const FIELDS: [&str; 17] = [
    "title",
    "purpose",
    "account",
    "payee",
    "amount",
    "choice",
    "supplier",
    "quote",
    "note",
    "file",
    "words",
    "reason",
    "reference",
    "winner",
    "tender",
    "source",
    "proof",
];

/// What the link to a quote says, to a picture and to a document.
const QUOTE: (&str, &str) = ("看报价单", "打开报价单（PDF）");
/// The same to the slip.
const SLIP: (&str, &str) = ("看付款凭证", "打开回单（PDF）");

struct QuoteLine {
    id: i64,
    supplier: String,
    amount: String,
    note: String,
    /// Its key, and what the link to it says.
    file: Option<(i64, &'static str)>,
}

struct StepLine {
    says: String,
    at: String,
    who: String,
    words: Option<String>,
}

#[derive(Template)]
#[template(path = "web/console/expense.html")]
struct ExpensePage {
    frame: Frame,
    id: i64,
    compound: String,
    version: i32,
    state: &'static str,
    path: Vec<(String, bool, bool)>,
    facts: Vec<(&'static str, String)>,
    purpose: String,
    quotes: Vec<QuoteLine>,
    objections: Vec<(i64, bool)>,
    steps: Vec<StepLine>,
    entries: Vec<String>,
    /// The slip's key, and what the link to it says.
    proof: Option<(i64, &'static str)>,
    can: Vec<&'static str>,
    next: String,
    accounts: Vec<Choice>,
    sources: Vec<Choice>,
    tried: String,
    typed: Typed,
    problem: Option<String>,
}

impl ExpensePage {
    fn can(&self, key: &str) -> bool {
        self.can.contains(&key) || (self.tried == key && !self.tried.is_empty())
    }

    /// An error of the form that was sent, beside its field.
    fn error(&self, key: &str, field: &str) -> Option<&str> {
        self.typed.error(field).filter(|_| self.tried == key)
    }

    fn value(&self, key: &str, field: &str) -> &str {
        if self.tried == key {
            self.typed.value(field)
        } else {
            ""
        }
    }

    fn marks(&self, key: &str, field: &'static str) -> String {
        match self.error(key, field) {
            Some(_) => format!(" aria-invalid=\"true\" aria-describedby=\"{key}-{field}-wrong\""),
            None => String::new(),
        }
    }
}

/// `GET /console/expenses/:id`
///
/// # Errors
/// `not_found` for an expense that no role of theirs covers.
#[handler]
pub async fn open(
    desk: &Desk,
    Path(id): Path<String>,
    request: &poem::Request,
) -> Result<Response, Fault> {
    let said = request.uri().query().unwrap_or_default();
    let said = said.strip_prefix("said=").unwrap_or_default();
    page(
        desk,
        key_in(&id, no_such)?,
        StatusCode::OK,
        ("", Typed::default()),
        said,
    )
    .await
}

/// The page; after a form that could not be done, with what was typed.
pub(super) async fn page(
    desk: &Desk,
    id: i64,
    status: StatusCode,
    (tried, typed): (&str, Typed),
    said: &str,
) -> Result<Response, Fault> {
    let db = desk.app.store.read();
    let found = queries::visible(db, desk.actor(), id).await?;
    let can = possible(desk, &found).await?;
    let row = &found.expense;
    let problem = typed.general(&FIELDS).map(str::to_owned);
    // The form of a draft begins with what the draft says; what is wrong with handing it in stands in it.
    let typed = match tried {
        "" => drafted(row),
        "submit" => typed_over(row, typed),
        _ if tried != "change" && can.contains(&"change") => typed_over(row, typed),
        _ => typed,
    };
    let chosen = typed.value("account").to_owned();
    let files = attachments::of_subject(db, &subject(id)).await?;
    let page = ExpensePage {
        frame: Frame::new(desk, format!("支出 #{id} {}", row.title)).saying(said),
        id,
        compound: found.place.code.clone(),
        version: row.version,
        state: state_says(row.state),
        path: way(&found),
        facts: facts(desk, &found).await?,
        purpose: row.purpose.clone(),
        quotes: quote_lines(desk, id, &files).await?,
        objections: queries::objections(db, row).await?,
        steps: step_lines(desk, &found).await?,
        entries: entry_lines(desk, row).await?,
        proof: row.proof_id.map(|file| link(&files, file, SLIP)),
        next: next_says(&found),
        can,
        accounts: accounts(&chosen),
        sources: SOURCES
            .iter()
            .map(|one| {
                (
                    one.code().to_owned(),
                    one.says(),
                    one.code() == typed.value("source"),
                )
            })
            .collect(),
        tried: tried.to_owned(),
        typed,
        problem,
    };
    show(status, &page)
}

fn drafted(row: &expense::Model) -> Typed {
    typed_over(row, Typed::default())
}

/// The draft's own words under what was typed.
fn typed_over(row: &expense::Model, typed: Typed) -> Typed {
    typed
        .set("title", &row.title)
        .set("purpose", &row.purpose)
        .set("account", &row.account)
        .set("payee", &row.payee)
        .set("amount", &Fen(row.amount).to_string())
        .set("choice", row.choice.as_deref().unwrap_or_default())
}

/// The forms that are possible now.
async fn possible(desk: &Desk, found: &Found) -> Result<Vec<&'static str>, Fault> {
    let (row, actor, path) = (&found.expense, desk.actor(), found.place.path.as_str());
    let own = actor.person_id() == Some(row.proposed_by) && may(actor, Deed::ProposeExpenses, path);
    let theirs = queries::is_for(desk.app.store.read(), actor, found).await?;
    let officer = may(actor, Deed::FileExpenses, path);
    let reviews = found.rules.reviews.iter();
    let reviewer = reviews
        .flat_map(Review::kinds)
        .any(|kind| actor.holds(&[kind], path));
    let tenders = officer && found.rules.needs_tender(row.amount);
    let mut can = Vec::new();
    let mut add = |when: bool, keys: &[&'static str]| {
        if when {
            can.extend_from_slice(keys);
        }
    };
    match row.state {
        ExpenseState::Draft => add(own, &["change", "quote", "submit", "withdraw"]),
        ExpenseState::Reviewing => {
            add(theirs, &["approve", "refuse"]);
            add(tenders, &["tender"]);
            add(own, &["withdraw"]);
        }
        ExpenseState::Publishing => {
            add(reviewer, &["refuse"]);
            add(tenders, &["tender"]);
            add(own, &["withdraw"]);
        }
        ExpenseState::Filing => {
            add(tenders, &["tender"]);
            add(officer, &["file", "refuse"]);
            add(own, &["withdraw"]);
        }
        ExpenseState::Payable => {
            add(theirs, &["pay"]);
            add(own, &["withdraw"]);
        }
        ExpenseState::Refused => add(own, &["revise", "withdraw"]),
        ExpenseState::Paid
        | ExpenseState::Closed
        | ExpenseState::Withdrawn
        | ExpenseState::Expired => {}
    }
    Ok(can)
}

/// The way through the chain: name, done, where it stands.
fn way(found: &Found) -> Vec<(String, bool, bool)> {
    let row = &found.expense;
    let done = usize::try_from(row.reviews_done).unwrap_or(0);
    let reviewing = row.state == ExpenseState::Reviewing;
    let mut all: Vec<(String, bool, bool)> = Vec::new();
    for (at, review) in found.rules.reviews.iter().enumerate() {
        all.push((review.name.clone(), at < done, reviewing && at == done));
    }
    let order = [
        (ExpenseState::Publishing, "事前公示"),
        (ExpenseState::Filing, "街道备案"),
        (ExpenseState::Payable, "支付"),
        (ExpenseState::Paid, "事后公示"),
    ];
    let here = order.iter().position(|(state, _)| *state == row.state);
    let closed = row.state == ExpenseState::Closed;
    for (at, (_, words)) in order.iter().enumerate() {
        let done = closed || here.is_some_and(|here| at < here);
        all.push(((*words).to_owned(), done, here == Some(at)));
    }
    all
}

fn next_says(found: &Found) -> String {
    let row = &found.expense;
    match row.state {
        ExpenseState::Draft => "还没有提交审核。".to_owned(),
        ExpenseState::Reviewing => match found.rules.next(row.reviews_done) {
            Some(review) => format!("现在是“{}”，由{}来审。", review.name, review.who()),
            None => String::new(),
        },
        ExpenseState::Publishing => match row.publish_until {
            Some(until) => format!("公示到{}。有异议没有答复的，公示不结束。", say(until)),
            None => String::new(),
        },
        ExpenseState::Filing
            if found.rules.needs_tender(row.amount) && row.tender_amount.is_none() =>
        {
            "等街道登记招标结果，再备案。".to_owned()
        }
        ExpenseState::Filing => "等街道备案。".to_owned(),
        ExpenseState::Payable => "可以支付，由提出人以外管账的人来付。".to_owned(),
        ExpenseState::Paid => match row.after_until {
            Some(until) => format!("事后公示到{}。", say(until)),
            None => String::new(),
        },
        ExpenseState::Refused => "提出的人可以改好重新提交。".to_owned(),
        ExpenseState::Closed | ExpenseState::Withdrawn | ExpenseState::Expired => String::new(),
    }
}

async fn name(desk: &Desk, id: Option<i64>) -> Result<String, Fault> {
    let Some(id) = id else {
        return Ok("系统".to_owned());
    };
    let person = people::by_id(desk.app.store.read(), id).await?;
    Ok(person.map(|person| person.name).unwrap_or_default())
}

async fn facts(desk: &Desk, found: &Found) -> Result<Vec<(&'static str, String)>, Fault> {
    let row = &found.expense;
    let mut facts = vec![
        ("小区", found.place.name.clone()),
        ("金额", format!("{} 元", Fen(row.amount).in_groups())),
        ("类别", account_says(&row.account).to_owned()),
        ("收款方", row.payee.clone()),
        ("提出", name(desk, Some(row.proposed_by)).await?),
    ];
    facts.extend(row.choice.clone().map(|words| ("为什么选它", words)));
    if found.rules.needs_tender(row.amount) {
        let said = match (&row.tender_reference, &row.tender_winner, row.tender_amount) {
            (Some(reference), Some(winner), Some(amount)) => {
                format!("{reference}，中标{winner}，{} 元", Fen(amount).in_groups())
            }
            _ => "要由街道招标，还没有登记结果".to_owned(),
        };
        facts.push(("招标", said));
    }
    facts.extend(row.filed_at.map(|at| ("备案", say(at))));
    facts.extend(row.paid_at.map(|at| ("支付", say(at))));
    if row.round > 1 {
        facts.push(("第几次提交", format!("第{}次", row.round)));
    }
    Ok(facts)
}

/// A file of the expense with what the link to it says.
fn link(
    files: &[attachment::Model],
    id: i64,
    says: (&'static str, &'static str),
) -> (i64, &'static str) {
    let file = files.iter().find(|file| file.id == id);
    (id, link_says(file, says))
}

async fn quote_lines(
    desk: &Desk,
    id: i64,
    files: &[attachment::Model],
) -> Result<Vec<QuoteLine>, Fault> {
    let quotes = queries::quotes(desk.app.store.read(), id).await?;
    let line = |quote: entity::expense_quote::Model| QuoteLine {
        id: quote.id,
        supplier: quote.supplier,
        amount: Fen(quote.amount).in_groups(),
        note: quote.note.unwrap_or_default(),
        file: quote.attachment_id.map(|file| link(files, file, QUOTE)),
    };
    Ok(quotes.into_iter().map(line).collect())
}

async fn step_lines(desk: &Desk, found: &Found) -> Result<Vec<StepLine>, Fault> {
    let mut lines = Vec::new();
    for step in queries::steps(desk.app.store.read(), found.expense.id).await? {
        let level = step.level.and_then(|level| found.rules.next(level - 1));
        lines.push(StepLine {
            says: match level {
                Some(review) => format!("{}通过", review.name),
                None => act_says(step.act).to_owned(),
            },
            at: say(step.created_at),
            who: match step.actor_id {
                Some(id) => name(desk, Some(id)).await?,
                None => String::new(),
            },
            words: step.words,
        });
    }
    Ok(lines)
}

async fn entry_lines(desk: &Desk, row: &expense::Model) -> Result<Vec<String>, Fault> {
    let booked = of_subject(desk.app.store.read(), row.compound_id, &subject(row.id)).await?;
    let line = |one: &crate::ledger::queries::Booked| {
        let moved = one.transfers.iter().map(|one| {
            let (to, from) = (one.debit.says(), one.credit.says());
            format!("{to} ← {from} {} 元", Fen(one.amount).in_groups())
        });
        let moved: Vec<String> = moved.collect();
        format!("{} #{} {}", one.entry.day, one.entry.id, moved.join("，"))
    };
    Ok(booked.iter().map(line).collect())
}

/// `GET /console/expenses/:id/files/:file`: a quote or the slip, as a picture or a PDF.
///
/// # Errors
/// `not_found`.
#[handler]
pub async fn show_file(
    desk: &Desk,
    Path((id, file)): Path<(String, String)>,
) -> Result<Response, Fault> {
    let none = || Fault::plain(Code::NotFound);
    let (id, file) = (
        key_in(&id, no_such)?,
        file.parse::<i64>().map_err(|_| none())?,
    );
    let db = desk.app.store.read();
    queries::visible(db, desk.actor(), id).await?;
    let row = attachments::by_id(db, file).await?;
    let row = row.filter(|row| row.subject.as_deref() == Some(subject(id).as_str()));
    files::show_file(&desk.app, &row.ok_or_else(none)?).await
}
