//! Commands about photos: 加照片 gives those just sent to a case, 无照片 says why there is none; and what is
//! asked for on arrival and once a case is finished.

use chrono::TimeDelta;
use entity::case;
use entity::kinds::{CaseState, PhotoStage};

use crate::attachment::queries::unfiled;
use crate::base::fault::Fault;
use crate::case::actions::{self, Added};
use crate::case::chat::Answer;
use crate::case::chat::which::{Picked, Scope, which};
use crate::case::evidence::{self, may_be_shown, stage_says};
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
/// Why it matters.
const RULE: &str = "有照片或原因才能销号。";

/// The side that is said behind a number, and what is said behind that: `处理前 住户不让拍`.
fn side_of(text: &str) -> (Option<PhotoStage>, &str) {
    for stage in [PhotoStage::Before, PhotoStage::After] {
        if let Some(rest) = text.strip_prefix(stage_says(stage)) {
            let rest = rest.trim_start_matches(['的', '，', '：', ',', ':', ' ', '\u{3000}']);
            return (Some(stage), rest);
        }
    }
    (None, text)
}

pub(super) fn add<'a>(turn: &'a mut Turn<'_>, args: &'a Args) -> Answer<'a> {
    Box::pin(async move {
        let scope = match turn.actor.is_staff() {
            true => Scope::Held(SHOWABLE),
            false => Scope::MineOpen,
        };
        let ids = waiting(turn).await?;
        if ids.is_empty() {
            return Ok(Reply::text(ask_for_one(turn, args)));
        }
        let (id, rest) = match which(turn, args, "加照片", scope).await? {
            Picked::One(id, rest) => (id, rest),
            Picked::Answer(reply) => return Ok(reply),
        };
        let (said, _) = side_of(&rest.raw);
        let added = actions::add_photos(turn.tx, &turn.actor, id, &ids, said).await?;
        turn.before.photos_until_ms = 0;
        Ok(Reply::text(added_says(turn, &added).await?))
    })
}

/// Nothing was sent yet: it is waited for, of the side that was said.
fn ask_for_one(turn: &mut Turn<'_>, args: &Args) -> String {
    let said = args.id();
    let of = said.and_then(|(id, rest)| Some((id, side_of(&rest.raw).0?)));
    if let Some((id, stage)) = of {
        let side = stage_says(stage);
        turn.dialog = Some(Dialog::ask(format!("加照片 {id} {side}")));
        return format!("请把诉求 #{id} {side}的照片发到这里（0 返回菜单）");
    }
    turn.dialog = Some(Dialog::ask("加照片"));
    "请先把照片发到这里，再回复要加到哪一件的编号，例如：12（0 返回菜单）".to_owned()
}

