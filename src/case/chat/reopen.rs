//! Commands of those who decide whether a case is opened again: 同意重开 驳回重开.

use crate::case::actions;
use crate::case::chat::Answer;
use crate::case::chat::staff::needed;
use crate::case::chat::which::{Picked, Scope, which};
use crate::case::queries::name_of;
use crate::chat::{Args, Reply, Turn};

pub(super) fn grant<'a>(turn: &'a mut Turn<'_>, args: &'a Args) -> Answer<'a> {
    Box::pin(async move {
        let id = match which(turn, args, "同意重开", Scope::Requested).await? {
            Picked::One(id, _) => id,
            Picked::Answer(reply) => return Ok(reply),
        };
        let case = actions::grant_reopen(turn.tx, &turn.actor, id).await?;
        let next = if case.holder_id == turn.actor.person_id() {
            format!("由您接着办，到现场后回复“到场 {id}”，办好后回复“办结 {id} 结果”。")
        } else {
            let holder = name_of(turn.tx.db(), case.holder_id).await?;
            match holder.as_str() {
                "" => "正在找人办理。".to_owned(),
                holder => format!("由{holder}接着办，对方会收到提醒。"),
            }
        };
        Ok(Reply::text(format!(
            "诉求 #{id} 已重开，居民会收到通知。{next}"
        )))
    })
}

pub(super) fn decline<'a>(turn: &'a mut Turn<'_>, args: &'a Args) -> Answer<'a> {
    Box::pin(async move {
        let question = "请写明理由，居民会看到，例如：已现场核实修好";
        let (id, text) = match needed(turn, args, "驳回重开", Scope::Requested, question).await?
        {
            Ok(found) => found,
            Err(reply) => return Ok(reply),
        };
        actions::decline_reopen(turn.tx, &turn.actor, id, &text).await?;
        Ok(Reply::text(format!(
            "诉求 #{id} 不再重开，理由会告诉居民。回复“进度 {id}”查看。"
        )))
    })
}
