//! Calls to WeChat Pay for one merchant (protocols.md §5.4, §5.5, §5.7). Each may be repeated with the
//! same parameters, and must be when [`PayError::is_unclear`]. `now` is UTC seconds.

use std::sync::Arc;

use chrono::DateTime;
use reqwest::Method;
use reqwest::header::HeaderMap;
use serde::Deserialize;
use serde_json::{Value, json};

use super::PayError;
use super::keys::Certificate;
use super::merchant::Merchant;
use super::objects::{
    JsapiOrder, PayParams, Prepay, Transaction, check_id, check_refund_no, check_trade_no,
};
use super::refunds::{Refund, RefundOrder};
use super::ring::{Dated, Ring};
use super::sealed::Sealed;
use super::sign;
use super::verify::Stamp;
use super::wire::{self, Base, Call, Raw, nonce, prepare};
use crate::wechat::http::{Http, percent};

/// Certificates are taken with so many seconds of grace around their time: they overlap by days.
const GRACE: i64 = 300;

/// Calls for one merchant; cheap to clone.
#[derive(Debug, Clone)]
pub struct Client(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    http: Http,
    base: Base,
    merchant: Merchant,
    ring: Ring,
    /// One fetch of certificates at a time.
    fetching: tokio::sync::Mutex<()>,
}

impl Client {
    /// Calls nobody yet.
    ///
    /// # Errors
    /// [`PayError::Malformed`] when `api_base` is no address.
    pub fn new(http: Http, api_base: &str, merchant: Merchant) -> Result<Self, PayError> {
        Ok(Self(Arc::new(Inner {
            http,
            base: Base::read(api_base)?,
            merchant,
            ring: Ring::default(),
            fetching: tokio::sync::Mutex::new(()),
        })))
    }

    /// For whom.
    #[must_use]
    pub fn merchant(&self) -> &Merchant {
        &self.0.merchant
    }

    /// Orders; the same order again gives a fresh id of it, a changed one is refused.
    ///
    /// # Errors
    /// [`PayError::Malformed`] before anything is sent; otherwise as the platform says.
    pub async fn order_jsapi(&self, order: &JsapiOrder, now: i64) -> Result<Prepay, PayError> {
        let merchant = &self.0.merchant;
        let app_id = order.app_id.as_deref().unwrap_or(merchant.app_id());
        let body = order.body(app_id, merchant.mch_id())?;
        let answer = self.post("/v3/pay/transactions/jsapi", &body, now).await?;
        let answer: WirePrepay = serde_json::from_slice(&answer).map_err(|_| PayError::Nonsense)?;
        if answer.prepay_id.is_empty() {
            return Err(PayError::Nonsense);
        }
        Ok(Prepay {
            app_id: app_id.to_owned(),
            prepay_id: answer.prepay_id,
        })
    }

    /// What a page opens the payment window with.
    ///
    /// # Errors
    /// [`PayError::Malformed`] when the key cannot sign.
    pub fn pay_params(&self, prepay: &Prepay, now: i64) -> Result<PayParams, PayError> {
        let package = format!("prepay_id={}", prepay.prepay_id);
        let (time_stamp, nonce_str) = (now.to_string(), nonce()?);
        let key = self.0.merchant.key();
        let pay_sign = sign::pay_sign(key, &prepay.app_id, &time_stamp, &nonce_str, &package)?;
        Ok(PayParams {
            app_id: prepay.app_id.clone(),
            time_stamp,
            nonce_str,
            package,
            sign_type: "RSA".to_owned(),
            pay_sign,
        })
    }

    /// An order by our number.
    ///
    /// # Errors
    /// `ORDER_NOT_EXIST` when the platform has never heard of it.
    pub async fn query_by_out_trade_no(
        &self,
        out_trade_no: &str,
        now: i64,
    ) -> Result<Transaction, PayError> {
        check_trade_no(out_trade_no)?;
        let path = format!(
            "/v3/pay/transactions/out-trade-no/{}?mchid={}",
            percent(out_trade_no),
            self.0.merchant.mch_id()
        );
        let found = self.transaction(&path, now).await?;
        // An answer about another order would be somebody else's money.
        let same = found.out_trade_no == out_trade_no;
        same.then_some(found).ok_or(PayError::Nonsense)
    }

