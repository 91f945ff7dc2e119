//! The bot's own commands (help, menu, a human, more, not now) and its kind sentences when something
//! is not understood, missing or not allowed. Called by `bot/answer.rs`.

use std::fmt::Write as _;

use entity::kinds::RoleKind;
use entity::place;
use sea_orm::EntityTrait;

use crate::access::holders::{self, holders};
use crate::base::fault::Fault;
use crate::base::text::{clean, shorten};
use crate::bot::understand::{Way, takes_arguments};
use crate::bot::{Lexicon, lexicon, menu};
use crate::chat::{Args, Choice, Command, Dialog, Reply, Turn, Who};
use crate::reminder::BoxFuture;

/// How to bind, as people can copy it.
pub const HOW_TO_BIND: &str =
    "绑定房号请回复：绑定 3-2-501 姓名 手机号（楼-单元-房）。工作人员请回复：绑定 邀请码。";
/// Whom a stranger can turn to.
const CONTACTS: &[RoleKind] = &[
    RoleKind::GridWorker,
    RoleKind::CommunitySecretary,
    RoleKind::PropertyManager,
];
/// Characters of a draft to which more is added.
const MOST_DRAFT: usize = 5000;
/// What is offered for a text that was not understood.
const OFFERED: &[&str] = &["报修", "投诉", "建议", "求助"];

/// The bot's own commands.
pub const COMMANDS: &[Command] = &[
    Command {
        words: &[
            "菜单",
            "帮助",
            "?",
            "功能",
            "返回",
            "主菜单",
            "help",
            "menu",
            "你好",
            "您好",
            "hello",
            "hi",
        ],
        who: Who::Anyone,
        usage: "帮助 [命令]",
        help: "看能做什么、怎么写",
        asks: None,
        in_group: true,
        run: |turn, args| Box::pin(async move { Ok(help(turn, args)) }),
    },
    Command {
        words: &[
            "人工",
            "转人工",
            "人工客服",
            "客服",
            "找人",
            "揾人",
            "有冇人",
        ],
        who: Who::Anyone,
        usage: "人工",
        help: "找到能帮您的人",
        asks: None,
        in_group: false,
        run: human,
    },
    Command {
        words: &["更多", "下一页", "继续"],
        who: Who::Anyone,
        usage: "更多",
        help: "看上一条没显示完的内容",
        asks: None,
        in_group: true,
        run: |turn, _| Box::pin(async move { Ok(more(turn)) }),
    },
    Command {
        words: &["不提交", "不要了"],
        who: Who::Anyone,
        usage: "不提交",
        help: "不再保留绑定前写的话",
        asks: None,
        in_group: true,
        run: |turn, _| Box::pin(async move { Ok(forget_draft(turn)) }),
    },
];

/// Commands that a menu does not list: it is the menu, or they answer to what was just said.
pub fn is_hidden(command: &Command) -> bool {
    let hidden = ["菜单", "更多", "不提交", "同意", "不同意"];
    command
        .words
        .first()
        .is_some_and(|word| hidden.contains(word))
}

/// `帮助` is the menu, `帮助 评价` how to write it; a sentence that only begins so is offered to be filed.
fn help(turn: &mut Turn<'_>, args: &Args) -> Reply {
    if args.raw.is_empty() {
        return Reply::text(menu::show(turn, ""));
    }
    if let Some((page, rest)) = args.number()
        && rest.raw.is_empty()
    {
        let page = usize::try_from(page).unwrap_or(1);
        return Reply::text(menu::show_page(turn, "", page));
    }
    match lexicon().read(&args.raw) {
        Some((command, "")) if is_hidden(command) => Reply::text(menu::show(turn, "")),
        Some((command, "")) => Reply::text(how_to(command)),
        _ => {
            let text = turn.text.clone();
            Reply::text(offer(turn, &text))
        }
    }
}

/// A member of the corporation whom the roster does not know, or no longer.
pub fn unregistered(turn: &Turn<'_>) -> String {
    let id = shorten(&turn.account.external_id, 64);
    format!(
        "您好！您的企业微信账号（{id}）还没有登记到邻里，所以这条消息没有处理。\n请管理员在人员表的 wecom_userid 一栏给您登记 {id}，之后再发一次就可以用了。急事请直接给社区或物业打电话。"
    )
}

