//! The clocks and messages of moderation: asking the platform, asking a person, telling the author.
//! `command/serve.rs` joins [`KINDS`] to the others'.

use chrono::TimeDelta;
use entity::kinds::{Channel, ContentKind, ModerationState};
use entity::{account, moderation, reminder};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use serde_json::json;

use crate::access::holders::holders;
use crate::access::permit::{Deed, roles};
use crate::app::App;
use crate::attachment::{link, queries as attachments};
use crate::base::fault::Fault;
use crate::base::text::shorten;
use crate::delivery::{Kind, Message, Topic, Work};
use crate::moderation::judge::{Judgement, of_error, of_text};
use crate::moderation::{actions, queries, subject};
use crate::reminder::payload;
use crate::reminder::{NewReminder, Verdict, enqueue};
use crate::store::Tx;
use crate::wechat::mini::{MediaKind, MediaVerdict, Scene, Suggest};

/// Asks the platform.
const CHECK: &str = "moderation.check";
/// Looks whether the platform's verdict on a picture has come.
const LATE: &str = "moderation.late";
/// Looks again for the picture of a verdict that came before its name was stored.
const VERDICT: &str = "moderation.verdict";
/// To whoever may decide.
const ASK: &str = "moderation.ask";
/// To the author: refused.
const REFUSED: &str = "moderation.refused";

/// The platform promises its verdict within 30 minutes.
const VERDICT_MINUTES: i64 = 35;
/// A verdict without its picture is looked at again after so many seconds, so many times.
const AGAIN: i64 = 5;
const LOOKS: i32 = 2;
/// Whom to ask at once, at most.
const MOST_ASKED: usize = 3;
/// Characters of a text that are shown to whoever decides, so that the message stays one.
const SHOWN: usize = 200;

/// What each kind means.
pub const KINDS: &[Kind] = &[
    Kind {
        name: CHECK,
        work: Work::Clock(|app, row| Box::pin(check(app, row))),
    },
    Kind {
        name: LATE,
        work: Work::Clock(|app, row| Box::pin(late(app, row))),
    },
    Kind {
        name: VERDICT,
        work: Work::Clock(|app, row| Box::pin(look_again(app, row))),
    },
    Kind {
        name: ASK,
        work: Work::Push(Topic::Task, |app, rows| Box::pin(compose_ask(app, rows))),
    },
    Kind {
        name: REFUSED,
        work: Work::Push(Topic::Progress, |app, rows| {
            Box::pin(compose_refused(app, rows))
        }),
    },
];

fn new(tx: &Tx, row: &moderation::Model, kind: &'static str, to: Option<i64>) -> NewReminder {
    NewReminder {
        kind,
        dedupe_key: format!("{kind}:{}:{}", row.id, to.unwrap_or_default()),
        recipient_id: to,
        compound_id: Some(row.compound_id),
        subject: subject(row.id),
        payload: json!({ "moderation": row.id }),
        due_at: tx.now(),
    }
}

/// The platform is asked as soon as the content is stored.
pub(super) async fn begin(tx: &mut Tx, row: &moderation::Model) -> Result<(), Fault> {
    let item = new(tx, row, CHECK, None);
    enqueue(tx, vec![item]).await
}

/// The verdict on a picture is waited for only so long.
pub(super) async fn watch(tx: &mut Tx, row: &moderation::Model) -> Result<(), Fault> {
    let item = NewReminder {
        due_at: tx.now() + TimeDelta::minutes(VERDICT_MINUTES),
        ..new(tx, row, LATE, None)
    };
    enqueue(tx, vec![item]).await
}

/// A verdict may come before the answer to the call that it is about.
///
/// # Errors
/// The database's.
pub async fn keep_verdict(tx: &mut Tx, verdict: &MediaVerdict) -> Result<(), Fault> {
    let item = NewReminder {
        kind: VERDICT,
        dedupe_key: format!("{VERDICT}:{}", verdict.trace_id),
        recipient_id: None,
        compound_id: None,
        subject: "moderation".to_owned(),
        payload: json!({
            "trace_id": verdict.trace_id,
            "errcode": verdict.errcode,
            "suggest": verdict.suggest.map(Suggest::word),
            "label": verdict.label,
        }),
        due_at: tx.now() + TimeDelta::seconds(AGAIN),
    };
    enqueue(tx, vec![item]).await
}

async fn look_again(app: &App, reminder: &reminder::Model) -> Result<Verdict, Fault> {
    let number = |name: &str| payload::number(reminder, name);
    let word = |name: &str| payload::word(reminder, name);
    let verdict = MediaVerdict {
        trace_id: word("trace_id").unwrap_or_default().to_owned(),
        errcode: number("errcode").unwrap_or(-1),
        suggest: word("suggest").map(Suggest::read),
        label: number("label").unwrap_or_default(),
    };
    let mut tx = app.store.begin(app.clock.now()).await?;
    let known = actions::take_verdict(&mut tx, &verdict).await?;
    tx.commit().await?;
    Ok(match known {
        true => Verdict::Done,
        // Not ours; if it was after all, the clock of the picture asks a person.
        false if reminder.attempts >= LOOKS => Verdict::Drop,
        false => Verdict::Retry("还没有对应的图片".to_owned()),
    })
}

