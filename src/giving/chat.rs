//! Chat commands on giving: 捐款 捐物 我的捐赠 撤回捐赠 of residents, 待收捐物 收下捐物 谢绝捐物 of staff (`staff`). Each
//! question is answered by a digit or by what is asked for; what was typed is never asked for again.

mod staff;

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use entity::drive;
use entity::kinds::{DonationKind, DonationState};

use crate::base::clock::{china, say};
use crate::base::fault::{Code, Fault};
use crate::base::fen::Fen;
use crate::base::text::shorten;
use crate::chat::pages::{LINES, LOOK, slice};
use crate::chat::{Args, Command, Dialog, Reply, Turn, bound, staff};
use crate::giving::actions::{self, Gift, Goods};
use crate::giving::queries::{self, Seen, Side, Which, public};
use crate::giving::typed::{self, ANY, ANYWHERE, TIMES, Typed};
use crate::giving::{FREE, amount_says, state_says, way_of_goods};
use crate::payment::{check_amount, link};
use crate::person::words::veiled;

/// Amounts that a digit stands for, in yuan.
const USUAL: [i64; 3] = [10, 50, 100];

/// The table.
pub const COMMANDS: &[Command] = &[
    bound(
        &["捐款", "捐钱"],
        "捐款 [活动编号] 元",
        "给小区公益捐款",
        |turn, args| Box::pin(money(turn, args)),
    ),
    bound(
        &["捐物", "捐东西"],
        "捐物 [活动编号] 物品",
        "捐物品，也可以捐给共享空间",
        |turn, args| Box::pin(goods(turn, args)),
    ),
    bound(
        &["我的捐赠", "我的捐款", "我的捐物", "捐赠"],
        "我的捐赠 [编号]",
        "看捐过的和用在哪里",
        |turn, args| Box::pin(mine(turn, args)),
    ),
    bound(
        &["撤回捐赠"],
        "撤回捐赠 编号",
        "还没付款或收下的不捐了",
        |turn, args| Box::pin(withdraw(turn, args)),
    ),
    staff(
        &["待收捐物"],
        "待收捐物",
        "看等着收下的捐物",
        |turn, args| Box::pin(staff::waiting(turn, args, "待收捐物")),
    ),
    staff(
        &["收下捐物"],
        "收下捐物 编号",
        "捐物收到了，公示感谢",
        |turn, args| Box::pin(staff::receive(turn, args)),
    ),
    staff(
        &["谢绝捐物"],
        "谢绝捐物 编号 原因",
        "捐物收不了",
        |turn, args| Box::pin(staff::decline(turn, args)),
    ),
];

/// A sentence that only begins like a command is offered to be filed, as anything that is not understood.
fn not_meant(turn: &mut Turn<'_>) -> Reply {
    turn.not_meant("没看懂要捐什么，想捐款回复“捐款”，想捐物回复“捐物”。", &[])
}

/// The drives that take something today.
async fn drives(turn: &Turn<'_>) -> Result<Vec<drive::Model>, Fault> {
    let today = china(turn.now()).date_naive();
    queries::open_drives(turn.tx.db(), &turn.actor, today, LOOK.limit).await
}

/// What was typed, and the page of the list of drives that may stand behind it.
fn paged(raw: &str) -> (&str, usize) {
    let (before, last) = raw.rsplit_once(' ').unwrap_or(("", raw));
    match Args::new(last).page() {
        Some(page) if !last.is_empty() => (before.trim_end(), page),
        _ => (raw, 1),
    }
}

