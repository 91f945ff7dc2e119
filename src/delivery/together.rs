//! What the postman asks the database about each message, asked for many messages at once
//! (`store::gather`): a notice to a whole street is as many messages as people. Used by `postman`, `send`,
//! `sift`, `order` and `record`.

use std::collections::{HashMap, HashSet};

use chrono::TimeDelta;
use entity::kinds::{DeliveryState, ReminderState};
use entity::{account, delivery, person, preference, reminder, subscription};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::recipient::Recipient;
use crate::app::App;
use crate::base::clock::Moment;
use crate::base::fault::Fault;
use crate::reminder::OPEN;
use crate::store::gather::{Gather, padded};

/// What is due within so many milliseconds is about to be taken: a little longer than what went back.
const SOON: i64 = 1_500;
/// With more open reminders than this of those who are asked about, each is asked about by itself.
const ROWS: u64 = 2_000;

/// Somebody who can be told something.
#[derive(Clone)]
pub(super) struct Here {
    /// Their user id in WeCom.
    pub(super) userid: Option<String>,
}

/// The lines, one of each kind of question.
#[derive(Default)]
struct Lines {
    who: Gather<i64, Option<Here>>,
    earlier: Gather<Vec<i64>, HashMap<i64, Vec<delivery::Model>>>,
    off: Gather<i64, Vec<preference::Model>>,
    accounts: Gather<Recipient, Vec<account::Model>>,
    accepts: Gather<(Vec<i64>, String), Vec<i64>>,
    older: Gather<Turn, bool>,
}

/// Whose turn is asked about: the oldest of what goes to a person now.
#[derive(Clone, Debug)]
pub(super) struct Turn {
    pub(super) person_id: i64,
    pub(super) due_at: Moment,
    pub(super) id: i64,
    pub(super) lease: Option<String>,
}

/// A person; none when they have left.
///
/// # Errors
/// The database's, here and below.
pub(super) async fn who(app: &App, person_id: i64) -> Result<Option<Here>, Fault> {
    let lines = app.kept::<Lines>();
    let app = app.clone();
    let find = move |ids: Vec<i64>| {
        let app = app.clone();
        async move {
            let now = app.clock.now();
            let rows = person::Entity::find()
                .filter(person::COLUMN.id.is_in(padded(ids.clone())))
                .all(app.store.read())
                .await?;
            let here: HashMap<i64, Here> = rows
                .into_iter()
                .filter(|row| row.left_at.is_none_or(|left| left > now))
                .map(|row| (row.id, row.wecom_userid))
                .map(|(id, userid)| (id, Here { userid }))
                .collect();
            Ok(ids.iter().map(|id| here.get(id).cloned()).collect())
        }
    };
    lines.who.ask(person_id, find).await
}

/// What was tried for these reminders before, oldest first.
pub(super) async fn earlier(
    app: &App,
    ids: Vec<i64>,
) -> Result<HashMap<i64, Vec<delivery::Model>>, Fault> {
    let lines = app.kept::<Lines>();
    let app = app.clone();
    let find = move |asked: Vec<Vec<i64>>| {
        let app = app.clone();
        async move {
            let all = asked.iter().flatten().copied().collect();
            // Put in order here: asked for it, PostgreSQL likes to walk through all deliveries in their order.
            let mut rows = delivery::Entity::find()
                .filter(delivery::COLUMN.reminder_id.is_in(padded(all)))
                .all(app.store.read())
                .await?;
            rows.sort_by_key(|row| row.id);
            let mut tries: HashMap<i64, Vec<delivery::Model>> = HashMap::new();
            for row in rows {
                if let Some(id) = row.reminder_id {
                    tries.entry(id).or_default().push(row);
                }
            }
            let mut of = |ids: Vec<i64>| -> HashMap<i64, Vec<delivery::Model>> {
                let each = ids.into_iter();
                each.filter_map(|id| Some((id, tries.remove(&id)?)))
                    .collect()
            };
            Ok(asked.into_iter().map(&mut of).collect())
        }
    };
    lines.earlier.ask(ids, find).await
}

