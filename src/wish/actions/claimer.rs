//! What the claimer does: 认领 放弃 完成, and photos of what was done; and what the clock of a claim does.

use chrono::TimeDelta;
use entity::kinds::{ActorKind, PhotoStage, WishState};
use entity::{wish, wish_step};
use sea_orm::{EntityTrait, PaginatorTrait, QueryFilter};

use crate::access::Actor;
use crate::attachment::{Owner, give};
use crate::base::clock::{begin_of, china};
use crate::base::fault::{Code, Fault};
use crate::config::Wishes;
use crate::reminder;
use crate::store::Tx;
use crate::wish::actions::{Change, changed, count_locked, record, some_words, step};
use crate::wish::queries::{Found, Side, by_id, found, round};
use crate::wish::remind::{self, Telling};
use crate::wish::step::{Act, By, after};
use crate::wish::subject;

/// Days before its end at which the claimer is warned.
const WARNED_DAYS: i64 = 1;

/// Takes an open wish: whoever is first has it. Each of the two is told how to reach the other, in
/// person.
///
/// # Errors
/// `not_found` for a wish of another compound or one that nobody has read, `forbidden` for one's own,
/// `conflict` when somebody else has it, `wrong_step` when it is over, or the actor has too many or has claimed
/// too many today.
pub async fn claim(
    tx: &mut Tx,
    actor: &Actor,
    terms: &Wishes,
    id: i64,
) -> Result<wish::Model, Fault> {
    let person = actor.require_person()?;
    let found = found(tx.db(), actor, id).await?;
    match (found.side, found.wish.state) {
        (Side::Asker, _) => {
            return Err(Fault::forbidden("这是您自己的心愿，要由别人来认领。"));
        }
        (Side::Claimer, WishState::Claimed) => {
            return Err(Fault::wrong_step(format!(
                "您已经认领了心愿 #{id}。办好后回复“完成 {id} 说明”。"
            )));
        }
        (_, WishState::Claimed) => return Err(too_late(id)),
        _ => {}
    }
    let mut change = Change::of(tx, found.wish, Act::Claim, By::Claimer)?;
    let has = count_locked(tx, person, wish::Column::ClaimerId, &[WishState::Claimed]).await?;
    if has >= terms.most_claims {
        return Err(Fault::wrong_step(format!(
            "您已经认领了{has}个心愿，完成一个再认领。回复“我的心愿”查看。"
        )));
    }
    if claims_today(tx, person).await? >= terms.claims_per_day {
        return Err(Fault::wrong_step(format!(
            "一天最多认领{}个心愿，您今天已经很热心了，谢谢！明天再来认领吧。",
            terms.claims_per_day
        )));
    }
    let due = tx.now() + TimeDelta::days(terms.claim_days);
    change.next.claimer_id = Some(person);
    change.next.claimed_at = Some(tx.now());
    change.next.due_at = Some(due);
    change.tell_claimer(Telling::Contact);
    change.tell_asker(Telling::Claimed);
    let warned = due - TimeDelta::days(WARNED_DAYS);
    change.tell_claimer_at(Telling::Warned, warned);
    change.reminders.push(remind::lapse(&change.next, due));
    let stored = change.store(tx, actor, "wish.claim").await;
    stored.map_err(|fault| match fault.code {
        Code::Conflict => too_late(id),
        _ => fault,
    })
}

/// How often somebody has claimed since China's midnight, what they gave back among it: each time they learned a
/// name and a phone.
async fn claims_today(tx: &Tx, person_id: i64) -> Result<u64, Fault> {
    let midnight = begin_of(china(tx.now()).date_naive());
    let count = wish_step::Entity::find()
        .filter(wish_step::COLUMN.actor_id.eq(person_id))
        .filter(wish_step::COLUMN.action.eq(Act::Claim.name()))
        .filter(wish_step::COLUMN.at.gte(midnight))
        .count(tx.db());
    Ok(count.await?)
}

fn too_late(id: i64) -> Fault {
    Fault::new(
        Code::Conflict,
        format!("晚了一步，心愿 #{id} 已被别人认领。回复“心愿”看还有哪些。"),
    )
}

/// The wish, if the actor has it.
async fn held(tx: &Tx, actor: &Actor, id: i64) -> Result<Found, Fault> {
    let found = found(tx.db(), actor, id).await?;
    if found.side == Side::Claimer {
        Ok(found)
    } else {
        Err(Fault::forbidden(format!(
            "心愿 #{id} 不在您名下，可能已经到期放回。回复“我的心愿”看您认领的。"
        )))
    }
}

