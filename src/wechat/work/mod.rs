//! The WeCom application (企业微信自建应用): opening what WeCom sends, sealing what is answered
//! (protocols.md §4.1), cards, and calling out ([`client`], §4.2, §4.3). Called by the faces and by
//! `delivery`.

pub mod card;
pub mod client;
mod inbound;
pub mod login;
mod reply;

pub use card::{Button, Card};
pub use inbound::{ContactChange, Event, Inbound, InboundKind, Selected};
pub use reply::{Article, Reply};

use super::{
    Error,
    crypto::{Cipher, same, signature},
    query::Query,
    xml::{self, Writer},
};
use secrecy::{ExposeSecret, SecretString};

/// One application as its callback sees it. Messages are always encrypted, for the corporation's id.
#[derive(Debug)]
pub struct Account {
    corp_id: String,
    token: SecretString,
    cipher: Cipher,
}

impl Account {
    /// Fails with `Malformed` when `encoding_aes_key` is not 43 base64 characters.
    pub fn new(
        corp_id: &str,
        token: SecretString,
        encoding_aes_key: &SecretString,
    ) -> Result<Self, Error> {
        Ok(Self {
            corp_id: corp_id.to_owned(),
            token,
            cipher: Cipher::new(encoding_aes_key.expose_secret(), corp_id)?,
        })
    }

    /// The corporation.
    #[must_use]
    pub fn corp_id(&self) -> &str {
        &self.corp_id
    }

    /// The address check (GET): returns what is in the sealed `echostr`, to be answered as it stands.
    pub fn check_get(&self, raw_query: &str, now: i64) -> Result<String, Error> {
        let query = Query::parse(raw_query, now)?;
        let sealed = query.echostr.as_deref().ok_or(Error::Refused)?;
        self.unseal(&query, sealed)
    }

    /// Opens one POST. `raw_query` is the query string without `?`, `body` the bytes as they came.
    pub fn open(&self, raw_query: &str, body: &[u8], now: i64) -> Result<Inbound, Error> {
        let query = Query::parse(raw_query, now)?;
        let outer = xml::parse(body)?;
        let sealed = outer.text("Encrypt")?.ok_or(Error::Refused)?;
        Inbound::read(&xml::parse_text(&self.unseal(&query, sealed)?)?)
    }

    /// Encrypts an answer; the empty one, which only says that it was taken, stays as it is.
    #[must_use]
    pub fn seal(&self, reply_xml: &str, now: i64, nonce: &str, random16: [u8; 16]) -> String {
        if reply_xml.is_empty() {
            return String::new();
        }
        let Ok(encrypted) = self.cipher.encrypt(reply_xml.as_bytes(), random16) else {
            // Only beyond 4 GiB; an acknowledgement without words beats an error shown to a person.
            return String::new();
        };
        let signed = self.message_signature(&now.to_string(), nonce, &encrypted);
        Writer::default()
            .text("Encrypt", &encrypted)
            .text("MsgSignature", &signed)
            .number("TimeStamp", now)
            .text("Nonce", nonce)
            .finish()
    }

    /// Checks the signature over the sealed text, then opens it.
    fn unseal(&self, query: &Query, sealed: &str) -> Result<String, Error> {
        let claimed = query.msg_signature.as_deref().ok_or(Error::Refused)?;
        let ours = self.message_signature(&query.timestamp, &query.nonce, sealed);
        if !same(claimed, &ours) {
            return Err(Error::Refused);
        }
        self.cipher.decrypt(sealed)
    }

    fn message_signature(&self, timestamp: &str, nonce: &str, encrypted: &str) -> String {
        signature(&[self.token.expose_secret(), timestamp, nonce, encrypted])
    }
}

#[cfg(test)]
mod tests;
