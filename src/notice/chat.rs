//! Chat commands of notices: 发布 紧急发布 更正公告 write a draft and show how many it would reach, a digit lets
//! it go out and another takes it back; 公告范围 撤回公告 广播进度 提醒未读 lead it; 公告 and 收到 are everybody's.

mod read;

use std::fmt::Write;

use entity::kinds::NoticeState;
use entity::{attachment, notice, place};
use sea_orm::{EntityTrait, QueryFilter, QueryOrder};

use crate::access::permit::{Deed, may, require_somewhere, roles};
use crate::base::fault::{Code, Fault};
use crate::base::page::Slice;
use crate::base::text::shorten;
use crate::chat::{Args, Command, Dialog, Reply, Turn, Who, staff};
use crate::notice::actions::{self, New, Words};
use crate::notice::audience::Scope;
use crate::notice::queries::{self, Progress};
use crate::notice::{MOST_TITLE, UNDO, mark_of, state_says, subject};
use crate::place::queries as places;

/// Notices that are looked through, and lines of the list that is shown of them.
const LOOK: u64 = 20;
const LINES: usize = 8;
/// What stands for a new line in the usage, and between a title and the body that is asked for.
const LINE: char = '⏎';
/// Other places that are offered for a draft.
const PLACES: usize = 6;
/// How it is written.
const HOW: &str =
    "请写标题，换一行写正文，例如：\n发布 周六停水\n11月28日8点到12点检修水箱，请提前存水。";

/// The table.
pub const COMMANDS: &[Command] = &[
    Command {
        asks: Some("请写标题，换一行写正文。"),
        ..staff(
            &["发布", "发公告"],
            "发布 标题⏎正文",
            "发公告",
            |turn, args| Box::pin(write(turn, args, false)),
        )
    },
    Command {
        asks: Some("请写标题，换一行写正文。"),
        ..staff(
            &["紧急发布"],
            "紧急发布 标题⏎正文",
            "发紧急公告，夜里也送",
            |turn, args| Box::pin(write(turn, args, true)),
        )
    },
    staff(
        &["确认发布"],
        "确认发布 编号",
        "把草稿发出去",
        |turn, args| Box::pin(publish(turn, args)),
    ),
    staff(
        &["公告范围"],
        "公告范围 编号 楼栋",
        "改草稿发给哪里",
        |turn, args| Box::pin(rescope(turn, args)),
    ),
    staff(
        &["撤回公告"],
        "撤回公告 编号",
        "撤回公告",
        |turn, args| Box::pin(recall(turn, args)),
    ),
    staff(
        &["更正公告"],
        "更正公告 编号 标题⏎正文",
        "发更正后的新一版",
        |turn, args| Box::pin(correct(turn, args)),
    ),
    staff(
        &["广播进度"],
        "广播进度 编号",
        "看公告送到多少人",
        |turn, args| Box::pin(progress(turn, args)),
    ),
    staff(
        &["提醒未读"],
        "提醒未读 编号",
        "再提醒没读的人",
        |turn, args| Box::pin(repeat(turn, args)),
    ),
    // Without a space: a sentence that only begins like it is none.
    Command {
        who: Who::Bound,
        ..staff(
            &["公告", "通知公告"],
            "公告[编号]",
            "看小区公告",
            |turn, args| Box::pin(read::show(turn, args)),
        )
    },
    Command {
        who: Who::Bound,
        ..staff(
            &["收到"],
            "收到[编号]",
            "公告看到了",
            |turn, args| Box::pin(read::acknowledge(turn, args)),
        )
    },
];

/// First line and the rest; the sign of the usage is a new line, too.
fn parts(text: &str) -> Option<(&str, &str)> {
    let (title, body) = text.trim().split_once(['\n', LINE])?;
    let (title, body) = (title.trim(), body.trim());
    (!title.is_empty() && !body.is_empty()).then_some((title, body))
}

/// The title was written alone: the next text is its body.
fn ask_body(turn: &mut Turn<'_>, command: &str, title: &str) -> Reply {
    turn.dialog = Some(Dialog::ask(format!("{command} {title}{LINE}")));
    Reply::text(format!(
        "标题是“{}”。请接着写正文，或者重新写：标题，换一行写正文（0 返回菜单）",
        shorten(title, 40)
    ))
}

