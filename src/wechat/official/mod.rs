//! The official account (公众号): opening what WeChat sends, sealing what is answered
//! (protocols.md §1), and calling out ([`client`]). Called by the faces and by `delivery`.

pub mod client;
pub mod code;
mod figures;
pub(in crate::wechat) mod inbound;
pub mod menu;
pub mod page;
mod reply;

pub use figures::Quota;
pub use inbound::{Event, Inbound, InboundKind, JobStatus};
pub use reply::{Article, Reply};

use super::{
    Error,
    crypto::{Cipher, same, signature},
    query::Query,
    xml::{self, Writer},
};
use secrecy::{ExposeSecret, SecretString};
use std::borrow::Cow;

/// How messages are protected. Set in the configuration, never derived from a request: otherwise
/// anyone could downgrade to plain text by leaving a parameter out (protocols.md §1.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// The body is not authenticated at all.
    Plain,
    /// Plain fields and the encrypted message side by side; we use the encrypted one only.
    Compatible,
    /// The encrypted message only.
    Safe,
}

/// One official account as the callback sees it.
#[derive(Debug)]
pub struct Account {
    app_id: String,
    token: SecretString,
    mode: Mode,
    /// There exactly when the mode is not plain.
    cipher: Option<Cipher>,
    /// Take plain messages beside encrypted ones.
    accept_plain: bool,
}

impl Account {
    /// Fails with `Malformed` when the mode asks for encryption and `encoding_aes_key` is missing
    /// or of the wrong shape.
    pub fn new(
        app_id: &str,
        token: SecretString,
        mode: Mode,
        encoding_aes_key: Option<&SecretString>,
    ) -> Result<Self, Error> {
        let cipher = match (mode, encoding_aes_key) {
            (Mode::Plain, _) => None,
            (_, Some(key)) => Some(Cipher::new(key.expose_secret(), app_id)?),
            (_, None) => return Err(Error::Malformed("this mode needs an EncodingAESKey")),
        };
        Ok(Self {
            app_id: app_id.to_owned(),
            token,
            mode,
            cipher,
            accept_plain: false,
        })
    }

    /// Takes plain messages too, though the mode encrypts: for the minutes of a change-over on the
    /// platform's page, since it lets anyone who saw one callback address forge messages (§6.1).
    #[must_use]
    pub fn accepting_plain(mut self, accept: bool) -> Self {
        self.accept_plain = accept;
        self
    }

    /// The app id.
    #[must_use]
    pub fn app_id(&self) -> &str {
        &self.app_id
    }

    /// The mode.
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// The address check (GET): returns the `echostr` to be answered as it stands. It is plain in
    /// every mode.
    pub fn check_get(&self, raw_query: &str, now: i64) -> Result<String, Error> {
        let query = Query::parse(raw_query, now)?;
        self.check_signature(&query)?;
        query.echostr.ok_or(Error::Refused)
    }

    /// Opens one POST. `raw_query` is the query string without `?`, `body` the bytes as they came.
    pub fn open(&self, raw_query: &str, body: &[u8], now: i64) -> Result<Inbound, Error> {
        let inner = self.unseal(raw_query, body, now, |body| {
            let outer = xml::parse(body)?;
            Ok(outer.text("Encrypt")?.map(str::to_owned))
        })?;
        Inbound::read(&xml::parse(&inner)?)
    }

    /// The message inside one POST, as bytes; `encrypted` finds the `Encrypt` field of a body. The
    /// mini-program's pushes come in the same envelope.
    pub(in crate::wechat) fn unseal<'a>(
        &self,
        raw_query: &str,
        body: &'a [u8],
        now: i64,
        encrypted: impl FnOnce(&[u8]) -> Result<Option<String>, Error>,
    ) -> Result<Cow<'a, [u8]>, Error> {
        let query = Query::parse(raw_query, now)?;
        let bare = query.msg_signature.is_none() && query.encrypt_type.is_none();
        let cipher = match &self.cipher {
            Some(cipher) if !(bare && self.accept_plain) => cipher,
            _ => {
                self.check_signature(&query)?;
                return Ok(Cow::Borrowed(body));
            }
        };
        // Sent always, though it proves nothing about the body; a wrong one is no message of theirs.
        if query.signature.is_some() {
            self.check_signature(&query)?;
        }
        let claimed = query.msg_signature.as_deref().ok_or(Error::Refused)?;
        if query.encrypt_type.as_deref() != Some("aes") {
            return Err(Error::Refused);
        }
        let encrypted = encrypted(body)?.ok_or(Error::Refused)?;
        if !same(
            claimed,
            &self.message_signature(&query.timestamp, &query.nonce, &encrypted),
        ) {
            return Err(Error::Refused);
        }
        cipher
            .decrypt(&encrypted)
            .map(|text| Cow::Owned(text.into_bytes()))
    }

    /// Whether a message with this query is answered in plain text: always in plain mode, and
    /// while a change-over lets plain messages in, for those that came plain.
    #[must_use]
    pub fn answers_plain(&self, raw_query: &str) -> bool {
        let encrypted = ["msg_signature=", "encrypt_type="]
            .iter()
            .any(|name| raw_query.split('&').any(|part| part.starts_with(name)));
        self.cipher.is_none() || (self.accept_plain && !encrypted)
    }

    /// Encrypts an answer where the mode asks for it. The empty answer and `success` stay plain in
    /// every mode.
    #[must_use]
    pub fn seal(&self, reply_xml: &str, now: i64, nonce: &str, random16: [u8; 16]) -> String {
        let Some(cipher) = &self.cipher else {
            return reply_xml.to_owned();
        };
        if matches!(reply_xml, "" | "success") {
            return reply_xml.to_owned();
        }
        let Ok(encrypted) = cipher.encrypt(reply_xml.as_bytes(), random16) else {
            // Only beyond 4 GiB; an acknowledgement without words beats an error shown to a person.
            return "success".to_owned();
        };
        let signature = self.message_signature(&now.to_string(), nonce, &encrypted);
        Writer::default()
            .text("Encrypt", &encrypted)
            .text("MsgSignature", &signature)
            .number("TimeStamp", now)
            .text("Nonce", nonce)
            .finish()
    }

    fn check_signature(&self, query: &Query) -> Result<(), Error> {
        let claimed = query.signature.as_deref().ok_or(Error::Refused)?;
        let ours = signature(&[self.token.expose_secret(), &query.timestamp, &query.nonce]);
        if same(claimed, &ours) {
            Ok(())
        } else {
            Err(Error::Refused)
        }
    }

    fn message_signature(&self, timestamp: &str, nonce: &str, encrypted: &str) -> String {
        signature(&[self.token.expose_secret(), timestamp, nonce, encrypted])
    }
}

#[cfg(test)]
mod tests;
