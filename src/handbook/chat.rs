//! The chat command of the handbook: «手册» lists the articles by digits, «手册 12» shows one, «手册 问题» answers
//! or offers what is near; «手册没有 问题» says that it was not the one. Below every answer stand the digits that file the words as they are. What a text
//! without a command finds, `bot/unknown.rs` asks here.

use entity::{handbook_article, place};

use crate::app::App;
use crate::base::fault::Fault;
use crate::base::text::shorten;
use crate::chat::{Args, Command, Dialog, Reply, Turn, Who};
use crate::handbook::actions;
use crate::handbook::library::Reach;
use crate::handbook::markdown::{lead, plain};
use crate::handbook::queries::{self, Found, compound_of};
use crate::handbook::sure::complains;
use crate::wechat::http::percent;

/// Articles of a page: a digit picks, one more leads on.
const LINES: usize = 7;
/// Articles that are offered beside the best one.
const NEAR: usize = 3;
/// What files the words as they are, by the first digits.
const FILED: [&str; 4] = ["报修", "投诉", "建议", "求助"];
/// What says that the answer was not the one.
const MISSING: &str = "手册没有";
/// Characters of a question that are shown again.
const SHOWN: usize = 30;

/// The table.
pub const COMMANDS: &[Command] = &[
    Command {
        words: &["手册", "百事通手册", "百事通"],
        who: Who::Anyone,
        usage: "手册 [编号或问题]",
        help: "小区的事怎么办，一问就知道",
        asks: None,
        in_group: true,
        run: |turn, args| Box::pin(open(turn, args)),
    },
    Command {
        words: &[MISSING],
        who: Who::Bound,
        usage: "手册没有 问题",
        help: "手册里没有的，记下来等答案",
        asks: Some("请写下您想问什么，有了答案会告诉您。"),
        in_group: true,
        run: |turn, args| Box::pin(miss(turn, args)),
    },
];

/// Where an article stands for everybody of a compound.
#[must_use]
pub fn link(app: &App, compound: &place::Model, id: i64) -> String {
    let url = &app.settings.server.public_url;
    format!("{url}/handbook/{}/{id}", percent(&compound.code))
}

/// Whose handbook the one who speaks reads, and their compound.
async fn whose(turn: &Turn<'_>) -> Result<(Reach, Option<place::Model>), Fault> {
    let compound = compound_of(turn.tx.db(), &turn.actor, Some(&turn.account)).await?;
    let mut reach = queries::reach(&turn.actor);
    if let Some(compound) = &compound {
        reach.0.extend(queries::reach_of(compound).0);
    }
    Ok((reach, compound))
}

/// What the handbook knows of a text.
///
/// # Errors
/// The database's.
pub async fn look(turn: &Turn<'_>, text: &str) -> Result<Found, Fault> {
    let (reach, _) = whose(turn).await?;
    queries::ask(turn.app, turn.tx.db(), &reach, text, NEAR).await
}

/// Puts a question down that could not be answered; false for whoever belongs to no compound.
///
/// # Errors
/// The database's.
pub async fn put_down(turn: &mut Turn<'_>, text: &str) -> Result<bool, Fault> {
    let compound = compound_of(turn.tx.db(), &turn.actor, None).await?;
    match compound.filter(|_| turn.actor.person.is_some()) {
        Some(compound) => actions::ask(turn.tx, &turn.actor, compound.id, text).await,
        None => Ok(false),
    }
}

/// The digits that file the words, then what else there is to read.
fn digits(turn: &mut Turn<'_>, text: &str, more: &[(String, String)]) -> String {
    let commands = FILED.iter().map(|word| (*word).to_owned());
    let commands = commands.chain(more.iter().map(|(command, _)| command.clone()));
    turn.dialog = Some(Dialog {
        said: Some(text.to_owned()),
        ..Dialog::pick(commands)
    });
    let lines = more.iter().zip(FILED.len() + 1..);
    let lines: Vec<String> = lines
        .map(|((_, says), at)| format!("{at} {says}"))
        .collect();
    let filed = FILED.iter().zip(1..);
    let filed: Vec<String> = filed.map(|(word, at)| format!("{at} {word}")).collect();
    let read = match lines.is_empty() {
        true => String::new(),
        false => format!("{}\n", lines.join("\n")),
    };
    format!(
        "{read}要办事，回复数字把“{}”提交：{}\n0 返回菜单",
        shorten(text, SHOWN),
        filed.join("  ")
    )
}