/// A command that came without a number: the notices that it may mean, the newest first, each for a digit.
async fn which(
    turn: &mut Turn<'_>,
    word: &str,
    fits: fn(NoticeState) -> bool,
) -> Result<Reply, Fault> {
    require_somewhere(&turn.actor, Deed::PublishNotices)?;
    let slice = Slice::first(LOOK);
    let page = queries::page(turn.tx.db(), &turn.actor, slice).await?;
    let mut lines = Vec::new();
    // What is published is followed like the others, and changed by nobody.
    let follows = matches!(word, "广播进度" | "提醒未读");
    let fit = |row: &&notice::Model| fits(row.state) && (follows || row.about.is_none());
    for row in page.items.iter().filter(fit) {
        match queries::led(turn.tx.db(), &turn.actor, row.id).await {
            // Some of them are only read where one goes to doors.
            Err(fault) if fault.code == Code::NotFound => continue,
            led => led?,
        };
        let line = format!("#{} {}（{}）", row.id, row.title, state_says(row.state));
        lines.push((format!("{word} {}", row.id), line));
        if lines.len() == LINES {
            break;
        }
    }
    if lines.is_empty() {
        return Ok(Reply::text(format!("现在没有可以{word}的公告。")));
    }
    let which = match word {
        "公告范围" => "要改哪条公告的范围？".to_owned(),
        "广播进度" => "要看哪条公告的进度？".to_owned(),
        "提醒未读" => "要再提醒哪条公告？".to_owned(),
        _ => format!("要{}哪条公告？", word.trim_end_matches("公告")),
    };
    Ok(turn.offer_list(&which, lines))
}

const fn is_draft(state: NoticeState) -> bool {
    matches!(state, NoticeState::Draft)
}

const fn is_out(state: NoticeState) -> bool {
    use NoticeState::{Sending, Sent, Undoable};
    matches!(state, Undoable | Sending | Sent)
}

const fn holds(state: NoticeState) -> bool {
    matches!(state, NoticeState::Sending | NoticeState::Sent)
}

const fn is_sent(state: NoticeState) -> bool {
    matches!(state, NoticeState::Sent)
}

const fn is_published(state: NoticeState) -> bool {
    !is_draft(state)
}

async fn write(turn: &mut Turn<'_>, args: &Args, urgent: bool) -> Result<Reply, Fault> {
    let mut own: Vec<(i64, String)> = turn
        .actor
        .grants
        .iter()
        .filter(|grant| roles(Deed::PublishNotices).contains(&grant.role))
        .filter_map(|grant| Some((grant.place_id?, grant.path.clone())))
        .collect();
    own.sort_by_key(|(id, path)| (path.len(), *id));
    own.dedup();
    let Some((place_id, _)) = own.first().cloned() else {
        return Err(Fault::forbidden(
            "公告由业委会主任、物业经理、社区书记或街道发布，您可以请他们发。",
        ));
    };
    let command = if urgent { "紧急发布" } else { "发布" };
    let Some((title, body)) = parts(&args.raw) else {
        let title = args.raw.trim_end_matches(LINE).trim();
        if (1..=MOST_TITLE).contains(&title.chars().count()) {
            return Ok(ask_body(turn, command, title));
        }
        turn.dialog = Some(Dialog::ask(command));
        return Ok(Reply::text(HOW));
    };
    let new = New {
        place_id,
        title: title.to_owned(),
        body: body.to_owned(),
        urgent,
        scope: Scope::default(),
        repeat_hours: None,
        rewrites: None,
    };
    let row = actions::draft(turn.tx, &turn.actor, new).await?;
    turn.adopt_attachments(&subject(row.id), row.compound_id)
        .await?;
    let others = own.into_iter().skip(1).map(|(id, _)| id).collect();
    preview(turn, &row, others).await
}

