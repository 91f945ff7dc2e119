//! Chat commands on money: 账单 缴费 预存 发票. Lists lead on by digits alone; an answer that asks for money
//! is an address, since nobody pays by typing.

mod ahead;
mod receipts;

use std::collections::BTreeMap;

use entity::money::BillState;
use entity::{bill, bill_line};

use crate::access::HomeTie;
use crate::base::fault::Fault;
use crate::base::fen::Fen;
use crate::base::text::half_width;
use crate::chat::{Args, Choice, Command, Dialog, Reply, Turn, Who};
use crate::payment::actions::order::Wish;
use crate::payment::actions::take::check_amount;
use crate::payment::{MOST_BILLS, left, link, month_says, queries};
use crate::place::code;

/// Bills that are looked at.
const MOST: u64 = 200;

/// The table.
pub const COMMANDS: &[Command] = &[
    Command {
        words: &["账单", "我的账单", "查账单", "欠费"],
        who: Who::Bound,
        usage: "账单 [编号]",
        help: "看您家要交的费用",
        asks: None,
        in_group: false,
        run: |turn, args| Box::pin(bills(turn, args)),
    },
    Command {
        words: &["缴费", "交费", "交物业费", "缴物业费", "付款"],
        who: Who::Bound,
        usage: "缴费 [账单编号 [元]]",
        help: "在微信里交费",
        asks: None,
        in_group: false,
        run: |turn, args| Box::pin(pay(turn, args)),
    },
    Command {
        words: &["预存", "预缴", "预交", "预存物业费"],
        who: Who::Bound,
        usage: "预存 [房号] [元]",
        help: "先存一笔，自动抵以后的账单",
        asks: None,
        in_group: false,
        run: |turn, args| Box::pin(ahead::ahead(turn, args)),
    },
    Command {
        words: &["发票", "收据", "开发票", "开收据"],
        who: Who::Bound,
        usage: "收据 [账单编号]",
        help: "看收据（不是税务发票）",
        asks: None,
        in_group: false,
        run: |turn, args| Box::pin(receipts::receipts(turn, args)),
    },
];

async fn bills(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
    if let Some((id, _)) = args.number() {
        return one(turn, id).await;
    }
    let open = queries::open_bills(turn.tx.db(), &turn.actor, MOST).await?;
    let kept = kept(turn).await?;
    if open.is_empty() {
        return Ok(nothing_owed(turn, &kept));
    }
    let page = args.page().unwrap_or(1);
    let all: Vec<(String, String)> = open.iter().map(|bill| listed(turn, bill)).collect();
    let lines = turn.list_page("账单", page, &all, false);
    let digit = behind(turn, "缴费 全部");
    let sum: i64 = open.iter().map(left).sum();
    let ahead = behind(turn, "预存");
    Ok(Reply::text(format!(
        "要交的费用一共 {} 元：\n{lines}\n{kept}回复前面的数字看明细，回复 {digit} 一起交，回复 {ahead} 预存。",
        Fen(sum),
    )))
}

/// What is kept for whoever asks: `预存还有：1-1-101 50.00 元，自动抵存款业主的账单。`, and what pays nothing any more since the
/// home is another owner's to pay for; nothing where nothing is.
async fn kept(turn: &Turn<'_>) -> Result<String, Fault> {
    let (db, now) = (turn.tx.db(), turn.tx.now());
    let own = queries::own_advances(db, &turn.actor, now).await?;
    let own = own
        .iter()
        .map(|(home, fen)| format!("{} {} 元", home_of(turn, *home), Fen(*fen)));
    let left = queries::own_left_over(db, &turn.actor, now).await?;
    let left = left
        .iter()
        .map(|(home, fen)| format!("{home} {} 元", Fen(*fen)));
    let said = |all: Vec<String>, before: &str, after: &str| match all.is_empty() {
        true => String::new(),
        false => format!("{before}{}{after}\n", all.join("，")),
    };
    Ok(format!(
        "{}{}",
        said(own.collect(), "预存还有：", "，自动抵存款业主的账单。"),
        said(
            left.collect(),
            "您原来存的：",
            "，不抵现在业主的账单；您自己的账单交清后，可以到物业服务处退给您。"
        ),
    ))
}

/// That nothing is owed, and what may be done all the same.
fn nothing_owed(turn: &mut Turn<'_>, kept: &str) -> Reply {
    let words = none_open(turn);
    if turn.actor.homes.is_empty() {
        return Reply::text(format!("{words}\n{kept}").trim().to_owned());
    }
    turn.dialog = Some(Dialog::pick(["预存"]));
    Reply::text(format!("{words}\n{kept}想先存一笔，回复 1 预存。"))
}

