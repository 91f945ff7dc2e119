//! «对接»: a need and a resource find each other, and let go of each other again. Rows are locked in one order,
//! needs before resources, so that nobody waits in a circle.

use entity::kinds::{OfferList, OfferState};
use entity::{offer, offer_step};
use sea_orm::sea_query::LockType;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::access::Actor;
use crate::base::clock::{begin_of, china};
use crate::base::fault::{Code, Fault};
use crate::config::Lists;
use crate::offer::actions::owner::is_need;
use crate::offer::actions::{Change, changed, lock_person, locked};
use crate::offer::queries::{Found, Side, by_id, found, no_such, owners};
use crate::offer::remind::{self, Telling};
use crate::offer::step::{Act, By};
use crate::reminder;
use crate::store::Tx;

fn too_late(id: i64) -> Fault {
    Fault::new(
        Code::Conflict,
        format!("晚了一步，清单 #{id} 已经和别人对接了。回复“清单”看还有哪些。"),
    )
}

/// Need and resource out of two items, whichever was named first.
fn sorted(one: Found, other: Found) -> Result<(Found, Found), Fault> {
    match (one.offer.list, other.offer.list) {
        (OfferList::Need, OfferList::Resource) => Ok((one, other)),
        (OfferList::Resource, OfferList::Need) => Ok((other, one)),
        _ => Err(Fault::invalid(
            "with",
            "对接要写一条需求和一条资源的编号，例如：对接 12 15。",
        )),
    }
}

/// Ties a need to a resource of the same compound, at the word of whoever owns one of them. Each of the two is
/// told how to reach the other, in person.
///
/// # Errors
/// `not_found` for what is not there for the actor, `invalid` for two that cannot be tied, `forbidden` when
/// neither or both are the actor's, `conflict` when somebody else was first, `wrong_step` when one is over, or when
/// the actor has tied too many today.
pub async fn tie(
    tx: &mut Tx,
    actor: &Actor,
    terms: &Lists,
    one: i64,
    other: i64,
) -> Result<(offer::Model, offer::Model), Fault> {
    let person = actor.require_person()?;
    let one = found(tx.db(), actor, one).await?;
    let other = found(tx.db(), actor, other).await?;
    let (need, resource) = sorted(one, other)?;
    if need.offer.compound_id != resource.offer.compound_id {
        return Err(Fault::invalid("with", "这两条不在同一个小区，不能对接。"));
    }
    let (of_need, of_resource) = match (need.side, resource.side) {
        (Side::Owner, Side::Owner) => {
            return Err(Fault::forbidden("两条都是您这边的，不用对接。"));
        }
        (Side::Owner, _) => (By::Owner, By::Other),
        (_, Side::Owner) => (By::Other, By::Owner),
        _ => {
            return Err(Fault::forbidden(
                "要由需求或资源的发布人来对接。您有资源的话，先回复“发资源 内容”。",
            ));
        }
    };
    let own = match of_need {
        By::Owner => &need.offer,
        _ => &resource.offer,
    };
    if own.organisation_id.is_none() {
        within_day(tx, terms, person).await?;
    }
    let need = locked(tx, need.offer.id).await?;
    let resource = locked(tx, resource.offer.id).await?;
    for row in [&need, &resource] {
        if row.state == OfferState::Matched {
            return Err(too_late(row.id));
        }
    }
    let last = resource.taken + 1 >= resource.quantity;
    let act = if last { Act::TieLast } else { Act::Tie };
    let mut of_need = Change::of(tx, need, Act::Tie, of_need)?;
    let mut of_resource = Change::of(tx, resource, act, of_resource)?;
    of_need.next.tied_id = Some(of_resource.next.id);
    of_need.next.tied_at = Some(tx.now());
    of_need.other = Some(of_resource.next.id);
    of_resource.next.taken += 1;
    of_resource.other = Some(of_need.next.id);
    tell_both(tx, &mut of_need, &of_resource.next, person).await?;
    let need = of_need.store(tx, actor, Some("offer.tie")).await?;
    let resource = of_resource.store(tx, actor, None).await?;
    Ok((need, resource))
}

