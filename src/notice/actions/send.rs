//! How a notice goes out: its recipients are written down by one statement, then a clock walks over them and
//! lets the database write a message for each, a part at a time. The notice's row says how far it is; every
//! step is a compare-and-set of it, so that a step done twice, or by two instances, is done once.

use entity::kinds::NoticeState;
use entity::{notice, notice_recipient};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::SelectStatement;
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QuerySelect,
    QueryTrait, Statement,
};
use serde_json::json;

use crate::access::Actor;
use crate::base::clock::{Clock, say};
use crate::base::fault::Fault;
use crate::notice::actions::{again, close_visits, led, record, require};
use crate::notice::audience::{Audience, Scope};
use crate::notice::{MOST_ROUNDS, STANDS, THROTTLE, remind, subject};
use crate::reminder::fan::{ToMany, WHERE, WHOM, enqueue_part};
use crate::reminder::{cancel, enqueue};
use crate::store::{Store, Tx};

/// Parts of one turn of the clock: then another instance may go on.
const PARTS: usize = 40;

/// What a step of the broadcast has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// There may be more to do.
    More,
    /// Nothing is left, or somebody else did it.
    Over,
}

/// [`begin`] as its clock does it, in a transaction of its own.
///
/// # Errors
/// The database's.
pub async fn start(store: &Store, clock: &dyn Clock, id: i64) -> Result<Step, Fault> {
    let mut tx = store.begin(clock.now()).await?;
    let step = begin(&mut tx, id).await?;
    tx.commit().await?;
    if step == Step::More {
        store.count_anew(&["notice_recipient"]).await;
    }
    Ok(step)
}

/// Some parts, a transaction each, as the clock does them; [`Step::More`] when another turn has to go on.
///
/// # Errors
/// The database's.
pub async fn go_on(store: &Store, clock: &dyn Clock, id: i64) -> Result<Step, Fault> {
    for number in 0..PARTS {
        let mut tx = store.begin(clock.now()).await?;
        let step = part(&mut tx, id).await?;
        tx.commit().await?;
        // The first of them go out while the others are still written.
        if number == 0 || step == Step::Over {
            store.count_anew(&["reminder"]).await;
        }
        if step == Step::Over {
            return Ok(Step::Over);
        }
    }
    Ok(Step::More)
}

/// The time to undo it is over: writes its recipients down and begins to tell them.
///
/// # Errors
/// The database's.
pub async fn begin(tx: &mut Tx, id: i64) -> Result<Step, Fault> {
    let changed = notice::Entity::update_many()
        .set(notice::ActiveModel {
            state: Set(NoticeState::Sending),
            round_at: Set(Some(tx.now())),
            ..Default::default()
        })
        .filter(notice::COLUMN.id.eq(id))
        .filter(notice::COLUMN.state.eq(NoticeState::Undoable))
        .filter(notice::COLUMN.go_at.lte(tx.now()))
        .exec(tx.db())
        .await?;
    if changed.rows_affected == 0 {
        return Ok(Step::Over);
    }
    let row = again(tx, id).await?;
    let scope: Scope = serde_json::from_value(row.scope.clone()).map_err(Fault::internal)?;
    let audience = Audience::of(tx.db(), row.place_id, &scope, tx.now()).await?;
    audience.write(tx.db(), id).await?;
    let written =
        notice_recipient::Entity::find().filter(notice_recipient::COLUMN.notice_id.eq(id));
    let counted = written.clone().count(tx.db()).await?;
    let reachable = written
        .filter(notice_recipient::COLUMN.reachable.eq(true))
        .count(tx.db())
        .await?;
    notice::Entity::update_many()
        .set(notice::ActiveModel {
            counted: Set(i64::try_from(counted).unwrap_or(i64::MAX)),
            reachable: Set(i64::try_from(reachable).unwrap_or(i64::MAX)),
            ..Default::default()
        })
        .filter(notice::COLUMN.id.eq(id))
        .exec(tx.db())
        .await?;
    if let Some(old) = row.corrects {
        replace(tx, old).await?;
    }
    let mut next = vec![remind::fan(&row, tx.now())];
    next.extend(remind::groups_told(&row, remind::PUBLISHED, tx.now()));
    enqueue(tx, next).await?;
    Ok(Step::More)
}

/// The version before holds no more: whoever has not been told of it is told of the new one alone.
pub(in crate::notice) async fn replace(tx: &Tx, old: i64) -> Result<(), Fault> {
    notice::Entity::update_many()
        .set(notice::ActiveModel {
            state: Set(NoticeState::Corrected),
            ..Default::default()
        })
        .filter(notice::COLUMN.id.eq(old))
        .filter(notice::COLUMN.state.is_in(STANDS))
        .exec(tx.db())
        .await?;
    cancel(tx, &subject(old), remind::ALL).await?;
    close_visits(tx, old, "公告已更正，不用上门").await
}

