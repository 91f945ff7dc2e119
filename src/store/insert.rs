//! Many rows in few statements, and one that may be there already. PostgreSQL takes them as one JSON text, which costs it a third of what as
//! many parameters do; SQLite, of which a statement takes 32 766, as values.

use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveModelTrait, ActiveValue, ConnectionTrait, DbBackend, EntityName, EntityTrait, IdenStatic,
    IntoActiveModel, Iterable, Statement, TryInsertResult, Value,
};

use crate::base::fault::Fault;
use crate::store::Tx;

/// Parameters of one statement, below the limit of both databases.
const PARAMETERS: usize = 30_000;
/// Rows of one JSON text.
const JSON_ROWS: usize = 2_500;

/// Inserts all rows, in chunks; inside the caller's transaction.
///
/// # Errors
/// The database's; `conflict` for a unique key that is there already.
pub async fn insert_chunked<A, C>(db: &C, rows: Vec<A>) -> Result<(), Fault>
where
    A: ActiveModelTrait + Send,
    C: ConnectionTrait,
{
    if db.get_database_backend() != DbBackend::Postgres {
        return as_values(db, rows).await;
    }
    let mut rows = rows.into_iter().peekable();
    while rows.peek().is_some() {
        let part: Vec<A> = rows.by_ref().take(JSON_ROWS).collect();
        match as_one_text(&part) {
            Some(statement) => {
                db.execute_raw(statement).await?;
            }
            None => as_values(db, part).await?,
        }
    }
    Ok(())
}

/// Stores a row unless one with the same key is there, as `conflict` says; none then.
///
/// # Errors
/// The database's.
pub async fn insert_once<E, A>(
    tx: &Tx,
    row: A,
    conflict: OnConflict,
) -> Result<Option<E::Model>, Fault>
where
    E: EntityTrait,
    A: ActiveModelTrait<Entity = E>,
    E::Model: IntoActiveModel<A>,
{
    let stored = E::insert_many([row])
        .on_conflict(conflict)
        .try_insert()
        .exec_with_returning_many(tx.db())
        .await?;
    Ok(match stored {
        TryInsertResult::Inserted(rows) => rows.into_iter().next(),
        _ => None,
    })
}