/// For which drive, by a digit; what was typed already stands behind each.
async fn which_drive(turn: &mut Turn<'_>, word: &str, raw: &str) -> Result<Reply, Fault> {
    let drives = drives(turn).await?;
    let (rest, at) = match paged(raw) {
        // Where there is no such page «旧书 (2)» are two of them.
        (_, page) if page > 1 && (page - 1) * LINES > drives.len() => (raw, 1),
        found => found,
    };
    let behind = match rest.is_empty() {
        true => String::new(),
        false => format!(" {rest}"),
    };
    let mut sums = HashMap::new();
    for row in &drives {
        if let Entry::Vacant(free) = sums.entry(row.compound_id) {
            free.insert(public::sums(turn.tx.db(), row.compound_id).await?);
        }
    }
    let mut all: Vec<(String, String)> = Vec::new();
    for row in &drives {
        let own = sums.get(&row.compound_id);
        let given = own.and_then(|own| own.get(&Some(row.id)));
        let given = given.map_or(0, |sums| sums.given);
        let goal = row.goal.map(|goal| format!("，目标{}元", Fen(goal)));
        let line = format!(
            "{}（已收到{}元{}）",
            row.title,
            Fen(given),
            goal.unwrap_or_default()
        );
        all.push((format!("{word} {}{behind}", row.id), line));
    }
    let free = format!("{word} {ANY}{behind}");
    all.push((free, format!("{FREE}，由社区安排")));
    let lines = turn.list_page(&format!("{word}{behind}"), at, &all, false);
    // The titles are the house's own: who types one means it.
    turn.know_lines(&all);
    let compound = queries::own_compound(turn.tx.db(), &turn.actor).await?;
    let board = format!(
        "{}/board/{}/giving",
        turn.app.settings.server.public_url, compound.code
    );
    Ok(Reply::text(format!(
        "要{word}给哪一项？请回复前面的数字：\n{lines}\n每一笔捐赠和用途都公示：{board}"
    )))
}

/// Whether a drive takes something today, and what it is called.
async fn open_drive(turn: &Turn<'_>, id: i64) -> Result<Option<drive::Model>, Fault> {
    let today = china(turn.now()).date_naive();
    match queries::drive(turn.tx.db(), &turn.actor, id).await {
        Ok((row, _)) => Ok(Some(row).filter(|row| queries::takes(row, today))),
        Err(fault) if fault.code == Code::NotFound => Ok(None),
        Err(fault) => Err(fault),
    }
}

/// What stands for a drive in a command.
fn key(drive: Option<i64>) -> String {
    drive.map_or_else(|| ANY.to_owned(), |id| id.to_string())
}

/// Whether the name is shown, by a digit.
fn ask_name(turn: &mut Turn<'_>, line: &str, what: &str) -> Reply {
    let name = turn
        .actor
        .person
        .as_ref()
        .map(|person| veiled(&person.name));
    turn.dialog = Some(Dialog::pick([
        format!("{line} 公开"),
        format!("{line} 匿名"),
    ]));
    Reply::text(format!(
        "{what}。公示时怎么写？请回复数字：\n1 写“{}”\n2 匿名，谁也看不到是您捐的",
        name.unwrap_or_default()
    ))
}

async fn money(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
    let (asked, _) = paged(&args.raw);
    let typed = typed::read(asked);
    if asked.is_empty() {
        return which_drive(turn, "捐款", &args.raw).await;
    }
    let Some(drive) = typed.drive else {
        // «捐款 100元»: how much is known, for what is not.
        return match typed::amount(&typed.rest) {
            Some(_) => which_drive(turn, "捐款", &args.raw).await,
            None => Ok(not_meant(turn)),
        };
    };
    let title = match drive {
        None => FREE.to_owned(),
        Some(id) => match open_drive(turn, id).await? {
            Some(row) => row.title,
            // «捐款 100» where there is no such drive: an amount.
            None if typed.rest.is_empty() => {
                return which_drive(turn, "捐款", &args.raw).await;
            }
            None => return Err(queries::no_such_drive(id)),
        },
    };
    let line = format!("捐款 {}", key(drive));
    if typed.rest.is_empty() {
        return Ok(ask_amount(turn, &line, &title, "", ""));
    }
    let amount = typed::amount(&typed.rest)
        .ok_or_else(|| Fault::invalid("amount", "金额要写成 28.50 这样，最多两位小数。"));
    let amount = match amount.and_then(|amount| check_amount(amount).map(|()| amount)) {
        Ok(amount) => amount,
        Err(fault) => return Ok(ask_amount(turn, &line, &title, &typed.rest, &fault.detail)),
    };
    let Some(anonymous) = typed.anonymous else {
        let what = format!("给“{title}”捐 {} 元", Fen(amount));
        return Ok(ask_name(turn, &format!("{line} {}", Fen(amount)), &what));
    };
    let gift = Gift {
        drive_id: drive,
        anonymous,
    };
    let row = actions::pledge_money(turn.tx, &turn.actor, gift, amount).await?;
    let url = link::pay_donation(turn.app, &row);
    Ok(Reply::text(format!(
        "捐款 #{id} 已登记：给“{title}”{} 元{}。请点开付款（一天内有效）：\n{url}\n到账和用在哪里都会告诉您。不想捐了回复“撤回捐赠 {id}”。",
        Fen(amount),
        secret(anonymous),
        id = row.id
    )))
}

