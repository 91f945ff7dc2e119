//! What a person does on the phone with the mini-program: presses the phone button, answers what
//! they want to be told, changes it on the settings page. JSON in and out, for the page and tests.

use std::collections::BTreeMap;

use poem::handler;
use poem::http::StatusCode;
use poem::web::{Data, Json};
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::platform::Platform;
use super::push::{deliver, event, list};

/// Somebody presses the phone button.
#[derive(Debug, Deserialize)]
pub struct Press {
    openid: String,
    phone: String,
}

/// `POST /sandbox/mini/phone {openid, phone}`: the code that the button gives.
#[handler]
pub async fn issue_phone_code(
    Data(platform): Data<&Platform>,
    Json(press): Json<Press>,
) -> poem::Result<Json<Value>> {
    let bad = || poem::Error::from_string("openid 或手机号不正确", StatusCode::BAD_REQUEST);
    let narrow = |text: &str| {
        (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
    };
    if !narrow(&press.openid) || !narrow(&press.phone) {
        return Err(bad());
    }
    let code = platform.phone_code(&press.openid, &press.phone);
    Ok(Json(json!({ "code": code })))
}

/// What somebody answers.
#[derive(Debug, Deserialize)]
pub struct Answers {
    openid: String,
    answers: BTreeMap<String, bool>,
}

/// `POST /sandbox/mini/answer {openid, answers: {template: true|false}}`: returns what
/// `wx.requestSubscribeMessage` would.
#[handler]
pub async fn answer(
    Data(platform): Data<&Platform>,
    Json(asked): Json<Answers>,
) -> poem::Result<Json<Value>> {
    if asked.answers.is_empty() || asked.answers.len() > 5 {
        let words = "errCode 20001: 一次要有 1 到 5 个模板";
        return Err(poem::Error::from_string(words, StatusCode::BAD_REQUEST));
    }
    let answers: Vec<(&str, bool)> = asked
        .answers
        .iter()
        .map(|(template, accepted)| (template.as_str(), *accepted))
        .collect();
    let told = platform.answer_mini(&asked.openid, &answers);
    platform.push_answers(&asked.openid, &answers).await;
    Ok(Json(told))
}

/// `POST /sandbox/mini/settings {openid, answers: {template: false}}`: switched off for good.
#[handler]
pub async fn change(Data(platform): Data<&Platform>, Json(asked): Json<Answers>) -> Json<Value> {
    for template in asked.answers.keys() {
        platform.switch_off(&asked.openid, template).await;
    }
    Json(json!({}))
}

impl Platform {
    /// The code of the phone button, for this person and phone.
    #[must_use]
    pub fn phone_code(&self, openid: &str, phone: &str) -> String {
        let code = self.0.dice.token();
        let now = self.now();
        let stands_for = format!("{openid} {phone}");
        self.state().mini.phones.issue(&code, &stands_for, now);
        code
    }

    /// Notes what somebody answered; what the phone is told.
    pub fn answer_mini(&self, openid: &str, answers: &[(&str, bool)]) -> Value {
        let mut told = json!({ "errMsg": "requestSubscribeMessage:ok" });
        let mut state = self.state();
        for (template, accepted) in answers {
            if *accepted {
                let key = (openid.to_owned(), (*template).to_owned());
                *state.mini.accepts.entry(key).or_default() += 1;
            }
            let word = if *accepted { "accept" } else { "reject" };
            if let Some(told) = told.as_object_mut() {
                told.insert((*template).to_owned(), json!(word));
            }
        }
        told
    }

    /// Tells the program of answers (`subscribe_msg_popup_event`); whether it took it.
    pub async fn push_answers(&self, openid: &str, answers: &[(&str, bool)]) -> bool {
        let entries = answers.iter().map(|(template, accepted)| {
            let word = if *accepted { "accept" } else { "reject" };
            json!({ "TemplateId": template, "SubscribeStatusString": word, "PopupScene": "0" })
        });
        let name = "subscribe_msg_popup_event";
        let event = event(self, openid, name, list(entries.collect()));
        deliver(self, &event).await
    }

    /// Switches a template off on the settings page and tells the program.
    pub async fn switch_off(&self, openid: &str, template: &str) -> bool {
        let key = (openid.to_owned(), template.to_owned());
        self.state().mini.accepts.remove(&key);
        let entry = json!({ "TemplateId": template, "SubscribeStatusString": "reject" });
        let name = "subscribe_msg_change_event";
        let event = event(self, openid, name, list(vec![entry]));
        deliver(self, &event).await
    }

    /// Messages of a template that somebody has accepted and not had.
    #[must_use]
    pub fn accepts(&self, openid: &str, template: &str) -> u32 {
        let key = (openid.to_owned(), template.to_owned());
        self.state()
            .mini
            .accepts
            .get(&key)
            .copied()
            .unwrap_or_default()
    }
}
