//! Refunds (protocols.md §5.7): how they are asked for and how they come back. Amounts are fen, times
//! UTC seconds; fields that nobody here knows are ignored.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::PayError;
use super::objects::{
    CURRENCY, WireAmount, check_id, check_refund_no, check_trade_no, check_url, natural, read_time,
};

/// What money is given back from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefundOf {
    /// By the platform's number.
    TransactionId(String),
    /// By ours.
    OutTradeNo(String),
}

/// A refund, asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundOrder {
    /// Of which payment.
    pub of: RefundOf,
    /// Our number of it: 1 to 64 of `0-9 a-z A-Z _ - | * @`. The same number is the same refund.
    pub out_refund_no: String,
    /// As the payer reads it: up to 80 characters.
    pub reason: Option<String>,
    /// Where its notification goes.
    pub notify_url: Option<String>,
    /// Fen that go back.
    pub refund: i64,
    /// Fen of the order.
    pub total: i64,
}

impl RefundOrder {
    pub(super) fn body(&self) -> Result<Value, PayError> {
        check_refund_no(&self.out_refund_no)?;
        if self.refund < 1 || self.refund > self.total {
            return Err(PayError::Malformed("refund"));
        }
        let mut body = Map::new();
        let mut put = |name: &str, value: Value| body.insert(name.to_owned(), value);
        match &self.of {
            RefundOf::TransactionId(id) => {
                check_id(id)?;
                put("transaction_id", json!(id))
            }
            RefundOf::OutTradeNo(number) => {
                check_trade_no(number)?;
                put("out_trade_no", json!(number))
            }
        };
        put("out_refund_no", json!(self.out_refund_no));
        let amount = json!({ "refund": self.refund, "total": self.total, "currency": CURRENCY });
        put("amount", amount);
        if let Some(reason) = &self.reason {
            if reason.chars().count() > 80 {
                return Err(PayError::Malformed("reason"));
            }
            put("reason", json!(reason));
        }
        if let Some(url) = &self.notify_url {
            check_url(url)?;
            put("notify_url", json!(url));
        }
        Ok(Value::Object(body))
    }
}

/// How a refund stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefundStatus {
    /// The money is back.
    Success,
    /// It will not be: a new refund needs a new number.
    Closed,
    /// On its way.
    Processing,
    /// The payer's card takes none: somebody must deal with it on the merchant's page.
    Abnormal,
    /// A word that nobody here knows.
    Other(String),
}

impl RefundStatus {
    fn read(text: &str) -> Self {
        match text {
            "SUCCESS" => Self::Success,
            "CLOSED" => Self::Closed,
            "PROCESSING" => Self::Processing,
            "ABNORMAL" => Self::Abnormal,
            other => Self::Other(other.to_owned()),
        }
    }
}

/// A refund as the platform sees it; the same from an answer and from a notification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refund {
    /// The platform's number.
    pub refund_id: String,
    /// Ours.
    pub out_refund_no: String,
    /// The platform's number of the payment.
    pub transaction_id: String,
    /// Ours.
    pub out_trade_no: String,
    /// How it stands. An answer to the asking is not the end of it.
    pub status: RefundStatus,
    /// Where the money went, in words.
    pub account: Option<String>,
    /// When the platform took it, UTC seconds: its bill of that day has it. A notification does not say it.
    pub created_at: Option<i64>,
    /// When it was back, UTC seconds.
    pub success_at: Option<i64>,
    /// Fen of the order.
    pub total: i64,
    /// Fen that go back.
    pub refund: i64,
    /// Fen that the payer gets: less when there was a coupon.
    pub payer_refund: Option<i64>,
}

impl Refund {
    /// Reads the platform's JSON, of an answer (`status`) or a notification (`refund_status`).
    ///
    /// # Errors
    /// [`PayError::Nonsense`] as for [`super::Transaction::read`].
    pub fn read(bytes: &[u8]) -> Result<Self, PayError> {
        let wire: WireRefund = serde_json::from_slice(bytes).map_err(|_| PayError::Nonsense)?;
        let status = wire.status.or(wire.refund_status);
        Ok(Self {
            refund_id: wire.refund_id,
            out_refund_no: wire.out_refund_no,
            transaction_id: wire.transaction_id,
            out_trade_no: wire.out_trade_no,
            status: RefundStatus::read(&status.ok_or(PayError::Nonsense)?),
            account: wire.user_received_account,
            created_at: moment(wire.create_time.as_deref())?,
            success_at: moment(wire.success_time.as_deref())?,
            total: natural(wire.amount.total)?.ok_or(PayError::Nonsense)?,
            refund: natural(wire.amount.refund)?.ok_or(PayError::Nonsense)?,
            payer_refund: natural(wire.amount.payer_refund)?,
        })
    }
}

fn moment(text: Option<&str>) -> Result<Option<i64>, PayError> {
    let text = text.filter(|text| !text.is_empty());
    text.map(read_time).transpose()
}

#[derive(Debug, Deserialize)]
struct WireRefund {
    refund_id: String,
    out_refund_no: String,
    transaction_id: String,
    out_trade_no: String,
    status: Option<String>,
    refund_status: Option<String>,
    user_received_account: Option<String>,
    create_time: Option<String>,
    success_time: Option<String>,
    amount: WireAmount,
}
