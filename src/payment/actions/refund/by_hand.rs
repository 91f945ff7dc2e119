//! A refund that the platform does not do, and that somebody gives back outside of this program. Called
//! by the console.

use entity::money::RefundState;
use entity::refund;
use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::{handed_out, record};
use crate::access::Actor;
use crate::access::permit::Deed;
use crate::base::fault::{Code, Fault};
use crate::ledger::post::post;
use crate::payment::actions::{allowed, home_of, locked};
use crate::payment::remind;
use crate::store::Tx;

/// Somebody has given the money back outside of this program, on the platform's page or in cash.
///
/// # Errors
/// `not_found`, `forbidden`; `conflict` when it does not wait for that.
pub async fn by_hand(tx: &mut Tx, actor: &Actor, id: i64) -> Result<refund::Model, Fault> {
    let none = || Fault::not_found("没有找到这笔退款。");
    let row = refund::Entity::find_by_id(id).one(tx.db()).await?;
    let row = row.ok_or_else(none)?;
    let paid = locked(tx, row.payment_id).await?;
    let home = home_of(tx, paid.home_id).await?;
    allowed(actor, Deed::KeepMoney, &home.path, none)?;
    let by = actor.require_person()?;
    let now = tx.now();
    let done = refund::Entity::update_many()
        .set(refund::ActiveModel {
            state: Set(RefundState::Done),
            updated_at: Set(now),
            done_at: Set(Some(now)),
            ..Default::default()
        })
        .filter(refund::COLUMN.id.eq(id))
        .filter(
            refund::COLUMN
                .state
                .is_in([RefundState::Abnormal, RefundState::Closed]),
        )
        .exec(tx.db())
        .await?;
    if done.rows_affected != 1 {
        return Err(Fault::plain(Code::Conflict));
    }
    let next = refund::Model {
        state: RefundState::Done,
        done_at: Some(now),
        ..row
    };
    post(tx, Some(by), &[handed_out(tx, &next, &paid)]).await?;
    record(tx, actor, "refund.by-hand", &next);
    remind::tell_payer(tx, &paid, remind::Told::Refunded, next.id).await?;
    Ok(next)
}
