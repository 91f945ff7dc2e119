//! What staff does: reads what a resident wrote before anybody else does (通过清单 驳回清单), and takes an item away
//! (下架清单).

use entity::offer;

use crate::access::Actor;
use crate::access::permit::{Deed, may};
use crate::base::fault::Fault;
use crate::offer::actions::tie::release;
use crate::offer::actions::{Change, is_public, make_public, words};
use crate::offer::is_promise;
use crate::offer::queries::{Found, Side, found};
use crate::offer::remind::{self, Telling};
use crate::offer::step::{Act, By};
use crate::store::Tx;

/// The item, if the actor may check it.
async fn checked(tx: &Tx, actor: &Actor, id: i64, deed: Deed) -> Result<Found, Fault> {
    let found = found(tx.db(), actor, id).await?;
    match found.side {
        Side::Owner => Err(Fault::forbidden("自己的清单要由别人来审核。")),
        _ if may(actor, deed, &found.place.path) => Ok(found),
        _ => Err(Fault::forbidden("您没有这项权限。")),
    }
}

/// Lets everybody see it: without names, phones, and homes. What fits it is proposed, unless its day is over.
///
/// # Errors
/// `not_found` for whoever may not know of it, `forbidden` for one's own, `wrong_step` when it was checked.
pub async fn pass(tx: &mut Tx, actor: &Actor, id: i64) -> Result<offer::Model, Fault> {
    let found = checked(tx, actor, id, Deed::CheckOffers).await?;
    let reader = actor.require_person()?;
    let mut change = Change::of(tx, found.offer, Act::Pass, By::Checker)?;
    change.next.opened_at = Some(tx.now());
    make_public(tx, &change.next, reader).await?;
    change.tell_owners(tx, Telling::Opened).await?;
    if remind::missed(&change.next, tx.now()).is_none() {
        change
            .reminders
            .extend(remind::proposals(tx, &change.next).await?);
    }
    change.store(tx, actor, Some("offer.pass")).await
}

/// Does not let it be shown, for a reason that the author is told.
///
/// # Errors
/// As [`pass`]; `invalid` without a reason.
pub async fn refuse(
    tx: &mut Tx,
    actor: &Actor,
    id: i64,
    reason: &str,
) -> Result<offer::Model, Fault> {
    let found = checked(tx, actor, id, Deed::CheckOffers).await?;
    let mut change = Change::of(tx, found.offer, Act::Refuse, By::Checker)?;
    let reason = words("reason", reason, "驳回清单 12 请去掉电话再发")?;
    change.next.reason = Some(reason.clone());
    change.note = Some(reason);
    change.tell_owners(tx, Telling::Refused).await?;
    change.store(tx, actor, Some("offer.refuse")).await
}

/// Takes an item away that everybody sees, for a reason that whose it is is told; whoever it is tied to learns
/// that it is gone. A promise is taken away by whoever supervises.
///
/// # Errors
/// As [`refuse`].
pub async fn remove(
    tx: &mut Tx,
    actor: &Actor,
    id: i64,
    reason: &str,
) -> Result<offer::Model, Fault> {
    let seen = found(tx.db(), actor, id).await?;
    let (deed, by) = match is_promise(seen.offer.list) {
        true => (Deed::SuperviseOffers, By::Supervisor),
        false => (Deed::CheckOffers, By::Checker),
    };
    let found = checked(tx, actor, id, deed).await?;
    let reason = words("reason", reason, "下架清单 12 已由社区解决")?;
    let row = match is_public(found.offer.state) {
        true => release(tx, actor, found.offer).await?,
        false => found.offer,
    };
    let mut change = Change::of(tx, row, Act::Remove, by)?;
    change.next.reason = Some(reason.clone());
    change.note = Some(reason);
    change.tell_owners(tx, Telling::Removed).await?;
    change.store(tx, actor, Some("offer.remove")).await
}
