//! What stands of somebody in giving and talents: their donations no longer say whose they were, and what waits of
//! them is over. What was given stays, since the books and others answer for it. Used by erasure and by retention.
//! A state is taken back by a statement of its own that meets it as it is then: what was paid or accepted while the
//! person was looked for stays so.

use entity::kinds::{DonationState, HelpState, TalentState};
use entity::{audit, donation, donation_step, help_request, talent};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};

use crate::app::App;
use crate::base::clock::Moment;
use crate::base::fault::Fault;
use crate::delivery::cards;
use crate::fund;
use crate::privacy::scrub::{self, Words};
use crate::reminder;
use crate::store::Tx;
use crate::talent::{remind, request_subject, subject as talent_subject};

/// Lets go of every trace of a person in what was given, offered and asked for.
///
/// # Errors
/// The database's.
pub(super) async fn let_go(tx: &mut Tx, person: i64, words: &Words) -> Result<(), Fault> {
    let given = donation::Entity::find()
        .filter(donation::COLUMN.donor_id.eq(person))
        .all(tx.db())
        .await?;
    for row in given {
        forget_donor(tx, &row, Some(words)).await?;
    }
    donation_step::Entity::update_many()
        .col_expr(donation_step::Column::ActorId, Expr::value(None::<i64>))
        .col_expr(donation_step::Column::Note, Expr::value(None::<String>))
        .filter(donation_step::COLUMN.actor_id.eq(person))
        .exec(tx.db())
        .await?;
    let asked = help_request::Entity::find()
        .filter(help_request::COLUMN.asker_id.eq(person))
        .all(tx.db())
        .await?;
    for row in asked {
        forget_asker(tx, &row).await?;
    }
    let offered = talent::Entity::find()
        .filter(talent::COLUMN.person_id.eq(person))
        .all(tx.db())
        .await?;
    for row in offered {
        forget_talent(tx, &row).await?;
    }
    Ok(())
}

/// A donation without its donor. A promise is taken back; what is there stays, in secret.
async fn forget_donor(
    tx: &mut Tx,
    row: &donation::Model,
    words: Option<&Words>,
) -> Result<(), Fault> {
    let room = row.room.as_deref();
    donation::Entity::update_many()
        .col_expr(
            donation::Column::Version,
            Expr::col(donation::Column::Version).add(1),
        )
        .set(donation::ActiveModel {
            donor_id: Set(None),
            donor_name: Set(None),
            anonymous: Set(true),
            goods: Set(None),
            room: Set(words.and_then(|words| room.map(|room| words.out_of(room)))),
            reason: Set(None),
            ..Default::default()
        })
        .filter(donation::COLUMN.id.eq(row.id))
        .exec(tx.db())
        .await?;
    donation::Entity::update_many()
        .set(donation::ActiveModel {
            state: Set(DonationState::Withdrawn),
            ended_at: Set(Some(tx.now())),
            ..Default::default()
        })
        .filter(donation::COLUMN.id.eq(row.id))
        .filter(donation::COLUMN.state.eq(DonationState::Pledged))
        .exec(tx.db())
        .await?;
    donation_step::Entity::update_many()
        .col_expr(donation_step::Column::Note, Expr::value(None::<String>))
        .filter(donation_step::COLUMN.donation_id.eq(row.id))
        .exec(tx.db())
        .await?;
    untie(tx, fund::subject(row.id), row.donor_id).await
}

/// A request without its asker and its words. One that waits is taken back.
async fn forget_asker(tx: &mut Tx, row: &help_request::Model) -> Result<(), Fault> {
    let nobody = scrub::nobody(tx).await?;
    help_request::Entity::update_many()
        .col_expr(
            help_request::Column::Version,
            Expr::col(help_request::Column::Version).add(1),
        )
        .set(help_request::ActiveModel {
            asker_id: Set(nobody),
            text: Set(String::new()),
            ..Default::default()
        })
        .filter(help_request::COLUMN.id.eq(row.id))
        .exec(tx.db())
        .await?;
    let withdrawn = help_request::Entity::update_many()
        .set(help_request::ActiveModel {
            state: Set(HelpState::Withdrawn),
            due_at: Set(None),
            ended_at: Set(Some(tx.now())),
            ..Default::default()
        })
        .filter(help_request::COLUMN.id.eq(row.id))
        .filter(help_request::COLUMN.state.eq(HelpState::Asking))
        .exec(tx.db())
        .await?;
    if withdrawn.rows_affected == 1 {
        cards::moved(tx, &request_subject(row.id), Some(row.compound_id)).await?;
    }
    untie(tx, request_subject(row.id), Some(row.asker_id)).await
}

