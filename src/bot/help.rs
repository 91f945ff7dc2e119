//! The bot's own commands (help, menu, a human, more, not now) and its kind sentences when something
//! is not understood, missing or not allowed. Called by `bot/answer.rs`.

use std::fmt::Write as _;

use entity::kinds::RoleKind;
use entity::place;
use sea_orm::EntityTrait;

use crate::access::holders::{self, holders};
use crate::base::fault::{Code, Fault};
use crate::base::text::{clean, shorten};
use crate::bot::understand::{Way, takes_arguments};
use crate::bot::{Lexicon, lexicon, menu};
use crate::chat::{Args, Choice, Command, Dialog, FILINGS, Reply, Turn, Who};
use crate::handbook::sure::asks;
use crate::organisation::queries as organisations;
use crate::person::chat::HOW_TO_ASK;
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
/// How often in a row a question is asked before the menu comes.
const MOST_MISSES: i64 = 3;

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
            "人工服务",
            "转人工服务",
            "找人工",
            "真人",
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
    if let Some(page) = menu::page_of(lexicon(), args) {
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
fn human<'a>(turn: &'a mut Turn<'_>, args: &'a Args) -> BoxFuture<'a, Result<Reply, Fault>> {
    Box::pin(async move {
        let mut text = String::new();
        let stewards = lexicon().get("我的管家");
        if !turn.actor.homes.is_empty()
            && let Some(command) = stewards
        {
            let reply = (command.run)(turn, &Args::default()).await?;
            // How to ask for help stands below, once.
            text.push_str(reply.text.trim_end_matches(HOW_TO_ASK).trim_end());
        } else {
            text.push_str(&contacts(turn).await?);
            if !turn.actor.is_staff() {
                text.push_str("绑定房号后，这里会显示您的楼栋管家。");
                text.push_str(HOW_TO_BIND);
            }
        }
        // What was written behind the word is not lost.
        let said = Some(&args.raw).filter(|words| !words.is_empty());
        let one = match said {
            Some(words) => format!("把“{}”作为求助提交", shorten(words, 20)),
            None => "写下求助内容".to_owned(),
        };
        let _ = write!(
            text,
            "\n回复 1 {one}，会马上通知管家；0 返回菜单。\n紧急情况请直接拨打 110、119、120。"
        );
        turn.dialog = Some(Dialog {
            said: said.cloned(),
            ..Dialog::pick(["求助"])
        });
        Ok(Reply {
            text: text.trim_start().to_owned(),
        })
    })
}

/// Who answers for the compound that a stranger has scanned, or for what somebody in office answers for, too:
/// names and posts, which hang in every stairway, and no phones.
async fn contacts(turn: &Turn<'_>) -> Result<String, Fault> {
    let posts = turn.actor.grants.iter();
    let posts = posts.filter_map(|grant| grant.compound_id.or(grant.place_id));
    let Some(place) = turn.account.compound_id.or(posts.min()) else {
        return Ok(String::new());
    };
    let db = turn.tx.db();
    let Some(place) = place::Entity::find_by_id(place).one(db).await? else {
        return Ok(String::new());
    };
    let found = holders(db, &place.path, CONTACTS, turn.now()).await?;
    let names: Vec<String> = found
        .iter()
        .filter(|holder| turn.actor.person_id() != Some(holder.person_id))
        .take(5)
        .map(|holder| format!("{}（{}）", holder.name, holders::says(holder.role)))
        .collect();
    let mut text = String::new();
    for phone in organisations::phones(db, &place).await?.iter().take(3) {
        let _ = writeln!(text, "{phone}");
    }
    if !names.is_empty() {
        let _ = writeln!(text, "{}的联系人：{}。", place.name, names.join("、"));
    }
    Ok(text)
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
    for word in FILINGS.iter().filter(|word| lexicon.get(word).is_some()) {
        commands.push((*word).to_owned());
        let _ = write!(line, "{} {word}  ", commands.len());
    }
    for likely in nearest
        .iter()
        .filter(|line| !FILINGS.contains(&line.as_str()))
    {
        commands.push(likely.clone());
        let _ = write!(line, "\n{} 您是想说“{likely}”", commands.len());
    }
    for (id, title) in articles {
        commands.push(format!("手册 {id}"));
        let _ = write!(line, "\n{} 看手册“{title}”", commands.len());
    }
    let shown = shorten(text, 30);
    // Where the handbook knows of it, it was understood.
    let head = match articles {
        [(_, title), ..] if asks(text) => format!("“{shown}”：您是不是想问“{title}”？"),
        _ => format!("没看懂“{shown}”。"),
    };
    let reply = format!(
        "{head}要把这句话作为诉求提交吗？请回复数字：\n{}\n0 返回菜单",
        line.trim_end()
    );
    let dialog = Dialog {
        said: Some(text.to_owned()),
        ..Dialog::pick(commands)
    };
    (reply, dialog)
}