/// Refuses a resident who has tied as often today as anybody needs to, what was let go again among it: each time
/// they learned a name and a phone. Who speaks for an organisation answers for it with their post.
async fn within_day(tx: &Tx, terms: &Lists, person_id: i64) -> Result<(), Fault> {
    lock_person(tx, person_id).await?;
    let midnight = begin_of(china(tx.now()).date_naive());
    let steps = offer_step::Entity::find()
        .filter(offer_step::COLUMN.actor_id.eq(person_id))
        .filter(offer_step::COLUMN.action.eq(Act::Tie.name()))
        .filter(offer_step::COLUMN.at.gte(midnight))
        .count(tx.db())
        .await?;
    // The need and the resource of each.
    if steps / 2 < terms.ties_per_day {
        return Ok(());
    }
    Err(Fault::wrong_step(format!(
        "一天最多对接{}次，您今天已经对接了不少，谢谢您的热心！明天再来对接吧。",
        terms.ties_per_day
    )))
}

/// Tells each side how to reach the other: at once whoever ties, in the morning all others.
async fn tell_both(
    tx: &Tx,
    need: &mut Change,
    resource: &offer::Model,
    person: i64,
) -> Result<(), Fault> {
    let now = tx.now();
    let own = match need.by {
        By::Owner => OfferList::Need,
        _ => OfferList::Resource,
    };
    let mut items = vec![remind::contact(&need.next, own, person, now)];
    for row in [&need.next, resource] {
        let others = owners(tx.db(), row, now).await?;
        let others = others.into_iter().filter(|other| *other != person);
        items.extend(others.map(|other| remind::tied(&need.next, row.list, other, now)));
    }
    need.reminders.extend(items);
    Ok(())
}

/// The need and its resource, if the actor owns one of them; with the side that they are on.
async fn tied(tx: &Tx, actor: &Actor, id: i64) -> Result<(offer::Model, i64, OfferList), Fault> {
    let need = found(tx.db(), actor, id).await?;
    if !is_need(&need.offer) {
        return Err(Fault::invalid(
            "id",
            "请写需求的编号。回复“我的清单”看对接的是哪条需求。",
        ));
    }
    let resource = need
        .offer
        .tied_id
        .filter(|_| need.offer.state == OfferState::Matched);
    let Some(resource) = resource else {
        return Err(Fault::wrong_step(format!(
            "清单 #{id} 现在没有对接。回复“清单 {id}”查看。"
        )));
    };
    if need.side == Side::Owner {
        return Ok((need.offer, resource, OfferList::Need));
    }
    // Withdrawn or not, it is still theirs.
    let theirs = found(tx.db(), actor, resource).await;
    match theirs {
        Ok(theirs) if theirs.side == Side::Owner => Ok((need.offer, resource, OfferList::Resource)),
        Ok(_) => Err(Fault::forbidden("要由对接的两方来操作。")),
        Err(fault) if fault.code == Code::NotFound => {
            Err(Fault::forbidden("要由对接的两方来操作。"))
        }
        Err(fault) => Err(fault),
    }
}

/// Lets a need and its resource go again: both are open, and the other one is told.
///
/// # Errors
/// `not_found`, `forbidden` for whoever owns neither, `wrong_step` when it is not tied.
pub async fn untie(tx: &mut Tx, actor: &Actor, id: i64) -> Result<offer::Model, Fault> {
    let (_, resource, side) = tied(tx, actor, id).await?;
    let need = locked(tx, id).await?;
    if need.tied_id != Some(resource) {
        return Err(changed(id));
    }
    let resource = locked(tx, resource).await?;
    let (of_need, of_resource) = match side {
        OfferList::Need => (By::Owner, By::Other),
        _ => (By::Other, By::Owner),
    };
    let told = match side {
        OfferList::Need => owners(tx.db(), &resource, tx.now()).await?,
        _ => owners(tx.db(), &need, tx.now()).await?,
    };
    free(tx, actor, resource, need.id, of_resource).await?;
    let need = open_again(tx, actor, need, of_need, &told).await?;
    Ok(need)
}

