//! The second person's word on a refund that somebody asks for. Called by the console.

use entity::money::{PayWay, RefundState};
use entity::refund;
use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter};

use super::ahead::still_free;
use super::unbook::unbook;
use super::{kept, record};
use crate::access::Actor;
use crate::base::fault::Fault;
use crate::payment::actions::waive::not_second;
use crate::payment::remind;
use crate::store::Tx;

/// The second person's word. With yes the money leaves the bills and what was paid ahead, and is owed
/// back: WeChat's is sent by a clock, all else waits for somebody who pays it out.
///
/// # Errors
/// `not_found`; `forbidden` without the right, and a yes from whoever asked, who may take it back; `conflict` when it is decided;
/// `wrong_step` when the money pays something later already.
pub async fn decide(
    tx: &mut Tx,
    actor: &Actor,
    id: i64,
    granted: bool,
) -> Result<refund::Model, Fault> {
    let (row, paid, home) = kept(tx, actor, id).await?;
    let by = actor.require_person()?;
    let now = tx.now();
    let state = match (granted, paid.as_ref().map(|paid| paid.way)) {
        (false, _) => RefundState::Refused,
        (true, Some(PayWay::Wechat)) => RefundState::Approved,
        (true, _) => RefundState::Granted,
    };
    if granted {
        still_free(tx, &row).await?;
    }
    let over = (!granted).then_some(now);
    let next = refund::Model {
        state,
        decided_by: Some(by),
        updated_at: now,
        done_at: over,
        ..row.clone()
    };
    // Whoever asked may take it back, and no more.
    let second = match granted {
        true => Condition::all().add(refund::COLUMN.asked_by.ne(by)),
        false => Condition::all(),
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
        .filter(second)
        .exec(tx.db())
        .await?;
    if done.rows_affected != 1 {
        return Err(not_second(granted && row.asked_by == Some(by)));
    }
    if granted {
        unbook(tx, paid.as_ref(), &next, by).await?;
    }
    let action = match granted {
        true => "refund.grant",
        false => "refund.refuse",
    };
    record(tx, actor, action, &next);
    match state {
        RefundState::Approved => remind::send_refund(tx, &next).await?,
        RefundState::Granted => remind::ask_to_pay_out(tx, &next, &home.path).await?,
        _ => {}
    }
    Ok(next)
}
