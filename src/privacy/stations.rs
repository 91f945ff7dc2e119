//! What stands of somebody in stations: what they had, booked and left no longer says whose it was, nor the
//! words to it; a booking that is still to come is free again. Used by erasure and by retention.

use entity::kinds::{BookingState, DepositState};
use entity::{
    audit, station_booking, station_deposit, station_loan, station_served, station_step,
    station_visitor,
};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};

use crate::app::App;
use crate::base::fault::Fault;
use crate::privacy::scrub;
use crate::station::queries::lending::OUT;
use crate::station::{booking_subject, deposit_subject, loan_subject, mark};
use crate::store::Tx;

/// How many things somebody has: while they do, the station has to know who.
///
/// # Errors
/// The database's.
pub(super) async fn has(tx: &Tx, person: i64) -> Result<u64, Fault> {
    let out = station_loan::Entity::find()
        .filter(station_loan::COLUMN.borrower_id.eq(person))
        .filter(station_loan::COLUMN.state.is_in(OUT))
        .count(tx.db());
    Ok(out.await?)
}

/// Lets go of every trace of a person in stations.
///
/// # Errors
/// The database's.
pub(super) async fn let_go(
    tx: &mut Tx,
    app: &App,
    person: i64,
    accounts: &[i64],
) -> Result<(), Fault> {
    let loans = station_loan::Entity::find()
        .filter(station_loan::COLUMN.borrower_id.eq(person))
        .all(tx.db())
        .await?;
    for row in loans {
        forget_loan(tx, &row).await?;
    }
    let bookings = station_booking::Entity::find()
        .filter(station_booking::COLUMN.booker_id.eq(person))
        .all(tx.db())
        .await?;
    for row in bookings {
        forget_booking(tx, &row).await?;
    }
    let deposits = station_deposit::Entity::find()
        .filter(station_deposit::COLUMN.owner_id.eq(person))
        .all(tx.db())
        .await?;
    for row in deposits {
        forget_deposit(tx, &row).await?;
    }
    // What they did at the desk when they had a post.
    station_step::Entity::update_many()
        .col_expr(station_step::Column::ActorId, Expr::value(None::<i64>))
        .col_expr(station_step::Column::Note, Expr::value(None::<String>))
        .filter(station_step::COLUMN.actor_id.eq(person))
        .exec(tx.db())
        .await?;
    station_served::Entity::update_many()
        .col_expr(station_served::Column::ById, Expr::value(None::<i64>))
        .col_expr(station_served::Column::Note, Expr::value(None::<String>))
        .filter(station_served::COLUMN.by_id.eq(person))
        .exec(tx.db())
        .await?;
    let bound = accounts.iter().map(|id| mark(&app.seal, Some(person), *id));
    let unbound = accounts.iter().map(|id| mark(&app.seal, None, *id));
    let marks: Vec<String> = bound.chain(unbound).collect();
    station_visitor::Entity::delete_many()
        .filter(station_visitor::COLUMN.mark.is_in(marks))
        .exec(tx.db())
        .await?;
    Ok(())
}

/// A loan without its borrower and without words.
///
/// # Errors
/// The database's.
pub(super) async fn forget_loan(tx: &Tx, row: &station_loan::Model) -> Result<(), Fault> {
    let change = station_loan::ActiveModel {
        id: Set(row.id),
        borrower_id: Set(scrub::nobody(tx).await?),
        note: Set(None),
        version: Set(row.version + 1),
        ..Default::default()
    };
    change.update(tx.db()).await?;
    untie(tx, &loan_subject(row.id), Some(row.borrower_id)).await
}

/// A booking without its booker and without words. One that is still to come is free again.
///
/// # Errors
/// The database's.
pub(super) async fn forget_booking(tx: &Tx, row: &station_booking::Model) -> Result<(), Fault> {
    let change = station_booking::ActiveModel {
        id: Set(row.id),
        booker_id: Set(scrub::nobody(tx).await?),
        purpose: Set(None),
        reason: Set(None),
        version: Set(row.version + 1),
        updated_at: Set(tx.now()),
        ..Default::default()
    };
    change.update(tx.db()).await?;
    // By what it is then: it may have been given up or missed since it was found.
    station_booking::Entity::update_many()
        .set(station_booking::ActiveModel {
            state: Set(BookingState::Cancelled),
            ..Default::default()
        })
        .filter(station_booking::COLUMN.id.eq(row.id))
        .filter(station_booking::COLUMN.state.eq(BookingState::Booked))
        .filter(station_booking::COLUMN.to_at.gt(tx.now()))
        .exec(tx.db())
        .await?;
    untie(tx, &booking_subject(row.id), Some(row.booker_id)).await
}

/// A deposit without its owner; what is still on the shelf keeps its looks, by which whoever has the ticket
/// gets it.
///
/// # Errors
/// The database's.
pub(super) async fn forget_deposit(tx: &Tx, row: &station_deposit::Model) -> Result<(), Fault> {
    let change = station_deposit::ActiveModel {
        id: Set(row.id),
        owner_id: Set(None),
        version: Set(row.version + 1),
        ..Default::default()
    };
    change.update(tx.db()).await?;
    station_deposit::Entity::update_many()
        .set(station_deposit::ActiveModel {
            thing: Set(String::new()),
            note: Set(None),
            ..Default::default()
        })
        .filter(station_deposit::COLUMN.id.eq(row.id))
        .filter(
            station_deposit::COLUMN
                .state
                .is_in([DepositState::Collected, DepositState::Cleared]),
        )
        .exec(tx.db())
        .await?;
    untie(tx, &deposit_subject(row.id), row.owner_id).await
}

/// The history loses its words, history and audit trail no longer say that it was them.
async fn untie(tx: &Tx, subject: &str, person: Option<i64>) -> Result<(), Fault> {
    station_step::Entity::update_many()
        .col_expr(station_step::Column::Note, Expr::value(None::<String>))
        .filter(station_step::COLUMN.subject.eq(subject))
        .exec(tx.db())
        .await?;
    let Some(person) = person else {
        return Ok(());
    };
    station_step::Entity::update_many()
        .col_expr(station_step::Column::ActorId, Expr::value(None::<i64>))
        .filter(station_step::COLUMN.subject.eq(subject))
        .filter(station_step::COLUMN.actor_id.eq(person))
        .exec(tx.db())
        .await?;
    audit::Entity::update_many()
        .col_expr(audit::Column::ActorId, Expr::value(None::<i64>))
        .col_expr(audit::Column::AccountId, Expr::value(None::<i64>))
        .filter(audit::COLUMN.subject.eq(subject))
        .filter(audit::COLUMN.actor_id.eq(person))
        .exec(tx.db())
        .await?;
    Ok(())
}
