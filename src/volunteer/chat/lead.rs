//! What whoever leads types: 发起志愿 取消志愿 确认工时.

use entity::life::{ServiceState, VolunteerTaskState};

use super::{listed, which};
use crate::access::permit::{Deed, require_somewhere, roles};
use crate::activity::span_says;
use crate::activity::written::{lines, people, unread};
use crate::base::fault::Fault;
use crate::base::text::shorten;
use crate::chat::{Args, Dialog, Reply, Turn};
use crate::volunteer::actions::{self, NewTask};
use crate::volunteer::hours::says;
use crate::volunteer::queries::{self, Part, Seen, Which};

/// Parts that are looked through.
const MOST_PARTS: u64 = 500;
/// People whose hours a line names.
const MOST_NAMED: usize = 4;

/// How a task is written.
pub(super) const HOW: &str = "请这样写，四行：\n楼道大扫除\n12月5日 9:00-11:00\n3栋门口\n5人";

/// Stands in front of lines that were shown and are to be published, with the beginning that was shown (ms).
const SURE: &str = "确认发布";

/// Four lines are shown first; a digit brings them back and publishes them.
pub(super) async fn post(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
    let grants = turn.actor.grants.iter();
    let mut own: Vec<(usize, i64)> = grants
        .filter(|grant| roles(Deed::LeadActivities).contains(&grant.role))
        .filter(|grant| grant.compound_id.is_some())
        .filter_map(|grant| Some((grant.path.len(), grant.place_id?)))
        .collect();
    own.sort_unstable();
    let Some((_, place_id)) = own.first().copied() else {
        return Err(Fault::forbidden(
            "志愿任务由楼栋长、网格员、业委会、物业经理发起；街道和社区请在工作台的“志愿者”里选小区。",
        ));
    };
    let (shown, text) = match args.raw.strip_prefix(SURE) {
        Some(behind) => behind.split_once('\n').unwrap_or((behind, "")),
        None => ("", args.raw.as_str()),
    };
    let read = lines(text, turn.now());
    let wanted = read.as_ref().and_then(|read| read.rest.first());
    let wanted = wanted.and_then(|line| people(line));
    let (Some(read), Some(wanted)) = (read, wanted) else {
        return Ok(unread(turn, "发起志愿", text, HOW));
    };
    let new = NewTask {
        title: read.title,
        venue: read.venue,
        starts_at: read.starts,
        ends_at: read.ends,
        wanted,
    };
    // «明天» is another day once midnight has passed: then it is shown anew.
    let stamp = read.starts.timestamp_millis();
    if shown.trim().parse() != Ok(stamp) {
        let new = new.check(turn.tx)?;
        return Ok(preview(turn, &new, &format!("{SURE} {stamp}\n{text}")));
    }
    let task = actions::post(turn.tx, &turn.actor, place_id, None, new).await?;
    let id = task.id;
    // The digit that published must not call it off when it is typed twice.
    turn.dialog = Some(Dialog::pick([
        format!("志愿服务 {id}"),
        format!("取消志愿 {id} 写错了"),
    ]));
    Ok(Reply::text(format!(
        "志愿任务 #{id}“{}”发出来了：{}，{}，要{}人。志愿者回复“领任务 {id}”。\n回复数字：1 看任务  2 写错了，撤回",
        task.title,
        span_says(task.starts_at, task.ends_at),
        task.venue,
        task.wanted
    )))
}

/// What is shown before people know of it.
fn preview(turn: &mut Turn<'_>, new: &NewTask, sure: &str) -> Reply {
    turn.dialog = Some(Dialog::pick([
        format!("发起志愿 {sure}"),
        "发起志愿".to_owned(),
    ]));
    Reply::text(format!(
        "志愿任务预览：{}\n时间：{}\n地点：{}\n要{}人。\n回复数字：1 确认发布  2 重写（不发了回复 0）",
        new.title,
        span_says(new.starts_at, new.ends_at),
        new.venue,
        new.wanted
    ))
}

