//! What a payer does on the phone, and what the sandbox's page may switch. JSON in and out; errors are
//! HTTP 400 with one sentence.

use chrono::NaiveDate;
use poem::handler;
use poem::http::StatusCode;
use poem::web::{Data, Json};
use serde::Deserialize;
use serde_json::{Value, json};

use super::notices::Told;
use super::orders::Standing;
use super::{Order, Refunded};
use crate::sandbox::platform::Platform;
use crate::wechat::pay::sign::window_message;

fn bad(what: impl Into<String>) -> poem::Error {
    poem::Error::from_string(what.into(), StatusCode::BAD_REQUEST)
}

/// What `wx.requestPayment` is called with, or just the id of the order.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
pub struct Window {
    prepay_id: String,
    openid: String,
    app_id: String,
    time_stamp: String,
    nonce_str: String,
    package: String,
    sign_type: String,
    pay_sign: String,
}

/// `POST /sandbox/pay/pay {appId, timeStamp, nonceStr, package, signType, paySign, openid?}`: pays, as
/// when the payer presses the button. `{prepayId}` alone pays without the window's checks.
#[handler]
pub async fn pay_order(
    Data(platform): Data<&Platform>,
    Json(window): Json<Window>,
) -> poem::Result<Json<Value>> {
    let prepay_id = platform.open_window(&window).map_err(bad)?;
    let transaction_id = platform.pay(&prepay_id).map_err(bad)?;
    Ok(Json(json!({
        "errMsg": "requestPayment:ok",
        "transaction_id": transaction_id,
    })))
}

/// `POST /sandbox/pay/cancel`, the same body: the payer closes the window. Nothing changes by it.
#[handler]
pub async fn close_window(
    Data(platform): Data<&Platform>,
    Json(window): Json<Window>,
) -> poem::Result<Json<Value>> {
    platform.open_window(&window).map_err(bad)?;
    Ok(Json(json!({ "errMsg": "requestPayment:fail cancel" })))
}

/// How a refund ends.
#[derive(Debug, Deserialize)]
pub struct End {
    mch_id: String,
    out_refund_no: String,
    status: String,
}

/// `POST /sandbox/pay/refund {mch_id, out_refund_no, status}`: ends it at once, as `SUCCESS`,
/// `ABNORMAL` or `CLOSED`.
#[handler]
pub async fn finish_refund(
    Data(platform): Data<&Platform>,
    Json(end): Json<End>,
) -> poem::Result<Json<Value>> {
    let known = ["SUCCESS", "ABNORMAL", "CLOSED"].contains(&end.status.as_str());
    if !known || !platform.end_refund(&end.mch_id, &end.out_refund_no, &end.status) {
        return Err(bad("没有这笔退款，或它不能这样结束"));
    }
    Ok(Json(json!({})))
}

/// `GET /sandbox/pay/orders`: orders and refunds, oldest first.
#[handler]
pub async fn list_orders(Data(platform): Data<&Platform>) -> Json<Value> {
    Json(json!({
        "orders": platform.pay_orders(),
        "refunds": platform.pay_refunds(),
    }))
}

/// `GET /sandbox/pay/notices`: attempts to tell the merchant something.
#[handler]
pub async fn list_notices(Data(platform): Data<&Platform>) -> Json<Vec<Told>> {
    Json(platform.pay_told())
}

/// What to do about the platform certificate.
#[derive(Debug, Deserialize)]
pub struct Change {
    /// Sign with it, whatever the merchant has.
    #[serde(default)]
    r#use: Option<bool>,
    /// Have a new one.
    #[serde(default)]
    renew: bool,
}

/// `POST /sandbox/pay/certificate {use?, renew?}`
#[handler]
pub async fn change_certificate(
    Data(platform): Data<&Platform>,
    Json(change): Json<Change>,
) -> Json<Value> {
    if let Some(on) = change.r#use {
        platform.use_certificate(on);
    }
    if change.renew {
        platform.renew_certificate();
    }
    Json(json!({}))
}

/// Trades that never were.
#[derive(Debug, Deserialize)]
pub struct Invention {
    mch_id: String,
    day: NaiveDate,
    count: u64,
}

/// Most rows that are invented for a day.
const MOST_INVENTED: u64 = 2_000_000;

/// `POST /sandbox/pay/invent {mch_id, day, count}`: so many payments stand in the bill of that day.
#[handler]
pub async fn invent_deals(
    Data(platform): Data<&Platform>,
    Json(asked): Json<Invention>,
) -> poem::Result<Json<Value>> {
    if asked.count > MOST_INVENTED {
        return Err(bad("一天最多 2000000 笔"));
    }
    platform.invent_trades(&asked.mch_id, asked.day, asked.count);
    Ok(Json(json!({})))
}

