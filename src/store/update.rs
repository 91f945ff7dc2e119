//! A change of a row that others may change at the same moment: written are the columns that differ, and only if the
//! row still is what was read. Used by the `actions` of every noun that has a table of states.

use sea_orm::{ActiveModelTrait, Condition, EntityTrait, Iterable, ModelTrait, QueryFilter};

use crate::base::fault::Fault;
use crate::store::Tx;

/// The columns in which a row as it is to be differs from what was read.
#[must_use]
pub fn difference<E: EntityTrait>(was: &E::Model, is: &E::Model) -> E::ActiveModel {
    let mut change = <E::ActiveModel as ActiveModelTrait>::default();
    for column in E::Column::iter() {
        let value = is.get(column);
        if was.get(column) != value {
            change.set(column, value);
        }
    }
    change
}

/// Writes them where the condition finds the row as it was read: its key, its state, its version. False when somebody
/// else was first.
///
/// # Errors
/// The database's.
pub async fn compare_and_set<E: EntityTrait>(
    tx: &Tx,
    was: &E::Model,
    is: &E::Model,
    as_read: Condition,
) -> Result<bool, Fault> {
    let done = E::update_many()
        .set(difference::<E>(was, is))
        .filter(as_read)
        .exec(tx.db())
        .await?;
    Ok(done.rows_affected == 1)
}
