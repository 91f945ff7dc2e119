//! The JSON of bills and payments: `/api/v1/bills…`, `/api/v1/advances`, `/api/v1/payments…`. Mounted by `web/router.rs`.
//! Amounts are whole fen.

use entity::money::BillState;
use entity::{bill, bill_line, payment};
use poem::web::{Data, Json, Path, Query};
use poem::{Route, get, handler, post};
use sea_orm::ActiveEnum;
use serde::{Deserialize, Serialize};
use utoipa::{OpenApi, ToSchema};

use crate::access::once::{Answer, Once};
use crate::access::session::Caller;
use crate::app::App;
use crate::base::clock::{Moment, china};
use crate::base::fault::Fault;
use crate::base::key::key_in;
use crate::base::page::{Page, Slice};
use crate::fund::rows::{no_such as no_such_gift, payable};
use crate::payment::actions::order::{Wish, order};
use crate::payment::actions::{no_such, watch};
use crate::payment::queries::{self, no_such_bill};
use crate::payment::{left, link, state_says};
use crate::wechat::pay::PayParams;

/// The paths below `/api/v1`.
#[must_use]
pub fn routes(route: Route) -> Route {
    route
        .at("/bills", get(list_bills))
        .at("/bills/:id", get(show_bill))
        .at("/advances", get(list_advances))
        .at("/payments", post(make_payment))
        .at("/payments/:id", get(show_payment))
}

/// What the description says of them; joined by `web/openapi.rs`.
#[derive(OpenApi)]
#[openapi(
    paths(list_bills, show_bill, list_advances, make_payment, show_payment),
    components(schemas(
        BillView, BillLineView, AdvanceView, NewPayment, PaymentView, PayWindow, OrderedView
    )),
    tags((name = "payments", description = "账单和缴费"))
)]
pub struct Described;

/// A bill.
#[derive(Debug, Serialize, ToSchema)]
pub struct BillView {
    /// The number that people type.
    pub id: String,
    /// Key of the home.
    pub home_id: String,
    /// Its number: `3-2-501`.
    pub home: String,
    /// Year and month, 202611.
    pub month: i32,
    /// To be paid until the end of this day in China.
    pub due_on: String,
    /// Sum of the charges, fen.
    pub amount: i64,
    /// What was credited, fen.
    pub credited: i64,
    /// What was paid, fen.
    pub paid: i64,
    /// What was waived, fen.
    pub waived: i64,
    /// What is left to pay, fen.
    pub left: i64,
    /// open, settled.
    pub state: String,
    /// Its lines; empty in a list.
    pub lines: Vec<BillLineView>,
}

/// A line of a bill.
#[derive(Debug, Serialize, ToSchema)]
pub struct BillLineView {
    /// What the bill calls it.
    pub name: String,
    /// How it was computed.
    pub formula: String,
    /// What the price rests on.
    pub basis: String,
    /// Fen; credits are less than 0.
    pub amount: i64,
}

/// What is kept for a home (预存): it pays the next bills by itself.
#[derive(Debug, Serialize, ToSchema)]
pub struct AdvanceView {
    /// Key of the home.
    pub home_id: String,
    /// Its number: `3-2-501`.
    pub home: String,
    /// Fen.
    pub amount: i64,
}

/// Which bills.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct BillQuery {
    /// Cursor of the last page.
    cursor: Option<String>,
    /// 1 to 100; 20 if not given.
    limit: Option<u64>,
    /// open or settled; both if not given.
    state: Option<String>,
}

/// Something to be paid.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewPayment {
    /// Bills of one home, in the order in which they are paid.
    #[serde(default)]
    pub bills: Vec<String>,
    /// Key of one of the caller's homes in place of bills: an amount that pays what is open, the oldest first, and is
    /// kept beyond that (预存).
    #[serde(default)]
    pub home: Option<String>,
    /// Fen; all that is left of the bills if not given. With a home it must be given.
    #[serde(default)]
    pub amount: Option<i64>,
    /// A donation of the caller's own in place of bills: it is paid whole.
    #[serde(default)]
    pub donation: Option<String>,
}

/// A payment.
#[derive(Debug, Serialize, ToSchema)]
pub struct PaymentView {
    /// Key.
    pub id: String,
    /// created, open, paid, closed.
    pub state: String,
    /// 待支付 …
    pub state_label: String,
    /// Fen.
    pub amount: i64,
    /// Bills that were meant.
    pub bills: Vec<String>,
    /// The platform takes nothing after that.
    pub expires_at: Option<String>,
    /// When the money was there.
    pub paid_at: Option<String>,
    /// Number of the receipt.
    pub receipt_number: Option<i64>,
    /// Where the receipt is shown.
    pub receipt_url: Option<String>,
    /// Fen that go back, or have gone.
    pub refunded: i64,
}

