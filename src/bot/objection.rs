//! «支出异议 N 文»: an objection to a published expense becomes a case, which must be answered; while it is open
//! the publication does not end. It stands here since it puts two nouns together.

use entity::expense;
use entity::kinds::CaseKind;
use entity::money::ExpenseState;

use crate::base::fault::Fault;
use crate::base::fen::Fen;
use crate::base::page::Slice;
use crate::base::text::clean;
use crate::case::actions::{Filing, file};
use crate::chat::{Args, Command, Dialog, Reply, Turn, Who};
use crate::expense::actions::publish::{object, objectable};
use crate::expense::queries::page;
use crate::reminder::BoxFuture;

/// Expenses of a list: a digit picks.
const MOST: u64 = 8;

/// The table.
pub const COMMANDS: &[Command] = &[Command {
    words: &["支出异议", "异议支出", "反对支出"],
    who: Who::Bound,
    usage: "支出异议 编号 您的意见",
    help: "对公示的支出提意见",
    asks: None,
    in_group: false,
    run: raise,
}];

/// The expenses that are published before they are paid, each for a digit, with what was written.
async fn which(turn: &mut Turn<'_>, words: &str) -> Result<Reply, Fault> {
    let slice = Slice::first(MOST);
    let state = Some(ExpenseState::Publishing);
    let page = page(turn.tx.db(), &turn.actor, None, state, slice).await?;
    if page.items.is_empty() {
        let none = "现在没有在公示、可以提意见的支出。";
        return Ok(match words.is_empty() {
            true => Reply::text(none),
            false => turn.offer_to_file(none, words, &[]),
        });
    }
    let line = |row: &expense::Model| {
        let command = format!("支出异议 {} {words}", row.id).trim().to_owned();
        let sum = Fen(row.amount).in_groups();
        (command, format!("#{} {} {sum}元", row.id, row.title))
    };
    let lines = page.items.iter().map(line).collect();
    let how = "对哪一笔有意见？也可以直接写，例如：支出异议 12 价格太高。\n";
    Ok(turn.offer_list(how, lines))
}

fn raise<'a>(turn: &'a mut Turn<'_>, args: &'a Args) -> BoxFuture<'a, Result<Reply, Fault>> {
    Box::pin(async move {
        let Some((id, words)) = args.number() else {
            return which(turn, &args.raw).await;
        };
        let found = objectable(turn.tx, &turn.actor, id).await?;
        let words = clean(&words.raw);
        if words.is_empty() {
            turn.dialog = Some(Dialog::ask(format!("支出异议 {id}")));
            return Ok(Reply::text("请写下您的意见，例如：价格太高"));
        }
        let row = &found.expense;
        let homes = &turn.actor.homes;
        let home = homes
            .iter()
            .find(|home| home.compound_id == row.compound_id);
        let filing = Filing {
            kind: CaseKind::Complaint,
            text: format!(
                "对支出 #{id}“{} {}元”的异议：{words}",
                row.title,
                Fen(row.amount).in_groups()
            ),
            home_id: home.map(|home| home.place_id),
            channel: turn.account.channel,
            location: None,
            at: Some(row.compound_id),
            anonymous: false,
            behalf: None,
        };
        let filed = file(turn.tx, &turn.actor, filing).await?;
        let number = filed.case.id;
        object(turn.tx, &turn.actor, id, number).await?;
        Ok(Reply::text(format!(
            "您的异议已收到，诉求 #{number}。答复之前这笔支出不会付。回复“进度 {number}”查看。"
        )))
    })
}