/// Asks those who may decide, nearest first, but not the author; whoever has no account finds it in
/// the list.
pub(super) async fn ask(tx: &mut Tx, row: &moderation::Model) -> Result<(), Fault> {
    let Some((_, place)) = queries::by_id(tx.db(), row.id).await? else {
        return Ok(());
    };
    let all = holders(tx.db(), &place.path, roles(Deed::Moderate), tx.now()).await?;
    let with_account = account::Entity::find()
        .filter(
            account::COLUMN
                .person_id
                .is_in(all.iter().map(|held| held.person_id)),
        )
        .all(tx.db())
        .await?;
    let mut people: Vec<i64> = Vec::new();
    let mut depth = None;
    for held in all {
        let reachable = with_account
            .iter()
            .any(|account| account.person_id == Some(held.person_id));
        let near = depth.is_none_or(|depth| depth == held.depth);
        let fresh = Some(held.person_id) != row.author_id && !people.contains(&held.person_id);
        if reachable && near && fresh && people.len() < MOST_ASKED {
            depth = Some(held.depth);
            people.push(held.person_id);
        }
    }
    let items = people.into_iter().map(|to| new(tx, row, ASK, Some(to)));
    let items = items.collect();
    enqueue(tx, items).await
}

/// Tells the author that it was refused.
pub(super) async fn tell_author(tx: &mut Tx, row: &moderation::Model) -> Result<(), Fault> {
    if row.author_id.is_none() {
        return Ok(());
    }
    let item = new(tx, row, REFUSED, row.author_id);
    enqueue(tx, vec![item]).await
}

async fn read(app: &App, row: &reminder::Model) -> Result<Option<moderation::Model>, Fault> {
    let id = payload::number(row, "moderation");
    let Some(id) = id else { return Ok(None) };
    Ok(queries::by_id(app.store.read(), id)
        .await?
        .map(|(row, _)| row))
}

/// Asks the platform once. Whatever it answers is taken at once: to try again would keep people
/// waiting for the sake of a machine.
async fn check(app: &App, reminder: &reminder::Model) -> Result<Verdict, Fault> {
    let open = |row: &moderation::Model| {
        row.state == ModerationState::Pending && row.asked_at.is_none() && row.trace_id.is_none()
    };
    let Some(row) = read(app, reminder).await?.filter(open) else {
        return Ok(Verdict::Drop);
    };
    let now = app.clock.now();
    let word = match open_id(app, &row).await? {
        Err(doubt) => Judgement::Doubt(doubt.to_owned()),
        Ok(open_id) if row.kind == ContentKind::Text => {
            let asked = app
                .mini
                .check_text(&row.content, Scene::Forum, &open_id, now.timestamp());
            of_text(&asked.await)
        }
        Ok(open_id) => {
            let url = media_url(app, row.id);
            let asked = app.mini.check_media(
                &url,
                MediaKind::Image,
                Scene::Forum,
                &open_id,
                now.timestamp(),
            );
            match asked.await {
                Ok(trace) => {
                    let mut tx = app.store.begin(now).await?;
                    actions::await_verdict(&mut tx, &row, &trace).await?;
                    tx.commit().await?;
                    return Ok(Verdict::Done);
                }
                Err(error) => of_error(&error),
            }
        }
    };
    let mut tx = app.store.begin(now).await?;
    actions::settle(&mut tx, &row, word).await?;
    tx.commit().await?;
    Ok(Verdict::Done)
}

/// The author's openid in the mini-program, or why there is none to ask with.
async fn open_id(
    app: &App,
    row: &moderation::Model,
) -> Result<Result<String, &'static str>, Fault> {
    if app.settings.wechat.mini.app_id.is_empty() {
        return Ok(Err("没有配置小程序"));
    }
    // The verdict on a picture comes as a push.
    if row.kind == ContentKind::Image && app.mini_account.is_none() {
        return Ok(Err("没有配置小程序的消息推送"));
    }
    let Some(author) = row.author_id else {
        return Ok(Err("作者没有用过小程序"));
    };
    let account = account::Entity::find()
        .filter(account::COLUMN.person_id.eq(author))
        .filter(account::COLUMN.channel.eq(Channel::Mini))
        .order_by_desc(account::COLUMN.last_inbound_at)
        .one(app.store.read())
        .await?;
    Ok(account
        .map(|account| account.external_id)
        .ok_or("作者没有用过小程序"))
}

