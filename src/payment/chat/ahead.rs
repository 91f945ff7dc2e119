//! 预存 in the chat: paying ahead for a home, by digits or by an amount that is typed. Part of [`super`].

use crate::access::HomeTie;
use crate::base::fault::Fault;
use crate::base::fen::Fen;
use crate::chat::{Args, Dialog, Reply, Turn};
use crate::payment::actions::order::Wish;
use crate::payment::queries;

use super::{amount, named_home, none_open, offer};

/// Yuan that are offered by a digit.
const USUAL: [u32; 3] = [200, 500, 1_000];

/// What is wrong with an amount that cannot be paid.
const WRONG: &str = "金额要大于0，最多两位小数，一次最多一百万元。";

pub(super) async fn ahead(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
    let first = args.words.first().map(String::as_str).unwrap_or_default();
    if let Some(tie) = named_home(turn, first) {
        let rest = args.raw.split_once(char::is_whitespace);
        return for_home(turn, &tie, rest.map_or("", |(_, rest)| rest.trim())).await;
    }
    match turn.actor.homes.as_slice() {
        [] => Ok(Reply::text(none_open(turn))),
        [tie] => {
            let tie = tie.clone();
            for_home(turn, &tie, &args.raw).await
        }
        _ => Ok(which_home(turn, args)),
    }
}

/// For which of several homes; the amount that was typed goes along.
fn which_home(turn: &mut Turn<'_>, args: &Args) -> Reply {
    let page = args.page();
    let typed = match page {
        Some(_) => "",
        None => args.raw.as_str(),
    };
    let line = |tie: &HomeTie| {
        let home = tie.local_code().to_owned();
        (format!("预存 {home} {typed}").trim().to_owned(), home)
    };
    let all: Vec<(String, String)> = turn.actor.homes.iter().map(line).collect();
    let lines = turn.list_page("预存", page.unwrap_or(1), &all, false);
    Reply::text(format!("给哪一户预存？回复前面的数字：\n{lines}"))
}

async fn for_home(turn: &mut Turn<'_>, tie: &HomeTie, typed: &str) -> Result<Reply, Fault> {
    let sum = match amount(typed) {
        Ok(Some(sum)) => sum,
        Ok(None) => return ask(turn, tie, "").await,
        Err(_) if typed.chars().any(|c| c.is_alphabetic() && c != '元') => {
            let home = tie.local_code();
            let how = format!("没看懂金额。给 {home} 预存多少请写明元，例如：150元");
            return Ok(turn.ask_again(&how, typed, format!("预存 {home}")));
        }
        Err(_) => return ask(turn, tie, WRONG).await,
    };
    let wish = Wish {
        home_id: tie.place_id,
        bills: Vec::new(),
        amount: Some(sum),
        donation: None,
    };
    let reply = offer(turn, &wish, sum);
    Ok(Reply::text(format!(
        "{}\n先抵没交的账单，剩下的留作预存，自动抵以后的账单。",
        reply.text
    )))
}

/// How much: by a digit, or typed.
async fn ask(turn: &mut Turn<'_>, tie: &HomeTie, wrong: &str) -> Result<Reply, Fault> {
    let home = tie.local_code();
    let kept = queries::own_advances(turn.tx.db(), &turn.actor, turn.tx.now()).await?;
    let has = kept.iter().find(|(home_id, _)| *home_id == tie.place_id);
    let has = has.map_or_else(String::new, |(_, fen)| {
        format!("{home} 预存还有 {} 元。", Fen(*fen))
    });
    let line = format!("预存 {home}");
    let usual = USUAL.map(|yuan| format!("{line} {yuan}.00"));
    turn.dialog = Some(Dialog {
        prompt: Some(line),
        ..Dialog::pick(usual)
    });
    let lines: Vec<String> = USUAL
        .iter()
        .zip(1..)
        .map(|(yuan, at)| format!("{at} {yuan}元"))
        .collect();
    Ok(Reply::text(format!(
        "{wrong}{has}给 {home} 预存多少？请回复数字：{}。别的数请写明元，例如：150元",
        lines.join("  ")
    )))
}
