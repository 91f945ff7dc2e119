//! The sender's side of the wire: builds the platform's encrypted callbacks and opens the answers.

use std::sync::atomic::{AtomicI64, Ordering};

use anyhow::{Context, Result, bail};
use linli::base::clock::{Clock, SystemClock};
use linli::wechat::crypto::{Cipher, signature};
use linli::wechat::xml;
use serde::Deserialize;

/// Twelve letters are enough: only repetitions within the run must be told apart by `MsgId`.
const NONCE: &str = "415670741";

/// The sample that all sides measure with: `benches/compare/message.json`.
#[derive(Clone, Debug, Deserialize)]
pub struct Sample {
    /// Token of the callback.
    pub token: String,
    /// 43 characters.
    pub encoding_aes_key: String,
    /// AppID.
    pub app_id: String,
    /// Our account.
    pub account: String,
    /// A person.
    pub open_id: String,
    /// What the person writes.
    pub text: String,
    /// What is answered.
    pub reply: String,
}

impl Sample {
    /// Reads it.
    pub fn load() -> Result<Self> {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/compare/message.json");
        Ok(serde_json::from_str(&std::fs::read_to_string(path)?)?)
    }
}

/// A request to be posted.
pub struct Callback {
    /// Path and query.
    pub target: String,
    /// XML.
    pub body: String,
}

/// Who sends.
pub struct Platform {
    sample: Sample,
    cipher: Cipher,
    next_message: AtomicI64,
}

impl Platform {
    /// From the sample's keys.
    pub fn new(sample: Sample) -> Result<Self> {
        let cipher = Cipher::new(&sample.encoding_aes_key, &sample.app_id)?;
        // Numbers of different runs on one database must differ.
        let first = SystemClock.now().timestamp_millis() * 1_000_000;
        Ok(Self {
            sample,
            cipher,
            next_message: AtomicI64::new(first),
        })
    }

    /// The sample's text from one person, as a new message.
    pub fn text(&self, open_id: &str) -> Result<Callback> {
        self.say(open_id, &self.sample.text)
    }

    /// A text from one person, as a new message.
    pub fn say(&self, open_id: &str, text: &str) -> Result<Callback> {
        let now = SystemClock.now().timestamp();
        let number = self.next_message.fetch_add(1, Ordering::Relaxed);
        let Sample { token, account, .. } = &self.sample;
        let plain = format!(
            "<xml><ToUserName><![CDATA[{account}]]></ToUserName>\
             <FromUserName><![CDATA[{open_id}]]></FromUserName><CreateTime>{now}</CreateTime>\
             <MsgType><![CDATA[text]]></MsgType><Content><![CDATA[{text}]]></Content>\
             <MsgId>{number}</MsgId></xml>"
        );
        let random = number.to_be_bytes().repeat(2);
        let random = random.first_chunk().copied().unwrap_or_default();
        let encrypted = self.cipher.encrypt(plain.as_bytes(), random)?;
        let stamp = now.to_string();
        let of_query = signature(&[token, &stamp, NONCE]);
        let of_message = signature(&[token, &stamp, NONCE, &encrypted]);
        Ok(Callback {
            target: format!(
                "/wechat/official?signature={of_query}&timestamp={stamp}&nonce={NONCE}\
                 &openid={open_id}&encrypt_type=aes&msg_signature={of_message}"
            ),
            body: format!(
                "<xml><ToUserName><![CDATA[{account}]]></ToUserName>\
                 <Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>"
            ),
        })
    }

    /// Opens an answer and checks its signature; returns the text that the person reads.
    pub fn read(&self, answer: &str) -> Result<String> {
        let outer = xml::parse(answer.as_bytes())?;
        let encrypted = outer.required("Encrypt")?;
        let (stamp, nonce) = (outer.required("TimeStamp")?, outer.required("Nonce")?);
        let ours = signature(&[&self.sample.token, stamp, nonce, encrypted]);
        if outer.required("MsgSignature")? != ours {
            bail!("the answer's signature is wrong");
        }
        let opened = self.cipher.decrypt(encrypted)?;
        let inner = xml::parse_text(&opened)?;
        Ok(inner.text("Content")?.context("no text")?.to_owned())
    }
}
