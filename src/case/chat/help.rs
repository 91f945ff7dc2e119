//! Commands of those who help with a case that somebody else holds: 助力 退出助力.

use crate::case::actions::{self, Helped, says_target};
use crate::case::chat::Answer;
use crate::case::chat::staff::offer;
use crate::case::chat::which::{Picked, Scope, which};
use crate::chat::{Args, Reply, Turn};

pub(super) fn assist<'a>(turn: &'a mut Turn<'_>, args: &'a Args) -> Answer<'a> {
    Box::pin(async move {
        let (id, rest) = match which(turn, args, "助力", Scope::Helped).await? {
            Picked::One(id, rest) => (id, rest),
            Picked::Answer(reply) => return Ok(reply),
        };
        let helped = actions::assist(turn.tx, &turn.actor, id, &rest.raw).await?;
        Ok(match helped {
            Helped::Invited(target) => Reply::text(format!(
                "已请{}助力诉求 #{id}，对方会收到提醒。仍由原办理人办理和办结。",
                says_target(&target)
            )),
            Helped::Which(people) => offer(turn, "助力", "请谁助力", id, &people),
            Helped::Joined(new) => {
                let said = if new { "您已加入" } else { "您已经在" };
                Reply::text(format!(
                    "{said}助力诉求 #{id}。可以回复“补充 {id} 说明”或“方案 {id} 建议”告诉办理人；要退出回复“退出助力 {id}”。"
                ))
            }
        })
    })
}

pub(super) fn leave<'a>(turn: &'a mut Turn<'_>, args: &'a Args) -> Answer<'a> {
    Box::pin(async move {
        let id = match which(turn, args, "退出助力", Scope::Helped).await? {
            Picked::One(id, _) => id,
            Picked::Answer(reply) => return Ok(reply),
        };
        actions::leave(turn.tx, &turn.actor, id).await?;
        Ok(Reply::text(format!(
            "您已退出助力诉求 #{id}，谢谢。要再来回复“助力 {id}”。"
        )))
    })
}
