//! What stands of somebody in wishes: theirs lose the words and whose they were, those that they have go back to
//! the others, those that they fulfilled no longer say who did. Used by erasure and by retention.

use entity::kinds::WishState;
use entity::{account, attachment, audit, person, wish, wish_step};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, LockType};
use sea_orm::{ActiveModelTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::attachment::of_person;
use crate::base::fault::Fault;
use crate::moderation;
use crate::privacy::{remind, scrub};
use crate::reminder;
use crate::store::Tx;
use crate::wish::remind::{Telling, told};
use crate::wish::subject;

/// Lets go of every trace of a person in wishes. Whoever waits for them is told. All of them are locked first, in one
/// order: what happens at the same moment is seen, or comes too late.
///
/// # Errors
/// The database's.
pub(super) async fn let_go(tx: &mut Tx, person: i64) -> Result<(), Fault> {
    hold(tx, person).await?;
    let theirs = Condition::any()
        .add(wish::COLUMN.asker_id.eq(person))
        .add(wish::COLUMN.claimer_id.eq(person));
    let rows = wish::Entity::find()
        .filter(theirs)
        .order_by_asc(wish::COLUMN.id)
        .lock(LockType::NoKeyUpdate)
        .all(tx.db())
        .await?;
    for row in rows {
        if row.asker_id == person {
            forget_asker(tx, &row).await?;
        } else {
            forget_claimer(tx, &row).await?;
        }
    }
    // What they had once and gave back.
    wish_step::Entity::update_many()
        .col_expr(wish_step::Column::ActorId, Expr::value(None::<i64>))
        .col_expr(wish_step::Column::Note, Expr::value(None::<String>))
        .filter(wish_step::COLUMN.actor_id.eq(person))
        .exec(tx.db())
        .await?;
    Ok(())
}

/// Locks somebody's row, as whoever wishes, claims, publishes or ties does first: by another phone they add nothing
/// meanwhile.
///
/// # Errors
/// The database's.
pub(super) async fn hold(tx: &Tx, person: i64) -> Result<(), Fault> {
    person::Entity::find_by_id(person)
        .lock(LockType::NoKeyUpdate)
        .one(tx.db())
        .await?;
    Ok(())
}

/// A wish without its asker and its words: what others were shown, too. One that is open still is
/// withdrawn. The row is locked.
///
/// # Errors
/// The database's.
pub(super) async fn forget_asker(tx: &mut Tx, row: &wish::Model) -> Result<(), Fault> {
    let waits = matches!(
        row.state,
        WishState::Raised | WishState::Open | WishState::Claimed
    );
    let mut change = wish::ActiveModel {
        id: Set(row.id),
        asker_id: Set(scrub::nobody(tx).await?),
        place_id: Set(row.compound_id),
        text: Set(String::new()),
        thanks: Set(None),
        reason: Set(None),
        version: Set(row.version + 1),
        ..Default::default()
    };
    if waits {
        change.state = Set(WishState::Withdrawn);
        change.ended_at = Set(Some(tx.now()));
        change.claimer_id = Set(None);
        change.claimed_at = Set(None);
        change.due_at = Set(None);
    }
    let next = change.update(tx.db()).await?;
    moderation::forget(tx, &subject(row.id)).await?;
    // Why it was refused may say what it was.
    wish_step::Entity::update_many()
        .col_expr(wish_step::Column::Note, Expr::value(None::<String>))
        .filter(wish_step::COLUMN.wish_id.eq(row.id))
        .exec(tx.db())
        .await?;
    untie(tx, row.id, row.asker_id).await?;
    if let Some(claimer) = row.claimer_id.filter(|_| waits) {
        let item = told(&next, Telling::Withdrawn, claimer, tx.now());
        reminder::enqueue(tx, vec![item]).await?;
    }
    Ok(())
}

/// A wish without whoever has or had it, their words and photos. One that is not fulfilled is open
/// again. The row is locked.
///
/// # Errors
/// The database's.
pub(super) async fn forget_claimer(tx: &mut Tx, row: &wish::Model) -> Result<(), Fault> {
    let Some(claimer) = row.claimer_id else {
        return Ok(());
    };
    let has = row.state == WishState::Claimed;
    let mut change = wish::ActiveModel {
        id: Set(row.id),
        claimer_id: Set(None),
        claimed_at: Set(None),
        due_at: Set(None),
        result: Set(None),
        version: Set(row.version + 1),
        ..Default::default()
    };
    if has {
        change.state = Set(WishState::Open);
    }
    let next = change.update(tx.db()).await?;
    untie(tx, row.id, claimer).await?;
    let accounts = account::Entity::find()
        .filter(account::COLUMN.person_id.eq(claimer))
        .all(tx.db())
        .await?;
    let accounts: Vec<i64> = accounts.iter().map(|account| account.id).collect();
    let photos = attachment::Entity::find()
        .filter(attachment::COLUMN.subject.eq(subject(row.id)))
        .filter(of_person(claimer, &accounts))
        .all(tx.db())
        .await?;
    remind::remove_photos(tx, &photos).await?;
    if has {
        let item = told(&next, Telling::Abandoned, row.asker_id, tx.now());
        reminder::enqueue(tx, vec![item]).await?;
    }
    Ok(())
}

/// History and audit trail no longer say who it was.
async fn untie(tx: &Tx, id: i64, person: i64) -> Result<(), Fault> {
    wish_step::Entity::update_many()
        .col_expr(wish_step::Column::ActorId, Expr::value(None::<i64>))
        .col_expr(wish_step::Column::Note, Expr::value(None::<String>))
        .filter(wish_step::COLUMN.wish_id.eq(id))
        .filter(wish_step::COLUMN.actor_id.eq(person))
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
