//! Commands of those who work on cases: 接单 到场 方案 办结 退单 转派 上报 暂停 恢复.

use entity::kinds::CaseState;

use crate::access::holders::says;
use crate::base::clock::say as say_time;
use crate::base::fault::Fault;
use crate::base::text::shorten;
use crate::case::actions::{self, HandedOver, says_target};
use crate::case::chat::which::{Picked, Scope, own_text, which};
use crate::case::chat::{Answer, SHOWN};
use crate::case::dispatch::Target;
use crate::case::level_says;
use crate::chat::{Args, Dialog, Reply, Turn};

const ASSIGNED: &[CaseState] = &[CaseState::Assigned];
const TO_ARRIVE: &[CaseState] = &[CaseState::Assigned, CaseState::Accepted];
const TAKEN: &[CaseState] = &[CaseState::Accepted, CaseState::Arrived];
const HELD: &[CaseState] = &[CaseState::Assigned, CaseState::Accepted, CaseState::Arrived];
const PAUSED: &[CaseState] = &[CaseState::Paused];

/// Finds out which case and which words are meant; asks for what is missing.
async fn needed(
    turn: &mut Turn<'_>,
    args: &Args,
    word: &str,
    scope: Scope,
    question: &str,
) -> Result<Result<(i64, String), Reply>, Fault> {
    Ok(match which(turn, args, word, scope).await? {
        Picked::Answer(reply) => Err(reply),
        Picked::One(id, rest) => match own_text(turn, &rest, word, id) {
            Some(text) => Ok((id, text)),
            None => Err(Reply::text(format!("诉求 #{id}：{question}"))),
        },
    })
}

pub(super) fn accept<'a>(turn: &'a mut Turn<'_>, args: &'a Args) -> Answer<'a> {
    Box::pin(async move {
        let id = match which(turn, args, "接单", Scope::HeldOrFree(ASSIGNED)).await? {
            Picked::One(id, _) => id,
            Picked::Answer(reply) => return Ok(reply),
        };
        let case = actions::accept(turn.tx, &turn.actor, id).await?;
        let due = case
            .finish_due_at
            .map(|due| format!("请在{}前办结。", say_time(due)))
            .unwrap_or_default();
        // What a resident wrote is not for a group.
        let what = if turn.audience.is_group() {
            String::new()
        } else {
            format!("：{}", shorten(&case.text, SHOWN))
        };
        Ok(Reply::text(format!(
            "诉求 #{id} 已接单{what}。{due}到现场后回复“到场 {id}”，办好后回复“办结 {id} 结果”。"
        )))
    })
}

pub(super) fn arrive<'a>(turn: &'a mut Turn<'_>, args: &'a Args) -> Answer<'a> {
    Box::pin(async move {
        let id = match which(turn, args, "到场", Scope::Held(TO_ARRIVE)).await? {
            Picked::One(id, _) => id,
            Picked::Answer(reply) => return Ok(reply),
        };
        actions::arrive(turn.tx, &turn.actor, id).await?;
        Ok(Reply::text(format!(
            "诉求 #{id} 已记录到场，居民已收到通知。办好后回复“办结 {id} 结果”。"
        )))
    })
}

pub(super) fn plan<'a>(turn: &'a mut Turn<'_>, args: &'a Args) -> Answer<'a> {
    Box::pin(async move {
        let question = "请写下方案，例如：明天上午更换水管";
        let (id, text) = match needed(turn, args, "方案", Scope::Held(TAKEN), question).await? {
            Ok(found) => found,
            Err(reply) => return Ok(reply),
        };
        actions::plan(turn.tx, &turn.actor, id, &text).await?;
        Ok(Reply::text(format!(
            "诉求 #{id} 的方案已记录并告诉居民。办好后回复“办结 {id} 结果”。"
        )))
    })
}

pub(super) fn finish<'a>(turn: &'a mut Turn<'_>, args: &'a Args) -> Answer<'a> {
    Box::pin(async move {
        let question = "请写下办理结果，例如：电梯已恢复运行";
        let (id, text) = match needed(turn, args, "办结", Scope::Held(HELD), question).await? {
            Ok(found) => found,
            Err(reply) => return Ok(reply),
        };
        let case = actions::finish(turn.tx, &turn.actor, id, &text).await?;
        let late = if case.finish_late { "（超时）" } else { "" };
        Ok(Reply::text(format!(
            "诉求 #{id} 已办结{late}，已请居民评价。公示内容（审核通过后公示）：{}",
            shorten(case.public_text.as_deref().unwrap_or_default(), 100)
        )))
    })
}

