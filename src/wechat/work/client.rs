//! What we ask of WeCom for an application (protocols.md §4.2, §4.3). Called by `delivery`
//! (sending) and by `attachment` (fetching). `now` is UTC seconds.

use super::Card;
use crate::wechat::{
    Error, call,
    http::{Http, Media, scalar},
    token::TokenKeeper,
    xml::{clean, cut},
};
use serde_json::{Value, json};
use std::sync::Arc;

/// Bytes of a text; WeCom cuts longer ones silently.
const TEXT_BYTES: usize = 2048;
/// Bytes of the parts of a text card.
const TITLE_BYTES: usize = 128;
const DESCRIPTION_BYTES: usize = 512;

/// What is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// Plain text with line breaks.
    Text(String),
    /// A headline and words that lead to a page.
    TextCard {
        /// Headline.
        title: String,
        /// Words.
        description: String,
        /// Where a tap leads; with its scheme.
        url: String,
    },
    /// Shown as markdown by WeCom's own app only.
    Markdown(String),
    /// A card, with buttons or without.
    Card(Box<Card>),
}

/// A message to members.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// User ids, at most 1000.
    pub to: Vec<String>,
    /// What.
    pub body: Body,
    /// The same content to the same member within so many seconds, at most four hours, is sent
    /// once; none: each is sent. WeCom tells nobody that it has dropped one.
    pub once_within: Option<u32>,
}

/// What WeCom said to a message that it took.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sent {
    /// WeCom's id of it.
    pub msg_id: Option<String>,
    /// Members who do not get it although the others do, lower-cased: unknown ones, ones who may
    /// not see the application, ones without a licence.
    pub missed: Vec<String>,
    /// Good for one update of the card within 72 hours.
    pub response_code: Option<String>,
}

/// Calls out in the name of one application.
pub struct WorkClient {
    http: Http,
    api_base: String,
    agent_id: i64,
    keeper: Arc<TokenKeeper>,
}

impl WorkClient {
    /// `api_base` is `https://qyapi.weixin.qq.com` or a stand-in, without a closing slash.
    #[must_use]
    pub fn new(http: Http, api_base: &str, agent_id: i64, keeper: Arc<TokenKeeper>) -> Self {
        Self {
            http,
            api_base: api_base.to_owned(),
            agent_id,
            keeper,
        }
    }

    /// Sends a message. Success may still miss some of the receivers: see [`Sent::missed`].
    pub async fn send(&self, message: &Message, now: i64) -> Result<Sent, Error> {
        let (kind, inner) = match &message.body {
            Body::Text(text) => ("text", json!({ "content": fit(text, TEXT_BYTES) })),
            Body::Markdown(text) => ("markdown", json!({ "content": fit(text, TEXT_BYTES) })),
            Body::TextCard {
                title,
                description,
                url,
            } => (
                "textcard",
                json!({
                    "title": fit(title, TITLE_BYTES),
                    "description": fit(description, DESCRIPTION_BYTES),
                    "url": url,
                    "btntxt": "查看",
                }),
            ),
            Body::Card(card) => ("template_card", card.to_json()),
        };
        let body = json!({
            "touser": message.to.join("|"),
            "msgtype": kind,
            "agentid": self.agent_id,
            kind: inner,
            "enable_duplicate_check": u8::from(message.once_within.is_some()),
            "duplicate_check_interval": message.once_within.unwrap_or_default(),
        });
        let answer = self.post("/cgi-bin/message/send", &body, now).await?;
        let mut missed = Vec::new();
        for field in ["invaliduser", "unlicenseduser"] {
            let list = answer
                .get(field)
                .and_then(Value::as_str)
                .unwrap_or_default();
            let ids = list.split('|').filter(|id| !id.is_empty());
            missed.extend(ids.map(str::to_ascii_lowercase));
        }
        Ok(Sent {
            msg_id: scalar(&answer, "msgid"),
            missed,
            response_code: scalar(&answer, "response_code"),
        })
    }

    /// Puts another card in the place of one that was sent to this member; uses the code up.
    pub async fn update_card(
        &self,
        userid: &str,
        response_code: &str,
        card: &Card,
        now: i64,
    ) -> Result<(), Error> {
        let body = json!({
            "userids": [userid],
            "agentid": self.agent_id,
            "response_code": response_code,
            "template_card": card.to_json(),
        });
        self.post("/cgi-bin/message/update_template_card", &body, now)
            .await
            .map(drop)
    }

    /// Fetches what a member sent; larger than `max_bytes` is [`Error::Nonsense`].
    pub async fn media_get(
        &self,
        media_id: &str,
        max_bytes: usize,
        now: i64,
    ) -> Result<Media, Error> {
        let url = format!("{}/cgi-bin/media/get", self.api_base);
        let what = (media_id, max_bytes);
        call::media(&self.http, &self.keeper, &url, what, now).await
    }

    /// Who scanned, for the code that the browser brings back (5 min, once): the member's user id, or
    /// none for somebody who is no member.
    ///
    /// # Errors
    /// `Malformed` for a code of a shape that cannot be; WeCom's 40029 for one that is used or too old.
    pub async fn member_of(&self, code: &str, now: i64) -> Result<Option<String>, Error> {
        let graphic = code.bytes().all(|byte| byte.is_ascii_graphic());
        if code.is_empty() || code.len() > 512 || !graphic {
            return Err(Error::Malformed("code"));
        }
        let answer = self
            .get("/cgi-bin/auth/getuserinfo", &[("code", code)], now)
            .await?;
        Ok(scalar(&answer, "userid").filter(|userid| !userid.is_empty()))
    }

    /// The application's name, as members see it.
    pub async fn agent_name(&self, now: i64) -> Result<String, Error> {
        let agent = self.agent_id.to_string();
        let answer = self
            .get("/cgi-bin/agent/get", &[("agentid", &agent)], now)
            .await?;
        scalar(&answer, "name").ok_or(Error::Nonsense)
    }

    /// From which addresses WeCom calls us.
    pub async fn callback_ips(&self, now: i64) -> Result<Vec<String>, Error> {
        self.ips("/cgi-bin/getcallbackip", now).await
    }

    /// At which addresses WeCom's API is.
    pub async fn api_ips(&self, now: i64) -> Result<Vec<String>, Error> {
        self.ips("/cgi-bin/get_api_domain_ip", now).await
    }

    async fn ips(&self, path: &str, now: i64) -> Result<Vec<String>, Error> {
        let answer = self.get(path, &[], now).await?;
        let list = answer.get("ip_list").and_then(Value::as_array);
        let list = list.ok_or(Error::Nonsense)?.iter();
        Ok(list.filter_map(Value::as_str).map(str::to_owned).collect())
    }

    async fn get(&self, path: &str, query: &[(&str, &str)], now: i64) -> Result<Value, Error> {
        let url = &format!("{}{path}", self.api_base);
        let call = |token: String| async move {
            let query = [&[("access_token", token.as_str())], query].concat();
            self.http.get(url, &query).await
        };
        self.keeper.with(now, call).await
    }

    async fn post(&self, path: &str, body: &Value, now: i64) -> Result<Value, Error> {
        let url = format!("{}{path}", self.api_base);
        call::post(&self.http, &self.keeper, &url, body, now).await
    }
}

fn fit(text: &str, bytes: usize) -> String {
    cut(&clean(text), bytes).to_owned()
}