/// Where the platform fetches a picture that it is asked about.
fn media_url(app: &App, id: i64) -> String {
    let sign = media_sign(app, id);
    format!("{}/moderation/{id}/{sign}", app.settings.server.public_url)
}

/// What opens the address of a picture: nobody can make it who does not have our key.
#[must_use]
pub fn media_sign(app: &App, id: i64) -> String {
    app.seal.sign(&format!("moderation-media:{id}"))
}

async fn late(app: &App, reminder: &reminder::Model) -> Result<Verdict, Fault> {
    let Some(row) = read(app, reminder).await? else {
        return Ok(Verdict::Drop);
    };
    let mut tx = app.store.begin(app.clock.now()).await?;
    let doubt = Judgement::Doubt("平台没有及时回答".to_owned());
    actions::settle(&mut tx, &row, doubt).await?;
    tx.commit().await?;
    Ok(Verdict::Done)
}

async fn compose_ask(app: &App, rows: &[reminder::Model]) -> Result<Option<Message>, Fault> {
    let Some(last) = rows.last() else {
        return Ok(None);
    };
    let row = read(app, last).await?;
    let Some(row) = row.filter(|row| row.state == ModerationState::Pending) else {
        return Ok(None);
    };
    let hint = format!("回复“审核 {} 通过”或“审核 {} 驳回 原因”", row.id, row.id);
    let doubt = row.doubt.clone().unwrap_or_default();
    let picture = picture(app, &row).await?;
    let shown = match picture.as_str() {
        "" => String::new(),
        url => format!("\n看图：{url}"),
    };
    let text = format!(
        "有内容待审核（编号 {}，{doubt}）：{}{}\n审核前别人看不到。{hint}。",
        row.id,
        says(&row, SHOWN),
        shown
    );
    Ok(Some(Message {
        template: "task",
        title: format!("待审核 {}", says(&row, 14)),
        place: place_name(app, &row).await?,
        state: "待审核".to_owned(),
        at: row.created_at,
        hint: format!("回复:审核 {} 通过/驳回", row.id),
        text,
        url: (!picture.is_empty()).then_some(picture),
        urgent: false,
        buttons: Vec::new(),
    }))
}

/// Where whoever decides can look at a picture; empty for words.
async fn picture(app: &App, row: &moderation::Model) -> Result<String, Fault> {
    let id = row.part.strip_prefix("photo:");
    let Some(id) = id.and_then(|id| id.parse().ok()) else {
        return Ok(String::new());
    };
    let photo = attachments::by_id(app.store.read(), id).await?;
    let url = photo.and_then(|photo| link::url_for_decision(app, &photo));
    Ok(url.unwrap_or_default())
}

async fn compose_refused(app: &App, rows: &[reminder::Model]) -> Result<Option<Message>, Fault> {
    let Some(last) = rows.last() else {
        return Ok(None);
    };
    let row = read(app, last).await?;
    let Some(row) = row.filter(|row| row.state == ModerationState::Refused) else {
        return Ok(None);
    };
    let why = row
        .reason
        .as_deref()
        .map_or_else(String::new, |reason| format!("，原因：{reason}"));
    let remedy = remedy(&row);
    let next = remedy.as_ref().map_or_else(String::new, |command| {
        format!("改好后回复“{command}”，再审核一次。")
    });
    let text = format!(
        "您要公开的内容没有通过审核{why}：{}\n事情照常办理，只是别人看不到这段内容。{next}",
        says(&row, 60),
    );
    let reason = row.reason.clone();
    let hint = match remedy {
        Some(command) => format!("回复:{command}。{}", reason.unwrap_or_default()),
        None => reason.unwrap_or_else(|| "事情照常办理".to_owned()),
    };
    Ok(Some(Message {
        template: "progress",
        title: format!("审核未通过 {}", says(&row, 12)),
        place: place_name(app, &row).await?,
        state: "未通过".to_owned(),
        at: row.decided_at.unwrap_or(row.created_at),
        hint,
        text,
        url: None,
        urgent: false,
        buttons: Vec::new(),
    }))
}

/// How the author hands in other words, where the noun has a command for it.
fn remedy(row: &moderation::Model) -> Option<String> {
    let (_, number) = row.subject.split_once(':')?;
    (row.part == "board").then(|| format!("改公示 {number} 新内容"))
}

/// The content in a few words.
pub(super) fn says(row: &moderation::Model, most: usize) -> String {
    match row.kind {
        ContentKind::Text => shorten(&row.content, most),
        ContentKind::Image => format!("图片（{}）", row.subject),
    }
}

async fn place_name(app: &App, row: &moderation::Model) -> Result<String, Fault> {
    let found = queries::by_id(app.store.read(), row.id).await?;
    Ok(found.map(|(_, place)| place.name).unwrap_or_default())
}