/// Money of a merchant that moves without a deal.
#[derive(Debug, Deserialize)]
pub struct Move {
    mch_id: String,
    kind: String,
    amount: i64,
}

/// Most fen that move at once.
const MOST_MOVED: i64 = 1_000_000_000_000;

/// `POST /sandbox/pay/move {mch_id, kind, amount}`: so many fen move now, as `提现` below 0 to the bank.
#[handler]
pub async fn move_money(
    Data(platform): Data<&Platform>,
    Json(asked): Json<Move>,
) -> poem::Result<Json<Value>> {
    let fine = (-MOST_MOVED..=MOST_MOVED).contains(&asked.amount) && asked.amount != 0;
    let odd = |one: char| one == '`' || one == ',' || one.is_control();
    if !fine || asked.kind.is_empty() || asked.kind.contains(odd) {
        return Err(bad("金额或业务类型不对"));
    }
    platform.move_funds(&asked.mch_id, &asked.kind, asked.amount);
    Ok(Json(json!({})))
}

impl Platform {
    /// Pays an order and tells the merchant; the platform's number of the payment.
    ///
    /// # Errors
    /// A sentence, as the payment window would show it.
    pub fn pay(&self, prepay_id: &str) -> Result<String, String> {
        let now = self.now();
        let (paid, id) = {
            let mut state = self.state();
            let number = state.pay.number("42", now);
            let mut all = state.pay.orders.values_mut();
            let order = all
                .find(|order| order.prepay_id == prepay_id)
                .ok_or("支付参数已失效，请返回商户重新下单")?;
            order.settle(now);
            match order.standing {
                Standing::Paid => return Err("订单已支付，请勿重复支付".to_owned()),
                Standing::Closed => return Err("订单已关闭".to_owned()),
                Standing::Open if !order.is_payable(now) => {
                    return Err("支付参数已过期，请返回商户重新下单".to_owned());
                }
                Standing::Open => {}
            }
            order.standing = Standing::Paid;
            order.paid_at = Some(now);
            order.transaction_id = Some(number.clone());
            let paid = order.clone();
            state.pay.keep_order(&paid.mch_id, &paid.out_trade_no);
            (paid, number)
        };
        let (url, plain) = (&paid.notify_url, paid.json(false));
        self.tell_merchant(&paid.mch_id, url, "TRANSACTION.SUCCESS", plain);
        Ok(id)
    }

    /// The order that the window opens with: checks the merchant's signature when it is given.
    fn open_window(&self, window: &Window) -> Result<String, String> {
        if window.pay_sign.is_empty() {
            return Ok(window.prepay_id.clone());
        }
        let prepay_id = window.package.strip_prefix("prepay_id=");
        let prepay_id = prepay_id.ok_or("package 不正确")?;
        let order = {
            let state = self.state();
            let mut all = state.pay.orders.values();
            all.find(|order| order.prepay_id == prepay_id).cloned()
        };
        let order = order.ok_or("支付参数已失效，请返回商户重新下单")?;
        let keys = self.pay_keys().map_err(|error| error.to_string())?;
        let side = keys.merchant(&order.mch_id).ok_or("商户号不存在")?;
        let message = window_message(
            &window.app_id,
            &window.time_stamp,
            &window.nonce_str,
            &window.package,
        );
        let signed = side.key.has_signed(message.as_bytes(), &window.pay_sign);
        if window.sign_type != "RSA" || window.app_id != order.app_id || !signed {
            return Err("支付验证签名失败".to_owned());
        }
        if !window.openid.is_empty() && window.openid != order.openid {
            return Err("当前微信号与下单的微信号不一致".to_owned());
        }
        Ok(prepay_id.to_owned())
    }

    /// All orders, oldest first.
    #[must_use]
    pub fn pay_orders(&self) -> Vec<Order> {
        let state = self.state();
        let made = state.pay.made.iter();
        made.filter_map(|key| state.pay.orders.get(key))
            .cloned()
            .collect()
    }

    /// All refunds, by number.
    #[must_use]
    pub fn pay_refunds(&self) -> Vec<Refunded> {
        self.state().pay.refunds.values().cloned().collect()
    }

    /// Signs with the platform certificate from now on, or as each merchant has it.
    pub fn use_certificate(&self, on: bool) {
        self.state().pay.uses_certificate = on;
    }

    /// Takes a new platform certificate; the old one is gone.
    pub fn renew_certificate(&self) {
        let mut state = self.state();
        state.pay.renewals = state.pay.renewals.wrapping_add(1);
    }
}
