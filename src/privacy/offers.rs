//! What stands of somebody on the four lists: what they put there for themselves loses the words and whose it was,
//! and whatever it was tied to is free again; what they wrote for an organisation stays, without them. Used by
//! erasure and by retention.

use entity::kinds::{OfferList, OfferState};
use entity::{audit, offer, offer_step};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, LockType, Query};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};

use crate::base::fault::Fault;
use crate::moderation;
use crate::offer::queries::owners;
use crate::offer::remind::{Telling, missed, told};
use crate::offer::subject;
use crate::privacy::{scrub, wishes};
use crate::reminder;
use crate::store::Tx;

/// Needs and resources of residents.
pub(super) fn of_residents() -> Condition {
    Condition::all()
        .add(offer::COLUMN.organisation_id.is_null())
        .add(
            offer::COLUMN
                .list
                .is_in([OfferList::Need, OfferList::Resource]),
        )
}

/// Lets go of every trace of a person on the four lists. Whoever waits for them is told.
///
/// # Errors
/// The database's.
pub(super) async fn let_go(tx: &mut Tx, person: i64) -> Result<(), Fault> {
    wishes::hold(tx, person).await?;
    for id in locked(tx, person).await? {
        // What goes before may have freed it.
        if let Some(row) = offer::Entity::find_by_id(id).one(tx.db()).await? {
            forget(tx, &row).await?;
        }
    }
    let nobody = scrub::nobody(tx).await?;
    offer::Entity::update_many()
        .col_expr(offer::Column::AuthorId, Expr::value(nobody))
        .filter(offer::COLUMN.author_id.eq(person))
        .exec(tx.db())
        .await?;
    offer_step::Entity::update_many()
        .col_expr(offer_step::Column::ActorId, Expr::value(None::<i64>))
        .col_expr(offer_step::Column::Note, Expr::value(None::<String>))
        .filter(offer_step::COLUMN.actor_id.eq(person))
        .exec(tx.db())
        .await?;
    Ok(())
}

/// Locks what somebody put on the lists for themselves, and the other side of each tie, as whoever ties does: needs
/// before resources, each by key. Gives the keys of their own, in that order.
async fn locked(tx: &Tx, person: i64) -> Result<Vec<i64>, Fault> {
    let own = || of_residents().add(offer::COLUMN.author_id.eq(person));
    let resources = Query::select()
        .column(offer::Column::Id)
        .from(offer::Entity)
        .cond_where(own().add(offer::COLUMN.list.eq(OfferList::Resource)))
        .to_owned();
    let met = Condition::all()
        .add(offer::COLUMN.state.eq(OfferState::Matched))
        .add(offer::Column::TiedId.in_subquery(resources));
    let needs = offer::Entity::find()
        .filter(offer::COLUMN.list.eq(OfferList::Need))
        .filter(Condition::any().add(own()).add(met))
        .order_by_asc(offer::COLUMN.id)
        .lock(LockType::NoKeyUpdate)
        .all(tx.db())
        .await?;
    let tied: Vec<i64> = needs.iter().filter_map(|need| need.tied_id).collect();
    let mut theirs = Condition::any().add(own());
    if !tied.is_empty() {
        theirs = theirs.add(offer::COLUMN.id.is_in(tied));
    }
    let resources = offer::Entity::find()
        .filter(offer::COLUMN.list.eq(OfferList::Resource))
        .filter(theirs)
        .order_by_asc(offer::COLUMN.id)
        .lock(LockType::NoKeyUpdate)
        .all(tx.db())
        .await?;
    let all = needs.into_iter().chain(resources);
    let own = all.filter(|row| row.author_id == person && row.organisation_id.is_none());
    Ok(own.map(|row| row.id).collect())
}

