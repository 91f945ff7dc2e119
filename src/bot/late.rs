//! An answer that took longer than the platform waits: the person has been told that it comes, so it
//! is a reminder, which sends it by customer service, once, and survives a crash from the moment it
//! is stored. Called by the callback's route and, when it is due, by the worker.

use chrono::TimeDelta;
use entity::kinds::Channel;
use entity::{account, inbound, reminder};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::json;

use crate::app::App;
use crate::base::fault::Fault;
use crate::bot::dialog;
use crate::chat::{Choice, Dialog};
use crate::delivery::say::{Words, say};
use crate::delivery::{Kind, Work};
use crate::reminder::payload;
use crate::reminder::{BoxFuture, NewReminder, Verdict, enqueue};
use crate::wechat::official::client::MenuMessage;

const KIND: &str = "chat.answer";
/// An answer that is older helps nobody; what it did stands, and «进度» shows it.
const STALE: TimeDelta = TimeDelta::hours(1);
/// The platform's word for what carries a digit back.
const BACK: (&str, &str) = ("0", "返回菜单");

/// Kinds of reminder of the conversation's late answers.
pub const KINDS: &[Kind] = &[Kind {
    name: KIND,
    work: Work::Clock(send_boxed),
}];

/// Puts down that the stored answer to a message is to be sent; a second time changes nothing.
///
/// # Errors
/// The database's.
pub async fn owe(app: &App, key: &str) -> Result<(), Fault> {
    let mut tx = app.store.begin(app.clock.now()).await?;
    let Some(account) = account_of(tx.db(), key).await? else {
        return Ok(());
    };
    let waiting = dialog::load(account.dialog.as_ref(), tx.now());
    let owed = NewReminder {
        kind: KIND,
        dedupe_key: format!("{KIND}:{key}"),
        recipient_id: None,
        compound_id: None,
        subject: format!("account:{}", account.id),
        payload: json!({ "message": key, "dialog": waiting.until_ms }),
        due_at: tx.now(),
    };
    enqueue(&mut tx, vec![owed]).await?;
    tx.commit().await
}

/// Whether a message has had its effect, and has its answer.
///
/// # Errors
/// The database's.
pub async fn is_done(app: &App, key: &str) -> Result<bool, Fault> {
    let message = inbound::Entity::find_by_id(key.to_owned());
    Ok(message.one(app.store.read()).await?.is_some())
}

async fn account_of<C: sea_orm::ConnectionTrait>(
    db: &C,
    key: &str,
) -> Result<Option<account::Model>, Fault> {
    let message = inbound::Entity::find_by_id(key.to_owned()).one(db).await?;
    let Some(id) = message.and_then(|message| message.account_id) else {
        return Ok(None);
    };
    Ok(account::Entity::find_by_id(id).one(db).await?)
}

fn send_boxed<'a>(app: &'a App, row: &'a reminder::Model) -> BoxFuture<'a, Result<Verdict, Fault>> {
    Box::pin(send(app, row))
}

async fn send(app: &App, row: &reminder::Model) -> Result<Verdict, Fault> {
    let key = payload::word(row, "message");
    let key = key.unwrap_or_default();
    let db = app.store.read();
    let message = inbound::Entity::find_by_id(key.to_owned()).one(db).await?;
    let answer = message.and_then(|message| message.reply.zip(Some(message.received_at)));
    let (Some((reply, at)), Some(account)) = (answer, account_of(db, key).await?) else {
        return Ok(Verdict::Drop);
    };
    let now = app.clock.now();
    if now - at > STALE {
        return Ok(Verdict::Drop);
    }
    let asked = payload::number(row, "dialog");
    let waiting = dialog::load(account.dialog.as_ref(), now);
    // Digits of a question that was replaced since would pick something else.
    let words = match asked == Some(waiting.until_ms) {
        true => in_words(&reply, &waiting),
        false => Words::Text(reply),
    };
    say(app, row, &account, &words).await
}

