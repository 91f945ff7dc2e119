//! What comes without words: photos, voices, videos and places. Called by `bot/answer.rs`.

use chrono::TimeDelta;
use entity::kinds::{AttachmentState, CaseState};
use entity::{attachment, case};
use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use serde_json::json;

use crate::base::fault::Fault;
use crate::base::text::{clean, shorten};
use crate::bot::{dialog, lexicon};
use crate::chat::{Args, Dialog, KEPT_MINUTES, Spot, Turn};
use crate::reminder::{self, NewReminder};

/// Kind of the reminder by which an attachment is fetched from the platform.
const FETCH: &str = "files.fetch";
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
    let about = newest_open(turn).await?;
    let row = attachment::ActiveModel {
        subject: Set(about.as_ref().map(|case| format!("case:{}", case.id))),
        account_id: Set(turn.account.id),
        compound_id: Set(about.as_ref().map(|case| case.compound_id)),
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
    Ok(match kind {
        // A voice that was not understood cannot be filed by itself: somebody would have to listen.
        "voice" => ask_words(turn, "语音收到了，但没能听清内容。请打几个字说明要办的事"),
        _ => ask_words(turn, &format!("{name}收到了。请接着写要反映的事")),
    })
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
    if let Some(case) = newest_open(turn).await?
        && let Some(command) = lexicon().get("补充")
    {
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
    let words: Vec<&str> = ["报修", "投诉", "建议", "求助"]
        .into_iter()
        .filter(|word| lexicon().get(word).is_some())
        .collect();
    let lines: Vec<String> = words
        .iter()
        .enumerate()
        .map(|(at, word)| format!("{} {word}", at + 1))
        .collect();
    turn.dialog = Some(Dialog::pick(words));
    format!(
        "{sentence}，例如“报修 3栋电梯停了”，会一起提交。也可以先回复数字：\n{}\n0 返回菜单",
        lines.join("  ")
    )
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
    let closed = [CaseState::Reviewed, CaseState::Withdrawn];
    Ok(case::Entity::find()
        .filter(case::COLUMN.reporter_id.eq(person_id))
        .filter(case::COLUMN.account_id.eq(turn.account.id))
        .filter(case::COLUMN.created_at.gte(since))
        .filter(case::Column::State.is_not_in(closed))
        .order_by_desc(case::COLUMN.id)
        .one(turn.tx.db())
        .await?)
}
