//! What whose it is does: 撤回清单 清单分类 办好, and photos of what was done; and what the clock of an item's day
//! does.

use entity::kinds::{ActorKind, OfferCategory, OfferList, OfferState, PhotoStage};
use entity::{offer, offer_step};
use sea_orm::EntityTrait;

use crate::access::Actor;
use crate::attachment::{Owner, give};
use crate::base::clock::china;
use crate::base::fault::Fault;
use crate::offer::actions::tie::release;
use crate::offer::actions::{Change, record, step, words};
use crate::offer::queries::{Found, Side, by_id, found, owners};
use crate::offer::remind::{self, Telling};
use crate::offer::step::{Act, By, after};
use crate::offer::{is_promise, subject};
use crate::store::Tx;

/// The item, if it is the actor's own.
pub(super) async fn own(tx: &Tx, actor: &Actor, id: i64) -> Result<Found, Fault> {
    let found = found(tx.db(), actor, id).await?;
    if found.side == Side::Owner {
        Ok(found)
    } else {
        Err(Fault::forbidden(format!(
            "清单 #{id} 不是您这边的，不能这样操作。回复“我的清单”看您的。"
        )))
    }
}

/// Takes a need or a resource back; whoever it is tied to is told, and free again.
///
/// # Errors
/// `not_found`, `forbidden` for what is not the actor's, `wrong_step` when it is over, or a promise.
pub async fn withdraw(tx: &mut Tx, actor: &Actor, id: i64) -> Result<offer::Model, Fault> {
    let found = own(tx, actor, id).await?;
    if is_promise(found.offer.list) {
        return Err(Fault::wrong_step(
            "公布的服务和责任不能自己撤回，办好后回复“销号 编号 说明”；不该由您办的请找社区下架。",
        ));
    }
    let row = release(tx, actor, found.offer).await?;
    let change = Change::of(tx, row, Act::Withdraw, By::Owner)?;
    change.store(tx, actor, Some("offer.withdraw")).await
}

/// Puts it in another category; what fits it there is proposed.
///
/// # Errors
/// `not_found`, `forbidden` for what is not the actor's, `wrong_step` when it is tied or over.
pub async fn sort(
    tx: &mut Tx,
    actor: &Actor,
    id: i64,
    category: OfferCategory,
) -> Result<offer::Model, Fault> {
    let found = own(tx, actor, id).await?;
    let mut change = Change::of(tx, found.offer, Act::Sort, By::Owner)?;
    change.next.category = category;
    if change.next.state == OfferState::Open {
        change.reminders = remind::proposals(tx, &change.next).await?;
    }
    change.store(tx, actor, None).await
}

/// Says that a need was met; whoever helped is told.
///
/// # Errors
/// `not_found`, `forbidden` for what is not the actor's, `invalid` for words that are too long, `wrong_step` when
/// it is not tied.
pub async fn finish(
    tx: &mut Tx,
    actor: &Actor,
    id: i64,
    text: &str,
) -> Result<offer::Model, Fault> {
    let found = own(tx, actor, id).await?;
    let mut change = Change::of(tx, found.offer, Act::Finish, By::Owner)?;
    if !text.trim().is_empty() {
        let text = words("text", text, "办好 12 谢谢小李")?;
        change.next.result = Some(text.clone());
        change.note = Some(text);
    }
    if let Some(resource) = change.next.tied_id {
        change.other = Some(resource);
        if let Some(resource) = by_id(tx.db(), resource).await? {
            let people = owners(tx.db(), &resource, tx.now()).await?;
            change.tell(&people, Telling::Finished);
        }
    }
    change.store(tx, actor, Some("offer.finish")).await
}

/// Gives a promise photos of what was done.
///
/// # Errors
/// `not_found`, also for photos that are not the actor's or were given; `forbidden` for what is not the actor's,
/// `invalid` without a photo, `wrong_step` for a need or a resource.
pub async fn add_photos(
    tx: &mut Tx,
    actor: &Actor,
    id: i64,
    photos: &[i64],
) -> Result<offer::Model, Fault> {
    let found = own(tx, actor, id).await?;
    if !is_promise(found.offer.list) {
        return Err(Fault::wrong_step("需求和资源不用发照片。"));
    }
    if photos.is_empty() {
        return Err(Fault::invalid(
            "attachments",
            "请先发照片，再说加到哪一条。",
        ));
    }
    give_photos(tx, actor, &found.offer, photos).await?;
    let row = found.offer;
    let photo = step(tx, &row, "photo", ActorKind::Staff, actor.person_id());
    offer_step::Entity::insert(photo)
        .exec_without_returning(tx.db())
        .await?;
    record(tx, actor, ActorKind::Staff, &row, "offer.photo");
    Ok(row)
}

pub(super) async fn give_photos(
    tx: &Tx,
    actor: &Actor,
    row: &offer::Model,
    photos: &[i64],
) -> Result<(), Fault> {
    let owner = Owner {
        subject: &subject(row.id),
        compound_id: Some(row.compound_id),
        stage: PhotoStage::After,
        round: row.round,
    };
    give(tx, actor, photos, &owner).await
}

/// Its last day is over: a need or a resource that is not tied ends, a promise is late from now on, and whoever
/// answers for it and whoever supervises is told. Nothing when it has ended otherwise or its day was another
/// one: says whether it was still there.
///
/// # Errors
/// The database's.
pub async fn lapse(tx: &mut Tx, id: i64) -> Result<bool, Fault> {
    let today = china(tx.now()).date_naive();
    let row = by_id(tx.db(), id).await?.filter(|row| {
        let over = row.due_on.is_some_and(|day| day < today);
        let told = row.overdue_at.is_some();
        over && !told && after(row.list, row.state, Act::Lapse, By::Clock).is_some()
    });
    let Some(row) = row else {
        return Ok(false);
    };
    let promise = is_promise(row.list);
    let mut change = Change::of(tx, row, Act::Lapse, By::Clock)?;
    if promise {
        change.next.overdue_at = Some(tx.now());
        let late = remind::overdue(tx, &change.next).await?;
        change.reminders.extend(late);
    } else {
        change.tell_owners(tx, Telling::Lapsed).await?;
    }
    let audited = Some("offer.lapse");
    change.store(tx, &Actor::system(), audited).await?;
    Ok(true)
}

/// Whether it is a need.
pub(super) fn is_need(row: &offer::Model) -> bool {
    row.list == OfferList::Need
}
