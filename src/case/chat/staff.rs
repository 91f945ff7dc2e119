//! Commands of those who work on cases: 接单 到场 方案 办结 无法办结 退单 转派 上报 暂停 恢复.

use entity::kinds::{CaseState, Grade};
use sea_orm::Iterable;

use crate::access::holders::says;
use crate::base::clock::say;
use crate::base::fault::Fault;
use crate::base::text::{fold, shorten};
use crate::case::actions::{self, HandedOver, says_target};
use crate::case::chat::photo;
use crate::case::chat::show::asks;
use crate::case::chat::which::{Picked, Scope, own_text, which};
use crate::case::chat::{Answer, SHOWN};
use crate::case::dispatch::Target;
use crate::case::step::OPEN;
use crate::case::{fill, level_says, queries, shield};
use crate::chat::{Args, Reply, Turn};
use crate::policy::grade_says;

const ASSIGNED: &[CaseState] = &[CaseState::Assigned];
const TO_ARRIVE: &[CaseState] = &[CaseState::Assigned, CaseState::Accepted];
const TAKEN: &[CaseState] = &[CaseState::Accepted, CaseState::Arrived];
const HELD: &[CaseState] = &[CaseState::Assigned, CaseState::Accepted, CaseState::Arrived];
const PAUSED: &[CaseState] = &[CaseState::Paused];

/// Finds out which case and which words are meant; asks for what is missing.
pub(super) async fn needed(
    turn: &mut Turn<'_>,
    args: &Args,
    word: &str,
    scope: Scope,
    question: &str,
) -> Result<Result<(i64, String), Reply>, Fault> {
    Ok(match which(turn, args, word, scope).await? {
        Picked::Answer(reply) => Err(reply),
        Picked::One(id, rest) => match own_text(turn, &rest, word, id) {
            Some(text) => Ok((id, worded(turn, id, word, text).await?)),
            None => Err(Reply::text(format!("诉求 #{id}：{question}"))),
        },
    })
}

/// The words of a template where one is named, and what was written behind it; otherwise as written.
async fn worded(turn: &Turn<'_>, id: i64, word: &str, text: String) -> Result<String, Fault> {
    let (Some((number, more)), Some(used_for)) = (fill::named(&text), fill::use_of(word)) else {
        return Ok(text);
    };
    let db = turn.tx.db();
    let found = queries::visible(db, &turn.actor, id).await?;
    let words = fill::filled(db, &found, used_for, number, turn.now()).await?;
    Ok(match more.is_empty() {
        true => words,
        false => format!("{words}\n{more}"),
    })
}