/// A need or a resource without its author and its words: what others were shown, too. One that is open still is
/// withdrawn. The row is locked.
///
/// # Errors
/// The database's.
pub(super) async fn forget(tx: &mut Tx, row: &offer::Model) -> Result<(), Fault> {
    let waits = matches!(
        row.state,
        OfferState::Raised | OfferState::Open | OfferState::Matched
    );
    if waits {
        free_needs(tx, row).await?;
    }
    let mut change = offer::ActiveModel {
        id: Set(row.id),
        author_id: Set(scrub::nobody(tx).await?),
        place_id: Set(row.compound_id),
        title: Set(String::new()),
        text: Set(String::new()),
        result: Set(None),
        reason: Set(None),
        version: Set(row.version + 1),
        ..Default::default()
    };
    if waits {
        change.state = Set(OfferState::Withdrawn);
        change.ended_at = Set(Some(tx.now()));
        change.taken = Set(0);
    }
    let next = change.update(tx.db()).await?;
    if row.state == OfferState::Matched {
        free_resource(tx, &next).await?;
    }
    moderation::forget(tx, &subject(row.id)).await?;
    // Why it was refused may say what it was.
    offer_step::Entity::update_many()
        .col_expr(offer_step::Column::Note, Expr::value(None::<String>))
        .filter(offer_step::COLUMN.offer_id.eq(row.id))
        .exec(tx.db())
        .await?;
    untie(tx, row.id, row.author_id).await
}

/// Needs that were tied to it are open again.
async fn free_needs(tx: &mut Tx, row: &offer::Model) -> Result<(), Fault> {
    let needs = offer::Entity::find()
        .filter(offer::COLUMN.tied_id.eq(row.id))
        .filter(offer::COLUMN.state.eq(OfferState::Matched))
        .order_by_asc(offer::COLUMN.id)
        // One that was tied a moment ago is not locked yet.
        .lock(LockType::NoKeyUpdate)
        .all(tx.db())
        .await?;
    for need in needs {
        let change = offer::ActiveModel {
            id: Set(need.id),
            state: Set(OfferState::Open),
            tied_id: Set(None),
            tied_at: Set(None),
            version: Set(need.version + 1),
            ..Default::default()
        };
        let next = change.update(tx.db()).await?;
        ring(tx, &next).await?;
        tell(tx, &next, &next, Telling::Untied).await?;
    }
    Ok(())
}

/// The clock of an item that is open again, when its day passed while it was tied.
async fn ring(tx: &mut Tx, row: &offer::Model) -> Result<(), Fault> {
    let items = missed(row, tx.now()).into_iter();
    reminder::enqueue(tx, items.collect()).await
}

/// The resource that it was tied to can meet one more.
async fn free_resource(tx: &mut Tx, need: &offer::Model) -> Result<(), Fault> {
    let Some(id) = need.tied_id else {
        return Ok(());
    };
    let row = offer::Entity::find_by_id(id)
        .lock(LockType::NoKeyUpdate)
        .one(tx.db())
        .await?;
    let Some(row) = row else {
        return Ok(());
    };
    if matches!(row.state, OfferState::Open | OfferState::Matched) {
        let change = offer::ActiveModel {
            id: Set(row.id),
            state: Set(OfferState::Open),
            taken: Set((row.taken - 1).max(0)),
            version: Set(row.version + 1),
            ..Default::default()
        };
        let next = change.update(tx.db()).await?;
        if row.state != OfferState::Open {
            ring(tx, &next).await?;
        }
    }
    tell(tx, need, &row, Telling::Gone).await
}

/// Tells whose one of them is what became of the other.
async fn tell(
    tx: &mut Tx,
    about: &offer::Model,
    whose: &offer::Model,
    what: Telling,
) -> Result<(), Fault> {
    let now = tx.now();
    let people = owners(tx.db(), whose, now).await?;
    let items = people.into_iter();
    let items = items.map(|person| told(about, what, person, now));
    reminder::enqueue(tx, items.collect()).await
}

/// History and audit trail no longer say who it was.
async fn untie(tx: &Tx, id: i64, person: i64) -> Result<(), Fault> {
    offer_step::Entity::update_many()
        .col_expr(offer_step::Column::ActorId, Expr::value(None::<i64>))
        .filter(offer_step::COLUMN.offer_id.eq(id))
        .filter(offer_step::COLUMN.actor_id.eq(person))
        .exec(tx.db())
        .await?;
    audit::Entity::update_many()
        .col_expr(audit::Column::ActorId, Expr::value(None::<i64>))
        .col_expr(audit::Column::AccountId, Expr::value(None::<i64>))
        .filter(audit::COLUMN.subject.eq(subject(id)))
        .filter(audit::COLUMN.actor_id.eq(person))
        .exec(tx.db())
        .await?;
    Ok(())
}
