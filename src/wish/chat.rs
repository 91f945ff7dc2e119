//! Chat commands on wishes: 心愿 许愿 认领 放弃 完成 感谢 and their like of residents, 通过心愿 驳回心愿 下架心愿 of
//! those who check. A digit leads on wherever there is something to do.

use chrono::TimeDelta;
use entity::kinds::WishState;

use crate::access::permit::{Deed, require_somewhere};
use crate::attachment::link::{self, Variant};
use crate::attachment::queries::{of_subject, unfiled};
use crate::base::clock::say;
use crate::base::fault::{Code, Fault};
use crate::base::page::Slice;
use crate::base::text::shorten;
use crate::chat::{Args, Command, Dialog, KEPT_MINUTES, Reply, Turn, Who};
use crate::wish::queries::{self, Figure, Seen, Side, Which};
use crate::wish::{actions, state_says, subject};

/// Lines of a list: a digit picks.
const MOST: u64 = 8;
/// Photos given at once, at most.
const MOST_PHOTOS: u64 = 9;
/// States in which a command that comes without a number finds its wish.
const OPEN: &[WishState] = &[WishState::Open];
const CLAIMED: &[WishState] = &[WishState::Claimed];
const FULFILLED: &[WishState] = &[WishState::Fulfilled];
const WAITING: &[WishState] = &[WishState::Raised, WishState::Open, WishState::Claimed];
const TAKEN: &[WishState] = &[WishState::Claimed, WishState::Fulfilled, WishState::Thanked];
/// The command by which photos get to a wish; what was just asked for is found by it.
pub const PHOTO: &str = "心愿照片";

const fn neighbour(
    words: &'static [&'static str],
    usage: &'static str,
    help: &'static str,
    run: crate::chat::Run,
) -> Command {
    Command {
        words,
        who: Who::Bound,
        usage,
        help,
        asks: None,
        in_group: false,
        run,
    }
}

const fn checker(
    words: &'static [&'static str],
    usage: &'static str,
    help: &'static str,
    run: crate::chat::Run,
) -> Command {
    Command {
        who: Who::Staff,
        ..neighbour(words, usage, help, run)
    }
}

/// The table.
pub const COMMANDS: &[Command] = &[
    neighbour(
        &["心愿", "微心愿"],
        "心愿 [编号]",
        "看邻居的心愿，可以认领",
        |turn, args| Box::pin(list(turn, args)),
    ),
    Command {
        asks: Some("请写下您的心愿，例如：想要一副老花镜。审核后邻居可以认领。"),
        ..neighbour(
            &["许愿"],
            "许愿 内容",
            "许一个小心愿",
            |turn, args| Box::pin(raise(turn, args)),
        )
    },
    neighbour(
        &["我的心愿"],
        "我的心愿",
        "看自己许的和认领的心愿",
        |turn, _| Box::pin(mine(turn)),
    ),
    neighbour(
        &["认领"],
        "认领 编号",
        "认领一个心愿",
        |turn, args| Box::pin(claim(turn, args)),
    ),
    neighbour(
        &["完成"],
        "完成 编号 [说明]",
        "认领的心愿办好了",
        |turn, args| Box::pin(fulfil(turn, args)),
    ),
    neighbour(
        &["放弃"],
        "放弃 编号",
        "认领的心愿办不了",
        |turn, args| Box::pin(abandon(turn, args)),
    ),
    neighbour(
        &["联系许愿人"],
        "联系许愿人 编号",
        "再发一次许愿人的联系方式",
        |turn, args| Box::pin(contact(turn, args)),
    ),
    neighbour(
        &[PHOTO],
        "心愿照片 编号",
        "把刚发的照片加到心愿",
        |turn, args| Box::pin(photo(turn, args)),
    ),
    neighbour(
        &["感谢"],
        "感谢 编号 [您的话]",
        "感谢实现心愿的邻居",
        |turn, args| Box::pin(thank(turn, args)),
    ),
    neighbour(
        &["撤回心愿"],
        "撤回心愿 编号",
        "不要这个心愿了",
        |turn, args| Box::pin(withdraw(turn, args)),
    ),
    checker(
        &["审核心愿", "待审心愿"],
        "审核心愿",
        "看待审核的心愿",
        |turn, _| Box::pin(waiting(turn)),
    ),
    checker(
        &["通过心愿"],
        "通过心愿 编号",
        "让邻居认领这个心愿",
        |turn, args| Box::pin(pass(turn, args)),
    ),
    checker(
        &["驳回心愿"],
        "驳回心愿 编号 原因",
        "不公开这个心愿",
        |turn, args| Box::pin(refuse(turn, args)),
    ),
    checker(
        &["下架心愿"],
        "下架心愿 编号 原因",
        "撤下已公开的心愿",
        |turn, args| Box::pin(remove(turn, args)),
    ),
];

const fn first() -> Slice {
    Slice {
        before: None,
        limit: MOST,
    }
}

