//! Receiving accounts for the scenarios of money: their keys made on the spot, the program's settings of them,
//! and notifications as the platform signs and seals them.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context, Result};
use linli::base::clock::Moment;
use linli::config::SandboxKeys;
use linli::wechat::pay::keys::PrivateKey;
use linli::wechat::pay::objects::write_time;
use linli::wechat::pay::sealed::SealKey;
use linli::wechat::pay::{sign, verify};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

use crate::server::Setup;

/// APIv3密钥 of every account; opens nothing.
const API_KEY: &str = "load-measurements-only-32-bytes!";
/// Beside a signature. In a seal stand the last letters of the platform's number, twelve of them.
const NONCE: &str = "0123456789abcdef0123456789abcdef";
const SEALED_WITH: usize = 12;

/// The keys of the pretended platform, which all accounts trust.
pub struct Counter {
    platform: PrivateKey,
    public_key_id: String,
    seal: SealKey,
}

/// What was paid.
#[derive(Clone, Copy, Debug)]
pub struct Paid<'a> {
    /// The account's number, from 1.
    pub account: u32,
    /// AppID of the order.
    pub app_id: &'a str,
    /// Our number of the order.
    pub out_trade_no: &'a str,
    /// The platform's.
    pub transaction_id: &'a str,
    /// Fen.
    pub total: i64,
}

impl Counter {
    /// Makes the keys under `room` and writes so many accounts into the settings that the program reads there.
    pub fn open(setup: &mut Setup, room: &Path, accounts: u32) -> Result<Self> {
        let file = room.join("pay-keys.json").display().to_string();
        let keys = SandboxKeys::at(&file)?;
        setup.set("SANDBOX__KEYS", &file);
        setup.set("WECHAT__PAY__API_BASE", "http://127.0.0.1:9");
        let mut settings = String::new();
        for account in 1..=accounts {
            let (name, mch_id) = (name(account), mch_id(account));
            write!(
                settings,
                "[[wechat.pay.merchants]]\nname = \"{name}\"\nmch_id = \"{mch_id}\"\nserial_no = \"{}\"\n\
                 api_v3_key = \"{API_KEY}\"\npublic_key_id = \"{}\"\nprivate_key = '''\n{}'''\npublic_key = '''\n{}'''\n",
                keys.serial_no,
                keys.public_key_id,
                keys.merchant.expose_secret(),
                keys.public_key
            )?;
        }
        setup.write_settings(&settings)?;
        Ok(Self {
            platform: PrivateKey::from_pem(keys.platform.expose_secret())?,
            public_key_id: keys.public_key_id,
            seal: SealKey::new(&SecretString::from(API_KEY))?,
        })
    }

    /// The whole request that tells of a payment, as it goes over the wire.
    pub fn notification(&self, paid: &Paid<'_>, now: Moment) -> Result<String> {
        let time = write_time(now.timestamp())?;
        let plain = json!({
            "mchid": mch_id(paid.account),
            "appid": paid.app_id,
            "out_trade_no": paid.out_trade_no,
            "transaction_id": paid.transaction_id,
            "trade_type": "JSAPI",
            "trade_state": "SUCCESS",
            "trade_state_desc": "支付成功",
            "bank_type": "OTHERS",
            "attach": "",
            "success_time": time,
            "payer": { "openid": "oLinliLoadPayer" },
            "amount": { "total": paid.total, "payer_total": paid.total, "currency": "CNY", "payer_currency": "CNY" },
        });
        let at = paid.transaction_id.len().saturating_sub(SEALED_WITH);
        let nonce = paid.transaction_id.get(at..).unwrap_or_default();
        let sealed = self
            .seal
            .seal(plain.to_string().as_bytes(), "transaction", nonce)?;
        let mut resource = serde_json::to_value(sealed)?;
        let fields = resource
            .as_object_mut()
            .context("a seal that is no object")?;
        fields.insert("original_type".to_owned(), json!("transaction"));
        let body = json!({
            "id": format!("EV-{}", paid.transaction_id),
            "create_time": time,
            "resource_type": "encrypt-resource",
            "event_type": "TRANSACTION.SUCCESS",
            "summary": "支付成功",
            "resource": resource,
        })
        .to_string();
        let stamp = now.timestamp().to_string();
        let signature = self
            .platform
            .sign(&verify::message(&stamp, NONCE, body.as_bytes()))?;
        Ok(format!(
            "POST /wechat/pay/{}/payment HTTP/1.1\r\nHost: load\r\nContent-Type: application/json\r\n\
             User-Agent: Mozilla/4.0\r\nWechatpay-Serial: {}\r\nWechatpay-Timestamp: {stamp}\r\n\
             Wechatpay-Nonce: {NONCE}\r\nWechatpay-Signature: {signature}\r\nWechatpay-Signature-Type: {}\r\n\
             Content-Length: {}\r\n\r\n{body}",
            name(paid.account),
            self.public_key_id,
            sign::SCHEME,
            body.len()
        ))
    }
}

/// What the settings call an account.
pub fn name(account: u32) -> String {
    format!("m{account}")
}

/// Its number at the platform.
pub fn mch_id(account: u32) -> String {
    (1_900_000_000 + account).to_string()
}
