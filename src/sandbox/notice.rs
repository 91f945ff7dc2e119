//! Subscription notices of the official account (订阅通知, protocols.md §2.4): what people accept, one
//! accept for one notice, and the events that tell the program of both.

use poem::http::StatusCode;
use poem::web::{Data, Json, Query};
use poem::{Body, Response, handler};
use serde::Deserialize;
use serde_json::{Value, json};

use super::answer::{Refusal, field, read_json, respond};
use super::config::ACCOUNT;
use super::faults::{Api, Hit, Kind};
use super::official::{lay_out_card, wire};
use super::platform::{Entry, How, Platform, Standing};
use crate::wechat::xml::Writer;

/// The query of the call.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Call {
    access_token: String,
}

/// `POST /cgi-bin/message/subscribe/bizsend`
#[handler]
pub async fn bizsend(
    Data(platform): Data<&Platform>,
    Query(call): Query<Call>,
    body: Body,
) -> poem::Result<Response> {
    let body = read_json(body).await;
    respond(platform, Api::Bizsend, |hit| {
        let body = body?;
        let now = platform.now();
        platform.state().tokens.check(&call.access_token, now)?;
        send(platform, &body, hit)
    })
    .await
}

fn send(platform: &Platform, body: &Value, hit: Option<&Hit>) -> Result<Value, Refusal> {
    let (to, template_id) = (field(body, "touser"), field(body, "template_id"));
    let mut all = platform.0.config.notice_templates.iter();
    let known = all.find(|template| template.id == template_id);
    let card = lay_out_card(known.ok_or_else(|| Refusal::new(40037))?, body)?;
    {
        let mut state = platform.state();
        match state.standing(to) {
            None => return Err(Refusal::new(40003)),
            Some(Standing::Blacklisted) => return Err(Refusal::new(43019)),
            Some(_) => {}
        }
        let key = (to.to_owned(), template_id.to_owned());
        let left = state.notices.get_mut(&key).filter(|left| **left > 0);
        *left.ok_or_else(|| Refusal::new(43101))? -= 1;
    }
    let id = platform.msg_id();
    let answer = json!({ "errcode": 0, "errmsg": "ok", "msgid": id });
    let code = match hit.map(|hit| &hit.kind) {
        Some(Kind::Receipt(code)) => code.as_str(),
        _ => "0",
    };
    if code == "0" {
        let lines = card.fields.iter();
        let lines: Vec<String> = lines
            .map(|(word, value)| format!("{word}：{value}"))
            .collect();
        let mut entry = Entry::new(to, How::Subscription, lines.join("\n"));
        entry.msg_id = Some(id.to_string());
        entry.wire = wire("message/subscribe/bizsend", body, &answer);
        entry.card = Some(card);
        platform.add(entry);
    }
    let lost = hit.is_some_and(|hit| hit.kind == Kind::Lost);
    if platform.0.config.receipts && !lost {
        let status = if code == "0" { "success" } else { "failed" };
        let list = Writer::default()
            .text("TemplateId", template_id)
            .text("MsgID", &id.to_string())
            .text("ErrorCode", code)
            .text("ErrorStatus", status);
        let (platform, to) = (platform.clone(), to.to_owned());
        tokio::spawn(async move {
            let name = "subscribe_msg_sent_event";
            platform
                .tell(&to, name, "SubscribeMsgSentEvent", &list)
                .await
        });
    }
    Ok(answer)
}

impl Platform {
    /// Somebody answers the question for a notice on a page (scene 1); whether the program took the
    /// event.
    pub async fn answer_notice(&self, openid: &str, template: &str, accepts: bool) -> bool {
        if accepts {
            let key = (openid.to_owned(), template.to_owned());
            *self.state().notices.entry(key).or_default() += 1;
        }
        let list = answer(template, accepts).text("PopupScene", "1");
        let wrapper = "SubscribeMsgPopupEvent";
        self.tell(openid, "subscribe_msg_popup_event", wrapper, &list)
            .await
    }

    /// Somebody switches a template off in the settings; whether the program took the event.
    pub async fn refuse_notice(&self, openid: &str, template: &str) -> bool {
        let key = (openid.to_owned(), template.to_owned());
        self.state().notices.remove(&key);
        let wrapper = "SubscribeMsgChangeEvent";
        let list = answer(template, false);
        self.tell(openid, "subscribe_msg_change_event", wrapper, &list)
            .await
    }

    async fn tell(&self, openid: &str, name: &str, wrapper: &'static str, list: &Writer) -> bool {
        let inside = Writer::default().element("List", list);
        let xml = Writer::default()
            .text("ToUserName", ACCOUNT)
            .text("FromUserName", openid)
            .number("CreateTime", self.now().timestamp())
            .text("MsgType", "event")
            .text("Event", name)
            .element(wrapper, &inside);
        self.push_event(openid, xml).await
    }
}

fn answer(template: &str, accepts: bool) -> Writer {
    let word = if accepts { "accept" } else { "reject" };
    Writer::default()
        .text("TemplateId", template)
        .text("SubscribeStatusString", word)
}

/// What somebody answered: `{openid, template, accept}`.
#[derive(Debug, Deserialize)]
pub struct Answered {
    openid: String,
    template: String,
    accept: bool,
}

/// `POST /sandbox/notices`
#[handler]
pub async fn answer_notice(
    Data(platform): Data<&Platform>,
    Json(said): Json<Answered>,
) -> poem::Result<Json<Value>> {
    let known = platform.0.config.notice_templates.iter();
    if !known.clone().any(|template| template.id == said.template) {
        let text = "没有这个模板";
        return Err(poem::Error::from_string(text, StatusCode::BAD_REQUEST));
    }
    let taken = platform
        .answer_notice(&said.openid, &said.template, said.accept)
        .await;
    Ok(Json(json!({ "ok": taken })))
}