/// What is shown before it goes out: to whom, and how many they are.
async fn preview(
    turn: &mut Turn<'_>,
    row: &notice::Model,
    others: Vec<i64>,
) -> Result<Reply, Fault> {
    let id = row.id;
    let place = places::by_id(turn.tx.db(), row.place_id).await?;
    let name = match &place {
        Some(place) => places::name_of(turn.tx.db(), place).await?,
        None => String::new(),
    };
    let part = part_of(turn, place.as_ref()).await?;
    let mut text = format!(
        "公告 #{id} 预览：\n{}{}\n{}\n发给：{name}，{}\n",
        mark_of(row),
        row.title,
        shorten(&row.body, 120),
        counted(row.counted, row.reachable)
    );
    text.push_str(&files_say(&queries::files(turn.tx.db(), row).await?));
    let mut picks = vec![format!("确认发布 {id}")];
    text.push_str("回复数字：1 确认发布");
    for other in others.into_iter().take(PLACES) {
        let Some(place) = places::by_id(turn.tx.db(), other).await? else {
            continue;
        };
        picks.push(format!("公告范围 {id} {}", place.code));
        let _ = write!(text, "  {} 改发{}", picks.len(), place.name);
    }
    let _ = match part {
        Some((says, code)) => write!(
            text,
            "\n只发{says}：回复“公告范围 {id} {code}”。不发就不用回复。"
        ),
        None => write!(text, "\n不发就不用回复。"),
    };
    turn.dialog = Some(Dialog::pick(picks));
    Ok(Reply::text(text))
}

/// A part of a place, as an example: what it is, and how it is typed.
async fn part_of(
    turn: &Turn<'_>,
    place: Option<&place::Model>,
) -> Result<Option<(String, String)>, Fault> {
    let Some(place) = place else {
        return Ok(None);
    };
    if place.compound_id.is_some() {
        return Ok(Some(("一栋".to_owned(), "1栋".to_owned())));
    }
    let below = place::Entity::find()
        .filter(places::compounds_below(&place.path))
        .order_by_asc(place::COLUMN.code)
        .one(turn.tx.db())
        .await?;
    Ok(below.map(|compound| (compound.name, compound.code)))
}

/// `照片：2张\n文件：1个\n`; nothing when there are none.
fn files_say(files: &[attachment::Model]) -> String {
    let photos = files.iter().filter(|file| file.kind == "image").count();
    let mut text = String::new();
    if photos > 0 {
        let _ = writeln!(text, "照片：{photos}张");
    }
    if files.len() > photos {
        let _ = writeln!(text, "文件：{}个", files.len() - photos);
    }
    text
}

/// `486人，其中23人没有微信，要上门告诉`
fn counted(people: i64, reachable: i64) -> String {
    match people - reachable {
        0 => format!("{people}人"),
        some => format!("{people}人，其中{some}人没有微信，要上门告诉"),
    }
}

async fn publish(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
    let Some((id, _)) = args.number() else {
        return which(turn, "确认发布", is_draft).await;
    };
    let row = actions::publish(turn.tx, &turn.actor, id).await?;
    // The digit that published must not call it back when it is typed twice.
    turn.dialog = Some(Dialog::pick([
        format!("广播进度 {id}"),
        format!("撤回公告 {id}"),
    ]));
    Ok(Reply::text(format!(
        "公告 #{id} {}秒后发给{}。回复 1 看进度；要撤销请马上回复 2。",
        UNDO.num_seconds(),
        counted(row.counted, row.reachable)
    )))
}

async fn rescope(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
    let Some((id, typed)) = args.number() else {
        return which(turn, "公告范围", is_draft).await;
    };
    let row = queries::led(turn.tx.db(), &turn.actor, id).await?;
    if typed.raw.is_empty() {
        turn.dialog = Some(Dialog::ask(format!("公告范围 {id}")));
        return Ok(Reply::text("发给哪一栋？请写楼栋，例如：1栋"));
    }
    let none = || Fault::not_found("没有找到这个地点，请写楼栋或编号，例如 1栋 或 GY/1。");
    let mut place = places::by_code(turn.tx.db(), &typed.raw).await?;
    if place.is_none()
        && let Some(compound_id) = row.compound_id
        && let Some(compound) = places::by_id(turn.tx.db(), compound_id).await?
    {
        place = places::by_local_code(turn.tx.db(), &compound, &typed.raw).await?;
    }
    let place = place
        .filter(|place| may(&turn.actor, Deed::PublishNotices, &place.path))
        .ok_or_else(none)?;
    let row = actions::rescope(turn.tx, &turn.actor, id, place.id).await?;
    preview(turn, &row, Vec::new()).await
}

