//! Orders and transactions (protocols.md §5.4, §5.5): how they are asked for and how
//! they come back. Amounts are fen, times UTC seconds; fields that nobody here knows are ignored.

use chrono::{DateTime, FixedOffset};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::PayError;

/// The only currency.
pub const CURRENCY: &str = "CNY";
/// China's clocks are ahead of UTC by so many seconds.
const CHINA: i32 = 8 * 3600;

/// An order for the payment window inside WeChat (JSAPI and mini-program).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsapiOrder {
    /// AppID that the payer's openid belongs to; none: the merchant's own, of the official account.
    pub app_id: Option<String>,
    /// What is paid for, as the payer reads it: 1 to 127 characters.
    pub description: String,
    /// Our number: 6 to 32 of `0-9 a-z A-Z _ - | *`; never used again.
    pub out_trade_no: String,
    /// When the order ends, UTC seconds; at least a minute ahead. None: after seven days.
    pub time_expire: Option<i64>,
    /// Comes back with the notification: up to 128 characters.
    pub attach: Option<String>,
    /// Where the notification goes: a whole address without a query.
    pub notify_url: String,
    /// Fen, at least 1.
    pub total: i64,
    /// Who pays.
    pub openid: String,
    /// The payer's address, if it is known.
    pub payer_ip: Option<String>,
}

impl JsapiOrder {
    pub(super) fn body(&self, app_id: &str, mch_id: &str) -> Result<Value, PayError> {
        let length = self.description.chars().count();
        if !(1..=127).contains(&length) {
            return Err(PayError::Malformed("description"));
        }
        check_trade_no(&self.out_trade_no)?;
        check_url(&self.notify_url)?;
        if self.total < 1 {
            return Err(PayError::Malformed("total"));
        }
        if self.openid.is_empty() || self.openid.len() > 128 {
            return Err(PayError::Malformed("openid"));
        }
        let mut body = Map::new();
        let mut put = |name: &str, value: Value| body.insert(name.to_owned(), value);
        put("appid", json!(app_id));
        put("mchid", json!(mch_id));
        put("description", json!(self.description));
        put("out_trade_no", json!(self.out_trade_no));
        put("notify_url", json!(self.notify_url));
        put(
            "amount",
            json!({ "total": self.total, "currency": CURRENCY }),
        );
        put("payer", json!({ "openid": self.openid }));
        if let Some(at) = self.time_expire {
            put("time_expire", json!(write_time(at)?));
        }
        if let Some(attach) = &self.attach {
            if attach.chars().count() > 128 {
                return Err(PayError::Malformed("attach"));
            }
            put("attach", json!(attach));
        }
        if let Some(ip) = &self.payer_ip {
            put("scene_info", json!({ "payer_client_ip": ip }));
        }
        Ok(Value::Object(body))
    }
}

/// An order that waits for its payer: valid for two hours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prepay {
    /// Of whose payers.
    pub app_id: String,
    /// The platform's id of it.
    pub prepay_id: String,
}

/// What a page (`WeixinJSBridge`) or a mini-program (`wx.requestPayment`) opens the window with, by
/// the names that it takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PayParams {
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

/// How an order stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TradeState {
    /// Paid.
    Success,
    /// Paid, and something of it was given back.
    Refund,
    /// Not paid yet; a failed try leaves it so.
    NotPay,
    /// Closed, by us or by time.
    Closed,
    /// Something that orders of ours never are.
    Other(String),
}

impl TradeState {
    fn read(text: &str) -> Self {
        match text {
            "SUCCESS" => Self::Success,
            "REFUND" => Self::Refund,
            "NOTPAY" => Self::NotPay,
            "CLOSED" => Self::Closed,
            other => Self::Other(other.to_owned()),
        }
    }
}

/// An order as the platform sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transaction {
    /// AppID.
    pub app_id: String,
    /// 商户号.
    pub mch_id: String,
    /// Our number.
    pub out_trade_no: String,
    /// The platform's number (微信支付订单号), once somebody has paid.
    pub transaction_id: Option<String>,
    /// How it stands.
    pub state: TradeState,
    /// The same in words, for people.
    pub state_words: String,
    /// When it was paid, UTC seconds.
    pub success_at: Option<i64>,
    /// Who paid.
    pub openid: Option<String>,
    /// What we gave along.
    pub attach: Option<String>,
    /// Fen of the order; absent before it is paid on some answers.
    pub total: Option<i64>,
    /// Fen that the payer paid: less than the total when there was a coupon.
    pub payer_total: Option<i64>,
    /// `CNY`
    pub currency: Option<String>,
}

