//! Chat commands on stations: 驿站 借用 归还 订房间 取消预订 我的驿站 of residents, 借出名单 借物验收 驿站人次 and their
//! like of keepers. A digit leads on wherever there is something to do.

mod book;
mod keep;
mod lend;

use std::fmt::Write as _;

use entity::kinds::LoanState;

use crate::base::clock::say;
use crate::base::fault::Fault;
use crate::base::page::Slice;
use crate::base::text::shorten;
use crate::chat::{Args, Command, Dialog, Reply, Turn, bound, staff};
use crate::station::loan_says;
use crate::station::queries::lending::{OUT, has};
use crate::station::queries::rooms::ahead;
use crate::station::queries::windows::{Left, ON_SHELF, deposits};
use crate::station::queries::{self, Seen};

/// Lines of a list: a digit picks.
const MOST: u64 = 8;

/// The table.
pub const COMMANDS: &[Command] = &[
    bound(
        &["驿站", "红色驿站"],
        "驿站 [编号]",
        "看驿站在哪、开不开门、有什么",
        |turn, args| Box::pin(list(turn, args)),
    ),
    bound(
        &["借用", "借东西"],
        "借用 [编号]",
        "向驿站借工具、雨伞、轮椅",
        |turn, args| Box::pin(lend::borrow(turn, args)),
    ),
    bound(
        &["归还", "还东西"],
        "归还 [编号]",
        "借的东西还到了驿站",
        |turn, args| Box::pin(lend::hand(turn, args)),
    ),
    bound(
        &["订房间", "预订房间"],
        "订房间 [编号 日期 时间 用途]",
        "预订驿站的议事厅、活动室",
        |turn, args| Box::pin(book::book(turn, args)),
    ),
    bound(
        &["取消预订"],
        "取消预订 [编号]",
        "订的房间不用了",
        |turn, args| Box::pin(book::cancel(turn, args)),
    ),
    bound(
        &["我的驿站"],
        "我的驿站",
        "看自己借的、订的和寄存的",
        |turn, _| Box::pin(mine(turn)),
    ),
    staff(
        &["借出名单"],
        "借出名单 [驿站编号]",
        "看谁借了什么，验收归还",
        |turn, args| Box::pin(keep::out(turn, args)),
    ),
    staff(
        &["借物验收"],
        "借物验收 编号",
        "借出的东西收回来了",
        |turn, args| Box::pin(keep::end(turn, args, &keep::RETURNED)),
    ),
    staff(
        &["借物没收到"],
        "借物没收到 编号",
        "说已还的东西没看到",
        |turn, args| Box::pin(keep::deny(turn, args)),
    ),
    staff(
        &["借物丢失"],
        "借物丢失 编号 说明",
        "借出的东西找不回来了",
        |turn, args| Box::pin(keep::end(turn, args, &keep::LOST)),
    ),
    staff(
        &["借物损坏"],
        "借物损坏 编号 说明",
        "还回来的东西坏了",
        |turn, args| Box::pin(keep::end(turn, args, &keep::DAMAGED)),
    ),
    staff(
        &["驿站人次"],
        "驿站人次 [人数]",
        "记驿站今天来了多少人",
        |turn, args| Box::pin(keep::count(turn, args)),
    ),
];

/// Lines with digits in front, each of which stands for a command.
fn picked(turn: &mut Turn<'_>, lines: Vec<(String, String)>) -> String {
    let lines = lines.into_iter().map(|(line, command)| (command, line));
    format!("\n{}", turn.numbered(lines))
}

/// A sentence that only begins like a command is offered to be filed, as anything that is not understood.
fn not_meant(turn: &mut Turn<'_>, meant: &'static str) -> Reply {
    turn.not_meant("没看到编号。", &[(meant, meant)])
}

/// `站3` behind a command: at which station.
fn station_in(args: &Args) -> Option<(i64, Args)> {
    let rest = args.raw.strip_prefix('站')?;
    Args::new(rest).number()
}

