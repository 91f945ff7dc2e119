//! Messages as WeChat sends them, over HTTP, to the callback of an official account. Signing and
//! framing are written here a second time from the platform's pages, not borrowed from
//! `linli::wechat`, so that both cannot share a mistake; also whatever WeChat would never send.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_lc_rs::cipher::{
    AES_256, DecryptingKey, DecryptionContext, EncryptingKey, EncryptionContext, UnboundCipherKey,
};
use aws_lc_rs::digest;
use aws_lc_rs::iv::FixedLength;
use base64::Engine;
use linli::config::{CallbackMode, Settings};
use secrecy::ExposeSecret;

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Body as it came.
    pub body: String,
}

/// The platform's side of one official account.
#[derive(Clone)]
pub struct Sender {
    /// The callback's URL.
    pub url: String,
    /// As set on the platform's page.
    pub token: String,
    /// 32 bytes.
    pub key: Vec<u8>,
    /// Whose account.
    pub app_id: String,
    /// How messages are sent.
    pub mode: CallbackMode,
    http: reqwest::Client,
}

/// What goes out with one message; a test bends single parts of it.
#[derive(Clone, Debug)]
pub struct Envelope {
    /// Name and value, in order, not encoded.
    pub query: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Envelope {
    /// Sets a parameter of the query anew.
    pub fn set(&mut self, name: &str, value: &str) -> &mut Self {
        self.query.retain(|(known, _)| known != name);
        self.query.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Leaves a parameter out.
    pub fn unset(&mut self, name: &str) -> &mut Self {
        self.query.retain(|(known, _)| known != name);
        self
    }
}

/// The machine's time, seconds: what WeChat stamps its calls with.
#[expect(clippy::disallowed_methods, reason = "the platform's own clock")]
pub fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(since.as_secs()).unwrap()
}

/// Another number each time, as message ids are: above 2^53, as WeChat's.
pub fn next_id() -> u64 {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    24_500_000_000_000_000 + u64::from(std::process::id()) * 1_000_000 + count
}

/// The XML of a message: the common fields, then these, as CDATA where they are no numbers.
pub fn xml(open_id: &str, kind: &str, fields: &[(&str, &str)]) -> String {
    let mut out = format!(
        "<xml><ToUserName><![CDATA[gh_97417a04a28d]]></ToUserName>\
         <FromUserName><![CDATA[{open_id}]]></FromUserName>\
         <CreateTime>{}</CreateTime><MsgType><![CDATA[{kind}]]></MsgType>",
        now()
    );
    for (name, value) in fields {
        let number = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
        if number {
            out.push_str(&format!("<{name}>{value}</{name}>"));
        } else {
            // What cannot stand in CDATA is split, as the platform does it.
            let value = value.replace("]]>", "]]]]><![CDATA[>");
            out.push_str(&format!("<{name}><![CDATA[{value}]]></{name}>"));
        }
    }
    out.push_str("</xml>");
    out
}

/// A text message with a new id.
pub fn text_xml(open_id: &str, content: &str) -> String {
    let id = next_id().to_string();
    xml(open_id, "text", &[("Content", content), ("MsgId", &id)])
}

impl Sender {
    /// The account that the settings describe, calling this server (`http://127.0.0.1:1234`).
    pub fn new(settings: &Settings, server: &str) -> Self {
        let official = &settings.wechat.official;
        let padded = format!("{}=", official.encoding_aes_key.expose_secret());
        let lenient = base64::engine::GeneralPurpose::new(
            &base64::alphabet::STANDARD,
            base64::engine::GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
        );
        Self {
            url: format!("{server}/wechat/official"),
            token: official.token.expose_secret().to_owned(),
            key: lenient.decode(padded).unwrap(),
            app_id: official.app_id.clone(),
            mode: official.mode,
            http: reqwest::Client::builder()
                .timeout(Duration::from_secs(10))
                .build()
                .unwrap(),
        }
    }

