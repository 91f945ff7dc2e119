//! What everybody does with notices by chat: 公告 and 收到. The table is in `chat.rs`.

use std::fmt::Write;

use entity::kinds::NoticeState;

use crate::base::clock::say;
use crate::base::fault::{Code, Fault};
use crate::base::page::Slice;
use crate::base::text::shorten;
use crate::chat::pages::older;
use crate::chat::{Args, Dialog, Reply, Turn};
use crate::notice::queries::{self, Received};
use crate::notice::{actions, link, mark_of};

/// Lines of the list: a digit picks.
const MOST: u64 = 8;
/// Characters of a body in a reply.
const SHOWN: usize = 500;

/// «公告»: those that the person has got, one of them, or those that are older than one.
pub(super) async fn show(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
    let person_id = turn.actor.require_person()?;
    match (args.older(), args.number()) {
        (Some(last), _) => list(turn, person_id, Some(last)).await,
        (None, Some((id, _))) => one(turn, person_id, id).await,
        (None, None) => list(turn, person_id, None).await,
    }
}

async fn list(turn: &mut Turn<'_>, person_id: i64, before: Option<i64>) -> Result<Reply, Fault> {
    let slice = Slice {
        before,
        limit: MOST,
    };
    let page = queries::inbox(turn.tx.db(), person_id, slice).await?;
    let Some(last) = page.items.last().map(|one| one.notice.id) else {
        return Ok(Reply::text(match before {
            None => "您还没有收到过公告。有新公告会发给您。",
            Some(_) => "没有更早的公告了。回复“公告”看最新的。",
        }));
    };
    let shown = page.items.iter();
    let shown = shown.map(|one| (format!("公告 {}", one.notice.id), line(one)));
    let mut lines: Vec<(String, String)> = shown.collect();
    if page.next.is_some() {
        lines.push(older("公告", last, "更早的公告"));
    }
    let lines = turn.numbered(lines);
    Ok(Reply::text(format!(
        "小区公告：\n{lines}\n回复前面的数字看全文。"
    )))
}

fn line(one: &Received) -> String {
    let row = &one.notice;
    let state = match (row.state, one.own.read_at) {
        (NoticeState::Recalled, _) => "已撤回",
        (_, None) => "未读",
        _ => "已读",
    };
    let day = say(row.published_at.unwrap_or(row.created_at));
    format!("{}{}（{day}，{state}）", mark_of(row), row.title)
}

async fn one(turn: &mut Turn<'_>, person_id: i64, id: i64) -> Result<Reply, Fault> {
    let row = match queries::received(turn.tx.db(), person_id, id).await {
        Ok(found) => found.notice,
        // Whoever leads it need not be one of its recipients.
        Err(fault) if fault.code == Code::NotFound => {
            queries::led(turn.tx.db(), &turn.actor, id).await?
        }
        Err(fault) => return Err(fault),
    };
    if row.state == NoticeState::Recalled {
        let at = row.recalled_at.map(say).unwrap_or_default();
        return Ok(Reply::text(format!(
            "公告 #{id}“{}”已于{at}撤回，请以之后的公告为准。",
            row.title
        )));
    }
    actions::read(turn.tx, id, person_id).await?;
    let mut text = format!(
        "公告 #{id}\n{}{}\n{}\n{}\n",
        mark_of(&row),
        row.title,
        say(row.published_at.unwrap_or(row.created_at)),
        shorten(&row.body, SHOWN)
    );
    if let Some(newer) = queries::newer(turn.tx.db(), id).await? {
        let _ = writeln!(text, "这条已更正，请看新的一版：回复“公告 {}”。", newer.id);
    }
    let _ = write!(
        text,
        "全文和照片：{}\n看到了请回复 1（收到）。",
        link::own(turn.app, id, person_id)
    );
    turn.dialog = Some(Dialog::pick([format!("收到 {id}")]));
    Ok(Reply::text(text))
}

/// «收到»
pub(super) async fn acknowledge(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
    let person_id = turn.actor.require_person()?;
    let id = match args.number() {
        Some((id, _)) => Some(id),
        None => queries::unacknowledged(turn.tx.db(), person_id)
            .await?
            .map(|row| row.id),
    };
    // People say it to anything.
    let Some(id) = id else {
        return Ok(Reply::text("好的，谢谢您。回复“菜单”看能办什么。"));
    };
    let row = queries::received(turn.tx.db(), person_id, id).await?.notice;
    actions::acknowledge(turn.tx, id, person_id).await?;
    Ok(Reply::text(format!(
        "已记下您收到公告 #{id}“{}”，谢谢您！",
        row.title
    )))
}
