//! What the POSTs below a case do: one action, its answer kept for repeats.

use entity::case;
use entity::kinds::PhotoStage;

use super::number;
use super::view::one;
use crate::access::once::{Answer, Once};
use crate::access::session::Caller;
use crate::app::App;
use crate::base::fault::{Code, Fault};
use crate::case::actions::{self, HandedOver, Helped, says_target};
use crate::case::dispatch::Target;
use crate::case::queries;
use crate::store::Tx;

/// What a POST below a case does.
pub(super) enum Change {
    Supplement(String),
    Nudge,
    Withdraw(String),
    Reopen(String),
    Accept,
    Arrive,
    Plan(String),
    Finish(String, Vec<i64>),
    GiveUp(String),
    Refuse(String),
    Escalate(String),
    Pause(String),
    Resume,
    HandOver(String),
    Assist(String),
    Leave,
    GrantReopen,
    DeclineReopen(String),
}

/// Does it, once for each key.
pub(super) async fn change(
    app: &App,
    caller: &Caller,
    once: &Once,
    id: &str,
    change: Change,
) -> Result<Answer, Fault> {
    let id = number(id)?;
    once.answer(app, 200, async |tx| {
        let case = run(tx, caller, id, change).await?;
        one(tx.db(), &caller.actor, &case).await
    })
    .await
}

async fn run(tx: &mut Tx, caller: &Caller, id: i64, change: Change) -> Result<case::Model, Fault> {
    let actor = &caller.actor;
    match change {
        Change::Supplement(text) => actions::supplement(tx, actor, id, &text).await,
        Change::Nudge => actions::nudge(tx, actor, id).await,
        Change::Withdraw(reason) => actions::withdraw(tx, actor, id, &reason).await,
        Change::Reopen(reason) => Ok(actions::reopen(tx, actor, id, &reason).await?.0),
        Change::Accept => actions::accept(tx, actor, id).await,
        Change::Arrive => actions::arrive(tx, actor, id).await,
        Change::Plan(text) => actions::plan(tx, actor, id, &text).await,
        Change::Finish(text, photos) => {
            if !photos.is_empty() {
                let done = Some(PhotoStage::After);
                actions::add_photos(tx, actor, id, &photos, done).await?;
            }
            actions::finish(tx, actor, id, &text).await
        }
        Change::GiveUp(reason) => actions::give_up(tx, actor, id, &reason).await,
        Change::Leave => actions::leave(tx, actor, id).await,
        Change::GrantReopen => actions::grant_reopen(tx, actor, id).await,
        Change::DeclineReopen(reason) => actions::decline_reopen(tx, actor, id, &reason).await,
        Change::Assist(name) => match actions::assist(tx, actor, id, &name).await? {
            Helped::Which(people) => Err(several(&people)),
            Helped::Invited(_) | Helped::Joined(_) => {
                Ok(queries::visible(tx.db(), actor, id).await?.case)
            }
        },
        Change::Refuse(reason) => Ok(actions::refuse(tx, actor, id, &reason).await?.0),
        Change::Escalate(reason) => Ok(actions::escalate(tx, actor, id, &reason).await?.0),
        Change::Pause(reason) => actions::pause(tx, actor, id, &reason).await,
        Change::Resume => actions::resume(tx, actor, id).await,
        Change::HandOver(name) => match actions::hand_over(tx, actor, id, &name).await? {
            HandedOver::Done(case, _) => Ok(*case),
            HandedOver::Which(people) => Err(several(&people)),
        },
    }
}

fn several(people: &[Target]) -> Fault {
    let people: Vec<String> = people.iter().map(says_target).collect();
    Fault::new(
        Code::Conflict,
        format!(
            "有几位同名：{}。请在姓名后加空格和职务。",
            people.join("、")
        ),
    )
}