/// Fresh keys for so many rows, so that children can name their parents before they are stored.
///
/// # Errors
/// The database's.
pub async fn fresh_ids(tx: &Tx, table: &str, count: usize) -> Result<Vec<i64>, Fault> {
    let db = tx.db();
    if count == 0 {
        return Ok(Vec::new());
    }
    if db.get_database_backend() == DbBackend::Postgres {
        let sql = format!(
            r#"SELECT nextval(pg_get_serial_sequence('"{table}"', 'id')) AS id FROM generate_series(1, {count})"#
        );
        let rows = db
            .query_all_raw(Statement::from_string(DbBackend::Postgres, sql))
            .await?;
        let ids: Result<Vec<i64>, _> = rows.iter().map(|row| row.try_get("", "id")).collect();
        return Ok(ids?);
    }
    // The transaction holds SQLite's write lock: nobody else takes a key in between.
    let sql = format!(r#"SELECT COALESCE(MAX("id"), 0) AS id FROM "{table}""#);
    let row = db
        .query_one_raw(Statement::from_string(DbBackend::Sqlite, sql))
        .await?;
    let last: i64 = row.map_or(Ok(0), |row| row.try_get("", "id"))?;
    Ok((last + 1..).take(count).collect())
}

async fn as_values<A, C>(db: &C, rows: Vec<A>) -> Result<(), Fault>
where
    A: ActiveModelTrait + Send,
    C: ConnectionTrait,
{
    let columns = <A::Entity as EntityTrait>::Column::iter().count().max(1);
    let mut rows = rows.into_iter().peekable();
    while rows.peek().is_some() {
        let part: Vec<A> = rows.by_ref().take(PARAMETERS / columns).collect();
        A::Entity::insert_many(part)
            .exec_without_returning(db)
            .await?;
    }
    Ok(())
}

/// The rows as one statement with one parameter. None when a value has no form in JSON that PostgreSQL is
/// sure to read back as the same, or when not all rows fill the same columns.
#[must_use]
pub fn as_one_text<A: ActiveModelTrait>(rows: &[A]) -> Option<Statement> {
    let first = rows.first()?;
    let columns: Vec<<A::Entity as EntityTrait>::Column> =
        <A::Entity as EntityTrait>::Column::iter()
            .filter(|column| is_filled(first, *column))
            .collect();
    let mut text = Vec::with_capacity(rows.len() * 256);
    for (at, row) in rows.iter().enumerate() {
        text.push(if at == 0 { b'[' } else { b',' });
        let filled = <A::Entity as EntityTrait>::Column::iter();
        let filled = filled.filter(|column| is_filled(row, *column)).count();
        if filled != columns.len() {
            return None;
        }
        for (at, column) in columns.iter().enumerate() {
            text.push(if at == 0 { b'{' } else { b',' });
            serde_json::to_writer(&mut text, column.as_str()).ok()?;
            text.push(b':');
            match row.get(*column) {
                ActiveValue::Set(value) | ActiveValue::Unchanged(value) => {
                    write(&mut text, &value)?;
                }
                ActiveValue::NotSet => return None,
            }
        }
        text.push(b'}');
    }
    text.push(b']');
    let text = String::from_utf8(text).ok()?;
    let names: Vec<String> = columns
        .iter()
        .map(|column| format!(r#""{}""#, column.as_str()))
        .collect();
    let names = names.join(", ");
    let entity = A::Entity::default();
    let table = entity.table_name();
    let sql = format!(
        r#"INSERT INTO "{table}" ({names}) SELECT {names} FROM json_populate_recordset(NULL::"{table}", $1::json)"#
    );
    Some(Statement::from_sql_and_values(
        DbBackend::Postgres,
        sql,
        [text.into()],
    ))
}

fn is_filled<A: ActiveModelTrait>(row: &A, column: <A::Entity as EntityTrait>::Column) -> bool {
    !row.get(column).is_not_set()
}

/// Writes a value; none for one that is not sure to come back as the same.
fn write(text: &mut Vec<u8>, value: &Value) -> Option<()> {
    let written = match value {
        Value::Bool(one) => serde_json::to_writer(text, one),
        Value::SmallInt(one) => serde_json::to_writer(text, one),
        Value::Int(one) => serde_json::to_writer(text, one),
        Value::BigInt(one) => serde_json::to_writer(text, one),
        Value::Double(Some(one)) if !one.is_finite() => return None,
        Value::Double(one) => serde_json::to_writer(text, one),
        Value::String(one) => serde_json::to_writer(text, one),
        Value::ChronoDate(one) => serde_json::to_writer(text, one),
        Value::ChronoDateTimeUtc(one) => serde_json::to_writer(text, one),
        // Nothing stored is not the same as JSON's own nothing.
        Value::Json(Some(one)) if one.is_null() => return None,
        Value::Json(one) => serde_json::to_writer(text, one),
        _ => return None,
    };
    written.ok()
}

#[cfg(test)]
mod tests {
    use chrono::{TimeZone, Utc};
    use entity::kinds::{HomeRelation, PlaceKind};
    use entity::{place, residency};
    use sea_orm::ActiveValue::{NotSet, Set};

    use super::*;

    fn home(id: i64, note: Option<&str>) -> place::ActiveModel {
        let now = Utc.with_ymd_and_hms(2026, 11, 21, 1, 2, 3).unwrap();
        place::ActiveModel {
            id: Set(id),
            code: Set(format!("GY/1-1-{id}")),
            kind: Set(PlaceKind::Home),
            name: Set("“1”\\'1'\n\u{1}".to_owned()),
            parent_id: Set(None),
            compound_id: Set(Some(5)),
            path: Set("/5/".to_owned()),
            area_cm2: Set(Some(895_000)),
            note: Set(note.map(str::to_owned)),
            closed_at: Set(None),
            created_at: Set(now),
            updated_at: Set(now),
        }
    }

    #[test]
    fn rows_are_one_parameter_of_one_statement() {
        let statement = as_one_text(&[home(1, None), home(2, Some("'; DROP TABLE place; --"))]);
        let statement = statement.unwrap();
        assert!(statement.sql.starts_with(r#"INSERT INTO "place" ("id", "#));
        assert!(!statement.sql.contains("DROP"));
        let values = statement.values.unwrap().0;
        let [Value::String(Some(text))] = values.as_slice() else {
            panic!("{values:?}");
        };
        let read: serde_json::Value = serde_json::from_str(text).unwrap();
        assert_eq!(read[0]["name"], "“1”\\'1'\n\u{1}");
        assert_eq!(read[0]["kind"], "home");
        assert_eq!(read[0]["note"], serde_json::Value::Null);
        assert_eq!(read[1]["area_cm2"], 895_000);
        assert_eq!(read[1]["created_at"], "2026-11-21T01:02:03Z");
        assert_eq!(read.as_array().unwrap().len(), 2);
    }

    #[test]
    fn what_differs_from_row_to_row_goes_another_way() {
        let mut short = home(2, None);
        short.note = NotSet;
        assert!(as_one_text(&[home(1, None), short]).is_none());
        assert!(as_one_text::<residency::ActiveModel>(&[]).is_none());
        let tie = residency::ActiveModel {
            id: NotSet,
            relation: Set(HomeRelation::Owner),
            ..Default::default()
        };
        let statement = as_one_text(&[tie]).unwrap();
        assert!(statement.sql.contains(r#"("relation") SELECT "relation""#));
    }
}