const fn secret(anonymous: bool) -> &'static str {
    match anonymous {
        true => "，匿名",
        false => "",
    }
}

/// How much: by a digit, or typed. What was typed may be no amount at all: then it is offered to be filed.
fn ask_amount(turn: &mut Turn<'_>, line: &str, title: &str, said: &str, wrong: &str) -> Reply {
    if !typed::is_like_amount(said) {
        let how = format!("没看懂金额。给“{title}”捐多少请写明元，例如：28.5元");
        return turn.ask_again(&how, said, line.to_owned());
    }
    let usual = USUAL.map(|yuan| format!("{line} {yuan}.00"));
    turn.dialog = Some(Dialog {
        prompt: Some(line.to_owned()),
        ..Dialog::pick(usual)
    });
    let lines: Vec<String> = USUAL
        .iter()
        .zip(1..)
        .map(|(yuan, at)| format!("{at} {yuan}元"))
        .collect();
    Reply::text(format!(
        "{wrong}给“{title}”捐多少？请回复数字：{}。别的数请写明元，例如：28.5元",
        lines.join("  ")
    ))
}

async fn goods(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
    let typed = typed::read(&args.raw);
    let Some(drive) = typed.drive else {
        return which_drive(turn, "捐物", &args.raw).await;
    };
    if let Some(id) = drive
        && open_drive(turn, id).await?.is_none()
    {
        return Err(queries::no_such_drive(id));
    }
    match next_of_goods(turn, &typed, drive) {
        Ok((goods, anonymous)) => {
            let gift = Gift {
                drive_id: drive,
                anonymous,
            };
            let row = actions::pledge_goods(turn.tx, &turn.actor, gift, &goods).await?;
            Ok(Reply::text(format!(
                "捐物 #{id} 已登记：{}，{}件{}。{}。收下后公示感谢并告诉您。不想捐了回复“撤回捐赠 {id}”。",
                shorten(&goods.what, 40),
                goods.pieces,
                secret(anonymous),
                way_of_goods(anonymous),
                id = row.id
            )))
        }
        Err(asked) => Ok(asked),
    }
}

/// All that is needed of goods, or what is asked next.
fn next_of_goods(
    turn: &mut Turn<'_>,
    typed: &Typed,
    drive: Option<i64>,
) -> Result<(Goods, bool), Reply> {
    let line = format!("捐物 {}", key(drive));
    let (what, pieces, room) = typed::goods(&typed.rest);
    let says_something = |text: &str| text.chars().any(char::is_alphabetic);
    if !says_something(&what) {
        turn.dialog = Some(Dialog::ask(line));
        return Err(Reply::text(
            "请写下捐什么，例如：九成新空调1台。不要写姓名和电话。",
        ));
    }
    let line = format!("{line} {what} {TIMES}");
    let shown = shorten(&what, 30);
    let Some(pieces) = pieces else {
        // What stands behind the sign was to be a number.
        if let Some((_, said)) = typed.rest.rsplit_once(TIMES) {
            let how = format!("没看懂数量。“{shown}”有几件请这样写：2件");
            return Err(turn.ask_again(&how, said.trim(), line));
        }
        turn.dialog = Some(Dialog::ask(line));
        return Err(Reply::text(format!("“{shown}”有几件？请回复数字，例如：1")));
    };
    let line = format!("{line} {pieces}");
    // What is for a drive goes where the drive needs it.
    let room = match (room, drive) {
        (Some(room), _) if says_something(&room) => room,
        (None, Some(_)) => ANYWHERE.to_owned(),
        _ => {
            turn.dialog = Some(Dialog {
                prompt: Some(format!("{line} 放")),
                ..Dialog::pick([format!("{line} 放 {ANYWHERE}")])
            });
            return Err(Reply::text(
                "放在小区哪个共享空间？请写房间名，例如：书画室。没想好请回复数字 1，由社区安排。",
            ));
        }
    };
    let Some(anonymous) = typed.anonymous else {
        let to = match room == ANYWHERE {
            true => String::new(),
            false => format!("，放“{}”", shorten(&room, 20)),
        };
        let what = format!("捐“{shown}”{pieces}件{to}");
        return Err(ask_name(turn, &format!("{line} 放 {room}"), &what));
    };
    let room = match room == ANYWHERE {
        true => String::new(),
        false => room,
    };
    Ok((Goods { what, pieces, room }, anonymous))
}

