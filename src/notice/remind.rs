//! What a notice sets going: the clock that lets it go out, the one that walks over its recipients, the
//! message that each of them gets, what the groups of the compound are told, and the next round by itself.
//! `command/serve.rs` joins the tables to the others'.

use chrono::TimeDelta;
use entity::kinds::NoticeState;
use entity::{attachment, notice, place, reminder};
use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde_json::json;

use crate::app::App;
use crate::base::clock::Moment;
use crate::base::fault::Fault;
use crate::base::text::shorten;
use crate::delivery::group::{groups_of, spread, tell_group};
use crate::delivery::{Kind, Message, Topic, Work};
use crate::notice::actions::send::{self, Step};
use crate::notice::told::told;
use crate::notice::{DRAFT_DAYS, HOLDS, is_correction, link, mark_of, queries, subject};
use crate::place::queries as places;
use crate::reminder::payload::{self, number};
use crate::reminder::schedule::ClockWork;
use crate::reminder::{BoxFuture, NewReminder, Verdict};
use crate::store::Store;

/// Clock: the time to undo it is over.
pub(super) const BEGIN: &str = "notice.begin";
/// Clock: the next parts of the recipients are told.
const FAN: &str = "notice.fan";
/// To each recipient.
const NEW: &str = "notice.new";
/// To each recipient of an urgent one.
const URGENT: &str = "notice.urgent";
/// To each recipient of one that tells of what is published.
const OFFICIAL: &str = "notice.official";
/// Clock: each group of the compounds is told.
const GROUPS: &str = "notice.groups";
/// Clock: one of them is told.
const GROUP: &str = "notice.group";
/// Clock: whoever has not read it is told again.
const REPEAT: &str = "notice.repeat";

/// What is cancelled when a notice does not hold any more.
pub(super) const ALL: &[&str] = &[BEGIN, FAN, NEW, URGENT, OFFICIAL, GROUPS, GROUP, REPEAT];

/// What a group is told: it was published.
pub(super) const PUBLISHED: &str = "published";
/// It was recalled.
pub(super) const RECALLED: &str = "recalled";

/// Characters of the body in a message.
const SHOWN: usize = 300;

/// What each kind means.
pub const KINDS: &[Kind] = &[
    Kind {
        name: BEGIN,
        work: Work::Clock(|app, row| Box::pin(begins(app, row))),
    },
    Kind {
        name: FAN,
        work: Work::Clock(|app, row| Box::pin(fans(app, row))),
    },
    Kind {
        name: REPEAT,
        work: Work::Clock(|app, row| Box::pin(repeats(app, row))),
    },
    Kind {
        name: GROUPS,
        work: Work::Clock(|app, row| Box::pin(spreads(app, row))),
    },
    Kind {
        name: GROUP,
        work: Work::Clock(|app, row| Box::pin(tells_group(app, row))),
    },
    Kind {
        name: NEW,
        work: Work::Push(Topic::News, compose),
    },
    Kind {
        name: URGENT,
        work: Work::Push(Topic::Safety, compose),
    },
    Kind {
        name: OFFICIAL,
        work: Work::Push(Topic::Public, compose),
    },
];

/// The clock works.
pub const WORKS: &[ClockWork] = &[ClockWork {
    name: "notice-drafts",
    every_hours: 24,
    run: |store, now| Box::pin(remove_drafts(store, now)),
}];

/// Under which kind recipients are told.
pub(super) const fn kind_of(row: &notice::Model) -> &'static str {
    match (row.urgent, &row.about) {
        (true, _) => URGENT,
        (_, Some(_)) => OFFICIAL,
        _ => NEW,
    }
}

fn clock(row: &notice::Model, kind: &'static str, key: String, due_at: Moment) -> NewReminder {
    NewReminder {
        kind,
        dedupe_key: key,
        recipient_id: None,
        compound_id: row.compound_id,
        subject: subject(row.id),
        payload: json!({ "notice": row.id, "round": row.round }),
        due_at,
    }
}

