//! The chat command of published accounts: «财务 2026-11» shows a month of one's own compound, each line with
//! the number by which it is questioned («质询», in `bot/question.rs`, since a question is a case).

use std::collections::BTreeSet;
use std::fmt::Write;

use crate::access::Actor;
use crate::base::fault::Fault;
use crate::base::fen::Fen;
use crate::base::month::Month;
use crate::chat::{Args, Command, Dialog, Reply, Turn, Who};
use crate::disclosure::queries::{Published, list, versions};
use crate::disclosure::remind::{subject, sums, url};
use crate::ledger::Family;
use crate::notice::official;
use crate::place::queries::compound_by_id;
use crate::reminder::BoxFuture;

/// The table.
pub const COMMANDS: &[Command] = &[Command {
    words: &["财务", "财务公开", "公开账", "账目"],
    who: Who::Bound,
    usage: "财务 [2026-11]",
    help: "看小区公布的账",
    asks: None,
    in_group: false,
    run: show,
}];

/// The compounds whose accounts are somebody's own: of their homes first, then of their posts.
#[must_use]
pub fn own_compounds(actor: &Actor) -> Vec<i64> {
    let homes = actor.homes.iter().map(|home| home.compound_id);
    let posts = actor.grants.iter().filter_map(|grant| grant.compound_id);
    let mut all: Vec<i64> = Vec::new();
    for id in homes.chain(posts) {
        if !all.contains(&id) {
            all.push(id);
        }
    }
    all
}

fn show<'a>(turn: &'a mut Turn<'_>, args: &'a Args) -> BoxFuture<'a, Result<Reply, Fault>> {
    Box::pin(async move {
        let db = turn.tx.db();
        let own = own_compounds(&turn.actor);
        if own.is_empty() {
            return Ok(Reply::text(
                "请先绑定房号，再看小区的账。回复“绑定”看怎么绑定。",
            ));
        }
        let asked = match args.raw.as_str() {
            "" => None,
            typed => match Month::parse(typed) {
                Some(month) => Some(month),
                None => return Ok(Reply::text("月份请写成 2026-11，例如：财务 2026-11")),
            },
        };
        // Of whoever belongs to several compounds: all that have published the month, or the newest of each.
        let (mut texts, mut known) = (Vec::new(), BTreeSet::new());
        for compound_id in own {
            let published = list(db, compound_id).await?;
            let months = published
                .iter()
                .filter_map(|row| Month::from_number(row.month));
            known.extend(months);
            let newest = published
                .first()
                .and_then(|row| Month::from_number(row.month));
            let place = compound_by_id(db, compound_id).await?;
            let (Some(month), Some(place)) = (asked.or(newest), place) else {
                continue;
            };
            if let Some(one) = versions(db, compound_id, month).await?.first() {
                texts.push(says(&place.name, one, &url(turn.app, &place.code, one)));
                // Whoever reads it here need not be told of it again, nor at the door.
                if let Some(person_id) = turn.actor.person_id() {
                    official::seen(turn.tx, &subject(one.disclosure.id), person_id).await?;
                }
            }
        }
        if !texts.is_empty() {
            // The number of a line, typed alone, asks for the question about it.
            turn.dialog = Some(Dialog::ask("质询"));
            return Ok(Reply::text(texts.join("\n\n")));
        }
        if known.is_empty() {
            return Ok(Reply::text("小区还没有公布过账。公布后会发给您。"));
        }
        let known: Vec<String> = known.iter().rev().take(6).map(Month::to_string).collect();
        Ok(Reply::text(format!(
            "这个月还没有公布。已公布的月份：{}。回复“财务 月份”查看。",
            known.join("、")
        )))
    })
}

fn says(place: &str, one: &Published, url: &str) -> String {
    let mut text = format!("{place}{}财务公开", one.month().says());
    if one.disclosure.version > 1 {
        let _ = write!(text, "（第{}版）", one.disclosure.version);
    }
    let _ = writeln!(text, "：{}。", sums(&one.statement()));
    let first = one.lines.first().map_or(0, |(id, _)| *id);
    for (id, line) in &one.lines {
        if matches!(line.family(), Family::Income | Family::Expenses) {
            let _ = writeln!(
                text,
                "{id} {} {}元",
                line.says(),
                Fen(line.closing).in_groups()
            );
        }
    }
    let _ = write!(
        text,
        "全部和图表：{url}\n对哪一行有疑问，回复“质询 编号 您的问题”，例如：质询 {first} 这笔是什么"
    );
    text
}