pub(super) fn refuse<'a>(turn: &'a mut Turn<'_>, args: &'a Args) -> Answer<'a> {
    Box::pin(async move {
        let question = "请写明退单原因，例如：不归物业管";
        let (id, text) = match needed(turn, args, "退单", Scope::Held(HELD), question).await? {
            Ok(found) => found,
            Err(reply) => return Ok(reply),
        };
        let (_, next) = actions::refuse(turn.tx, &turn.actor, id, &text).await?;
        Ok(Reply::text(match next {
            Some(next) => format!("诉求 #{id} 已退单，转给{next}。"),
            None => format!("诉求 #{id} 已退单，暂时没有别人可接，已通知管理人员。"),
        }))
    })
}

pub(super) fn hand_over<'a>(turn: &'a mut Turn<'_>, args: &'a Args) -> Answer<'a> {
    Box::pin(async move {
        let (id, rest) = match which(turn, args, "转派", Scope::HeldOrFree(HELD)).await? {
            Picked::One(id, rest) => (id, rest),
            Picked::Answer(reply) => return Ok(reply),
        };
        if rest.raw.is_empty() {
            let people = actions::whom(turn.tx, &turn.actor, id).await?;
            return Ok(offer(turn, id, &people));
        }
        let done = actions::hand_over(turn.tx, &turn.actor, id, &rest.raw).await?;
        Ok(match done {
            HandedOver::Done(_, target) => Reply::text(format!(
                "诉求 #{id} 已转派给{}，对方会收到提醒。",
                says_target(&target)
            )),
            HandedOver::Which(people) => offer(turn, id, &people),
        })
    })
}

/// People to pick from by a digit.
fn offer(turn: &mut Turn<'_>, id: i64, people: &[Target]) -> Reply {
    if people.is_empty() {
        return Reply::text(format!("诉求 #{id} 暂时没有别人可以转派。"));
    }
    let people = people.get(..9).unwrap_or(people);
    turn.dialog =
        Some(Dialog::pick(people.iter().map(|person| {
            format!("转派 {id} {} {}", person.name, says(person.role))
        })));
    let lines: Vec<String> = people
        .iter()
        .enumerate()
        .map(|(at, person)| format!("{} {}", at + 1, says_target(person)))
        .collect();
    Reply::text(format!(
        "诉求 #{id} 转派给谁？回复前面的数字：\n{}",
        lines.join("\n")
    ))
}

pub(super) fn escalate<'a>(turn: &'a mut Turn<'_>, args: &'a Args) -> Answer<'a> {
    Box::pin(async move {
        let question = "请写明上报原因，例如：需要街道协调";
        let (id, text) = match needed(turn, args, "上报", Scope::Held(HELD), question).await? {
            Ok(found) => found,
            Err(reply) => return Ok(reply),
        };
        let (case, next) = actions::escalate(turn.tx, &turn.actor, id, &text).await?;
        Ok(Reply::text(format!(
            "诉求 #{id} 已上报到{}，由{next}接着办，居民已收到通知。",
            level_says(case.level)
        )))
    })
}

pub(super) fn pause<'a>(turn: &'a mut Turn<'_>, args: &'a Args) -> Answer<'a> {
    Box::pin(async move {
        let question = "请写明暂停原因，例如：等配件";
        let (id, text) = match needed(turn, args, "暂停", Scope::Held(TAKEN), question).await? {
            Ok(found) => found,
            Err(reply) => return Ok(reply),
        };
        actions::pause(turn.tx, &turn.actor, id, &text).await?;
        Ok(Reply::text(format!(
            "诉求 #{id} 已暂停计时，原因已告诉居民。可以继续时回复“恢复 {id}”。"
        )))
    })
}

pub(super) fn resume<'a>(turn: &'a mut Turn<'_>, args: &'a Args) -> Answer<'a> {
    Box::pin(async move {
        let id = match which(turn, args, "恢复", Scope::Held(PAUSED)).await? {
            Picked::One(id, _) => id,
            Picked::Answer(reply) => return Ok(reply),
        };
        let case = actions::resume(turn.tx, &turn.actor, id).await?;
        let due = case
            .finish_due_at
            .map(|due| format!("办结时限：{}。", say_time(due)))
            .unwrap_or_default();
        Ok(Reply::text(format!(
            "诉求 #{id} 已恢复办理。{due}办好后回复“办结 {id} 结果”。"
        )))
    })
}