    /// An order by the platform's number.
    ///
    /// # Errors
    /// `ORDER_NOT_EXIST` when there is none.
    pub async fn query_by_id(&self, id: &str, now: i64) -> Result<Transaction, PayError> {
        check_id(id)?;
        let mch_id = self.0.merchant.mch_id();
        let path = format!("/v3/pay/transactions/id/{id}?mchid={mch_id}");
        let found = self.transaction(&path, now).await?;
        let same = found.transaction_id.as_deref() == Some(id);
        same.then_some(found).ok_or(PayError::Nonsense)
    }

    /// Closes an order, so that nobody can pay it any more; closing it again is fine.
    ///
    /// # Errors
    /// `ORDER_PAID` ([`super::Action::Paid`]) when somebody was faster.
    pub async fn close(&self, out_trade_no: &str, now: i64) -> Result<(), PayError> {
        check_trade_no(out_trade_no)?;
        let path = format!(
            "/v3/pay/transactions/out-trade-no/{}/close",
            percent(out_trade_no)
        );
        let body = json!({ "mchid": self.0.merchant.mch_id() });
        self.post(&path, &body, now).await.map(drop)
    }

    /// Gives money back. An answer says that it is taken, not that the money is back. The same number
    /// again is the same refund.
    ///
    /// # Errors
    /// `NOT_ENOUGH` when the merchant has not got it; otherwise as the platform says.
    pub async fn refund(&self, order: &RefundOrder, now: i64) -> Result<Refund, PayError> {
        let body = order.body()?;
        let answer = self.post("/v3/refund/domestic/refunds", &body, now).await?;
        let refund = Refund::read(&answer)?;
        let same = refund.out_refund_no == order.out_refund_no;
        same.then_some(refund).ok_or(PayError::Nonsense)
    }

    /// A refund by our number.
    ///
    /// # Errors
    /// `RESOURCE_NOT_EXISTS` when there is none, or for a moment after it was asked for.
    pub async fn query_refund(&self, out_refund_no: &str, now: i64) -> Result<Refund, PayError> {
        check_refund_no(out_refund_no)?;
        let path = format!("/v3/refund/domestic/refunds/{}", percent(out_refund_no));
        let refund = Refund::read(&self.get(&path, now).await?)?;
        let same = refund.out_refund_no == out_refund_no;
        same.then_some(refund).ok_or(PayError::Nonsense)
    }

    /// How many platform certificates there are: a call that changes nothing, for `doctor`. A merchant
    /// with a public key may have none (`RESOURCE_NOT_EXISTS`).
    ///
    /// # Errors
    /// As the platform says.
    pub async fn fetch_certificates(&self, now: i64) -> Result<usize, PayError> {
        let _one = self.0.fetching.lock().await;
        self.fetch(now).await
    }

    async fn transaction(&self, path: &str, now: i64) -> Result<Transaction, PayError> {
        let found = Transaction::read(&self.get(path, now).await?)?;
        let ours = found.mch_id == self.0.merchant.mch_id();
        ours.then_some(found).ok_or(PayError::Nonsense)
    }

    pub(super) async fn get(&self, path: &str, now: i64) -> Result<Vec<u8>, PayError> {
        let call = Call {
            method: Method::GET,
            target: format!("{}{path}", self.0.base.path),
            body: String::new(),
        };
        self.call(&call, now).await
    }

    async fn post(&self, path: &str, body: &Value, now: i64) -> Result<Vec<u8>, PayError> {
        let call = Call {
            method: Method::POST,
            target: format!("{}{path}", self.0.base.path),
            body: body.to_string(),
        };
        self.call(&call, now).await
    }

    async fn call(&self, call: &Call, now: i64) -> Result<Vec<u8>, PayError> {
        let request = prepare(&self.0.http, &self.0.base, &self.0.merchant, call, now)?;
        let raw = wire::send(request).await?;
        tracing::debug!(
            target = call.target,
            status = raw.status.as_u16(),
            request_id = raw.request_id(),
            "WeChat Pay answered"
        );
        if self.believes(&raw.headers, &raw.body, now).await {
            return raw.judge();
        }
        Err(unverified(&raw))
    }