/// What `wx.requestPayment` is called with.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PayWindow {
    /// AppID.
    pub app_id: String,
    /// UTC seconds, as text.
    pub time_stamp: String,
    /// Random.
    pub nonce_str: String,
    /// `prepay_id=…`
    pub package: String,
    /// `RSA`
    pub sign_type: String,
    /// The signature.
    pub pay_sign: String,
}

impl From<PayParams> for PayWindow {
    fn from(params: PayParams) -> Self {
        Self {
            app_id: params.app_id,
            time_stamp: params.time_stamp,
            nonce_str: params.nonce_str,
            package: params.package,
            sign_type: params.sign_type,
            pay_sign: params.pay_sign,
        }
    }
}

/// An order that can be paid.
#[derive(Debug, Serialize, ToSchema)]
pub struct OrderedView {
    /// The payment.
    pub payment: PaymentView,
    /// For the payment window. Its success is no proof: ask for the payment.
    pub window: PayWindow,
}

fn time(at: Moment) -> String {
    china(at).to_rfc3339()
}

/// `3-2-501`, by the caller's own ties.
fn home_of(caller: &Caller, home_id: i64) -> String {
    let homes = &caller.actor.homes;
    let tie = homes.iter().find(|tie| tie.place_id == home_id);
    tie.map_or_else(String::new, |tie| tie.local_code().to_owned())
}

fn bill_view(caller: &Caller, row: &bill::Model, lines: Vec<bill_line::Model>) -> BillView {
    let line = |line: bill_line::Model| BillLineView {
        name: line.name,
        formula: line.formula,
        basis: line.basis,
        amount: line.amount,
    };
    BillView {
        id: row.id.to_string(),
        home_id: row.home_id.to_string(),
        home: home_of(caller, row.home_id),
        month: row.month,
        due_on: row.due_on.to_string(),
        amount: row.amount,
        credited: row.credited,
        paid: row.paid,
        waived: row.waived,
        left: left(row),
        state: row.state.to_value(),
        lines: lines.into_iter().map(line).collect(),
    }
}

async fn payment_view(app: &App, row: &payment::Model) -> Result<PaymentView, Fault> {
    let db = app.store.read();
    let receipt = queries::receipt_of(db, row.id).await?;
    let refunds = queries::refunds_of(db, row.id).await?;
    let bills = super::actions::meant(row);
    Ok(PaymentView {
        id: row.id.to_string(),
        state: row.state.to_value(),
        state_label: state_says(row.state).to_owned(),
        amount: row.amount,
        bills: bills.iter().map(i64::to_string).collect(),
        expires_at: row.expires_at.map(time),
        paid_at: row.paid_at.map(time),
        receipt_number: receipt.as_ref().map(|receipt| receipt.number),
        receipt_url: receipt.map(|receipt| link::receipt(app, &receipt)),
        refunded: queries::back_of(row, &refunds),
    })
}

