//! «支出异议 N 文»: an objection to a published expense becomes a case, which must be answered; while it is open
//! the publication does not end. It stands here since it puts two nouns together.

use entity::kinds::CaseKind;

use crate::base::fault::Fault;
use crate::base::fen::Fen;
use crate::base::text::clean;
use crate::case::actions::{Filing, file};
use crate::chat::{Args, Command, Reply, Turn, Who};
use crate::expense::actions::publish::{object, objectable};
use crate::reminder::BoxFuture;

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

fn raise<'a>(turn: &'a mut Turn<'_>, args: &'a Args) -> BoxFuture<'a, Result<Reply, Fault>> {
    Box::pin(async move {
        let Some((id, words)) = args.number() else {
            return Ok(Reply::text(
                "请写明哪一笔和您的意见，例如：支出异议 12 价格太高。编号在“支出”里。",
            ));
        };
        let found = objectable(turn.tx, &turn.actor, id).await?;
        let words = clean(&words.raw);
        if words.is_empty() {
            return Ok(Reply::text(format!(
                "请写下您的意见，例如：支出异议 {id} 价格太高"
            )));
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
