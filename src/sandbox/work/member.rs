//! What a member does in the application, put on WeCom's wire, and how the program answers
//! (protocols.md §4.1): sealed, signed, at most three attempts, the next only when none was answered.

use secrecy::ExposeSecret;

use super::{Config, PREFIX, WorkCard};
use crate::sandbox::faults::{Api, Kind};
use crate::sandbox::platform::{Entry, How, Platform, Wire};
use crate::sandbox::push::{Answer, Said};
use crate::sandbox::say::Say;
use crate::wechat::crypto::{same, signature};
use crate::wechat::xml::{self, Element, Writer};

const ATTEMPTS: u32 = 3;
/// What WeCom shows where nothing came back.
const NOT_ANSWERED: &str = "应用没有响应，请稍后再试";

/// The card that was pressed.
struct Pressed {
    entry: u64,
    task_id: String,
}

impl Platform {
    /// A member writes, sends, or opens the application.
    pub async fn member_does(&self, userid: &str, what: &Say) -> Said {
        let conversation = format!("{PREFIX}{userid}");
        let msg_id = self.msg_id();
        let mut entry = what.entry(&conversation);
        entry.msg_id = Some(msg_id.to_string());
        let xml = self.0.config.work.as_ref().map(|config| {
            let now = self.now().timestamp();
            what.xml_to(&config.corp_id, userid, now, msg_id)
                .number("AgentID", config.agent_id)
        });
        self.hand_over(userid, entry, xml, None).await
    }

    /// A member presses a button of a card; the card is named by its entry in the conversation.
    pub async fn press(&self, userid: &str, card: u64, key: &str) -> Said {
        let found = self.entry(card).and_then(|entry| entry.work_card);
        let label = found.as_ref().and_then(|card| {
            let button = card.buttons.iter().find(|button| button.key == key);
            button.map(|button| button.text.clone())
        });
        let word = label.unwrap_or_else(|| key.to_owned());
        let entry = Entry::new(
            &format!("{PREFIX}{userid}"),
            How::Event,
            format!("点了「{word}」"),
        );
        let task_id = found.map(|card| card.task_id).unwrap_or_default();
        let code = self.0.dice.token();
        let now = self.now();
        self.state().work.new_code(&code, card, userid, now);
        let xml = self.0.config.work.as_ref().map(|config| {
            Writer::default()
                .text("ToUserName", &config.corp_id)
                .text("FromUserName", userid)
                .number("CreateTime", now.timestamp())
                .text("MsgType", "event")
                .text("Event", "template_card_event")
                .text("EventKey", key)
                .text("TaskId", &task_id)
                .text("CardType", "button_interaction")
                .text("ResponseCode", &code)
                .number("AgentID", config.agent_id)
        });
        let pressed = Pressed {
            entry: card,
            task_id,
        };
        self.hand_over(userid, entry, xml, Some(pressed)).await
    }

    /// Any event of the application or the address book, with these fields.
    pub async fn member_event(&self, userid: &str, event: &str, fields: Writer) -> Said {
        let entry = Entry::new(&format!("{PREFIX}{userid}"), How::Event, event);
        let xml = self.0.config.work.as_ref().map(|config| {
            Writer::default()
                .text("ToUserName", &config.corp_id)
                .text("FromUserName", userid)
                .number("CreateTime", self.now().timestamp())
                .text("MsgType", "event")
                .text("Event", event)
                .join(&fields)
        });
        self.hand_over(userid, entry, xml, None).await
    }

