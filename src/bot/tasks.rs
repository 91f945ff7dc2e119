//! «待办»: the cases of whoever asks, and behind them one line each of what else waits for them, with the digit
//! that leads there. It stands here since it puts nouns together.

use crate::base::fault::Fault;
use crate::case::chat as cases;
use crate::chat::{Args, Choice, Command, Reply, Turn, Who};
use crate::giving::queries as goods;
use crate::moderation::queries as contents;
use crate::offer::queries as offers;
use crate::reminder::BoxFuture;
use crate::station::queries::lending;
use crate::visit::queries as visits;
use crate::volunteer::queries as hours;
use crate::wish::queries as wishes;

/// The table.
pub const COMMANDS: &[Command] = &[Command {
    words: &["待办", "我的任务"],
    who: Who::Staff,
    usage: "待办",
    help: "看等着我办的事",
    asks: None,
    in_group: false,
    run: tasks,
}];

/// Says how many there are.
type Says = fn(u64) -> String;

fn tasks<'a>(turn: &'a mut Turn<'_>, _: &'a Args) -> BoxFuture<'a, Result<Reply, Fault>> {
    Box::pin(async move {
        let held = cases::tasks(turn).await?;
        let others = others(turn).await?;
        let mut text = match (&held, others.is_empty()) {
            (Some(held), _) => held.text.clone(),
            (None, true) => "现在没有要您办的诉求，辛苦了。".to_owned(),
            (None, false) => "现在没有要您办的诉求。还有这些等着您，回复前面的数字：".to_owned(),
        };
        let dialog = turn.dialog.get_or_insert_default();
        for (command, line) in others {
            let digit = (dialog.choices.len() + 1).to_string();
            text.push_str(&format!("\n{digit} {line}"));
            dialog.choices.push(Choice {
                digit,
                command: command.to_owned(),
                label: None,
            });
        }
        if turn
            .dialog
            .as_ref()
            .is_some_and(|dialog| dialog.choices.is_empty())
        {
            turn.dialog = None;
        }
        Ok(Reply::text(text))
    })
}

/// What waits beside cases: the command that lists it, and its line. One count each, and none of what the one who
/// asks may not decide.
async fn others(turn: &Turn<'_>) -> Result<Vec<(&'static str, String)>, Fault> {
    let (db, actor) = (turn.tx.db(), &turn.actor);
    let doors: Says = |count| format!("上门：还有{count}户要上门告诉。");
    let counts: [(&str, u64, Option<Says>); 7] = [
        ("上门", visits::count(db, actor).await?, Some(doors)),
        ("审核", contents::count_waiting(db, actor).await?, None),
        ("审核心愿", wishes::count_waiting(db, actor).await?, None),
        ("审核清单", offers::count_waiting(db, actor).await?, None),
        ("待收捐物", goods::count_waiting(db, actor).await?, None),
        (
            "借出名单",
            lending::count_to_see(db, actor, turn.now()).await?,
            None,
        ),
        ("确认工时", hours::count_unconfirmed(db, actor).await?, None),
    ];
    let waiting = counts.into_iter().filter(|(_, count, _)| *count > 0);
    let lines = waiting.map(|(command, count, says)| {
        let line = match says {
            Some(says) => says(count),
            None => format!("{command}（{count}）"),
        };
        (command, line)
    });
    Ok(lines.collect())
}
