//! What organisations promise: 认领项目 销号, and 重开清单 by whoever supervises.

use entity::kinds::OfferList;
use entity::offer;

use crate::access::Actor;
use crate::access::permit::{Deed, may};
use crate::base::fault::{Code, Fault};
use crate::offer::actions::owner::{give_photos, own};
use crate::offer::actions::{Change, still_there, words};
use crate::offer::queries::{Side, found, speaks_for, spoken_for};
use crate::offer::remind::Telling;
use crate::offer::step::{Act, By};
use crate::store::Tx;

/// An organisation takes a project on that nobody has; whoever is first has it.
///
/// # Errors
/// `not_found`, `forbidden` for whoever does not speak for it, `invalid` when they speak for several and name
/// none, `conflict` when another has it or the organisation is not there any more, `wrong_step` when it is no project
/// or over.
pub async fn claim(
    tx: &mut Tx,
    actor: &Actor,
    id: i64,
    organisation_id: Option<i64>,
) -> Result<offer::Model, Fault> {
    let found = found(tx.db(), actor, id).await?;
    if found.offer.list != OfferList::Service {
        return Err(Fault::wrong_step(format!(
            "清单 #{id} 不是服务项目，不用认领。"
        )));
    }
    if found.side == Side::Owner {
        return Err(Fault::wrong_step(format!(
            "清单 #{id} 已经是您单位的了。办好后回复“销号 {id} 说明”。"
        )));
    }
    let organisation = speaker(actor, &found.place.path, organisation_id)?;
    if found.offer.organisation_id.is_some() {
        return Err(too_late(id));
    }
    still_there(tx, organisation).await?;
    let mut change = Change::of(tx, found.offer, Act::Claim, By::Claimer)?;
    change.next.organisation_id = Some(organisation);
    change.next.claimed_at = Some(tx.now());
    let stored = change.store(tx, actor, Some("offer.claim")).await;
    stored.map_err(|fault| match fault.code {
        Code::Conflict => too_late(id),
        _ => fault,
    })
}

fn too_late(id: i64) -> Fault {
    Fault::new(
        Code::Conflict,
        format!("晚了一步，项目 #{id} 已被别的单位认领。回复“清单 服务”看还有哪些。"),
    )
}

/// The organisation for which the actor speaks there: the one that was named, or the only one.
fn speaker(actor: &Actor, path: &str, named: Option<i64>) -> Result<i64, Fault> {
    let mut own: Vec<i64> = spoken_for(actor).into_iter().collect();
    own.retain(|id| speaks_for(actor, *id, path));
    match (named, own.as_slice()) {
        (Some(id), own) if own.contains(&id) => Ok(id),
        (None, [only]) => Ok(*only),
        (None, [_, _, ..]) => Err(Fault::invalid(
            "organisation",
            "您代表好几个单位，请在工作台选一个再认领。",
        )),
        _ => Err(Fault::forbidden("项目由共建单位来认领。")),
    }
}

/// Closes an item off (销号) with what was done, and photos that were sent.
///
/// # Errors
/// `not_found`, also for photos that are not the actor's; `forbidden` for what is not of their organisation,
/// `invalid` without words, `wrong_step` when it is closed off or over.
pub async fn close(
    tx: &mut Tx,
    actor: &Actor,
    id: i64,
    text: &str,
    photos: &[i64],
) -> Result<offer::Model, Fault> {
    let found = own(tx, actor, id).await?;
    let mut change = Change::of(tx, found.offer, Act::Close, By::Owner)?;
    let text = words("text", text, "销号 12 门禁已更换，试用正常")?;
    change.next.result = Some(text.clone());
    change.note = Some(text);
    give_photos(tx, actor, &change.next, photos).await?;
    change.store(tx, actor, Some("offer.close")).await
}

/// Opens an item again that is not done after all, for a reason that the organisation is told.
///
/// # Errors
/// `not_found`, `forbidden` for whoever does not supervise it or has closed it, `invalid` without a reason,
/// `wrong_step` when it is not closed off.
pub async fn reopen(
    tx: &mut Tx,
    actor: &Actor,
    id: i64,
    reason: &str,
) -> Result<offer::Model, Fault> {
    let found = found(tx.db(), actor, id).await?;
    if found.side == Side::Owner {
        return Err(Fault::forbidden("自己单位的清单要由别人来监督。"));
    }
    if !may(actor, Deed::SuperviseOffers, &found.place.path) {
        return Err(Fault::forbidden("您没有这项权限。"));
    }
    let mut change = Change::of(tx, found.offer, Act::Reopen, By::Supervisor)?;
    let reason = words("reason", reason, "重开清单 12 门禁又坏了")?;
    change.next.reason = Some(reason.clone());
    change.next.result = None;
    change.next.ended_at = None;
    change.next.round += 1;
    change.note = Some(reason);
    change.tell_owners(tx, Telling::Reopened).await?;
    change.store(tx, actor, Some("offer.reopen")).await
}
