//! Chat commands on the four lists: 清单 发需求 发资源 对接 and their like of residents (`exchange`), 发服务 发责任 认领项目
//! 销号 of organisations (`promise`), 通过清单 驳回清单 下架清单 重开清单 of those who check and supervise (`staff`). A digit
//! leads on wherever there is something to do.

mod exchange;
mod promise;
mod staff;

use entity::kinds::{OfferList, OfferState};
use entity::offer;

use crate::access::permit::{Deed, may, require_somewhere};
use crate::attachment::link::{self, Variant};
use crate::base::fault::Fault;
use crate::base::text::shorten;
use crate::chat::pages::{LOOK, slice};
use crate::chat::{Args, Command, Dialog, Reply, Turn, bound, staff};
use crate::offer::queries::{self, Seen, Side, Which};
use crate::offer::{category, is_promise, list_says, read_list, state_says};
use crate::place::queries as places;

/// The four, in their order.
const LISTS: [OfferList; 4] = [
    OfferList::Need,
    OfferList::Resource,
    OfferList::Service,
    OfferList::Responsibility,
];
/// The command by which photos get to an item; what was just asked for is found by it.
pub const PHOTO: &str = "清单照片";

/// The table.
pub const COMMANDS: &[Command] = &[
    bound(
        &["清单", "四项清单"],
        "清单 [编号]",
        "看需求、资源、服务、责任清单",
        |turn, args| Box::pin(list(turn, args)),
    ),
    bound(
        &["我的清单"],
        "我的清单",
        "看自己和自己单位发的清单",
        |turn, args| Box::pin(mine(turn, args)),
    ),
    Command {
        asks: Some("请写下您需要什么，例如：想找人教我用手机挂号。审核后大家看得到。"),
        ..bound(
            &["发需求"],
            "发需求 内容",
            "说说您需要什么",
            |turn, args| Box::pin(exchange::publish(turn, args, OfferList::Need)),
        )
    },
    Command {
        asks: Some("请写下您能帮什么，例如：周末可以免费理发。审核后大家看得到。"),
        ..bound(
            &["发资源"],
            "发资源 内容",
            "说说您能帮什么",
            |turn, args| Box::pin(exchange::publish(turn, args, OfferList::Resource)),
        )
    },
    bound(
        &["对接"],
        "对接 编号 编号",
        "把一条需求和一条资源对上",
        |turn, args| Box::pin(exchange::tie(turn, args)),
    ),
    bound(
        &["取消对接"],
        "取消对接 编号",
        "没谈成，放开这条需求",
        |turn, args| Box::pin(exchange::untie(turn, args)),
    ),
    bound(
        &["联系对方"],
        "联系对方 编号",
        "再发一次对接对方的联系方式",
        |turn, args| Box::pin(exchange::contact(turn, args)),
    ),
    bound(
        &["办好"],
        "办好 编号 [说明]",
        "需求已经有人帮您办好",
        |turn, args| Box::pin(exchange::finish(turn, args)),
    ),
    bound(
        &["撤回清单"],
        "撤回清单 编号",
        "不要这条需求或资源了",
        |turn, args| Box::pin(exchange::withdraw(turn, args)),
    ),
    bound(
        &["清单分类"],
        "清单分类 编号 分类",
        "改一条需求或资源的分类",
        |turn, args| Box::pin(exchange::sort(turn, args)),
    ),
    Command {
        asks: Some("请写哪天之前办好、办什么，例如：2026-12-31 更换3栋门禁"),
        ..staff(
            &["发服务"],
            "发服务 2026-12-31 内容",
            "公布单位要办的服务",
            |turn, args| Box::pin(promise::publish(turn, args, OfferList::Service)),
        )
    },
    Command {
        asks: Some("请写到哪天、负责什么，例如：2026-12-31 每周巡查消防通道"),
        ..staff(
            &["发责任"],
            "发责任 2026-12-31 内容",
            "公布单位负责的事",
            |turn, args| Box::pin(promise::publish(turn, args, OfferList::Responsibility)),
        )
    },
    staff(
        &["认领项目"],
        "认领项目 编号",
        "单位认领一个服务项目",
        |turn, args| Box::pin(promise::claim(turn, args)),
    ),
    staff(
        &["销号"],
        "销号 编号 说明",
        "公布的服务或责任办好了",
        |turn, args| Box::pin(promise::close(turn, args)),
    ),
    staff(
        &[PHOTO],
        "清单照片 编号",
        "把刚发的照片加到清单",
        |turn, args| Box::pin(promise::photo(turn, args)),
    ),
    staff(
        &["审核清单", "待审清单"],
        "审核清单",
        "看待审核的需求和资源",
        |turn, args| Box::pin(staff::waiting(turn, args)),
    ),
    staff(
        &["通过清单"],
        "通过清单 编号",
        "公开这条需求或资源",
        |turn, args| Box::pin(staff::pass(turn, args)),
    ),
    staff(
        &["驳回清单"],
        "驳回清单 编号 原因",
        "不公开这条需求或资源",
        |turn, args| Box::pin(staff::refuse(turn, args)),
    ),
    staff(
        &["下架清单"],
        "下架清单 编号 原因",
        "撤下已公开的一条",
        |turn, args| Box::pin(staff::remove(turn, args)),
    ),
    staff(
        &["重开清单"],
        "重开清单 编号 原因",
        "销号的没办好，让单位再办",
        |turn, args| Box::pin(staff::reopen(turn, args)),
    ),
];

