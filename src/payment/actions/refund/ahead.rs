//! Asks that what is kept for somebody (预存) goes back to them: whoever does not owe the next bills of the home has
//! nothing that it could pay. Called by the console.

use entity::money::{BillState, RefundCause, RefundState};
use entity::{advance, bill, refund};
use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QuerySelect};

use super::begin::{asked_already, blank};
use super::{another_keeper, record};
use crate::access::Actor;
use crate::access::permit::Deed;
use crate::base::dice::Dice;
use crate::base::fault::Fault;
use crate::fee::advance::NOBODY;
use crate::fee::load::next_owner;
use crate::payment::actions::take::check_amount;
use crate::payment::actions::{allowed, home_of, words};
use crate::payment::remind;
use crate::store::Tx;

/// Asks that some of what is kept for a person and a home goes back to that person.
///
/// # Errors
/// `not_found`, `forbidden`; `invalid` for an amount that is not there or without a reason; `wrong_step` while it will
/// pay that person's bills, and when the same was asked for already.
pub async fn ask_ahead(
    tx: &mut Tx,
    dice: &Dice,
    actor: &Actor,
    (home_id, payer_id): (i64, i64),
    amount: i64,
    reason: &str,
) -> Result<refund::Model, Fault> {
    let none = || Fault::not_found("没有找到这笔预存，请刷新后再看。");
    let home = home_of(tx, home_id).await?;
    allowed(actor, Deed::KeepMoney, &home.path, none)?;
    let by = actor.require_person()?;
    another_keeper(tx, &home.path, by).await?;
    let compound_id = home.compound_id.ok_or_else(none)?;
    check_amount(amount)?;
    let reason = words("reason", reason, "请写为什么退，例如：房子已过户。")?;
    // Locked, so that of two who ask at once the second sees what the first has asked for.
    let there = advance::Entity::find_by_id((home_id, payer_id))
        .lock_exclusive()
        .one(tx.db())
        .await?
        .filter(|row| row.payer_id != NOBODY)
        .ok_or_else(none)?;
    if next_owner(tx.db(), home_id, tx.now()).await? == payer_id {
        return Err(Fault::wrong_step(
            "这笔预存会抵这位业主以后的账单，不在这里退。要退请在那笔缴费的页面上申请。",
        ));
    }
    if owes(tx, home_id, payer_id).await? {
        return Err(Fault::wrong_step(
            "本人在这一户还有没交清的账单，预存会先抵那些账单，抵完再退。",
        ));
    }
    let waiting = refund::Entity::find()
        .filter(refund::COLUMN.home_id.eq(home_id))
        .filter(refund::COLUMN.payer_id.eq(payer_id))
        .filter(refund::COLUMN.state.eq(RefundState::Asked))
        .all(tx.db())
        .await?;
    let same = |one: &&refund::Model| one.amount == amount && one.asked_by == Some(by);
    if let Some(twice) = waiting.iter().find(same) {
        return Err(asked_already(twice.id));
    }
    let asked: i64 = waiting.iter().map(|one| one.amount).sum();
    if amount > there.balance - asked {
        return Err(Fault::invalid("amount", "退款不能超过还没有申请退的预存。"));
    }
    let new = refund::ActiveModel {
        home_id: Set(Some(home_id)),
        payer_id: Set(Some(payer_id)),
        cause: Set(RefundCause::Asked),
        reason: Set(reason),
        state: Set(RefundState::Asked),
        asked_by: Set(Some(by)),
        ..blank(tx, dice, compound_id, amount)
    };
    let stored = refund::Entity::insert(new)
        .exec_with_returning(tx.db())
        .await?;
    record(tx, actor, "refund.ask", &stored);
    let asked = remind::ToDecide::Refund(stored.id);
    remind::ask_to_decide(tx, asked, compound_id, &home.path, by).await?;
    Ok(stored)
}

/// Whether the person has bills of the home that are not paid yet: what is kept pays them first.
async fn owes(tx: &Tx, home_id: i64, payer_id: i64) -> Result<bool, Fault> {
    let open = bill::Entity::find()
        .filter(bill::COLUMN.home_id.eq(home_id))
        .filter(bill::COLUMN.payer_id.eq(payer_id))
        .filter(bill::COLUMN.state.eq(BillState::Open))
        .count(tx.db())
        .await?;
    Ok(open > 0)
}

/// Asked once more when it is agreed to: whether it still pays no bill of theirs.
///
/// # Errors
/// `wrong_step` when it does.
pub(super) async fn still_free(tx: &Tx, row: &refund::Model) -> Result<(), Fault> {
    let (Some(home_id), Some(payer_id)) = (row.home_id, row.payer_id) else {
        return Ok(());
    };
    let pays = next_owner(tx.db(), home_id, tx.now()).await? == payer_id;
    if pays || owes(tx, home_id, payer_id).await? {
        return Err(Fault::wrong_step(
            "本人在这一户又有账单要交，这笔预存会先抵账单，请不要退。",
        ));
    }
    Ok(())
}
