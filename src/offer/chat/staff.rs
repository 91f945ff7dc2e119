//! 审核清单 通过清单 驳回清单 下架清单 重开清单: what those do who check what residents write and supervise what
//! organisations promise.

use entity::kinds::{OfferList, OfferState};

use super::{lines, may_there, require_deed, which};
use crate::access::permit::Deed;
use crate::base::fault::Fault;
use crate::chat::pages::slice;
use crate::chat::{Args, Dialog, Reply, Turn};
use crate::offer::actions;
use crate::offer::queries::{self, Seen, Side, Which};

const NONE: &str = "现在没有这样的清单。";

pub(super) async fn waiting(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
    require_deed(turn, Deed::CheckOffers)?;
    let at = args.page().unwrap_or(1);
    let page = queries::page(turn.tx.db(), &turn.actor, Which::Waiting, slice(at)).await?;
    if page.items.is_empty() {
        return Ok(Reply::text("现在没有要审核的清单。"));
    }
    let (all, more) = (lines(&page.items, "清单"), page.next.is_some());
    let lines = turn.list_page("审核清单", at, &all, more);
    Ok(Reply::text(format!(
        "待审核的清单：\n{lines}\n回复前面的数字看全文和审核。"
    )))
}

pub(super) async fn pass(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
    let Some((id, _)) = args.number() else {
        require_deed(turn, Deed::CheckOffers)?;
        return which(turn, args, "通过清单", &[Which::Waiting], |_| true, NONE).await;
    };
    actions::pass(turn.tx, &turn.actor, id).await?;
    Ok(Reply::text(format!(
        "清单 #{id} 已通过，大家看得到了，发布人会收到通知。"
    )))
}

/// Asks for the reason of what is done with one, unless the actor may not do it there.
async fn why(
    turn: &mut Turn<'_>,
    id: i64,
    word: &str,
    deeds: &[Deed],
    ask: &str,
) -> Result<Reply, Fault> {
    let mut able = false;
    for deed in deeds {
        able |= may_there(turn, id, *deed).await?;
    }
    if !able {
        return Err(Fault::forbidden("您没有这项权限。"));
    }
    turn.dialog = Some(Dialog::ask(format!("{word} {id}")));
    Ok(Reply::text(ask))
}

pub(super) async fn refuse(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
    let Some((id, reason)) = args.number() else {
        require_deed(turn, Deed::CheckOffers)?;
        return which(turn, args, "驳回清单", &[Which::Waiting], |_| true, NONE).await;
    };
    if reason.raw.is_empty() {
        let ask = "请写明原因，发布人会看到，例如：请去掉电话再发";
        return why(turn, id, "驳回清单", &[Deed::CheckOffers], ask).await;
    }
    actions::refuse(turn.tx, &turn.actor, id, &reason.raw).await?;
    Ok(Reply::text(format!(
        "清单 #{id} 已驳回，发布人会看到原因。"
    )))
}

fn is_others(seen: &Seen) -> bool {
    seen.side == Side::Checker
}

pub(super) async fn remove(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
    let Some((id, reason)) = args.number() else {
        require_deed(turn, Deed::CheckOffers)
            .or_else(|_| require_deed(turn, Deed::SuperviseOffers))?;
        let lists = super::LISTS.map(Which::Open);
        return which(turn, args, "下架清单", &lists, is_others, NONE).await;
    };
    if reason.raw.is_empty() {
        let deeds = [Deed::CheckOffers, Deed::SuperviseOffers];
        let ask = "请写明原因，发布人会看到，例如：已由社区解决";
        return why(turn, id, "下架清单", &deeds, ask).await;
    }
    actions::remove(turn.tx, &turn.actor, id, &reason.raw).await?;
    Ok(Reply::text(format!(
        "清单 #{id} 已下架，发布人会看到原因。"
    )))
}

pub(super) async fn reopen(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
    let Some((id, reason)) = args.number() else {
        require_deed(turn, Deed::SuperviseOffers)?;
        let lists = [OfferList::Service, OfferList::Responsibility].map(Which::Closed);
        let fits = |seen: &Seen| is_others(seen) && seen.offer.state == OfferState::Done;
        return which(turn, args, "重开清单", &lists, fits, "现在没有销号的清单。").await;
    };
    if reason.raw.is_empty() {
        let ask = "请写明哪里没办好，单位会看到，例如：门禁又坏了";
        return why(turn, id, "重开清单", &[Deed::SuperviseOffers], ask).await;
    }
    actions::reopen(turn.tx, &turn.actor, id, &reason.raw).await?;
    Ok(Reply::text(format!(
        "清单 #{id} 已重开，单位会看到原因，再办一次。"
    )))
}