/// How a command is written.
fn how_to(command: &Command) -> String {
    format!("{}\n写法：{}", command.help, command.usage)
}

/// Whom the person can turn to, and the offer to file it as a request for help.
fn human<'a>(turn: &'a mut Turn<'_>, _: &'a Args) -> BoxFuture<'a, Result<Reply, Fault>> {
    Box::pin(async move {
        let mut text = String::new();
        let stewards = lexicon().get("我的管家");
        if menu::speaker(&turn.actor).bound
            && let Some(command) = stewards
        {
            let reply = (command.run)(turn, &Args::default()).await?;
            text.push_str(&reply.text);
        } else {
            text.push_str(&contacts(turn).await?);
            text.push_str("绑定房号后，这里会显示您的楼栋管家。");
            text.push_str(HOW_TO_BIND);
        }
        text.push_str(
            "\n回复 1 写下求助内容，会马上通知管家；0 返回菜单。\n紧急情况请直接拨打 110、119、120。",
        );
        turn.dialog = Some(Dialog::pick(["求助"]));
        Ok(Reply { text })
    })
}

/// Who answers for the compound that a stranger has scanned: names and posts, which hang in every
/// stairway, and no phones.
async fn contacts(turn: &Turn<'_>) -> Result<String, Fault> {
    let Some(compound) = turn.account.compound_id else {
        return Ok(String::new());
    };
    let db = turn.tx.db();
    let Some(compound) = place::Entity::find_by_id(compound).one(db).await? else {
        return Ok(String::new());
    };
    let found = holders(db, &compound.path, CONTACTS, turn.now()).await?;
    let names: Vec<String> = found
        .iter()
        .take(5)
        .map(|holder| format!("{}（{}）", holder.name, holders::says(holder.role)))
        .collect();
    if names.is_empty() {
        return Ok(String::new());
    }
    Ok(format!(
        "{}的联系人：{}。\n",
        compound.name,
        names.join("、")
    ))
}

fn more(turn: &mut Turn<'_>) -> Reply {
    match turn.before.more.clone() {
        Some(rest) => {
            // The digits of the message that is being continued stay good.
            turn.dialog = Some(Dialog {
                more: None,
                until_ms: 0,
                ..turn.before.clone()
            });
            Reply { text: rest }
        }
        None => Reply::text(menu::show(turn, "没有更多内容了。")),
    }
}

fn forget_draft(turn: &mut Turn<'_>) -> Reply {
    let sentence = match turn.before.draft.take() {
        Some(draft) => format!("好的，“{}”不提交。", shorten(&draft, 20)),
        None => "好的。".to_owned(),
    };
    Reply::text(menu::show(turn, &sentence))
}

/// A text that was not understood: nothing of it is dropped, a digit files it.
pub fn offer(turn: &mut Turn<'_>, text: &str) -> String {
    let text = clean(text);
    let speaker = menu::speaker(&turn.actor);
    let (reply, dialog) = offer_of(lexicon(), &text, &lexicon().nearest(&text, speaker));
    turn.dialog = Some(dialog);
    reply
}

/// The same, with articles of the handbook that may answer it: number and title, behind the digits that file.
pub fn offer_with(turn: &mut Turn<'_>, text: &str, articles: &[(i64, String)]) -> String {
    let text = clean(text);
    let speaker = menu::speaker(&turn.actor);
    let nearest = lexicon().nearest(&text, speaker);
    let (reply, dialog) = offer_all(lexicon(), &text, &nearest, articles);
    turn.dialog = Some(dialog);
    reply
}

/// The offer, pure.
pub fn offer_of(lexicon: &Lexicon, text: &str, nearest: &[String]) -> (String, Dialog) {
    offer_all(lexicon, text, nearest, &[])
}

fn offer_all(
    lexicon: &Lexicon,
    text: &str,
    nearest: &[String],
    articles: &[(i64, String)],
) -> (String, Dialog) {
    let mut commands: Vec<String> = Vec::new();
    let mut line = String::new();
    for word in OFFERED.iter().filter(|word| lexicon.get(word).is_some()) {
        commands.push((*word).to_owned());
        let _ = write!(line, "{} {word}  ", commands.len());
    }
    for likely in nearest
        .iter()
        .filter(|line| !OFFERED.contains(&line.as_str()))
    {
        commands.push(likely.clone());
        let _ = write!(line, "\n{} 您是想说“{likely}”", commands.len());
    }
    for (id, title) in articles {
        commands.push(format!("手册 {id}"));
        let _ = write!(line, "\n{} 看手册“{title}”", commands.len());
    }
    let shown = shorten(text, 30);
    let reply = format!(
        "没看懂“{shown}”。要把这句话作为诉求提交吗？请回复数字：\n{}\n0 返回菜单",
        line.trim_end()
    );
    let dialog = Dialog {
        said: Some(text.to_owned()),
        ..Dialog::pick(commands)
    };
    (reply, dialog)
}

