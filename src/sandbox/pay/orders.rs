//! Orders on the pretended WeChat Pay (protocols.md §5.4, §5.5).

use chrono::{DateTime, TimeDelta};
use poem::web::{Data, Path};
use poem::{Body, Request, Response, handler};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::wire::{Asked, Refusal, Reply, fen, serve, text, time};
use super::{MOST_ORDERS, Memory};
use crate::base::clock::Moment;
use crate::sandbox::faults::Api;
use crate::sandbox::platform::Platform;

/// An id for the payment window holds so long.
const PREPAY_HOURS: i64 = 2;
/// An order without an end of its own ends after so many days, and none may be longer than that many.
const DAYS: i64 = 7;
const MOST_DAYS: i64 = 90;

/// How an order stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Standing {
    /// Waits for its payer.
    Open,
    /// Paid.
    Paid,
    /// Cannot be paid any more.
    Closed,
}

/// An order.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Order {
    /// 商户号.
    pub mch_id: String,
    /// AppID.
    pub app_id: String,
    /// The merchant's number.
    pub out_trade_no: String,
    /// What the payer reads.
    pub description: String,
    /// Comes back.
    pub attach: String,
    /// Where its notification goes.
    pub notify_url: String,
    /// Fen.
    pub total: i64,
    /// Who is to pay.
    pub openid: String,
    /// How it stands.
    pub standing: Standing,
    /// The latest id for the payment window.
    pub prepay_id: String,
    /// The platform's number, once it is paid.
    pub transaction_id: Option<String>,
    pub(super) prepaid_at: Moment,
    pub(super) ends: Moment,
    pub(super) paid_at: Option<Moment>,
    /// As it was asked for: a repeat must say the same.
    body: Value,
}

impl Order {
    /// As queries and notifications say it.
    pub(super) fn json(&self, refunded: bool) -> Value {
        let state = match self.standing {
            Standing::Open => ("NOTPAY", "订单未支付"),
            Standing::Closed => ("CLOSED", "订单已关闭"),
            Standing::Paid if refunded => ("REFUND", "订单发生过退款"),
            Standing::Paid => ("SUCCESS", "支付成功"),
        };
        let mut all = json!({
            "appid": self.app_id,
            "mchid": self.mch_id,
            "out_trade_no": self.out_trade_no,
            "trade_state": state.0,
            "trade_state_desc": state.1,
            "attach": self.attach,
            "payer": { "openid": self.openid },
            "amount": { "total": self.total, "currency": "CNY", "payer_currency": "CNY" },
        });
        if let (Some(at), Some(id), Some(fields)) =
            (self.paid_at, &self.transaction_id, all.as_object_mut())
        {
            fields.insert("transaction_id".to_owned(), json!(id));
            fields.insert("success_time".to_owned(), json!(time(at)));
            fields.insert("trade_type".to_owned(), json!("JSAPI"));
            fields.insert("bank_type".to_owned(), json!("OTHERS"));
            let amount = fields.get_mut("amount").and_then(Value::as_object_mut);
            if let Some(amount) = amount {
                amount.insert("payer_total".to_owned(), json!(self.total));
            }
        }
        all
    }

    /// Time ends what nobody has paid.
    pub(super) fn settle(&mut self, now: Moment) {
        if self.standing == Standing::Open && now >= self.ends {
            self.standing = Standing::Closed;
        }
    }

    /// Whether this id still opens the payment window.
    pub(super) fn is_payable(&self, now: Moment) -> bool {
        self.standing == Standing::Open && now - self.prepaid_at < TimeDelta::hours(PREPAY_HOURS)
    }
}

impl Memory {
    /// The order, as it stands now.
    pub(super) fn order(&mut self, mch_id: &str, number: &str, now: Moment) -> Option<&mut Order> {
        let key = (mch_id.to_owned(), number.to_owned());
        let order = self.orders.get_mut(&key)?;
        order.settle(now);
        Some(order)
    }

    /// Whether anything of it was given back.
    pub(super) fn is_refunded(&self, mch_id: &str, number: &str) -> bool {
        let mut all = self.refunds.values();
        all.any(|refund| refund.mch_id == mch_id && refund.out_trade_no == number)
    }

