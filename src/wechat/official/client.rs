//! What we ask of the platform for an official account (protocols.md §2.3, §2.5, §2.7). Called by
//! `delivery` (sending) and by the bot (fetching pictures). `now` is UTC seconds.

use crate::wechat::{
    Error, call,
    http::{Http, Media, scalar},
    token::TokenKeeper,
    xml::clean,
};
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// A template message to one person.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TemplateMessage {
    /// The receiver's openid.
    pub to: String,
    /// Which template.
    pub template_id: String,
    /// Where a tap leads.
    pub url: Option<String>,
    /// Keyword and value, in order. Line breaks and control characters become spaces: one of them
    /// would make the platform refuse the whole message.
    pub data: Vec<(String, String)>,
    /// The same id to the same person within ten minutes is sent once; the platform then answers
    /// 45065, which [`action`](crate::wechat::errors::action) calls `AlreadySent`.
    pub client_msg_id: Option<String>,
}

impl TemplateMessage {
    /// The data as the platform wants them.
    fn values(&self) -> Map<String, Value> {
        let one =
            |(key, value): &(String, String)| (key.clone(), json!({ "value": one_line(value) }));
        self.data.iter().map(one).collect()
    }
}

/// A question whose answers can be tapped.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MenuMessage {
    /// Over the lines.
    pub head: String,
    /// Id and words of each line.
    pub lines: Vec<(String, String)>,
    /// Under the lines.
    pub tail: String,
}

/// Calls out in the name of one account.
pub struct OfficialClient {
    http: Http,
    api_base: String,
    keeper: Arc<TokenKeeper>,
}

impl OfficialClient {
    /// `api_base` is `https://api.weixin.qq.com` or a stand-in, without a closing slash.
    #[must_use]
    pub fn new(http: Http, api_base: &str, keeper: Arc<TokenKeeper>) -> Self {
        Self {
            http,
            api_base: api_base.to_owned(),
            keeper,
        }
    }

    /// Sends a template message and returns the id that `TEMPLATESENDJOBFINISH` will name.
    pub async fn template_send(
        &self,
        message: &TemplateMessage,
        now: i64,
    ) -> Result<String, Error> {
        let mut body = json!({
            "touser": message.to,
            "template_id": message.template_id,
            "data": message.values(),
        });
        if let Some(map) = body.as_object_mut() {
            let optional = [
                ("url", &message.url),
                ("client_msg_id", &message.client_msg_id),
            ];
            for (name, value) in optional {
                if let Some(text) = value {
                    map.insert(name.to_owned(), json!(text));
                }
            }
        }
        let answer = self
            .post("/cgi-bin/message/template/send", &body, now)
            .await?;
        scalar(&answer, "msgid").ok_or(Error::Nonsense)
    }

    /// Sends a subscription notice (订阅通知): it spends one accept. Returns the id that
    /// `subscribe_msg_sent_event` names, where the platform tells it.
    pub async fn notice_send(
        &self,
        message: &TemplateMessage,
        now: i64,
    ) -> Result<Option<String>, Error> {
        let mut body = json!({
            "touser": message.to,
            "template_id": message.template_id,
            "data": message.values(),
        });
        if let (Some(map), Some(url)) = (body.as_object_mut(), &message.url) {
            map.insert("page".to_owned(), json!(url));
        }
        let path = "/cgi-bin/message/subscribe/bizsend";
        let answer = self.post(path, &body, now).await?;
        Ok(scalar(&answer, "msgid"))
    }

    /// Sends text through customer service: only within the windows of protocols.md §2.5.
    pub async fn custom_text(&self, to: &str, content: &str, now: i64) -> Result<(), Error> {
        let text = json!({ "content": clean(content) });
        let body = json!({ "touser": to, "msgtype": "text", "text": text });
        self.post("/cgi-bin/message/custom/send", &body, now)
            .await
            .map(drop)
    }

    /// Sends a menu through customer service: a tap sends the line's words with its id
    /// (`bizmsgmenuid`). Windows as for [`OfficialClient::custom_text`].
    pub async fn custom_menu(&self, to: &str, menu: &MenuMessage, now: i64) -> Result<(), Error> {
        let lines: Vec<Value> = menu
            .lines
            .iter()
            .map(|(id, content)| json!({ "id": id, "content": one_line(content) }))
            .collect();
        let inner = json!({
            "head_content": clean(&menu.head),
            "list": lines,
            "tail_content": clean(&menu.tail),
        });
        let body = json!({ "touser": to, "msgtype": "msgmenu", "msgmenu": inner });
        self.post("/cgi-bin/message/custom/send", &body, now)
            .await
            .map(drop)
    }

    /// Shows or ends «对方正在输入».
    pub async fn custom_typing(&self, to: &str, typing: bool, now: i64) -> Result<(), Error> {
        let command = if typing { "Typing" } else { "CancelTyping" };
        let body = json!({ "touser": to, "command": command });
        self.post("/cgi-bin/message/custom/typing", &body, now)
            .await
            .map(drop)
    }

    /// Who these followers are across the operator's accounts: openid and `unionid`. Up to 100 at
    /// once; whoever is not linked, or does not follow, is missing from the answer.
    pub async fn union_ids(
        &self,
        openids: &[String],
        now: i64,
    ) -> Result<Vec<(String, String)>, Error> {
        let asked: Vec<Value> = openids
            .iter()
            .map(|openid| json!({ "openid": openid }))
            .collect();
        let body = json!({ "user_list": asked });
        let answer = self.post("/cgi-bin/user/info/batchget", &body, now).await?;
        let people = answer
            .get("user_info_list")
            .and_then(Value::as_array)
            .ok_or(Error::Nonsense)?;
        let known = people
            .iter()
            .filter_map(|one| Some((scalar(one, "openid")?, scalar(one, "unionid")?)));
        Ok(known.collect())
    }

    /// Fetches what a person sent; larger than `max_bytes` is [`Error::Nonsense`].
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

    pub(super) async fn get(&self, path: &str, now: i64) -> Result<Value, Error> {
        let url = &format!("{}{path}", self.api_base);
        let call = |token: String| async move {
            let query = [("access_token", token.as_str())];
            self.http.get(url, &query).await
        };
        self.keeper.with(now, call).await
    }

    pub(super) async fn post(&self, path: &str, body: &Value, now: i64) -> Result<Value, Error> {
        let url = format!("{}{path}", self.api_base);
        call::post(&self.http, &self.keeper, &url, body, now).await
    }
}

/// No control character and no line break.
fn one_line(text: &str) -> String {
    let spaced: String = text
        .chars()
        .map(|letter| if letter.is_control() { ' ' } else { letter })
        .collect();
    clean(spaced.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_one_clean_line() {
        assert_eq!(
            one_line(" 3栋\r\n电梯\u{1d}停了\u{ffff}\n"),
            "3栋  电梯 停了"
        );
    }
}
