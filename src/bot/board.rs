//! «公示栏»: the ways to the public boards of the compounds that somebody has to do with, without signing in. It stands
//! here since a board belongs to no noun.

use crate::base::fault::Fault;
use crate::bot::help::HOW_TO_BIND;
use crate::chat::pages::{FIRST, LINES, NEXT, rows};
use crate::chat::{Args, Command, Dialog, Reply, Turn, Who};
use crate::place::queries as places;
use crate::wechat::http::percent;

/// The command.
const WORD: &str = "公示栏";

/// The table.
pub const COMMANDS: &[Command] = &[Command {
    words: &[WORD, "看公示栏"],
    who: Who::Anyone,
    usage: WORD,
    help: "看小区公开的数据、账目和办事结果",
    asks: None,
    in_group: false,
    run: |turn, args| Box::pin(show(turn, args)),
}];

async fn show(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
    let (at, scanned) = (args.page().unwrap_or(1), turn.account.compound_id);
    let db = turn.tx.db();
    let all = places::own_compounds(db, &turn.actor, scanned, rows(at) + 1).await?;
    if all.is_empty() {
        return Ok(Reply::text(format!(
            "公示栏是每个小区一个。扫一扫小区里张贴的二维码，或者绑定房号，再回复“{WORD}”就能看。{HOW_TO_BIND}"
        )));
    }
    let before = at.saturating_sub(1).saturating_mul(LINES);
    let (at, before) = match before < all.len() {
        true => (at, before),
        false => (1, 0),
    };
    let base = turn.app.settings.server.public_url.trim_end_matches('/');
    let shown = all.iter().skip(before).take(LINES);
    let mut lines: Vec<String> = shown
        .map(|one| format!("{}：{base}/board/{}", one.name, percent(&one.code)))
        .collect();
    let more = all.len() > before + LINES;
    if more || before > 0 {
        let (to, line) = match more {
            true => (format!("{WORD} ({})", at + 1), NEXT),
            false => (WORD.to_owned(), FIRST),
        };
        turn.dialog = Some(Dialog::lines([(to, line.to_owned())]));
        lines.push(format!("1 {line}"));
    }
    Ok(Reply::text(format!(
        "点开看，不用登录，可以转给邻居：\n{}",
        lines.join("\n")
    )))
}
