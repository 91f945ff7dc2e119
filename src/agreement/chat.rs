//! The chat command of agreements: «共建» shows which organisations have agreed with the compound, and which of them
//! has not taken anything on this year.

use std::collections::BTreeSet;

use crate::agreement::queries::{Standing, of_compound};
use crate::base::clock::china;
use crate::base::fault::Fault;
use crate::chat::{Command, Dialog, Reply, Turn, Who};
use crate::place::queries as places;

/// Compounds and lines of an answer.
const COMPOUNDS: usize = 3;
const LINES: usize = 12;

/// The table.
pub const COMMANDS: &[Command] = &[Command {
    words: &["共建", "共建单位", "共建协议"],
    who: Who::Bound,
    usage: "共建",
    help: "看共建单位认领了什么",
    asks: None,
    in_group: false,
    run: |turn, _| Box::pin(list(turn)),
}];

async fn list(turn: &mut Turn<'_>) -> Result<Reply, Fault> {
    let homes = turn.actor.homes.iter().map(|home| home.compound_id);
    let grants = turn.actor.grants.iter();
    let own: BTreeSet<i64> = homes
        .chain(grants.filter_map(|grant| grant.compound_id))
        .collect();
    let today = china(turn.now()).date_naive();
    let mut text = String::new();
    for compound in own.into_iter().take(COMPOUNDS) {
        let db = turn.tx.db();
        let mut all = of_compound(db, compound, today).await?;
        all.retain(|one| one.holds);
        if all.is_empty() {
            continue;
        }
        let place = places::by_id(db, compound).await?;
        let name = place.map(|place| place.name).unwrap_or_default();
        text.push_str(&format!("{name}的共建单位：\n"));
        for one in all.iter().take(LINES) {
            text.push_str(&format!("{}：{}\n", one.name, says(one)));
        }
        if all.len() > LINES {
            text.push_str(&format!("共{}家，没认领的在前。\n", all.len()));
        }
    }
    turn.dialog = Some(Dialog::pick(["清单 服务", "清单 资源"]));
    if text.is_empty() {
        return Ok(Reply::text(
            "您的小区还没有共建单位。回复数字：1 看服务清单  2 看资源清单",
        ));
    }
    text.push_str("回复数字：1 看服务清单  2 看资源清单");
    Ok(Reply::text(text))
}

/// `今年认领了2个项目`
#[must_use]
pub fn says(one: &Standing) -> String {
    match one.claimed {
        0 => "今年还没有认领项目".to_owned(),
        count => format!("今年认领了{count}个项目"),
    }
}
