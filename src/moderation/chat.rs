//! The chat command of moderation: 审核.

use crate::access::permit::{Deed, require_somewhere};
use crate::base::fault::{Code, Fault};
use crate::base::page::Slice;
use crate::chat::{Args, Command, Dialog, Reply, Turn, Who, verdict};
use crate::moderation::remind::says;
use crate::moderation::{actions, queries};

/// Lines of the list.
const MOST: u64 = 8;

/// The table.
pub const COMMANDS: &[Command] = &[Command {
    words: &["审核", "待审核"],
    who: Who::Staff,
    usage: "审核 编号 通过/驳回 [原因]",
    help: "审核要公开的内容",
    asks: None,
    in_group: false,
    run: |turn, args| Box::pin(run(turn, args)),
}];

async fn run(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
    let Some((id, rest)) = args.number() else {
        return list(turn).await;
    };
    let Some((pass, reason)) = verdict(&rest.raw) else {
        return one(turn, id).await;
    };
    let row = actions::decide(turn.tx, &turn.actor, id, pass, &reason).await?;
    let content = says(&row, 40);
    Ok(Reply::text(if pass {
        format!("内容 #{id} 已通过，别人可以看到了：{content}")
    } else {
        format!("内容 #{id} 已驳回，别人看不到，已告诉作者：{content}")
    }))
}

async fn one(turn: &mut Turn<'_>, id: i64) -> Result<Reply, Fault> {
    let row = queries::to_decide(turn.tx.db(), &turn.actor, id).await?;
    let doubt = row
        .doubt
        .as_deref()
        .map_or_else(String::new, |doubt| format!("（{doubt}）"));
    turn.dialog = Some(Dialog::pick([
        format!("审核 {id} 通过"),
        format!("审核 {id} 驳回"),
    ]));
    Ok(Reply::text(format!(
        "内容 #{id}{doubt}：{}\n1 通过\n2 驳回（要写原因请回复：审核 {id} 驳回 原因）",
        says(&row, 600)
    )))
}

/// Whoever checks something else than this is led there; for all others it is `refused`.
fn elsewhere(turn: &mut Turn<'_>, refused: Fault) -> Result<Reply, Fault> {
    let lists = [
        (Deed::CheckWishes, "审核心愿"),
        (Deed::CheckOffers, "审核清单"),
    ];
    let actor = &turn.actor;
    let own: Vec<(String, String)> = lists
        .into_iter()
        .filter(|(deed, _)| require_somewhere(actor, *deed).is_ok())
        .map(|(_, word)| (word.to_owned(), word.to_owned()))
        .collect();
    match own.is_empty() {
        true => Err(refused),
        false => Ok(turn.offer_list("您要审核哪一种？", own)),
    }
}

async fn list(turn: &mut Turn<'_>) -> Result<Reply, Fault> {
    let slice = Slice::first(MOST);
    let found = queries::waiting(turn.tx.db(), &turn.actor, slice).await;
    let page = match found {
        Err(fault) if fault.code == Code::Forbidden => return elsewhere(turn, fault),
        page => page?,
    };
    if page.items.is_empty() {
        return Ok(Reply::text("现在没有要审核的内容。"));
    }
    let lines = page.items.iter().map(|row| {
        let line = format!("#{} {}", row.id, says(row, 30));
        (format!("审核 {}", row.id), line)
    });
    let lines = turn.numbered(lines);
    Ok(Reply::text(format!(
        "待审核的内容：\n{lines}\n回复前面的数字看全文。"
    )))
}