/// What can be tapped in place of typing a digit of this answer, where a channel has buttons: what a
/// tap sends back, and its words. None when the answer asks to pick nothing, or is an older one's.
///
/// # Errors
/// The database's.
pub async fn picks(
    app: &App,
    channel: Channel,
    external_id: &str,
    reply: &str,
) -> Result<Vec<(String, String)>, Fault> {
    let account = account::Entity::find()
        .filter(account::COLUMN.channel.eq(channel))
        .filter(account::COLUMN.external_id.eq(external_id))
        .one(app.store.read())
        .await?;
    let Some(account) = account else {
        return Ok(Vec::new());
    };
    let waiting = dialog::load(account.dialog.as_ref(), app.clock.now());
    let written = |choice: &Choice| reply.lines().any(|line| begins(line, &choice.digit));
    if !waiting.choices.iter().all(written) {
        return Ok(Vec::new());
    }
    Ok(match in_words(reply, &waiting) {
        Words::Menu(menu) => menu.lines,
        Words::Text(_) => Vec::new(),
    })
}

/// The answer as a menu to tap where it asks to pick, as text otherwise.
fn in_words(reply: &str, waiting: &Dialog) -> Words {
    let numbered = |line: &str| {
        let choice = waiting
            .choices
            .iter()
            .find(|choice| begins(line, &choice.digit));
        choice.is_some() || begins(line, BACK.0)
    };
    let head: Vec<&str> = reply.lines().filter(|line| !numbered(line)).collect();
    if waiting.choices.is_empty() {
        return Words::Text(reply.to_owned());
    }
    let mut lines: Vec<(String, String)> = waiting
        .choices
        .iter()
        .map(|choice| (id(&choice.digit, waiting), line_of(reply, choice)))
        .collect();
    lines.push((id(BACK.0, waiting), format!("{} {}", BACK.0, BACK.1)));
    Words::Menu(MenuMessage {
        head: head.join("\n"),
        lines,
        tail: String::new(),
    })
}

/// Whether a line of a menu begins with this digit: `1 报修：…`.
fn begins(line: &str, digit: &str) -> bool {
    line.trim_start()
        .strip_prefix(digit)
        .is_some_and(|rest| rest.starts_with([' ', '　', '.', '、']))
}

/// The line as it was written, if it stands alone; else the command.
fn line_of(reply: &str, choice: &Choice) -> String {
    let written = reply.lines().find(|line| begins(line, &choice.digit));
    match written.filter(|line| !line.contains("  ")) {
        Some(line) => line.trim().to_owned(),
        None => format!("{} {}", choice.digit, choice.command),
    }
}

/// What a tap sends back: the digit, and of which question.
fn id(digit: &str, waiting: &Dialog) -> String {
    format!("{digit}@{}", waiting.until_ms)
}

/// The digit of a tap and of which question it is; none when the menu is not ours.
#[must_use]
pub fn read_id(menu_id: &str) -> Option<(String, i64)> {
    let (digit, question) = menu_id.split_once('@')?;
    let is_digit = (1..=2).contains(&digit.len()) && digit.bytes().all(|b| b.is_ascii_digit());
    Some((digit.to_owned(), question.parse().ok()?)).filter(|_| is_digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_becomes_a_menu_whose_taps_are_digits() {
        let waiting = Dialog {
            until_ms: 7,
            ..Dialog::pick(["报修", "进度 12"])
        };
        let reply = "请选：\n1 报修：公共设施要修\n2 #12 灯坏了（待接单）\n0 返回菜单";
        let Words::Menu(menu) = in_words(reply, &waiting) else {
            panic!("no menu");
        };
        assert_eq!(menu.head, "请选：");
        let ids: Vec<&str> = menu.lines.iter().map(|(id, _)| id.as_str()).collect();
        assert_eq!(ids, ["1@7", "2@7", "0@7"]);
        assert_eq!(menu.lines[1].1, "2 #12 灯坏了（待接单）");
        assert_eq!(read_id("2@7"), Some(("2".to_owned(), 7)));
        let inline = "要反映什么？\n1 报修  2 投诉\n0 返回菜单";
        let Words::Menu(menu) = in_words(inline, &waiting) else {
            panic!("no menu");
        };
        assert_eq!(menu.lines[0].1, "1 报修");
        assert_eq!(
            in_words("诉求 #12 已收到", &Dialog::default()),
            Words::Text("诉求 #12 已收到".to_owned())
        );
    }

    #[test]
    fn other_menus_are_not_ours() {
        for id in ["", "1", "x@7", "1@x", "123@7", "@7"] {
            assert_eq!(read_id(id), None, "{id}");
        }
    }
}
