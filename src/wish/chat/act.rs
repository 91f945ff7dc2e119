//! What is done to wishes by chat: 许愿 认领 放弃 完成 感谢 and their like of residents, 通过心愿 驳回心愿 下架心愿 of
//! those who check. The table is in `chat.rs`.

use chrono::TimeDelta;
use entity::kinds::WishState;

use crate::access::permit::{Deed, require_somewhere};
use crate::attachment::queries::unfiled;
use crate::base::fault::{Code, Fault};
use crate::base::text::shorten;
use crate::chat::pages::LOOK;
use crate::chat::{Args, Dialog, KEPT_MINUTES, Reply, Turn};
use crate::wish::actions;
use crate::wish::chat::{PHOTO, which};
use crate::wish::queries::{self, Figure, Which, photos_of};

/// Photos given at once, at most.
const MOST_PHOTOS: u64 = 9;
/// States in which a command that comes without a number finds its wish.
const OPEN: &[WishState] = &[WishState::Open];
const CLAIMED: &[WishState] = &[WishState::Claimed];
const FULFILLED: &[WishState] = &[WishState::Fulfilled];
const WAITING: &[WishState] = &[WishState::Raised, WishState::Open, WishState::Claimed];
const TAKEN: &[WishState] = &[WishState::Claimed, WishState::Fulfilled, WishState::Thanked];

pub(super) async fn raise(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
    let terms = &turn.app.settings.wishes;
    let row = actions::raise(turn.tx, &turn.actor, terms, &args.raw, None).await?;
    Ok(Reply::text(format!(
        "心愿 #{} 已收到：{}。工作人员看过以后邻居就能认领，有人认领会告诉您。别人只看得到您的姓和楼栋；认领的人才知道您的姓名和电话。",
        row.id,
        shorten(&row.text, 60)
    )))
}

pub(super) async fn claim(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
    let Some((id, _)) = args.number() else {
        let lists = [(Which::Open, OPEN)];
        return which(turn, args, "认领", &lists, "现在没有待认领的心愿。").await;
    };
    let terms = &turn.app.settings.wishes;
    match actions::claim(turn.tx, &turn.actor, terms, id).await {
        Ok(_) => Ok(Reply::text(format!(
            "心愿 #{id} 是您的了，谢谢！许愿人的联系方式马上单独发给您。请在{}天内办好，回复“完成 {id} 说明”；办不了回复“放弃 {id}”。",
            terms.claim_days
        ))),
        // Nothing was stored: most of those who race come too late, and are answered at once.
        Err(fault) if fault.code == Code::Conflict => {
            turn.dialog = Some(Dialog::pick(["心愿"]));
            Ok(Reply::text(fault.detail))
        }
        Err(fault) => Err(fault),
    }
}

pub(super) async fn abandon(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
    let Some((id, _)) = args.number() else {
        let lists = [(Which::Claimed, CLAIMED)];
        return which(turn, args, "放弃", &lists, "您现在没有认领的心愿。").await;
    };
    actions::abandon(turn.tx, &turn.actor, id).await?;
    Ok(Reply::text(format!(
        "心愿 #{id} 已放回，别人可以认领了。许愿人会收到通知，谢谢您有这份心。"
    )))
}

pub(super) async fn contact(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
    let Some((id, _)) = args.number() else {
        let lists = [(Which::Claimed, CLAIMED)];
        return which(turn, args, "联系许愿人", &lists, "您现在没有认领的心愿。").await;
    };
    actions::contact_again(turn.tx, &turn.actor, id).await?;
    Ok(Reply::text(format!(
        "心愿 #{id} 许愿人的联系方式马上单独发给您。"
    )))
}

/// Photos of the account that were sent within the last half hour and belong to nothing.
async fn sent(turn: &Turn<'_>) -> Result<Vec<i64>, Fault> {
    let since = turn.now() - TimeDelta::minutes(KEPT_MINUTES);
    unfiled(turn.tx.db(), turn.account.id, since, MOST_PHOTOS).await
}

pub(super) async fn fulfil(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
    let Some((id, rest)) = args.number() else {
        let lists = [(Which::Claimed, CLAIMED)];
        return which(turn, args, "完成", &lists, "您现在没有认领的心愿。").await;
    };
    let photos = match turn.before.photos_until_ms {
        0 => Vec::new(),
        _ => sent(turn).await?,
    };
    let row = actions::fulfil(turn.tx, &turn.actor, id, &rest.raw, &photos).await?;
    if !photos.is_empty() {
        turn.before.photos_until_ms = 0;
    }
    let there = photos_of(turn.tx.db(), &row).await?;
    let head = format!("心愿 #{id} 已完成，谢谢您！许愿人会收到通知。");
    if !there.is_empty() {
        return Ok(Reply::text(format!("{head}照片也会发给对方。")));
    }
    // The word counts without a photo; the next one belongs to it without a number.
    turn.dialog = Some(Dialog::pick([format!("{PHOTO} {id}")]));
    Ok(Reply::text(format!(
        "{head}请再发一张照片到这里，许愿人和社区看得到；拍不了也没关系。"
    )))
}

