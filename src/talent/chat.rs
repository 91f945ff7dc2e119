//! Chat commands on talents: 登记特长 我的特长 撤销特长 of whoever offers something, 找帮手 我的帮手 撤回帮手 of whoever asks,
//! 帮手任务 接受帮忙 婉拒帮忙 联系帮手 of the two. Digits lead on; nobody's name is in an answer.

use entity::help_request;
use entity::kinds::{HelpState, TalentKind};
use sea_orm::Iterable;

use crate::base::clock::say;
use crate::base::fault::Fault;
use crate::base::text::{line as one_line, shorten};
use crate::chat::pages::{LOOK, slice};
use crate::chat::{Args, Command, Dialog, Reply, Turn, bound};
use crate::place::queries as places;
use crate::talent::actions::{self, Answered};
use crate::talent::queries::{self, Side, Which};
use crate::talent::step::Contact;
use crate::talent::{LAPSE_DAYS, kind_of, kind_says, state_says};

/// The word of consent, at the end of what is offered.
const AGREED: &str = " 同意";

/// The table.
pub const COMMANDS: &[Command] = &[
    bound(
        &["登记特长"],
        "登记特长 类别 内容",
        "登记能帮邻居的本领",
        |turn, args| Box::pin(offer(turn, args)),
    ),
    bound(
        &["我的特长", "特长"],
        "我的特长",
        "看登记的特长，随时撤销",
        |turn, args| Box::pin(talents(turn, args, "我的特长")),
    ),
    bound(
        &["撤销特长"],
        "撤销特长 编号",
        "不再登记这项特长",
        |turn, args| Box::pin(withdraw(turn, args)),
    ),
    bound(
        &["找帮手"],
        "找帮手 类别 什么事",
        "请有特长的邻居帮忙",
        |turn, args| Box::pin(ask(turn, args)),
    ),
    bound(
        &["我的帮手"],
        "我的帮手 [编号]",
        "看找帮手的进展",
        |turn, args| Box::pin(requests(turn, args, Which::Mine)),
    ),
    bound(
        &["撤回帮手"],
        "撤回帮手 编号",
        "不用找帮手了",
        |turn, args| Box::pin(take_back(turn, args)),
    ),
    bound(
        &["帮手任务"],
        "帮手任务 [编号]",
        "看邻居请您帮的忙",
        |turn, args| Box::pin(requests(turn, args, Which::Asked)),
    ),
    bound(
        &["接受帮忙"],
        "接受帮忙 编号",
        "答应帮邻居",
        |turn, args| Box::pin(answer(turn, args, true)),
    ),
    bound(
        &["婉拒帮忙"],
        "婉拒帮忙 编号",
        "这次不方便帮",
        |turn, args| Box::pin(answer(turn, args, false)),
    ),
    bound(
        &["联系帮手"],
        "联系帮手 编号",
        "再发一次双方的联系方式",
        |turn, args| Box::pin(contact(turn, args)),
    ),
];

/// Kinds with digits in front; what was typed already stands behind each.
fn pick_kind(
    turn: &mut Turn<'_>,
    word: &str,
    kinds: &[(TalentKind, String)],
    rest: &str,
) -> String {
    let lines: Vec<String> = kinds
        .iter()
        .zip(1..)
        .map(|((_, says), at)| format!("{at} {says}"))
        .collect();
    turn.dialog = Some(Dialog::lines(kinds.iter().map(|(kind, says)| {
        let line = format!("{word} {} {rest}", kind_says(*kind));
        (line.trim_end().to_owned(), says.clone())
    })));
    lines.join("\n")
}

async fn offer(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
    let Some((kind, text)) = kind_of(&args.raw) else {
        let kinds: Vec<(TalentKind, String)> = <TalentKind as Iterable>::iter()
            .map(|kind| (kind, kind_says(kind).to_owned()))
            .collect();
        let lines = pick_kind(turn, "登记特长", &kinds, &args.raw);
        return Ok(Reply::text(format!(
            "您有哪方面的本领？回复前面的数字：\n{lines}"
        )));
    };
    let says = kind_says(kind);
    if text.is_empty() {
        turn.dialog = Some(Dialog::ask(format!("登记特长 {says}")));
        return Ok(Reply::text(
            "请写下您能帮什么，例如：退休护士，可以帮老人量血压。不要写姓名和电话。",
        ));
    }
    let Some(text) = text.strip_suffix(AGREED) else {
        turn.dialog = Some(Dialog::pick([
            format!("登记特长 {says} {text}{AGREED}"),
            "我的特长".to_owned(),
        ]));
        return Ok(Reply::text(format!(
            "登记“{says}：{}”。有邻居需要时系统先问您，别人看不到您是谁；您答应以后，才把姓名和电话单独发给对方。随时可以撤销。同意吗？请回复数字：\n1 同意，登记\n2 先不登记",
            shorten(text, 40)
        )));
    };
    let row = actions::offer(turn.tx, &turn.actor, kind, text, true).await?;
    Ok(Reply::text(format!(
        "特长 #{id}“{says}”已登记，谢谢您！有邻居需要时会来问您，答应不答应都可以。不想登记了回复“撤销特长 {id}”。",
        id = row.id
    )))
}

