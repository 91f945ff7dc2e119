//! Use cases: a visit is opened when no channel reaches somebody, made by its holder, and handed on
//! when its holder's post ends.

use chrono::{DateTime, Utc};
use entity::kinds::{CaseKind, DeliveryState, VisitState};
use entity::{case, delivery, place, visit};
use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, TryInsertResult};

use crate::access::holders::holders;
use crate::access::permit::COMPLAINED_OF;
use crate::access::{Actor, audit};
use crate::base::fault::{Code, Fault};
use crate::base::text::{clean, shorten};
use crate::delivery::{IN_PERSON, Unreached};
use crate::person::queries as people;
use crate::place::queries as places;
use crate::reminder::{BoxFuture, enqueue};
use crate::store::{Store, Tx};
use crate::visit::queries::{Seen, own};
use crate::visit::{remind, subject};

/// Characters of what came of a visit.
const MOST_RESULT: usize = 500;
/// Visits looked at in one transaction.
const CHUNK: u64 = 100;

/// Puts somebody on the list of whoever answers for their door. False when they have no door.
/// Handed to the postman by `command/serve.rs`.
///
/// # Errors
/// The database's.
pub fn open<'a>(tx: &'a mut Tx, missed: Unreached<'a>) -> BoxFuture<'a, Result<bool, Fault>> {
    Box::pin(async move {
        if is_nameless(tx, &missed).await? {
            return Ok(false);
        }
        let Some(door) = door_of(tx, &missed).await? else {
            return Ok(false);
        };
        let Some(compound_id) = door.compound_id else {
            return Ok(false);
        };
        // What is said last is what is to be told.
        let told_anew = visit::Entity::update_many()
            .set(visit::ActiveModel {
                text: Set(missed.text.to_owned()),
                kind: Set(missed.kind.to_owned()),
                ..Default::default()
            })
            .filter(visit::COLUMN.person_id.eq(missed.person_id))
            .filter(visit::COLUMN.subject.eq(missed.subject))
            .filter(visit::COLUMN.done_at.is_null())
            .exec(tx.db())
            .await?;
        if told_anew.rows_affected > 0 {
            return Ok(true);
        }
        let holder_id = holders_of(tx, &door, missed.person_id, missed.subject)
            .await?
            .first()
            .copied();
        let row = visit::ActiveModel {
            person_id: Set(missed.person_id),
            place_id: Set(door.id),
            compound_id: Set(compound_id),
            subject: Set(missed.subject.to_owned()),
            kind: Set(missed.kind.to_owned()),
            text: Set(missed.text.to_owned()),
            holder_id: Set(holder_id),
            state: Set(VisitState::Open),
            created_at: Set(tx.now()),
            ..Default::default()
        };
        let stored = visit::Entity::insert(row)
            .on_conflict_do_nothing()
            .exec_with_returning(tx.db())
            .await?;
        // Another instance was faster: the person is on the list.
        if let TryInsertResult::Inserted(row) = stored {
            tell_holder(tx, &row).await?;
        }
        Ok(true)
    })
}

/// Whether the visit would tell whoever goes there who filed a case without a name.
async fn is_nameless(tx: &Tx, missed: &Unreached<'_>) -> Result<bool, Fault> {
    let case = own_case(tx, missed.subject, missed.person_id).await?;
    Ok(case.is_some_and(|case| case.anonymous))
}

/// The case that a visit is about, if whoever is to be told has filed it.
async fn own_case(tx: &Tx, subject: &str, person_id: i64) -> Result<Option<case::Model>, Fault> {
    let id = subject.strip_prefix("case:").map(str::parse::<i64>);
    let Some(Ok(id)) = id else {
        return Ok(None);
    };
    let case = case::Entity::find_by_id(id).one(tx.db()).await?;
    Ok(case.filter(|case| case.reporter_id == person_id))
}

/// The home by the roster, else the compound of the message. Nobody goes to the door of a closed building.
async fn door_of(tx: &Tx, missed: &Unreached<'_>) -> Result<Option<place::Model>, Fault> {
    let home = people::homes(tx.db(), missed.person_id)
        .await?
        .into_iter()
        .find(|home| home.closed_at.is_none());
    match (home, missed.compound_id) {
        (Some(home), _) => Ok(Some(home)),
        (None, Some(compound_id)) => places::by_id(tx.db(), compound_id).await,
        (None, None) => Ok(None),
    }
}

