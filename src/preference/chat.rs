//! Chat commands on wishes: 订阅 退订. Both show the list with numbers; a digit turns a switch.

use crate::base::fault::Fault;
use crate::base::text::fold;
use crate::chat::{Args, Command, Dialog, Reply, Turn, Who};
use crate::preference::{Switch, actions, queries, why_fixed};
use crate::timetable::chat::toggle;
use crate::timetable::queries as timetables;

/// Timetables that are offered.
const MOST_NAMED: usize = 5;

/// The table.
pub const COMMANDS: &[Command] = &[
    Command {
        words: &["订阅", "通知设置", "消息设置"],
        who: Who::Bound,
        usage: "订阅 [编号或名称]",
        help: "选择要收哪些提醒",
        asks: None,
        in_group: false,
        run: |turn, args| Box::pin(turn_switch(turn, args, true)),
    },
    Command {
        words: &["退订", "取消订阅", "关闭通知"],
        who: Who::Bound,
        usage: "退订 [编号或名称]",
        help: "不再收某类提醒",
        asks: None,
        in_group: false,
        run: |turn, args| Box::pin(turn_switch(turn, args, false)),
    },
];

async fn turn_switch(turn: &mut Turn<'_>, args: &Args, on: bool) -> Result<Reply, Fault> {
    let switches = queries::switches(turn.tx.db(), &turn.actor).await?;
    if args.raw.is_empty() {
        return Ok(list(turn, &switches, ""));
    }
    let Some(meant) = meant(&switches, args) else {
        return by_timetable(turn, args, &switches).await;
    };
    if meant.fixed {
        let why = if on {
            format!("{}的提醒一直开着。", meant.topic.label())
        } else {
            why_fixed(meant.topic).to_owned()
        };
        return Ok(list(turn, &switches, &format!("{why}\n")));
    }
    actions::set(turn.tx, &turn.actor, meant.topic, on).await?;
    let now = queries::switches(turn.tx.db(), &turn.actor).await?;
    let label = meant.topic.label();
    let said = if on {
        format!("好的，以后有{label}会提醒您。\n")
    } else {
        format!("好的，以后不再提醒{label}，回复“进度”随时可以看。想恢复就再选一次。\n")
    };
    Ok(list(turn, &now, &said))
}

/// No topic is called so: a timetable may be, which a digit then turns on or off.
async fn by_timetable(
    turn: &mut Turn<'_>,
    args: &Args,
    switches: &[Switch],
) -> Result<Reply, Fault> {
    let found = timetables::named(turn.tx.db(), &turn.actor, &args.raw).await?;
    if found.is_empty() {
        return Ok(list(
            turn,
            switches,
            "没有这一类提醒。小区的定时提醒请回复“日程”。\n",
        ));
    }
    let some = found.iter().take(MOST_NAMED);
    let lines: Vec<String> = some
        .clone()
        .enumerate()
        .map(|(at, seen)| {
            let word = if seen.reads { "不再收" } else { "要收" };
            format!(
                "{} {word}“{}”（{}）",
                at + 1,
                seen.timetable.title,
                seen.when
            )
        })
        .collect();
    turn.dialog = Some(Dialog::pick(some.map(toggle)));
    Ok(Reply::text(format!(
        "是这个定时提醒吗？请回复数字：\n{}\n0 返回菜单",
        lines.join("\n")
    )))
}

/// By number, or by a part of the name.
fn meant(switches: &[Switch], args: &Args) -> Option<Switch> {
    if let Some((number, _)) = args.number() {
        let at = usize::try_from(number).ok()?.checked_sub(1)?;
        return switches.get(at).copied();
    }
    let said = fold(&args.raw);
    let by_name = |switch: &&Switch| {
        let label = switch.topic.label();
        said.contains(label) || (said.chars().count() >= 2 && label.contains(&said))
    };
    switches.iter().find(by_name).copied()
}

fn list(turn: &mut Turn<'_>, switches: &[Switch], before: &str) -> Reply {
    let line = |(at, switch): (usize, &Switch)| {
        let state = match switch {
            Switch { fixed: true, .. } => "开（不能关）",
            Switch { on: true, .. } => "开",
            Switch { .. } => "关",
        };
        format!("{} {}：{state}", at + 1, switch.topic.label())
    };
    let lines: Vec<String> = switches.iter().enumerate().map(line).collect();
    turn.dialog = Some(Dialog::pick(switches.iter().enumerate().map(
        |(at, switch)| {
            let word = if switch.on { "退订" } else { "订阅" };
            format!("{word} {}", at + 1)
        },
    )));
    Reply::text(format!(
        "{before}您的提醒：\n{}\n回复前面的数字，开就变关，关就变开。0 返回菜单",
        lines.join("\n")
    ))
}