    /// Lower-case hex SHA-1 of the sorted parts.
    pub fn sign(&self, parts: &[&str]) -> String {
        let mut parts: Vec<&str> = parts.iter().copied().chain([self.token.as_str()]).collect();
        parts.sort_unstable();
        let hash = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, parts.concat().as_bytes());
        hash.as_ref().iter().map(|b| format!("{b:02x}")).collect()
    }

    /// random(16) + length(4, big-endian) + message + app id, padded to 32, AES-256-CBC, base64.
    pub fn encrypt(&self, message: &str) -> String {
        self.encrypt_frame(&self.frame(message.as_bytes(), self.app_id.as_bytes()))
    }

    /// The padded plain frame, for tests that bend it.
    pub fn frame(&self, message: &[u8], receiver: &[u8]) -> Vec<u8> {
        let mut frame = next_id().to_be_bytes().repeat(2);
        frame.extend(u32::try_from(message.len()).unwrap().to_be_bytes());
        frame.extend(message);
        frame.extend(receiver);
        let pad = 32 - frame.len() % 32;
        frame.extend(std::iter::repeat_n(u8::try_from(pad).unwrap(), pad));
        frame
    }

    /// Encrypts a frame whose length is a multiple of 16.
    pub fn encrypt_frame(&self, frame: &[u8]) -> String {
        let key = UnboundCipherKey::new(&AES_256, &self.key).unwrap();
        let mut block = frame.to_vec();
        let iv: [u8; 16] = self.key[..16].try_into().unwrap();
        EncryptingKey::cbc(key)
            .unwrap()
            .less_safe_encrypt(&mut block, EncryptionContext::Iv128(FixedLength::from(iv)))
            .unwrap();
        base64::engine::general_purpose::STANDARD.encode(block)
    }

    fn decrypt(&self, encrypted: &str) -> String {
        let mut block = base64::engine::general_purpose::STANDARD
            .decode(encrypted)
            .unwrap();
        let iv: [u8; 16] = self.key[..16].try_into().unwrap();
        let key = UnboundCipherKey::new(&AES_256, &self.key).unwrap();
        let plain = DecryptingKey::cbc(key)
            .unwrap()
            .decrypt(&mut block, DecryptionContext::Iv128(FixedLength::from(iv)))
            .unwrap();
        let pad = usize::from(*plain.last().unwrap());
        assert!((1..=32).contains(&pad), "a padding of {pad}");
        assert_eq!(plain.len() % 32, 0, "not in blocks of 32");
        let length = u32::from_be_bytes(plain[16..20].try_into().unwrap());
        let end = 20 + usize::try_from(length).unwrap();
        let receiver = &plain[end..plain.len() - pad];
        assert_eq!(receiver, self.app_id.as_bytes(), "sealed for another app");
        String::from_utf8(plain[20..end].to_vec()).unwrap()
    }

    /// Wraps a message as the mode wants it, signed now.
    pub fn envelope(&self, message: &str) -> Envelope {
        self.envelope_at(message, now())
    }

    /// The same, stamped with another time.
    pub fn envelope_at(&self, message: &str, at: i64) -> Envelope {
        let encrypted = self.encrypt(message);
        let body = match self.mode {
            CallbackMode::Plain => message.to_owned(),
            CallbackMode::Safe => format!(
                "<xml><ToUserName><![CDATA[gh_97417a04a28d]]></ToUserName>\
                 <Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>"
            ),
            CallbackMode::Compatible => message.replace(
                "</xml>",
                &format!("<Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>"),
            ),
        };
        let encrypted = (self.mode != CallbackMode::Plain).then_some(encrypted);
        self.signed(body.into_bytes(), encrypted.as_deref(), at)
    }

    /// Signs any body; with `encrypted` for the encrypting modes.
    pub fn signed(&self, body: Vec<u8>, encrypted: Option<&str>, at: i64) -> Envelope {
        let (at, nonce) = (at.to_string(), (next_id() % 1_000_000_000).to_string());
        let mut query = vec![
            ("signature".to_owned(), self.sign(&[&at, &nonce])),
            ("timestamp".to_owned(), at.clone()),
            ("nonce".to_owned(), nonce.clone()),
            ("openid".to_owned(), "not-authenticated".to_owned()),
        ];
        if let Some(encrypted) = encrypted {
            query.push(("encrypt_type".to_owned(), "aes".to_owned()));
            let signature = self.sign(&[&at, &nonce, encrypted]);
            query.push(("msg_signature".to_owned(), signature));
        }
        Envelope { query, body }
    }

