//! One obligation for each of many people, a part of them at a time: the database writes the rows itself
//! (`INSERT … SELECT`), in the order of the people's keys, so that whoever broadcasts keeps one number to
//! go on from. A row that is there already is not stored again. Called by the nouns that broadcast.

use entity::kinds::ReminderState;
use entity::reminder;
use sea_orm::sea_query::{
    BinOper, Expr, InsertStatement, OnConflict, Order, Query, SelectStatement,
};
use sea_orm::{ActiveEnum, ConnectionTrait, ExprTrait};
use serde_json::Value;

use crate::base::clock::Moment;
use crate::base::fault::Fault;
use crate::store::{Due, Tx};

/// People of one part.
pub const PART: u64 = 5_000;
/// What the people of one part are called in the statements.
const PEOPLE: &str = "people";
/// The column of whom.
pub const WHOM: &str = "recipient_id";
/// The column of the recipient's compound.
pub const WHERE: &str = "compound_id";

/// What each of them is to be told.
#[derive(Clone, Debug)]
pub struct ToMany {
    /// Which handler.
    pub kind: &'static str,
    /// What stands in `dedupe_key` before the key of the person: `notice:12:0:`.
    pub key: String,
    /// What it is about, `notice:12`.
    pub subject: String,
    /// What the handler needs; no personal data.
    pub payload: Value,
    /// When.
    pub due_at: Moment,
}

/// Stores it for the next part of the people: those whose key is above `after`. `people` selects
/// [`WHOM`], each once, and [`WHERE`]. The key of the last of them; none when nobody is left.
///
/// # Errors
/// The database's.
pub async fn enqueue_part(
    tx: &mut Tx,
    item: &ToMany,
    people: &SelectStatement,
    after: i64,
) -> Result<Option<i64>, Fault> {
    let mut part = Query::select();
    part.columns([(PEOPLE, WHOM), (PEOPLE, WHERE)])
        .from_subquery(people.clone(), PEOPLE)
        .and_where(Expr::col((PEOPLE, WHOM)).gt(after))
        .order_by((PEOPLE, WHOM), Order::Asc)
        .limit(PART);
    let last = Query::select()
        .expr_as(Expr::col((PEOPLE, WHOM)).max(), "last")
        .from_subquery(part.clone(), PEOPLE)
        .to_owned();
    let last: Option<i64> = match tx.db().query_one(&last).await? {
        Some(row) => row.try_get("", "last")?,
        None => None,
    };
    if last.is_none() {
        return Ok(None);
    }
    let stored = tx.db().query_all(&insert(item, part, tx.now())?).await?;
    let ids: Result<Vec<i64>, _> = stored.iter().map(|row| row.try_get("", "id")).collect();
    let due_at = item.due_at;
    tx.note_due(ids?.into_iter().map(|id| Due { id, at: due_at }));
    Ok(last)
}

fn insert(item: &ToMany, part: SelectStatement, now: Moment) -> Result<InsertStatement, Fault> {
    use reminder::Column;
    let whom = || Expr::col((PEOPLE, WHOM));
    let key = Expr::val(item.key.as_str()).binary(BinOper::Custom("||"), whom().cast_as("text"));
    let rows = Query::select()
        .expr(key)
        .expr(Expr::val(item.kind))
        .expr(whom())
        .expr(Expr::col((PEOPLE, WHERE)))
        .expr(Expr::val(item.subject.as_str()))
        .expr(Expr::val(item.payload.clone()))
        .expr(Expr::val(item.due_at))
        .expr(Expr::val(ReminderState::Pending.to_value()))
        .expr(Expr::val(0_i32))
        .expr(Expr::val(item.due_at))
        .expr(Expr::val(now))
        .from_subquery(part, PEOPLE)
        // SQLite takes the word behind a bare table for a join's.
        .and_where(Expr::cust("1 = 1"))
        .to_owned();
    let mut insert = Query::insert();
    insert
        .into_table(reminder::Entity)
        .columns([
            Column::DedupeKey,
            Column::Kind,
            Column::RecipientId,
            Column::CompoundId,
            Column::Subject,
            Column::Payload,
            Column::DueAt,
            Column::State,
            Column::Attempts,
            Column::NextAt,
            Column::CreatedAt,
        ])
        .select_from(rows)
        .map_err(Fault::internal)?
        .on_conflict(
            OnConflict::column(Column::DedupeKey)
                .do_nothing()
                .to_owned(),
        )
        .returning_col(Column::Id);
    Ok(insert)
}
