//! What the session key signs and seals (protocols.md §3.1, §3.2). Sealed data has no signature of
//! its own, and its cipher can be bent by whoever sends it: what comes out is the client's word.

use aws_lc_rs::{
    cipher::{AES_128, DecryptionContext, PaddedBlockDecryptingKey, UnboundCipherKey},
    hmac,
    iv::FixedLength,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use crate::wechat::{
    Error,
    crypto::{hex, same, signature},
    http::scalar,
};

/// How old sealed data may be, and how far ahead of our clock, seconds.
const WINDOW: u64 = 300;
/// Longest sealed text that is looked at.
const MOST: usize = 16 * 1024;

/// Whether `claimed` is the platform's signature of `rawData`: SHA-1 of the data followed by the
/// base64 text of the session key.
#[must_use]
pub fn raw_data_holds(raw_data: &str, session_key: &SecretString, claimed: &str) -> bool {
    let joined = format!("{raw_data}{}", session_key.expose_secret());
    same(claimed, &signature(&[&joined]))
}

/// The log-in-state signature: HMAC-SHA-256 in hex, keyed with the base64 TEXT of the session key.
#[must_use]
pub fn session_signature(message: &str, session_key: &SecretString) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, session_key.expose_secret().as_bytes());
    hex(hmac::sign(&key, message.as_bytes()).as_ref())
}

/// Opens `encryptedData`: its watermark must be of this app and fresh at `now` (UTC seconds). Every
/// fault is the one [`Error::Refused`], so that nobody learns the session key by asking.
pub fn open_data(
    encrypted: &str,
    iv: &str,
    session_key: &SecretString,
    app_id: &str,
    now: i64,
) -> Result<Value, Error> {
    open(encrypted, iv, session_key)
        .filter(|data| watermark_holds(data, app_id, now))
        .ok_or(Error::Refused)
}

fn open(encrypted: &str, iv: &str, session_key: &SecretString) -> Option<Value> {
    if encrypted.len() > MOST {
        return None;
    }
    let key = STANDARD.decode(session_key.expose_secret()).ok()?;
    let iv: [u8; 16] = STANDARD.decode(iv).ok()?.try_into().ok()?;
    let mut buffer = STANDARD.decode(encrypted).ok()?;
    let key = UnboundCipherKey::new(&AES_128, &key).ok()?;
    let key = PaddedBlockDecryptingKey::cbc_pkcs7(key).ok()?;
    let context = DecryptionContext::Iv128(FixedLength::from(iv));
    let plain = key.decrypt(&mut buffer, context).ok()?;
    serde_json::from_slice(plain).ok()
}

fn watermark_holds(data: &Value, app_id: &str, now: i64) -> bool {
    let Some(mark) = data.get("watermark") else {
        return false;
    };
    let stamped = scalar(mark, "timestamp").and_then(|text| text.parse::<i64>().ok());
    scalar(mark, "appid").as_deref() == Some(app_id)
        && stamped.is_some_and(|stamped| now.abs_diff(stamped) <= WINDOW)
}
