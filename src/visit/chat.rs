//! Chat commands on visits: 上门 已上门. The list leads on by digits alone.

use crate::base::clock::say;
use crate::base::fault::Fault;
use crate::base::text::shorten;
use crate::chat::pages::rows;
use crate::chat::{Args, Command, Dialog, Reply, Turn, Who};
use crate::visit::actions;
use crate::visit::queries::{self, Seen};

/// The table.
pub const COMMANDS: &[Command] = &[
    Command {
        words: &["上门", "上门名单"],
        who: Who::Staff,
        usage: "上门 [编号]",
        help: "看要上门告诉的住户",
        asks: None,
        in_group: false,
        run: |turn, args| Box::pin(show(turn, args)),
    },
    Command {
        words: &["已上门", "上门了"],
        who: Who::Staff,
        usage: "已上门 编号 [结果]",
        help: "上门说过了，记下来",
        asks: None,
        in_group: false,
        run: |turn, args| Box::pin(made(turn, args)),
    },
];

async fn show(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
    let Some((id, _)) = args.number() else {
        return list(turn, "上门", args.page().unwrap_or(1), "").await;
    };
    let one = queries::own(turn.tx.db(), &turn.actor, id).await?;
    if let Some(at) = one.visit.done_at {
        return Ok(Reply::text(format!(
            "{} {}：{}已上门，谢谢您。",
            one.place,
            one.name,
            say(at)
        )));
    }
    turn.dialog = Some(Dialog::pick([picked("已上门", id), "上门".to_owned()]));
    Ok(Reply::text(format!(
        "请上门告诉 {} {}（{}）：\n{}\n说到了回复 1；2 返回名单。也可以写：已上门 {id} 结果",
        one.place,
        one.name,
        queries::why(&one.visit),
        one.visit.text
    )))
}

async fn made(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
    let Some((id, result)) = args.number() else {
        return list(turn, "已上门", args.page().unwrap_or(1), "").await;
    };
    let one = actions::make(turn.tx, &turn.actor, id, &result.raw).await?;
    let said = format!("好的，{} {} 已记为上门告诉。", one.place, one.name);
    list(turn, "上门", 1, &said).await
}

/// A page of those that wait, each with a digit that stands for `word` and its number.
async fn list(turn: &mut Turn<'_>, word: &str, at: usize, before: &str) -> Result<Reply, Fault> {
    let count = queries::count(turn.tx.db(), &turn.actor).await?;
    // One more than is shown says that there is a next page.
    let some = queries::waiting(turn.tx.db(), &turn.actor, rows(at).saturating_add(1)).await?;
    if some.is_empty() {
        let nobody = "现在没有要上门告诉的住户，辛苦了。";
        return Ok(Reply::text(format!("{before}{nobody}")));
    }
    let all: Vec<(String, String)> = some.iter().map(|one| line(word, one)).collect();
    let lines = turn.list_page(word, at, &all, false);
    let ask = if word == "已上门" {
        "哪一户已经说到了？回复前面的数字。"
    } else {
        "回复前面的数字看要说什么。"
    };
    Ok(Reply::text(format!(
        "{before}要上门告诉的有{count}户：\n{lines}\n{ask}"
    )))
}

/// What a digit stands for. The number is no word of its own: the list does not show it, and a digit that is not
/// shown must not be taken for the number of another home.
fn picked(word: &str, id: i64) -> String {
    format!("{word} {id}号")
}

fn line(word: &str, one: &Seen) -> (String, String) {
    let text = one.visit.text.replace('\n', " ");
    let shown = format!("{} {}：{}", one.place, one.name, shorten(&text, 24));
    (picked(word, one.visit.id), shown)
}
