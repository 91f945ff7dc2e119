//! 暂停 and 恢复: the clocks stand for so many days, with a reason that the resident reads; then they go on, and who
//! still has to wait says so anew.

use entity::case;

use crate::access::Actor;
use crate::base::clock::Moment;
use crate::base::fault::Fault;
use crate::case::actions::mediated::is_mediated;
use crate::case::actions::staff::{held, held_or_given};
use crate::case::actions::{Draft, require_text};
use crate::case::clock::{MOST_PAUSE_DAYS, PAUSE_DAYS, after_days, days_first};
use crate::case::queries::Found;
use crate::case::remind::{self, counts, kinds};
use crate::case::step::{Action, By};
use crate::store::Tx;

/// What became of a pause whose day has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PauseOver {
    /// The clocks go on.
    Over,
    /// The parties of a mediation talk: it lasts.
    Mediated,
    /// It had ended before, or another one has begun.
    Gone,
}

/// Stops the clocks with a reason (暂停), which the resident is told, for three days, or for as many as stand in front
/// of it: `10天 等配件`.
///
/// # Errors
/// As [`accept`](super::accept); `invalid` without a reason or with days out of range.
pub async fn pause(
    tx: &mut Tx,
    actor: &Actor,
    id: i64,
    reason: &str,
) -> Result<case::Model, Fault> {
    let found = held(tx, actor, id).await?;
    let (days, reason) = days_first(reason);
    let reason = require_text("reason", reason, || {
        format!("请写明原因，例如：暂停 {id} 等配件")
    })?;
    let days = days.unwrap_or(PAUSE_DAYS);
    if !(1..=MOST_PAUSE_DAYS).contains(&days) {
        return Err(Fault::invalid(
            "reason",
            format!("暂停的天数请写1到{MOST_PAUSE_DAYS}天，例如：暂停 {id} 5天 等配件"),
        ));
    }
    let mut draft = Draft::new(tx, actor, By::Staff, found);
    draft.act(Action::Pause, "paused", Some(reason))?;
    draft.stop_clocks(tx).await?;
    let until = after_days(draft.now, days);
    draft.next.pause_until = Some(until);
    let clock = remind::clock(&draft.next, kinds::PAUSE_CLOCK, until, 0);
    draft.reminders.push(clock);
    draft.tell_reporter("paused");
    draft.store(tx, actor, "case.pause").await
}

/// Goes on (恢复) with what was left of the clocks.
///
/// # Errors
/// As [`accept`](super::accept).
pub async fn resume(tx: &mut Tx, actor: &Actor, id: i64) -> Result<case::Model, Fault> {
    let found = held_or_given(tx, actor, id).await?;
    let mut draft = Draft::new(tx, actor, By::Staff, found);
    draft.act(Action::Resume, "resumed", None)?;
    draft.cancel.push(kinds::PAUSE_CLOCK);
    draft.resume_clocks(tx).await?;
    draft.wait_again(tx).await?;
    draft.tell_reporter("resumed");
    draft.store(tx, actor, "case.resume").await
}

/// The day of a pause has come: the clocks go on with what was left, the holder is told, and asked to say so if it
/// has to wait longer.
///
/// # Errors
/// The database's; `conflict` when something happened meanwhile.
pub async fn pause_over(tx: &mut Tx, found: Found, due: Moment) -> Result<PauseOver, Fault> {
    if !counts(found.case.pause_until, due) {
        return Ok(PauseOver::Gone);
    }
    if is_mediated(tx, found.case.id).await? {
        return Ok(PauseOver::Mediated);
    }
    let system = Actor::system();
    let mut draft = Draft::new(tx, &system, By::System, found);
    draft.go_on(tx).await?;
    draft.tell(kinds::OVERDUE, draft.next.holder_id, "pause");
    draft.store(tx, &system, "case.pause-over").await?;
    Ok(PauseOver::Over)
}
