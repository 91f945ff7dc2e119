//! What stands in the history of a case and is written over: by whoever goes nameless later, by erasure and by
//! retention. Nothing else changes what was written down.

use entity::case_event;
use sea_orm::ActiveModelTrait;
use sea_orm::ActiveValue::Set;

use crate::base::fault::Fault;
use crate::store::Tx;

/// Stores what `out` makes of the words of each event, where that is something else.
///
/// # Errors
/// The database's.
pub async fn reword(
    tx: &Tx,
    events: Vec<case_event::Model>,
    out: impl Fn(&str) -> String,
) -> Result<(), Fault> {
    for event in events {
        let note = event.note.as_deref().map(&out);
        if note != event.note {
            let change = case_event::ActiveModel {
                id: Set(event.id),
                note: Set(note),
                ..Default::default()
            };
            change.update(tx.db()).await?;
        }
    }
    Ok(())
}
