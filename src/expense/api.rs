//! The JSON of expenses: `/api/v1/expenses…`, to be read. Mounted by `web/router.rs`. Who lives in a compound reads
//! what is or was published there, who answers for its money all of it. Amounts are whole fen.

use entity::expense;
use poem::web::{Data, Json, Path, Query};
use poem::{Route, get, handler};
use sea_orm::ActiveEnum;
use serde::Serialize;
use utoipa::{OpenApi, ToSchema};

use crate::access::session::Caller;
use crate::app::App;
use crate::base::clock::{Moment, china};
use crate::base::fault::Fault;
use crate::base::page::{ListQuery, Page};
use crate::expense::queries::{self, Found};
use crate::expense::{account_says, act_says, no_such, state_says};

/// The paths below `/api/v1`.
#[must_use]
pub fn routes(route: Route) -> Route {
    route
        .at("/expenses", get(list_expenses))
        .at("/expenses/:id", get(show_expense))
}

/// What the description says of them; joined by `web/openapi.rs`.
#[derive(OpenApi)]
#[openapi(
    paths(list_expenses, show_expense),
    components(schemas(ExpenseView, ExpenseStepView, ExpenseQuoteView)),
    tags((name = "expenses", description = "支出公示"))
)]
pub struct Described;

/// An expense.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExpenseView {
    /// The number that people type.
    pub id: String,
    /// Key of the compound.
    pub compound_id: String,
    /// What it is for, in a few words.
    pub title: String,
    /// Why and what exactly.
    pub purpose: String,
    /// Code of the account: `expenses:repair`.
    pub account: String,
    /// 维修 …
    pub account_label: String,
    /// Who gets the money.
    pub payee: String,
    /// Fen.
    pub amount: i64,
    /// draft, reviewing, publishing, filing, payable, paid, closed, refused, withdrawn, expired.
    pub state: String,
    /// 事前公示 …
    pub state_label: String,
    /// The first publication lasts at least until then.
    pub publish_until: Option<String>,
    /// When it was paid.
    pub paid_at: Option<String>,
    /// What was done to it, the oldest first; empty in a list.
    pub steps: Vec<ExpenseStepView>,
    /// What suppliers ask for; empty in a list.
    pub quotes: Vec<ExpenseQuoteView>,
    /// Objections that are not answered yet.
    pub open_objections: usize,
}

/// Something that was done to it.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExpenseStepView {
    /// propose, submit, approve, publish …
    pub act: String,
    /// 审核通过 …
    pub act_label: String,
    /// Of a review: what it is called.
    pub review: Option<String>,
    /// Words with it.
    pub words: Option<String>,
    /// When.
    pub at: String,
}

/// What a supplier asks for.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExpenseQuoteView {
    /// Who.
    pub supplier: String,
    /// Fen.
    pub amount: i64,
}

fn time(at: Moment) -> String {
    china(at).to_rfc3339()
}

fn view(row: expense::Model) -> ExpenseView {
    ExpenseView {
        id: row.id.to_string(),
        compound_id: row.compound_id.to_string(),
        account_label: account_says(&row.account).to_owned(),
        state: row.state.to_value(),
        state_label: state_says(row.state).to_owned(),
        publish_until: row.publish_until.map(time),
        paid_at: row.paid_at.map(time),
        title: row.title,
        purpose: row.purpose,
        account: row.account,
        payee: row.payee,
        amount: row.amount,
        steps: Vec::new(),
        quotes: Vec::new(),
        open_objections: 0,
    }
}

/// Expenses that I may see, newest first.
#[utoipa::path(
    get, path = "/api/v1/expenses", tag = "expenses", security(("bearer" = [])), params(ListQuery),
    responses((status = 200, body = Page<ExpenseView>), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn list_expenses(
    app: Data<&App>,
    caller: Caller,
    Query(query): Query<ListQuery>,
) -> Result<Json<Page<ExpenseView>>, Fault> {
    let slice = query.slice()?;
    let page = queries::page(app.store.read(), &caller.actor, None, None, slice).await?;
    Ok(Json(page.map(view)))
}

/// One of them, with what was done to it.
#[utoipa::path(
    get, path = "/api/v1/expenses/{id}", tag = "expenses", security(("bearer" = [])),
    params(("id" = String, Path)),
    responses((status = 200, body = ExpenseView), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn show_expense(
    app: Data<&App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<ExpenseView>, Fault> {
    let id: Option<i64> = id.parse().ok();
    let id = id.filter(|id| *id > 0).ok_or_else(|| no_such(0))?;
    let db = app.store.read();
    let Found { expense, rules, .. } = queries::visible(db, &caller.actor, id).await?;
    let objections = queries::objections(db, &expense).await?;
    let steps = queries::steps(db, id).await?.into_iter();
    let step = |step: entity::expense_step::Model| ExpenseStepView {
        act: step.act.to_value(),
        act_label: act_says(step.act).to_owned(),
        review: step
            .level
            .and_then(|level| rules.next(level - 1))
            .map(|review| review.name.clone()),
        words: step.words,
        at: time(step.created_at),
    };
    let quotes = queries::quotes(db, id).await?.into_iter();
    Ok(Json(ExpenseView {
        steps: steps.map(step).collect(),
        quotes: quotes
            .map(|quote| ExpenseQuoteView {
                supplier: quote.supplier,
                amount: quote.amount,
            })
            .collect(),
        open_objections: objections.iter().filter(|(_, open)| *open).count(),
        ..view(expense)
    }))
}
