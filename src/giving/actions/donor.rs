//! What a donor does: promises money (捐款), which is there once it is paid, or goods (捐物), which are there once
//! staff has taken them in; takes a promise back; and the clock of promised money that nobody pays.

use entity::donation;
use entity::kinds::{ActorKind, DonationKind, DonationState};
use entity::{person, place};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::LockType;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QuerySelect};

use crate::access::Actor;
use crate::base::clock::china;
use crate::base::fault::Fault;
use crate::base::text::clean;
use crate::fee::queries::policy as fee_policy;
use crate::fund::rows;
use crate::giving::actions::{ask_to_take, change, public_words, record};
use crate::giving::queries::{self, Side};
use crate::giving::step::{Act, By};
use crate::giving::{FREE, MOST_NAME, MOST_PIECES, MOST_WORDS, remind};
use crate::payment::check_amount;
use crate::reminder;
use crate::store::Tx;

/// Promises of one person that may wait at once.
const MOST_WAITING: u64 = 5;

/// For what, and how the donor is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gift {
    /// The drive; none: for whatever the compound does good with.
    pub drive_id: Option<i64>,
    /// Whether nobody is to learn who gave.
    pub anonymous: bool,
}

/// Things that somebody gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Goods {
    /// What they are.
    pub what: String,
    /// How many.
    pub pieces: i64,
    /// For which room of the compound; empty: wherever they are needed.
    pub room: String,
}

/// Promises money: it counts once it is paid, and lapses when it is not.
///
/// # Errors
/// `forbidden` for who belongs to no compound, `not_found` for a drive of elsewhere, `invalid` for the amount,
/// `wrong_step` when the drive takes nothing or too many promises wait.
pub async fn pledge_money(
    tx: &mut Tx,
    actor: &Actor,
    gift: Gift,
    amount: i64,
) -> Result<donation::Model, Fault> {
    check_amount(amount)?;
    let compound = where_to(tx, actor, gift).await?;
    let policy = fee_policy(tx.db(), compound.id).await?;
    if policy.is_none_or(|policy| policy.merchant.is_none()) {
        return Err(Fault::wrong_step(
            "这个小区还不能在微信里捐款，请到物业服务中心交现金或转账，会开收据。",
        ));
    }
    let new = donation::ActiveModel {
        kind: Set(DonationKind::Money),
        amount: Set(amount),
        ..blank(tx, actor, &compound, gift).await?
    };
    let row = put(tx, actor, new).await?;
    reminder::enqueue(tx, vec![remind::lapse(&row)]).await?;
    Ok(row)
}

/// Promises goods: whoever runs drives there is asked to take them in.
///
/// # Errors
/// As [`pledge_money`]; `invalid` for words that are missing, too long or hold a long number, and for pieces.
pub async fn pledge_goods(
    tx: &mut Tx,
    actor: &Actor,
    gift: Gift,
    goods: &Goods,
) -> Result<donation::Model, Fault> {
    let what = public_words(
        "goods",
        &goods.what,
        MOST_WORDS,
        "请写捐什么，例如：九成新空调。",
    )?;
    if !(1..=MOST_PIECES).contains(&goods.pieces) {
        return Err(Fault::invalid(
            "pieces",
            format!("件数要在1到{MOST_PIECES}之间，例如：空调 2件。"),
        ));
    }
    let room = match clean(&goods.room).is_empty() {
        true => None,
        false => Some(public_words("room", &goods.room, MOST_NAME, "")?),
    };
    let compound = where_to(tx, actor, gift).await?;
    let new = donation::ActiveModel {
        kind: Set(DonationKind::Goods),
        amount: Set(goods.pieces),
        goods: Set(Some(what)),
        room: Set(room),
        ..blank(tx, actor, &compound, gift).await?
    };
    let row = put(tx, actor, new).await?;
    let asked = ask_to_take(tx, &row, &compound, tx.now()).await?;
    reminder::enqueue(tx, asked).await?;
    Ok(row)
}

/// The compound that is given to; a drive has to take donations today.
async fn where_to(tx: &Tx, actor: &Actor, gift: Gift) -> Result<place::Model, Fault> {
    let Some(id) = gift.drive_id else {
        return queries::own_compound(tx.db(), actor).await;
    };
    let (drive, compound) = queries::drive(tx.db(), actor, id).await?;
    if !actor.belongs(compound.id, &compound.path) {
        return Err(queries::no_such_drive(id));
    }
    match queries::takes(&drive, china(tx.now()).date_naive()) {
        true => Ok(compound),
        false => Err(Fault::wrong_step(format!(
            "活动“{}”现在不收捐赠。想捐给{FREE}，回复“捐款”看看。",
            drive.title
        ))),
    }
}

/// A promise of somebody who has not too many: with the lock the limit holds.
async fn blank(
    tx: &Tx,
    actor: &Actor,
    compound: &place::Model,
    gift: Gift,
) -> Result<donation::ActiveModel, Fault> {
    let donor = actor.require_person()?;
    person::Entity::find_by_id(donor)
        .lock(LockType::NoKeyUpdate)
        .one(tx.db())
        .await?;
    let waiting = donation::Entity::find()
        .filter(donation::COLUMN.donor_id.eq(donor))
        .filter(donation::COLUMN.state.eq(DonationState::Pledged))
        .count(tx.db())
        .await?;
    if waiting >= MOST_WAITING {
        return Err(Fault::wrong_step(format!(
            "您有{waiting}笔捐赠还没有办完，付款或撤回一笔以后再捐。回复“我的捐赠”查看。"
        )));
    }
    Ok(donation::ActiveModel {
        compound_id: Set(compound.id),
        drive_id: Set(gift.drive_id),
        donor_id: Set(Some(donor)),
        anonymous: Set(gift.anonymous),
        used: Set(0),
        returned: Set(0),
        state: Set(DonationState::Pledged),
        version: Set(0),
        created_at: Set(tx.now()),
        updated_at: Set(tx.now()),
        ..Default::default()
    })
}

async fn put(tx: &Tx, actor: &Actor, new: donation::ActiveModel) -> Result<donation::Model, Fault> {
    let row = donation::Entity::insert(new)
        .exec_with_returning(tx.db())
        .await?;
    let by = (ActorKind::Resident, actor.person_id());
    rows::note(tx, &row, "pledged", None, by, None);
    record(tx, actor, &row, "donation.pledge");
    Ok(row)
}

/// Takes a promise back. Money that is paid all the same goes back by itself.
///
/// # Errors
/// `not_found`, `forbidden` for who does not give it, `wrong_step` once it is there.
pub async fn withdraw(tx: &mut Tx, actor: &Actor, id: i64) -> Result<donation::Model, Fault> {
    let seen = queries::seen(tx.db(), actor, id).await?;
    if seen.side != Side::Donor {
        return Err(Fault::forbidden(format!("只有捐赠人可以撤回捐赠 #{id}。")));
    }
    let what = (Act::Withdraw, By::Donor);
    change(tx, actor, &seen.row, what, None, "donation.withdraw").await
}

/// Promised money was not paid in time. Nothing when something else became of it: says whether it waited.
///
/// # Errors
/// The database's.
pub async fn lapse(tx: &mut Tx, id: i64, version: i32) -> Result<bool, Fault> {
    let row = rows::by_id(tx.db(), id).await?;
    let waits =
        |row: &donation::Model| row.version == version && row.state == DonationState::Pledged;
    let Some(row) = row.filter(waits) else {
        return Ok(false);
    };
    let what = (Act::Lapse, By::Clock);
    change(tx, &Actor::system(), &row, what, None, "donation.lapse").await?;
    Ok(true)
}