pub(super) fn begin(row: &notice::Model, at: Moment) -> NewReminder {
    clock(row, BEGIN, format!("notice:{}:begin", row.id), at)
}

pub(super) fn fan(row: &notice::Model, now: Moment) -> NewReminder {
    clock(
        row,
        FAN,
        format!("notice:{}:{}:fan", row.id, row.round),
        now,
    )
}

pub(super) fn repeat(row: &notice::Model, at: Moment) -> NewReminder {
    clock(
        row,
        REPEAT,
        format!("notice:{}:{}:repeat", row.id, row.round),
        at,
    )
}

/// The groups of its compound, or of all compounds below its place, are told of it, if it is for everybody there.
pub(super) fn groups_told(
    row: &notice::Model,
    what: &'static str,
    now: Moment,
) -> Option<NewReminder> {
    let part = row.compound_id.is_some_and(|id| id != row.place_id);
    if part || !queries::is_for_everybody(row) {
        return None;
    }
    let mut item = clock(row, GROUPS, format!("notice:{}:groups:{what}", row.id), now);
    item.payload = json!({ "notice": row.id, "what": what });
    Some(item)
}

async fn begins(app: &App, row: &reminder::Model) -> Result<Verdict, Fault> {
    let Some(id) = number(row, "notice") else {
        return Ok(Verdict::Drop);
    };
    Ok(match send::start(&app.store, &*app.clock, id).await? {
        Step::More => Verdict::Done,
        Step::Over => Verdict::Drop,
    })
}

async fn fans(app: &App, row: &reminder::Model) -> Result<Verdict, Fault> {
    let Some(id) = number(row, "notice") else {
        return Ok(Verdict::Drop);
    };
    Ok(match send::go_on(&app.store, &*app.clock, id).await? {
        Step::Over => Verdict::Done,
        Step::More => Verdict::Later(app.clock.now()),
    })
}

async fn repeats(app: &App, row: &reminder::Model) -> Result<Verdict, Fault> {
    let (Some(id), Some(round)) = (number(row, "notice"), number(row, "round")) else {
        return Ok(Verdict::Drop);
    };
    let mut tx = app.store.begin(app.clock.now()).await?;
    let found = queries::by_id(tx.db(), id).await?;
    let due =
        found.filter(|found| found.state == NoticeState::Sent && i64::from(found.round) == round);
    let begun = match due {
        Some(found) => send::again_round(&mut tx, &found).await?,
        None => false,
    };
    tx.commit().await?;
    Ok(if begun { Verdict::Done } else { Verdict::Drop })
}

/// The groups that a notice is for: those of the compound, or of all compounds below its place; each with its
/// compound.
async fn groups_below(app: &App, id: i64) -> Result<Vec<(Option<i64>, String)>, Fault> {
    let db = app.store.read();
    let Some(found) = queries::by_id(db, id).await? else {
        return Ok(Vec::new());
    };
    let Some(place) = places::by_id(db, found.place_id).await? else {
        return Ok(Vec::new());
    };
    let compounds = place::Entity::find()
        .filter(places::compounds_below(&place.path))
        .order_by_asc(place::COLUMN.code)
        .all(db)
        .await?;
    let groups = compounds.iter().flat_map(|compound| {
        let groups = groups_of(app, &compound.code).into_iter();
        groups.map(move |group| (Some(compound.id), group))
    });
    Ok(groups.collect())
}

/// One reminder for each group, so that one that is broken holds up no other.
async fn spreads(app: &App, row: &reminder::Model) -> Result<Verdict, Fault> {
    let Some(id) = number(row, "notice") else {
        return Ok(Verdict::Drop);
    };
    let groups = groups_below(app, id).await?;
    spread(app, row, GROUP, groups).await
}