/// What an order of ours must be like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expected<'a> {
    /// AppID.
    pub app_id: &'a str,
    /// 商户号.
    pub mch_id: &'a str,
    /// Our number.
    pub out_trade_no: &'a str,
    /// Fen.
    pub total: i64,
}

/// In what a payment differs from the order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mismatch {
    /// Another AppID.
    AppId,
    /// Another merchant.
    MchId,
    /// Another order.
    OutTradeNo,
    /// It is not paid.
    State,
    /// Another amount, or none.
    Total,
    /// Another currency, or none.
    Currency,
    /// It has no number of the platform's.
    TransactionId,
}

impl Transaction {
    /// Whether this is the payment of that order, in full.
    ///
    /// # Errors
    /// The first thing that differs: money that must be looked at by a person.
    pub fn pays(&self, order: &Expected<'_>) -> Result<(), Mismatch> {
        let wrong = if self.app_id != order.app_id {
            Mismatch::AppId
        } else if self.mch_id != order.mch_id {
            Mismatch::MchId
        } else if self.out_trade_no != order.out_trade_no {
            Mismatch::OutTradeNo
        } else if !matches!(self.state, TradeState::Success | TradeState::Refund) {
            Mismatch::State
        } else if self.total != Some(order.total) {
            Mismatch::Total
        } else if self.currency.as_deref() != Some(CURRENCY) {
            Mismatch::Currency
        } else if self.transaction_id.is_none() {
            Mismatch::TransactionId
        } else {
            return Ok(());
        };
        Err(wrong)
    }

    /// Reads the platform's JSON.
    ///
    /// # Errors
    /// [`PayError::Nonsense`] when a field is absent or of another type: an amount is a whole JSON
    /// number that is not negative.
    pub fn read(bytes: &[u8]) -> Result<Self, PayError> {
        let wire: WireTransaction =
            serde_json::from_slice(bytes).map_err(|_| PayError::Nonsense)?;
        let amount = wire.amount.unwrap_or_default();
        Ok(Self {
            app_id: wire.appid,
            mch_id: wire.mchid,
            out_trade_no: wire.out_trade_no,
            transaction_id: wire.transaction_id.filter(|id| !id.is_empty()),
            state: TradeState::read(&wire.trade_state),
            state_words: wire.trade_state_desc,
            success_at: wire
                .success_time
                .as_deref()
                .filter(|text| !text.is_empty())
                .map(read_time)
                .transpose()?,
            openid: wire.payer.and_then(|payer| payer.openid),
            attach: wire.attach.filter(|text| !text.is_empty()),
            total: natural(amount.total)?,
            payer_total: natural(amount.payer_total)?,
            currency: amount.currency,
        })
    }
}

#[derive(Debug, Deserialize)]
struct WireTransaction {
    appid: String,
    mchid: String,
    out_trade_no: String,
    transaction_id: Option<String>,
    trade_state: String,
    #[serde(default)]
    trade_state_desc: String,
    success_time: Option<String>,
    payer: Option<WirePayer>,
    attach: Option<String>,
    amount: Option<WireAmount>,
}

#[derive(Debug, Deserialize)]
struct WirePayer {
    openid: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct WireAmount {
    pub(super) total: Option<i64>,
    payer_total: Option<i64>,
    pub(super) refund: Option<i64>,
    pub(super) payer_refund: Option<i64>,
    currency: Option<String>,
}

/// Whose account something is of, where the message says so.
#[derive(Debug, Deserialize)]
pub(super) struct Owner {
    pub(super) mchid: String,
}

/// An amount, which is never negative.
pub(super) fn natural(amount: Option<i64>) -> Result<Option<i64>, PayError> {
    match amount {
        Some(fen) if fen < 0 => Err(PayError::Nonsense),
        other => Ok(other),
    }
}

/// RFC 3339 with China's offset.
///
/// # Errors
/// [`PayError::Malformed`] when no calendar has that moment.
pub fn write_time(at: i64) -> Result<String, PayError> {
    let bad = PayError::Malformed("time");
    let offset = FixedOffset::east_opt(CHINA).ok_or(bad.clone())?;
    let moment = DateTime::from_timestamp(at, 0).ok_or(bad)?;
    Ok(moment
        .with_timezone(&offset)
        .format("%Y-%m-%dT%H:%M:%S%:z")
        .to_string())
}

/// From RFC 3339.
pub(super) fn read_time(text: &str) -> Result<i64, PayError> {
    DateTime::parse_from_rfc3339(text)
        .map(|moment| moment.timestamp())
        .map_err(|_| PayError::Nonsense)
}

/// Whether it can be an order number of ours.
pub(super) fn check_trade_no(number: &str) -> Result<(), PayError> {
    let sign = |byte: u8| byte.is_ascii_alphanumeric() || b"_-|*".contains(&byte);
    let fine = (6..=32).contains(&number.len()) && number.bytes().all(sign);
    fine.then_some(())
        .ok_or(PayError::Malformed("out_trade_no"))
}

/// Whether it can be a refund number of ours.
pub(super) fn check_refund_no(number: &str) -> Result<(), PayError> {
    let sign = |byte: u8| byte.is_ascii_alphanumeric() || b"_-|*@".contains(&byte);
    let fine = (1..=64).contains(&number.len()) && number.bytes().all(sign);
    fine.then_some(())
        .ok_or(PayError::Malformed("out_refund_no"))
}

/// Whether it can be a number of the platform's.
pub(super) fn check_id(id: &str) -> Result<(), PayError> {
    let fine = (1..=32).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric());
    fine.then_some(())
        .ok_or(PayError::Malformed("transaction_id"))
}

