//! Refunds on the pretended WeChat Pay (protocols.md §5.7): taken at once, back after a few seconds.

use chrono::TimeDelta;
use poem::web::{Data, Path};
use poem::{Body, Request, Response, handler};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::orders::{Order, Standing};
use super::wire::{Asked, Refusal, Reply, fen, serve, text, time};
use crate::base::clock::Moment;
use crate::sandbox::faults::Api;
use crate::sandbox::platform::Platform;

/// The money is back so many seconds after it was asked for.
pub(super) const SECONDS: i64 = 5;
/// Most refunds of one order.
const MOST: usize = 50;
/// A payment can be given back for so many days.
const DAYS: i64 = 365;

/// A refund.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Refunded {
    /// 商户号.
    pub mch_id: String,
    /// The merchant's number of it.
    pub out_refund_no: String,
    /// The platform's.
    pub refund_id: String,
    /// The merchant's number of the order.
    pub out_trade_no: String,
    /// The platform's.
    pub transaction_id: String,
    /// Fen that go back.
    pub refund: i64,
    /// Fen of the order.
    pub total: i64,
    /// `PROCESSING`, `SUCCESS`, `ABNORMAL` or `CLOSED`.
    pub status: String,
    pub(super) at: Moment,
    pub(super) ended: Option<Moment>,
    pub(super) notify_url: String,
    body: Value,
}

impl Refunded {
    /// As answers say it (`status`), or notifications (`refund_status`).
    pub(super) fn json(&self, status: &str) -> Value {
        let mut all = json!({
            "refund_id": self.refund_id,
            "out_refund_no": self.out_refund_no,
            "transaction_id": self.transaction_id,
            "out_trade_no": self.out_trade_no,
            "channel": "ORIGINAL",
            "user_received_account": "支付用户零钱",
            "amount": {
                "total": self.total,
                "refund": self.refund,
                "payer_total": self.total,
                "payer_refund": self.refund,
                "settlement_refund": self.refund,
                "settlement_total": self.total,
                "discount_refund": 0,
                "currency": "CNY",
            },
        });
        if let Some(fields) = all.as_object_mut() {
            fields.insert(status.to_owned(), json!(self.status));
            if let Some(ended) = self.ended {
                fields.insert("success_time".to_owned(), json!(time(ended)));
            }
            // Only an answer says when it was taken.
            match status {
                "refund_status" => fields.insert("mchid".to_owned(), json!(self.mch_id)),
                _ => fields.insert("create_time".to_owned(), json!(time(self.at))),
            };
        }
        all
    }
}

/// `POST /v3/refund/domestic/refunds`
#[handler]
pub(super) async fn take_refund(
    Data(platform): Data<&Platform>,
    request: &Request,
    body: Body,
) -> poem::Result<Response> {
    let answer = serve(platform, Api::Payrefund, request, body, |asked| {
        let number = text(&asked.body, "/out_refund_no");
        let sign = |b: u8| b.is_ascii_alphanumeric() || b"_-|*@".contains(&b);
        if !(1..=64).contains(&number.len()) || !number.bytes().all(sign) {
            return Err(Refusal::parameter("/out_refund_no"));
        }
        platform.end_refunds();
        let key = (asked.mch_id.clone(), number.to_owned());
        if let Some(known) = platform.state().pay.refunds.get(&key) {
            if known.body != asked.body {
                let words = "请求重入时，参数与首次请求时不一致 268498688";
                return Err(Refusal::new("INVALID_REQUEST", words));
            }
            return Ok(Reply::Json(known.json("status")));
        }
        let new = read(platform, asked, number)?;
        let answer = new.json("status");
        let mut state = platform.state();
        state.pay.refunds.insert(key.clone(), new);
        state.pay.keep_refund(&key);
        Ok(Reply::Json(answer))
    })
    .await;
    platform.keep_telling();
    answer
}

