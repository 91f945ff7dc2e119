//! What could not be sent, for people to look at: sent again, or given up with a reason. Each is asked
//! for by permission and leaves its line in the audit trail. Used by the console.

use std::collections::HashSet;

use entity::kinds::ReminderState;
use entity::{person, place, reminder};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};
use serde_json::{Value, json};

use crate::access::audit::trail::Scope;
use crate::access::permit::{Deed, may};
use crate::access::{Actor, audit};
use crate::app::App;
use crate::base::fault::{Code, Fault};
use crate::base::redact::hide_numbers;
use crate::base::text::{clean, shorten};
use crate::reminder::letters::{self, Listed, Mark};
use crate::store::Tx;

/// Letters that one press sends again at most.
pub const MOST_AT_ONCE: u64 = 500;
/// Letters of one transaction.
const CHUNK: u64 = 100;
/// Most characters of a reason.
const MOST_REASON: usize = 200;

/// What a list is narrowed to; everything is open.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Of one of these kinds.
    pub kinds: Vec<String>,
    /// At this place or below.
    pub place: Option<place::Model>,
}

/// A page of what the actor may mend.
///
/// # Errors
/// The database's.
pub async fn list<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    wanted: &Wanted,
    before: Option<Mark>,
    most: u64,
) -> Result<Listed, Fault> {
    let scope = Scope::of(db, actor, Deed::MendLetters, wanted.place.as_ref()).await?;
    let mut all = Condition::all().add(scope.on(reminder::Column::CompoundId));
    if !wanted.kinds.is_empty() {
        all = all.add(reminder::Column::Kind.is_in(wanted.kinds.iter().cloned()));
    }
    letters::list(db, all, before, most).await
}

/// Those of these letters whose person has left: nothing reaches them.
///
/// # Errors
/// The database's.
pub async fn left<C: ConnectionTrait>(
    db: &C,
    rows: &[reminder::Model],
) -> Result<HashSet<i64>, Fault> {
    let people: HashSet<i64> = rows.iter().filter_map(|row| row.recipient_id).collect();
    let here: HashSet<i64> = person::Entity::find()
        .select_only()
        .column(person::Column::Id)
        .filter(person::COLUMN.id.is_in(people))
        .filter(person::COLUMN.left_at.is_null())
        .into_tuple::<i64>()
        .all(db)
        .await?
        .into_iter()
        .collect();
    let gone = |row: &&reminder::Model| row.recipient_id.is_some_and(|id| !here.contains(&id));
    Ok(rows.iter().filter(gone).map(|row| row.id).collect())
}

/// What a form tells of the letter that its page showed.
#[must_use]
pub fn seen(row: &reminder::Model) -> String {
    row.done_at
        .map_or_else(String::new, |at| at.timestamp_millis().to_string())
}

/// Has one sent again.
///
/// # Errors
/// `not_found` for one that the actor may not mend or that is none any more, `conflict` when it has changed
/// since, `wrong_step` when its person has left.
pub async fn retry(tx: &mut Tx, actor: &Actor, id: i64, mark: &str) -> Result<(), Fault> {
    let row = mendable(tx, actor, id, mark).await?;
    if !left(tx.db(), std::slice::from_ref(&row)).await?.is_empty() {
        return Err(Fault::wrong_step(
            "收件人已经离开，重发也送不到。可以写明原因后放弃这一条。",
        ));
    }
    if !letters::revive(tx, &row).await? {
        return Err(changed());
    }
    note(tx, actor, &row, "letter.retry", None);
    Ok(())
}

/// Gives one up.
///
/// # Errors
/// As [`retry`]; `invalid` without a reason.
pub async fn drop_letter(
    tx: &mut Tx,
    actor: &Actor,
    id: i64,
    mark: &str,
    reason: &str,
) -> Result<(), Fault> {
    let row = mendable(tx, actor, id, mark).await?;
    let reason = shorten(&hide_numbers(clean(reason).trim()), MOST_REASON);
    if reason.is_empty() {
        return Err(Fault::invalid(
            "reason",
            "请写明为什么放弃，例如：已电话告知。",
        ));
    }
    if !letters::give_up(tx, &row).await? {
        return Err(changed());
    }
    note(
        tx,
        actor,
        &row,
        "letter.drop",
        Some(json!({ "reason": reason })),
    );
    Ok(())
}

/// What became of many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retried {
    /// On their way again.
    pub again: u64,
    /// Left alone, since their person has left.
    pub left: u64,
    /// There are more than one press sends.
    pub more: bool,
}

/// Has all sent again that a list shows, the last given up first, in several transactions: what one of them
/// did stays done.
///
/// # Errors
/// The database's.
pub async fn retry_all(app: &App, actor: &Actor, wanted: &Wanted) -> Result<Retried, Fault> {
    let mut done = Retried::default();
    let mut before = None;
    let mut looked = 0;
    while looked < MOST_AT_ONCE {
        let mut tx = app.store.begin(app.clock.now()).await?;
        let page = list(tx.db(), actor, wanted, before, CHUNK).await?;
        let gone = left(tx.db(), &page.items).await?;
        for row in &page.items {
            looked += 1;
            if gone.contains(&row.id) {
                done.left += 1;
            } else if letters::revive(&mut tx, row).await? {
                note(&tx, actor, row, "letter.retry", None);
                done.again += 1;
            }
        }
        tx.commit().await?;
        before = page.next;
        if before.is_none() {
            return Ok(done);
        }
    }
    done.more = before.is_some();
    Ok(done)
}

async fn mendable(tx: &Tx, actor: &Actor, id: i64, mark: &str) -> Result<reminder::Model, Fault> {
    let unknown = || Fault::not_found("没有找到这条没送到的消息，可能已经处理过了。");
    let row = reminder::Entity::find_by_id(id).one(tx.db()).await?;
    let row = row.ok_or_else(unknown)?;
    let path = match row.compound_id {
        None => "/".to_owned(),
        Some(compound) => {
            let place = place::Entity::find_by_id(compound).one(tx.db()).await?;
            place.ok_or_else(unknown)?.path
        }
    };
    if !may(actor, Deed::MendLetters, &path) {
        return Err(unknown());
    }
    if row.state != ReminderState::Failed || seen(&row) != mark {
        return Err(changed());
    }
    Ok(row)
}

fn changed() -> Fault {
    Fault::new(
        Code::Conflict,
        "这条消息刚刚有人处理过，没有再处理一次。请看现在的列表。",
    )
}

fn note(
    tx: &Tx,
    actor: &Actor,
    row: &reminder::Model,
    action: &'static str,
    detail: Option<Value>,
) {
    let entry = audit::Entry {
        action,
        subject: format!("reminder:{}", row.id),
        compound_id: row.compound_id,
        detail,
    };
    audit::record(tx, actor, entry);
}