    async fn hand_over(
        &self,
        userid: &str,
        entry: Entry,
        xml: Option<Writer>,
        pressed: Option<Pressed>,
    ) -> Said {
        let msg_id = entry.msg_id.clone().unwrap_or_default();
        let said = self.add(entry);
        let (answer, attempts) = match (xml, &self.0.config.work) {
            (Some(xml), Some(config)) => {
                let mut attempt = 0;
                loop {
                    attempt += 1;
                    let outcome = tokio::select! {
                        () = self.0.stop.cancelled() => break (Answer::Unreachable, attempt),
                        outcome = self.once(config, userid, &xml, said.id, pressed.as_ref()) => outcome,
                    };
                    let hit = self.enter(Api::Callback);
                    let repeat = hit.is_some_and(|hit| hit.kind == Kind::Repeat);
                    match outcome {
                        Some(answer) if !repeat || attempt == ATTEMPTS => break (answer, attempt),
                        None if attempt == ATTEMPTS => break (Answer::Unreachable, attempt),
                        _ => {}
                    }
                }
            }
            _ => (Answer::Unreachable, 0),
        };
        let conversation = format!("{PREFIX}{userid}");
        let shown = match &answer {
            Answer::Text(text) => Some(Entry::new(&conversation, How::Reply, text)),
            Answer::Malformed(_) | Answer::Unreachable => {
                Some(Entry::new(&conversation, How::Notice, NOT_ANSWERED))
            }
            _ => None,
        };
        let mut entries = vec![self.entry(said.id).unwrap_or(said)];
        entries.extend(shown.map(|entry| self.add(entry)));
        Said {
            msg_id,
            attempts,
            answer,
            entries,
        }
    }

    /// One POST; none when no answer came.
    async fn once(
        &self,
        config: &Config,
        userid: &str,
        xml: &Writer,
        said: u64,
        pressed: Option<&Pressed>,
    ) -> Option<Answer> {
        let address = self.callback()?.replace("/wechat/official", "/wechat/work");
        let plain = xml.clone().finish();
        let cipher = config.cipher().ok()?;
        let encrypted = cipher
            .encrypt(plain.as_bytes(), self.0.dice.bytes::<16>())
            .ok()?;
        let timestamp = self.now().timestamp().to_string();
        let nonce = self.0.dice.digits(10);
        let token = config.token.expose_secret();
        let signed = signature(&[token, &timestamp, &nonce, &encrypted]);
        let query = [
            ("msg_signature", signed.as_str()),
            ("timestamp", &timestamp),
            ("nonce", &nonce),
        ];
        let body = Writer::default()
            .text("ToUserName", &config.corp_id)
            .text("AgentID", &config.agent_id.to_string())
            .text("Encrypt", &encrypted)
            .finish();
        let mut wire = vec![
            Wire::new("企业微信 → 程序 明文", &plain),
            Wire::new("企业微信 → 程序 实际发送", &body),
        ];
        let sent = self.0.http.post(&address).query(&query).body(body).send();
        let outcome = match sent.await {
            Ok(response) if !response.status().is_server_error() => {
                let status = response.status().as_u16();
                let body = response.text().await.ok()?;
                wire.push(Wire::new(
                    "程序 → 企业微信 实际应答",
                    &format!("HTTP {status}\n{body}"),
                ));
                Some(self.read_member_answer(config, userid, status, &body, pressed, &mut wire))
            }
            _ => None,
        };
        self.add_wire(said, wire);
        outcome
    }

    fn read_member_answer(
        &self,
        config: &Config,
        userid: &str,
        status: u16,
        body: &str,
        pressed: Option<&Pressed>,
        wire: &mut Vec<Wire>,
    ) -> Answer {
        if status != 200 {
            return Answer::Malformed(format!("HTTP {status}"));
        }
        if body.is_empty() {
            return Answer::Silence;
        }
        let opened = match open(config, body) {
            Ok(opened) => opened,
            Err(why) => return Answer::Malformed(why.to_owned()),
        };
        wire.push(Wire::new("程序 → 企业微信 明文", &opened));
        match xml::parse(opened.as_bytes()) {
            Ok(root) => self
                .take_reply(&root, config, userid, pressed)
                .unwrap_or_else(|why| Answer::Malformed(why.to_owned())),
            Err(error) => Answer::Malformed(error.to_string()),
        }
    }

