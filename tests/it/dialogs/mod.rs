//! Every dialog of the chat, found from the table of commands and not from a list of its own: what a noun adds is
//! walked, too. `menus` reaches each command by digits; `rules` answers each question wrongly in every way; `deep`
//! does the same to questions that stand behind others, and `life` where there is something of everything; `together`
//! has two messages at once; `words` has what people type as they speak.

mod deep;
mod life;
mod menus;
mod rules;
mod together;
mod words;

use std::collections::BTreeSet;

use linli::bot::lexicon;
use linli::chat::{Command, Dialog, Who};
use linli::sandbox::Say;

use crate::harness::app::TestApp;
use crate::harness::people::Person;
use crate::harness::wechat::next_id;

/// By these the menu is known.
pub const MENU: &str = "请回复数字，也可以直接写";
/// By these the words of «人工» are.
pub const HUMAN: &str = "紧急情况请直接拨打";
/// By these what is not understood, and is offered to be filed.
pub const OFFERED: &str = "提交吗";

/// What the person's next message may pick or answer, as it is stored.
pub async fn waiting(person: &Person<'_>) -> Dialog {
    let stored = person.account().await.dialog;
    stored.map_or_else(Dialog::default, |dialog| {
        serde_json::from_value(dialog).unwrap()
    })
}

/// What of a dialog is the question: how often it was missed and when it lapses is not.
pub fn question(dialog: &Dialog) -> (Option<String>, Vec<String>) {
    let choices = dialog.choices.iter().map(|choice| choice.command.clone());
    (dialog.prompt.clone(), choices.collect())
}

/// Whether a reply asks for something.
pub fn asks(reply: &str) -> bool {
    let words = [
        "请写",
        "请直接写",
        "例如：",
        "哪一",
        "前面的数字",
        "请回复数字",
    ];
    words.iter().any(|word| reply.contains(word))
}

/// A photo that nobody will fetch.
pub fn photo() -> Say {
    Say::Image {
        media_id: format!("media-{}", next_id()),
    }
}

/// Every reply is kind, short, and no mistake of ours.
pub fn is_kind(said: &str, reply: &str) {
    let said: String = said.chars().take(30).collect();
    assert!(!reply.is_empty() && reply.len() <= 2048, "{said}: {reply}");
    assert!(!reply.contains("系统出了点问题"), "{said}: {reply}");
}

/// Types something that must be answered kindly.
pub async fn says(person: &Person<'_>, text: &str) -> String {
    let reply = person.says(text).await;
    is_kind(text, &reply);
    reply
}

/// Commands of the tables that somebody of this kind may use.
pub fn commands(who: &[Who]) -> Vec<&'static Command> {
    let all = lexicon().commands();
    all.filter(|command| who.contains(&command.who)).collect()
}

/// Cases in the database.
pub async fn cases(app: &TestApp) -> BTreeSet<i64> {
    use sea_orm::EntityTrait;
    let all = entity::case::Entity::find().all(app.store.read()).await;
    all.unwrap().into_iter().map(|case| case.id).collect()
}
