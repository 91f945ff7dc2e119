//! What was tried, row by row in `delivery`: written before an attempt, closed after it, for many messages
//! at once (`store::gather`). Used by `send` and `direct`.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use entity::delivery;
use entity::kinds::DeliveryState;
use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveEnum, ConnectionTrait, DbBackend, EntityTrait, QueryFilter, Statement};
use serde_json::json;

use super::choose::Carrier;
use super::send::Letter;
use crate::app::App;
use crate::base::clock::Moment;
use crate::base::fault::Fault;
use crate::base::text::shorten;
use crate::store::gather::Gather;
use crate::store::insert;
use crate::store::listed::listed;
use crate::wechat::Error;

/// Characters of the platform's words, and of all that is stored: a template's id has 43.
const WORDS_MOST: usize = 220;
const ERROR_MOST: usize = 300;

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ended {
    pub(super) state: DeliveryState,
    /// The platform's id of it.
    pub(super) platform_id: Option<String>,
    /// The platform's code and words.
    pub(super) error_code: Option<i64>,
    pub(super) error: Option<String>,
}

impl Ended {
    /// What is stored of it.
    pub(super) fn row(self) -> delivery::ActiveModel {
        delivery::ActiveModel {
            state: Set(self.state),
            platform_id: Set(self.platform_id),
            error_code: Set(self.error_code),
            error: Set(self.error),
            ..Default::default()
        }
    }
}

/// The lines of those who write.
#[derive(Default)]
struct Lines {
    open: Gather<Vec<delivery::ActiveModel>, Vec<i64>>,
    close: Gather<(Vec<i64>, Ended), ()>,
    grown: Grown,
}

/// How many attempts this process has written down. PostgreSQL's plans for them were made while there were few,
/// and hold until the table is counted again: it is each time that they have doubled.
#[derive(Default)]
struct Grown {
    rows: AtomicUsize,
    counted: AtomicUsize,
}

impl Grown {
    /// Few enough to be read whole.
    const FEW: usize = 500;

    /// Whether so many more make it worth counting.
    fn by(&self, more: usize) -> bool {
        let rows = self.rows.fetch_add(more, Ordering::Relaxed) + more;
        let counted = self.counted.load(Ordering::Relaxed);
        let due = rows >= Self::FEW.max(counted * 2);
        due && self
            .counted
            .compare_exchange(counted, rows, Ordering::Relaxed, Ordering::Relaxed)
            .is_ok()
    }
}

/// A row for each reminder that this attempt answers for.
pub(super) async fn open_rows(
    app: &App,
    letter: &Letter<'_>,
    by: Option<(i64, Carrier)>,
) -> Result<Vec<i64>, Fault> {
    let now = app.clock.now();
    let state = match by {
        Some(_) => DeliveryState::Sending,
        None => DeliveryState::Unreachable,
    };
    let rows = letter
        .reminders
        .iter()
        .map(|reminder| delivery::ActiveModel {
            reminder_id: Set(Some(reminder.id)),
            person_id: Set(letter.to.person_id()),
            account_id: Set(by.map(|(account_id, _)| account_id)),
            channel: Set(by.map_or("none", |(_, carrier)| carrier.name()).to_owned()),
            kind: Set(reminder.kind.clone()),
            subject: Set(reminder.subject.clone()),
            client_msg_id: Set(letter.client_msg_id.to_owned()),
            state: Set(state),
            created_at: Set(now),
            updated_at: Set(now),
            ..Default::default()
        });
    let lines = app.kept::<Lines>();
    let app = app.clone();
    let write = move |all: Vec<Vec<delivery::ActiveModel>>| {
        let app = app.clone();
        async move {
            let stored = insert(&app, all).await?;
            let more = stored.iter().map(Vec::len).sum();
            if app.kept::<Lines>().grown.by(more) {
                app.store.count_anew(&["delivery"]).await;
            }
            Ok(stored)
        }
    };
    lines.open.ask(rows.collect(), write).await
}

