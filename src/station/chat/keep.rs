//! What keepers do in the chat: who has what, whether it is back, how many came today.

use crate::access::permit::{Deed, require_somewhere};
use crate::base::clock::say;
use crate::base::fault::Fault;
use crate::base::page::Slice;
use crate::chat::{Args, Dialog, Reply, Turn};
use crate::station::actions::{self, Outcome};
use crate::station::queries::lending::{Whose, loans};
use crate::station::{loan_says, queries};

use super::{MOST, not_meant, picked, station_in};

/// Loans behind digits: what a digit does to one, which they are, what is asked, what is said when there are none.
struct Listed {
    word: &'static str,
    whose: fn(i64) -> Whose,
    asks: &'static str,
    none: &'static str,
}

/// What most lists of loans are.
const OUT: Listed = Listed {
    word: "借物验收",
    whose: Whose::Out,
    asks: "借出的东西，收回来了",
    none: "现在没有借出的东西。",
};
const MISSING: Listed = Listed {
    word: "借物没收到",
    whose: Whose::Handed,
    asks: "说已还、您没看到的是哪一件？",
    none: "现在没有等着验收的东西。",
};

/// A way in which a loan ends: how it is named, what it means, what is answered.
pub(super) struct Ending {
    list: Listed,
    outcome: Outcome,
    says: &'static str,
}

pub(super) const RETURNED: Ending = Ending {
    list: OUT,
    outcome: Outcome::Returned,
    says: "已验收，可以再借了",
};
pub(super) const LOST: Ending = Ending {
    list: Listed {
        word: "借物丢失",
        asks: "丢了哪一件？",
        ..OUT
    },
    outcome: Outcome::Lost,
    says: "已记为丢失，可借的少了一件",
};
pub(super) const DAMAGED: Ending = Ending {
    list: Listed {
        word: "借物损坏",
        asks: "坏了哪一件？",
        ..OUT
    },
    outcome: Outcome::Damaged,
    says: "已记为损坏，可借的少了一件",
};

/// The stations that the actor keeps: key and name.
async fn kept(turn: &Turn<'_>) -> Result<Vec<(i64, String)>, Fault> {
    require_somewhere(&turn.actor, Deed::KeepStations)?;
    let (db, now) = (turn.tx.db(), turn.now());
    let page = queries::page(db, &turn.actor, now, Slice::first(queries::MOST_STATIONS)).await?;
    let mut kept = Vec::new();
    for seen in page.items {
        let found = queries::found(db, &turn.actor, seen.station.id).await?;
        if found.keeps {
            kept.push((found.station.id, found.station.name));
        }
    }
    kept.truncate(usize::try_from(MOST).unwrap_or(usize::MAX));
    Ok(kept)
}

/// What somebody is told who keeps none.
async fn none_kept(turn: &Turn<'_>) -> Result<Reply, Fault> {
    let kept_by = queries::kept_by(turn.tx.db(), &turn.actor, turn.now()).await?;
    Ok(Reply::text(match kept_by {
        Some(keepers) => format!("{keepers}，请找他们。"),
        None => "您这里还没有驿站。请到工作台“驿站”新增。".to_owned(),
    }))
}

/// Of which station something is meant, by a digit: its key is put right behind the words.
fn which(turn: &mut Turn<'_>, words: &str, stations: &[(i64, String)]) -> Reply {
    let lines = stations.iter();
    let lines = lines.map(|(id, name)| (name.clone(), format!("{words}{id}")));
    let lines = lines.collect();
    let lines = picked(turn, lines);
    Reply::text(format!("哪个驿站？回复前面的数字：{lines}"))
}

/// `借出名单`, `借出名单 3`
pub(super) async fn out(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
    match args.number() {
        Some((id, _)) => loans_of(turn, id, &OUT).await,
        None => listed(turn, args, "借出名单", &OUT).await,
    }
}