/// For each item the command that a digit stands for, and its line.
fn lines(seen: &[Seen], word: &str) -> Vec<(String, String)> {
    let each = seen.iter().map(|one| {
        let row = &one.offer;
        let state = match one.side {
            Side::Neighbour => one.by.clone(),
            _ => format!("{}，{}", one.by, state_says(row.list, row.state)),
        };
        let title = shorten(&one.title, 24);
        let line = format!("{} #{} {title}（{state}）", list_says(row.list), row.id);
        (format!("{word} {}", row.id), line)
    });
    each.collect()
}

/// A command that came without a number: which one is meant, by a digit; a sentence that only begins like it
/// is offered to be filed, as anything that is not understood.
async fn which(
    turn: &mut Turn<'_>,
    args: &Args,
    word: &str,
    lists: &[Which],
    fits: fn(&Seen) -> bool,
    none: &str,
) -> Result<Reply, Fault> {
    let Some(at) = args.page() else {
        return Ok(not_meant(turn));
    };
    let mut found = Vec::new();
    for which in lists {
        let page = queries::page(turn.tx.db(), &turn.actor, *which, LOOK).await?;
        found.extend(page.items.into_iter().filter(fits));
    }
    if found.is_empty() {
        return Ok(Reply::text(none));
    }
    let lines = turn.list_page(word, at, &lines(&found, word), false);
    Ok(Reply::text(format!(
        "{}请回复前面的数字：\n{lines}",
        asks_which(word)
    )))
}

/// Asks which item a command means: `要驳回哪一条清单？`
fn asks_which(word: &str) -> String {
    match word {
        PHOTO => "照片要加到哪一条？".to_owned(),
        "联系对方" => "要联系哪一条的对方？".to_owned(),
        "清单分类" => "要改哪一条的分类？".to_owned(),
        "认领项目" => "要认领哪个项目？".to_owned(),
        _ => match word.strip_suffix("清单") {
            Some(verb) => format!("要{verb}哪一条清单？"),
            None => format!("要{word}哪一条？"),
        },
    }
}

fn not_meant(turn: &mut Turn<'_>) -> Reply {
    turn.not_meant("没看到清单的编号。", &[("发需求", "发需求")])
}

