//! A template card as WeCom shows it: read from the program's JSON or XML as strictly as WeCom
//! reads it.

use serde::Serialize;
use serde_json::Value;

use crate::sandbox::answer::{Refusal, field};
use crate::wechat::xml::Element;

/// A button.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Button {
    /// On it.
    pub text: String,
    /// What the event says.
    pub key: String,
}

/// A card.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct WorkCard {
    /// The program's name of it.
    pub task_id: String,
    /// `text_notice` or `button_interaction`.
    pub kind: String,
    /// Headline.
    pub title: String,
    /// Under it.
    pub desc: String,
    /// The words.
    pub text: String,
    /// Name and value.
    pub rows: Vec<(String, String)>,
    /// What can be pressed.
    pub buttons: Vec<Button>,
    /// Stands grey where the buttons were.
    pub over: Option<String>,
}

/// Letters, digits and `_-@`, at most 128.
fn task_id_fits(id: &str) -> bool {
    (1..=128).contains(&id.len())
        && id
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_-@".contains(&byte))
}

impl WorkCard {
    /// From `template_card` of a call.
    ///
    /// # Errors
    /// 40058 for what WeCom would not take.
    pub(super) fn from_json(card: &Value) -> Result<Self, Refusal> {
        let bad = |why: &str| Refusal::about(40058, format!("invalid template_card: {why}"));
        let list = |name: &str| card.get(name).and_then(Value::as_array);
        let title = card.get("main_title").unwrap_or(&Value::Null);
        let rows = list("horizontal_content_list").map_or(&[][..], Vec::as_slice);
        let buttons = list("button_list").map_or(&[][..], Vec::as_slice);
        let read = Self {
            task_id: field(card, "task_id").to_owned(),
            kind: field(card, "card_type").to_owned(),
            title: field(title, "title").to_owned(),
            desc: field(title, "desc").to_owned(),
            text: field(card, "sub_title_text").to_owned(),
            rows: rows
                .iter()
                .map(|row| {
                    (
                        field(row, "keyname").to_owned(),
                        field(row, "value").to_owned(),
                    )
                })
                .collect(),
            buttons: buttons
                .iter()
                .map(|button| Button {
                    text: field(button, "text").to_owned(),
                    key: field(button, "key").to_owned(),
                })
                .collect(),
            over: Some(field(card, "replace_text").to_owned()).filter(|word| !word.is_empty()),
        };
        if read.kind == "text_notice" && card.get("card_action").is_none() {
            return Err(bad("card_action missing"));
        }
        read.check().map_err(bad)?;
        Ok(read)
    }

    /// From `TemplateCard` of a passive reply.
    pub(super) fn from_xml(card: &Element<'_>, task_id: &str) -> Result<Self, &'static str> {
        let text = |element: &Element<'_>, name| match element.text(name) {
            Ok(found) => Ok(found.unwrap_or_default().to_owned()),
            Err(_) => Err("卡片的内容不对"),
        };
        let title = card.child("MainTitle").ok_or("卡片缺少标题")?;
        let rows = card.all("HorizontalContentList");
        let buttons = card.all("ButtonList");
        let read = Self {
            task_id: task_id.to_owned(),
            kind: text(card, "CardType")?,
            title: text(title, "Title")?,
            desc: text(title, "Desc")?,
            text: text(card, "SubTitleText")?,
            rows: rows
                .map(|row| Ok((text(row, "KeyName")?, text(row, "Value")?)))
                .collect::<Result<_, &'static str>>()?,
            buttons: buttons
                .map(|button| {
                    Ok(Button {
                        text: text(button, "Text")?,
                        key: text(button, "Key")?,
                    })
                })
                .collect::<Result<_, &'static str>>()?,
            over: Some(text(card, "ReplaceText")?).filter(|word| !word.is_empty()),
        };
        read.check().map_err(|_| "卡片不合规定")?;
        Ok(read)
    }

    fn check(&self) -> Result<(), &'static str> {
        let interactive = match self.kind.as_str() {
            "text_notice" => false,
            "button_interaction" => true,
            _ => return Err("card_type"),
        };
        if self.title.is_empty() && self.text.is_empty() {
            return Err("main_title missing");
        }
        if interactive && !task_id_fits(&self.task_id) {
            return Err("task_id");
        }
        if interactive && !(1..=6).contains(&self.buttons.len()) {
            return Err("button_list");
        }
        let sound =
            |button: &Button| !button.text.is_empty() && (1..=1024).contains(&button.key.len());
        if !self.buttons.iter().all(sound) {
            return Err("button");
        }
        if self.rows.len() > 6 || self.rows.iter().any(|(name, _)| name.is_empty()) {
            return Err("horizontal_content_list");
        }
        Ok(())
    }

    /// All its words, for the conversation's text.
    #[must_use]
    pub fn words(&self) -> String {
        let rows = self
            .rows
            .iter()
            .map(|(name, value)| format!("{name}：{value}"));
        let head = [self.title.clone(), self.desc.clone(), self.text.clone()];
        let over = self.over.iter().cloned();
        // Where a grey word stands nothing can be pressed.
        let keys = self.buttons.iter().filter(|_| self.over.is_none());
        let keys = keys.map(|button| format!("[{}]", button.key));
        let lines = head.into_iter().chain(rows).chain(over).chain(keys);
        let lines: Vec<String> = lines.filter(|line| !line.is_empty()).collect();
        lines.join("\n")
    }
}
