//! Use cases of notices, each in the caller's transaction.
//!
//! | file | what it does |
//! |---|---|
//! | [`mod@draft`] | writing one down and counting for whom it is |
//! | [`mod@publish`] | letting it go out, taking it back |
//! | [`mod@send`] | recipients, rounds: what the clocks obey, and telling again by hand |
//! | [`mod@read`] | a recipient reads, and acknowledges |

pub mod draft;
pub mod publish;
pub mod read;
pub mod send;

pub use draft::{New, Words, correct, draft, rescope};
pub use publish::{publish, recall};
pub use read::{acknowledge, read};
pub use send::repeat;

use entity::kinds::VisitState;
use entity::{notice, visit};
use sea_orm::ActiveValue::Set;
use sea_orm::{EntityTrait, QueryFilter};
use serde_json::Value;

use crate::access::permit::{Deed, may};
use crate::access::{Actor, audit};
use crate::base::fault::Fault;
use crate::notice::{queries, subject};
use crate::place::queries as places;
use crate::store::Tx;

/// A notice that the actor may lead: of a place where they publish, and no draft of somebody else.
///
/// # Errors
/// `not_found` for any other.
async fn led(tx: &Tx, actor: &Actor, id: i64) -> Result<notice::Model, Fault> {
    queries::led(tx.db(), actor, id).await
}

/// Asks for the deeds that this notice needs, once more: a post may have ended since it was written.
async fn require(tx: &Tx, actor: &Actor, row: &notice::Model) -> Result<(), Fault> {
    let place = places::by_id(tx.db(), row.place_id).await?;
    let path = place.map(|place| place.path).unwrap_or_default();
    if !may(actor, Deed::PublishNotices, &path) {
        return Err(queries::no_such(row.id));
    }
    if row.urgent && !may(actor, Deed::PublishUrgently, &path) {
        return Err(not_urgent());
    }
    Ok(())
}

/// Refuses to change by hand what tells of something published: its next version comes from there.
fn by_hand(row: &notice::Model) -> Result<(), Fault> {
    if row.about.is_none() {
        return Ok(());
    }
    Err(Fault::wrong_step(format!(
        "公告 #{} 告诉大家的是公示，公示不能撤回，也不在这里更正。账有变动，请在“财务公开”里公布更正。",
        row.id
    )))
}

fn not_urgent() -> Fault {
    Fault::forbidden("紧急公告只能由业委会主任、社区书记或街道发布，请改发普通公告。")
}

fn record(tx: &Tx, actor: &Actor, row: &notice::Model, action: &'static str, detail: Value) {
    let entry = audit::Entry {
        action,
        subject: subject(row.id),
        compound_id: row.compound_id,
        detail: Some(detail),
    };
    audit::record(tx, actor, entry);
}

/// Nobody needs to be told of it at the door any more: its open visits are over, with the reason for whoever was
/// to go.
pub(super) async fn close_visits(tx: &Tx, id: i64, reason: &str) -> Result<(), Fault> {
    visit::Entity::update_many()
        .set(visit::ActiveModel {
            state: Set(VisitState::Done),
            done_at: Set(Some(tx.now())),
            result: Set(Some(reason.to_owned())),
            ..Default::default()
        })
        .filter(visit::COLUMN.subject.eq(subject(id)))
        .filter(visit::COLUMN.done_at.is_null())
        .exec(tx.db())
        .await?;
    Ok(())
}

/// The row as it stands now.
async fn again(tx: &Tx, id: i64) -> Result<notice::Model, Fault> {
    notice::Entity::find_by_id(id)
        .one(tx.db())
        .await?
        .ok_or_else(|| queries::no_such(id))
}