/// An answer that does not fit: the question again, as far as it is known, behind a sentence; the third time in
/// a row, and where nothing was asked, the menu.
pub fn again(turn: &mut Turn<'_>, sentence: &str) -> String {
    let Some(question) = question(&turn.before) else {
        return menu::show(turn, sentence);
    };
    let misses = turn.before.misses + 1;
    if misses >= MOST_MISSES {
        return menu::show(turn, "没关系，我们从头来。");
    }
    turn.dialog = Some(Dialog {
        misses,
        until_ms: 0,
        ..turn.before.clone()
    });
    format!("{sentence}{question}")
}

/// What waits, in words; none when nothing does.
pub fn question(before: &Dialog) -> Option<String> {
    if let Some(prompt) = before.prompt.as_deref() {
        let asked = lexicon().read(prompt);
        return Some(match asked {
            Some((
                Command {
                    asks: Some(asks), ..
                },
                "",
            )) => format!("{asks}\n（0 返回菜单）"),
            Some((command, "")) => format!("格式：{}（0 返回菜单）", command.usage),
            _ => format!("您写的会接在“{prompt}”后面（0 返回菜单）"),
        });
    }
    if before.choices.is_empty() {
        return None;
    }
    let lines: Vec<String> = before.choices.iter().map(choice_line).collect();
    let lines = lines.join("\n");
    Some(format!("请在下面选一个：\n{lines}\n0 返回菜单"))
}

/// A command that was answered and has put the same question again: the third time in a row the menu comes
/// in place of it, behind what it said. Words that are offered to be filed stay; the question alone is over.
pub fn after_asking_again(turn: &mut Turn<'_>, reply: &str) -> Option<String> {
    let asked = turn.dialog.as_mut()?;
    if asked.prompt.is_none() || asked.prompt != turn.before.prompt {
        return None;
    }
    asked.misses = turn.before.misses + 1;
    if asked.misses < MOST_MISSES {
        return None;
    }
    if asked.said.is_some() {
        asked.prompt = None;
        asked.misses = 0;
        return None;
    }
    Some(menu::show(turn, reply))
}

fn choice_line(choice: &Choice) -> String {
    if let Some(label) = &choice.label {
        return format!("{} {}", choice.digit, shorten(label, 40));
    }
    let shown = match choice.command.strip_prefix("菜单 ") {
        // The page's number is nobody's concern.
        Some(page) => page
            .split_once(' ')
            .map_or(page, |(_, name)| name)
            .to_owned(),
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
/// then the menu; or, when it came without arguments, the question. Where another answer would be refused, too,
/// nothing is asked again, and the words are offered to be filed.
pub fn after_refusal(
    command: &Command,
    rest: &str,
    way: Way,
    before: &Dialog,
    code: Code,
) -> Refusal {
    let word = command.words.first().copied().unwrap_or_default();
    let is_over = matches!(code, Code::Forbidden | Code::WrongStep | Code::Conflict);
    let prompt = before.prompt.as_deref().unwrap_or(word);
    let misses = before.misses + 1;
    let asked = (misses < MOST_MISSES).then(|| Dialog {
        misses,
        ..Dialog::ask(prompt)
    });
    match way {
        Way::Prompt if is_over => Refusal::Words(None),
        // It may be gone, or what was written is not there.
        Way::Prompt if code == Code::NotFound && prompt.contains(' ') => Refusal::Words(asked),
        Way::Prompt => asked.map_or(Refusal::Menu, Refusal::Again),
        _ if rest.is_empty() && takes_arguments(command) => Refusal::Again(Dialog::ask(word)),
        // The menu that it was picked from stays good.
        Way::Pick => Refusal::Again(Dialog {
            until_ms: 0,
            ..before.clone()
        }),
        Way::Word => Refusal::Nothing,
    }
}

/// Says why, and offers the words to be filed that were the answer to a question.
pub fn keep_words(turn: &mut Turn<'_>, why: &str, rest: &str, asked: Option<Dialog>) -> String {
    let prompt = turn.before.prompt.clone().unwrap_or_default();
    let behind = lexicon().read(&prompt).map_or("", |(_, behind)| behind);
    let words = rest.strip_prefix(behind).unwrap_or(rest).trim().to_owned();
    if !words.chars().any(char::is_alphabetic) {
        return menu::show(turn, why);
    }
    let more = match asked {
        Some(_) => "可以再写一次。",
        None => "",
    };
    let reply = turn.offer_to_file(&format!("{why}\n{more}您写的没有丢，"), &words, &[]);
    if let (Some(asked), Some(offered)) = (asked, turn.dialog.as_mut()) {
        offered.prompt = asked.prompt;
        offered.misses = asked.misses;
    }
    reply.text
}

/// What follows a refusal.
pub enum Refusal {
    /// The menu.
    Menu,
    /// The question that waits next.
    Again(Dialog),
    /// The words are offered to be filed; the question goes on beside it if there is one.
    Words(Option<Dialog>),
    /// Nothing more.
    Nothing,
}