/// What is said of what a case got, and what comes next.
async fn added_says(turn: &mut Turn<'_>, added: &Added) -> Result<String, Fault> {
    let (case, stage) = (&added.case, added.stage);
    let id = case.id;
    let side = match added.filed || added.pictures == 0 {
        true => String::new(),
        false => format!("，作为{}的照片", stage_says(stage)),
    };
    let got = format!("{}已加到诉求 #{id}{side}。", added.says());
    if added.filed {
        return Ok(format!("{got}回复“进度 {id}”查看。"));
    }
    let seen = evidence::of(turn.tx.db(), case).await?;
    let heard = match added.pictures == 0 && seen.lacks(stage) {
        true => "语音和视频不能当照片。",
        false => "",
    };
    if case.state != CaseState::Finished && case.state != CaseState::Reviewed {
        let next = match stage {
            PhotoStage::Before if added.pictures > 0 => {
                format!("办好后回复“办结 {id} 结果”，再发一张修好后的。")
            }
            _ => format!("办好后回复“办结 {id} 结果”。"),
        };
        return Ok(format!("{got}{heard}{next}"));
    }
    let asked = ask(turn, case).await?;
    Ok(match asked.is_empty() {
        false => format!("{got}{heard}{asked}"),
        true if added.pictures > 0 && may_be_shown(case) => {
            format!("{got}谢谢，审核通过后和结果一起公示。")
        }
        true => format!("{got}谢谢。"),
    })
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
        let (said, reason) = side_of(&rest.raw);
        let (behind, of) = match said {
            Some(stage) => {
                let side = stage_says(stage);
                (format!(" {side}"), format!("{side}的"))
            }
            None => (String::new(), String::new()),
        };
        if reason.is_empty() {
            turn.dialog = Some(Dialog::ask(format!("无照片 {id}{behind}")));
            return Ok(Reply::text(format!(
                "诉求 #{id} 为什么没有{of}照片？请写一句，例如：住户不让拍"
            )));
        }
        let case = actions::waive_photo(turn.tx, &turn.actor, id, said, reason).await?;
        let noted = format!("已记下诉求 #{id} 没有{of}照片的原因");
        let over = matches!(case.state, CaseState::Finished | CaseState::Reviewed);
        let asked = match over {
            true => ask(turn, &case).await?,
            false => String::new(),
        };
        let seen = evidence::of(turn.tx.db(), &case).await?;
        Ok(Reply::text(match asked.is_empty() {
            false => format!("{noted}。{asked}"),
            true if !over && seen.lacks(PhotoStage::After) => {
                format!("{noted}。办好后回复“办结 {id} 结果”，再发一张修好后的照片。")
            }
            true => format!("{noted}，不用再发照片了。"),
        }))
    })
}

/// What is asked for behind «已办结»: a photo of what was done, then one of what was found, or why there is
/// none; empty when nothing is owed.
pub(super) async fn ask(turn: &mut Turn<'_>, case: &case::Model) -> Result<String, Fault> {
    let (id, seen) = (case.id, evidence::of(turn.tx.db(), case).await?);
    if seen.lacks(PhotoStage::After) {
        turn.dialog = Some(Dialog::pick([format!("无照片 {id}")]));
        let words = "请再发一张修好后的照片到这里；拍不了就回复 1 说一句原因。";
        return Ok(format!("\n{words}{RULE}"));
    }
    if seen.lacks(PhotoStage::Before) {
        // What comes without a word may be one more of what was done: for this side a digit goes before it.
        turn.dialog = Some(Dialog::pick([
            format!("无照片 {id} 处理前"),
            format!("加照片 {id} 处理前"),
        ]));
        let words = "还缺处理前的照片：没有就回复 1 说一句原因，有就回复 2 再发。";
        return Ok(format!("\n{words}{RULE}"));
    }
    Ok(String::new())
}

/// What is asked for behind «已记录到场»: a photo of what was found, while it can still be taken; empty when
/// there is one, and in a group, where no photo is sent.
pub(super) async fn ask_before(turn: &mut Turn<'_>, case: &case::Model) -> Result<String, Fault> {
    let seen = evidence::of(turn.tx.db(), case).await?;
    if turn.audience.is_group() || !seen.lacks(PhotoStage::Before) {
        return Ok(String::new());
    }
    turn.dialog = Some(Dialog::pick([format!("无照片 {} 处理前", case.id)]));
    Ok("\n请先拍一张处理前的照片发到这里，拍不了就回复 1 说一句原因。".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_side_is_read_before_a_reason_and_no_reason_is_taken_for_one() {
        let before = Some(PhotoStage::Before);
        for (text, read) in [
            ("", (None, "")),
            ("住户不让拍", (None, "住户不让拍")),
            ("处理前", (before, "")),
            ("处理前 住户不让拍", (before, "住户不让拍")),
            ("处理前的：太黑", (before, "太黑")),
            ("处理后 太黑", (Some(PhotoStage::After), "太黑")),
        ] {
            assert_eq!(side_of(text), read, "{text}");
        }
    }
}