/// Lines with digits in front, each of which stands for a command on that wish.
fn picked(turn: &mut Turn<'_>, seen: &[Seen], word: &str) -> String {
    let lines: Vec<String> = seen
        .iter()
        .enumerate()
        .map(|(at, one)| {
            let state = match one.side {
                Side::Neighbour => one.asker.clone(),
                _ => state_says(one.wish.state).to_owned(),
            };
            let text = shorten(&one.text, 30);
            format!("{} #{} {text}（{state}）", at + 1, one.wish.id)
        })
        .collect();
    turn.dialog = Some(Dialog::pick(
        seen.iter().map(|one| format!("{word} {}", one.wish.id)),
    ));
    lines.join("\n")
}

/// A command that came without a number: which one is meant, by a digit; a sentence that only begins
/// like it is offered to be filed, as anything that is not understood.
async fn which(
    turn: &mut Turn<'_>,
    args: &Args,
    word: &str,
    lists: &[(Which, &[WishState])],
    none: &str,
) -> Result<Reply, Fault> {
    if !args.raw.is_empty() {
        return Ok(not_meant(turn));
    }
    let mut found = Vec::new();
    for (which, states) in lists {
        let page = queries::page(turn.tx.db(), &turn.actor, *which, first()).await?;
        let fitting = page.items.into_iter();
        found.extend(fitting.filter(|one| states.contains(&one.wish.state)));
    }
    found.truncate(usize::try_from(MOST).unwrap_or(usize::MAX));
    if found.is_empty() {
        return Ok(Reply::text(none));
    }
    let lines = picked(turn, &found, word);
    Ok(Reply::text(format!(
        "{word}哪一个？回复前面的数字：\n{lines}"
    )))
}

fn not_meant(turn: &mut Turn<'_>) -> Reply {
    let text = turn.text.clone();
    turn.dialog = Some(Dialog {
        said: Some(text.clone()),
        ..Dialog::pick(["报修", "投诉", "建议", "求助", "许愿"])
    });
    Reply::text(format!(
        "没看到心愿的编号。要把“{}”提交吗？请回复数字：\n1 报修  2 投诉  3 建议  4 求助  5 许愿\n0 返回菜单",
        shorten(&text, 30)
    ))
}

async fn list(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
    if let Some((id, _)) = args.number() {
        return one(turn, id).await;
    }
    if !args.raw.is_empty() {
        return Ok(not_meant(turn));
    }
    let page = queries::page(turn.tx.db(), &turn.actor, Which::Open, first()).await?;
    if page.items.is_empty() {
        turn.dialog = Some(Dialog::pick(["许愿", "我的心愿"]));
        return Ok(Reply::text(
            "现在没有待认领的心愿。回复数字：1 许一个心愿  2 我的心愿",
        ));
    }
    let lines = picked(turn, &page.items, "心愿");
    let more = match page.next {
        Some(_) => "\n还有更多，认领掉几个再看。",
        None => "",
    };
    Ok(Reply::text(format!(
        "待认领的心愿，回复前面的数字看详情和认领：\n{lines}{more}\n想许愿回复“许愿 内容”。"
    )))
}

async fn mine(turn: &mut Turn<'_>) -> Result<Reply, Fault> {
    let db = turn.tx.db();
    let own = queries::page(db, &turn.actor, Which::Mine, first()).await?;
    let claimed = queries::page(db, &turn.actor, Which::Claimed, first()).await?;
    let mut all: Vec<Seen> = claimed.items.into_iter().chain(own.items).collect();
    // What still wants something comes first.
    all.sort_by_key(|one| crate::wish::step::is_over(one.wish.state));
    all.truncate(usize::try_from(MOST).unwrap_or(usize::MAX));
    if all.is_empty() {
        turn.dialog = Some(Dialog::pick(["许愿", "心愿"]));
        return Ok(Reply::text(
            "您还没有许过愿，也没有认领过。回复数字：1 许一个心愿  2 看邻居的心愿",
        ));
    }
    let lines = picked(turn, &all, "心愿");
    Ok(Reply::text(format!(
        "您许的和认领的心愿：\n{lines}\n回复前面的数字看详情。"
    )))
}

async fn one(turn: &mut Turn<'_>, id: i64) -> Result<Reply, Fault> {
    let seen = queries::seen(turn.tx.db(), &turn.actor, id).await?;
    let row = &seen.wish;
    let mut text = format!(
        "心愿 #{id}（{}，{}）\n{}\n",
        state_says(row.state),
        seen.asker,
        seen.text
    );
    if seen.side != Side::Neighbour {
        let due = row.due_at.map(|due| format!("认领到{}到期\n", say(due)));
        text.push_str(&due.unwrap_or_default());
        for (label, words) in [
            ("完成说明", &row.result),
            ("感谢", &row.thanks),
            ("原因", &row.reason),
        ] {
            if let Some(words) = words {
                text.push_str(&format!("{label}：{words}\n"));
            }
        }
        let photos = queries::photos(turn.tx.db(), &seen).await?;
        for photo in photos {
            if let Some(url) = link::url(turn.app, &photo, Variant::Full) {
                text.push_str(&format!("照片：{url}\n"));
            }
        }
    }
    let words = next(&seen);
    if !words.is_empty() {
        let lines: Vec<String> = words
            .iter()
            .enumerate()
            .map(|(at, word)| format!("{} {word}", at + 1))
            .collect();
        text.push_str(&format!("可以回复数字：{}", lines.join("  ")));
        turn.dialog = Some(Dialog::pick(
            words.iter().map(|word| format!("{word} {id}")),
        ));
    }
    Ok(Reply::text(text.trim_end().to_owned()))
}