/// The actor's talents, each for a digit; `list` is the command that was asked.
async fn talents(turn: &mut Turn<'_>, args: &Args, list: &str) -> Result<Reply, Fault> {
    let own = queries::own_talents(turn.tx.db(), &turn.actor).await?;
    if own.is_empty() {
        turn.dialog = Some(Dialog::pick(["登记特长", "找帮手"]));
        return Ok(Reply::text(
            "您还没有登记特长。回复数字：1 登记特长  2 找帮手",
        ));
    }
    let each = own.iter().map(|row| {
        let text = shorten(&one_line(&row.text), 30);
        let line = format!("#{} {}：{text}", row.id, kind_says(row.kind));
        (format!("撤销特长 {}", row.id), line)
    });
    let (all, at): (Vec<_>, _) = (each.collect(), args.page().unwrap_or(1));
    let lines = turn.list_page(list, at, &all, false);
    Ok(Reply::text(format!(
        "您登记的特长，要撤销请回复前面的数字：\n{lines}\n看请您帮的忙回复“帮手任务”。"
    )))
}

async fn withdraw(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
    let Some((id, _)) = args.number() else {
        return talents(turn, args, "撤销特长").await;
    };
    actions::withdraw_talent(turn.tx, &turn.actor, id).await?;
    Ok(Reply::text(format!(
        "特长 #{id} 已撤销，不会再来问您。谢谢您帮过邻居。"
    )))
}

async fn ask(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
    let Some((kind, text)) = kind_of(&args.raw) else {
        let compound = places::own_compound(turn.tx.db(), &turn.actor).await?;
        let offered = match compound {
            Some(compound) => {
                let own = turn.actor.person_id();
                queries::offered(turn.tx.db(), compound.id, own).await?
            }
            None => Vec::new(),
        };
        if offered.is_empty() {
            turn.dialog = Some(Dialog::pick(["求助", "登记特长"]));
            return Ok(Reply::text(
                "小区里还没有邻居登记特长。回复数字：1 请物业或社区帮忙  2 登记自己的特长",
            ));
        }
        let kinds: Vec<(TalentKind, String)> = offered
            .into_iter()
            .map(|(kind, count)| (kind, format!("{}（{count}位）", kind_says(kind))))
            .collect();
        let lines = pick_kind(turn, "找帮手", &kinds, &args.raw);
        return Ok(Reply::text(format!(
            "找哪方面的帮手？回复前面的数字：\n{lines}"
        )));
    };
    let says = kind_says(kind);
    if text.is_empty() {
        turn.dialog = Some(Dialog::ask(format!("找帮手 {says}")));
        return Ok(Reply::text(
            "请写下想请人帮什么，例如：想请人看看化验单。不要写姓名和电话，对方答应后会单独发给双方。",
        ));
    }
    let row = actions::ask(turn.tx, &turn.actor, kind, text).await?;
    Ok(Reply::text(format!(
        "帮忙 #{id} 已去问一位“{says}”邻居，对方不知道是您。答应了马上把联系方式发给您；不方便就问下一位，最多{LAPSE_DAYS}天。不用了回复“撤回帮手 {id}”。",
        id = row.id
    )))
}

/// For each request the command that a digit stands for, and its line.
fn lines(rows: &[help_request::Model], word: &str) -> Vec<(String, String)> {
    let each = rows.iter().map(|row| {
        let text = shorten(&one_line(&row.text), 24);
        let (kind, state) = (kind_says(row.kind), state_says(row.state));
        let line = format!("#{} {kind} {text}（{state}）", row.id);
        (format!("{word} {}", row.id), line)
    });
    each.collect()
}

