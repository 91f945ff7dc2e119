//! The intelligent robot of WeCom (智能机器人, protocols.md §4.7) and the group robots that only send
//! (§4.5). The protocol alone: callbacks opened and answers sealed, frames of the long connection,
//! files, calls out. Called by the faces and by `delivery`.
//!
//! | file | what it does |
//! |---|---|
//! | [`inbound`] | what the platform says, the same by callback and by long connection |
//! | [`reply`] | what can be answered |
//! | [`frame`] | frames of the long connection |
//! | [`media`] | encrypted files |
//! | [`client`] | answers by address, and group robots |

pub mod client;
pub mod frame;
pub mod inbound;
pub mod media;
pub mod reply;

pub use inbound::{Chat, Event, Inbound, InboundKind, Picture};
pub use reply::Reply;

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use super::Error;
use super::crypto::{Cipher, same, signature};
use super::query::Query;

/// The robot as the callback sees it. Its receiver id is empty: it is the corporation's own.
#[derive(Debug)]
pub struct Robot {
    token: SecretString,
    cipher: Cipher,
    name: String,
}

impl Robot {
    /// `name` is what follows `@` in a group.
    ///
    /// # Errors
    /// `Malformed` when the key has another shape.
    pub fn new(
        token: SecretString,
        encoding_aes_key: &SecretString,
        name: &str,
    ) -> Result<Self, Error> {
        Ok(Self {
            token,
            cipher: Cipher::new(encoding_aes_key.expose_secret(), "")?,
            name: name.to_owned(),
        })
    }

    /// The address check (GET): opens `echostr`, which is to be answered as it stands.
    ///
    /// # Errors
    /// `Refused` for whatever does not hold.
    pub fn check_get(&self, raw_query: &str, now: i64) -> Result<String, Error> {
        let query = Query::parse(raw_query, now)?;
        let echo = query.echostr.as_deref().ok_or(Error::Refused)?;
        self.check(&query, echo)?;
        self.cipher.decrypt(echo)
    }

    /// Opens one POST.
    ///
    /// # Errors
    /// `Refused` for whatever does not hold, `Malformed` when it is signed but broken.
    pub fn open(&self, raw_query: &str, body: &[u8], now: i64) -> Result<Inbound, Error> {
        let query = Query::parse(raw_query, now)?;
        let outer: Value = serde_json::from_slice(body).map_err(|_| Error::Refused)?;
        let encrypted = outer.get("encrypt").and_then(Value::as_str);
        let encrypted = encrypted.ok_or(Error::Refused)?;
        self.check(&query, encrypted)?;
        let plain = self.cipher.decrypt(encrypted)?;
        let message = serde_json::from_str(&plain).map_err(|_| Error::Malformed("no JSON"))?;
        Inbound::read(&message, &self.name)
    }

    /// Seals an answer.
    ///
    /// # Errors
    /// `Malformed` beyond 4 GiB.
    pub fn seal(
        &self,
        reply: &Reply,
        now: i64,
        nonce: &str,
        random16: [u8; 16],
    ) -> Result<String, Error> {
        let plain = reply.json().to_string();
        let encrypted = self.cipher.encrypt(plain.as_bytes(), random16)?;
        let signed = self.signature(&now.to_string(), nonce, &encrypted);
        Ok(json!({
            "encrypt": encrypted, "msgsignature": signed, "timestamp": now, "nonce": nonce,
        })
        .to_string())
    }

    /// The query of an address check, as the platform asks it: by which the own address is tried.
    ///
    /// # Errors
    /// `Malformed` beyond 4 GiB.
    pub fn ask(
        &self,
        echo: &str,
        now: i64,
        nonce: &str,
        random16: [u8; 16],
    ) -> Result<[(&'static str, String); 4], Error> {
        let sealed = self.cipher.encrypt(echo.as_bytes(), random16)?;
        let timestamp = now.to_string();
        Ok([
            ("msg_signature", self.signature(&timestamp, nonce, &sealed)),
            ("timestamp", timestamp),
            ("nonce", nonce.to_owned()),
            ("echostr", sealed),
        ])
    }

    /// Opens the bytes of a file that came by callback.
    ///
    /// # Errors
    /// `Refused` when they are not what the key has sealed.
    pub fn open_file(&self, bytes: Vec<u8>) -> Result<Vec<u8>, Error> {
        self.cipher.open_file(bytes)
    }

    fn check(&self, query: &Query, encrypted: &str) -> Result<(), Error> {
        let claimed = query.msg_signature.as_deref().ok_or(Error::Refused)?;
        if same(
            claimed,
            &self.signature(&query.timestamp, &query.nonce, encrypted),
        ) {
            Ok(())
        } else {
            Err(Error::Refused)
        }
    }

    fn signature(&self, timestamp: &str, nonce: &str, encrypted: &str) -> String {
        signature(&[self.token.expose_secret(), timestamp, nonce, encrypted])
    }
}

#[cfg(test)]
mod tests;
