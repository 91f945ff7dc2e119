//! What comes without words: photos, voices, videos and places. Called by `bot/answer.rs`.

use chrono::TimeDelta;
use entity::kinds::{AttachmentState, CaseState, PhotoStage};
use entity::{attachment, case};
use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use serde_json::json;

use crate::base::fault::Fault;
use crate::base::text::{clean, shorten};
use crate::bot::{dialog, help, lexicon};
use crate::case::{evidence, queries};
use crate::chat::{Args, Choice, Dialog, FILINGS, KEPT_MINUTES, Spot, Turn};
use crate::offer::chat::PHOTO as OFFER_PHOTO;
use crate::reminder::{self, NewReminder};
use crate::wish::chat::PHOTO;

/// Kind of the reminder by which an attachment is fetched from the platform.
const FETCH: &str = "files.fetch";
/// The command by which photos get to a case.
const ADD: &str = "加照片";
/// Questions whose answer takes along what was sent before it, beside [`FILINGS`].
const TAKES_ALONG: &[&str] = &[
    "纠纷",
    "匿名投诉",
    "匿名建议",
    "代报",
    "补充",
    "发布",
    "紧急发布",
    "更正公告",
];
/// Asked for behind «已记录到场» and «已办结»: why there is no photo.
const WAIVE: &str = "无照片 ";
/// Cases to pick from by a digit.
const MOST_CASES: u64 = 9;
/// Longest id of a file, bytes; the robot's is an address.
const MOST_MEDIA_ID: usize = 2048;

/// A photo, voice or video: kept at once, fetched from the platform soon, and given to what the
/// person is speaking of.
pub async fn keep(turn: &mut Turn<'_>, kind: &str, media_id: &str) -> Result<String, Fault> {
    let name = match kind {
        "voice" => "语音",
        "video" => "视频",
        _ => "照片",
    };
    let media_id = clean(media_id);
    if media_id.is_empty() || media_id.len() > MOST_MEDIA_ID {
        return Ok(format!("{name}没有收到，请再发一次。"));
    }
    let asked = asked_for(turn);
    let waits = goes_along(turn);
    let about = match asked {
        None if !waits => newest_open(turn).await?,
        _ => None,
    };
    let row = attachment::ActiveModel {
        subject: Set(about.as_ref().map(|case| format!("case:{}", case.id))),
        account_id: Set(Some(turn.account.id)),
        compound_id: Set(about.as_ref().map(|case| case.compound_id)),
        stage: Set(about.as_ref().map(|_| PhotoStage::Before)),
        kind: Set(kind.to_owned()),
        media_id: Set(media_id),
        state: Set(AttachmentState::Pending),
        created_at: Set(turn.now()),
        ..Default::default()
    };
    let row = row.insert(turn.tx.db()).await?;
    let fetch = NewReminder {
        kind: FETCH,
        dedupe_key: format!("{FETCH}:{}", row.id),
        recipient_id: None,
        compound_id: row.compound_id,
        subject: format!("attachment:{}", row.id),
        payload: json!({ "attachment_id": row.id }),
        due_at: turn.now(),
    };
    reminder::enqueue(turn.tx, vec![fetch]).await?;
    if let Some(case) = about {
        keep_question(turn);
        return Ok(format!(
            "{name}已加到诉求 #{id}。回复“进度 {id}”查看。",
            id = case.id
        ));
    }
    turn.before.photos_until_ms = dialog::kept_until(turn.now());
    if waits {
        return Ok(ask_words(turn, &received(kind, name)));
    }
    if let Some((word, id)) = asked
        && let Some(command) = lexicon().get(word)
    {
        let reply = (command.run)(turn, &Args::new(&id.to_string())).await?;
        keep_question(turn);
        return Ok(reply.text);
    }
    if let Some(reply) = of_work(turn, name).await? {
        return Ok(reply);
    }
    // «加照片» has asked for it: only the number is missing.
    if turn.before.prompt.as_deref() == Some(ADD) {
        keep_question(turn);
        return Ok(format!(
            "{name}收到了。请回复要加到哪一件的编号，例如：12（0 返回菜单）"
        ));
    }
    Ok(ask_words(turn, &received(kind, name)))
}

