//! The chat command of answer templates: «模板» lists those of one's area, each by its number, which is
//! its key: a list that changed meanwhile never makes it another one.

use entity::kinds::AnswerUse;
use sea_orm::Iterable;

use crate::access::Actor;
use crate::access::holders::path_ids;
use crate::access::permit::{Deed, roles};
use crate::answer::{queries, use_says};
use crate::base::fault::Fault;
use crate::base::text::{fold, shorten};
use crate::chat::{Args, Command, Dialog, Reply, Turn, Who};
use crate::reminder::BoxFuture;

/// Characters of a template that the list shows.
const SHOWN: usize = 30;

/// The table.
pub const COMMANDS: &[Command] = &[Command {
    words: &["模板", "答复模板"],
    who: Who::Staff,
    usage: "模板 [办结/方案/编号]",
    help: "看可以套用的答复",
    asks: None,
    in_group: false,
    run: list,
}];

fn list<'a>(turn: &'a mut Turn<'_>, args: &'a Args) -> BoxFuture<'a, Result<Reply, Fault>> {
    Box::pin(async move {
        let all = queries::at_places(turn.tx.db(), &area(&turn.actor)).await?;
        if let Some((id, _)) = args.number() {
            let found = all.iter().find(|row| row.id == id);
            return Ok(Reply::text(match found {
                Some(row) => {
                    let word = use_says(row.used_for);
                    format!(
                        "模板{id} {word}·{}\n{}\n用法：{word} 诉求编号 模板{id}",
                        row.name, row.text
                    )
                }
                None => format!("没有模板{id}。回复“模板”看有哪些。"),
            }));
        }
        let wanted = fold(&args.raw);
        let used_for = AnswerUse::iter().find(|used_for| use_says(*used_for) == wanted);
        let lines: Vec<String> = all
            .iter()
            .filter(|row| used_for.is_none_or(|used_for| row.used_for == used_for))
            .map(|row| {
                let text = shorten(&row.text.replace('\n', " "), SHOWN);
                let word = use_says(row.used_for);
                format!("模板{} {word}·{}：{text}", row.id, row.name)
            })
            .collect();
        if lines.is_empty() {
            return Ok(Reply::text(
                "这里还没有答复模板。可以请物业经理或社区在工作台的“答复模板”里写。",
            ));
        }
        // The number of one, typed alone, shows it.
        turn.dialog = Some(Dialog::ask("模板"));
        Ok(Reply::text(format!(
            "可以套用的答复：\n{}\n用法：办结 12 模板3，看全文：模板 3",
            lines.join("\n")
        )))
    })
}

/// Places whose templates somebody may use: those in which they work on cases, and all above.
fn area(actor: &Actor) -> Vec<i64> {
    let able = roles(Deed::WorkCases);
    let grants = actor
        .grants
        .iter()
        .filter(|grant| able.contains(&grant.role));
    let mut ids: Vec<i64> = grants.flat_map(|grant| path_ids(&grant.path)).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}