    pub(super) fn remember(&mut self, order: Order) {
        let key = (order.mch_id.clone(), order.out_trade_no.clone());
        self.made.push_back(key.clone());
        self.orders.insert(key.clone(), order);
        self.keep_order(&key.0, &key.1);
        if self.made.len() > MOST_ORDERS
            && let Some(old) = self.made.pop_front()
        {
            self.refunds
                .retain(|_, refund| (&refund.mch_id, &refund.out_trade_no) != (&old.0, &old.1));
            self.orders.remove(&old);
        }
    }
}

/// `POST /v3/pay/transactions/jsapi`
#[handler]
pub(super) async fn take_order(
    Data(platform): Data<&Platform>,
    request: &Request,
    body: Body,
) -> poem::Result<Response> {
    serve(platform, Api::Payorder, request, body, |asked| {
        let mut new = read(platform, asked)?;
        let mut state = platform.state();
        if let Some(known) = state.pay.order(&asked.mch_id, &new.out_trade_no, asked.now) {
            repeat(known, &mut new)?;
            state.pay.keep_order(&asked.mch_id, &new.out_trade_no);
            return Ok(Reply::Json(json!({ "prepay_id": new.prepay_id })));
        }
        if new.ends - asked.now < TimeDelta::minutes(1) {
            return Err(Refusal::parameter("/time_expire"));
        }
        let prepay_id = new.prepay_id.clone();
        state.pay.remember(new);
        Ok(Reply::Json(json!({ "prepay_id": prepay_id })))
    })
    .await
}

/// The same order again gets a fresh id, another one under its number is refused.
fn repeat(known: &mut Order, new: &mut Order) -> Result<(), Refusal> {
    match known.standing {
        Standing::Paid => return Err(Refusal::new("ORDER_PAID", "订单已支付 268449538")),
        Standing::Closed => return Err(Refusal::new("ORDER_CLOSED", "订单已关闭 268447914")),
        Standing::Open => {}
    }
    if known.body != new.body {
        let words = "请求重入时，参数与首次请求时不一致 268498688";
        return Err(Refusal::new("INVALID_REQUEST", words));
    }
    known.prepay_id.clone_from(&new.prepay_id);
    known.prepaid_at = new.prepaid_at;
    Ok(())
}

fn read(platform: &Platform, asked: &Asked<'_>) -> Result<Order, Refusal> {
    let body = &asked.body;
    let short = |path: &str, most: usize| {
        let value = text(body, path);
        let fits = !value.is_empty() && value.chars().count() <= most;
        fits.then(|| value.to_owned())
            .ok_or_else(|| Refusal::parameter(path))
    };
    let bound = platform
        .0
        .config
        .pay
        .app_ids
        .contains(&short("/appid", 32)?);
    if short("/mchid", 32)? != asked.mch_id || !bound {
        let words = "appid 和 mch_id 不匹配 268445527";
        return Err(Refusal::new("APPID_MCHID_NOT_MATCH", words));
    }
    let number = short("/out_trade_no", 32)?;
    let sign = |b: u8| b.is_ascii_alphanumeric() || b"_-|*".contains(&b);
    if number.len() < 6 || !number.bytes().all(sign) {
        return Err(Refusal::parameter("/out_trade_no"));
    }
    let url = short("/notify_url", 255)?;
    if !url.starts_with("http") || url.contains('?') {
        return Err(Refusal::parameter("/notify_url"));
    }
    if !matches!(text(body, "/amount/currency"), "" | "CNY") {
        return Err(Refusal::parameter("/amount/currency"));
    }
    if text(body, "/payer/openid").is_empty() {
        let words = "JSAPI 支付必须传 openid 268501013";
        return Err(Refusal::new("PARAM_ERROR", words));
    }
    let attach = text(body, "/attach");
    if attach.chars().count() > 128 {
        return Err(Refusal::parameter("/attach"));
    }
    Ok(Order {
        mch_id: asked.mch_id.clone(),
        app_id: short("/appid", 32)?,
        out_trade_no: number,
        description: short("/description", 127)?,
        attach: attach.to_owned(),
        notify_url: url,
        total: fen(body, "/amount/total")?,
        openid: short("/payer/openid", 128)?,
        standing: Standing::Open,
        prepay_id: format!("wx{}", platform.0.dice.digits(34)),
        transaction_id: None,
        prepaid_at: asked.now,
        ends: end(body, asked.now)?,
        paid_at: None,
        body: body.clone(),
    })
}

