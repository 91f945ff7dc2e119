//! A message is worked on behind its request: what takes longer than the platform waits goes on, the
//! person is told at once that it does, and the answer follows by customer service. Before the person
//! is told, the message is kept (`kept.rs`), so that it is done though this machine may die. Called
//! by `official.rs`; [`resume`] is run by `command/serve.rs`.

use std::collections::HashSet;
use std::time::Duration;

use chrono::TimeDelta;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep, timeout};
use tracing::Instrument;

use crate::app::App;
use crate::base::fault::Fault;
use crate::bot::{self, Spoken};
use crate::web::kept;

/// After so long the person sees «对方正在输入».
const TYPING: Duration = Duration::from_millis(1_500);
/// So long after its first failure a message that was acknowledged is tried; then the person is told.
const GOES_ON: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_secs(1);
/// What is left of the platform's patience for keeping a message that will be acknowledged.
const KEEPING: Duration = Duration::from_millis(600);
/// What was kept so long ago is nobody's any more: whoever works on one gives up sooner.
const ORPHANED: TimeDelta = TimeDelta::seconds(75);
/// What was kept so long ago is not done any more: things have gone on without it.
const TOO_LATE: TimeDelta = TimeDelta::hours(1);
/// How often it is looked for what is nobody's.
const LOOK: Duration = Duration::from_secs(15);
/// What is said at once. Who is forgotten all the same, since a machine may die, knows what to do.
pub(super) const ACKNOWLEDGED: &str =
    "正在办理，稍后回复您。如果一分钟内没有收到回复，请回复“进度”看看，或再发一次。";
const SORRY: &str = "刚才那条消息没有办成，系统正忙，请再发一次。急事请直接联系楼栋长或物业。";

type Answer = Result<Option<String>, Fault>;

/// The answer, if it comes within `patience`; none when it follows by itself.
pub async fn answer(app: &App, spoken: Spoken, patience: Duration) -> Option<Answer> {
    let begun = Instant::now();
    let (sender, mut receiver) = oneshot::channel();
    let work = work(app.clone(), spoken.clone(), sender).in_current_span();
    app.late.spawn(work);
    let mut heard = timeout(TYPING.min(patience), &mut receiver).await.ok();
    if heard.is_none() {
        app.late
            .spawn(show_typing(app.clone(), spoken.external_id.clone()));
        let left = patience.saturating_sub(KEEPING + begun.elapsed());
        heard = timeout(left, &mut receiver).await.ok();
    }
    if let Some(heard) = heard {
        return Some(told(heard));
    }
    let left = patience.saturating_sub(begun.elapsed());
    let keeping = timeout(left, keep(app, &spoken));
    let heard = tokio::join!(timeout(left, &mut receiver), keeping).0.ok();
    // From here on the answer cannot be handed over any more; it may just have been.
    receiver.close();
    let heard = heard.or_else(|| receiver.try_recv().ok().map(Ok))?;
    app.late.spawn(forget(app.clone(), spoken));
    Some(told(heard))
}

fn told(heard: Result<Answer, oneshot::error::RecvError>) -> Answer {
    heard.unwrap_or_else(|_| Err(Fault::internal("the work on a message broke off")))
}

/// Does it; hands the answer over, or sees to it that it follows.
async fn work(app: App, spoken: Spoken, sender: oneshot::Sender<Answer>) {
    let begun = Instant::now();
    let mut answer = bot::answer(&app, spoken.clone()).await;
    while sender.is_closed()
        && answer.as_ref().is_err_and(Fault::is_busy)
        && begun.elapsed() < GOES_ON
        && !app.stopping.is_cancelled()
    {
        sleep(PAUSE).await;
        answer = bot::answer(&app, spoken.clone()).await;
    }
    let Err(answer) = sender.send(answer) else {
        return;
    };
    metrics::counter!("linli_messages_total", "outcome" => "late").increment(1);
    if end(&app, &spoken, answer).await {
        forget(app, spoken).await;
    }
}

