//! How a refund begins: more came than was owed, which `settle` finds, or a person asks for it at the
//! console.

use entity::money::{EntryKind, PayWay, PaymentState, RefundCause, RefundState};
use entity::{payment, refund};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::record;
use crate::access::Actor;
use crate::access::permit::Deed;
use crate::base::clock::china;
use crate::base::dice::Dice;
use crate::base::fault::Fault;
use crate::ledger::Account;
use crate::ledger::post::{Draft, Transfer, post};
use crate::payment::actions::settle::Paid;
use crate::payment::actions::take::check_amount;
use crate::payment::actions::{allowed, home_of, locked, no_such, words};
use crate::payment::remind;
use crate::store::Tx;
use crate::store::insert::insert_once;
use crate::wechat::crypto::hex;

/// Money that came too much, all of it or a part: owed back in the books, and sent by a clock. False when that was
/// known.
pub(in crate::payment::actions) async fn owe(
    tx: &mut Tx,
    dice: &Dice,
    row: &payment::Model,
    paid: &Paid,
    cause: RefundCause,
    amount: i64,
) -> Result<bool, Fault> {
    let reason = crate::payment::cause_says(cause);
    let new = refund::ActiveModel {
        cause: Set(cause),
        reason: Set(reason.to_owned()),
        state: Set(RefundState::Approved),
        transaction_id: Set(Some(paid.transaction_id.clone())),
        payment_id: Set(Some(row.id)),
        ..blank(tx, dice, row.compound_id, amount)
    };
    let conflict = OnConflict::column(refund::Column::TransactionId)
        .do_nothing()
        .to_owned();
    let Some(stored) = insert_once(tx, new, conflict).await? else {
        return Ok(false);
    };
    let entry = Draft {
        compound_id: row.compound_id,
        day: china(paid.at).date_naive(),
        cause: format!("payment:{}:owed:{}", row.id, paid.transaction_id),
        kind: EntryKind::Payment,
        memo: format!("缴费 #{} {reason}，待退款", row.id),
        reverses: None,
        transfers: vec![Transfer {
            debit: Account::Wechat,
            credit: Account::Refund,
            amount: stored.amount,
        }],
    };
    post(tx, None, &[entry]).await?;
    record(tx, &Actor::system(), "refund.owe", &stored);
    remind::send_refund(tx, &stored).await?;
    remind::tell_payer(tx, row, remind::Told::SentBack, stored.id).await?;
    Ok(true)
}

/// A refund with a number of its own, still without what it is of.
pub(super) fn blank(tx: &Tx, dice: &Dice, compound_id: i64, amount: i64) -> refund::ActiveModel {
    refund::ActiveModel {
        compound_id: Set(compound_id),
        amount: Set(amount),
        out_refund_no: Set(format!("R{}", hex(&dice.bytes::<15>()))),
        created_at: Set(tx.now()),
        updated_at: Set(tx.now()),
        ..Default::default()
    }
}

/// Asks that some of a payment goes back. Also how cash that was written down wrongly is taken back.
///
/// # Errors
/// `not_found`, `forbidden`, `invalid` for an amount that is not there or without a reason,
/// `wrong_step` for a payment that is not paid.
pub async fn ask(
    tx: &mut Tx,
    dice: &Dice,
    actor: &Actor,
    payment_id: i64,
    amount: i64,
    reason: &str,
) -> Result<refund::Model, Fault> {
    let row = locked(tx, payment_id).await?;
    let home = home_of(tx, row.home_id).await?;
    allowed(actor, Deed::TakeMoney, &home.path, || no_such(payment_id))?;
    let by = actor.require_person()?;
    check_amount(amount)?;
    let reason = words("reason", reason, "请写为什么退款，例如：多收了一个月。")?;
    if row.state != PaymentState::Paid || row.way == PayWay::Advance {
        return Err(Fault::wrong_step("这笔缴费没有到账，不用退款。"));
    }
    if amount > row.amount - spoken_for(tx, &row).await? {
        return Err(Fault::invalid(
            "amount",
            "退款不能超过这笔缴费还没有退的数。",
        ));
    }
    let twice = refund::Entity::find()
        .filter(refund::COLUMN.payment_id.eq(row.id))
        .filter(refund::COLUMN.state.eq(RefundState::Asked))
        .filter(refund::COLUMN.amount.eq(amount))
        .filter(refund::COLUMN.asked_by.eq(by))
        .one(tx.db())
        .await?;
    if let Some(twice) = twice {
        return Err(asked_already(twice.id));
    }
    let new = refund::ActiveModel {
        cause: Set(RefundCause::Asked),
        reason: Set(reason),
        state: Set(RefundState::Asked),
        asked_by: Set(Some(by)),
        payment_id: Set(Some(row.id)),
        ..blank(tx, dice, row.compound_id, amount)
    };
    let stored = refund::Entity::insert(new)
        .exec_with_returning(tx.db())
        .await?;
    record(tx, actor, "refund.ask", &stored);
    let asked = remind::ToDecide::Refund(stored.id);
    remind::ask_to_decide(tx, asked, row.compound_id, &home.path, by).await?;
    Ok(stored)
}

/// The same was asked for before, and waits.
pub(super) fn asked_already(id: i64) -> Fault {
    Fault::wrong_step(format!(
        "同样的退款已经申请过（退款 #{id}），在等另一个人确认。"
    ))
}

/// Fen of a payment that went back, or are to: what was paid under another number of the platform is
/// not of it.
async fn spoken_for(tx: &Tx, row: &payment::Model) -> Result<i64, Fault> {
    let all = refund::Entity::find()
        .filter(refund::COLUMN.payment_id.eq(row.id))
        .all(tx.db())
        .await?;
    let counts = |one: &&refund::Model| {
        let own = one.transaction_id.is_none() || one.transaction_id == row.transaction_id;
        own && one.state != RefundState::Refused
    };
    Ok(all.iter().filter(counts).map(|one| one.amount).sum())
}