/// Those of equal right who may go to a door, the first of them first. The news of a complaint is brought by
/// nobody whom it may be about: it would tell them who complains.
async fn holders_of(
    tx: &Tx,
    door: &place::Model,
    person_id: i64,
    subject: &str,
) -> Result<Vec<i64>, Fault> {
    let mut without = vec![person_id];
    let case = own_case(tx, subject, person_id).await?;
    if case.is_some_and(|case| case.kind == CaseKind::Complaint) {
        let about = holders(tx.db(), &door.path, COMPLAINED_OF, tx.now()).await?;
        without.extend(about.iter().map(|held| held.person_id));
    }
    let answering = people::answering(tx.db(), &door.path, tx.now(), &without).await?;
    Ok(answering.iter().map(|held| held.person_id).collect())
}

async fn tell_holder(tx: &mut Tx, row: &visit::Model) -> Result<(), Fault> {
    let items = remind::new(row, tx.now()).into_iter().collect();
    enqueue(tx, items).await
}

/// Closes a visit as made: what was to be sent counts as told in person.
///
/// # Errors
/// `not_found` when it is not the actor's, or no role of theirs covers the door any more; `conflict` when it is closed already; the database's.
pub async fn make(tx: &Tx, actor: &Actor, id: i64, result: &str) -> Result<Seen, Fault> {
    let holder_id = actor.require_person()?;
    let found = own(tx.db(), actor, id).await?;
    let result = shorten(&clean(result), MOST_RESULT);
    let changed = visit::Entity::update_many()
        .set(visit::ActiveModel {
            state: Set(VisitState::Done),
            done_at: Set(Some(tx.now())),
            done_by: Set(Some(holder_id)),
            result: Set(Some(result).filter(|words| !words.is_empty())),
            ..Default::default()
        })
        .filter(visit::COLUMN.id.eq(id))
        .filter(visit::COLUMN.holder_id.eq(holder_id))
        .filter(visit::COLUMN.state.eq(VisitState::Open))
        .exec(tx.db())
        .await?;
    if changed.rows_affected == 0 {
        return Err(Fault::new(Code::Conflict, "这次上门已经记过了，谢谢您。"));
    }
    let row = &found.visit;
    delivery::Entity::update_many()
        .set(delivery::ActiveModel {
            state: Set(DeliveryState::Delivered),
            updated_at: Set(tx.now()),
            ..Default::default()
        })
        .filter(delivery::COLUMN.person_id.eq(row.person_id))
        .filter(delivery::COLUMN.subject.eq(&row.subject))
        .filter(delivery::COLUMN.channel.eq(IN_PERSON))
        .filter(delivery::COLUMN.state.eq(DeliveryState::Sent))
        .exec(tx.db())
        .await?;
    let entry = audit::Entry {
        action: "visit.make",
        subject: subject(id),
        compound_id: Some(row.compound_id),
        detail: None,
    };
    audit::record(tx, actor, entry);
    Ok(found)
}

/// Hands on the open visits whose holder no longer answers for the door; how many. The clock work
/// of `remind.rs`.
///
/// # Errors
/// The database's; what was handed on until then stays so.
pub async fn hand_on(store: &Store, now: DateTime<Utc>) -> Result<u64, Fault> {
    let mut last = 0;
    let mut handed = 0;
    loop {
        let mut tx = store.begin(now).await?;
        let rows = visit::Entity::find()
            .filter(visit::COLUMN.id.gt(last))
            .filter(visit::COLUMN.done_at.is_null())
            .order_by_asc(visit::COLUMN.id)
            .limit(CHUNK)
            .all(tx.db())
            .await?;
        let Some(end) = rows.last().map(|row| row.id) else {
            return Ok(handed);
        };
        last = end;
        for row in rows {
            if hand_over(&mut tx, row).await? {
                handed += 1;
            }
        }
        tx.commit().await?;
    }
}

async fn hand_over(tx: &mut Tx, row: visit::Model) -> Result<bool, Fault> {
    let Some(door) = places::by_id(tx.db(), row.place_id).await? else {
        return Ok(false);
    };
    let able = holders_of(tx, &door, row.person_id, &row.subject).await?;
    // Of several equals the one who has it keeps it.
    let keeps = able.iter().any(|id| Some(*id) == row.holder_id);
    let next = able.first().copied();
    if keeps || next == row.holder_id {
        return Ok(false);
    }
    let changed = visit::Entity::update_many()
        .set(visit::ActiveModel {
            holder_id: Set(next),
            ..Default::default()
        })
        .filter(visit::COLUMN.id.eq(row.id))
        .filter(visit::COLUMN.done_at.is_null())
        .exec(tx.db())
        .await?;
    if changed.rows_affected == 0 {
        return Ok(false);
    }
    let row = visit::Model {
        holder_id: next,
        ..row
    };
    tell_holder(tx, &row).await?;
    Ok(true)
}