    /// Encrypts and signs a message that may be anything, in safe mode's frame.
    pub fn sealed(&self, encrypted: &str) -> Envelope {
        let body = format!(
            "<xml><ToUserName><![CDATA[gh_97417a04a28d]]></ToUserName>\
             <Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>"
        );
        self.signed(body.into_bytes(), Some(encrypted), now())
    }

    /// Posts it once and hands back what came, whatever it is; an error when nothing came.
    pub async fn try_post(&self, envelope: &Envelope) -> Result<Answer, reqwest::Error> {
        let answer = self
            .http
            .post(&self.url)
            .query(&envelope.query)
            .header("Content-Type", "text/xml")
            .body(envelope.body.clone())
            .send()
            .await?;
        let status = answer.status().as_u16();
        let body = answer.text().await?;
        Ok(Answer { status, body })
    }

    /// Posts it once.
    pub async fn post(&self, envelope: &Envelope) -> Answer {
        self.try_post(envelope).await.unwrap()
    }

    /// GET with this raw query string (with `?` or empty).
    pub async fn get(&self, query: &str) -> Answer {
        let url = format!("{}{query}", self.url);
        let answer = self.http.get(url).send().await.unwrap();
        let status = answer.status().as_u16();
        let body = answer.text().await.unwrap();
        Answer { status, body }
    }

    /// The address check: what it answers to this echostr.
    pub async fn check(&self, echo: &str) -> Answer {
        let (at, nonce) = (now().to_string(), "486452656");
        let signature = self.sign(&[&at, nonce]);
        self.get(&format!(
            "?signature={signature}&timestamp={at}&nonce={nonce}&echostr={echo}"
        ))
        .await
    }

    /// Sends a message and reads the reply: `None` for silence (`success` or nothing).
    pub async fn send(&self, message: &str) -> Option<String> {
        let answer = self.post(&self.envelope(message)).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        self.read(&answer.body)
    }

    /// Sends a text and reads the reply.
    pub async fn says(&self, open_id: &str, content: &str) -> Option<String> {
        self.send(&text_xml(open_id, content)).await
    }

    /// The text of a reply, as a follower sees it; checks what the platform would check.
    pub fn read(&self, body: &str) -> Option<String> {
        if body.is_empty() || body == "success" {
            return None;
        }
        let xml = if self.mode == CallbackMode::Plain {
            body.to_owned()
        } else {
            let encrypted = field(body, "Encrypt").expect("the reply is not encrypted");
            let at = field(body, "TimeStamp").expect("no TimeStamp");
            let nonce = field(body, "Nonce").expect("no Nonce");
            let expected = self.sign(&[&at, &nonce, &encrypted]);
            let signature = field(body, "MsgSignature");
            assert_eq!(signature.as_deref(), Some(expected.as_str()));
            self.decrypt(&encrypted)
        };
        let from = field(&xml, "FromUserName");
        assert_eq!(from.as_deref(), Some("gh_97417a04a28d"), "{xml}");
        let at: i64 = field(&xml, "CreateTime").unwrap().parse().unwrap();
        assert!(at < 100_000_000_000, "CreateTime is in seconds: {xml}");
        assert_eq!(field(&xml, "MsgType").as_deref(), Some("text"), "{xml}");
        let content = field(&xml, "Content").unwrap();
        assert!(content.len() <= 2048, "too long for the platform");
        Some(content)
    }
}

/// The text of an element: CDATA sections joined, or the plain content.
pub fn field(xml: &str, name: &str) -> Option<String> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    let (inner, _) = rest.split_once(&format!("</{name}>"))?;
    if !inner.contains("<![CDATA[") {
        return Some(inner.to_owned());
    }
    let sections = inner.split("<![CDATA[").skip(1);
    let texts = sections.map(|section| section.split_once("]]>").map_or(section, |(text, _)| text));
    Some(texts.collect())
}
