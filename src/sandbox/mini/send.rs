//! Subscription messages (protocols.md §2.4): one accept, one message, and its event afterwards.

use poem::web::{Data, Query};
use poem::{Body, Response, handler};
use serde_json::{Value, json};

use super::super::answer::{Refusal, field, read_json, respond};
use super::super::faults::{Api, Hit, Kind};
use super::super::official::{lay_out_card, wire};
use super::super::platform::{Entry, How, Platform};
use super::calls::Call;
use super::push::{deliver_later, event, list};

/// `POST /cgi-bin/message/subscribe/send`
#[handler]
pub async fn subscribe_send(
    Data(platform): Data<&Platform>,
    Query(call): Query<Call>,
    body: Body,
) -> poem::Result<Response> {
    let body = read_json(body).await;
    respond(platform, Api::Subscribe, |hit| {
        let body = body?;
        call.check(platform)?;
        send(platform, &body, hit)
    })
    .await
}

fn send(platform: &Platform, body: &Value, hit: Option<&Hit>) -> Result<Value, Refusal> {
    let to = field(body, "touser");
    let template_id = field(body, "template_id");
    let mut all = platform.0.config.mini_templates.iter();
    let known = all
        .find(|template| template.id == template_id)
        .ok_or_else(|| Refusal::new(40037))?;
    if !platform.knows_mini(to) {
        return Err(Refusal::new(40003));
    }
    let card = lay_out_card(known, body)?;
    let page = field(body, "page");
    if page.starts_with('/') {
        return Err(Refusal::new(41030));
    }
    {
        let mut state = platform.state();
        let key = (to.to_owned(), template_id.to_owned());
        let left = state.mini.accepts.get_mut(&key).filter(|left| **left > 0);
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
        entry.wire = wire("message/subscribe/send", body, &answer);
        entry.card = Some(card);
        platform.add(entry);
    }
    let lost = hit.is_some_and(|hit| hit.kind == Kind::Lost);
    if platform.0.config.receipts && !lost {
        let status = if code == "0" { "success" } else { "failed" };
        let entry = json!({ "TemplateId": template_id, "MsgID": id.to_string(),
            "ErrorCode": code, "ErrorStatus": status });
        let name = "subscribe_msg_sent_event";
        deliver_later(platform, event(platform, to, name, list(vec![entry])));
    }
    Ok(answer)
}