fn read(platform: &Platform, asked: &Asked<'_>, number: &str) -> Result<Refunded, Refusal> {
    let body = &asked.body;
    let (refund, total) = (fen(body, "/amount/refund")?, fen(body, "/amount/total")?);
    let mut state = platform.state();
    let order = find(&state.pay.orders, asked)
        .ok_or_else(|| Refusal::new("RESOURCE_NOT_EXISTS", "订单不存在 268512771"))?;
    let wrong = |words: &str| Refusal::new("INVALID_REQUEST", words);
    let paid = order.paid_at.filter(|_| order.standing == Standing::Paid);
    let paid = paid.ok_or_else(|| wrong("订单未支付"))?;
    if asked.now - paid > TimeDelta::days(DAYS) {
        return Err(wrong("订单已超过可退款的期限"));
    }
    if order.total != total || text(body, "/amount/currency") != "CNY" {
        return Err(wrong("订单金额不一致"));
    }
    let refunds = state.pay.refunds.values();
    let others: Vec<&Refunded> = refunds
        .filter(|other| other.transaction_id == order.transaction_id.as_deref().unwrap_or_default())
        .filter(|other| other.status != "CLOSED")
        .collect();
    let sum: i64 = others.iter().map(|other| other.refund).sum();
    if sum + refund > total || others.len() >= MOST {
        return Err(wrong("退款总额或次数超出订单"));
    }
    let (out_trade_no, transaction_id) = (order.out_trade_no.clone(), order.transaction_id.clone());
    Ok(Refunded {
        mch_id: asked.mch_id.clone(),
        out_refund_no: number.to_owned(),
        refund_id: state.pay.number("50", asked.now),
        out_trade_no,
        transaction_id: transaction_id.unwrap_or_default(),
        refund,
        total,
        status: "PROCESSING".to_owned(),
        at: asked.now,
        ended: None,
        notify_url: text(body, "/notify_url").to_owned(),
        body: body.clone(),
    })
}

fn find(
    orders: &std::collections::HashMap<(String, String), Order>,
    asked: &Asked<'_>,
) -> Option<Order> {
    let number = text(&asked.body, "/out_trade_no");
    let id = text(&asked.body, "/transaction_id");
    let found = match id {
        "" => orders.get(&(asked.mch_id.clone(), number.to_owned())),
        id => orders
            .values()
            .find(|order| order.transaction_id.as_deref() == Some(id)),
    };
    found.filter(|order| order.mch_id == asked.mch_id).cloned()
}

/// `GET /v3/refund/domestic/refunds/:number`
#[handler]
pub(super) async fn show_refund(
    Data(platform): Data<&Platform>,
    Path(number): Path<String>,
    request: &Request,
    body: Body,
) -> poem::Result<Response> {
    serve(platform, Api::Payrefundquery, request, body, |asked| {
        platform.end_refunds();
        let state = platform.state();
        let key = (asked.mch_id.clone(), number.clone());
        let known = state.pay.refunds.get(&key);
        let known = known.ok_or_else(|| Refusal::new("RESOURCE_NOT_EXISTS", "退款单不存在"))?;
        Ok(Reply::Json(known.json("status")))
    })
    .await
}

impl Platform {
    /// Ends the refunds whose time has come, and tells the merchants.
    pub(super) fn end_refunds(&self) {
        let now = self.now();
        let due: Vec<(String, String)> = {
            let state = self.state();
            let all = state.pay.refunds.iter();
            all.filter(|(_, refund)| refund.status == "PROCESSING")
                .filter(|(_, refund)| now - refund.at >= TimeDelta::seconds(SECONDS))
                .map(|(key, _)| key.clone())
                .collect()
        };
        for (mch_id, number) in due {
            self.end_refund(&mch_id, &number, "SUCCESS");
        }
    }

    /// Ends a refund in this way (`SUCCESS`, `ABNORMAL`, `CLOSED`) and tells the merchant; false when
    /// there is none that could still end so.
    pub fn end_refund(&self, mch_id: &str, out_refund_no: &str, status: &str) -> bool {
        let now = self.now();
        let ended = {
            let mut state = self.state();
            let key = (mch_id.to_owned(), out_refund_no.to_owned());
            let Some(refund) = state.pay.refunds.get_mut(&key) else {
                return false;
            };
            if !matches!(refund.status.as_str(), "PROCESSING" | "ABNORMAL") {
                return false;
            }
            refund.status = status.to_owned();
            refund.ended = (status == "SUCCESS").then_some(now);
            let ended = refund.clone();
            state.pay.keep_refund(&key);
            ended
        };
        if !ended.notify_url.is_empty() {
            let event = format!("REFUND.{status}");
            let plain = ended.json("refund_status");
            self.tell_merchant(mch_id, &ended.notify_url, &event, plain);
        }
        true
    }
}