/// Whether a notification may go there.
pub(super) fn check_url(url: &str) -> Result<(), PayError> {
    let whole = url.starts_with("https://") || url.starts_with("http://");
    let fine = whole && url.len() <= 255 && !url.contains(['?', '#', ' ']);
    fine.then_some(()).ok_or(PayError::Malformed("notify_url"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paid(amount: &str) -> String {
        format!(
            r#"{{"appid":"wx1","mchid":"1900000001","out_trade_no":"order-1","transaction_id":"4200","trade_state":"SUCCESS","amount":{amount},"unknown":[1]}}"#
        )
    }

    #[test]
    fn amounts_are_whole_numbers_and_nothing_else() {
        let read = |amount: &str| Transaction::read(paid(amount).as_bytes());
        let good = read(r#"{"total":100,"payer_total":90,"currency":"CNY"}"#).unwrap();
        assert_eq!((good.total, good.payer_total), (Some(100), Some(90)));
        for bad in [
            r#"{"total":1.0}"#,
            r#"{"total":"100"}"#,
            r#"{"total":-1}"#,
            r#"{"total":9223372036854775808}"#,
            r#"{"total":1e2}"#,
            r#"{"total":true}"#,
            r#"{"total":[100]}"#,
            r#"{"payer_total":-1}"#,
        ] {
            assert_eq!(read(bad), Err(PayError::Nonsense), "{bad}");
        }
    }

    #[test]
    fn a_payment_pays_its_order_and_no_other() {
        let order = Expected {
            app_id: "wx1",
            mch_id: "1900000001",
            out_trade_no: "order-1",
            total: 100,
        };
        let text = paid(r#"{"total":100,"payer_total":90,"currency":"CNY"}"#);
        let good = Transaction::read(text.as_bytes()).unwrap();
        assert_eq!(good.pays(&order), Ok(()));
        type Change = fn(&mut Transaction);
        let cases: [(Change, Mismatch); 8] = [
            (|t| t.app_id = "wx2".to_owned(), Mismatch::AppId),
            (|t| t.mch_id = "1".to_owned(), Mismatch::MchId),
            (
                |t| t.out_trade_no = "order-2".to_owned(),
                Mismatch::OutTradeNo,
            ),
            (|t| t.state = TradeState::NotPay, Mismatch::State),
            (|t| t.total = Some(90), Mismatch::Total),
            (|t| t.total = None, Mismatch::Total),
            (|t| t.currency = None, Mismatch::Currency),
            (|t| t.transaction_id = None, Mismatch::TransactionId),
        ];
        for (change, wanted) in cases {
            let mut other = good.clone();
            change(&mut other);
            assert_eq!(other.pays(&order), Err(wanted));
        }
    }

    #[test]
    fn numbers_have_their_letters_and_lengths() {
        for (number, fine) in [
            ("abc-_|*", true),
            ("12345", false),
            ("0123456789012345678901234567890123", false),
            ("a/b/c/d", false),
            ("a?b=c&d", false),
            ("订单号订单号", false),
            ("../../..", false),
        ] {
            assert_eq!(check_trade_no(number).is_ok(), fine, "{number}");
        }
        assert!(check_refund_no("r@1").is_ok() && check_refund_no("").is_err());
        assert!(check_id("4200").is_ok() && check_id("42/00").is_err());
        assert!(check_url("https://a.cn/x").is_ok() && check_url("https://a.cn/x?y=1").is_err());
        assert!(check_url("/x").is_err());
    }

    #[test]
    fn times_are_chinas() {
        let text = write_time(1_722_850_421).unwrap();
        assert_eq!(text, "2024-08-05T17:33:41+08:00");
        assert_eq!(read_time(&text), Ok(1_722_850_421));
        assert_eq!(read_time("yesterday"), Err(PayError::Nonsense));
    }
}
