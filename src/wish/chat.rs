//! Chat commands on wishes: 心愿 许愿 认领 放弃 完成 感谢 and their like of residents, 通过心愿 驳回心愿 下架心愿 of
//! those who check. A digit leads on wherever there is something to do. What only looks is here, what changes
//! something in `chat/act.rs`.

mod act;

use entity::kinds::WishState;

use crate::access::permit::{Deed, require_somewhere};
use crate::attachment::link::{self, Variant};
use crate::base::clock::say;
use crate::base::fault::Fault;
use crate::base::text::shorten;
use crate::chat::pages::{LOOK, slice};
use crate::chat::{Args, Command, Dialog, Reply, Turn, bound, staff};
use crate::wish::queries::{self, Figure, Seen, Side, Which};
use crate::wish::state_says;

/// The command by which photos get to a wish; what was just asked for is found by it.
pub const PHOTO: &str = "心愿照片";

/// The table.
pub const COMMANDS: &[Command] = &[
    bound(
        &["心愿", "微心愿"],
        "心愿 [编号]",
        "看邻居的心愿，可以认领",
        |turn, args| Box::pin(list(turn, args)),
    ),
    Command {
        asks: Some("请写下您的心愿，例如：想要一副老花镜。审核后邻居可以认领。"),
        ..bound(
            &["许愿"],
            "许愿 内容",
            "许一个小心愿",
            |turn, args| Box::pin(act::raise(turn, args)),
        )
    },
    bound(
        &["我的心愿"],
        "我的心愿",
        "看自己许的和认领的心愿",
        |turn, args| Box::pin(mine(turn, args)),
    ),
    bound(
        &["认领"],
        "认领 编号",
        "认领一个心愿",
        |turn, args| Box::pin(act::claim(turn, args)),
    ),
    bound(
        &["完成"],
        "完成 编号 [说明]",
        "认领的心愿办好了",
        |turn, args| Box::pin(act::fulfil(turn, args)),
    ),
    bound(
        &["放弃"],
        "放弃 编号",
        "认领的心愿办不了",
        |turn, args| Box::pin(act::abandon(turn, args)),
    ),
    bound(
        &["联系许愿人"],
        "联系许愿人 编号",
        "再发一次许愿人的联系方式",
        |turn, args| Box::pin(act::contact(turn, args)),
    ),
    bound(
        &[PHOTO],
        "心愿照片 编号",
        "把刚发的照片加到心愿",
        |turn, args| Box::pin(act::photo(turn, args)),
    ),
    bound(
        &["感谢"],
        "感谢 编号 [您的话]",
        "感谢实现心愿的邻居",
        |turn, args| Box::pin(act::thank(turn, args)),
    ),
    bound(
        &["撤回心愿"],
        "撤回心愿 编号",
        "不要这个心愿了",
        |turn, args| Box::pin(act::withdraw(turn, args)),
    ),
    staff(
        &["审核心愿", "待审心愿"],
        "审核心愿",
        "看待审核的心愿",
        |turn, args| Box::pin(waiting(turn, args)),
    ),
    staff(
        &["通过心愿"],
        "通过心愿 编号",
        "让邻居认领这个心愿",
        |turn, args| Box::pin(act::pass(turn, args)),
    ),
    staff(
        &["驳回心愿"],
        "驳回心愿 编号 原因",
        "不公开这个心愿",
        |turn, args| Box::pin(act::refuse(turn, args)),
    ),
    staff(
        &["下架心愿"],
        "下架心愿 编号 原因",
        "撤下已公开的心愿",
        |turn, args| Box::pin(act::remove(turn, args)),
    ),
];

/// For each wish the command that a digit stands for, and its line.
fn lines(seen: &[Seen], word: &str) -> Vec<(String, String)> {
    let each = seen.iter().map(|one| {
        let state = match one.side {
            Side::Neighbour => one.asker.clone(),
            _ => state_says(one.wish.state).to_owned(),
        };
        let text = shorten(&one.text.replace('\n', " "), 30);
        let line = format!("#{} {text}（{state}）", one.wish.id);
        (format!("{word} {}", one.wish.id), line)
    });
    each.collect()
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
    let Some(at) = args.page() else {
        return Ok(not_meant(turn));
    };
    let mut found = Vec::new();
    for (which, states) in lists {
        let page = queries::page(turn.tx.db(), &turn.actor, *which, LOOK).await?;
        let fitting = page.items.into_iter();
        found.extend(fitting.filter(|one| states.contains(&one.wish.state)));
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

/// Asks which wish a command means: `要驳回哪个心愿？`
fn asks_which(word: &str) -> String {
    match word {
        PHOTO => "照片要加到哪个心愿？".to_owned(),
        "联系许愿人" => "要联系哪个心愿的许愿人？".to_owned(),
        _ => format!("要{}哪个心愿？", word.trim_end_matches("心愿")),
    }
}

fn not_meant(turn: &mut Turn<'_>) -> Reply {
    turn.not_meant("没看到心愿的编号。", &[("许愿", "许愿")])
}

async fn list(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
    if let Some((id, _)) = args.number() {
        return one(turn, id).await;
    }
    let Some(at) = args.page() else {
        return Ok(not_meant(turn));
    };
    let page = queries::page(turn.tx.db(), &turn.actor, Which::Open, slice(at)).await?;
    if page.items.is_empty() {
        turn.dialog = Some(Dialog::pick(["许愿", "我的心愿"]));
        return Ok(Reply::text(
            "现在没有待认领的心愿。回复数字：1 许一个心愿  2 我的心愿",
        ));
    }
    let more = page.next.is_some();
    let lines = turn.list_page("心愿", at, &lines(&page.items, "心愿"), more);
    Ok(Reply::text(format!(
        "待认领的心愿，回复前面的数字看详情和认领：\n{lines}\n想许愿回复“许愿 内容”。"
    )))
}

async fn mine(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
    let db = turn.tx.db();
    let own = queries::page(db, &turn.actor, Which::Mine, LOOK).await?;
    let claimed = queries::page(db, &turn.actor, Which::Claimed, LOOK).await?;
    let mut all: Vec<Seen> = claimed.items.into_iter().chain(own.items).collect();
    // What still wants something comes first.
    all.sort_by_key(|one| crate::wish::step::is_over(one.wish.state));
    if all.is_empty() {
        turn.dialog = Some(Dialog::pick(["许愿", "心愿"]));
        return Ok(Reply::text(
            "您还没有许过愿，也没有认领过。回复数字：1 许一个心愿  2 看邻居的心愿",
        ));
    }
    let at = args.page().unwrap_or(1);
    let lines = turn.list_page("我的心愿", at, &lines(&all, "心愿"), false);
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
        let lines = words.iter().map(|word| (format!("{word} {id}"), word));
        text.push_str(&format!("可以回复数字：{}", turn.in_a_row(lines)));
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

async fn waiting(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
    require_somewhere(&turn.actor, Deed::CheckWishes)?;
    let which = Which::Checked(Figure::Raised);
    let at = args.page().unwrap_or(1);
    let page = queries::page(turn.tx.db(), &turn.actor, which, slice(at)).await?;
    if page.items.is_empty() {
        return Ok(Reply::text("现在没有要审核的心愿。"));
    }
    let more = page.next.is_some();
    let lines = turn.list_page("审核心愿", at, &lines(&page.items, "心愿"), more);
    Ok(Reply::text(format!(
        "待审核的心愿：\n{lines}\n回复前面的数字看全文和审核。"
    )))
}