async fn list(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
    if let Some((id, _)) = args.number() {
        return one(turn, id).await;
    }
    // «需求», or a page of it: «需求 (2)».
    let (name, page) = args.raw.split_once(' ').unwrap_or((args.raw.as_str(), ""));
    if let (Some(list), Some(at)) = (read_list(name), Args::new(page).page()) {
        return one_list(turn, list, at).await;
    }
    if !args.raw.is_empty() {
        return Ok(not_meant(turn));
    }
    let lines = [
        ("清单 需求", "需求：谁需要什么"),
        ("清单 资源", "资源：谁能帮什么"),
        ("清单 服务", "服务：单位要办的"),
        ("清单 责任", "责任：单位负责的"),
        ("我的清单", "我的清单"),
        ("发需求", "发需求"),
        ("发资源", "发资源"),
    ];
    let own = |(command, line): (&str, &str)| (command.to_owned(), line.to_owned());
    let all: Vec<(String, String)> = lines.into_iter().map(own).collect();
    let shown: Vec<String> = (1..)
        .zip(&all)
        .map(|(at, (_, line))| format!("{at} {line}"))
        .collect();
    turn.dialog = Some(Dialog::lines(all));
    Ok(Reply::text(format!(
        "看哪张清单？回复数字：\n{}",
        shown.join("\n")
    )))
}

async fn one_list(turn: &mut Turn<'_>, list: OfferList, at: usize) -> Result<Reply, Fault> {
    let page = queries::page(turn.tx.db(), &turn.actor, Which::Open(list), slice(at)).await?;
    let says = list_says(list);
    if page.items.is_empty() {
        let other = LISTS.into_iter().filter(|other| *other != list);
        let other = other.map(|other| format!("清单 {}", list_says(other)));
        let lines = turn.in_a_row(other.map(|word| (word.clone(), word)));
        return Ok(Reply::text(format!(
            "{says}清单现在是空的。回复数字看别的：{lines}"
        )));
    }
    let code = match page.next {
        Some(_) => places_code(turn, &page.items).await?,
        None => None,
    };
    let more = code.map(|code| {
        let url = &turn.app.settings.server.public_url;
        format!("\n全部在 {url}/board/{code}/lists")
    });
    let more = more.unwrap_or_default();
    let (all, goes_on) = (lines(&page.items, "清单"), page.next.is_some());
    let lines = turn.list_page(&format!("清单 {says}"), at, &all, goes_on);
    let how = match list {
        OfferList::Need => "\n您能帮忙的，先回复“发资源 内容”，再对接。",
        OfferList::Resource => "\n您需要的，先回复“发需求 内容”，再对接。",
        OfferList::Service | OfferList::Responsibility => "",
    };
    Ok(Reply::text(format!(
        "{says}清单，回复前面的数字看详情：\n{lines}{more}{how}"
    )))
}

/// The code of the compound in which the first of these stands.
async fn places_code(turn: &Turn<'_>, seen: &[Seen]) -> Result<Option<String>, Fault> {
    let Some(first) = seen.first() else {
        return Ok(None);
    };
    let compound = places::by_id(turn.tx.db(), first.offer.compound_id).await?;
    Ok(compound.map(|place| crate::wechat::http::percent(&place.code)))
}

async fn mine(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
    let page = queries::page(turn.tx.db(), &turn.actor, Which::Mine, LOOK).await?;
    let mut all = page.items;
    // What still wants something comes first.
    all.sort_by_key(|one| crate::offer::step::is_over(one.offer.state));
    if all.is_empty() {
        turn.dialog = Some(Dialog::pick(["发需求", "发资源", "清单"]));
        return Ok(Reply::text(
            "您还没有发过清单。回复数字：1 发需求  2 发资源  3 看大家的清单",
        ));
    }
    let at = args.page().unwrap_or(1);
    let lines = turn.list_page("我的清单", at, &lines(&all, "清单"), false);
    Ok(Reply::text(format!(
        "您发的清单：\n{lines}\n回复前面的数字看详情。"
    )))
}