pub(super) async fn photo(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
    let Some((id, _)) = args.number() else {
        let lists = [(Which::Claimed, TAKEN)];
        return which(turn, args, PHOTO, &lists, "您还没有认领过心愿。").await;
    };
    let photos = sent(turn).await?;
    actions::add_photos(turn.tx, &turn.actor, id, &photos).await?;
    turn.before.photos_until_ms = 0;
    Ok(Reply::text(format!(
        "{}张照片已加到心愿 #{id}，谢谢您！",
        photos.len()
    )))
}

pub(super) async fn thank(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
    let (id, words) = match (args.number(), only_fulfilled(turn, args).await?) {
        (Some((id, rest)), _) => (id, rest.raw),
        (None, Some(id)) => (id, String::new()),
        (None, None) => {
            let lists = [(Which::Mine, FULFILLED)];
            return which(turn, args, "感谢", &lists, "您现在没有刚实现的心愿。").await;
        }
    };
    actions::thank(turn.tx, &turn.actor, id, &words).await?;
    Ok(Reply::text(format!(
        "您对心愿 #{id} 的感谢已转告帮忙的邻居。"
    )))
}

/// The wish that «感谢» alone means: the only one of the asker's that waits for thanks. Words without a number may be
/// about something else: they mean none.
async fn only_fulfilled(turn: &Turn<'_>, args: &Args) -> Result<Option<i64>, Fault> {
    if !args.raw.is_empty() {
        return Ok(None);
    }
    let mine = queries::page(turn.tx.db(), &turn.actor, Which::Mine, LOOK).await?;
    let mut waiting = mine.items.iter().map(|one| &one.wish);
    let mut next = || waiting.find(|wish| FULFILLED.contains(&wish.state));
    let first = next();
    Ok(first.filter(|_| next().is_none()).map(|wish| wish.id))
}

pub(super) async fn withdraw(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
    let Some((id, _)) = args.number() else {
        let lists = [(Which::Mine, WAITING)];
        return which(turn, args, "撤回心愿", &lists, "您现在没有可以撤回的心愿。").await;
    };
    actions::withdraw(turn.tx, &turn.actor, id).await?;
    Ok(Reply::text(format!(
        "心愿 #{id} 已撤回，别人看不到了。已经认领的邻居会收到通知。"
    )))
}

/// The list of a checker's command that came without a number.
async fn which_checked(
    turn: &mut Turn<'_>,
    args: &Args,
    word: &str,
    figures: &[Figure],
) -> Result<Reply, Fault> {
    require_somewhere(&turn.actor, Deed::CheckWishes)?;
    let lists: Vec<(Which, &[WishState])> = figures
        .iter()
        .map(|figure| (Which::Checked(*figure), figure.states()))
        .collect();
    which(turn, args, word, &lists, "现在没有这样的心愿。").await
}

pub(super) async fn pass(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
    let Some((id, _)) = args.number() else {
        return which_checked(turn, args, "通过心愿", &[Figure::Raised]).await;
    };
    actions::pass(turn.tx, &turn.actor, id).await?;
    Ok(Reply::text(format!(
        "心愿 #{id} 已通过，邻居可以认领了，许愿人会收到通知。"
    )))
}

pub(super) async fn refuse(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
    let Some((id, reason)) = args.number() else {
        return which_checked(turn, args, "驳回心愿", &[Figure::Raised]).await;
    };
    if reason.raw.is_empty() {
        turn.dialog = Some(Dialog::ask(format!("驳回心愿 {id}")));
        return Ok(Reply::text(
            "请写明原因，许愿人会看到，例如：建议申请社区救助",
        ));
    }
    actions::refuse(turn.tx, &turn.actor, id, &reason.raw).await?;
    Ok(Reply::text(format!(
        "心愿 #{id} 已驳回，许愿人会看到原因。"
    )))
}

pub(super) async fn remove(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
    let Some((id, reason)) = args.number() else {
        let figures = [Figure::Open, Figure::Claimed];
        return which_checked(turn, args, "下架心愿", &figures).await;
    };
    if reason.raw.is_empty() {
        turn.dialog = Some(Dialog::ask(format!("下架心愿 {id}")));
        return Ok(Reply::text(
            "请写明原因，许愿人和认领人会看到，例如：已由社区解决",
        ));
    }
    actions::remove(turn.tx, &turn.actor, id, &reason.raw).await?;
    Ok(Reply::text(format!(
        "心愿 #{id} 已下架，许愿人和认领人会看到原因。"
    )))
}