/// Bills of my homes, newest first.
#[utoipa::path(
    get, path = "/api/v1/bills", tag = "payments", security(("bearer" = [])), params(BillQuery),
    responses((status = 200, body = Page<BillView>), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn list_bills(
    app: Data<&App>,
    caller: Caller,
    Query(query): Query<BillQuery>,
) -> Result<Json<Page<BillView>>, Fault> {
    let slice = Slice::parse(query.cursor.as_deref(), query.limit)?;
    let state = query.state.as_ref().map(BillState::try_from_value);
    let state = state
        .transpose()
        .map_err(|_| Fault::invalid("state", "state 必须是 open 或 settled。"))?;
    let page = queries::bills(app.store.read(), &caller.actor, state, slice).await?;
    let view = |bill: bill::Model| bill_view(&caller, &bill, Vec::new());
    Ok(Json(page.map(view)))
}

/// One of them, with its lines.
#[utoipa::path(
    get, path = "/api/v1/bills/{id}", tag = "payments", security(("bearer" = [])),
    params(("id" = String, Path)),
    responses((status = 200, body = BillView), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn show_bill(
    app: Data<&App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<BillView>, Fault> {
    let id = key_in(&id, no_such_bill)?;
    let (bill, lines) = queries::own_bill(app.store.read(), &caller.actor, id).await?;
    Ok(Json(bill_view(&caller, &bill, lines)))
}

/// What is kept for my homes (预存) and pays their next bills, of each that has something.
#[utoipa::path(
    get, path = "/api/v1/advances", tag = "payments", security(("bearer" = [])),
    responses((status = 200, body = Vec<AdvanceView>), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn list_advances(app: Data<&App>, caller: Caller) -> Result<Json<Vec<AdvanceView>>, Fault> {
    let own = queries::own_advances(app.store.read(), &caller.actor, app.clock.now()).await?;
    let view = |(home_id, amount): &(i64, i64)| AdvanceView {
        home_id: home_id.to_string(),
        home: home_of(&caller, *home_id),
        amount: *amount,
    };
    Ok(Json(own.iter().map(view).collect()))
}

/// Pay: an order, and what the payment window is opened with. The same wish again is the same order.
#[utoipa::path(
    post, path = "/api/v1/payments", tag = "payments", security(("bearer" = [])),
    request_body = NewPayment,
    responses((status = 201, body = OrderedView), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn make_payment(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Json(body): Json<NewPayment>,
) -> Result<Answer, Fault> {
    if let Some(answer) = once.earlier(app.store.read()).await? {
        return Ok(answer);
    }
    let wish = wish_of(&app, &caller, &body).await?;
    let payer = caller.actor.person_id();
    let ordered = order(&app, caller.account.id, payer, &wish).await?;
    let view = OrderedView {
        payment: payment_view(&app, &ordered.payment).await?,
        window: ordered.params.into(),
    };
    let tx = app.store.begin(app.clock.now()).await?;
    // A twin was faster: it got the same order.
    if let Some(answer) = once.enter(&tx).await? {
        return Ok(answer);
    }
    let answer = once.leave(&tx, 201, &view).await?;
    tx.commit().await?;
    Ok(answer)
}

async fn wish_of(app: &App, caller: &Caller, body: &NewPayment) -> Result<Wish, Fault> {
    let mut wish = Wish {
        home_id: 0,
        bills: Vec::new(),
        amount: body.amount,
        donation: None,
    };
    if let Some(id) = &body.donation {
        return wish_to_give(app, caller, id).await;
    }
    if let Some(home) = &body.home {
        return wish_ahead(caller, home, body);
    }
    if body.bills.len() > super::MOST_BILLS {
        let most = format!("一次最多交{}张账单。", super::MOST_BILLS);
        return Err(Fault::invalid("bills", most));
    }
    for id in &body.bills {
        let id = key_in(id, no_such_bill)?;
        if !wish.bills.contains(&id) {
            wish.bills.push(id);
        }
    }
    let bills = queries::own_bills(app.store.read(), &caller.actor, &wish.bills).await?;
    let home_id = bills.first().map_or(0, |bill| bill.home_id);
    if bills.iter().any(|bill| bill.home_id != home_id) {
        return Err(Fault::invalid("bills", "一次只能交一户的账单。"));
    }
    wish.home_id = home_id;
    match wish.bills.is_empty() {
        true => Err(Fault::invalid(
            "bills",
            "请选要交的账单，或写房号和金额预存。",
        )),
        false => Ok(wish),
    }
}

/// An amount for one of the caller's homes: for what is open, and ahead.
fn wish_ahead(caller: &Caller, home: &str, body: &NewPayment) -> Result<Wish, Fault> {
    let none = |_: i64| Fault::not_found("没有找到这一户，请先绑定房号。");
    let home_id = key_in(home, none)?;
    if !caller.actor.homes.iter().any(|tie| tie.place_id == home_id) {
        return Err(none(home_id));
    }
    if !body.bills.is_empty() {
        let words = "预存不用选账单，没交的账单会先抵。请只写房号和金额。";
        return Err(Fault::invalid("bills", words));
    }
    if body.amount.is_none() {
        return Err(Fault::invalid("amount", "请写预存多少。"));
    }
    Ok(Wish {
        home_id,
        bills: Vec::new(),
        amount: body.amount,
        donation: None,
    })
}

/// A donation of the caller's own that waits to be paid, whole.
async fn wish_to_give(app: &App, caller: &Caller, id: &str) -> Result<Wish, Fault> {
    let id = key_in(id, no_such_gift)?;
    let row = payable(app.store.read(), id).await?;
    let own = row.donor_id.is_some() && row.donor_id == caller.actor.person_id();
    match own {
        true => Ok(Wish {
            home_id: row.compound_id,
            bills: Vec::new(),
            amount: Some(row.amount),
            donation: Some(id),
        }),
        false => Err(no_such_gift(id)),
    }
}

/// One of my payments. While it is open the platform is asked, so that the answer is true at once when
/// the payment window has closed.
#[utoipa::path(
    get, path = "/api/v1/payments/{id}", tag = "payments", security(("bearer" = [])),
    params(("id" = String, Path)),
    responses((status = 200, body = PaymentView), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn show_payment(
    app: Data<&App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<PaymentView>, Fault> {
    let id = key_in(&id, no_such)?;
    let row = queries::own_payment(app.store.read(), &caller.actor, id).await?;
    let row = watch::returned(&app, row).await?;
    Ok(Json(payment_view(&app, &row).await?))
}
