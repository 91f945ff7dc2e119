//! Pushing to the program (protocols.md §1.7): JSON in safe mode, three attempts.

use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::super::config::ACCOUNT;
use super::super::platform::Platform;
use crate::wechat::crypto::signature;

/// Attempts in all.
const ATTEMPTS: u32 = 3;

/// The event as it stands on the wire, before it is sealed.
pub(super) fn event(platform: &Platform, openid: &str, name: &str, more: Value) -> Value {
    let mut all = json!({
        "ToUserName": ACCOUNT,
        "FromUserName": openid,
        "CreateTime": platform.now().timestamp(),
        "MsgType": "event",
        "Event": name,
    });
    if let (Some(all), Value::Object(more)) = (all.as_object_mut(), more) {
        all.extend(more);
    }
    all
}

/// A list as the platform writes it: one entry is an object, several are an array.
pub(super) fn list(mut entries: Vec<Value>) -> Value {
    match entries.len() {
        1 => json!({ "List": entries.pop() }),
        _ => json!({ "List": entries }),
    }
}

/// Delivers it; whether the program took it.
pub(super) async fn deliver(platform: &Platform, event: &Value) -> bool {
    for _ in 0..ATTEMPTS {
        if platform.0.stop.is_cancelled() {
            return false;
        }
        if attempt(platform, event).await == Some(true) {
            return true;
        }
    }
    tracing::debug!("a push of the mini-program was not taken");
    false
}

/// The same in the background.
pub(super) fn deliver_later(platform: &Platform, event: Value) {
    let platform = platform.clone();
    tokio::spawn(async move { deliver(&platform, &event).await });
}

async fn attempt(platform: &Platform, event: &Value) -> Option<bool> {
    let address = platform.callback()?;
    let address = address.replace("/wechat/official", "/wechat/mini");
    let token = platform.0.config.mini_token.expose_secret();
    let cipher = platform.0.mini_cipher.as_ref()?;
    let plain = event.to_string();
    let random = platform.0.dice.bytes::<16>();
    let encrypted = cipher.encrypt(plain.as_bytes(), random).ok()?;
    let timestamp = platform.now().timestamp().to_string();
    let nonce = platform.0.dice.digits(10);
    let query = [
        ("signature", signature(&[token, &timestamp, &nonce])),
        (
            "msg_signature",
            signature(&[token, &timestamp, &nonce, &encrypted]),
        ),
        ("timestamp", timestamp),
        ("nonce", nonce),
        ("encrypt_type", "aes".to_owned()),
    ];
    let body = json!({ "ToUserName": ACCOUNT, "Encrypt": encrypted });
    let sent = platform
        .0
        .http
        .post(&address)
        .query(&query)
        .header("Content-Type", "application/json")
        .body(body.to_string())
        .send()
        .await
        .ok()?;
    let fine = sent.status().is_success();
    Some(fine && sent.text().await.ok()? == "success")
}