fn to_read(row: &handbook_article::Model) -> (String, String) {
    (format!("手册 {}", row.id), format!("看“{}”", row.title))
}

/// The answer in short, with the whole of it, what is near and the filing behind digits.
pub fn answered(
    turn: &mut Turn<'_>,
    row: &handbook_article::Model,
    near: &[handbook_article::Model],
    text: &str,
) -> String {
    let mut more = vec![(format!("手册 {}", row.id), "看全文".to_owned())];
    more.extend(near.iter().take(NEAR).map(to_read));
    more.push((MISSING.to_owned(), "不是我要问的".to_owned()));
    let digits = digits(turn, text, &more);
    format!("{}：{}\n{digits}", row.title, lead(&row.body))
}

async fn open(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
    if args.raw.is_empty() {
        return list(turn, 1).await;
    }
    if let Some(page) = page_of(&args.raw) {
        return list(turn, page).await;
    }
    match args.number() {
        Some((id, rest)) if rest.raw.is_empty() => one(turn, id).await,
        _ => ask(turn, &args.raw).await,
    }
}

/// `第2页`
fn page_of(text: &str) -> Option<usize> {
    text.strip_prefix('第')?.strip_suffix('页')?.parse().ok()
}

async fn list(turn: &mut Turn<'_>, page: usize) -> Result<Reply, Fault> {
    let (reach, compound) = whose(turn).await?;
    let all = queries::contents(turn.app, turn.tx.db(), &reach).await?;
    if all.is_empty() {
        return Ok(Reply::text("手册里还没有文章。"));
    }
    let pages = all.len().div_ceil(LINES);
    let page = if (1..=pages).contains(&page) { page } else { 1 };
    let shown = all.iter().skip((page - 1) * LINES).take(LINES);
    let (mut lines, mut commands) = (Vec::new(), Vec::new());
    for row in shown {
        commands.push(format!("手册 {}", row.id));
        lines.push(format!("{} {}", commands.len(), row.title));
    }
    if pages > 1 {
        let next = if page < pages { page + 1 } else { 1 };
        commands.push(format!("手册 第{next}页"));
        lines.push(format!("{} 下一页（共{pages}页）", commands.len()));
    }
    turn.dialog = Some(Dialog::pick(commands));
    let url = &turn.app.settings.server.public_url;
    let page = compound.map(|place| format!("\n网页：{url}/handbook/{}", percent(&place.code)));
    Ok(Reply::text(format!(
        "手册，回复数字看，也可以直接问，例如“业委会怎么选”：\n{}{}\n0 返回菜单",
        lines.join("\n"),
        page.unwrap_or_default()
    )))
}

async fn one(turn: &mut Turn<'_>, id: i64) -> Result<Reply, Fault> {
    let (reach, compound) = whose(turn).await?;
    let row = queries::readable(turn.app, turn.tx.db(), &reach, id).await?;
    let link = compound.map(|place| format!("\n网页：{}", link(turn.app, &place, id)));
    Ok(Reply::text(format!(
        "【{}】\n{}{}",
        row.title,
        plain(&row.body),
        link.unwrap_or_default()
    )))
}

async fn ask(turn: &mut Turn<'_>, text: &str) -> Result<Reply, Fault> {
    let found = look(turn, text).await?;
    if let Some(sure) = &found.sure {
        return Ok(Reply::text(answered(turn, sure, &found.near, text)));
    }
    let noted = !complains(text) && put_down(turn, text).await?;
    let more: Vec<(String, String)> = found.near.iter().map(to_read).collect();
    let head = match (more.is_empty(), noted) {
        (true, true) => "手册里还没有这个，已记下，有了答案会告诉您。",
        (true, false) => "手册里还没有这个。",
        (false, true) => "您是不是想问下面的？都不是也没关系，问题已记下，有了答案会告诉您。",
        (false, false) => "您是不是想问下面的？",
    };
    // What was typed is filed without the command.
    let digits = digits(turn, text, &more);
    Ok(Reply::text(format!("{head}\n{digits}")))
}

async fn miss(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
    let noted = put_down(turn, &args.raw).await?;
    let digits = digits(turn, &args.raw, &[]);
    let head = match noted {
        true => "已记下，有了答案会告诉您。",
        false => "今天记下的问题够多了，明天再记。",
    };
    Ok(Reply::text(format!("{head}\n{digits}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_by_its_words() {
        assert_eq!(page_of("第2页"), Some(2));
        assert_eq!(page_of("第二页"), None);
        assert_eq!(page_of("2"), None);
    }
}