async fn one(turn: &mut Turn<'_>, id: i64) -> Result<Reply, Fault> {
    let seen = queries::seen(turn.tx.db(), &turn.actor, id).await?;
    let row = &seen.offer;
    let mut text = format!(
        "{} #{id}（{}，{}，{}）\n{}\n",
        list_says(row.list),
        category::says(row.category),
        seen.by,
        state_says(row.list, row.state),
        seen.title
    );
    if !seen.text.is_empty() {
        text.push_str(&format!("{}\n", seen.text));
    }
    let near =
        seen.side != Side::Neighbour || queries::has_helped(turn.tx.db(), &turn.actor, row).await?;
    text.push_str(&facts(row, near));
    for photo in queries::photos(turn.tx.db(), &seen).await? {
        if let Some(url) = link::url(turn.app, &photo, Variant::Full) {
            text.push_str(&format!("照片：{url}\n"));
        }
    }
    let words = next(turn, &seen).await?;
    if !words.is_empty() {
        let words = words.into_iter().map(|(says, command)| (command, says));
        text.push_str(&format!("可以回复数字：{}", turn.in_a_row(words)));
    }
    Ok(Reply::text(text.trim_end().to_owned()))
}

/// What else is known of it; what was said about it for those whom it concerns.
fn facts(row: &offer::Model, near: bool) -> String {
    let mut text = String::new();
    if let Some(day) = row.due_on {
        text.push_str(&format!("到期：{}\n", day.format("%Y年%-m月%-d日")));
    }
    if row.list == OfferList::Resource {
        let left = row.quantity - row.taken;
        text.push_str(&format!("能帮{}家，还剩{left}家\n", row.quantity));
    }
    if near {
        for (label, words) in [("办理说明", &row.result), ("原因", &row.reason)] {
            if let Some(words) = words {
                text.push_str(&format!("{label}：{words}\n"));
            }
        }
    }
    text
}

/// What the one who asks may do next by a digit: what it is called, and the command.
async fn next(turn: &Turn<'_>, seen: &Seen) -> Result<Vec<(String, String)>, Fault> {
    let row = &seen.offer;
    let id = row.id;
    let plain = |words: &[&str]| -> Vec<(String, String)> {
        let each = words.iter();
        each.map(|word| ((*word).to_owned(), format!("{word} {id}")))
            .collect()
    };
    if is_promise(row.list) {
        return Ok(plain(promise::next(seen)));
    }
    Ok(match (seen.side, row.state) {
        (Side::Checker, OfferState::Raised) => plain(&["通过清单", "驳回清单"]),
        (Side::Owner, OfferState::Raised) => plain(&["清单分类", "撤回清单"]),
        (Side::Owner, OfferState::Matched) if row.list == OfferList::Need => {
            plain(&["办好", "联系对方", "取消对接"])
        }
        (Side::Owner, OfferState::Matched) => plain(&["撤回清单"]),
        (side, OfferState::Open) => {
            let mut words = exchange::partners(turn, seen).await?;
            words.extend(match side {
                Side::Owner => plain(&["清单分类", "撤回清单"]),
                Side::Checker => plain(&["下架清单"]),
                Side::Neighbour => Vec::new(),
            });
            words
        }
        (Side::Checker, OfferState::Matched) => plain(&["下架清单"]),
        _ => Vec::new(),
    })
}

/// Whether the actor may do it at some place, as an error.
fn require_deed(turn: &Turn<'_>, deed: Deed) -> Result<(), Fault> {
    require_somewhere(&turn.actor, deed)
}

/// Whether the actor may do it where an item stands.
async fn may_there(turn: &Turn<'_>, id: i64, deed: Deed) -> Result<bool, Fault> {
    let found = queries::found(turn.tx.db(), &turn.actor, id).await?;
    Ok(may(&turn.actor, deed, &found.place.path))
}
