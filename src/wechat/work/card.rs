//! Template cards (protocols.md §4.3): the two kinds that we send, as JSON for the calls and as XML
//! for the passive reply, cut to what WeCom shows.

use crate::wechat::xml::{Writer, clean};
use serde_json::{Map, Value, json};

/// Characters that WeCom shows of each part.
const TITLE: usize = 26;
const DESC: usize = 30;
const TEXT: usize = 112;
const ROWS: usize = 6;
const ROW_NAME: usize = 5;
const ROW_VALUE: usize = 26;
const BUTTONS: usize = 6;
const BUTTON_TEXT: usize = 10;
/// Bytes of a button's key.
const BUTTON_KEY: usize = 1024;
/// Characters of the one grey word that stands where buttons were.
const OVER: usize = 26;

/// One card.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Card {
    /// Letters, digits and `_-@`, at most 128; unique in the application.
    pub task_id: String,
    /// Over everything, small: who sends it.
    pub source: String,
    /// Headline.
    pub title: String,
    /// Under it.
    pub desc: String,
    /// The words.
    pub text: String,
    /// Name and value.
    pub rows: Vec<(String, String)>,
    /// What can be pressed. Without any the card is a notice (`text_notice`) …
    pub buttons: Vec<Button>,
    /// … unless this stands where the buttons were, grey.
    pub over: Option<String>,
    /// Where a tap on the card leads.
    pub url: Option<String>,
}

/// A button.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Button {
    /// On it.
    pub text: String,
    /// What the event will say.
    pub key: String,
}

impl Card {
    fn kind(&self) -> &'static str {
        if self.buttons.is_empty() && self.over.is_none() {
            "text_notice"
        } else {
            "button_interaction"
        }
    }

    /// Buttons as they are sent. WeCom wants one even where a grey word stands in their place.
    fn shown_buttons(&self) -> Vec<Button> {
        let stand_in = || Button {
            text: "查看".to_owned(),
            key: "进度".to_owned(),
        };
        let own = self.buttons.iter().take(BUTTONS).map(|button| Button {
            text: cut(&button.text, BUTTON_TEXT),
            key: crate::wechat::xml::cut(&button.key, BUTTON_KEY).to_owned(),
        });
        let mut all: Vec<Button> = own.collect();
        if all.is_empty() && self.over.is_some() {
            all.push(stand_in());
        }
        all
    }

    /// For `message/send` and `message/update_template_card`.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut card = Map::new();
        let mut put = |name: &str, value: Value| card.insert(name.to_owned(), value);
        put("card_type", json!(self.kind()));
        put("task_id", json!(self.task_id));
        put("source", json!({ "desc": cut(&self.source, 13) }));
        put(
            "main_title",
            json!({ "title": cut(&self.title, TITLE), "desc": cut(&self.desc, DESC) }),
        );
        if !self.text.is_empty() {
            put("sub_title_text", json!(cut(&self.text, TEXT)));
        }
        let rows: Vec<Value> = self
            .shown_rows()
            .map(|(name, value)| json!({ "keyname": name, "value": value }))
            .collect();
        if !rows.is_empty() {
            put("horizontal_content_list", json!(rows));
        }
        if let Some(url) = &self.url {
            put("card_action", json!({ "type": 1, "url": url }));
        }
        let buttons: Vec<Value> = self
            .shown_buttons()
            .iter()
            .enumerate()
            .map(|(at, button)| json!({ "text": button.text, "style": style(at), "key": button.key }))
            .collect();
        if !buttons.is_empty() {
            put("button_list", json!(buttons));
        }
        if let Some(word) = &self.over {
            put("replace_text", json!(cut(word, OVER)));
        }
        Value::Object(card)
    }

    /// For the passive reply `update_template_card`.
    #[must_use]
    pub fn to_xml(&self) -> Writer {
        let title = Writer::default()
            .text("Title", &cut(&self.title, TITLE))
            .text("Desc", &cut(&self.desc, DESC));
        let source = Writer::default().text("Desc", &cut(&self.source, 13));
        let mut card = Writer::default()
            .text("CardType", self.kind())
            .element("Source", &source)
            .element("MainTitle", &title)
            .text("SubTitleText", &cut(&self.text, TEXT));
        for (name, value) in self.shown_rows() {
            let row = Writer::default()
                .text("KeyName", &name)
                .text("Value", &value);
            card = card.element("HorizontalContentList", &row);
        }
        if let Some(url) = &self.url {
            let action = Writer::default().number("Type", 1).text("Url", url);
            card = card.element("CardAction", &action);
        }
        for (at, button) in self.shown_buttons().iter().enumerate() {
            let button = Writer::default()
                .text("Text", &button.text)
                .number("Style", style(at))
                .text("Key", &button.key);
            card = card.element("ButtonList", &button);
        }
        match &self.over {
            Some(word) => card.text("ReplaceText", &cut(word, OVER)),
            None => card,
        }
    }

    fn shown_rows(&self) -> impl Iterator<Item = (String, String)> {
        let filled = self.rows.iter().filter(|(_, value)| !value.is_empty());
        filled
            .take(ROWS)
            .map(|(name, value)| (cut(name, ROW_NAME), cut(value, ROW_VALUE)))
    }
}

/// The first button stands out.
fn style(at: usize) -> i64 {
    if at == 0 { 1 } else { 4 }
}

/// One clean line of at most so many characters, `…` in place of the rest.
fn cut(text: &str, most: usize) -> String {
    let text = clean(text.trim());
    if text.chars().count() <= most {
        return text;
    }
    let mut out: String = text.chars().take(most.saturating_sub(1)).collect();
    out.push('…');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn card() -> Card {
        Card {
            task_id: "r12".to_owned(),
            source: "邻里".to_owned(),
            title: "长".repeat(40),
            text: "短".to_owned(),
            rows: vec![
                ("状态".into(), "已派单".into()),
                ("空".into(), String::new()),
            ],
            ..Card::default()
        }
    }

    #[test]
    fn parts_are_cut_to_what_is_shown() {
        let json = card().to_json();
        let title = json["main_title"]["title"].as_str().unwrap();
        assert_eq!(title.chars().count(), 26);
        assert!(title.ends_with('…'));
        assert_eq!(json["horizontal_content_list"].as_array().unwrap().len(), 1);
        assert_eq!(json["card_type"], "text_notice");
        assert!(json.get("button_list").is_none());
    }

    #[test]
    fn a_card_that_is_over_keeps_its_kind_and_shows_one_word() {
        let over = Card {
            over: Some("已由 宋卫东 接单".to_owned()),
            ..card()
        };
        let json = over.to_json();
        assert_eq!(json["card_type"], "button_interaction");
        assert_eq!(json["replace_text"], "已由 宋卫东 接单");
        assert_eq!(json["button_list"].as_array().unwrap().len(), 1);
        let xml = over.to_xml().finish();
        assert!(
            xml.contains("<ReplaceText><![CDATA[已由 宋卫东 接单]]></ReplaceText>"),
            "{xml}"
        );
    }

    #[test]
    fn buttons_keep_their_keys() {
        let pressed = Card {
            buttons: vec![Button {
                text: "接单".to_owned(),
                key: "接单 12".to_owned(),
            }],
            ..card()
        };
        assert_eq!(pressed.to_json()["button_list"][0]["key"], "接单 12");
        let xml = pressed.to_xml().finish();
        assert!(xml.contains("<Key><![CDATA[接单 12]]></Key>"), "{xml}");
        assert!(!xml.contains("ReplaceText"), "{xml}");
    }
}
