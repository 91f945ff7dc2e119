//! Somebody has paid a refund out, in cash or by transfer, with a slip: neither who asked for it nor who gave it to
//! people, and never more than lies where it was paid from. Called by the console.

use entity::money::RefundState;
use entity::refund;
use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter};

use super::{first, handed_out, kept, record, subject};
use crate::access::Actor;
use crate::base::fault::{Code, Fault};
use crate::ledger::floor::short;
use crate::ledger::post::{Draft, post};
use crate::payment::actions::give_proof;
use crate::payment::{remind, sources};
use crate::store::Tx;

/// Writes down that a refund was paid out: from the account of this code, with an unfiled picture or document of its
/// slip.
///
/// # Errors
/// `not_found`, also for a slip that is not theirs; `forbidden` without the right, and for who asked for it or gave it
/// to people; `invalid` without a slip, for a source that is none, and with more than lies there; `conflict` when it
/// does not wait for that; `wrong_step` when the platform has done it after all.
pub async fn pay_out(
    tx: &mut Tx,
    actor: &Actor,
    id: i64,
    (source, proof): (&str, Option<i64>),
) -> Result<refund::Model, Fault> {
    let (row, paid, _) = kept(tx, actor, id).await?;
    let by = actor.require_person()?;
    let from = sources(paid.as_ref().map(|paid| paid.way))
        .iter()
        .find(|account| account.code() == source);
    let from = *from.ok_or_else(|| Fault::invalid("source", "请选钱是从哪里付的。"))?;
    let proof = proof
        .ok_or_else(|| Fault::invalid("proof", "请附上转账回单，付现金的附对方签收的收条照片。"))?;
    let now = tx.now();
    let next = refund::Model {
        state: RefundState::Done,
        paid_from: Some(from.code().to_owned()),
        paid_by: Some(by),
        proof_id: Some(proof),
        updated_at: now,
        done_at: Some(now),
        ..row.clone()
    };
    let asked_for = Condition::all()
        .add(refund::COLUMN.handed_by.is_null())
        .add(refund::COLUMN.asked_by.ne(by));
    let done = refund::Entity::update_many()
        .set(refund::ActiveModel {
            state: Set(next.state),
            paid_from: Set(next.paid_from.clone()),
            paid_by: Set(next.paid_by),
            proof_id: Set(next.proof_id),
            updated_at: Set(now),
            done_at: Set(next.done_at),
            ..Default::default()
        })
        .filter(refund::COLUMN.id.eq(id))
        .filter(refund::COLUMN.state.eq(RefundState::Granted))
        .filter(
            Condition::any()
                .add(refund::COLUMN.handed_by.ne(by))
                .add(asked_for),
        )
        .exec(tx.db())
        .await?;
    if done.rows_affected != 1 {
        return Err(not_now(&row, by));
    }
    let entry = handed_out(tx, &next, from);
    covered(tx, &entry).await?;
    give_proof(tx, actor, next.compound_id, &subject(id), proof).await?;
    post(tx, Some(by), &[entry]).await?;
    record(tx, actor, "refund.by-hand", &next);
    match &paid {
        Some(paid) => remind::tell_payer(tx, paid, remind::Told::Refunded, id).await?,
        None => remind::tell_owner(tx, &next).await?,
    }
    Ok(next)
}

/// Whether there is as much as was paid out, where it was paid from.
async fn covered(tx: &Tx, entry: &Draft) -> Result<(), Fault> {
    match short(tx, entry.compound_id, entry.day, &entry.transfers).await? {
        None => Ok(()),
        Some(short) => Err(Fault::invalid(
            "source",
            format!(
                "{}，没有记。请先核对有没有没记的进账，或者换一个账户。",
                short.says()
            ),
        )),
    }
}

/// Why somebody could not.
fn not_now(row: &refund::Model, by: i64) -> Fault {
    match row.state {
        RefundState::Granted if first(row) == Some(by) => {
            let words = match row.handed_by {
                Some(_) => "这是您改由人工退的，要由另一个人付款并记录。",
                None => "这是您申请的退款，要由另一个人付款并记录。",
            };
            Fault::forbidden(words)
        }
        RefundState::Done if row.refund_id.is_some() && row.paid_from.is_none() => {
            Fault::wrong_step(
                "微信支付已经把这笔钱退给对方了，请不要再付。已经付了的，请向对方收回。",
            )
        }
        _ => Fault::plain(Code::Conflict),
    }
}
