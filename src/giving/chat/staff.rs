//! What staff types who take in goods: 待收捐物 收下捐物 谢绝捐物. The table is in `chat.rs`.

use super::lines;
use crate::access::permit::{Deed, require_somewhere};
use crate::base::fault::Fault;
use crate::chat::pages::slice;
use crate::chat::{Args, Dialog, Reply, Turn};
use crate::giving::actions;
use crate::giving::queries::{self, Which};

/// Goods that wait to be taken in; a digit leads on. `list` is the command that was asked.
pub(super) async fn waiting(turn: &mut Turn<'_>, args: &Args, list: &str) -> Result<Reply, Fault> {
    require_somewhere(&turn.actor, Deed::RunDrives)?;
    let at = args.page().unwrap_or(1);
    let page = queries::page(turn.tx.db(), &turn.actor, Which::Waiting, slice(at)).await?;
    if page.items.is_empty() {
        return Ok(Reply::text("现在没有等着收下的捐物。"));
    }
    let word = match list {
        "待收捐物" => "我的捐赠",
        word => word,
    };
    let (all, more) = (lines(&page.items, word), page.next.is_some());
    let lines = turn.list_page(list, at, &all, more);
    Ok(Reply::text(format!(
        "等着收下的捐物，回复前面的数字：\n{lines}"
    )))
}

pub(super) async fn receive(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
    let Some((id, _)) = args.number() else {
        return waiting(turn, args, "收下捐物").await;
    };
    actions::receive(turn.tx, &turn.actor, id).await?;
    Ok(Reply::text(format!(
        "捐物 #{id} 已收下，公示栏会写上感谢，捐赠人会收到通知。"
    )))
}

pub(super) async fn decline(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
    let Some((id, reason)) = args.number() else {
        return waiting(turn, args, "谢绝捐物").await;
    };
    if reason.raw.is_empty() {
        turn.dialog = Some(Dialog::ask(format!("谢绝捐物 {id}")));
        return Ok(Reply::text(
            "请写明原因，捐赠人会看到，例如：活动室放不下了",
        ));
    }
    actions::decline(turn.tx, &turn.actor, id, &reason.raw).await?;
    Ok(Reply::text(format!(
        "捐物 #{id} 已谢绝，捐赠人会看到原因。"
    )))
}