/// Writes all of them, and says the keys of each attempt's.
async fn insert(app: &App, all: Vec<Vec<delivery::ActiveModel>>) -> Result<Vec<Vec<i64>>, Fault> {
    let db = app.store.write();
    let counts: Vec<usize> = all.iter().map(Vec::len).collect();
    let rows: Vec<delivery::ActiveModel> = all.into_iter().flatten().collect();
    let reminders: Vec<Option<i64>> = rows
        .iter()
        .map(|row| row.reminder_id.clone().take().flatten())
        .collect();
    let text = match db.get_database_backend() {
        DbBackend::Postgres if rows.len() > 1 => insert::as_one_text(&rows),
        _ => None,
    };
    let stored: Vec<(i64, Option<i64>)> = match text {
        Some(mut statement) => {
            statement.sql.push_str(r#" RETURNING "id", "reminder_id""#);
            let rows = db.query_all_raw(statement).await?;
            let keys = rows
                .iter()
                .map(|row| Ok((row.try_get("", "id")?, row.try_get("", "reminder_id")?)));
            keys.collect::<Result<_, sea_orm::DbErr>>()?
        }
        None => {
            let stored = delivery::Entity::insert_many(rows)
                .exec_with_returning(db)
                .await?;
            let keys = stored.into_iter().map(|row| (row.id, row.reminder_id));
            keys.collect()
        }
    };
    if stored.len() != reminders.len() {
        return Err(Fault::internal("rows of deliveries are missing"));
    }
    // One reminder is tried by one way at a time: it tells the rows of a statement apart.
    let keys: HashMap<Option<i64>, i64> = stored
        .into_iter()
        .map(|(id, reminder)| (reminder, id))
        .collect();
    let mut ids = reminders
        .iter()
        .filter_map(|reminder| keys.get(reminder).copied());
    let each = counts.into_iter();
    Ok(each
        .map(|count| ids.by_ref().take(count).collect())
        .collect())
}

/// The platform has it.
pub(super) const fn sent_row(platform_id: Option<String>) -> Ended {
    Ended {
        state: DeliveryState::Sent,
        platform_id,
        error_code: None,
        error: None,
    }
}

/// It ended so; `sent` when the platform had it already. The template stands with the words: nothing else in
/// the row tells an operator which one to look at.
pub(super) fn failed_row(error: &Error, template: Option<&str>, sent: bool) -> Ended {
    let error_code = match error {
        Error::Platform { code, .. } => Some(*code),
        _ => None,
    };
    let mut words = shorten(&error.to_string(), WORDS_MOST);
    if let Some(id) = template {
        words = format!("{words}; template {id}");
    }
    Ended {
        state: if sent {
            DeliveryState::Sent
        } else {
            DeliveryState::Failed
        },
        platform_id: None,
        error_code,
        error: Some(shorten(&words, ERROR_MOST)),
    }
}

/// Stores how an attempt ended.
pub(super) async fn close_rows(app: &App, ids: &[i64], ended: Ended) -> Result<(), Fault> {
    let lines = app.kept::<Lines>();
    let app = app.clone();
    let write = move |all: Vec<(Vec<i64>, Ended)>| {
        let app = app.clone();
        async move { update(&app, all).await }
    };
    lines.close.ask((ids.to_vec(), ended), write).await
}

async fn update(app: &App, all: Vec<(Vec<i64>, Ended)>) -> Result<Vec<()>, Fault> {
    let now = app.clock.now();
    let count = all.len();
    match all.as_slice() {
        [(ids, ended)] => change(app.store.write(), ids, ended, now).await?,
        _ if app.store.backend() == DbBackend::Postgres => {
            let statement = change_all(&all, now);
            app.store.write().execute_raw(statement).await?;
        }
        _ => {
            let tx = app.store.begin(now).await?;
            for (ids, ended) in &all {
                change(tx.db(), ids, ended, now).await?;
            }
            tx.commit().await?;
        }
    }
    Ok(vec![(); count])
}

async fn change<C: ConnectionTrait>(
    db: &C,
    ids: &[i64],
    ended: &Ended,
    now: Moment,
) -> Result<(), Fault> {
    delivery::Entity::update_many()
        .set(delivery::ActiveModel {
            updated_at: Set(now),
            ..ended.clone().row()
        })
        .filter(delivery::COLUMN.id.is_in(ids.iter().copied()))
        .exec(db)
        .await?;
    Ok(())
}

/// All of them in one statement, for PostgreSQL. The keys stand beside the rows, since it does not know how many
/// these are, and would read the whole table for them.
fn change_all(all: &[(Vec<i64>, Ended)], now: Moment) -> Statement {
    let rows = all.iter().flat_map(|(ids, ended)| {
        ids.iter().map(move |id| {
            json!({
                "id": id,
                "state": ended.state.to_value(),
                "platform_id": ended.platform_id,
                "error_code": ended.error_code,
                "error": ended.error,
                "updated_at": now,
            })
        })
    });
    let text = serde_json::Value::Array(rows.collect()).to_string();
    let ids: Vec<i64> = all.iter().flat_map(|(ids, _)| ids).copied().collect();
    let (list, of_list) = listed(DbBackend::Postgres, r#""delivery"."id""#, &ids, "$2");
    let sql = r#"UPDATE "delivery" SET "state" = one."state", "platform_id" = one."platform_id", "error_code" = one."error_code", "error" = one."error", "updated_at" = one."updated_at" FROM json_populate_recordset(NULL::"delivery", $1::json) AS one WHERE "delivery"."id" = one."id""#;
    let sql = format!("{sql} AND {of_list}");
    Statement::from_sql_and_values(DbBackend::Postgres, sql, [text.into(), list.into()])
}

#[cfg(test)]
mod tests {
    use super::Grown;

    #[test]
    fn the_table_is_counted_each_time_it_has_doubled() {
        let grown = Grown::default();
        let counted: Vec<usize> = (1..=10_000).filter(|_| grown.by(1)).collect();
        assert_eq!(counted, [500, 1_000, 2_000, 4_000, 8_000]);
        assert!(Grown::default().by(100_000));
    }
}
