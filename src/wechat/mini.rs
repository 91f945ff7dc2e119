//! The mini-program's log-in and the signatures made with its session key (protocols.md §3.1,
//! §3.2). Called by the web face.

use super::{
    Error,
    crypto::{hex, same, signature},
    http::{Http, scalar},
};
use aws_lc_rs::hmac;
use secrecy::{ExposeSecret, SecretString};

/// A person as the mini-program knows them. Neither field may leave the server but `openid`'s owner.
#[derive(Debug, Clone)]
pub struct Session {
    /// The person within this mini-program; case sensitive.
    pub openid: String,
    /// Base64 text of 16 bytes; never leaves the server.
    pub session_key: SecretString,
    /// The person across the operator's accounts, when these are linked.
    pub unionid: Option<String>,
}

/// Calls out in the name of one mini-program.
#[derive(Debug)]
pub struct MiniClient {
    http: Http,
    api_base: String,
    app_id: String,
    secret: SecretString,
}

impl MiniClient {
    /// `api_base` without a closing slash.
    #[must_use]
    pub fn new(http: Http, api_base: &str, app_id: &str, secret: SecretString) -> Self {
        Self {
            http,
            api_base: api_base.to_owned(),
            app_id: app_id.to_owned(),
            secret,
        }
    }

    /// Exchanges the code of `wx.login` (5 min, once). Platform errors keep their code: 40029 bad
    /// code, 40163 used before, 40226 person blocked, 45011 too often, -1 busy.
    pub async fn code2session(&self, js_code: &str) -> Result<Session, Error> {
        let graphic = js_code.bytes().all(|byte| byte.is_ascii_graphic());
        if js_code.is_empty() || js_code.len() > 256 || !graphic {
            return Err(Error::Malformed("js_code"));
        }
        let query = [
            ("appid", self.app_id.as_str()),
            ("secret", self.secret.expose_secret()),
            ("js_code", js_code),
            ("grant_type", "authorization_code"),
        ];
        let url = format!("{}/sns/jscode2session", self.api_base);
        let answer = self.http.get(&url, &query).await?;
        Ok(Session {
            openid: scalar(&answer, "openid").ok_or(Error::Nonsense)?,
            session_key: scalar(&answer, "session_key")
                .ok_or(Error::Nonsense)?
                .into(),
            unionid: scalar(&answer, "unionid"),
        })
    }
}

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