    /// Whether the platform has signed these bytes lately. An unknown certificate makes us look for
    /// new ones, once.
    pub(super) async fn believes(&self, headers: &HeaderMap, body: &[u8], now: i64) -> bool {
        let Some(stamp) = Stamp::read(headers) else {
            return false;
        };
        // What is too old needs no key; nor may it make us ask for one.
        if !stamp.is_fresh(now) {
            return false;
        }
        let (ring, merchant) = (&self.0.ring, &self.0.merchant);
        let key = ring.find(merchant, stamp.serial, now);
        if let Some(key) = &key
            && !ring.should_fetch(stamp.serial, true, now)
        {
            return stamp.holds(key, body, now);
        }
        let _one = self.0.fetching.lock().await;
        // Somebody else may have fetched it while we waited.
        let waited = ring.find(merchant, stamp.serial, now);
        let known = key.is_some();
        if (known || (waited.is_none() && ring.should_fetch(stamp.serial, false, now)))
            && let Err(error) = self.fetch(now).await
        {
            tracing::warn!(%error, merchant = merchant.name(), "the platform's certificates could not be fetched");
        }
        let key = ring.find(merchant, stamp.serial, now);
        key.is_some_and(|key| stamp.holds(&key, body, now))
    }

    /// Fetches the platform's certificates. What opens with the merchant's own key is the platform's;
    /// with it the answer itself is verified.
    async fn fetch(&self, now: i64) -> Result<usize, PayError> {
        let merchant = &self.0.merchant;
        let call = Call {
            method: Method::GET,
            target: format!("{}/v3/certificates", self.0.base.path),
            body: String::new(),
        };
        let request = prepare(&self.0.http, &self.0.base, merchant, &call, now)?;
        let raw = wire::send(request).await?;
        let opened = match raw.status.is_success() {
            true => self.open_certificates(&raw.body)?,
            false => Vec::new(),
        };
        let stamp = Stamp::read(&raw.headers).ok_or_else(|| unverified(&raw))?;
        let new = opened
            .iter()
            .find(|dated| dated.certificate.serial == stamp.serial);
        let key = match new {
            Some(dated) => Some(dated.certificate.key.clone()),
            None => self.0.ring.find(merchant, stamp.serial, now),
        };
        if !key.is_some_and(|key| stamp.holds(&key, &raw.body, now)) {
            return Err(unverified(&raw));
        }
        raw.judge()?;
        let count = opened.len();
        self.0.ring.put(opened, now);
        Ok(count)
    }

    fn open_certificates(&self, body: &[u8]) -> Result<Vec<Dated>, PayError> {
        let all: WireCertificates = serde_json::from_slice(body).map_err(|_| PayError::Nonsense)?;
        let open = |wire: WireCertificate| {
            let pem = self.0.merchant.seal().open(&wire.encrypt_certificate);
            // Most likely it was changed on the merchant's page and not here.
            let pem = pem.map_err(|_| PayError::Malformed("api_v3_key"))?;
            let pem = String::from_utf8(pem).map_err(|_| PayError::Nonsense)?;
            let certificate = Certificate::from_pem(&pem).map_err(|_| PayError::Nonsense)?;
            if certificate.serial != wire.serial_no {
                return Err(PayError::Nonsense);
            }
            let time = |text: &str| {
                let read = DateTime::parse_from_rfc3339(text);
                read.map(|at| at.timestamp())
                    .map_err(|_| PayError::Nonsense)
            };
            Ok(Dated {
                certificate,
                from: time(&wire.effective_time)? - GRACE,
                to: time(&wire.expire_time)? + GRACE,
            })
        };
        all.data.into_iter().map(open).collect()
    }

    pub(super) fn http(&self) -> &Http {
        &self.0.http
    }

    pub(super) fn base(&self) -> &Base {
        &self.0.base
    }
}

fn unverified(raw: &Raw) -> PayError {
    let (status, request_id) = (raw.status.as_u16(), raw.request_id());
    tracing::warn!(
        status,
        request_id,
        "an answer of WeChat Pay is not signed as it must be"
    );
    PayError::Unverified { status, request_id }
}

#[derive(Debug, Deserialize)]
struct WirePrepay {
    prepay_id: String,
}

#[derive(Debug, Deserialize)]
struct WireCertificates {
    data: Vec<WireCertificate>,
}

#[derive(Debug, Deserialize)]
struct WireCertificate {
    serial_no: String,
    effective_time: String,
    expire_time: String,
    encrypt_certificate: Sealed,
}