/// What the one who asks may do next by a digit.
fn next(seen: &Seen) -> &'static [&'static str] {
    use WishState::{Claimed, Fulfilled, Open, Raised};
    match (seen.side, seen.wish.state) {
        (Side::Asker, Raised | Open | Claimed) => &["撤回心愿"],
        (Side::Asker, Fulfilled) => &["感谢"],
        (Side::Claimer, Claimed) => &["完成", "放弃", "联系许愿人"],
        (Side::Checker, Raised) => &["通过心愿", "驳回心愿"],
        (Side::Checker, Open) => &["认领", "下架心愿"],
        (Side::Checker, Claimed) => &["下架心愿"],
        (Side::Neighbour, Open) => &["认领"],
        _ => &[],
    }
}

async fn raise(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
    let terms = &turn.app.settings.wishes;
    let row = actions::raise(turn.tx, &turn.actor, terms, &args.raw, None).await?;
    Ok(Reply::text(format!(
        "心愿 #{} 已收到：{}。工作人员看过以后邻居就能认领，有人认领会马上告诉您。别人看不到您的姓名和房号。",
        row.id,
        shorten(&row.text, 60)
    )))
}

async fn claim(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
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

async fn abandon(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
    let Some((id, _)) = args.number() else {
        let lists = [(Which::Claimed, CLAIMED)];
        return which(turn, args, "放弃", &lists, "您现在没有认领的心愿。").await;
    };
    actions::abandon(turn.tx, &turn.actor, id).await?;
    Ok(Reply::text(format!(
        "心愿 #{id} 已放回，别人可以认领了。许愿人会收到通知，谢谢您有这份心。"
    )))
}

async fn contact(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
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

async fn fulfil(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
    let Some((id, rest)) = args.number() else {
        let lists = [(Which::Claimed, CLAIMED)];
        return which(turn, args, "完成", &lists, "您现在没有认领的心愿。").await;
    };
    let photos = match turn.before.photos_until_ms {
        0 => Vec::new(),
        _ => sent(turn).await?,
    };
    actions::fulfil(turn.tx, &turn.actor, id, &rest.raw, &photos).await?;
    if !photos.is_empty() {
        turn.before.photos_until_ms = 0;
    }
    let there = of_subject(turn.tx.db(), &subject(id)).await?;
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

async fn photo(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
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

async fn thank(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
    let Some((id, rest)) = args.number() else {
        let lists = [(Which::Mine, FULFILLED)];
        return which(turn, args, "感谢", &lists, "您现在没有刚实现的心愿。").await;
    };
    actions::thank(turn.tx, &turn.actor, id, &rest.raw).await?;
    Ok(Reply::text(format!(
        "您对心愿 #{id} 的感谢已转告帮忙的邻居。"
    )))
}

async fn withdraw(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
    let Some((id, _)) = args.number() else {
        let lists = [(Which::Mine, WAITING)];
        return which(turn, args, "撤回心愿", &lists, "您现在没有可以撤回的心愿。").await;
    };
    actions::withdraw(turn.tx, &turn.actor, id).await?;
    Ok(Reply::text(format!(
        "心愿 #{id} 已撤回，别人看不到了。已经认领的邻居会收到通知。"
    )))
}

async fn waiting(turn: &mut Turn<'_>) -> Result<Reply, Fault> {
    require_somewhere(&turn.actor, Deed::CheckWishes)?;
    let which = Which::Checked(Figure::Raised);
    let page = queries::page(turn.tx.db(), &turn.actor, which, first()).await?;
    if page.items.is_empty() {
        return Ok(Reply::text("现在没有要审核的心愿。"));
    }
    let lines = picked(turn, &page.items, "心愿");
    Ok(Reply::text(format!(
        "待审核的心愿：\n{lines}\n回复前面的数字看全文和审核。"
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

async fn pass(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
    let Some((id, _)) = args.number() else {
        return which_checked(turn, args, "通过心愿", &[Figure::Raised]).await;
    };
    actions::pass(turn.tx, &turn.actor, id).await?;
    Ok(Reply::text(format!(
        "心愿 #{id} 已通过，邻居可以认领了，许愿人会收到通知。"
    )))
}

async fn refuse(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
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

async fn remove(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
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