async fn tells_group(app: &App, row: &reminder::Model) -> Result<Verdict, Fault> {
    let word = |name: &str| payload::word(row, name);
    let (Some(id), Some(group), Some(what)) = (number(row, "notice"), word("group"), word("what"))
    else {
        return Ok(Verdict::Drop);
    };
    let Some(found) = queries::by_id(app.store.read(), id).await? else {
        return Ok(Verdict::Drop);
    };
    let text = match what {
        RECALLED => format!("公告“{}”已撤回，请以之后的公告为准。", found.title),
        _ if !HOLDS.contains(&found.state) => return Ok(Verdict::Drop),
        _ => format!(
            "【公告】{}{}\n{}\n全文：{}",
            mark_of(&found),
            found.title,
            shorten(&found.body, SHOWN),
            link::public(app, id)
        ),
    };
    tell_group(app, group, &text).await
}

fn compose<'a>(
    app: &'a App,
    reminders: &'a [reminder::Model],
) -> BoxFuture<'a, Result<Option<Message>, Fault>> {
    Box::pin(async move {
        let last = reminders.last();
        let Some((last, id)) = last.and_then(|last| Some((last, number(last, "notice")?))) else {
            return Ok(None);
        };
        let Some(person_id) = last.recipient_id else {
            return Ok(None);
        };
        let Some(told) = told(app, id, person_id).await? else {
            return Ok(None);
        };
        Ok(Some(message(
            app,
            &told.notice,
            person_id,
            told.place.clone(),
        )))
    })
}

fn message(app: &App, row: &notice::Model, person_id: i64, place: Option<String>) -> Message {
    let id = row.id;
    let url = link::own(app, id, person_id);
    let place = place.unwrap_or_default();
    let state = match (row.urgent, is_correction(row), row.round) {
        (true, ..) => "紧急公告",
        (_, true, _) => "更正公告",
        (_, _, 0) if row.about.is_some() => "已公布",
        (_, _, 0) => "新公告",
        _ => "还没有读",
    };
    let page = link::page(app, row);
    let page = page.map_or_else(String::new, |page| format!("\n公示在这里：{page}"));
    Message {
        template: "notice",
        title: format!("{}{}", mark_of(row), row.title),
        place: place.clone(),
        state: state.to_owned(),
        at: row.published_at.unwrap_or(row.created_at),
        text: format!(
            "{place}公告 {}{}\n{}{page}\n看全文：{url}\n看到了请回复“收到 {id}”。",
            mark_of(row),
            row.title,
            shorten(&row.body, SHOWN)
        ),
        hint: "点开看全文，看到了请按“收到”".to_owned(),
        url: Some(url),
        urgent: row.urgent,
        buttons: Vec::new(),
    }
}

/// Removes drafts that nobody has published; their photos belong to nothing then.
async fn remove_drafts(store: &Store, now: Moment) -> Result<u64, Fault> {
    let tx = store.begin(now).await?;
    let old: Vec<i64> = notice::Entity::find()
        .select_only()
        .column(notice::Column::Id)
        .filter(notice::COLUMN.state.eq(NoticeState::Draft))
        .filter(
            notice::COLUMN
                .created_at
                .lt(now - TimeDelta::days(DRAFT_DAYS)),
        )
        .limit(1_000)
        // Whoever publishes one of them now comes before or after.
        .lock_exclusive()
        .into_tuple()
        .all(tx.db())
        .await?;
    if old.is_empty() {
        return Ok(0);
    }
    attachment::Entity::update_many()
        .set(attachment::ActiveModel {
            subject: Set(None),
            ..Default::default()
        })
        .filter(
            attachment::COLUMN
                .subject
                .is_in(old.iter().map(|id| subject(*id))),
        )
        .exec(tx.db())
        .await?;
    let removed = notice::Entity::delete_many()
        .filter(notice::COLUMN.id.is_in(old))
        .filter(notice::COLUMN.state.eq(NoticeState::Draft))
        .exec(tx.db())
        .await?;
    tx.commit().await?;
    Ok(removed.rows_affected)
}
