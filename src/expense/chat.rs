//! The chat commands of expenses: «支出» lists what waits for whoever asks and what is published, «支出 12» shows
//! one, «同意支出 12» is the review or the filing that comes next, «驳回支出 12 原因» says no. «支出异议» stands in
//! `bot/objection.rs`, since an objection is a case. Paying needs a slip and is done at the console.

use std::fmt::Write;

use entity::expense;
use entity::money::ExpenseState;

use crate::base::clock::say;
use crate::base::fault::Fault;
use crate::base::fen::Fen;
use crate::base::page::Slice;
use crate::chat::{Args, Command, Dialog, Reply, Turn, Who};
use crate::expense::actions::review;
use crate::expense::queries;
use crate::expense::{PUBLIC, account_says, act_says, remind, state_says};
use crate::reminder::BoxFuture;

/// Lines of each list.
const LINES: usize = 8;

/// The table.
pub const COMMANDS: &[Command] = &[
    Command {
        words: &["支出", "支出公示"],
        who: Who::Bound,
        usage: "支出 [编号]",
        help: "看小区花钱的审批和公示",
        asks: None,
        in_group: false,
        run: show,
    },
    Command {
        words: &["同意支出", "支出同意", "支出通过"],
        who: Who::Staff,
        usage: "同意支出 编号 [意见]",
        help: "审核通过或备案一笔支出",
        asks: None,
        in_group: false,
        run: agree,
    },
    Command {
        words: &["驳回支出", "支出驳回", "不同意支出"],
        who: Who::Staff,
        usage: "驳回支出 编号 原因",
        help: "驳回一笔支出",
        asks: None,
        in_group: false,
        run: refuse,
    },
];

/// `#12 3栋电梯更换钢丝绳 3,200.00元`
#[must_use]
pub(super) fn sum(row: &expense::Model) -> String {
    format!(
        "#{} {} {}元",
        row.id,
        row.title,
        Fen(row.amount).in_groups()
    )
}

fn show<'a>(turn: &'a mut Turn<'_>, args: &'a Args) -> BoxFuture<'a, Result<Reply, Fault>> {
    Box::pin(async move {
        match args.number() {
            Some((id, _)) => one(turn, id).await,
            None if args.raw.is_empty() => list(turn).await,
            None => Ok(turn.offer_to_file("没看到支出的编号，回复“支出”看列表。", &args.raw, &[])),
        }
    })
}

async fn list(turn: &mut Turn<'_>) -> Result<Reply, Fault> {
    let db = turn.tx.db();
    let waiting = queries::waiting_for(db, &turn.actor).await?;
    let slice = Slice::first(100);
    let page = queries::page(db, &turn.actor, None, None, slice).await?;
    let public = page.items.iter().filter(|row| PUBLIC.contains(&row.state));
    let mut text = String::new();
    let mut numbers = Vec::new();
    // Writing to a string cannot fail.
    if !waiting.is_empty() {
        let _ = writeln!(text, "等您处理的支出：");
        for found in waiting.iter().take(LINES) {
            numbers.push(found.expense.id);
            let state = state_says(found.expense.state);
            let _ = writeln!(text, "{}. {} {state}", numbers.len(), sum(&found.expense));
        }
    }
    let shown = public.filter(|row| waiting.iter().all(|found| found.expense.id != row.id));
    for (at, row) in shown.take(LINES).enumerate() {
        if at == 0 {
            let _ = writeln!(text, "公示的支出：");
        }
        numbers.push(row.id);
        let _ = writeln!(
            text,
            "{}. {} {}",
            numbers.len(),
            sum(row),
            state_says(row.state)
        );
    }
    if numbers.is_empty() {
        return Ok(Reply::text("小区现在没有公示的支出。有了会发给您。"));
    }
    text.push_str("回复数字查看。");
    turn.dialog = Some(Dialog::pick(numbers.iter().map(|id| format!("支出 {id}"))));
    Ok(Reply::text(text))
}