/// A bill in the list, with the command that opens it.
fn listed(turn: &Turn<'_>, bill: &bill::Model) -> (String, String) {
    let line = format!(
        "{} {}：{} 元，{}前交",
        home_of(turn, bill.home_id),
        month_says(bill.month),
        Fen(left(bill)),
        bill.due_on.format("%-m月%-d日"),
    );
    (format!("账单 {}", bill.id), line)
}

/// One more digit behind those of the list; which.
fn behind(turn: &mut Turn<'_>, command: &str) -> usize {
    let dialog = turn.dialog.get_or_insert_default();
    let digit = dialog.choices.len() + 1;
    dialog.choices.push(Choice {
        digit: digit.to_string(),
        command: command.to_owned(),
        label: None,
    });
    digit
}

fn none_open(turn: &Turn<'_>) -> String {
    if turn.actor.homes.is_empty() {
        return "您还没有绑定房号，看不到账单。请回复：绑定 3-2-501 姓名 手机号。".to_owned();
    }
    "您家现在没有要交的费用。看交过的回复“收据”。".to_owned()
}

/// `3-2-501`, by the actor's own ties.
fn home_of(turn: &Turn<'_>, home_id: i64) -> String {
    let tie = turn.actor.homes.iter().find(|tie| tie.place_id == home_id);
    tie.map_or_else(String::new, |tie| tie.local_code().to_owned())
}

async fn one(turn: &mut Turn<'_>, id: i64) -> Result<Reply, Fault> {
    let (bill, lines) = queries::own_bill(turn.tx.db(), &turn.actor, id).await?;
    let head = format!(
        "账单 {id}：{} {}",
        home_of(turn, bill.home_id),
        month_says(bill.month)
    );
    let lines: Vec<String> = lines.iter().map(line).collect();
    let ahead = queries::paid_from_advance(turn.tx.db(), id).await?;
    let mut tail = settled_by(&bill, ahead);
    let mut commands = Vec::new();
    let ask = if bill.state == BillState::Open {
        tail.push(format!(
            "还要交 {} 元，{}前交",
            Fen(left(&bill)),
            bill.due_on.format("%-m月%-d日")
        ));
        commands.push(format!("缴费 {id}"));
        format!("回复 1 缴费。要分开交请写：缴费 {id} 100。")
    } else {
        tail.push("已结清".to_owned());
        // What was settled without money has no receipt to show.
        let receipts = queries::receipts_of(turn.tx.db(), id).await?;
        let shown = receipts.first().map(|_| "回复 1 看收据。");
        commands.extend(shown.map(|_| format!("收据 {id}")));
        shown.unwrap_or_default().to_owned()
    };
    commands.push("账单".to_owned());
    let back = commands.len();
    let page = link::bill(turn.app, id);
    turn.dialog = Some(Dialog::pick(commands));
    Ok(Reply::text(format!(
        "{head}\n{}\n{}\n{ask}回复 {back} 返回。\n整张账单：{page}",
        lines.join("\n"),
        tail.join("，"),
    )))
}

/// What a bill was paid by, a phrase each; `ahead` is what was paid ahead.
fn settled_by(bill: &bill::Model, ahead: i64) -> Vec<String> {
    [
        ("已交", bill.paid - ahead),
        ("预存抵扣", ahead),
        ("减免", bill.waived),
    ]
    .into_iter()
    .filter(|(_, fen)| *fen > 0)
    .map(|(words, fen)| format!("{words} {} 元", Fen(fen)))
    .collect()
}

/// `物业费：161.10 元（89.50㎡ × 1.80元/㎡·月 × 1个月；依据：物业服务合同）`, all of it: what is left out cannot be
/// checked.
fn line(line: &bill_line::Model) -> String {
    let basis = match line.corrects {
        Some(_) => "原因：",
        None => "依据：",
    };
    let parts = [("", &line.formula), (basis, &line.basis)];
    let parts: Vec<String> = parts
        .into_iter()
        .filter(|(_, text)| !text.is_empty())
        .map(|(before, text)| format!("{before}{text}"))
        .collect();
    let head = format!("{}：{} 元", line.name, Fen(line.amount));
    match parts.is_empty() {
        true => head,
        false => format!("{head}（{}）", parts.join("；")),
    }
}