async fn led(turn: &Turn<'_>) -> Result<Vec<Seen>, Fault> {
    require_somewhere(&turn.actor, Deed::LeadActivities)?;
    listed(turn, Which::Led).await
}

pub(super) async fn cancel(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
    let Some((id, reason)) = args.number() else {
        let mut seen = led(turn).await?;
        seen.retain(|one| one.task.state == VolunteerTaskState::Open);
        return Ok(which(turn, args, "取消志愿", &seen, "没有可以取消的任务。"));
    };
    if reason.raw.is_empty() {
        queries::led(turn.tx.db(), &turn.actor, id).await?;
        turn.dialog = Some(Dialog::ask(format!("取消志愿 {id}")));
        return Ok(Reply::text(
            "请写明原因，领了的人会看到，例如：下雨，改天再做",
        ));
    }
    actions::cancel(turn.tx, &turn.actor, id, &reason.raw).await?;
    Ok(Reply::text(format!(
        "志愿任务 #{id} 已取消，领了的人会收到通知和原因。"
    )))
}

pub(super) async fn confirm(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
    let Some((id, _)) = args.number() else {
        return unconfirmed(turn, args).await;
    };
    let waiting = queries::parts(turn.tx.db(), &[id], MOST_PARTS).await?;
    let waiting: Vec<Part> = waiting
        .into_iter()
        .filter(|part| waits(part, turn.actor.person_id()))
        .collect();
    let count = actions::confirm_all(turn.tx, &turn.actor, id).await?;
    Ok(Reply::text(match count {
        0 => format!("志愿任务 #{id} 没有等您确认的时长。自己的要由别人确认。"),
        some => format!(
            "志愿任务 #{id} 的{some}人时长已确认：{}。他们会收到通知，谢谢您！",
            served(&waiting)
        ),
    }))
}

/// Whether its hours wait for somebody who is not the one who served.
fn waits(part: &Part, confirmer: Option<i64>) -> bool {
    part.service.state == ServiceState::Ended && part.service.person_id != confirmer
}

/// `张秀英 2小时5分、李建国 1小时`
fn served(parts: &[Part]) -> String {
    let each = parts.iter().take(MOST_NAMED).map(|part| {
        let minutes = part.service.minutes.unwrap_or_default();
        format!("{} {}", part.name, says(minutes.into()))
    });
    let more = match parts.len() > MOST_NAMED {
        true => format!("等{}人", parts.len()),
        false => String::new(),
    };
    format!("{}{more}", each.collect::<Vec<_>>().join("、"))
}

/// The tasks of which hours wait, with who served how long: a digit confirms those of one.
async fn unconfirmed(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
    let seen = led(turn).await?;
    let ids: Vec<i64> = seen.iter().map(|one| one.task.id).collect();
    let person = turn.actor.person_id();
    let mut parts = queries::unconfirmed(turn.tx.db(), &ids, MOST_PARTS).await?;
    parts.retain(|part| waits(part, person));
    let lines: Vec<(String, String)> = seen
        .iter()
        .filter_map(|one| {
            let task = &one.task;
            let own = parts.iter().filter(|part| part.service.task_id == task.id);
            let own: Vec<Part> = own.cloned().collect();
            let line = format!(
                "#{} {}：{}",
                task.id,
                shorten(&task.title, 16),
                served(&own)
            );
            (!own.is_empty()).then(|| (format!("确认工时 {}", task.id), line))
        })
        .collect();
    let Some(at) = args.page().filter(|_| !lines.is_empty()) else {
        return Ok(which(
            turn,
            args,
            "确认工时",
            &[],
            "现在没有等您确认的时长。",
        ));
    };
    let shown = turn.list_page("确认工时", at, &lines, false);
    Ok(Reply::text(format!(
        "等您确认的时长，对的就回复前面的数字：\n{shown}\n时间不对的请在工作台的“志愿者”里改。"
    )))
}
