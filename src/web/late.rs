//! A message is worked on behind its request: what takes longer than the platform waits goes on, the
//! person is told at once that it does, and the answer follows by customer service. Called by
//! `official.rs`.

use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::{Instant, sleep, timeout};
use tracing::Instrument;

use crate::app::App;
use crate::base::fault::Fault;
use crate::bot::{self, Spoken};

/// After so long the person sees «对方正在输入».
const TYPING: Duration = Duration::from_millis(1_500);
/// So long after its first failure a message that was acknowledged is tried; then the person is told.
const GOES_ON: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_secs(1);
/// What is said at once. Who is forgotten all the same, since a machine may die, knows what to do.
pub(super) const ACKNOWLEDGED: &str =
    "正在办理，稍后回复您。如果一分钟内没有收到回复，请回复“进度”看看，或再发一次。";
const SORRY: &str = "刚才那条消息没有办成，系统正忙，请再发一次。急事请直接联系楼栋长或物业。";

type Answer = Result<Option<String>, Fault>;

/// The answer, if it comes within `patience`; none when it follows by itself.
pub async fn answer(app: &App, spoken: Spoken, patience: Duration) -> Option<Answer> {
    let begun = Instant::now();
    let to = spoken.external_id.clone();
    let (sender, mut receiver) = oneshot::channel();
    let work = work(app.clone(), spoken, sender).in_current_span();
    app.late.spawn(work);
    let heard = match timeout(TYPING.min(patience), &mut receiver).await {
        Ok(heard) => Some(heard),
        Err(_) => {
            app.late.spawn(show_typing(app.clone(), to));
            let left = patience.saturating_sub(begun.elapsed());
            timeout(left, &mut receiver).await.ok()
        }
    };
    let Some(heard) = heard else {
        // From here on the answer cannot be handed over any more; it may just have been.
        receiver.close();
        return receiver.try_recv().ok();
    };
    Some(heard.unwrap_or_else(|_| Err(Fault::internal("the work on a message broke off"))))
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
    match answer {
        Ok(Some(_)) => owe(&app, &spoken).await,
        Ok(None) => {}
        Err(fault) => {
            tracing::warn!(
                ?fault,
                "a message that was acknowledged could not be stored"
            );
            apologise(&app, &spoken).await;
        }
    }
}

/// Stores that the answer follows. What was done is stored already.
async fn owe(app: &App, spoken: &Spoken) {
    let begun = Instant::now();
    while let Err(fault) = bot::late::owe(app, &spoken.key).await {
        if !fault.is_busy() || begun.elapsed() > GOES_ON || app.stopping.is_cancelled() {
            tracing::error!(?fault, "an answer cannot follow: it could not be put down");
            return;
        }
        sleep(PAUSE).await;
    }
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