/// That something is here which waits for its words.
fn received(kind: &str, name: &str) -> String {
    match kind {
        // A voice that was not understood cannot be filed by itself: somebody would have to listen.
        "voice" => "语音收到了，但没能听清内容。请打几个字说明要办的事".to_owned(),
        _ => format!("{name}收到了。请接着写要反映的事"),
    }
}

/// Whether the question that waits is one whose answer takes along what comes now.
fn goes_along(turn: &Turn<'_>) -> bool {
    let prompt = turn.before.prompt.as_deref().unwrap_or_default();
    let word = prompt.split(' ').next().unwrap_or_default();
    FILINGS.contains(&word) || TAKES_ALONG.contains(&word)
}

/// The number of the case that the question which waits is about: «办结 12».
fn asked_case(turn: &Turn<'_>) -> Option<i64> {
    let prompt = turn.before.prompt.as_deref()?;
    let (_, behind) = lexicon().read(prompt)?;
    Args::new(behind).number().map(|(id, _)| id)
}

/// Of what a photo was asked for just now, behind «已完成» or «已销号»: the command that takes it, and the number.
/// Of several that a list offers none was: a digit says which.
fn asked_for(turn: &Turn<'_>) -> Option<(&'static str, i64)> {
    let [only] = turn.before.choices.as_slice() else {
        return None;
    };
    let of = |word: &'static str| {
        let id = only.command.strip_prefix(word)?;
        Some((word, id.trim().parse().ok()?))
    };
    of(PHOTO).or_else(|| of(OFFER_PHOTO))
}

/// What staff sends belongs to what they work on, or have just finished: to the only one at once, to
/// one of several by a digit. None for everybody else.
async fn of_work(turn: &mut Turn<'_>, name: &str) -> Result<Option<String>, Fault> {
    let Some(command) = lexicon().get(ADD) else {
        return Ok(None);
    };
    // «加照片 12 处理前» has asked for it, with all that has to be known.
    let prompt = turn.before.prompt.as_deref().unwrap_or_default();
    if let Some(behind) = prompt.strip_prefix(ADD).filter(|behind| !behind.is_empty()) {
        let args = Args::new(behind);
        match (command.run)(turn, &args).await {
            Ok(reply) => return Ok(Some(reply.text)),
            Err(fault) if fault.is_ours() => return Err(fault),
            // That case takes none any more: the photo is kept, and goes the way of any other.
            Err(_) => {}
        }
    }
    let mut cases = worked_on(turn).await?;
    if let Some(asked) = asked_case(turn).filter(|asked| cases.contains(asked)) {
        cases = vec![asked];
    }
    let reply = match cases.as_slice() {
        [] => return Ok(None),
        [one] => {
            // What waits goes on waiting, but for the question that the photo has answered.
            let answers = |choice: &Choice| choice.command.starts_with(WAIVE);
            if dialog::asks(&turn.before) && !turn.before.choices.iter().any(answers) {
                keep_question(turn);
            }
            let reply = (command.run)(turn, &Args::new(&one.to_string())).await?;
            reply.text
        }
        _ if turn.before.prompt.is_some() || turn.before.said.is_some() => {
            keep_question(turn);
            format!("{name}收到了，加到哪一件请回复“{ADD} 编号”。刚才问您的还在等您回复。")
        }
        several => {
            let lines = several.iter();
            let lines = lines.map(|id| (format!("{ADD} {id}"), format!("诉求 #{id}")));
            let lines = turn.numbered(lines);
            format!(
                "{name}收到了。加到哪一件？回复前面的数字：\n{lines}\n要反映新的事，直接写“报修 内容”，会一起提交。"
            )
        }
    };
    Ok(Some(reply))
}

/// Numbers of the cases that a photo of the sender may show.
async fn worked_on(turn: &Turn<'_>) -> Result<Vec<i64>, Fault> {
    if !turn.actor.is_staff() {
        return Ok(Vec::new());
    }
    // Asked for just now, behind «已记录到场» or «已办结»; which side it shows stands behind the number.
    let asked = turn.before.choices.iter().find_map(|choice| {
        let behind = choice.command.strip_prefix(WAIVE)?;
        Args::new(behind).number().map(|(id, _)| id)
    });
    if let Some(id) = asked {
        return Ok(vec![id]);
    }
    let db = turn.tx.db();
    let under_way = [CaseState::Accepted, CaseState::Arrived, CaseState::Paused];
    let cases = queries::held(db, &turn.actor, &under_way, MOST_CASES).await?;
    if !cases.is_empty() {
        return Ok(cases.into_iter().map(|case| case.id).collect());
    }
    let since = turn.now() - TimeDelta::days(1);
    let done = queries::held(db, &turn.actor, &[CaseState::Finished], MOST_CASES).await?;
    let mut owed = Vec::new();
    for case in done {
        let fresh = case.finished_at.is_some_and(|at| at > since);
        if fresh && evidence::of(db, &case).await?.is_owed() {
            owed.push(case.id);
        }
    }
    Ok(owed)
}

