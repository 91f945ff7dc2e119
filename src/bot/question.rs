//! «质询 N 文»: a question about a line of the published accounts becomes a case, which must be answered.
//! «账单有误 N 文»: so does a bill that somebody finds wrong; nobody is asked for it until it is answered. They
//! stand here since they put two nouns together.

use entity::bill;
use entity::kinds::CaseKind;

use crate::base::fault::Fault;
use crate::base::fen::Fen;
use crate::base::month::Month;
use crate::base::text::clean;
use crate::case::actions::{Filing, file};
use crate::chat::{Args, Command, Dialog, Reply, Turn, Who};
use crate::disclosure::chat::own_compounds;
use crate::disclosure::queries;
use crate::dues::actions::dispute as note_dispute;
use crate::payment::queries::{open_bills, own_bill};
use crate::payment::{left, month_says};
use crate::reminder::BoxFuture;

/// Bills of a list: a digit picks.
const MOST_BILLS: u64 = 8;

/// The table.
pub const COMMANDS: &[Command] = &[
    Command {
        words: &["质询", "问账"],
        who: Who::Bound,
        usage: "质询 编号 您的问题",
        help: "对公布的账提问",
        asks: None,
        in_group: false,
        run: ask,
    },
    Command {
        words: &["账单有误", "账单异议", "账单不对"],
        who: Who::Bound,
        usage: "账单有误 编号 哪里不对",
        help: "账单有疑问，弄清楚前不催",
        asks: None,
        in_group: false,
        run: |turn, args| Box::pin(dispute(turn, args)),
    },
];

async fn dispute(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
    let Some((id, words)) = args.number() else {
        return which_bill(turn, &args.raw).await;
    };
    let words = clean(&words.raw);
    // What is of another home does not exist.
    let (bill, _) = own_bill(turn.tx.db(), &turn.actor, id).await?;
    if words.is_empty() {
        turn.dialog = Some(Dialog::ask(format!("账单有误 {id}")));
        return Ok(Reply::text(format!(
            "账单 {id} 哪里不对？请写下来，例如：面积多算了"
        )));
    }
    let filing = Filing {
        kind: CaseKind::Complaint,
        text: format!("账单 {id}（{}）有误：{words}", month_says(bill.month)),
        home_id: Some(bill.home_id),
        channel: turn.account.channel,
        location: None,
        at: None,
        anonymous: false,
        behalf: None,
    };
    let filed = file(turn.tx, &turn.actor, filing).await?;
    let number = filed.case.id;
    note_dispute(turn.tx, &turn.actor, &bill, &filed.case).await?;
    Ok(Reply::text(format!(
        "您说的已收到，诉求 #{number}。弄清楚以前不会再催账单 {id}，也不计违约金。回复“进度 {number}”查看。"
    )))
}

/// The bills that are open, each for a digit, with what was written.
async fn which_bill(turn: &mut Turn<'_>, words: &str) -> Result<Reply, Fault> {
    let open = open_bills(turn.tx.db(), &turn.actor, MOST_BILLS).await?;
    if open.is_empty() {
        let none = "您家现在没有要交的账单。";
        return Ok(match words.is_empty() {
            true => Reply::text(none),
            false => turn.offer_to_file(none, words, &[]),
        });
    }
    let line = |bill: &bill::Model| {
        let left = Fen(left(bill)).in_groups();
        let command = format!("账单有误 {} {words}", bill.id).trim().to_owned();
        (command, format!("{}：{left}元", month_says(bill.month)))
    };
    let lines = open.iter().map(line).collect();
    let how = "哪张账单不对？也可以直接写，例如：账单有误 12 面积多算了。\n";
    Ok(turn.offer_list(how, lines))
}

fn ask<'a>(turn: &'a mut Turn<'_>, args: &'a Args) -> BoxFuture<'a, Result<Reply, Fault>> {
    Box::pin(async move {
        let Some((id, words)) = args.number() else {
            let how = "请写明哪一行和您的问题，例如：质询 12 这笔维修修了什么。编号在“财务”里。";
            return match args.raw.is_empty() {
                true => Err(Fault::invalid("id", how)),
                false => Ok(turn.offer_to_file(how, &args.raw, &[])),
            };
        };
        let words = clean(&words.raw);
        if words.is_empty() {
            turn.dialog = Some(Dialog::ask(format!("质询 {id}")));
            return Ok(Reply::text("请写下您的问题，例如：这笔是什么"));
        }
        let own = own_compounds(&turn.actor);
        let found = queries::line(turn.tx.db(), id).await?;
        // What is of another compound does not exist.
        let Some((of, line)) = found.filter(|(of, _)| own.contains(&of.compound_id)) else {
            return Ok(Reply::text(format!(
                "公布的账里没有编号{id}的一行。回复“财务”看每一行的编号。"
            )));
        };
        let month = Month::from_number(of.month).map_or_else(String::new, Month::says);
        let home = turn.actor.homes.iter();
        let home = home.clone().find(|home| home.compound_id == of.compound_id);
        let filing = Filing {
            kind: CaseKind::Complaint,
            text: format!(
                "质询{month}财务公开第{id}行“{} {}元”：{words}",
                line.says(),
                Fen(line.closing).in_groups()
            ),
            home_id: home.map(|home| home.place_id),
            channel: turn.account.channel,
            location: None,
            at: Some(of.compound_id),
            anonymous: false,
            behalf: None,
        };
        let filed = file(turn.tx, &turn.actor, filing).await?;
        let number = filed.case.id;
        Ok(Reply::text(format!(
            "您的质询已收到，诉求 #{number}：{month}{} {}元。管账的人必须答复。回复“进度 {number}”查看。",
            line.says(),
            Fen(line.closing).in_groups()
        )))
    })
}
