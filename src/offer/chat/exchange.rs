//! 发需求 发资源 对接 取消对接 联系对方 办好 撤回清单 清单分类: what residents, and organisations, give and need.

use entity::kinds::{OfferCategory, OfferList, OfferState};
use sea_orm::Iterable;

use super::{asks_which, lines, not_meant, which};
use crate::base::fault::{Code, Fault};
use crate::base::text::shorten;
use crate::chat::pages::LOOK;
use crate::chat::{Args, Dialog, Reply, Turn};
use crate::offer::actions::{self, Author, Written};
use crate::offer::fitting::{fitting, tied_to};
use crate::offer::queries::{self, Seen, Side, Which, shown};
use crate::offer::{category, is_promise, list_says};

/// What is offered by digits behind one item.
const MOST_OFFERED: usize = 3;

pub(super) async fn publish(
    turn: &mut Turn<'_>,
    args: &Args,
    list: OfferList,
) -> Result<Reply, Fault> {
    // Whoever lives there speaks for themselves; who only serves, for their organisation.
    let author = match (
        turn.actor.homes.is_empty(),
        super::promise::post(turn).await?,
    ) {
        (true, Some((organisation, compound))) => Author::Organisation(organisation, compound),
        _ => Author::Resident(None),
    };
    let written = Written {
        list,
        category: None,
        text: &args.raw,
        quantity: None,
        due_on: None,
        author,
    };
    let terms = &turn.app.settings.lists;
    let row = actions::publish(turn.tx, &turn.actor, terms, &written).await?;
    let id = row.id;
    let says = list_says(list);
    turn.dialog = Some(Dialog::pick([
        format!("清单分类 {id}"),
        format!("清单 {id}"),
    ]));
    let then = if row.state == OfferState::Raised {
        "工作人员看过以后大家就看得到，有对得上的会告诉您。别人看不到您的姓名和房号。"
    } else {
        "大家现在就看得到，有对得上的会告诉您。"
    };
    Ok(Reply::text(format!(
        "{says} #{id} 已收到：{}。归在“{}”，不对请回复 1 改分类。{then}",
        row.title,
        category::says(row.category)
    )))
}

/// Whether it is one's own to be tied, let go or withdrawn.
fn is_own(seen: &Seen) -> bool {
    seen.side == Side::Owner && !is_promise(seen.offer.list)
}

fn is_tied_need(seen: &Seen) -> bool {
    seen.offer.list == OfferList::Need && seen.offer.state == OfferState::Matched
}

fn is_own_open(seen: &Seen) -> bool {
    is_own(seen) && seen.offer.state == OfferState::Open
}

/// The tied needs that somebody has a part in: their own, and those of their resources.
async fn tied(turn: &Turn<'_>) -> Result<Vec<Seen>, Fault> {
    let db = turn.tx.db();
    let page = queries::page(db, &turn.actor, Which::Mine, LOOK).await?;
    let mut found = Vec::new();
    for seen in page.items {
        if is_tied_need(&seen) {
            found.push(seen);
        } else if seen.offer.list == OfferList::Resource && seen.offer.taken > 0 {
            for id in tied_to(db, seen.offer.id).await? {
                found.push(queries::seen(db, &turn.actor, id).await?);
            }
        }
    }
    Ok(found)
}

/// A command on a tied need that came without its number.
async fn which_tied(turn: &mut Turn<'_>, args: &Args, word: &str) -> Result<Reply, Fault> {
    let Some(at) = args.page() else {
        return Ok(not_meant(turn));
    };
    let found = tied(turn).await?;
    if found.is_empty() {
        return Ok(Reply::text("您现在没有对接上的需求或资源。"));
    }
    let lines = turn.list_page(word, at, &lines(&found, word), false);
    Ok(Reply::text(format!(
        "{}请回复前面的数字：\n{lines}",
        asks_which(word)
    )))
}

pub(super) async fn tie(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
    let Some((one, rest)) = args.number() else {
        let lists = [Which::Mine];
        let none = "您还没有公开的需求或资源。回复“发需求 内容”或“发资源 内容”。";
        return which(turn, args, "对接", &lists, is_own_open, none).await;
    };
    let Some((other, _)) = rest.number() else {
        return offer_partners(turn, one).await;
    };
    let terms = &turn.app.settings.lists;
    match actions::tie(turn.tx, &turn.actor, terms, one, other).await {
        Ok((need, resource)) => Ok(Reply::text(format!(
            "对接上了：需求 #{} 和资源 #{}。对方的联系方式马上单独发给您，您的也会发给对方。没谈成回复“取消对接 {}”。",
            need.id, resource.id, need.id
        ))),
        // Nothing was stored: most of those who race come too late, and are answered at once.
        Err(fault) if fault.code == Code::Conflict => {
            turn.dialog = Some(Dialog::pick(["清单"]));
            Ok(Reply::text(fault.detail))
        }
        Err(fault) => Err(fault),
    }
}

