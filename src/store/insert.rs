//! Many rows in few statements: SQLite takes 32 766 parameters, PostgreSQL 65 535.

use sea_orm::{ActiveModelTrait, ConnectionTrait, EntityTrait, Iterable};

use crate::base::fault::Fault;

/// Parameters of one statement, below the limit of both databases.
const PARAMETERS: usize = 30_000;

/// Inserts all rows, in chunks; inside the caller's transaction.
///
/// # Errors
/// The database's; `conflict` for a unique key that is there already.
pub async fn insert_chunked<A, C>(db: &C, rows: Vec<A>) -> Result<(), Fault>
where
    A: ActiveModelTrait + Send,
    C: ConnectionTrait,
{
    let columns = <A::Entity as EntityTrait>::Column::iter().count().max(1);
    let chunk = PARAMETERS / columns;
    let mut rows = rows.into_iter().peekable();
    while rows.peek().is_some() {
        let part: Vec<A> = rows.by_ref().take(chunk).collect();
        A::Entity::insert_many(part)
            .exec_without_returning(db)
            .await?;
    }
    Ok(())
}
