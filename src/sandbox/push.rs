//! Delivering to the program what people do (protocols.md §1.2–1.5): signed, encrypted, over HTTP, at
//! most three attempts; and reading what it answers.

use chrono::TimeDelta;
use secrecy::ExposeSecret;
use serde::Serialize;

use super::faults::{Api, Kind};
use super::platform::{Entry, How, Platform, Standing, Window, Wire};
use super::say::{Say, receipt_xml};
use crate::config::CallbackMode;
use crate::wechat::crypto::{same, signature};
use crate::wechat::xml::{self, Element, Writer};

/// Attempts in all.
const ATTEMPTS: u32 = 3;
/// What WeChat shows a person when the account does not answer.
const UNAVAILABLE: &str = "该公众号暂时无法提供服务，请稍后再试";

/// What the program made of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase", tag = "is", content = "text")]
pub enum Answer {
    /// Words.
    Text(String),
    /// A picture, by its id.
    Image(String),
    /// The card that was pressed became another one, with these words.
    Card(String),
    /// An acknowledgement without words.
    Silence,
    /// An answer that is none: HTTP status or what is wrong with it.
    Malformed(String),
    /// None of the attempts was answered in time.
    Unreachable,
}

impl Answer {
    /// The words, if there are any.
    #[must_use]
    pub fn words(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// How a delivery went.
#[derive(Clone, Debug, Serialize)]
pub struct Said {
    /// `MsgId`, or what stood for it.
    pub msg_id: String,
    /// Attempts made.
    pub attempts: u32,
    /// The last answer.
    pub answer: Answer,
    /// What came into the conversation.
    pub entries: Vec<Entry>,
}

/// One message, ready to be put on the wire as often as needed.
struct Parcel {
    openid: String,
    xml: Writer,
}

/// What goes over the wire in one attempt.
struct Sealed {
    query: Vec<(&'static str, String)>,
    body: String,
}

impl Platform {
    /// A person acts; returns when the program has answered or all attempts have failed.
    pub async fn say(&self, openid: &str, what: &Say) -> Said {
        let msg_id = self.msg_id();
        let mut entry = what.entry(openid);
        entry.msg_id = Some(msg_id.to_string());
        let mut entries = vec![self.add(entry)];
        if self.note(openid, what) {
            let xml = what.xml(openid, self.now().timestamp(), msg_id);
            let said = entries.first().map_or(0, |entry| entry.id);
            let (answer, attempts) = self.deliver(openid, xml, Some(said)).await;
            entries.extend(self.show(openid, &answer));
            if let Some(said) = self.entry(said)
                && let Some(first) = entries.first_mut()
            {
                *first = said;
            }
            return Said {
                msg_id: msg_id.to_string(),
                attempts,
                answer,
                entries,
            };
        }
        let notice = Entry::new(openid, How::Notice, "请先关注公众号");
        entries.push(self.add(notice));
        Said {
            msg_id: msg_id.to_string(),
            attempts: 0,
            answer: Answer::Silence,
            entries,
        }
    }

    /// Puts what the person did into effect on the platform's side; false when WeChat would not let
    /// them do it.
    fn note(&self, openid: &str, what: &Say) -> bool {
        let now = self.now();
        let mut state = self.state();
        let person = state.person(openid);
        match what {
            Say::Event { event, .. } if event == "unsubscribe" => {
                person.standing = Standing::Left;
                person.by_event = None;
                person.by_message = None;
                return true;
            }
            Say::Event { event, .. } if event == "subscribe" => {
                person.standing = Standing::Follows;
            }
            _ if person.standing == Standing::Left => return false,
            _ => {}
        }
        match what {
            Say::Event { event, .. } => {
                if matches!(event.as_str(), "subscribe" | "SCAN" | "CLICK") {
                    let until = now + TimeDelta::minutes(1);
                    person.by_event = Some(Window { until, left: 3 });
                }
            }
            _ => {
                let until = now + TimeDelta::hours(48);
                person.by_message = Some(Window { until, left: 5 });
            }
        }
        true
    }

    /// Shows an answer in the conversation.
    fn show(&self, openid: &str, answer: &Answer) -> Option<Entry> {
        let entry = match answer {
            Answer::Text(text) => Entry::new(openid, How::Reply, text),
            Answer::Image(id) => {
                let mut entry = Entry::new(openid, How::Reply, "[图片]");
                entry.media = Some(id.clone());
                entry
            }
            Answer::Silence | Answer::Card(_) => return None,
            Answer::Malformed(_) | Answer::Unreachable => {
                Entry::new(openid, How::Notice, UNAVAILABLE)
            }
        };
        Some(self.add(entry))
    }

    /// Delivers an event that is nobody's act; whether the program took it without a word.
    pub(super) async fn push_event(&self, openid: &str, xml: Writer) -> bool {
        self.deliver(openid, xml, None).await.0 == Answer::Silence
    }

    /// Up to three attempts with the same message; a person's are written to the entry `shown`.
    async fn deliver(&self, openid: &str, xml: Writer, shown: Option<u64>) -> (Answer, u32) {
        let parcel = Parcel {
            openid: openid.to_owned(),
            xml,
        };
        for attempt in 1..=ATTEMPTS {
            let outcome = tokio::select! {
                () = self.0.stop.cancelled() => return (Answer::Unreachable, attempt),
                outcome = self.attempt(&parcel, shown) => outcome,
            };
            let repeat = self
                .enter(Api::Callback)
                .is_some_and(|hit| hit.kind == Kind::Repeat);
            match outcome {
                Some(answer) if !repeat || attempt == ATTEMPTS => return (answer, attempt),
                // The answer got lost on its way, or there was none.
                Some(_) | None => {}
            }
        }
        (Answer::Unreachable, ATTEMPTS)
    }

    /// One POST; none when no answer came.
    async fn attempt(&self, parcel: &Parcel, shown: Option<u64>) -> Option<Answer> {
        let address = self.callback()?;
        let sealed = self.seal(parcel);
        let mut wire = vec![
            Wire::new("平台 → 程序 明文", &parcel.xml.clone().finish()),
            Wire::new("平台 → 程序 实际发送", &shown_request(&sealed)),
        ];
        let sent = self
            .0
            .http
            .post(&address)
            .query(&sealed.query)
            .header("Content-Type", "text/xml")
            .body(sealed.body)
            .send()
            .await;
        let outcome = match sent {
            // A gateway that is starting or stopping: nobody has answered.
            Ok(response) if response.status().is_server_error() => {
                let status = response.status().to_string();
                wire.push(Wire::new("程序 → 平台", &status));
                None
            }
            Ok(response) => {
                let status = response.status();
                let body = response.text().await.ok()?;
                let (answer, more) = self.read(&parcel.openid, status.as_u16(), &body);
                wire.extend(more);
                Some(answer)
            }
            Err(error) => {
                let what = if error.is_timeout() {
                    "超时"
                } else {
                    "连接失败"
                };
                wire.push(Wire::new("程序 → 平台", what));
                None
            }
        };
        if let Some(id) = shown {
            self.add_wire(id, wire);
        }
        outcome
    }

    /// Signs and encrypts as the mode says, with a nonce of its own for each attempt.
    fn seal(&self, parcel: &Parcel) -> Sealed {
        let config = &self.0.config;
        let token = config.token.expose_secret();
        let timestamp = self.now().timestamp().to_string();
        let nonce = self.0.dice.digits(10);
        let mut query = vec![
            ("signature", signature(&[token, &timestamp, &nonce])),
            ("timestamp", timestamp.clone()),
            ("nonce", nonce.clone()),
            ("openid", parcel.openid.clone()),
        ];
        let plain = parcel.xml.clone().finish();
        let encrypted = self.0.cipher.as_ref().and_then(|cipher| {
            let random = self.0.dice.bytes::<16>();
            cipher.encrypt(plain.as_bytes(), random).ok()
        });
        let Some(encrypted) = encrypted else {
            return Sealed { query, body: plain };
        };
        let signed = signature(&[token, &timestamp, &nonce, &encrypted]);
        query.push(("encrypt_type", "aes".to_owned()));
        query.push(("msg_signature", signed));
        let outer = match config.mode {
            CallbackMode::Compatible => parcel.xml.clone(),
            CallbackMode::Safe | CallbackMode::Plain => {
                Writer::default().text("ToUserName", super::config::ACCOUNT)
            }
        };
        let body = outer.text("Encrypt", &encrypted).finish();
        Sealed { query, body }
    }

    /// Reads an answer as strictly as WeChat does.
    fn read(&self, openid: &str, status: u16, body: &str) -> (Answer, Vec<Wire>) {
        let mut wire = vec![Wire::new(
            "程序 → 平台 实际应答",
            &format!("HTTP {status}\n{body}"),
        )];
        if status != 200 {
            return (Answer::Malformed(format!("HTTP {status}")), wire);
        }
        if matches!(body, "" | "success") {
            return (Answer::Silence, wire);
        }
        let opened = match self.open(body) {
            Ok(text) => text,
            Err(why) => return (Answer::Malformed(why.to_owned()), wire),
        };
        if opened != body {
            wire.push(Wire::new("程序 → 平台 明文", &opened));
        }
        let answer = xml::parse(opened.as_bytes())
            .map_err(|error| error.to_string())
            .and_then(|root| read_reply(&root, openid).map_err(str::to_owned));
        (answer.unwrap_or_else(Answer::Malformed), wire)
    }

    /// The plain XML of an answer.
    fn open(&self, body: &str) -> Result<String, &'static str> {
        let Some(cipher) = &self.0.cipher else {
            return Ok(body.to_owned());
        };
        let root = xml::parse(body.as_bytes()).map_err(|_| "应答不是 XML")?;
        let part = |name| root.required(name).map_err(|_| "应答没有加密");
        let (encrypted, claimed) = (part("Encrypt")?, part("MsgSignature")?);
        let (timestamp, nonce) = (part("TimeStamp")?, part("Nonce")?);
        let token = self.0.config.token.expose_secret();
        if !same(claimed, &signature(&[token, timestamp, nonce, encrypted])) {
            return Err("应答的签名不对");
        }
        cipher.decrypt(encrypted).map_err(|_| "应答解密失败")
    }

    /// Asks for the address check (GET) as the platform's page does when it is saved.
    pub async fn verify(&self) -> bool {
        let Some(address) = self.callback() else {
            return false;
        };
        let timestamp = self.now().timestamp().to_string();
        let nonce = self.0.dice.digits(10);
        let echo = self.0.dice.digits(19);
        let signed = signature(&[self.0.config.token.expose_secret(), &timestamp, &nonce]);
        let query = [
            ("signature", signed.as_str()),
            ("timestamp", &timestamp),
            ("nonce", &nonce),
            ("echostr", &echo),
        ];
        let sent = self.0.http.get(&address).query(&query).send().await;
        match sent {
            Ok(response) if response.status().as_u16() == 200 => {
                response.text().await.is_ok_and(|body| body == echo)
            }
            _ => false,
        }
    }
}

/// Reports the fate of a template message in the background, as WeChat does shortly after sending.
pub(super) fn receipt(platform: &Platform, openid: &str, msg_id: i64, status: &str) {
    let xml = receipt_xml(openid, platform.now().timestamp(), msg_id, status);
    let platform = platform.clone();
    let openid = openid.to_owned();
    tokio::spawn(async move {
        let (answer, attempts) = platform.deliver(&openid, xml, None).await;
        if answer != Answer::Silence {
            tracing::debug!(
                ?answer,
                attempts,
                "the receipt of a template message was not taken"
            );
        }
    });
}

fn shown_request(sealed: &Sealed) -> String {
    let pairs = sealed.query.iter();
    let query: Vec<String> = pairs
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    format!("POST ?{}\n\n{}", query.join("&"), sealed.body)
}

fn read_reply(root: &Element, openid: &str) -> Result<Answer, &'static str> {
    let part = |name| root.required(name).map_err(|_| "应答缺少必填项");
    if part("ToUserName")? != openid {
        return Err("应答的接收人不对");
    }
    part("FromUserName")?;
    part("CreateTime")?;
    match part("MsgType")? {
        "text" => Ok(Answer::Text(part("Content")?.to_owned())),
        "image" => {
            let image = root.child("Image").ok_or("应答缺少图片")?;
            let id = image.required("MediaId").map_err(|_| "应答缺少图片")?;
            Ok(Answer::Image(id.to_owned()))
        }
        "news" => {
            let articles = root.child("Articles").and_then(|list| list.child("item"));
            let first = articles.ok_or("应答缺少图文")?;
            let title = first.required("Title").map_err(|_| "应答缺少标题")?;
            Ok(Answer::Text(title.to_owned()))
        }
        "voice" | "video" | "music" => Ok(Answer::Text("[多媒体]".to_owned())),
        "transfer_customer_service" => Ok(Answer::Silence),
        _ => Err("应答的类型不对"),
    }
}