/// What a person has switched off.
pub(super) async fn switched_off(
    app: &App,
    person_id: i64,
) -> Result<Vec<preference::Model>, Fault> {
    let lines = app.kept::<Lines>();
    let app = app.clone();
    let find = move |ids: Vec<i64>| {
        let app = app.clone();
        async move {
            let rows = preference::Entity::find()
                .filter(preference::COLUMN.person_id.is_in(padded(ids.clone())))
                .filter(preference::COLUMN.off.eq(true))
                .all(app.store.read())
                .await?;
            Ok(sorted(&ids, rows, |row| row.person_id))
        }
    };
    lines.off.ask(person_id, find).await
}

/// All accounts by which somebody may be reached.
pub(super) async fn accounts(app: &App, to: Recipient) -> Result<Vec<account::Model>, Fault> {
    let lines = app.kept::<Lines>();
    let app = app.clone();
    let find = move |all: Vec<Recipient>| {
        let app = app.clone();
        async move {
            let people: Vec<i64> = all.iter().filter_map(|to| to.person_id()).collect();
            let single: Vec<i64> = all.iter().filter_map(|to| to.account_id()).collect();
            // No empty list: for PostgreSQL that is a comparison of two parameters, and the end of any index.
            let lists = [
                (account::Column::PersonId, padded(people)),
                (account::Column::Id, padded(single)),
            ];
            let by = lists
                .into_iter()
                .filter(|(_, ids)| !ids.is_empty())
                .fold(Condition::any(), |by, (column, ids)| {
                    by.add(column.is_in(ids))
                });
            let rows = account::Entity::find()
                .filter(by)
                .order_by_asc(account::COLUMN.id)
                .all(app.store.read())
                .await?;
            let of = |to: &Recipient| {
                let own = |row: &&account::Model| match *to {
                    Recipient::Person(id) => row.person_id == Some(id),
                    Recipient::Account(id) => row.id == id,
                };
                rows.iter().filter(own).cloned().collect()
            };
            Ok(all.iter().map(of).collect())
        }
    };
    lines.accounts.ask(to, find).await
}

/// Which of these accounts have accepted a message of the template.
pub(super) async fn accepts(
    app: &App,
    accounts: &[account::Model],
    template: &str,
) -> Result<Vec<i64>, Fault> {
    let ids: Vec<i64> = accounts.iter().map(|account| account.id).collect();
    let lines = app.kept::<Lines>();
    let app = app.clone();
    let find = move |asked: Vec<(Vec<i64>, String)>| {
        let app = app.clone();
        async move {
            let all = asked.iter().flat_map(|(ids, _)| ids).copied().collect();
            let templates: HashSet<&String> = asked.iter().map(|(_, template)| template).collect();
            let rows = subscription::Entity::find()
                .filter(subscription::COLUMN.account_id.is_in(padded(all)))
                .filter(subscription::COLUMN.template.is_in(templates))
                .filter(subscription::COLUMN.remaining.gt(0))
                .all(app.store.read())
                .await?;
            let have: HashSet<(i64, &str)> = rows
                .iter()
                .map(|row| (row.account_id, row.template.as_str()))
                .collect();
            let of = |(ids, template): &(Vec<i64>, String)| -> Vec<i64> {
                let each = ids.iter().copied();
                each.filter(|id| have.contains(&(*id, template.as_str())))
                    .collect()
            };
            Ok(asked.iter().map(of).collect())
        }
    };
    lines.accepts.ask((ids, template.to_owned()), find).await
}

/// Whether something older for the same person is in hand elsewhere, or about to be taken.
pub(super) async fn is_older_under_way(app: &App, turn: Turn) -> Result<bool, Fault> {
    let lines = app.kept::<Lines>();
    let app = app.clone();
    let find = move |turns: Vec<Turn>| {
        let app = app.clone();
        async move { find_older(&app, &turns).await }
    };
    lines.older.ask(turn, find).await
}

