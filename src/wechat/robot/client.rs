//! Calls out: one more answer to a message by the address that came with it, and group robots
//! (protocols.md §4.5, §4.7). Group keys travel in addresses, which no error and no log holds.

use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use super::media::same_origin;
use super::reply::{MOST_BYTES, cut, harmless};
use crate::wechat::Error;
use crate::wechat::http::Http;

/// Most bytes of a group robot's text.
pub const MOST_TEXT: usize = 2048;
/// Most bytes of its Markdown.
pub const MOST_MARKDOWN: usize = 4096;

/// What a group robot may say.
#[derive(Debug, Clone, PartialEq)]
pub enum GroupMessage {
    /// Plain; cut to 2 048 bytes. Mentions nobody.
    Text(String),
    /// Markdown of ours around words of others; cut to 4 096 bytes.
    Markdown(String),
    /// `text_notice` or `news_notice`.
    Card(Value),
}

impl GroupMessage {
    fn json(&self) -> Value {
        match self {
            Self::Text(text) => json!({
                "msgtype": "text", "text": { "content": cut(text, MOST_TEXT) },
            }),
            Self::Markdown(text) => json!({
                "msgtype": "markdown",
                "markdown": { "content": cut(&harmless(text), MOST_MARKDOWN) },
            }),
            Self::Card(card) => json!({ "msgtype": "template_card", "template_card": card }),
        }
    }
}

/// Speaks to WeCom's API without a token: what is allowed follows from the address.
#[derive(Debug, Clone)]
pub struct RobotClient {
    http: Http,
    base: String,
}

impl RobotClient {
    /// `base` is WeCom's, `https://qyapi.weixin.qq.com`.
    #[must_use]
    pub fn new(http: Http, base: &str) -> Self {
        Self {
            http,
            base: base.trim_end_matches('/').to_owned(),
        }
    }

    /// The client underneath, for files.
    #[must_use]
    pub fn http(&self) -> &Http {
        &self.http
    }

    /// Where the API is.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Says something in the group whose robot has this key.
    ///
    /// # Errors
    /// As every call; 93000 when the key is wrong, 45009 beyond 20 a minute.
    pub async fn tell_group(
        &self,
        key: &SecretString,
        message: &GroupMessage,
    ) -> Result<(), Error> {
        let url = format!("{}/cgi-bin/webhook/send", self.base);
        let query = [("key", key.expose_secret())];
        self.http.post(&url, &query, &message.json()).await?;
        Ok(())
    }

    /// Answers a message once more, within the hour: Markdown, cut to 20 480 bytes. The address came
    /// in a message: any other host than the API's is refused.
    ///
    /// # Errors
    /// `Refused` for a foreign address; else as every call.
    pub async fn respond(&self, response_url: &str, markdown: &str) -> Result<(), Error> {
        let (url, base) = (Url::parse(response_url), Url::parse(&self.base));
        let (Ok(url), Ok(base)) = (url, base) else {
            return Err(Error::Refused);
        };
        let plain = url.username().is_empty() && url.password().is_none();
        if !plain || !same_origin(&url, &base) {
            return Err(Error::Refused);
        }
        let content = harmless(markdown);
        let body = json!({
            "msgtype": "markdown", "markdown": { "content": cut(&content, MOST_BYTES) },
        });
        self.http.post(url.as_str(), &[], &body).await?;
        Ok(())
    }
}
