//! The clocks of a case: each loads it, lets the action look whether the clock still counts, and
//! commits. Called by the worker through the table of kinds.

use chrono::TimeDelta;
use entity::reminder;

use crate::app::App;
use crate::base::clock::{Moment, from_ms};
use crate::base::fault::{Code, Fault};
use crate::case::actions::{self, PauseOver};
use crate::case::queries::{Found, by_id};
use crate::reminder::payload;
use crate::reminder::{BoxFuture, Verdict};
use crate::store::Tx;

/// Minutes between two looks for somebody.
const SEEK_MINUTES: i64 = 10;
/// Hours until a pause is looked at again whose parties still talk.
const MEDIATION_HOURS: i64 = 6;

/// What a clock's payload says.
pub(super) struct Set {
    due: Moment,
    minutes: i64,
    pub(super) round: i64,
}

pub(super) type Obeyed<'a> = BoxFuture<'a, Result<Verdict, Fault>>;

pub(super) fn accept<'a>(app: &'a App, clock: &'a reminder::Model) -> Obeyed<'a> {
    Box::pin(async move {
        let Some((mut tx, found, set)) = open(app, clock).await? else {
            return Ok(Verdict::Drop);
        };
        let done = actions::accept_breach(&mut tx, found, set.due, set.minutes).await;
        close(app, tx, done.map(Verdict::of)).await
    })
}

pub(super) fn grace<'a>(app: &'a App, clock: &'a reminder::Model) -> Obeyed<'a> {
    Box::pin(async move {
        let Some((mut tx, found, set)) = open(app, clock).await? else {
            return Ok(Verdict::Drop);
        };
        let done = actions::pass_over(&mut tx, found, set.due).await;
        close(app, tx, done.map(Verdict::of)).await
    })
}

pub(super) fn arrive<'a>(app: &'a App, clock: &'a reminder::Model) -> Obeyed<'a> {
    Box::pin(async move {
        let Some((mut tx, found, set)) = open(app, clock).await? else {
            return Ok(Verdict::Drop);
        };
        let done = actions::arrive_breach(&mut tx, found, set.due).await;
        close(app, tx, done.map(Verdict::of)).await
    })
}

pub(super) fn plan<'a>(app: &'a App, clock: &'a reminder::Model) -> Obeyed<'a> {
    Box::pin(async move {
        let Some((mut tx, found, set)) = open(app, clock).await? else {
            return Ok(Verdict::Drop);
        };
        let done = actions::plan_breach(&mut tx, found, set.due).await;
        close(app, tx, done.map(Verdict::of)).await
    })
}

pub(super) fn finish<'a>(app: &'a App, clock: &'a reminder::Model) -> Obeyed<'a> {
    Box::pin(async move {
        let Some((mut tx, found, set)) = open(app, clock).await? else {
            return Ok(Verdict::Drop);
        };
        let done = actions::finish_breach(&mut tx, found, set.due).await;
        close(app, tx, done.map(Verdict::of)).await
    })
}

/// While the parties of a mediation talk, the pause lasts.
pub(super) fn pause<'a>(app: &'a App, clock: &'a reminder::Model) -> Obeyed<'a> {
    Box::pin(async move {
        let Some((mut tx, found, set)) = open(app, clock).await? else {
            return Ok(Verdict::Drop);
        };
        let next = tx.now() + TimeDelta::hours(MEDIATION_HOURS);
        let done = actions::pause_over(&mut tx, found, set.due).await;
        let verdict = done.map(|over| match over {
            PauseOver::Over => Verdict::Done,
            PauseOver::Mediated => Verdict::Later(next),
            PauseOver::Gone => Verdict::Drop,
        });
        close(app, tx, verdict).await
    })
}

pub(super) fn seek<'a>(app: &'a App, clock: &'a reminder::Model) -> Obeyed<'a> {
    Box::pin(async move {
        let Some((mut tx, found, _)) = open(app, clock).await? else {
            return Ok(Verdict::Drop);
        };
        let next = tx.now() + TimeDelta::minutes(SEEK_MINUTES);
        let done = actions::seek(&mut tx, found).await;
        let verdict = done.map(|alone| {
            if alone {
                Verdict::Later(next)
            } else {
                Verdict::Done
            }
        });
        close(app, tx, verdict).await
    })
}

pub(super) fn lapse<'a>(app: &'a App, clock: &'a reminder::Model) -> Obeyed<'a> {
    Box::pin(async move {
        let Some((mut tx, found, set)) = open(app, clock).await? else {
            return Ok(Verdict::Drop);
        };
        if i64::from(found.case.round) != set.round {
            return Ok(Verdict::Drop);
        }
        let done = actions::lapse(&mut tx, found).await;
        close(app, tx, done.map(|lapsed| Verdict::of(lapsed.is_some()))).await
    })
}

pub(super) fn ask<'a>(app: &'a App, clock: &'a reminder::Model) -> Obeyed<'a> {
    Box::pin(async move {
        let Some((mut tx, found, set)) = open(app, clock).await? else {
            return Ok(Verdict::Drop);
        };
        let done = actions::ask_breach(&mut tx, found, set.due).await;
        close(app, tx, done.map(Verdict::of)).await
    })
}

pub(super) fn reopen<'a>(app: &'a App, clock: &'a reminder::Model) -> Obeyed<'a> {
    Box::pin(async move {
        let Some((mut tx, found, set)) = open(app, clock).await? else {
            return Ok(Verdict::Drop);
        };
        let done = actions::reopen_breach(&mut tx, found, set.due).await;
        close(app, tx, done.map(Verdict::of)).await
    })
}

/// What is not published yet waits for whoever looks at it: an hour between two looks, later a day; after
/// a month it stays on the list.
pub(super) fn close_off<'a>(app: &'a App, clock: &'a reminder::Model) -> Obeyed<'a> {
    Box::pin(async move {
        let Some((mut tx, found, set)) = open(app, clock).await? else {
            return Ok(Verdict::Drop);
        };
        if i64::from(found.case.round) != set.round {
            return Ok(Verdict::Drop);
        }
        let waited = tx.now() - set.due;
        let next = match waited < TimeDelta::days(3) {
            true => tx.now() + TimeDelta::hours(1),
            false => tx.now() + TimeDelta::days(1),
        };
        let done = actions::close_off(&mut tx, found).await;
        let verdict = done.map(|done| match done {
            Some(true) => Verdict::Done,
            Some(false) if waited < TimeDelta::days(30) => Verdict::Later(next),
            _ => Verdict::Drop,
        });
        close(app, tx, verdict).await
    })
}

pub(super) async fn open(
    app: &App,
    clock: &reminder::Model,
) -> Result<Option<(Tx, Found, Set)>, Fault> {
    let field = |name: &str| payload::number(clock, name);
    let (Some(id), Some(round)) = (field("case"), field("round")) else {
        return Ok(None);
    };
    let Some(due) = field("due").and_then(from_ms) else {
        return Ok(None);
    };
    let minutes = field("minutes").unwrap_or_default();
    let tx = app.store.begin(app.clock.now()).await?;
    let found = by_id(tx.db(), id).await?;
    Ok(found.map(|found| {
        (
            tx,
            found,
            Set {
                due,
                minutes,
                round,
            },
        )
    }))
}

pub(super) async fn close(
    app: &App,
    tx: Tx,
    done: Result<Verdict, Fault>,
) -> Result<Verdict, Fault> {
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
        Err(fault) => {
            tx.rollback().await?;
            Err(fault)
        }
    }
}
