//! The clock that rings when somebody's post ends: what lies with them where they may not work any more
//! goes to somebody else, and mediations that they lead are told. Called by the worker through the table of kinds.

use chrono::TimeDelta;
use entity::kinds::CaseState;
use entity::{case, mediation, reminder};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::app::App;
use crate::base::fault::{Code, Fault};
use crate::case::actions::{self, Vacated};
use crate::case::queries::by_id;
use crate::case::remind::clocks::Obeyed;
use crate::case::remind::mediated::mediator_gone;
use crate::reminder::payload::number;
use crate::reminder::{Verdict, enqueue};

/// Cases looked at before the worker is let do something else.
const AT_ONCE: u64 = 50;
/// Days until a case is looked at again whose parties still talk.
const MEDIATION_DAYS: i64 = 1;

/// States in which it lies with its holder.
const LYING: [CaseState; 4] = [
    CaseState::Assigned,
    CaseState::Accepted,
    CaseState::Arrived,
    CaseState::Paused,
];

pub(super) fn gone<'a>(app: &'a App, clock: &'a reminder::Model) -> Obeyed<'a> {
    Box::pin(async move {
        let Some(person) = number(clock, "person") else {
            return Ok(Verdict::Drop);
        };
        tell_mediations(app, clock, person).await?;
        let mut after = 0;
        let mut mediated = false;
        loop {
            let ids = held_by(app, person, after).await?;
            let Some(last) = ids.last().copied() else {
                break;
            };
            for id in ids {
                match vacate(app, id).await {
                    Ok(Vacated::Mediated) => mediated = true,
                    Ok(Vacated::Moved | Vacated::Kept) => {}
                    // Somebody was at it: it is looked at once more, with all that is left.
                    Err(fault) if fault.code == Code::Conflict => {
                        let soon = app.clock.now() + TimeDelta::seconds(1);
                        return Ok(Verdict::Later(soon));
                    }
                    Err(fault) => return Err(fault),
                }
            }
            after = last;
        }
        Ok(if mediated {
            Verdict::Later(app.clock.now() + TimeDelta::days(MEDIATION_DAYS))
        } else {
            Verdict::Done
        })
    })
}

/// What they lead is the noun `mediation`'s: it is left a reminder.
async fn tell_mediations(app: &App, clock: &reminder::Model, person: i64) -> Result<(), Fault> {
    let led = mediation::Entity::find()
        .filter(mediation::COLUMN.mediator_id.eq(person))
        .filter(mediation::COLUMN.closed_at.is_null())
        .one(app.store.read())
        .await?;
    if led.is_none() {
        return Ok(());
    }
    let mut tx = app.store.begin(app.clock.now()).await?;
    let told = mediator_gone(person, clock, tx.now());
    enqueue(&mut tx, vec![told]).await?;
    tx.commit().await
}

async fn held_by(app: &App, person: i64, after: i64) -> Result<Vec<i64>, Fault> {
    Ok(case::Entity::find()
        .select_only()
        .column(case::Column::Id)
        .filter(case::COLUMN.holder_id.eq(person))
        .filter(case::COLUMN.state.is_in(LYING))
        .filter(case::COLUMN.id.gt(after))
        .order_by_asc(case::Column::Id)
        .limit(AT_ONCE)
        .into_tuple()
        .all(app.store.read())
        .await?)
}

async fn vacate(app: &App, id: i64) -> Result<Vacated, Fault> {
    let mut tx = app.store.begin(app.clock.now()).await?;
    let Some(found) = by_id(tx.db(), id).await? else {
        return Ok(Vacated::Kept);
    };
    let done = actions::vacate(&mut tx, found).await?;
    if done == Vacated::Moved {
        tx.commit().await?;
    }
    Ok(done)
}
