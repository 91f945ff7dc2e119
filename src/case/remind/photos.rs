//! The clock that hands in the photos of a finished case, before and after, to be looked at before
//! others may see them. Set when a case is finished, and whenever a photo of a case has arrived.

use entity::kinds::CaseState;
use entity::reminder;

use crate::app::App;
use crate::base::fault::Fault;
use crate::case::{evidence, queries};
use crate::moderation;
use crate::reminder::{BoxFuture, Verdict};

pub(super) fn hand_in<'a>(
    app: &'a App,
    reminder: &'a reminder::Model,
) -> BoxFuture<'a, Result<Verdict, Fault>> {
    Box::pin(async move {
        let id = reminder.subject.strip_prefix("case:");
        let Some(id) = id.and_then(|id| id.parse().ok()) else {
            return Ok(Verdict::Drop);
        };
        let mut tx = app.store.begin(app.clock.now()).await?;
        let found = queries::by_id(tx.db(), id).await?;
        let over = |state| matches!(state, CaseState::Finished | CaseState::Reviewed);
        let Some(found) = found.filter(|found| over(found.case.state)) else {
            return Ok(Verdict::Drop);
        };
        for content in evidence::to_submit(tx.db(), &found.case).await? {
            moderation::submit(&mut tx, content).await?;
        }
        tx.commit().await?;
        Ok(Verdict::Done)
    })
}