/// When it ends; only a new order must have a minute left, a repeat need not.
fn end(body: &Value, now: Moment) -> Result<Moment, Refusal> {
    let usual = now + TimeDelta::days(DAYS);
    match body.get("time_expire") {
        None => Ok(usual),
        Some(value) => {
            let read = value.as_str().map(DateTime::parse_from_rfc3339);
            let at = read.and_then(Result::ok).map(|at| at.to_utc());
            at.filter(|at| *at > now && *at - now <= TimeDelta::days(MOST_DAYS))
                .ok_or_else(|| Refusal::parameter("/time_expire"))
        }
    }
}

/// `GET /v3/pay/transactions/out-trade-no/:number`
#[handler]
pub(super) async fn show_by_number(
    Data(platform): Data<&Platform>,
    Path(number): Path<String>,
    request: &Request,
    body: Body,
) -> poem::Result<Response> {
    let mch_id = named_merchant(request);
    serve(platform, Api::Payquery, request, body, |asked| {
        same_merchant(asked, mch_id.as_deref())?;
        found(platform, asked, &number)
    })
    .await
}

/// `GET /v3/pay/transactions/id/:id`
#[handler]
pub(super) async fn show_by_id(
    Data(platform): Data<&Platform>,
    Path(id): Path<String>,
    request: &Request,
    body: Body,
) -> poem::Result<Response> {
    let mch_id = named_merchant(request);
    serve(platform, Api::Payquery, request, body, |asked| {
        same_merchant(asked, mch_id.as_deref())?;
        let number = {
            let state = platform.state();
            let mut all = state.pay.orders.values();
            all.find(|order| order.transaction_id.as_deref() == Some(&id))
                .map(|order| order.out_trade_no.clone())
        };
        found(platform, asked, &number.ok_or_else(absent)?)
    })
    .await
}

fn found(platform: &Platform, asked: &Asked<'_>, number: &str) -> Result<Reply, Refusal> {
    let mut state = platform.state();
    let refunded = state.pay.is_refunded(&asked.mch_id, number);
    let order = state.pay.order(&asked.mch_id, number, asked.now);
    let order = order.ok_or_else(absent)?;
    Ok(Reply::Json(order.json(refunded)))
}

/// `POST /v3/pay/transactions/out-trade-no/:number/close`
#[handler]
pub(super) async fn close_order(
    Data(platform): Data<&Platform>,
    Path(number): Path<String>,
    request: &Request,
    body: Body,
) -> poem::Result<Response> {
    serve(platform, Api::Payclose, request, body, |asked| {
        same_merchant(asked, Some(text(&asked.body, "/mchid")))?;
        let mut state = platform.state();
        let order = state.pay.order(&asked.mch_id, &number, asked.now);
        let order = order.ok_or_else(absent)?;
        if order.standing == Standing::Paid {
            return Err(Refusal::new("ORDER_PAID", "订单已支付 268449538"));
        }
        order.standing = Standing::Closed;
        state.pay.keep_order(&asked.mch_id, &number);
        Ok(Reply::Nothing)
    })
    .await
}

fn absent() -> Refusal {
    Refusal::new("ORDER_NOT_EXIST", "订单不存在 268512771")
}

fn named_merchant(request: &Request) -> Option<String> {
    request
        .uri()
        .query()?
        .strip_prefix("mchid=")
        .map(str::to_owned)
}

fn same_merchant(asked: &Asked<'_>, named: Option<&str>) -> Result<(), Refusal> {
    let same = named == Some(asked.mch_id.as_str());
    same.then_some(())
        .ok_or_else(|| Refusal::parameter("mchid"))
}