async fn recall(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
    let Some((id, _)) = args.number() else {
        return which(turn, "撤回公告", is_out).await;
    };
    let row = actions::recall(turn.tx, &turn.actor, id).await?;
    Ok(Reply::text(if row.state == NoticeState::Undone {
        format!("公告 #{id} 已撤销，没有人收到。")
    } else {
        format!("公告 #{id} 已撤回，没发到的不再发，点开链接的人会看到“已撤回”。")
    }))
}

async fn correct(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
    let Some((id, rest)) = args.number() else {
        return which(turn, "更正公告", holds).await;
    };
    let Some((title, body)) = parts(&rest.raw) else {
        queries::led(turn.tx.db(), &turn.actor, id).await?;
        let title = rest.raw.trim_end_matches(LINE).trim();
        if (1..=MOST_TITLE).contains(&title.chars().count()) {
            return Ok(ask_body(turn, &format!("更正公告 {id}"), title));
        }
        turn.dialog = Some(Dialog::ask(format!("更正公告 {id}")));
        return Ok(Reply::text("请写更正后的标题，换一行写正文。"));
    };
    let words = Words {
        title,
        body,
        files: turn.before.photos_until_ms > 0,
    };
    let row = actions::correct(turn.tx, &turn.actor, id, words).await?;
    turn.adopt_attachments(&subject(row.id), row.compound_id)
        .await?;
    preview(turn, &row, Vec::new()).await
}

async fn progress(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
    let Some((id, _)) = args.number() else {
        return which(turn, "广播进度", is_published).await;
    };
    let row = queries::led(turn.tx.db(), &turn.actor, id).await?;
    let far = queries::progress(turn.tx.db(), &row).await?;
    let mut picks = Vec::new();
    if row.state == NoticeState::Sent && far.read < far.reachable {
        picks.push(format!("提醒未读 {id}"));
    }
    let mut text = format!(
        "公告 #{id}“{}”：{}\n{}",
        row.title,
        state_says(row.state),
        bar(&far)
    );
    if !picks.is_empty() {
        text.push_str("\n回复 1 再提醒没读的人。");
        turn.dialog = Some(Dialog::pick(picks));
    }
    Ok(Reply::text(text))
}

/// The figures of a broadcast in two lines: in the first everybody is counted once.
fn bar(far: &Progress) -> String {
    let mut text = format!(
        "收件人{}：已发出{}，等待{}，没送到{}",
        far.people, far.sent, far.waiting, far.failed
    );
    for (says, many) in [
        ("不用再发", far.dropped),
        ("以前已读", far.earlier),
        ("没有微信要上门", far.people - far.reachable),
    ] {
        if many > 0 {
            let _ = write!(text, "，{says}{many}");
        }
    }
    if far.waiting > 0 {
        let _ = write!(text, "（已发完{}%）", far.percent());
    }
    let _ = write!(text, "。\n其中已读{}，收到{}。", far.read, far.acknowledged);
    text
}

async fn repeat(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
    let Some((id, _)) = args.number() else {
        return which(turn, "提醒未读", is_sent).await;
    };
    actions::repeat(turn.tx, &turn.actor, id).await?;
    Ok(Reply::text(format!(
        "正在再提醒没读公告 #{id} 的人，读过的不会再收到。回复“广播进度 {id}”看进度。"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_the_first_line_everybody_is_counted_once() {
        let far = Progress {
            people: 94,
            reachable: 3,
            read: 1,
            sent: 2,
            earlier: 1,
            ..Progress::default()
        };
        assert_eq!(
            bar(&far),
            "收件人94：已发出2，等待0，没送到0，以前已读1，没有微信要上门91。\n其中已读1，收到0。"
        );
    }

    #[test]
    fn a_title_is_the_first_line() {
        assert_eq!(parts("停水\n周六\n八点"), Some(("停水", "周六\n八点")));
        assert_eq!(parts("停水⏎ 周六"), Some(("停水", "周六")));
        for text in ["", "停水", "停水\n", "\n周六", " \n "] {
            assert_eq!(parts(text), None, "{text:?}");
        }
    }
}