async fn requests(turn: &mut Turn<'_>, args: &Args, which: Which) -> Result<Reply, Fault> {
    if let Some((id, _)) = args.number() {
        return one(turn, id).await;
    }
    let at = args.page().unwrap_or(1);
    let page = queries::page(turn.tx.db(), &turn.actor, which, slice(at)).await?;
    let (word, none) = match which {
        Which::Mine => ("我的帮手", "您没有找过帮手。要找请回复“找帮手”。"),
        Which::Asked => ("帮手任务", "现在没有邻居请您帮忙。"),
    };
    if page.items.is_empty() {
        return Ok(Reply::text(none));
    }
    let (all, more) = (lines(&page.items, word), page.next.is_some());
    let lines = turn.list_page(word, at, &all, more);
    Ok(Reply::text(format!("回复前面的数字看详情：\n{lines}")))
}

async fn one(turn: &mut Turn<'_>, id: i64) -> Result<Reply, Fault> {
    let found = queries::found(turn.tx.db(), &turn.actor, id).await?;
    let row = found.row;
    let reach = queries::contact(turn.tx.db(), &row, turn.tx.now()).await?;
    let words: &[&str] = match (found.side, row.state) {
        (Side::Asker, HelpState::Asking) => &["撤回帮手"],
        (Side::Talent, HelpState::Asking) => &["接受帮忙", "婉拒帮忙"],
        (_, HelpState::Accepted) if reach == Contact::Open => &["联系帮手"],
        _ => &[],
    };
    let mut text = format!(
        "帮忙 #{id}（{}，{}）：{}\n{}提出",
        kind_says(row.kind),
        state_says(row.state),
        row.text,
        say(row.created_at)
    );
    if !words.is_empty() {
        let lines: Vec<String> = words
            .iter()
            .zip(1..)
            .map(|(word, at)| format!("{at} {word}"))
            .collect();
        text.push_str(&format!("\n可以回复数字：{}", lines.join("  ")));
        turn.dialog = Some(Dialog::pick(
            words.iter().map(|word| format!("{word} {id}")),
        ));
    }
    Ok(Reply::text(text))
}

/// A command that came without a number: which request is meant, by a digit.
async fn which(
    turn: &mut Turn<'_>,
    args: &Args,
    word: &str,
    which: Which,
    states: &[HelpState],
    none: &str,
) -> Result<Reply, Fault> {
    let page = queries::page(turn.tx.db(), &turn.actor, which, LOOK).await?;
    let mut rows = page.items;
    rows.retain(|row| states.contains(&row.state));
    if rows.is_empty() {
        return Ok(Reply::text(none));
    }
    let at = args.page().unwrap_or(1);
    let lines = turn.list_page(word, at, &lines(&rows, word), false);
    Ok(Reply::text(format!(
        "要{}哪一次帮忙？请回复前面的数字：\n{lines}",
        word.trim_end_matches("帮手").trim_end_matches("帮忙")
    )))
}

async fn take_back(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
    let Some((id, _)) = args.number() else {
        let states = [HelpState::Asking];
        let none = "您现在没有正在找的帮手。";
        return which(turn, args, "撤回帮手", Which::Mine, &states, none).await;
    };
    actions::withdraw_request(turn.tx, &turn.actor, id).await?;
    Ok(Reply::text(format!("帮忙 #{id} 已撤回，不再问别人了。")))
}

async fn answer(turn: &mut Turn<'_>, args: &Args, accepts: bool) -> Result<Reply, Fault> {
    let Some((id, _)) = args.number() else {
        let word = if accepts {
            "接受帮忙"
        } else {
            "婉拒帮忙"
        };
        let states = [HelpState::Asking];
        let none = "现在没有邻居请您帮忙。";
        return which(turn, args, word, Which::Asked, &states, none).await;
    };
    let answered = actions::answer(turn.tx, &turn.actor, id, accepts).await?;
    if answered == Answered::Gone {
        return Ok(Reply::text(queries::no_such(id).detail));
    }
    Ok(Reply::text(match accepts {
        true => format!(
            "谢谢您！帮忙 #{id} 邻居的联系方式马上单独发给您，对方也会收到您的。请只用来办这件事。"
        ),
        false => format!("没关系，帮忙 #{id} 会去问下一位，对方不知道问过您。"),
    }))
}

async fn contact(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
    let Some((id, _)) = args.number() else {
        let states = [HelpState::Accepted];
        let none = "现在没有已经答应的帮忙。";
        let own = queries::page(turn.tx.db(), &turn.actor, Which::Mine, LOOK).await?;
        let list = match own.items.iter().any(|row| row.state == HelpState::Accepted) {
            true => Which::Mine,
            false => Which::Asked,
        };
        return which(turn, args, "联系帮手", list, &states, none).await;
    };
    actions::contact_again(turn.tx, &turn.actor, id).await?;
    Ok(Reply::text(format!(
        "帮忙 #{id} 对方的联系方式马上单独发给您。"
    )))
}
