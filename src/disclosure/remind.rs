//! What a published month sets going: a clock that walks over the people of a compound, a part at a time, and
//! the message that each of them gets. `command/serve.rs` joins the table to the others'.

use entity::{binding, disclosure, reminder};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect, QueryTrait};
use serde_json::json;

use crate::app::App;
use crate::base::clock::Moment;
use crate::base::fault::Fault;
use crate::base::fen::Fen;
use crate::delivery::{Kind, Message, Topic, Work};
use crate::disclosure::ask;
use crate::disclosure::queries::{Published, by_id};
use crate::disclosure::statement::total;
use crate::ledger::Family;
use crate::person::binding::TIED;
use crate::place::queries::compound_by_id;
use crate::reminder::fan::{self, ToMany, enqueue_part};
use crate::reminder::payload::number;
use crate::reminder::{BoxFuture, NewReminder, Verdict, enqueue};

/// Clock: the next part of the people is told.
const BROADCAST: &str = "disclosure.broadcast";
/// To each person of the compound: a month was published.
const PUBLISHED: &str = "disclosure.published";

/// What each kind means.
pub const KINDS: &[Kind] = &[
    Kind {
        name: BROADCAST,
        work: Work::Clock(tell_part),
    },
    Kind {
        name: PUBLISHED,
        work: Work::Push(Topic::News, compose),
    },
    Kind {
        name: ask::UNPUBLISHED,
        work: Work::Push(Topic::Task, ask::compose),
    },
];

/// The clock for everybody whose key is above `after`.
pub(super) fn broadcast(row: &disclosure::Model, after: i64, now: Moment) -> NewReminder {
    NewReminder {
        kind: BROADCAST,
        dedupe_key: format!("disclosure:{}:after:{after}", row.id),
        recipient_id: None,
        compound_id: Some(row.compound_id),
        subject: format!("disclosure:{}", row.id),
        payload: json!({ "disclosure": row.id, "after": after }),
        due_at: now,
    }
}

fn tell_part<'a>(
    app: &'a App,
    clock: &'a reminder::Model,
) -> BoxFuture<'a, Result<Verdict, Fault>> {
    Box::pin(async move {
        let (Some(id), Some(after)) = (number(clock, "disclosure"), number(clock, "after")) else {
            return Ok(Verdict::Drop);
        };
        let now = app.clock.now();
        let mut tx = app.store.begin(now).await?;
        let Some(row) = disclosure::Entity::find_by_id(id).one(tx.db()).await? else {
            return Ok(Verdict::Drop);
        };
        let people = binding::Entity::find()
            .select_only()
            .column_as(binding::Column::PersonId, fan::WHOM)
            .column(binding::Column::CompoundId)
            .distinct()
            .filter(binding::COLUMN.compound_id.eq(row.compound_id))
            .filter(binding::COLUMN.state.is_in(TIED))
            .filter(binding::COLUMN.person_id.is_not_null())
            .into_query();
        let item = ToMany {
            kind: PUBLISHED,
            key: format!("disclosure:{}:person:", row.id),
            subject: format!("disclosure:{}", row.id),
            payload: json!({ "disclosure": row.id }),
            due_at: now,
        };
        if let Some(last) = enqueue_part(&mut tx, &item, &people, after).await? {
            enqueue(&mut tx, vec![broadcast(&row, last, now)]).await?;
        }
        tx.commit().await?;
        Ok(Verdict::Done)
    })
}

fn compose<'a>(
    app: &'a App,
    reminders: &'a [reminder::Model],
) -> BoxFuture<'a, Result<Option<Message>, Fault>> {
    Box::pin(async move {
        let Some(last) = reminders.last() else {
            return Ok(None);
        };
        let Some(id) = number(last, "disclosure") else {
            return Ok(None);
        };
        let db = app.store.read();
        let Some(published) = by_id(db, id).await? else {
            return Ok(None);
        };
        let Some(place) = compound_by_id(db, published.disclosure.compound_id).await? else {
            return Ok(None);
        };
        let month = published.month();
        let url = url(app, &place.code, &published);
        let corrected = if published.disclosure.version > 1 {
            "（更正）"
        } else {
            ""
        };
        let hint = format!("回复“财务 {month}”查看");
        Ok(Some(Message {
            template: "notice",
            title: format!("{}财务公开{corrected}", month.says()),
            place: place.name.clone(),
            state: "已公布".to_owned(),
            at: last.due_at,
            text: format!(
                "{}{}财务公开{corrected}：{}。{hint}，有疑问可以对任何一行质询。{url}",
                place.name,
                month.says(),
                sums(&published)
            ),
            hint,
            url: Some(url),
            urgent: false,
            buttons: Vec::new(),
        }))
    })
}

/// `收入 1,234.00 元，支出 800.00 元`
pub(super) fn sums(published: &Published) -> String {
    let lines = published.statement();
    format!(
        "收入 {} 元，支出 {} 元",
        Fen(total(&lines, Family::Income)).in_groups(),
        Fen(total(&lines, Family::Expenses)).in_groups()
    )
}

/// Where everybody can read it.
#[must_use]
pub fn url(app: &App, code: &str, published: &Published) -> String {
    let base = app.settings.server.public_url.trim_end_matches('/');
    let code = crate::wechat::http::percent(code);
    format!("{base}/board/{code}/accounts/{}", published.month())
}
