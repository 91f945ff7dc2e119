//! What whoever leads types: 发起志愿 取消志愿 确认工时.

use entity::life::VolunteerTaskState;

use super::{listed, which};
use crate::access::permit::{Deed, require_somewhere, roles};
use crate::activity::span_says;
use crate::activity::written::{lines, people, unread};
use crate::base::fault::Fault;
use crate::chat::{Args, Dialog, Reply, Turn};
use crate::volunteer::actions::{self, NewTask};
use crate::volunteer::queries::{self, Seen, Which};

/// How a task is written.
pub(super) const HOW: &str = "请这样写，四行：\n楼道大扫除\n12月5日 9:00-11:00\n3栋门口\n5人";

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
    let read = lines(&args.raw, turn.now());
    let wanted = read.as_ref().and_then(|read| read.rest.first());
    let wanted = wanted.and_then(|line| people(line));
    let (Some(read), Some(wanted)) = (read, wanted) else {
        return Ok(unread(turn, "发起志愿", &args.raw, HOW));
    };
    let new = NewTask {
        title: read.title,
        venue: read.venue,
        starts_at: read.starts,
        ends_at: read.ends,
        wanted,
    };
    let task = actions::post(turn.tx, &turn.actor, place_id, None, new).await?;
    let id = task.id;
    turn.dialog = Some(Dialog::pick([format!("取消志愿 {id} 写错了")]));
    Ok(Reply::text(format!(
        "志愿任务 #{id}“{}”发出来了：{}，{}，要{}人。志愿者回复“领任务 {id}”。写错了回复 1。",
        task.title,
        span_says(task.starts_at, task.ends_at),
        task.venue,
        task.wanted
    )))
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
        let seen = led(turn).await?;
        return Ok(which(
            turn,
            args,
            "确认工时",
            &seen,
            "还没有发起过志愿任务。",
        ));
    };
    let count = actions::confirm_all(turn.tx, &turn.actor, id).await?;
    Ok(Reply::text(match count {
        0 => format!("志愿任务 #{id} 没有等您确认的时长。自己的要由别人确认。"),
        some => format!("志愿任务 #{id} 的{some}人时长已确认，他们会收到通知，谢谢您！"),
    }))
}
