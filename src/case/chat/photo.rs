//! Commands about photos: 加照片 gives those just sent to a case, 无照片 says why there is none of what was
//! done; and what is asked for once a case is finished.

use chrono::TimeDelta;
use entity::case;
use entity::kinds::{CaseState, PhotoStage};

use crate::attachment::queries::unfiled;
use crate::base::fault::Fault;
use crate::case::actions;
use crate::case::chat::Answer;
use crate::case::chat::which::{Picked, Scope, own_text, which};
use crate::case::evidence;
use crate::chat::{Args, Dialog, KEPT_MINUTES, Reply, Turn};

/// Given at once, at most.
const MOST: u64 = 9;
/// Cases of which photos may be: what is being worked on, and what was just finished.
const SHOWABLE: &[CaseState] = &[
    CaseState::Accepted,
    CaseState::Arrived,
    CaseState::Finished,
    CaseState::Paused,
];

pub(super) fn add<'a>(turn: &'a mut Turn<'_>, args: &'a Args) -> Answer<'a> {
    Box::pin(async move {
        let scope = match turn.actor.is_staff() {
            true => Scope::Held(SHOWABLE),
            false => Scope::MineOpen,
        };
        let ids = waiting(turn).await?;
        if ids.is_empty() {
            turn.dialog = Some(Dialog::ask("加照片"));
            return Ok(Reply::text(
                "请先把照片发到这里，再回复要加到哪一件的编号，例如：12（0 返回菜单）",
            ));
        }
        let id = match which(turn, args, "加照片", scope).await? {
            Picked::One(id, _) => id,
            Picked::Answer(reply) => return Ok(reply),
        };
        let (case, stage) = actions::add_photos(turn.tx, &turn.actor, id, &ids).await?;
        turn.before.photos_until_ms = 0;
        Ok(Reply::text(added(&case, stage, ids.len())))
    })
}

/// What is said of photos that a case got.
fn added(case: &case::Model, stage: PhotoStage, count: usize) -> String {
    let id = case.id;
    let next = match (stage, case.state) {
        (PhotoStage::Before, _) => format!("回复“进度 {id}”查看。"),
        (PhotoStage::After, CaseState::Accepted | CaseState::Arrived) => {
            format!("办好后回复“办结 {id} 结果”。")
        }
        (PhotoStage::After, _) => "谢谢，审核通过后和结果一起公示。".to_owned(),
    };
    let side = match stage {
        PhotoStage::Before => "",
        PhotoStage::After => "，作为处理后的照片",
    };
    format!("{count}张照片已加到诉求 #{id}{side}。{next}")
}

/// Photos of the account that were sent within the last half hour and belong to nothing.
async fn waiting(turn: &Turn<'_>) -> Result<Vec<i64>, Fault> {
    let since = turn.now() - TimeDelta::minutes(KEPT_MINUTES);
    unfiled(turn.tx.db(), turn.account.id, since, MOST).await
}

pub(super) fn waive<'a>(turn: &'a mut Turn<'_>, args: &'a Args) -> Answer<'a> {
    Box::pin(async move {
        let (id, rest) = match which(turn, args, "无照片", Scope::Held(SHOWABLE)).await? {
            Picked::One(id, rest) => (id, rest),
            Picked::Answer(reply) => return Ok(reply),
        };
        let Some(reason) = own_text(turn, &rest, "无照片", id) else {
            return Ok(Reply::text(format!(
                "诉求 #{id} 为什么没有照片？请写一句，例如：住户不让拍"
            )));
        };
        actions::waive_photo(turn.tx, &turn.actor, id, &reason).await?;
        Ok(Reply::text(format!(
            "已记下诉求 #{id} 没有照片的原因，不用再发照片了。"
        )))
    })
}

/// What is asked for behind «已办结»: a photo of what was done, or why there is none; empty when
/// nothing is owed.
pub(super) async fn ask(turn: &mut Turn<'_>, case: &case::Model) -> Result<String, Fault> {
    if !evidence::of(turn.tx.db(), case).await?.is_owed() {
        return Ok(String::new());
    }
    turn.dialog = Some(Dialog::pick([format!("无照片 {}", case.id)]));
    Ok(
        "\n请再发一张修好后的照片到这里；拍不了就回复 1 说一句原因。有照片或原因才能销号。"
            .to_owned(),
    )
}
