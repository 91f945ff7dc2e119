//! 借用 and 归还 in the chat.

use entity::kinds::LoanState;
use entity::station_thing;

use crate::base::clock::say;
use crate::base::fault::{Code, Fault};
use crate::base::page::{Page, Slice};
use crate::chat::pages::older;
use crate::chat::{Args, Dialog, Reply, Turn};
use crate::station::queries::lending::{has, things};
use crate::station::{actions, queries};

use super::{MOST, not_meant, picked, station_in};

/// `借用`, `借用 12`, and `借用 站3 17-`, which stands behind digits.
pub(super) async fn borrow(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
    if let Some((station, rest)) = station_in(args) {
        return offer(turn, station, rest.older()).await;
    }
    if let Some((id, _)) = args.number() {
        return take(turn, id).await;
    }
    if !args.raw.is_empty() {
        return Ok(not_meant(turn, "借用"));
    }
    let now = turn.now();
    let page = queries::page(turn.tx.db(), &turn.actor, now, Slice::first(MOST)).await?;
    match page.items.as_slice() {
        [] => Ok(Reply::text("这里还没有驿站，借不了东西。")),
        [only] => offer(turn, only.station.id, None).await,
        some => {
            let lines = some.iter().map(|seen| {
                let row = &seen.station;
                (
                    format!("{}（{}）{}", row.name, row.spot, seen.open.says()),
                    format!("借用 站{}", row.id),
                )
            });
            let lines = lines.collect();
            let lines = picked(turn, lines);
            Ok(Reply::text(format!(
                "在哪个驿站借？回复前面的数字：{lines}"
            )))
        }
    }
}

fn line(thing: &station_thing::Model) -> (String, String) {
    let left = thing.quantity - thing.lent;
    let says = match left > 0 {
        true => format!("可借{left}，借{}天", thing.days),
        false => "借完了".to_owned(),
    };
    (
        format!("{}（{says}）", thing.name),
        format!("借用 {}", thing.id),
    )
}

async fn offer(turn: &mut Turn<'_>, station: i64, before: Option<i64>) -> Result<Reply, Fault> {
    let slice = Slice {
        before,
        limit: MOST,
    };
    let Page { items, next } = things(turn.tx.db(), &turn.actor, station, slice).await?;
    if items.is_empty() {
        return Ok(Reply::text("这个驿站现在没有可以借的东西。"));
    }
    let mut lines: Vec<(String, String)> = items.iter().map(line).collect();
    if let Some(last) = items.last().filter(|_| next.is_some()) {
        let (on, words) = older(&format!("借用 站{station}"), last.id, "更多");
        lines.push((words, on));
    }
    let lines = picked(turn, lines);
    Ok(Reply::text(format!("借哪一样？回复前面的数字：{lines}")))
}

async fn take(turn: &mut Turn<'_>, id: i64) -> Result<Reply, Fault> {
    let terms = &turn.app.settings.stations;
    let lent = actions::borrow(turn.tx, &turn.actor, terms, id).await;
    match lent {
        Ok(row) => {
            let thing = queries::lending::loan(turn.tx.db(), &turn.actor, row.id).await?;
            turn.dialog = Some(Dialog::pick([
                "我的驿站".to_owned(),
                format!("归还 {}", row.id),
            ]));
            Ok(Reply::text(format!(
                "“{}”借给您了（借用 #{}，编号{}），请在{}前还到驿站，还好后回复“归还 {}”。\n回复数字：1 我的驿站  2 不要了",
                thing.thing.name,
                row.id,
                thing.thing.code,
                say(row.due_at),
                row.id
            )))
        }
        // Somebody else took the last one: nothing was stored.
        Err(fault) if fault.code == Code::Conflict => {
            turn.dialog = Some(Dialog::pick(["借用"]));
            Ok(Reply::text(format!("{}\n回复 1 看别的。", fault.detail)))
        }
        Err(fault) => Err(fault),
    }
}

pub(super) async fn hand(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
    if let Some((id, _)) = args.number() {
        actions::hand(turn.tx, &turn.actor, id).await?;
        return Ok(Reply::text(format!(
            "记下了，借用 #{id} 等驿站验收，收好了会告诉您。谢谢！"
        )));
    }
    if !args.raw.is_empty() {
        return Ok(not_meant(turn, "归还"));
    }
    let loans = has(turn.tx.db(), &turn.actor, &[LoanState::Lent], MOST).await?;
    if loans.is_empty() {
        return Ok(Reply::text("您现在没有要归还的东西。"));
    }
    let lines = loans.iter().map(|loan| {
        let row = &loan.row;
        (
            format!(
                "“{}”（借用 #{}，{}到期）",
                loan.thing.name,
                row.id,
                say(row.due_at)
            ),
            format!("归还 {}", row.id),
        )
    });
    let lines = lines.collect();
    let lines = picked(turn, lines);
    Ok(Reply::text(format!(
        "还哪一样？还到驿站后回复前面的数字：{lines}"
    )))
}