/// For each donation the command that a digit stands for, and its line.
fn lines(seen: &[Seen], word: &str) -> Vec<(String, String)> {
    let each = seen.iter().map(|one| {
        let row = &one.row;
        let what = match &row.goods {
            Some(goods) => shorten(goods, 20),
            None => shorten(&one.purpose, 20),
        };
        let amount = amount_says(row.kind, row.amount);
        let line = format!("#{} {what} {amount}（{}）", row.id, state_says(row));
        (format!("{word} {}", row.id), line)
    });
    each.collect()
}

async fn mine(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
    if let Some((id, _)) = args.number() {
        return one(turn, id).await;
    }
    let Some(at) = args.page() else {
        return Ok(not_meant(turn));
    };
    let page = queries::page(turn.tx.db(), &turn.actor, Which::Mine, slice(at)).await?;
    if page.items.is_empty() {
        turn.dialog = Some(Dialog::pick(["捐款", "捐物"]));
        return Ok(Reply::text("您还没有捐过。回复数字：1 捐款  2 捐物"));
    }
    let (all, more) = (lines(&page.items, "我的捐赠"), page.next.is_some());
    let lines = turn.list_page("我的捐赠", at, &all, more);
    Ok(Reply::text(format!(
        "您捐过的，回复前面的数字看用在哪里：\n{lines}"
    )))
}

async fn one(turn: &mut Turn<'_>, id: i64) -> Result<Reply, Fault> {
    let seen = queries::seen(turn.tx.db(), &turn.actor, id).await?;
    let row = &seen.row;
    let mut text = format!(
        "捐赠 #{id}（{}）：{}，给“{}”，公示写“{}”\n",
        state_says(row),
        match &row.goods {
            Some(goods) => format!(
                "{} {}",
                shorten(goods, 60),
                amount_says(row.kind, row.amount)
            ),
            None => amount_says(row.kind, row.amount),
        },
        seen.purpose,
        seen.who
    );
    for (label, words) in [("地点", &row.room), ("原因", &row.reason)] {
        if let Some(words) = words {
            text.push_str(&format!("{label}：{words}\n"));
        }
    }
    if row.returned > 0 {
        let back = amount_says(row.kind, row.returned);
        text.push_str(&format!("已退回{back}\n"));
    }
    let uses = queries::uses_of(turn.tx.db(), id).await?;
    for (used, part) in &uses {
        text.push_str(&format!(
            "{} 用了{}：{}\n",
            used.day.format("%Y-%m-%d"),
            amount_says(row.kind, *part),
            shorten(&used.what, 40)
        ));
    }
    if row.state == DonationState::Received && uses.is_empty() {
        text.push_str("还没有用，用了会告诉您。\n");
    }
    let words: &[&str] = match (seen.side, row.state, row.kind) {
        (Side::Donor, DonationState::Pledged, DonationKind::Money) => {
            let url = link::pay_donation(turn.app, row);
            text.push_str(&format!("付款：{url}\n"));
            &["撤回捐赠"]
        }
        (Side::Donor, DonationState::Pledged, DonationKind::Goods) => &["撤回捐赠"],
        (Side::Staff, DonationState::Pledged, DonationKind::Goods) => &["收下捐物", "谢绝捐物"],
        _ => &[],
    };
    if !words.is_empty() {
        let lines: Vec<String> = words
            .iter()
            .zip(1..)
            .map(|(word, at)| format!("{at} {word}"))
            .collect();
        text.push_str(&format!("可以回复数字：{}\n", lines.join("  ")));
        turn.dialog = Some(Dialog::pick(
            words.iter().map(|word| format!("{word} {id}")),
        ));
    }
    text.push_str(&format!("登记于 {}", say(row.created_at)));
    Ok(Reply::text(text))
}

async fn withdraw(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
    let Some((id, _)) = args.number() else {
        let page = queries::page(turn.tx.db(), &turn.actor, Which::Mine, LOOK).await?;
        let mut own = page.items;
        own.retain(|one| one.row.state == DonationState::Pledged);
        if own.is_empty() {
            return Ok(Reply::text("您现在没有可以撤回的捐赠。"));
        }
        let at = args.page().unwrap_or(1);
        let lines = turn.list_page("撤回捐赠", at, &lines(&own, "撤回捐赠"), false);
        return Ok(Reply::text(format!(
            "撤回哪一笔？回复前面的数字：\n{lines}"
        )));
    };
    actions::withdraw(turn.tx, &turn.actor, id).await?;
    Ok(Reply::text(format!(
        "捐赠 #{id} 已撤回，不用再付款或送来。谢谢您有这份心。"
    )))
}
