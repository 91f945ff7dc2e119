//! 发服务 发责任 认领项目 销号 清单照片: what organisations promise and do.

use chrono::TimeDelta;
use entity::kinds::{OfferList, OfferState};

use super::{PHOTO, which};
use crate::access::permit::{Deed, roles};
use crate::attachment::queries::unfiled;
use crate::base::clock::china;
use crate::base::fault::{Code, Fault};
use crate::chat::{Args, Dialog, KEPT_MINUTES, Reply, Turn};
use crate::mediation::when::read_day;
use crate::offer::actions::{self, Author, Written};
use crate::offer::queries::{self, Seen, Side, Which};
use crate::offer::{is_promise, list_says};
use crate::organisation::queries as organisations;

/// Photos given at once, at most.
const MOST_PHOTOS: u64 = 9;

/// The organisation and the compound for which somebody speaks, the first of theirs; none when there is no
/// compound that follows from their posts.
pub(super) async fn post(turn: &Turn<'_>) -> Result<Option<(i64, i64)>, Fault> {
    let able = roles(Deed::PublishOffers);
    let grants = turn.actor.grants.iter();
    for grant in grants.filter(|grant| able.contains(&grant.role)) {
        let Some(organisation) = grant.organisation_id else {
            continue;
        };
        if let Some(compound) = grant.compound_id {
            return Ok(Some((organisation, compound)));
        }
        let row = organisations::by_id(turn.tx.db(), organisation).await?;
        if let Some(compound) = row.and_then(|row| row.compound_id) {
            return Ok(Some((organisation, compound)));
        }
    }
    Ok(None)
}

/// What the one who asks may do next with a promise.
pub(super) fn next(seen: &Seen) -> &'static [&'static str] {
    let row = &seen.offer;
    match (seen.side, row.state) {
        (Side::Owner, OfferState::Open) => &["销号"],
        (Side::Owner, OfferState::Done) => &[PHOTO],
        (Side::Checker, OfferState::Open) => &["下架清单"],
        (Side::Checker, OfferState::Done) => &["重开清单"],
        (_, OfferState::Open)
            if row.organisation_id.is_none() && row.list == OfferList::Service =>
        {
            &["认领项目"]
        }
        _ => &[],
    }
}

pub(super) async fn publish(
    turn: &mut Turn<'_>,
    args: &Args,
    list: OfferList,
) -> Result<Reply, Fault> {
    let Some((organisation, compound)) = post(turn).await? else {
        return Err(Fault::forbidden(
            "要代表单位发布，先请社区在“岗位”里登记您的单位；也可以在工作台发布。",
        ));
    };
    let says = list_says(list);
    let today = china(turn.now()).date_naive();
    let Some((due_on, text)) = read_day(&args.raw, today) else {
        let how = "请先写日期再写内容，例如：2026-12-31 更换3栋门禁";
        return Ok(turn.ask_again(how, &args.raw, format!("发{says}")));
    };
    let written = Written {
        list,
        category: None,
        text: &text,
        quantity: None,
        due_on: Some(due_on),
        author: Author::Organisation(organisation, compound),
    };
    let terms = &turn.app.settings.lists;
    let row = actions::publish(turn.tx, &turn.actor, terms, &written).await?;
    Ok(Reply::text(format!(
        "{says} #{} 已公布：{}，{}前办好。办好后回复“销号 {} 说明”。",
        row.id,
        row.title,
        due_on.format("%Y年%-m月%-d日"),
        row.id
    )))
}

fn is_project(seen: &Seen) -> bool {
    seen.offer.organisation_id.is_none() && seen.offer.list == OfferList::Service
}

pub(super) async fn claim(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
    let Some((id, _)) = args.number() else {
        let lists = [Which::Open(OfferList::Service)];
        let none = "现在没有待认领的项目。";
        return which(turn, args, "认领项目", &lists, is_project, none).await;
    };
    match actions::claim(turn.tx, &turn.actor, id, None).await {
        Ok(_) => Ok(Reply::text(format!(
            "项目 #{id} 由您单位认领了，谢谢！办好后回复“销号 {id} 说明”。"
        ))),
        // Nothing was stored: whoever comes too late is answered at once.
        Err(fault) if fault.code == Code::Conflict => {
            turn.dialog = Some(Dialog::pick(["认领项目"]));
            Ok(Reply::text(fault.detail))
        }
        Err(fault) => Err(fault),
    }
}

/// Photos of the account that were sent within the last half hour and belong to nothing.
async fn sent(turn: &Turn<'_>) -> Result<Vec<i64>, Fault> {
    let since = turn.now() - TimeDelta::minutes(KEPT_MINUTES);
    unfiled(turn.tx.db(), turn.account.id, since, MOST_PHOTOS).await
}

fn is_own_open(seen: &Seen) -> bool {
    is_own(seen) && seen.offer.state == OfferState::Open
}

fn is_own(seen: &Seen) -> bool {
    seen.side == Side::Owner && is_promise(seen.offer.list)
}

pub(super) async fn close(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
    let Some((id, rest)) = args.number() else {
        let none = "您单位现在没有要销号的服务或责任。";
        return which(turn, args, "销号", &[Which::Mine], is_own_open, none).await;
    };
    if rest.raw.is_empty() {
        // Not theirs, not there: said before the words are asked for.
        queries::found(turn.tx.db(), &turn.actor, id).await?;
        turn.dialog = Some(Dialog::ask(format!("销号 {id}")));
        return Ok(Reply::text("请写办得怎么样，例如：门禁已更换，试用正常"));
    }
    let photos = match turn.before.photos_until_ms {
        0 => Vec::new(),
        _ => sent(turn).await?,
    };
    actions::close(turn.tx, &turn.actor, id, &rest.raw, &photos).await?;
    let head = format!("#{id} 已销号，公示图上划掉了。");
    if !photos.is_empty() {
        turn.before.photos_until_ms = 0;
        return Ok(Reply::text(format!("{head}照片也加上了。")));
    }
    // The word counts without a photo; the next one belongs to it without a number.
    turn.dialog = Some(Dialog::pick([format!("{PHOTO} {id}")]));
    Ok(Reply::text(format!(
        "{head}请再发一张照片到这里，社区看得到；拍不了也没关系。"
    )))
}

pub(super) async fn photo(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
    let Some((id, _)) = args.number() else {
        let none = "您单位还没有公布过服务或责任。";
        return which(turn, args, PHOTO, &[Which::Mine], is_own, none).await;
    };
    let photos = sent(turn).await?;
    actions::add_photos(turn.tx, &turn.actor, id, &photos).await?;
    turn.before.photos_until_ms = 0;
    Ok(Reply::text(format!(
        "{}张照片已加到 #{id}，谢谢您！",
        photos.len()
    )))
}