/// What a station is, in two lines: also for whoever scans its code.
#[must_use]
pub fn introduce(seen: &Seen) -> String {
    let row = &seen.station;
    let mut text = format!(
        "{}（{} {}）：{}。{}",
        row.name,
        seen.place,
        row.spot,
        seen.open.says(),
        seen.opens()
    );
    if !seen.facilities.is_empty() {
        let _ = write!(text, "\n有：{}", seen.facilities.join("、"));
    }
    text
}

/// What can be done at a station by digits.
#[must_use]
pub fn offers(id: i64) -> [(&'static str, String); 3] {
    [
        ("借用", format!("借用 站{id}")),
        ("订房间", format!("订房间 站{id}")),
        ("我的驿站", "我的驿站".to_owned()),
    ]
}

async fn list(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
    let now = turn.now();
    if let Some((id, _)) = args.number() {
        let seen = queries::seen(turn.tx.db(), &turn.actor, now, id).await?;
        return Ok(one(turn, &seen));
    }
    if !args.raw.is_empty() {
        return Ok(not_meant(turn, "驿站"));
    }
    let page = queries::page(turn.tx.db(), &turn.actor, now, Slice::first(MOST)).await?;
    match page.items.as_slice() {
        [] => Ok(Reply::text(
            "这里还没有驿站。开了以后，回复“驿站”就能看到。",
        )),
        [only] => Ok(one(turn, only)),
        some => {
            let lines = some.iter().map(|seen| {
                let row = &seen.station;
                (
                    format!("{}（{}）{}", row.name, row.spot, seen.open.says()),
                    format!("驿站 {}", row.id),
                )
            });
            let lines = lines.collect();
            let lines = picked(turn, lines);
            Ok(Reply::text(format!(
                "驿站，回复前面的数字看有什么：{lines}"
            )))
        }
    }
}

fn one(turn: &mut Turn<'_>, seen: &Seen) -> Reply {
    let offers = offers(seen.station.id);
    let words: Vec<String> = offers
        .iter()
        .enumerate()
        .map(|(at, (word, _))| format!("{} {word}", at + 1))
        .collect();
    turn.dialog = Some(Dialog::pick(offers.map(|(_, command)| command)));
    Reply::text(format!(
        "{}\n可以回复数字：{}",
        introduce(seen),
        words.join("  ")
    ))
}

async fn mine(turn: &mut Turn<'_>) -> Result<Reply, Fault> {
    let now = turn.now();
    let db = turn.tx.db();
    let loans = has(db, &turn.actor, &OUT, MOST).await?;
    let booked = ahead(db, &turn.actor, now, MOST).await?;
    let left = deposits(db, &turn.actor, Left::Mine, Slice::first(MOST)).await?;
    let mut lines = Vec::new();
    for loan in &loans {
        let row = &loan.row;
        let state = match row.state {
            LoanState::Lent => format!("{}到期", say(row.due_at)),
            state => loan_says(state).to_owned(),
        };
        lines.push((
            format!("归还“{}”（借用 #{}，{state}）", loan.thing.name, row.id),
            format!("归还 {}", row.id),
        ));
    }
    for one in &booked {
        lines.push((
            format!(
                "取消预订 #{}（{} {}）",
                one.row.id,
                one.room,
                one.slot().says()
            ),
            format!("取消预订 {}", one.row.id),
        ));
    }
    let on_shelf = left.items.iter();
    let on_shelf = on_shelf.filter(|one| ON_SHELF.contains(&one.row.state));
    let on_shelf: Vec<String> = on_shelf
        .map(|one| format!("寄存号 {}“{}”", one.row.id, shorten(&one.row.thing, 20)))
        .collect();
    let tail = match on_shelf.is_empty() {
        true => String::new(),
        false => format!("\n寄存在驿站的：{}，来取时报寄存号。", on_shelf.join("，")),
    };
    if lines.is_empty() {
        turn.dialog = Some(Dialog::pick(["驿站", "借用", "订房间"]));
        return Ok(Reply::text(format!(
            "您现在没有借东西，也没有订房间。{tail}\n可以回复数字：1 驿站  2 借用  3 订房间"
        )));
    }
    let lines = picked(turn, lines);
    Ok(Reply::text(format!(
        "您在驿站的，回复前面的数字办理：{lines}{tail}"
    )))
}