async fn pay(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
    let first = args.words.first().map(String::as_str).unwrap_or_default();
    if let Some(tie) = named_home(turn, first) {
        let rest = args.words.get(1).map(String::as_str).unwrap_or_default();
        return pay_home(turn, &tie, rest).await;
    }
    if let Some((id, rest)) = args.number() {
        let (bill, _) = queries::own_bill(turn.tx.db(), &turn.actor, id).await?;
        if left(&bill) <= 0 {
            return Ok(Reply::text(format!(
                "账单 {id} 已经交清了，谢谢您！看收据回复“收据 {id}”。"
            )));
        }
        let amount = amount(&rest.raw)?;
        let wish = Wish {
            home_id: bill.home_id,
            bills: vec![id],
            amount,
            donation: None,
        };
        return Ok(offer(turn, &wish, amount.unwrap_or_else(|| left(&bill))));
    }
    let open = queries::open_bills(turn.tx.db(), &turn.actor, MOST).await?;
    let mut homes: BTreeMap<i64, Vec<&bill::Model>> = BTreeMap::new();
    for bill in &open {
        homes.entry(bill.home_id).or_default().push(bill);
    }
    let all = matches!(first, "全部" | "所有" | "一起");
    match (homes.len(), open.as_slice()) {
        (0, _) => Ok(Reply::text(none_open(turn))),
        (1, some) if all || some.len() == 1 => Ok(offer_all(turn, some)),
        (1, _) => bills(turn, &Args::default()).await,
        _ => Ok(pick_home(turn, &homes, args.page().unwrap_or(1))),
    }
}

/// A home of the actor that a word names.
fn named_home(turn: &Turn<'_>, word: &str) -> Option<HomeTie> {
    let typed = code::typed(word);
    let homes = turn.actor.homes.iter();
    homes
        .into_iter()
        .find(|tie| !word.is_empty() && (tie.local_code() == typed || tie.code == typed))
        .cloned()
}

/// An amount of yuan behind a number; none when nothing is written.
fn amount(raw: &str) -> Result<Option<i64>, Fault> {
    let raw: String = raw.trim().chars().map(half_width).collect();
    if raw.is_empty() {
        return Ok(None);
    }
    let sum = Fen::parse(&raw)
        .ok_or_else(|| Fault::invalid("amount", "金额写成 161.10 这样，例如：缴费 12 161.10"))?;
    check_amount(sum.0)?;
    Ok(Some(sum.0))
}

/// All that a home is asked for, or an amount that goes to the oldest first.
async fn pay_home(turn: &mut Turn<'_>, tie: &HomeTie, rest: &str) -> Result<Reply, Fault> {
    if let Some(sum) = amount(rest)? {
        let wish = Wish {
            home_id: tie.place_id,
            bills: Vec::new(),
            amount: Some(sum),
            donation: None,
        };
        return Ok(offer(turn, &wish, sum));
    }
    let open = queries::open_bills(turn.tx.db(), &turn.actor, MOST).await?;
    let own: Vec<bill::Model> = open
        .into_iter()
        .filter(|bill| bill.home_id == tie.place_id)
        .collect();
    if own.is_empty() {
        return Ok(Reply::text(format!(
            "{} 现在没有要交的费用。",
            tie.local_code()
        )));
    }
    Ok(offer_all(turn, &own))
}

fn offer_all(turn: &Turn<'_>, bills: &[bill::Model]) -> Reply {
    let some = bills.iter().take(MOST_BILLS);
    let wish = Wish {
        home_id: bills.first().map_or(0, |bill| bill.home_id),
        bills: some.clone().map(|bill| bill.id).collect(),
        amount: None,
        donation: None,
    };
    offer(turn, &wish, some.map(left).sum())
}

fn offer(turn: &Turn<'_>, wish: &Wish, sum: i64) -> Reply {
    let url = link::pay(turn.app, wish);
    let home = home_of(turn, wish.home_id);
    Reply::text(format!(
        "{home} 要付 {} 元。请点开付款（一天内有效，也可以转给家人代付）：\n{url}",
        Fen(sum)
    ))
}

fn pick_home(turn: &mut Turn<'_>, homes: &BTreeMap<i64, Vec<&bill::Model>>, page: usize) -> Reply {
    let one = |(home_id, bills): (&i64, &Vec<&bill::Model>)| {
        let home = home_of(turn, *home_id);
        let sum: i64 = bills.iter().map(|bill| left(bill)).sum();
        (format!("缴费 {home}"), format!("{home}：{} 元", Fen(sum)))
    };
    let all: Vec<(String, String)> = homes.iter().map(one).collect();
    let lines = turn.list_page("缴费", page, &all, false);
    Reply::text(format!("交哪一户的？回复前面的数字：\n{lines}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_as_people_write_them() {
        for (text, fen) in [
            ("", None),
            ("100", Some(10_000)),
            ("１６１.１", Some(16_110)),
            ("161.10元", Some(16_110)),
        ] {
            assert_eq!(amount(text).unwrap(), fen, "{text}");
        }
        for bad in ["0", "-1", "1.234", "一百", "1000000000000000", "1e3"] {
            assert!(amount(bad).is_err(), "{bad}");
        }
    }
}
