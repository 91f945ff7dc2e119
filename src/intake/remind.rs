//! What keeps imports going: a clock that begins with a job and looks again until it is over, whichever
//! instance dies meanwhile; and one that forgets files nobody has a use for any more.

use std::time::Duration;

use chrono::TimeDelta;
use entity::kinds::ImportState;
use entity::{import_job, reminder};
use sea_orm::ActiveValue::Set;
use sea_orm::EntityTrait;
use serde_json::json;
use tokio::time::timeout;

use super::job::{OPEN, change_state, files_of, subject};
use super::run;
use crate::app::App;
use crate::base::fault::Fault;
use crate::delivery::{Kind, kind::Work};
use crate::reminder::payload;
use crate::reminder::{NewReminder, Verdict, enqueue};
use crate::store::Tx;

const RUN: &str = "import.run";
const FORGET: &str = "import.forget";

/// Hours that files wait for the word to import them.
pub const UNUSED_HOURS: i64 = 24;
/// Hours that the list of rows that were left out can be fetched.
pub const LEFT_OUT_HOURS: i64 = 7 * 24;
/// A job may take longer than a reminder may be held: the clock waits so long, then comes back.
const WAIT: Duration = Duration::from_secs(20);
/// Until it comes back.
const AGAIN: TimeDelta = TimeDelta::seconds(10);

/// The kinds.
pub const KINDS: &[Kind] = &[
    Kind {
        name: RUN,
        work: Work::Clock(|app, row| Box::pin(begin(app, row))),
    },
    Kind {
        name: FORGET,
        work: Work::Clock(|app, row| Box::pin(forget_files(app, row))),
    },
];

/// Lets a job be done.
pub(super) async fn run(tx: &mut Tx, id: i64, what: &str) -> Result<(), Fault> {
    let item = NewReminder {
        kind: RUN,
        dedupe_key: format!("import:{id}:{what}"),
        recipient_id: None,
        compound_id: None,
        subject: subject(id),
        payload: json!({ "import": id }),
        due_at: tx.now(),
    };
    enqueue(tx, vec![item]).await
}

/// Lets the files of a job be forgotten in so many hours.
pub(super) async fn forget(tx: &mut Tx, id: i64, hours: i64) -> Result<(), Fault> {
    let item = NewReminder {
        kind: FORGET,
        dedupe_key: format!("import:{id}:forget:{hours}"),
        recipient_id: None,
        compound_id: None,
        subject: subject(id),
        payload: json!({ "import": id }),
        due_at: tx.now() + TimeDelta::hours(hours),
    };
    enqueue(tx, vec![item]).await
}

async fn job_of(app: &App, row: &reminder::Model) -> Result<Option<import_job::Model>, Fault> {
    let Some(id) = payload::number(row, "import") else {
        return Ok(None);
    };
    let found = import_job::Entity::find_by_id(id);
    Ok(found.one(app.store.read()).await?)
}

async fn begin(app: &App, row: &reminder::Model) -> Result<Verdict, Fault> {
    let todo =
        |job: &import_job::Model| matches!(job.state, ImportState::Checking | ImportState::Queued);
    let Some(job) = job_of(app, row).await?.filter(todo) else {
        return Ok(Verdict::Done);
    };
    let work = run::work(app.clone(), job.id);
    // Goes on by itself when it takes longer; the lock on its row keeps the next look out.
    let work = tokio::spawn(work);
    // When the task ended by a panic its row is as it was: it is begun again, a few times.
    let _ = timeout(WAIT, work).await;
    let open = job_of(app, row).await?.is_some_and(|job| todo(&job));
    Ok(match open {
        true => Verdict::Later(app.clock.now() + AGAIN),
        false => Verdict::Done,
    })
}

async fn forget_files(app: &App, row: &reminder::Model) -> Result<Verdict, Fault> {
    let Some(job) = job_of(app, row).await? else {
        return Ok(Verdict::Done);
    };
    match job.state {
        // Under way: whoever does it removes the files.
        ImportState::Checking | ImportState::Queued => return Ok(Verdict::Done),
        ImportState::Done | ImportState::Failed | ImportState::Dropped
            if job.bad_path.is_none() =>
        {
            return Ok(Verdict::Done);
        }
        _ => {}
    }
    let now = app.clock.now();
    if job.state == ImportState::Done && now - job.updated_at < TimeDelta::hours(LEFT_OUT_HOURS) {
        return Ok(Verdict::Done);
    }
    let tx = app.store.begin(now).await?;
    let state = match OPEN.contains(&job.state) {
        true => ImportState::Dropped,
        false => job.state,
    };
    let change = import_job::ActiveModel {
        state: Set(state),
        path: Set(None),
        bad_path: Set(None),
        ..Default::default()
    };
    if !change_state(&tx, job.id, job.state, change).await? {
        return Ok(Verdict::Done);
    }
    tx.commit().await?;
    for path in files_of(&job) {
        app.files.delete(&path).await?;
    }
    Ok(Verdict::Done)
}