async fn one(turn: &mut Turn<'_>, id: i64) -> Result<Reply, Fault> {
    let db = turn.tx.db();
    let found = queries::visible(db, &turn.actor, id).await?;
    let row = &found.expense;
    let mut text = format!(
        "支出 {}\n状态：{}\n用途：{}\n类别：{}，收款方：{}\n",
        sum(row),
        state_says(row.state),
        row.purpose,
        account_says(&row.account),
        row.payee
    );
    if row.state == ExpenseState::Publishing
        && let Some(until) = row.publish_until
    {
        let objections = queries::objections(db, row).await?;
        let open = objections.iter().filter(|(_, open)| *open).count();
        let _ = writeln!(text, "公示到：{}，有{open}件异议在办", say(until));
    }
    // The last steps, without who: that is for the console.
    let steps = queries::steps(db, id).await?;
    for step in steps.iter().rev().take(4).rev() {
        let words = step.words.as_deref().unwrap_or_default();
        let _ = writeln!(
            text,
            "{} {} {words}",
            say(step.created_at),
            act_says(step.act)
        );
    }
    let theirs = queries::is_for(db, &turn.actor, &found).await?;
    if let Some(person_id) = turn.actor.person_id() {
        remind::seen(turn.tx, row, person_id).await?;
    }
    let (words, commands) = next(row, theirs);
    text.push_str(&words);
    if !commands.is_empty() {
        let lines = commands.iter().map(|word| (format!("{word} {id}"), word));
        let _ = write!(text, "也可以回复数字：{}", turn.in_a_row(lines));
    }
    Ok(Reply::text(text.trim_end()))
}

/// What whoever asks may do now, in words and by digits; `theirs`: the next step is theirs.
fn next(row: &expense::Model, theirs: bool) -> (String, &'static [&'static str]) {
    let id = row.id;
    match row.state {
        ExpenseState::Reviewing | ExpenseState::Filing if theirs => (
            format!("回复“同意支出 {id}”或“驳回支出 {id} 原因”。"),
            &["同意支出", "驳回支出"],
        ),
        ExpenseState::Payable if theirs => {
            ("请在工作台的“支出审批”里支付，要附回单。".to_owned(), &[])
        }
        ExpenseState::Publishing => (
            format!("有意见请回复“支出异议 {id} 您的意见”。"),
            &["支出异议"],
        ),
        _ => (String::new(), &[]),
    }
}

/// A review that came without a number: those that wait for whoever asks, each for a digit.
async fn which(turn: &mut Turn<'_>, word: &str, behind: &str) -> Result<Reply, Fault> {
    let waiting = queries::waiting_for(turn.tx.db(), &turn.actor).await?;
    let lines: Vec<(String, String)> = waiting
        .iter()
        .map(|found| &found.expense)
        .filter(|row| row.state != ExpenseState::Payable)
        .take(LINES)
        .map(|row| {
            let command = format!("{word} {} {behind}", row.id);
            (command.trim().to_owned(), sum(row))
        })
        .collect();
    if lines.is_empty() {
        return Ok(Reply::text("现在没有等您审核的支出。回复“支出”看列表。"));
    }
    Ok(turn.offer_list(&format!("{word}哪一笔？"), lines))
}

fn agree<'a>(turn: &'a mut Turn<'_>, args: &'a Args) -> BoxFuture<'a, Result<Reply, Fault>> {
    Box::pin(async move {
        let Some((id, words)) = args.number() else {
            return which(turn, "同意支出", &args.raw).await;
        };
        let found = review::agree(turn.tx, &turn.actor, id, None, &words.raw).await?;
        let row = &found.expense;
        Ok(Reply::text(match row.state {
            ExpenseState::Publishing => format!(
                "三审都通过了，支出 #{id} 开始事前公示{}天，全小区会收到。",
                found.rules.publish_days
            ),
            ExpenseState::Payable => format!("支出 #{id} 已备案，管账的人会收到提醒去支付。"),
            _ => {
                let next = found.rules.next(row.reviews_done);
                let next = next.map_or("下一道审核", |next| next.name.as_str());
                format!("您的审核已通过，支出 #{id} 接下来是“{next}”，对方会收到提醒。")
            }
        }))
    })
}

fn refuse<'a>(turn: &'a mut Turn<'_>, args: &'a Args) -> BoxFuture<'a, Result<Reply, Fault>> {
    Box::pin(async move {
        let Some((id, words)) = args.number() else {
            return which(turn, "驳回支出", &args.raw).await;
        };
        if words.raw.is_empty() {
            // What is not theirs is not there, with or without a reason.
            queries::visible(turn.tx.db(), &turn.actor, id).await?;
            turn.dialog = Some(Dialog::ask(format!("驳回支出 {id}")));
            return Ok(Reply::text("请写明原因，例如：报价太高"));
        }
        review::refuse(turn.tx, &turn.actor, id, None, &words.raw).await?;
        Ok(Reply::text(format!(
            "支出 #{id} 已驳回，提出的人会看到原因，可以改好重新提交。"
        )))
    })
}
