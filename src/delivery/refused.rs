//! What the platforms refuse for reasons that an operator has to mend: a template that is gone, a field that
//! does not fit, an account that is restricted. Read from the record of attempts by the index of a channel and
//! its time. Used by `linli doctor`.

use chrono::TimeDelta;
use entity::delivery;
use entity::kinds::DeliveryState;
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder,
    QuerySelect,
};

use super::choose::Carrier;
use super::health::CHANNELS;
use crate::base::clock::Moment;
use crate::base::fault::Fault;
use crate::wechat::errors::{Action, action, work_action};

/// What was refused earlier has been mended, or nobody is told such things any more.
const DAY: TimeDelta = TimeDelta::hours(24);

/// Refusals of one kind of message, by one way, for one reason.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct Refused {
    /// As in `delivery.channel`.
    pub channel: String,
    /// Kind of reminder.
    pub kind: String,
    /// The platform's code.
    pub error_code: i64,
    /// How often within the day.
    pub count: i64,
    /// The platform's words once, with the template's id.
    pub error: Option<String>,
    /// The last attempt of them.
    pub last: i64,
}

/// What was refused within the last day and has not gone out by the same way since.
///
/// # Errors
/// The database's.
pub async fn look<C: ConnectionTrait>(db: &C, now: Moment) -> Result<Vec<Refused>, Fault> {
    let all = delivery::Entity::find()
        .select_only()
        .column(delivery::Column::Channel)
        .column(delivery::Column::Kind)
        .column(delivery::Column::ErrorCode)
        .column_as(delivery::Column::Id.count(), "count")
        .column_as(delivery::Column::Error.max(), "error")
        .column_as(delivery::Column::Id.max(), "last")
        .filter(delivery::COLUMN.channel.is_in(CHANNELS.iter().copied()))
        .filter(delivery::COLUMN.created_at.gte(now - DAY))
        .filter(delivery::COLUMN.state.eq(DeliveryState::Failed))
        .filter(delivery::COLUMN.error_code.is_not_null())
        .group_by(delivery::Column::Channel)
        .group_by(delivery::Column::Kind)
        .group_by(delivery::Column::ErrorCode)
        .order_by_asc(delivery::Column::Channel)
        .order_by_asc(delivery::Column::Kind)
        .order_by_asc(delivery::Column::ErrorCode)
        .into_model::<Refused>()
        .all(db)
        .await?;
    let mut found = Vec::new();
    for refused in all.into_iter().filter(is_ours) {
        if !went_since(db, &refused, now).await? {
            found.push(refused);
        }
    }
    Ok(found)
}

/// Whether an operator has to mend it: all else is the person's, or passes.
fn is_ours(refused: &Refused) -> bool {
    let meant = match refused.channel == Carrier::Work.name() {
        true => work_action(refused.error_code),
        false => action(refused.error_code),
    };
    matches!(meant, Action::Config | Action::Alarm | Action::Fix)
}

/// Whether the same kind of message has gone out by the same way since.
async fn went_since<C: ConnectionTrait>(
    db: &C,
    refused: &Refused,
    now: Moment,
) -> Result<bool, Fault> {
    let gone = delivery::Entity::find()
        .select_only()
        .column(delivery::Column::Id)
        .filter(delivery::COLUMN.channel.eq(refused.channel.as_str()))
        .filter(delivery::COLUMN.created_at.gte(now - DAY))
        .filter(delivery::COLUMN.kind.eq(refused.kind.as_str()))
        .filter(
            delivery::COLUMN
                .state
                .is_in([DeliveryState::Sent, DeliveryState::Delivered]),
        )
        .filter(delivery::COLUMN.id.gt(refused.last))
        .limit(1)
        .into_tuple::<i64>()
        .one(db)
        .await?;
    Ok(gone.is_some())
}