pub(super) fn accept<'a>(turn: &'a mut Turn<'_>, args: &'a Args) -> Answer<'a> {
    Box::pin(async move {
        let id = match which(turn, args, "接单", Scope::HeldOrFree(ASSIGNED)).await? {
            Picked::One(id, _) => id,
            Picked::Answer(reply) => return Ok(reply),
        };
        let case = actions::accept(turn.tx, &turn.actor, id).await?;
        let due = asks(&case);
        // What a resident wrote is not for a group.
        let what = if turn.audience.is_group() {
            String::new()
        } else {
            let one = vec![case];
            let seen = shield::cases(turn.tx.db(), &turn.actor, one).await?;
            let text = seen.first().map(|seen| seen.found.case.text.as_str());
            text.map_or_else(String::new, |text| format!("：{}", shorten(text, SHOWN)))
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
        let case = actions::arrive(turn.tx, &turn.actor, id).await?;
        let asked = photo::ask_before(turn, &case).await?;
        Ok(Reply::text(format!(
            "诉求 #{id} 已记录到场，居民已收到通知。办好后回复“办结 {id} 结果”。{asked}"
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
        let case = actions::plan(turn.tx, &turn.actor, id, &text).await?;
        let due = asks(&case);
        Ok(Reply::text(format!(
            "诉求 #{id} 的方案已记录并告诉居民。{due}办好后回复“办结 {id} 结果”。"
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
        let owed = photo::ask(turn, &case).await?;
        Ok(Reply::text(format!(
            "诉求 #{id} 已办结{late}，已请居民评价。公示内容（审核通过后公示）：{}{owed}",
            shorten(case.public_text.as_deref().unwrap_or_default(), 100)
        )))
    })
}

pub(super) fn reword<'a>(turn: &'a mut Turn<'_>, args: &'a Args) -> Answer<'a> {
    Box::pin(async move {
        let question = "请写下新的公示内容，例如：电梯已恢复运行";
        let (id, text) = match needed(turn, args, "改公示", Scope::Refused, question).await? {
            Ok(found) => found,
            Err(reply) => return Ok(reply),
        };
        let case = actions::reword(turn.tx, &turn.actor, id, &text).await?;
        Ok(Reply::text(format!(
            "诉求 #{id} 的公示内容已改，审核通过后公示：{}",
            shorten(case.public_text.as_deref().unwrap_or_default(), 100)
        )))
    })
}

pub(super) fn give_up<'a>(turn: &'a mut Turn<'_>, args: &'a Args) -> Answer<'a> {
    Box::pin(async move {
        let question = "请写明解决不了的原因，例如：房屋结构不允许加装";
        let (id, text) = match needed(turn, args, "无法办结", Scope::Held(HELD), question).await?
        {
            Ok(found) => found,
            Err(reply) => return Ok(reply),
        };
        let case = actions::give_up(turn.tx, &turn.actor, id, &text).await?;
        Ok(Reply::text(format!(
            "诉求 #{id} 已记为“未能解决”，不计入办结；居民可以申请重开，由上一级决定。公示内容（审核通过后公示）：{}",
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
        let (case, next) = actions::refuse(turn.tx, &turn.actor, id, &text).await?;
        let kept = case.state != CaseState::Assigned && case.holder_id.is_some();
        Ok(Reply::text(match (next, kept) {
            (Some(next), true) => format!("诉求 #{id} 您不接手，已改请{next}。"),
            (None, true) => format!("诉求 #{id} 您不接手，仍由原办理人办理。"),
            (Some(next), false) => format!("诉求 #{id} 已退单，转给{next}。"),
            (None, false) => {
                format!("诉求 #{id} 已退单，暂时没有别人可接，已通知管理人员。")
            }
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
            return Ok(offer(turn, "转派", "转派给谁", id, &people));
        }
        let done = actions::hand_over(turn.tx, &turn.actor, id, &rest.raw).await?;
        Ok(match done {
            HandedOver::Done(case, target) => {
                let until = match case.asked_id {
                    Some(_) => "；对方接单前仍由您负责",
                    None => "",
                };
                Reply::text(format!(
                    "诉求 #{id} 已转派给{}，对方会收到提醒{until}。",
                    says_target(&target)
                ))
            }
            HandedOver::Which(people) => offer(turn, "转派", "转派给谁", id, &people),
        })
    })
}

/// People to pick from by a digit.
pub(super) fn offer(
    turn: &mut Turn<'_>,
    word: &str,
    question: &str,
    id: i64,
    people: &[Target],
) -> Reply {
    if people.is_empty() {
        return Reply::text(format!("诉求 #{id} 暂时没有别人可以{word}。"));
    }
    let people = people.get(..9).unwrap_or(people);
    let lines = people.iter().map(|person| {
        let command = format!("{word} {id} {} {}", person.name, says(person.role));
        (command, says_target(person))
    });
    turn.offer_list(&format!("诉求 #{id} {question}？"), lines.collect())
}

pub(super) fn escalate<'a>(turn: &'a mut Turn<'_>, args: &'a Args) -> Answer<'a> {
    Box::pin(async move {
        let question = "请写明上报原因，例如：需要街道协调";
        let (id, text) = match needed(turn, args, "上报", Scope::Held(HELD), question).await? {
            Ok(found) => found,
            Err(reply) => return Ok(reply),
        };
        let (case, next) = actions::escalate(turn.tx, &turn.actor, id, &text).await?;
        let level = level_says(case.asked_level.unwrap_or(case.level));
        let until = match case.asked_id {
            Some(_) => "；对方接单前仍由原办理人负责",
            None => "",
        };
        Ok(Reply::text(format!(
            "诉求 #{id} 已上报到{level}，由{next}接着办{until}，居民已收到通知。"
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
        let case = actions::pause(turn.tx, &turn.actor, id, &text).await?;
        let until = case.pause_until.map(say).unwrap_or_default();
        Ok(Reply::text(format!(
            "诉求 #{id} 已暂停计时，原因已告诉居民；{until}起接着计。可以继续时回复“恢复 {id}”。"
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
        let due = asks(&case);
        Ok(Reply::text(format!(
            "诉求 #{id} 已恢复办理。{due}办好后回复“办结 {id} 结果”。"
        )))
    })
}

pub(super) fn grade<'a>(turn: &'a mut Turn<'_>, args: &'a Args) -> Answer<'a> {
    Box::pin(async move {
        let (id, rest) = match which(turn, args, "定级", Scope::Held(OPEN)).await? {
            Picked::One(id, rest) => (id, rest),
            Picked::Answer(reply) => return Ok(reply),
        };
        let Some(grade) = grade_named(&rest.raw) else {
            let grades = Grade::iter().map(grade_says);
            let lines = grades.map(|says| (format!("定级 {id} {says}"), says.to_owned()));
            let question = format!("诉求 #{id} 定为哪一级？");
            return Ok(turn.offer_list(&question, lines.collect()));
        };
        let case = actions::grade(turn.tx, &turn.actor, id, grade).await?;
        if case.grade != grade {
            return Ok(Reply::text(format!(
                "诉求 #{id} 是否{}，已请负责派单的人确认；确认前仍按{}计时。{}",
                grade_says(grade),
                grade_says(case.grade),
                asks(&case)
            )));
        }
        Ok(Reply::text(format!(
            "诉求 #{id} 已定为{}，居民已收到通知。{}回复“进度 {id}”查看。",
            grade_says(grade),
            asks(&case)
        )))
    })
}

/// The grade that words mean; none when they mean none.
fn grade_named(words: &str) -> Option<Grade> {
    let words = fold(words);
    let means = |signs: &[&str]| signs.iter().any(|sign| words.contains(sign));
    if means(&["复杂", "特殊"]) {
        Some(Grade::Complex)
    } else if means(&["重大", "紧急", "严重"]) {
        Some(Grade::Major)
    } else if means(&["普通", "一般"]) {
        Some(Grade::Ordinary)
    } else {
        None
    }
}
