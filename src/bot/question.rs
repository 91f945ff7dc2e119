//! «质询 N 文»: a question about a line of the published accounts becomes a case, which must be answered. It
//! stands here since it puts two nouns together.

use entity::kinds::CaseKind;

use crate::base::fault::Fault;
use crate::base::fen::Fen;
use crate::base::month::Month;
use crate::base::text::clean;
use crate::case::actions::{Filing, file};
use crate::chat::{Args, Command, Reply, Turn, Who};
use crate::disclosure::chat::own_compounds;
use crate::disclosure::queries;
use crate::reminder::BoxFuture;

/// The table.
pub const COMMANDS: &[Command] = &[Command {
    words: &["质询", "问账"],
    who: Who::Bound,
    usage: "质询 编号 您的问题",
    help: "对公布的账提问",
    asks: None,
    in_group: false,
    run: ask,
}];

fn ask<'a>(turn: &'a mut Turn<'_>, args: &'a Args) -> BoxFuture<'a, Result<Reply, Fault>> {
    Box::pin(async move {
        let Some((id, words)) = args.number() else {
            return Ok(Reply::text(
                "请写明哪一行和您的问题，例如：质询 12 这笔维修修了什么。编号在“财务”里。",
            ));
        };
        let words = clean(&words.raw);
        if words.is_empty() {
            return Ok(Reply::text(format!(
                "请写下您的问题，例如：质询 {id} 这笔是什么"
            )));
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