/// A place: goes to the case just filed, or waits for the next one.
pub async fn place(
    turn: &mut Turn<'_>,
    latitude: f64,
    longitude: f64,
    label: &str,
) -> Result<String, Fault> {
    let on_earth = (-90.0..=90.0).contains(&latitude) && (-180.0..=180.0).contains(&longitude);
    if !on_earth {
        return Ok("这个位置看不懂，请重新发送。".to_owned());
    }
    let label = shorten(&clean(label), 60);
    let about = match goes_along(turn) {
        true => None,
        false => newest_open(turn).await?,
    };
    if let Some(case) = about
        && let Some(command) = lexicon().get("补充")
    {
        keep_question(turn);
        if case.anonymous {
            return Ok(format!(
                "诉求 #{id} 是匿名的，位置会让人知道您是谁，没有记下。要补充请写文字：补充 {id} 内容",
                id = case.id
            ));
        }
        let line = format!("{} 位置：{label}（{latitude:.5}, {longitude:.5}）", case.id);
        let reply = (command.run)(turn, &Args::new(&line)).await?;
        return Ok(reply.text);
    }
    turn.before.spot = Some(Spot {
        latitude,
        longitude,
        until_ms: dialog::kept_until(turn.now()),
    });
    Ok(ask_words(
        turn,
        &format!("位置收到了：{label}。请接着写要反映的事"),
    ))
}

/// Asks for the words that belong to it, without losing a question that already waits.
fn ask_words(turn: &mut Turn<'_>, sentence: &str) -> String {
    if turn.before.prompt.is_some() {
        keep_question(turn);
        return format!("{sentence}，会一起提交。");
    }
    if waits_for_more_than_the_menu(&turn.before)
        && let Some(question) = help::question(&turn.before)
    {
        keep_question(turn);
        return format!("{sentence}，会一起提交。刚才的还在等您选，{question}");
    }
    let words = FILINGS.into_iter();
    let words = words.filter(|word| lexicon().get(word).is_some());
    let lines = turn.in_a_row(words.map(|word| (word, word)));
    format!(
        "{sentence}，例如“报修 3栋电梯停了”，会一起提交。也可以先回复数字：\n{lines}\n0 返回菜单"
    )
}

/// Whether digits wait that say more than the menu and what is offered here: a rating, a list, words that were
/// not understood.
fn waits_for_more_than_the_menu(before: &Dialog) -> bool {
    let is_menu = |choice: &Choice| {
        choice.command.starts_with("菜单 ") || FILINGS.contains(&choice.command.as_str())
    };
    before.said.is_some() || !before.choices.iter().any(is_menu)
}

/// The menu or question that waits goes on waiting.
fn keep_question(turn: &mut Turn<'_>) {
    turn.dialog = Some(Dialog {
        until_ms: 0,
        ..turn.before.clone()
    });
}

/// The newest open case that the account filed within the last half hour.
async fn newest_open(turn: &Turn<'_>) -> Result<Option<case::Model>, Fault> {
    let Some(person_id) = turn.actor.person_id() else {
        return Ok(None);
    };
    let since = turn.now() - TimeDelta::minutes(KEPT_MINUTES);
    let closed = [CaseState::Reviewed, CaseState::Withdrawn, CaseState::Merged];
    Ok(case::Entity::find()
        .filter(case::COLUMN.reporter_id.eq(person_id))
        .filter(case::COLUMN.account_id.eq(turn.account.id))
        .filter(case::COLUMN.created_at.gte(since))
        .filter(case::Column::State.is_not_in(closed))
        .order_by_desc(case::COLUMN.id)
        .one(turn.tx.db())
        .await?)
}
