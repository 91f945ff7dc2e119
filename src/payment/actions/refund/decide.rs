//! The second person's word on a refund that somebody asks for. Called by the console.

use entity::money::{PayWay, RefundState};
use entity::refund;
use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::record;
use super::unbook::unbook;
use crate::access::Actor;
use crate::access::permit::Deed;
use crate::base::fault::Fault;
use crate::payment::actions::waive::not_second;
use crate::payment::actions::{allowed, home_of, locked};
use crate::payment::remind;
use crate::store::Tx;

/// The second person's word. With yes the money leaves the bills and what was paid ahead, and is owed
/// back; cash and transfers are handed out at once, WeChat's is sent by a clock.
///
/// # Errors
/// `not_found`; `forbidden` without the right, and for whoever asked; `conflict` when it is decided;
/// `wrong_step` when the money pays something later already.
pub async fn decide(
    tx: &mut Tx,
    actor: &Actor,
    id: i64,
    granted: bool,
) -> Result<refund::Model, Fault> {
    let none = || Fault::not_found("没有找到这份退款申请。");
    let row = refund::Entity::find_by_id(id).one(tx.db()).await?;
    let row = row.ok_or_else(none)?;
    let paid = locked(tx, row.payment_id).await?;
    let home = home_of(tx, paid.home_id).await?;
    allowed(actor, Deed::KeepMoney, &home.path, none)?;
    let by = actor.require_person()?;
    let now = tx.now();
    let state = match (granted, paid.way) {
        (false, _) => RefundState::Refused,
        (true, PayWay::Wechat) => RefundState::Approved,
        (true, _) => RefundState::Done,
    };
    let over = matches!(state, RefundState::Refused | RefundState::Done).then_some(now);
    let next = refund::Model {
        state,
        decided_by: Some(by),
        updated_at: now,
        done_at: over,
        ..row.clone()
    };
    let done = refund::Entity::update_many()
        .set(refund::ActiveModel {
            state: Set(state),
            decided_by: Set(next.decided_by),
            updated_at: Set(now),
            done_at: Set(over),
            ..Default::default()
        })
        .filter(refund::COLUMN.id.eq(id))
        .filter(refund::COLUMN.state.eq(RefundState::Asked))
        .filter(refund::COLUMN.asked_by.ne(by))
        .exec(tx.db())
        .await?;
    if done.rows_affected != 1 {
        return Err(not_second(row.asked_by == Some(by)));
    }
    if granted {
        unbook(tx, &paid, &next, by).await?;
    }
    let action = match granted {
        true => "refund.grant",
        false => "refund.refuse",
    };
    record(tx, actor, action, &next);
    if state == RefundState::Approved {
        remind::send_refund(tx, &next).await?;
    }
    if state == RefundState::Done {
        remind::tell_payer(tx, &paid, remind::Told::Refunded, next.id).await?;
    }
    Ok(next)
}
