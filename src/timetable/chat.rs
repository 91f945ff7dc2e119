//! Chat commands on timetables: 日程 订阅日程 退订日程. The list of the first has a digit for each, which turns it on or
//! off; those of the others hold only what can be turned on, or off.

use crate::base::fault::Fault;
use crate::base::page::Slice;
use crate::chat::pages::older;
use crate::chat::{Args, Command, Dialog, Reply, Turn, Who};
use crate::timetable::actions;
use crate::timetable::queries::{self, Seen, Which};

/// Lines of a list: a digit picks, one more leads on.
const LINES: u64 = 7;
/// What leads on.
const EARLIER: &str = "更早的日程";
/// What asks to be told, and what asks no more: the proper words.
pub const ON: &str = "订阅日程";
/// As [`ON`].
pub const OFF: &str = "退订日程";

/// The table.
pub const COMMANDS: &[Command] = &[
    Command {
        words: &["日程", "定时提醒", "时间表"],
        who: Who::Bound,
        usage: "日程 [编号或名称]",
        help: "看小区的定时提醒，选要收的",
        asks: None,
        in_group: false,
        run: |turn, args| Box::pin(list(turn, args)),
    },
    Command {
        words: &[ON, "订日程"],
        who: Who::Bound,
        usage: "订阅日程 编号",
        help: "到时间就提醒我",
        asks: None,
        in_group: false,
        run: |turn, args| Box::pin(turn_switch(turn, args, true)),
    },
    Command {
        words: &[OFF],
        who: Who::Bound,
        usage: "退订日程 编号",
        help: "不再收这个定时提醒",
        asks: None,
        in_group: false,
        run: |turn, args| Box::pin(turn_switch(turn, args, false)),
    },
];

/// What a digit does to it.
#[must_use]
pub fn toggle(seen: &Seen) -> String {
    let word = if seen.reads { OFF } else { ON };
    format!("{word} {}", seen.timetable.id)
}

fn line(seen: &Seen) -> String {
    let state = if seen.reads { "在收" } else { "没收" };
    format!("{}（{}）：{state}", seen.timetable.title, seen.when)
}

fn shown(turn: &mut Turn<'_>, seen: &[Seen], more: Option<i64>) -> String {
    let lines = seen.iter().map(|one| (toggle(one), line(one)));
    let on = more.map(|last| older("日程", last, EARLIER));
    turn.numbered(lines.chain(on))
}

async fn list(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
    let before = match (args.older(), args.number()) {
        (Some(last), _) => Some(last),
        (None, Some((id, _))) => return one(turn, id).await,
        (None, None) if args.raw.is_empty() => None,
        (None, None) => return by_name(turn, args, None).await,
    };
    let slice = Slice {
        before,
        limit: LINES,
    };
    let page = queries::page(turn.tx.db(), &turn.actor, Which::Mine, slice).await?;
    if page.items.is_empty() {
        return Ok(Reply::text(
            "这里还没有定时提醒。需要的话可以请业委会、物业或社区在工作台的“日程”里设一个。",
        ));
    }
    let last = page.items.last().map(|seen| seen.timetable.id);
    let more = last.filter(|_| page.next.is_some());
    let lines = shown(turn, &page.items, more);
    Ok(Reply::text(format!(
        "小区的定时提醒，要收哪个就回复哪个数字，再选一次就不收：\n{lines}\n0 返回菜单"
    )))
}

async fn one(turn: &mut Turn<'_>, id: i64) -> Result<Reply, Fault> {
    let seen = queries::seen(turn.tx.db(), &turn.actor, id, turn.now()).await?;
    turn.dialog = Some(Dialog::pick([toggle(&seen)]));
    let (state, next) = if seen.reads {
        ("您在收", "不再收")
    } else {
        ("您没有收", "到时间提醒我")
    };
    let row = seen.timetable;
    let text = match row.text.as_str() {
        "" => String::new(),
        text => format!("{text}\n"),
    };
    Ok(Reply::text(format!(
        "日程 #{id} {}（{}，{}，{state}）\n{text}回复数字：1 {next}",
        row.title, seen.place, seen.when
    )))
}

/// A name, or a sentence that only begins like the command: the latter is offered to be filed. `on`: only those that
/// can be turned on, or off.
async fn by_name(turn: &mut Turn<'_>, args: &Args, on: Option<bool>) -> Result<Reply, Fault> {
    let mut found = queries::named(turn.tx.db(), &turn.actor, &args.raw).await?;
    if found.is_empty() {
        return Ok(not_meant(turn));
    }
    if let Some(on) = on {
        found.retain(|seen| seen.reads != on);
        if found.is_empty() {
            return Ok(nothing_to_turn(turn, on));
        }
    }
    let some: Vec<Seen> = found.into_iter().take(8).collect();
    let lines = shown(turn, &some, None);
    Ok(Reply::text(format!(
        "找到这些定时提醒，回复数字选收或不收：\n{lines}\n0 返回菜单"
    )))
}

fn not_meant(turn: &mut Turn<'_>) -> Reply {
    turn.not_meant("没有叫这个名字的日程。", &[("日程", "看日程")])
}

async fn turn_switch(turn: &mut Turn<'_>, args: &Args, on: bool) -> Result<Reply, Fault> {
    let before = match (args.older(), args.number()) {
        (Some(last), _) => Some(last),
        (None, Some((id, _))) => return turn_one(turn, id, on).await,
        (None, None) if args.raw.is_empty() => None,
        (None, None) => return by_name(turn, args, Some(on)).await,
    };
    let (word, which) = match on {
        true => (ON, Which::Unread),
        false => (OFF, Which::Read),
    };
    let slice = Slice {
        before,
        limit: LINES,
    };
    let page = queries::page(turn.tx.db(), &turn.actor, which, slice).await?;
    if page.items.is_empty() {
        return Ok(nothing_to_turn(turn, on));
    }
    let last = page.items.last().map(|seen| seen.timetable.id);
    let line = |seen: &Seen| {
        let row = &seen.timetable;
        let says = format!("{}（{}）", row.title, seen.when);
        (format!("{word} {}", row.id), says)
    };
    let mut lines: Vec<(String, String)> = page.items.iter().map(line).collect();
    if let Some(last) = last.filter(|_| page.next.is_some()) {
        lines.push(older(word, last, EARLIER));
    }
    Ok(turn.offer_list(&format!("{word}哪一个？"), lines))
}

/// There is none that could be turned on, or off.
fn nothing_to_turn(turn: &mut Turn<'_>, on: bool) -> Reply {
    turn.dialog = Some(Dialog::pick(["日程"]));
    Reply::text(match on {
        true => "这里没有您还没收的日程。回复数字：1 看所有日程",
        false => "您现在没有在收的日程。回复数字：1 看所有日程",
    })
}

/// Turns one on or off.
async fn turn_one(turn: &mut Turn<'_>, id: i64, on: bool) -> Result<Reply, Fault> {
    if !on {
        let row = actions::leave(turn.tx, &turn.actor, id).await?;
        return Ok(Reply::text(format!(
            "好的，以后不再提醒“{}”。想恢复回复“{ON} {id}”。",
            row.title
        )));
    }
    let row = actions::subscribe(turn.tx, &turn.actor, id).await?;
    let when = queries::rule_of(&row).map(|rule| rule.says());
    Ok(Reply::text(format!(
        "好的，“{}”{}会提醒您。不想再收回复“{OFF} {id}”。",
        row.title,
        when.unwrap_or_default()
    )))
}