    fn take_reply(
        &self,
        root: &Element<'_>,
        config: &Config,
        userid: &str,
        pressed: Option<&Pressed>,
    ) -> Result<Answer, &'static str> {
        let part = |name| root.required(name).map_err(|_| "应答缺少必填项");
        if !part("ToUserName")?.eq_ignore_ascii_case(userid) {
            return Err("应答的接收人不对");
        }
        if part("FromUserName")? != config.corp_id {
            return Err("应答的企业不对");
        }
        part("CreateTime")?;
        let kind = part("MsgType")?;
        match (kind, pressed) {
            ("text", _) => Ok(Answer::Text(part("Content")?.to_owned())),
            ("image" | "voice" | "video" | "news", _) => Ok(Answer::Text(format!("[{kind}]"))),
            ("update_button", Some(pressed)) => {
                let button = root.child("Button").ok_or("应答缺少按钮")?;
                let word = button.required("ReplaceName").map_err(|_| "应答缺少按钮")?;
                self.change_card(pressed.entry, None, Some(word), Vec::new());
                Ok(Answer::Card(word.to_owned()))
            }
            ("update_template_card", Some(pressed)) => {
                let card = root.child("TemplateCard").ok_or("应答缺少卡片")?;
                let card = WorkCard::from_xml(card, &pressed.task_id)?;
                let words = card.words();
                self.change_card(pressed.entry, Some(card), None, Vec::new());
                Ok(Answer::Card(words))
            }
            _ => Err("应答的类型不对"),
        }
    }

    /// The address check (GET) as WeCom's page does it: sealed, and with a `+` where there is one.
    pub async fn verify_work(&self) -> bool {
        let (Some(config), Some(address)) = (&self.0.config.work, self.callback()) else {
            return false;
        };
        let echo = self.0.dice.digits(19);
        let sealed = config
            .cipher()
            .and_then(|cipher| cipher.encrypt(echo.as_bytes(), self.0.dice.bytes::<16>()));
        let Ok(sealed) = sealed else {
            return false;
        };
        let timestamp = self.now().timestamp().to_string();
        let nonce = self.0.dice.digits(10);
        let token = config.token.expose_secret();
        let signed = signature(&[token, &timestamp, &nonce, &sealed]);
        let query = [
            ("msg_signature", signed.as_str()),
            ("timestamp", &timestamp),
            ("nonce", &nonce),
            ("echostr", &sealed),
        ];
        let address = address.replace("/wechat/official", "/wechat/work");
        let sent = self.0.http.get(&address).query(&query).send().await;
        match sent {
            Ok(response) if response.status().as_u16() == 200 => {
                response.text().await.is_ok_and(|body| body == echo)
            }
            _ => false,
        }
    }

    /// Changes a card in the conversation: the entry itself, and a note that the page takes up.
    pub(super) fn change_card(
        &self,
        entry: u64,
        card: Option<WorkCard>,
        word: Option<&str>,
        wire: Vec<Wire>,
    ) {
        let Some(old) = self.entry(entry) else { return };
        let mut card = card.or(old.work_card).unwrap_or_default();
        if let Some(word) = word {
            card.over = Some(word.to_owned());
        }
        self.replace_card(entry, &card);
        let mut news = Entry::new(&old.openid, How::Update, card.words());
        news.of = Some(entry);
        news.work_card = Some(card);
        news.wire = wire;
        self.add(news);
    }
}

/// The plain XML of an answer.
fn open(config: &Config, body: &str) -> Result<String, &'static str> {
    let root = xml::parse(body.as_bytes()).map_err(|_| "应答不是 XML")?;
    let part = |name| root.required(name).map_err(|_| "应答没有加密");
    let (encrypted, claimed) = (part("Encrypt")?, part("MsgSignature")?);
    let (timestamp, nonce) = (part("TimeStamp")?, part("Nonce")?);
    let token = config.token.expose_secret();
    if !same(claimed, &signature(&[token, timestamp, nonce, encrypted])) {
        return Err("应答的签名不对");
    }
    let cipher = config.cipher().map_err(|_| "密钥不对")?;
    cipher.decrypt(encrypted).map_err(|_| "应答解密失败")
}