/// What becomes of a message whose answer cannot be handed over; whether that is all.
async fn end(app: &App, spoken: &Spoken, answer: Answer) -> bool {
    match answer {
        Ok(Some(_)) => owe(app, spoken).await,
        Ok(None) => true,
        Err(fault) => {
            tracing::warn!(
                ?fault,
                "a message that was acknowledged could not be stored"
            );
            apologise(app, spoken).await;
            true
        }
    }
}

/// Stores that the answer follows; whether it could be. What was done is stored already.
async fn owe(app: &App, spoken: &Spoken) -> bool {
    let begun = Instant::now();
    while let Err(fault) = bot::late::owe(app, &spoken.key).await {
        if !fault.is_busy() || begun.elapsed() > GOES_ON || app.stopping.is_cancelled() {
            tracing::error!(?fault, "an answer cannot follow: it could not be put down");
            return false;
        }
        sleep(PAUSE).await;
    }
    true
}

/// Keeps a message that will be acknowledged. Who is told to wait reads what to do if nothing comes.
async fn keep(app: &App, spoken: &Spoken) {
    if let Err(fault) = kept::keep(app, spoken).await {
        tracing::warn!(?fault, "a message that takes long could not be kept");
    }
}

async fn forget(app: App, spoken: Spoken) {
    if let Err(fault) = kept::forget(&app, &kept::path_of(&spoken.key)).await {
        tracing::warn!(?fault, "what was done could not be forgotten");
    }
}

/// Does what was acknowledged by a program that has died. At the start at once: somebody else may be
/// at work on a part of it, but a message has one effect and one answer however often it is done.
pub async fn resume(app: App) {
    let mut orphaned = TimeDelta::zero();
    let mut unread = HashSet::new();
    loop {
        match resume_once(&app, orphaned, &mut unread).await {
            Ok(()) => orphaned = ORPHANED,
            Err(fault) => tracing::warn!(?fault, "what was acknowledged could not be looked up"),
        }
        tokio::select! {
            () = app.stopping.cancelled() => return,
            () = sleep(LOOK.mul_f64(app.dice.jitter(0.2))) => {}
        }
    }
}

/// `unread`: what could not be read the last time. Another instance may have been writing it; what cannot be
/// read at two looks never will.
async fn resume_once(
    app: &App,
    orphaned: TimeDelta,
    unread: &mut HashSet<String>,
) -> Result<(), Fault> {
    let before = std::mem::take(unread);
    for found in kept::all(app).await? {
        let Some((at, spoken)) = found.said else {
            if before.contains(&found.path) {
                tracing::error!(path = found.path, "a message that was kept cannot be read");
                kept::forget(app, &found.path).await?;
            } else {
                unread.insert(found.path);
            }
            continue;
        };
        let age = app.clock.now() - at;
        if age < orphaned {
            continue;
        }
        metrics::counter!("linli_messages_total", "outcome" => "resumed").increment(1);
        if age > TOO_LATE && !bot::late::is_done(app, &spoken.key).await? {
            apologise(app, &spoken).await;
        } else {
            let answer = bot::answer(app, spoken.clone()).await;
            if answer.as_ref().is_err_and(Fault::is_busy) {
                return Ok(()); // Nothing else would go better now.
            }
            if !end(app, &spoken, answer).await {
                continue;
            }
        }
        kept::forget(app, &found.path).await?;
    }
    Ok(())
}

/// Nothing of the message was stored: said directly, since the database does not answer.
async fn apologise(app: &App, spoken: &Spoken) {
    let now = app.clock.now().timestamp();
    let said = app
        .official_client
        .custom_text(&spoken.external_id, SORRY, now);
    if let Err(error) = said.await {
        tracing::warn!(%error, "nor could the person be told");
    }
}

/// Only a courtesy: whatever becomes of it is no matter.
async fn show_typing(app: App, to: String) {
    let now = app.clock.now().timestamp();
    if let Err(error) = app.official_client.custom_typing(&to, true, now).await {
        tracing::debug!(%error, "typing could not be shown");
    }
}
