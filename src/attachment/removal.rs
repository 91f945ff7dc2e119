//! What is removed, rows and files: what belongs to nothing, and what its noun lets go. Called by the
//! clocks here and by `privacy/`.

use chrono::TimeDelta;
use entity::attachment;
use entity::kinds::AttachmentState;
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveEnum, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde_json::json;

use crate::app::App;
use crate::attachment::{Sender, remind, store};
use crate::base::clock::Moment;
use crate::base::fault::Fault;
use crate::reminder::{self, NewReminder};
use crate::store::Tx;

/// Hours that an attachment may belong to nothing.
pub const UNFILED_HOURS: i64 = 24;
/// Rows that are removed in one step.
const STEP: u64 = 200;

/// Lets what somebody sent and gave to nothing be removed soon: an account that has left, or whoever had
/// everything erased.
///
/// # Errors
/// The database's.
pub async fn forget(tx: &mut Tx, whose: Sender) -> Result<(), Fault> {
    let (account, person) = whose.columns();
    let subject = whose.subject();
    let at = tx.now().timestamp_millis();
    let item = NewReminder {
        kind: remind::FORGET,
        dedupe_key: format!("{}:{subject}:{at}", remind::FORGET),
        recipient_id: None,
        compound_id: None,
        subject,
        payload: json!({ "account": account, "person": person }),
        due_at: tx.now(),
    };
    reminder::enqueue(tx, vec![item]).await
}

/// Removes what belongs to nothing, files first: of one sender all of it, else what is a day old.
/// Says how many; when that is not zero there may be more.
///
/// # Errors
/// `outside` when the storage does not answer: what is left is removed next time.
pub async fn remove_unfiled(app: &App, whose: Option<Sender>, now: Moment) -> Result<u64, Fault> {
    let which = match whose {
        Some(whose) => whose.sent(),
        None => attachment::COLUMN
            .created_at
            .lt(now - TimeDelta::hours(UNFILED_HOURS)),
    };
    let rows = attachment::Entity::find()
        .filter(attachment::COLUMN.subject.is_null())
        .filter(which)
        .order_by_asc(attachment::COLUMN.created_at)
        .limit(STEP)
        .all(app.store.read())
        .await?;
    remove(app, &rows, true).await
}

/// Removes attachments, files first, so that no file is left without a row. `unfiled`: only those
/// that still belong to nothing when the row goes.
///
/// # Errors
/// `outside` when the storage does not answer.
pub async fn remove(app: &App, rows: &[attachment::Model], unfiled: bool) -> Result<u64, Fault> {
    let mut gone = 0;
    for row in rows {
        if unfiled && !take_unfiled(app, row.id).await? {
            continue;
        }
        let mut paths = store::possible_paths(row);
        paths.extend([&row.path, &row.small_path].into_iter().flatten().cloned());
        paths.sort_unstable();
        paths.dedup();
        for path in paths {
            app.files.delete(&path).await?;
        }
        let removed = attachment::Entity::delete_by_id(row.id)
            .exec(app.store.write())
            .await?;
        gone += removed.rows_affected;
    }
    Ok(gone)
}

/// Marks one as lost while it belongs to nothing: from then on nothing can take it.
async fn take_unfiled(app: &App, id: i64) -> Result<bool, Fault> {
    let taken = attachment::Entity::update_many()
        .col_expr(
            attachment::Column::State,
            Expr::value(AttachmentState::Lost.to_value()),
        )
        .filter(attachment::COLUMN.id.eq(id))
        .filter(attachment::COLUMN.subject.is_null())
        .exec(app.store.write())
        .await?;
    Ok(taken.rows_affected == 1)
}