/// The need is open again; these people are told.
async fn open_again(
    tx: &mut Tx,
    actor: &Actor,
    need: offer::Model,
    by: By,
    told: &[i64],
) -> Result<offer::Model, Fault> {
    let mut change = Change::of(tx, need, Act::Untie, by)?;
    change.other = change.next.tied_id.take();
    change.next.tied_at = None;
    change.tell(told, Telling::Untied);
    if remind::missed(&change.next, tx.now()).is_none() {
        change
            .reminders
            .extend(remind::proposals(tx, &change.next).await?);
    }
    change.store(tx, actor, Some("offer.untie")).await
}

/// One less that the resource is tied to; nothing when it is over.
async fn free(
    tx: &mut Tx,
    actor: &Actor,
    resource: offer::Model,
    need: i64,
    by: By,
) -> Result<(), Fault> {
    if !matches!(resource.state, OfferState::Open | OfferState::Matched) {
        return Ok(());
    }
    let mut change = Change::of(tx, resource, Act::Untie, by)?;
    change.next.taken = (change.next.taken - 1).max(0);
    change.other = Some(need);
    change.store(tx, actor, None).await.map(drop)
}

/// Lets go of everything that an item is tied to before it ends; the item as it is then.
pub(super) async fn release(
    tx: &mut Tx,
    actor: &Actor,
    row: offer::Model,
) -> Result<offer::Model, Fault> {
    match row.list {
        OfferList::Need => release_need(tx, actor, row).await,
        OfferList::Resource => release_resource(tx, actor, row).await,
        OfferList::Service | OfferList::Responsibility => Ok(row),
    }
}

async fn release_need(
    tx: &mut Tx,
    actor: &Actor,
    row: offer::Model,
) -> Result<offer::Model, Fault> {
    let need = locked(tx, row.id).await?;
    let tied = need.tied_id.filter(|_| need.state == OfferState::Matched);
    let Some(resource) = tied else {
        return Ok(need);
    };
    let resource = locked(tx, resource).await?;
    let people = owners(tx.db(), &resource, tx.now()).await?;
    let items = people.iter();
    let items = items.map(|person| remind::told(&need, Telling::Gone, *person, tx.now()));
    let items = items.collect();
    free(tx, actor, resource, need.id, By::Other).await?;
    reminder::enqueue(tx, items).await?;
    Ok(need)
}

async fn release_resource(
    tx: &mut Tx,
    actor: &Actor,
    row: offer::Model,
) -> Result<offer::Model, Fault> {
    let needs = offer::Entity::find()
        .filter(offer::COLUMN.tied_id.eq(row.id))
        .filter(offer::COLUMN.state.eq(OfferState::Matched))
        .order_by_asc(offer::COLUMN.id)
        .lock(LockType::NoKeyUpdate)
        .all(tx.db())
        .await?;
    let resource = locked(tx, row.id).await?;
    if resource.version != row.version {
        // Somebody was tied to it meanwhile.
        return Err(changed(row.id));
    }
    for need in needs {
        let told = owners(tx.db(), &need, tx.now()).await?;
        open_again(tx, actor, need, By::Other, &told).await?;
    }
    Ok(resource)
}

/// Sends the actor once more how to reach the other one of a tie: in person, never in an answer.
///
/// # Errors
/// As [`untie`].
pub async fn contact_again(tx: &mut Tx, actor: &Actor, id: i64) -> Result<(), Fault> {
    let person = actor.require_person()?;
    let (need, resource, side) = tied(tx, actor, id).await?;
    by_id(tx.db(), resource).await?.ok_or_else(|| no_such(id))?;
    let item = remind::contact(&need, side, person, tx.now());
    reminder::enqueue(tx, vec![item]).await
}