/// A command that came without the number of a loan: of which station (`站3`, which stands behind digits), then
/// which loan, by a digit that does what the command says.
async fn listed(
    turn: &mut Turn<'_>,
    args: &Args,
    word: &str,
    list: &Listed,
) -> Result<Reply, Fault> {
    if let Some((station, _)) = station_in(args) {
        return loans_of(turn, station, list).await;
    }
    if !args.raw.is_empty() {
        return Ok(not_meant(turn, "借出名单"));
    }
    let stations = kept(turn).await?;
    match stations.as_slice() {
        [] => none_kept(turn).await,
        [(id, _)] => loans_of(turn, *id, list).await,
        some => Ok(which(turn, &format!("{word} 站"), some)),
    }
}

async fn loans_of(turn: &mut Turn<'_>, station: i64, list: &Listed) -> Result<Reply, Fault> {
    let whose = (list.whose)(station);
    let page = loans(turn.tx.db(), &turn.actor, whose, Slice::first(MOST)).await?;
    if page.items.is_empty() {
        return Ok(Reply::text(list.none));
    }
    let lines = page.items.iter().map(|loan| {
        let row = &loan.row;
        (
            format!(
                "#{} {}：{}（{}，{}到期）",
                row.id,
                loan.borrower.as_deref().unwrap_or_default(),
                loan.thing.name,
                loan_says(row.state),
                say(row.due_at)
            ),
            format!("{} {}", list.word, row.id),
        )
    });
    let lines = lines.collect();
    let lines = picked(turn, lines);
    let more = match page.next {
        Some(_) => "\n还有更多，请到工作台“驿站”看。",
        None => "",
    };
    let other = match list.word == OUT.word {
        true => "\n坏了回复“借物损坏”，丢了回复“借物丢失”，没看到回复“借物没收到”。",
        false => "",
    };
    Ok(Reply::text(format!(
        "{}回复前面的数字：{lines}{more}{other}",
        list.asks
    )))
}

pub(super) async fn end(turn: &mut Turn<'_>, args: &Args, ending: &Ending) -> Result<Reply, Fault> {
    let word = ending.list.word;
    let Some((id, rest)) = args.number() else {
        return listed(turn, args, word, &ending.list).await;
    };
    if rest.raw.is_empty() && ending.outcome != Outcome::Returned {
        // What they may not end does not ask them for words.
        queries::lending::loan(turn.tx.db(), &turn.actor, id).await?;
        turn.dialog = Some(Dialog::ask(format!("{word} {id}")));
        return Ok(Reply::text(
            "请写一句怎么回事，借的人会看到，例如：伞骨断了（0 返回菜单）",
        ));
    }
    actions::end(turn.tx, &turn.actor, id, ending.outcome, &rest.raw).await?;
    Ok(Reply::text(format!(
        "借用 #{id} {}。借的人会收到通知。",
        ending.says
    )))
}

pub(super) async fn deny(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
    let Some((id, _)) = args.number() else {
        return listed(turn, args, MISSING.word, &MISSING).await;
    };
    actions::deny(turn.tx, &turn.actor, id).await?;
    Ok(Reply::text(format!(
        "借用 #{id} 改回借出，借的人会收到提醒，请他再看看。"
    )))
}

/// `驿站人次 12`; with several stations `驿站人次 12 3`, which stands behind digits.
pub(super) async fn count(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
    let (text, back) = match args.raw.strip_prefix(['-', '－']) {
        Some(rest) => (Args::new(rest), -1),
        None => (args.clone(), 1),
    };
    let Some((visits, rest)) = text.number() else {
        if !args.raw.is_empty() {
            return Ok(not_meant(turn, "驿站人次"));
        }
        require_somewhere(&turn.actor, Deed::KeepStations)?;
        turn.dialog = Some(Dialog::ask("驿站人次"));
        return Ok(Reply::text(
            "今天来了多少人？请回复人数，例如：12；记多了写 -3（0 返回菜单）",
        ));
    };
    let visits = visits.saturating_mul(back);
    let stations = kept(turn).await?;
    let named = rest.number().map(|(id, _)| id);
    let station = match (named, stations.as_slice()) {
        (Some(id), _) => id,
        (None, []) => return none_kept(turn).await,
        (None, [(id, _)]) => *id,
        (None, some) => return Ok(which(turn, &format!("驿站人次 {visits} "), some)),
    };
    actions::count(turn.tx, &turn.actor, station, visits).await?;
    Ok(Reply::text(format!(
        "已记{visits}人次。记多了回复“驿站人次 -数字”减回来。"
    )))
}