/// Gives it back: it is open again, and the asker is told.
///
/// # Errors
/// `not_found`, `forbidden` for whoever does not have it, `wrong_step` when it is over.
pub async fn abandon(tx: &mut Tx, actor: &Actor, id: i64) -> Result<wish::Model, Fault> {
    let found = held(tx, actor, id).await?;
    let mut change = Change::of(tx, found.wish, Act::Abandon, By::Claimer)?;
    change.free();
    change.tell_asker(Telling::Abandoned);
    change.store(tx, actor, "wish.abandon").await
}

/// The claim's term is over: it is open again, and both are told. Nothing when that very claim has
/// ended otherwise: says whether it was still there.
///
/// # Errors
/// The database's.
pub async fn lapse(tx: &mut Tx, id: i64, version: i32) -> Result<bool, Fault> {
    let row = by_id(tx.db(), id).await?;
    let row = row
        .filter(|row| row.version == version && after(row.state, Act::Lapse, By::Clock).is_some());
    let Some(row) = row else {
        return Ok(false);
    };
    let mut change = Change::of(tx, row, Act::Lapse, By::Clock)?;
    change.tell_claimer(Telling::Lapsed);
    change.free();
    change.tell_asker(Telling::Reopened);
    change.store(tx, &Actor::system(), "wish.lapse").await?;
    Ok(true)
}

/// Says that it is done, with photos that were sent; the asker is told and may thank.
///
/// # Errors
/// `not_found`, also for photos that are not the actor's; `forbidden` for whoever does not have it, `invalid`
/// for words that are too long, `wrong_step` when it is over.
pub async fn fulfil(
    tx: &mut Tx,
    actor: &Actor,
    id: i64,
    text: &str,
    photos: &[i64],
) -> Result<wish::Model, Fault> {
    let found = held(tx, actor, id).await?;
    let mut change = Change::of(tx, found.wish, Act::Fulfil, By::Claimer)?;
    change.next.result = some_words("text", text)?;
    change.note.clone_from(&change.next.result);
    change.next.fulfilled_at = Some(tx.now());
    change.next.due_at = None;
    change.tell_asker(Telling::Fulfilled);
    give_photos(tx, actor, &change.next, photos).await?;
    change.store(tx, actor, "wish.fulfil").await
}

/// Gives it photos of what was done. Where it is fulfilled already the asker is told that they are
/// there.
///
/// # Errors
/// `not_found`, also for photos that are not the actor's or were given; `forbidden` for whoever does not have
/// it, `invalid` without a photo.
pub async fn add_photos(
    tx: &mut Tx,
    actor: &Actor,
    id: i64,
    photos: &[i64],
) -> Result<wish::Model, Fault> {
    let found = held(tx, actor, id).await?;
    if photos.is_empty() {
        return Err(Fault::invalid(
            "attachments",
            "请先发照片，再说加到哪个心愿。",
        ));
    }
    give_photos(tx, actor, &found.wish, photos).await?;
    let row = found.wish;
    let photo = step(tx, &row, "photo", ActorKind::Resident, actor.person_id());
    wish_step::Entity::insert(photo)
        .exec_without_returning(tx.db())
        .await?;
    record(tx, actor, ActorKind::Resident, &row, "wish.photo");
    if row.state != WishState::Claimed {
        let told = remind::told(&row, Telling::Photo, row.asker_id, tx.now());
        reminder::enqueue(tx, vec![told]).await?;
    }
    Ok(row)
}

async fn give_photos(
    tx: &Tx,
    actor: &Actor,
    row: &wish::Model,
    photos: &[i64],
) -> Result<(), Fault> {
    let owner = Owner {
        subject: &subject(row.id),
        compound_id: Some(row.compound_id),
        stage: PhotoStage::After,
        round: round(tx.db(), row.id).await?,
    };
    give(tx, actor, photos, &owner).await
}

/// Sends the claimer once more how to reach the asker: in person, never in an answer.
///
/// # Errors
/// As `held`; `conflict` when nobody has it any more.
pub async fn contact_again(tx: &mut Tx, actor: &Actor, id: i64) -> Result<(), Fault> {
    let found = held(tx, actor, id).await?;
    let claimer = found.wish.claimer_id.ok_or_else(|| changed(id))?;
    let item = remind::told(&found.wish, Telling::Contact, claimer, tx.now());
    reminder::enqueue(tx, vec![item]).await
}