/// A digit that the menu does not have: the lines again, as far as they are known.
pub fn missed(turn: &mut Turn<'_>) -> String {
    let misses = turn.before.misses + 1;
    if misses >= 3 {
        return menu::show(turn, "没关系，我们从头来。");
    }
    let lines: Vec<String> = turn.before.choices.iter().map(choice_line).collect();
    turn.dialog = Some(Dialog {
        misses,
        until_ms: 0,
        ..turn.before.clone()
    });
    format!(
        "没有这个数字。请在下面选一个：\n{}\n0 返回菜单",
        lines.join("\n")
    )
}

fn choice_line(choice: &Choice) -> String {
    let shown = match choice.command.strip_prefix("菜单 ") {
        Some(_) => "更多功能".to_owned(),
        None => shorten(&choice.command, 20),
    };
    format!("{} {shown}", choice.digit)
}

/// Asks for the text of a command that came without.
pub fn ask(turn: &mut Turn<'_>, command: &Command) -> Option<String> {
    let question = command.asks?;
    let word = command.words.first().copied().unwrap_or_default();
    turn.dialog = Some(Dialog::ask(word));
    Some(format!("{question}\n（0 返回菜单）"))
}

/// Somebody unbound wants to do what needs a home; words to be filed are kept.
pub fn bind_first(turn: &mut Turn<'_>, command: &Command, rest: &str) -> String {
    let word = command.words.first().copied().unwrap_or_default();
    let text = clean(rest);
    let keep = command.asks.is_some() && !text.is_empty();
    let kept = if keep {
        format!(
            "您写的“{}”已经记下，绑好后会问您是否提交。\n",
            shorten(&text, 30)
        )
    } else {
        String::new()
    };
    // What was kept before is not lost for what comes now.
    let draft = keep.then(|| match &turn.before.draft {
        Some(draft) if draft.contains(&text) => draft.clone(),
        Some(draft) => format!("{}；{text}", shorten(draft, MOST_DRAFT)),
        None => format!("{word} {text}"),
    });
    turn.dialog = Some(Dialog {
        draft,
        ..Dialog::ask("绑定")
    });
    format!("请先绑定房号。{kept}{HOW_TO_BIND}\n紧急情况请直接拨打 110、119、120。")
}

/// The words of somebody who has been bound since: asked once more behind any other reply.
pub fn remind_of_draft(turn: &mut Turn<'_>) -> Option<String> {
    let draft = turn.before.draft.clone()?;
    let shown = shorten(&draft, 30);
    turn.dialog = Some(Dialog::pick([draft, "不提交".to_owned()]));
    Some(format!(
        "\n您之前写的“{shown}”还没有提交：回复 1 提交，2 不提交。"
    ))
}

/// What follows a refusal of a command that was named in this way: the question again, three times,
/// then the menu; or, when it came without arguments, the question.
pub fn after_refusal(command: &Command, rest: &str, way: Way, before: &Dialog) -> Refusal {
    let word = command.words.first().copied().unwrap_or_default();
    match way {
        Way::Prompt if before.misses + 1 >= 3 => Refusal::Menu,
        Way::Prompt => Refusal::Again(Dialog {
            misses: before.misses + 1,
            ..Dialog::ask(before.prompt.as_deref().unwrap_or(word))
        }),
        _ if rest.is_empty() && takes_arguments(command) => Refusal::Again(Dialog::ask(word)),
        // The menu that it was picked from stays good.
        Way::Pick => Refusal::Again(Dialog {
            until_ms: 0,
            ..before.clone()
        }),
        Way::Word => Refusal::Nothing,
    }
}

/// What follows a refusal.
pub enum Refusal {
    /// The menu.
    Menu,
    /// The question that waits next.
    Again(Dialog),
    /// Nothing more.
    Nothing,
}