async fn find_older(app: &App, turns: &[Turn]) -> Result<Vec<bool>, Fault> {
    let now = app.clock.now();
    if let [turn] = turns {
        return Ok(vec![is_one_older(app, turn, now).await?]);
    }
    let people = turns.iter().map(|turn| turn.person_id).collect();
    let rows = reminder::Entity::find()
        .filter(reminder::COLUMN.recipient_id.is_in(padded(people)))
        .filter(Expr::cust(OPEN))
        .filter(Condition::any().add(in_hand(now)).add(about_to_be(now)))
        .limit(ROWS)
        .all(app.store.write())
        .await?;
    if u64::try_from(rows.len()).unwrap_or(ROWS) >= ROWS {
        let mut found = Vec::with_capacity(turns.len());
        for turn in turns {
            found.push(is_one_older(app, turn, now).await?);
        }
        return Ok(found);
    }
    let is_older = |turn: &Turn| {
        rows.iter().any(|row| {
            row.recipient_id == Some(turn.person_id)
                && (row.due_at, row.id) < (turn.due_at, turn.id)
                && (row.state == ReminderState::Pending || row.lease != turn.lease)
        })
    };
    Ok(turns.iter().map(is_older).collect())
}

async fn is_one_older(app: &App, turn: &Turn, now: Moment) -> Result<bool, Fault> {
    let older = Condition::any()
        .add(reminder::COLUMN.due_at.lt(turn.due_at))
        .add(
            Condition::all()
                .add(reminder::COLUMN.due_at.eq(turn.due_at))
                .add(reminder::COLUMN.id.lt(turn.id)),
        );
    let elsewhere = in_hand(now).add(reminder::COLUMN.lease.ne(turn.lease.clone()));
    let found = reminder::Entity::find()
        .select_only()
        .column(reminder::Column::Id)
        .filter(reminder::COLUMN.recipient_id.eq(turn.person_id))
        .filter(Expr::cust(OPEN))
        .filter(older)
        .filter(Condition::any().add(elsewhere).add(about_to_be(now)))
        .limit(1)
        .into_tuple::<i64>()
        .one(app.store.write())
        .await?;
    Ok(found.is_some())
}

/// In hand, by this instance or another. What failed, or waits for longer, stands back.
fn in_hand(now: Moment) -> Condition {
    Condition::all()
        .add(reminder::COLUMN.state.eq(ReminderState::Sending))
        .add(reminder::COLUMN.leased_until.gt(now))
}

/// About to be taken, for the first time or after it has waited for its own turn.
fn about_to_be(now: Moment) -> Condition {
    Condition::all()
        .add(reminder::COLUMN.state.eq(ReminderState::Pending))
        .add(reminder::COLUMN.attempts.eq(0))
        .add(
            reminder::COLUMN
                .next_at
                .lte(now + TimeDelta::milliseconds(SOON)),
        )
}

/// The rows of each key, in the order of the keys.
fn sorted<R: Clone>(ids: &[i64], rows: Vec<R>, of: impl Fn(&R) -> i64) -> Vec<Vec<R>> {
    let mut by: HashMap<i64, Vec<R>> = HashMap::new();
    for row in rows {
        by.entry(of(&row)).or_default().push(row);
    }
    let each = ids.iter();
    each.map(|id| by.get(id).cloned().unwrap_or_default())
        .collect()
}

/// Whether a try has arrived.
pub(super) fn has_arrived(tries: Option<&Vec<delivery::Model>>) -> bool {
    let arrived =
        |row: &delivery::Model| matches!(row.state, DeliveryState::Sent | DeliveryState::Delivered);
    tries.is_some_and(|tries| tries.iter().any(arrived))
}
