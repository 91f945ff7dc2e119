//! What the platform does not do is given to people: from then on one of them pays it out, and it is never who gave
//! it to them. Called by the console.

use entity::money::RefundState;
use entity::refund;
use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::{another_keeper, kept, record};
use crate::access::Actor;
use crate::base::fault::{Code, Fault};
use crate::payment::remind;
use crate::store::Tx;

/// Gives a refund that did not go through to people, to be paid out.
///
/// # Errors
/// `not_found`, `forbidden`; `wrong_step` where nobody else could pay it out; `conflict` when it does not wait for that.
pub async fn by_hand(tx: &mut Tx, actor: &Actor, id: i64) -> Result<refund::Model, Fault> {
    let (row, _, home) = kept(tx, actor, id).await?;
    let by = actor.require_person()?;
    another_keeper(tx, &home.path, by).await?;
    let now = tx.now();
    let done = refund::Entity::update_many()
        .set(refund::ActiveModel {
            state: Set(RefundState::Granted),
            handed_by: Set(Some(by)),
            updated_at: Set(now),
            // What the platform has closed is not over.
            done_at: Set(None),
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
        state: RefundState::Granted,
        handed_by: Some(by),
        updated_at: now,
        done_at: None,
        ..row
    };
    record(tx, actor, "refund.hand", &next);
    remind::ask_to_pay_out(tx, &next, &home.path).await?;
    Ok(next)
}