/// With what one's item can be tied, by digits.
async fn offer_partners(turn: &mut Turn<'_>, id: i64) -> Result<Reply, Fault> {
    let seen = queries::seen(turn.tx.db(), &turn.actor, id).await?;
    let pairs = partners(turn, &seen).await?;
    if pairs.is_empty() {
        return Ok(Reply::text(format!(
            "现在没有和 #{id} 对得上的。有了会告诉您；也可以回复“清单”自己找，再回复“对接 {id} 对方编号”。"
        )));
    }
    let lines = pairs.into_iter().map(|(says, command)| (command, says));
    Ok(turn.offer_list("和哪一条对接？", lines.collect()))
}

/// Ties that the actor may make with this item, likest first: what to say of each, and the command. What
/// fits one's own; of others', one's own that fits it.
pub(super) async fn partners(turn: &Turn<'_>, seen: &Seen) -> Result<Vec<(String, String)>, Fault> {
    if is_promise(seen.offer.list) || seen.offer.state != OfferState::Open {
        return Ok(Vec::new());
    }
    let db = turn.tx.db();
    let id = seen.offer.id;
    let own = seen.side == Side::Owner;
    let fits = if own {
        fitting(db, &seen.offer, MOST_OFFERED).await?
    } else {
        let page = queries::page(db, &turn.actor, Which::Mine, LOOK).await?;
        let mine = page.items.into_iter();
        let fit = |one: &Seen| is_own_open(one) && one.offer.list != seen.offer.list;
        let here = |one: &Seen| one.offer.compound_id == seen.offer.compound_id;
        mine.filter(|one| fit(one) && here(one))
            .map(|one| one.offer)
            .take(MOST_OFFERED)
            .collect()
    };
    let words = shown(db, &fits).await?;
    let pair = |row: &entity::offer::Model| {
        let title = match words.get(&row.id) {
            Some((title, _)) => title.as_str(),
            None => row.title.as_str(),
        };
        let says = format!(
            "对接{} #{} {}",
            list_says(row.list),
            row.id,
            shorten(title, 20)
        );
        (says, format!("对接 {id} {}", row.id))
    };
    Ok(fits.iter().map(pair).collect())
}

pub(super) async fn untie(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
    let Some((id, _)) = args.number() else {
        return which_tied(turn, args, "取消对接").await;
    };
    actions::untie(turn.tx, &turn.actor, id).await?;
    Ok(Reply::text(format!(
        "需求 #{id} 的对接取消了，双方都可以再找别人，对方会收到通知。"
    )))
}

pub(super) async fn contact(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
    let Some((id, _)) = args.number() else {
        return which_tied(turn, args, "联系对方").await;
    };
    actions::contact_again(turn.tx, &turn.actor, id).await?;
    Ok(Reply::text(format!(
        "需求 #{id} 对方的联系方式马上单独发给您。"
    )))
}

pub(super) async fn finish(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
    let Some((id, rest)) = args.number() else {
        let none = "您现在没有对接上的需求。";
        let fits = |seen: &Seen| seen.side == Side::Owner && is_tied_need(seen);
        return which(turn, args, "办好", &[Which::Mine], fits, none).await;
    };
    actions::finish(turn.tx, &turn.actor, id, &rest.raw).await?;
    Ok(Reply::text(format!(
        "需求 #{id} 已办好，太好了！帮忙的一方会收到通知。"
    )))
}

pub(super) async fn withdraw(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
    let Some((id, _)) = args.number() else {
        let none = "您现在没有可以撤回的需求或资源。";
        let fits = |seen: &Seen| is_own(seen) && !crate::offer::step::is_over(seen.offer.state);
        return which(turn, args, "撤回清单", &[Which::Mine], fits, none).await;
    };
    actions::withdraw(turn.tx, &turn.actor, id).await?;
    Ok(Reply::text(format!(
        "清单 #{id} 已撤回，别人看不到了。已经对接的一方会收到通知。"
    )))
}

pub(super) async fn sort(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
    let Some((id, rest)) = args.number() else {
        let none = "您现在没有可以改分类的需求或资源。";
        let fits = |seen: &Seen| {
            let state = seen.offer.state;
            is_own(seen) && matches!(state, OfferState::Raised | OfferState::Open)
        };
        return which(turn, args, "清单分类", &[Which::Mine], fits, none).await;
    };
    let Some(chosen) = category::read(&rest.raw) else {
        // Not theirs, not there: said before the choice.
        queries::found(turn.tx.db(), &turn.actor, id).await?;
        let all = OfferCategory::iter().map(category::says);
        let lines = turn.numbered(all.map(|says| (format!("清单分类 {id} {says}"), says)));
        return Ok(Reply::text(format!(
            "清单 #{id} 归在哪一类？回复数字：\n{lines}"
        )));
    };
    actions::sort(turn.tx, &turn.actor, id, chosen).await?;
    Ok(Reply::text(format!(
        "清单 #{id} 已改到“{}”，有对得上的会告诉您。",
        category::says(chosen)
    )))
}