/// A talent without whoever has it. Whoever waits for its word is taken on to the next at once.
async fn forget_talent(tx: &mut Tx, row: &talent::Model) -> Result<(), Fault> {
    let nobody = scrub::nobody(tx).await?;
    talent::Entity::update_many()
        .set(talent::ActiveModel {
            person_id: Set(nobody),
            text: Set(String::new()),
            ..Default::default()
        })
        .filter(talent::COLUMN.id.eq(row.id))
        .exec(tx.db())
        .await?;
    talent::Entity::update_many()
        .set(talent::ActiveModel {
            state: Set(TalentState::Withdrawn),
            ended_at: Set(Some(tx.now())),
            ..Default::default()
        })
        .filter(talent::COLUMN.id.eq(row.id))
        .filter(talent::COLUMN.state.eq(TalentState::Offered))
        .exec(tx.db())
        .await?;
    let waiting = help_request::Entity::find()
        .filter(help_request::COLUMN.talent_id.eq(row.id))
        .filter(help_request::COLUMN.state.eq(HelpState::Asking))
        .all(tx.db())
        .await?;
    for request in waiting {
        // The clock of this asking rings now, under a version of its own: the first one finds nothing.
        let next = help_request::Model {
            version: request.version + 1,
            due_at: Some(tx.now()),
            ..request
        };
        let rings = help_request::Entity::update_many()
            .set(help_request::ActiveModel {
                version: Set(next.version),
                due_at: Set(next.due_at),
                ..Default::default()
            })
            .filter(help_request::COLUMN.id.eq(next.id))
            .filter(help_request::COLUMN.state.eq(HelpState::Asking))
            .filter(help_request::COLUMN.version.eq(request.version))
            .exec(tx.db())
            .await?;
        // Answered meanwhile: then it has gone on by itself.
        if rings.rows_affected == 1 {
            let clock = remind::next(&next, tx.now());
            reminder::enqueue(tx, vec![clock]).await?;
        }
    }
    untie(tx, talent_subject(row.id), Some(row.person_id)).await
}

/// The audit trail no longer says who it was.
async fn untie(tx: &Tx, subject: String, person: Option<i64>) -> Result<(), Fault> {
    let Some(person) = person else {
        return Ok(());
    };
    audit::Entity::update_many()
        .col_expr(audit::Column::ActorId, Expr::value(None::<i64>))
        .col_expr(audit::Column::AccountId, Expr::value(None::<i64>))
        .filter(audit::COLUMN.subject.eq(subject))
        .filter(audit::COLUMN.actor_id.eq(person))
        .exec(tx.db())
        .await?;
    Ok(())
}

/// Whether there is anything that may have served its time.
pub(super) async fn has_any<C: ConnectionTrait>(db: &C) -> Result<bool, Fault> {
    let promise = donation::Entity::find().filter(donation::COLUMN.ended_at.is_not_null());
    let request = help_request::Entity::find().filter(help_request::COLUMN.ended_at.is_not_null());
    let offer = talent::Entity::find().filter(talent::COLUMN.ended_at.is_not_null());
    Ok(promise.one(db).await?.is_some()
        || request.one(db).await?.is_some()
        || offer.one(db).await?.is_some())
}

/// Lets go of some of what was over by then, each in a transaction of its own; says how many.
///
/// # Errors
/// The database's.
pub(super) async fn retire(app: &App, until: Moment, step: u64) -> Result<u64, Fault> {
    let tx = app.store.begin(app.clock.now()).await?;
    let nobody = scrub::nobody(&tx).await?;
    tx.commit().await?;
    let db = app.store.read();
    let mut count = 0;
    let promises = donation::Entity::find()
        .filter(donation::COLUMN.ended_at.lt(until))
        .filter(donation::COLUMN.donor_id.is_not_null())
        .limit(step)
        .all(db)
        .await?;
    for row in promises {
        let mut tx = app.store.begin(app.clock.now()).await?;
        forget_donor(&mut tx, &row, None).await?;
        tx.commit().await?;
        count += 1;
    }
    let requests = help_request::Entity::find()
        .filter(help_request::COLUMN.ended_at.lt(until))
        .filter(help_request::COLUMN.asker_id.ne(nobody))
        .limit(step)
        .all(db)
        .await?;
    for row in requests {
        let mut tx = app.store.begin(app.clock.now()).await?;
        forget_asker(&mut tx, &row).await?;
        tx.commit().await?;
        count += 1;
    }
    let offers = talent::Entity::find()
        .filter(talent::COLUMN.ended_at.lt(until))
        .filter(talent::COLUMN.person_id.ne(nobody))
        .limit(step)
        .all(db)
        .await?;
    for row in offers {
        let mut tx = app.store.begin(app.clock.now()).await?;
        forget_talent(&mut tx, &row).await?;
        tx.commit().await?;
        count += 1;
    }
    Ok(count)
}
