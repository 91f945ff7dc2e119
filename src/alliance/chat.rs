//! The chat command of alliances: «联盟» shows which units belong to the alliances around one's compounds, what they
//! can give and what they did last.

use std::collections::BTreeSet;

use crate::alliance::queries::{Alliance, around};
use crate::base::fault::Fault;
use crate::base::text::shorten;
use crate::chat::{Command, Dialog, Reply, Turn, Who};
use crate::place::queries as places;

/// Compounds, members and records of an answer.
const COMPOUNDS: usize = 2;
const MEMBERS: usize = 9;
const RECORDS: usize = 3;

/// The table.
pub const COMMANDS: &[Command] = &[Command {
    words: &["联盟", "共建联盟"],
    who: Who::Bound,
    usage: "联盟",
    help: "看联盟单位能帮什么、做了什么",
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
    let mut seen = BTreeSet::new();
    let mut text = String::new();
    for compound in own.into_iter().take(COMPOUNDS) {
        let Some(compound) = places::by_id(turn.tx.db(), compound).await? else {
            continue;
        };
        for alliance in around(turn.tx.db(), &compound).await? {
            // That of a community is around several compounds.
            if seen.insert(alliance.organisation.id) {
                text.push_str(&says(&alliance));
            }
        }
    }
    turn.dialog = Some(Dialog::pick(["清单 资源", "共建"]));
    if text.is_empty() {
        return Ok(Reply::text(
            "您的小区还没有联盟单位。回复数字：1 看资源清单  2 看共建单位",
        ));
    }
    text.push_str("回复数字：1 看资源清单  2 看共建单位");
    Ok(Reply::text(text))
}

fn says(alliance: &Alliance) -> String {
    let (times, served) = alliance.total;
    let mut text = format!(
        "{}：{}家单位，服务{times}次、{served}人次\n",
        alliance.organisation.name,
        alliance.members.len()
    );
    for one in alliance.members.iter().take(MEMBERS) {
        text.push_str(&format!(
            "· {}（资源{}项，服务{}人次）\n",
            one.name, one.resources, one.served
        ));
    }
    for one in alliance.records.iter().take(RECORDS) {
        text.push_str(&format!(
            "{} {}：{}\n",
            one.record.on_day.format("%-m月%-d日"),
            one.name,
            shorten(&one.record.text, 30)
        ));
    }
    text
}
