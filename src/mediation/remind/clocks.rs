//! The clocks of mediations: the one that looks whether something happens, and what the noun `case` leaves here of
//! mediators who are gone and of cases that are over. Called by the worker through the table of kinds.

use chrono::TimeDelta;
use entity::{mediation, reminder};
use sea_orm::{EntityTrait, QueryFilter, QueryOrder};

use crate::app::App;
use crate::base::clock::Moment;
use crate::base::fault::{Code, Fault};
use crate::mediation::actions;
use crate::reminder::payload::number;
use crate::reminder::{BoxFuture, Verdict};
use crate::store::Tx;

type Obeyed<'a> = BoxFuture<'a, Result<Verdict, Fault>>;

pub(super) fn look<'a>(app: &'a App, clock: &'a reminder::Model) -> Obeyed<'a> {
    Box::pin(async move {
        let Some(id) = number(clock, "mediation") else {
            return Ok(Verdict::Drop);
        };
        let mut tx = app.store.begin(app.clock.now()).await?;
        let done = actions::look(&mut tx, id).await;
        let verdict = done.map(|next: Option<Moment>| next.map_or(Verdict::Drop, Verdict::Later));
        close(app, tx, verdict).await
    })
}

/// All that somebody leads is looked at: what they may still lead stays with them.
pub(super) fn mediator_gone<'a>(app: &'a App, clock: &'a reminder::Model) -> Obeyed<'a> {
    Box::pin(async move {
        let Some(person) = number(clock, "person") else {
            return Ok(Verdict::Drop);
        };
        let led = mediation::Entity::find()
            .filter(mediation::COLUMN.mediator_id.eq(person))
            .filter(mediation::COLUMN.closed_at.is_null())
            .order_by_asc(mediation::COLUMN.id)
            .all(app.store.read())
            .await?;
        for row in led {
            let mut tx = app.store.begin(app.clock.now()).await?;
            let done = actions::look(&mut tx, row.id).await;
            let verdict = close(app, tx, done.map(|_| Verdict::Done)).await?;
            if let Verdict::Later(_) = verdict {
                return Ok(verdict);
            }
        }
        Ok(Verdict::Done)
    })
}

pub(super) fn case_over<'a>(app: &'a App, clock: &'a reminder::Model) -> Obeyed<'a> {
    Box::pin(async move {
        let Some(case) = number(clock, "case") else {
            return Ok(Verdict::Drop);
        };
        let mut tx = app.store.begin(app.clock.now()).await?;
        let done = actions::case_over(&mut tx, case).await;
        let verdict = done.map(|ended| match ended {
            true => Verdict::Done,
            false => Verdict::Drop,
        });
        close(app, tx, verdict).await
    })
}

async fn close(app: &App, tx: Tx, done: Result<Verdict, Fault>) -> Result<Verdict, Fault> {
    match done {
        Ok(verdict) => {
            tx.commit().await?;
            Ok(verdict)
        }
        // Somebody did something at the same moment: look again.
        Err(fault) if matches!(fault.code, Code::Conflict | Code::WrongStep) => {
            tx.rollback().await?;
            Ok(Verdict::Later(app.clock.now() + TimeDelta::seconds(1)))
        }
        Err(fault) if fault.code == Code::NotFound => {
            tx.rollback().await?;
            Ok(Verdict::Drop)
        }
        Err(fault) => {
            tx.rollback().await?;
            Err(fault)
        }
    }
}