/// Tells the next part of the recipients.
///
/// # Errors
/// The database's.
pub async fn part(tx: &mut Tx, id: i64) -> Result<Step, Fault> {
    // Locked: two instances at one part come one after the other, and the second finds it done.
    let row = notice::Entity::find_by_id(id)
        .lock_exclusive()
        .one(tx.db())
        .await?;
    let Some(row) = row.filter(|row| row.state == NoticeState::Sending) else {
        return Ok(Step::Over);
    };
    let item = ToMany {
        kind: remind::kind_of(&row),
        key: told_key(&row),
        subject: subject(id),
        payload: json!({ "notice": id }),
        due_at: tx.now(),
    };
    let last = enqueue_part(tx, &item, &to_be_told(&row), row.told_to).await?;
    let change = match last {
        Some(last) => notice::ActiveModel {
            told_to: Set(last),
            ..Default::default()
        },
        None => notice::ActiveModel {
            state: Set(NoticeState::Sent),
            ..Default::default()
        },
    };
    let changed = notice::Entity::update_many()
        .set(change)
        .filter(notice::COLUMN.id.eq(id))
        .filter(notice::COLUMN.state.eq(NoticeState::Sending))
        .filter(notice::COLUMN.round.eq(row.round))
        .filter(notice::COLUMN.told_to.eq(row.told_to))
        .exec(tx.db())
        .await?;
    if changed.rows_affected == 0 {
        return Err(Fault::plain(crate::base::fault::Code::Busy));
    }
    if last.is_some() {
        return Ok(Step::More);
    }
    if let Some(hours) = row.repeat_hours.filter(|_| row.round < MOST_ROUNDS) {
        let at = tx.now() + chrono::TimeDelta::hours(i64::from(hours));
        enqueue(tx, vec![remind::repeat(&row, at)]).await?;
    }
    Ok(Step::Over)
}

/// What stands before a person's key in the `dedupe_key` of their message of this round.
#[must_use]
pub fn told_key(row: &notice::Model) -> String {
    format!("notice:{}:{}:", row.id, row.round)
}

/// Recipients of this round: whom a channel may reach; after the first one those who have not read it.
fn to_be_told(row: &notice::Model) -> SelectStatement {
    let mut people = notice_recipient::Entity::find()
        .select_only()
        .column_as(notice_recipient::Column::PersonId, WHOM)
        .column_as(notice_recipient::Column::CompoundId, WHERE)
        .filter(notice_recipient::COLUMN.notice_id.eq(row.id))
        .filter(notice_recipient::COLUMN.reachable.eq(true));
    if row.round > 0 {
        people = people.filter(notice_recipient::COLUMN.read_at.is_null());
    }
    people.into_query()
}

/// Tells those who have not read it once more.
///
/// # Errors
/// `not_found` for a notice that is not theirs to lead; `forbidden` for an urgent one of somebody who may publish
/// none; `wrong_step` when it does not hold, is going out
/// just now, went out less than an hour ago, or has been read by everybody whom a channel reaches.
pub async fn repeat(tx: &mut Tx, actor: &Actor, id: i64) -> Result<notice::Model, Fault> {
    let row = led(tx, actor, id).await?;
    require(tx, actor, &row).await?;
    if row.state != NoticeState::Sent {
        return Err(Fault::wrong_step(format!(
            "公告 #{id} 发完以后，才能再提醒没读的人。"
        )));
    }
    if let Some(free) = row
        .round_at
        .map(|at| at + THROTTLE)
        .filter(|free| *free > tx.now())
    {
        let free = say(free + chrono::TimeDelta::seconds(59));
        return Err(Fault::wrong_step(format!(
            "同一条公告一小时最多提醒一次，{free}以后可以再提醒。"
        )));
    }
    if !again_round(tx, &row).await? {
        return Err(Fault::wrong_step(
            "能收到消息的人都读过了，没有要再提醒的人。其余的请上门告诉。",
        ));
    }
    record(
        tx,
        actor,
        &row,
        "notice.repeat",
        json!({ "round": row.round + 1 }),
    );
    again(tx, id).await
}

/// Begins the next round; false when there is nobody to be told, or somebody else has begun it.
///
/// # Errors
/// The database's.
pub async fn again_round(tx: &mut Tx, row: &notice::Model) -> Result<bool, Fault> {
    let next = notice::Model {
        round: row.round.saturating_add(1),
        ..row.clone()
    };
    reach_anew(tx, row.id).await?;
    let unread = notice_recipient::Entity::find()
        .filter(notice_recipient::COLUMN.notice_id.eq(row.id))
        .filter(notice_recipient::COLUMN.reachable.eq(true))
        .filter(notice_recipient::COLUMN.read_at.is_null())
        .one(tx.db())
        .await?;
    if unread.is_none() {
        return Ok(false);
    }
    let changed = notice::Entity::update_many()
        .set(notice::ActiveModel {
            state: Set(NoticeState::Sending),
            round: Set(next.round),
            told_to: Set(0),
            round_at: Set(Some(tx.now())),
            ..Default::default()
        })
        .filter(notice::COLUMN.id.eq(row.id))
        .filter(notice::COLUMN.state.eq(NoticeState::Sent))
        .filter(notice::COLUMN.round.eq(row.round))
        .exec(tx.db())
        .await?;
    if changed.rows_affected == 0 {
        return Ok(false);
    }
    enqueue(tx, vec![remind::fan(&next, tx.now())]).await?;
    Ok(true)
}

/// Whoever has bound an account since it went out is told like the others from the next round on.
async fn reach_anew(tx: &Tx, id: i64) -> Result<(), Fault> {
    let db = tx.db();
    let sql = "UPDATE notice_recipient SET reachable = TRUE \
         WHERE notice_id = $1 AND NOT reachable AND \
         (EXISTS (SELECT 1 FROM account WHERE account.person_id = notice_recipient.person_id \
         AND account.followed) OR EXISTS (SELECT 1 FROM person \
         WHERE person.id = notice_recipient.person_id AND person.wecom_userid IS NOT NULL))";
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, [id.into()]);
    db.execute_raw(statement).await?;
    Ok(())
}
