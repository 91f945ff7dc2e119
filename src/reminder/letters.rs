//! Dead letters: reminders that failed for good. Listed by the key of their own small index, brought back
//! or given up by compare-and-set: of two who press at once, on whatever instances, one does it. Who may
//! is asked above (`delivery::letters`).

use entity::kinds::ReminderState;
use entity::reminder;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait, Order, Query, SelectStatement};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbBackend, EntityTrait, QueryFilter, Statement,
};

use super::lease::{DEAD, OPEN};
use super::queue::Depth;
use crate::base::clock::Moment;
use crate::base::fault::Fault;
use crate::store::{Due, Tx};

/// Letters that one page looks at.
const STRETCH: u64 = 20_000;
/// Counting stops there: who looks at a page learns no more from a larger number.
pub const MOST_COUNTED: u64 = 100_000;

/// Where a list goes on: when the last one was given up, and its key.
pub type Mark = (Moment, i64);

/// A page, the last given up first.
#[derive(Debug, Default)]
pub struct Listed {
    /// The letters.
    pub items: Vec<reminder::Model>,
    /// Go on behind this one.
    pub next: Option<Mark>,
    /// The stretch ended first: there may be more although the page is not full.
    pub cut_short: bool,
}

/// A page of dead letters that meet a condition.
///
/// # Errors
/// The database's.
pub async fn list<C: ConnectionTrait>(
    db: &C,
    wanted: Condition,
    before: Option<Mark>,
    most: u64,
) -> Result<Listed, Fault> {
    let mut outer = Query::select();
    outer
        .column(reminder::Column::Id)
        .from_subquery(stretch(before), reminder::Entity)
        .cond_where(wanted);
    in_order(&mut outer).limit(most + 1);
    let mut ids: Vec<i64> = Vec::new();
    for row in db.query_all(&outer).await? {
        ids.push(row.try_get("", "id")?);
    }
    let limit = usize::try_from(most).unwrap_or(usize::MAX);
    let full = ids.len() > limit;
    ids.truncate(limit);
    let mut items = reminder::Entity::find()
        .filter(reminder::COLUMN.id.is_in(ids))
        .all(db)
        .await?;
    items.sort_by_key(|row| std::cmp::Reverse((row.done_at, row.id)));
    let next = if full {
        items.last().and_then(|row| Some((row.done_at?, row.id)))
    } else {
        end_of(db, before).await?
    };
    Ok(Listed {
        items,
        cut_short: !full && next.is_some(),
        next,
    })
}

fn stretch(before: Option<Mark>) -> SelectStatement {
    let mut inner = Query::select();
    inner
        .columns([
            reminder::Column::Id,
            reminder::Column::DoneAt,
            reminder::Column::CompoundId,
            reminder::Column::Kind,
        ])
        .from(reminder::Entity)
        .cond_where(Condition::all().add(Expr::cust(DEAD)).add(behind(before)));
    in_order(&mut inner).limit(STRETCH);
    inner
}

fn in_order(select: &mut SelectStatement) -> &mut SelectStatement {
    select
        .order_by((reminder::Entity, reminder::Column::DoneAt), Order::Desc)
        .order_by((reminder::Entity, reminder::Column::Id), Order::Desc)
}

fn behind(before: Option<Mark>) -> Condition {
    let Some((at, id)) = before else {
        return Condition::all();
    };
    let same = reminder::COLUMN
        .done_at
        .eq(at)
        .and(reminder::COLUMN.id.lt(id));
    // The first part bounds the index, the second one is exact.
    Condition::all()
        .add(reminder::COLUMN.done_at.lte(at))
        .add(reminder::COLUMN.done_at.lt(at).or(same))
}

/// The last letter of a stretch; none when there are fewer than that.
async fn end_of<C: ConnectionTrait>(db: &C, before: Option<Mark>) -> Result<Option<Mark>, Fault> {
    // One step over one stretch of one index, however deep the list is.
    let last = stretch(before).limit(1).offset(STRETCH - 1).to_owned();
    let Some(row) = db.query_one(&last).await? else {
        return Ok(None);
    };
    Ok(Some((row.try_get("", "done_at")?, row.try_get("", "id")?)))
}

/// Brings a letter back, as if it had never been tried; the queue is told after the commit. False when it
/// is no longer as it was read.
///
/// # Errors
/// The database's.
pub async fn revive(tx: &mut Tx, row: &reminder::Model) -> Result<bool, Fault> {
    let now = tx.now();
    let changed = reminder::Entity::update_many()
        .set(reminder::ActiveModel {
            state: Set(ReminderState::Pending),
            attempts: Set(0),
            next_at: Set(now),
            lease: Set(None),
            leased_until: Set(None),
            last_error: Set(None),
            done_at: Set(None),
            ..Default::default()
        })
        .filter(as_read(row))
        .exec(tx.db())
        .await?;
    if changed.rows_affected == 1 {
        tx.note_due([Due {
            id: row.id,
            at: now,
        }]);
    }
    Ok(changed.rows_affected == 1)
}

/// Gives a letter up for good. False when it is no longer as it was read.
///
/// # Errors
/// The database's.
pub async fn give_up(tx: &Tx, row: &reminder::Model) -> Result<bool, Fault> {
    let changed = reminder::Entity::update_many()
        .set(reminder::ActiveModel {
            state: Set(ReminderState::Cancelled),
            done_at: Set(Some(tx.now())),
            ..Default::default()
        })
        .filter(as_read(row))
        .exec(tx.db())
        .await?;
    Ok(changed.rows_affected == 1)
}

fn as_read(row: &reminder::Model) -> Condition {
    Condition::all()
        .add(reminder::COLUMN.id.eq(row.id))
        .add(reminder::COLUMN.state.eq(ReminderState::Failed))
        .add(reminder::Column::DoneAt.eq(row.done_at))
}

/// How much there is to do, each number up to [`MOST_COUNTED`] and no further: for a page that somebody
/// keeps open.
///
/// # Errors
/// The database's.
pub async fn depth<C: ConnectionTrait>(db: &C, now: Moment) -> Result<Depth, Fault> {
    let due = format!(r#"{OPEN} AND "next_at" <= $1"#);
    let count = |which: &str| {
        let most = MOST_COUNTED + 1;
        format!(
            r#"(SELECT COUNT(*) FROM (SELECT 1 FROM "reminder" WHERE {which} LIMIT {most}) AS "part")"#
        )
    };
    let sql = format!(
        r#"SELECT {} AS "due", {} AS "open", {} AS "dead", (SELECT MIN("next_at") FROM "reminder" WHERE {due}) AS "oldest""#,
        count(&due),
        count(OPEN),
        count(DEAD),
    );
    let backend: DbBackend = db.get_database_backend();
    let statement = Statement::from_sql_and_values(backend, sql, [now.into()]);
    let Some(row) = db.query_one_raw(statement).await? else {
        return Ok(Depth::default());
    };
    let number = |name: &str| -> Result<u64, Fault> {
        let count: i64 = row.try_get("", name)?;
        Ok(u64::try_from(count).unwrap_or_default())
    };
    Ok(Depth {
        due: number("due")?,
        open: number("open")?,
        dead: number("dead")?,
        oldest: row.try_get("", "oldest")?,
    })
}
