//! What was tried, row by row in `delivery`: written before an attempt, closed after it. Used by `send`
//! and `direct`.

use entity::delivery;
use entity::kinds::DeliveryState;
use sea_orm::ActiveValue::Set;
use sea_orm::{EntityTrait, QueryFilter};

use super::choose::Carrier;
use super::send::Letter;
use crate::app::App;
use crate::base::fault::Fault;
use crate::base::text::shorten;
use crate::wechat::Error;

/// A row for each reminder that this attempt answers for.
pub(super) async fn open_rows(
    app: &App,
    letter: &Letter<'_>,
    by: Option<(i64, Carrier)>,
) -> Result<Vec<i64>, Fault> {
    let now = app.clock.now();
    let state = match by {
        Some(_) => DeliveryState::Sending,
        None => DeliveryState::Unreachable,
    };
    let rows = letter
        .reminders
        .iter()
        .map(|reminder| delivery::ActiveModel {
            reminder_id: Set(Some(reminder.id)),
            person_id: Set(letter.to.person_id()),
            account_id: Set(by.map(|(account_id, _)| account_id)),
            channel: Set(by.map_or("none", |(_, carrier)| carrier.name()).to_owned()),
            kind: Set(reminder.kind.clone()),
            subject: Set(reminder.subject.clone()),
            client_msg_id: Set(letter.client_msg_id.to_owned()),
            state: Set(state),
            created_at: Set(now),
            updated_at: Set(now),
            ..Default::default()
        });
    let stored = delivery::Entity::insert_many(rows)
        .exec_with_returning(app.store.write())
        .await?;
    Ok(stored.into_iter().map(|row| row.id).collect())
}

/// The platform has it.
pub(super) fn sent_row(platform_id: Option<String>) -> delivery::ActiveModel {
    delivery::ActiveModel {
        state: Set(DeliveryState::Sent),
        platform_id: Set(platform_id),
        ..Default::default()
    }
}

/// It ended so; `sent` when the platform had it already.
pub(super) fn failed_row(error: &Error, sent: bool) -> delivery::ActiveModel {
    let code = match error {
        Error::Platform { code, .. } => Some(*code),
        _ => None,
    };
    delivery::ActiveModel {
        state: Set(if sent {
            DeliveryState::Sent
        } else {
            DeliveryState::Failed
        }),
        error_code: Set(code),
        error: Set(Some(shorten(&error.to_string(), 300))),
        ..Default::default()
    }
}

/// Stores how an attempt ended.
pub(super) async fn close_rows(
    app: &App,
    ids: &[i64],
    mut change: delivery::ActiveModel,
) -> Result<(), Fault> {
    change.updated_at = Set(app.clock.now());
    delivery::Entity::update_many()
        .set(change)
        .filter(delivery::COLUMN.id.is_in(ids.iter().copied()))
        .exec(app.store.write())
        .await?;
    Ok(())
}
