//! Who has sent a message: the account's row, and what the platform allows to send it from now on.
//! Called by `bot/answer.rs`.

use chrono::TimeDelta;
use entity::account;
use entity::kinds::Channel;
use sea_orm::ActiveValue::Set;
use sea_orm::EntityTrait;
use sea_orm::sea_query::OnConflict;

use crate::base::fault::Fault;
use crate::bot::{Spoken, SpokenKind};
use crate::person::actions::recognise;
use crate::store::Tx;

/// The account of the sender; a member of the corporation is known by the roster.
pub(super) async fn known(tx: &Tx, spoken: &Spoken) -> Result<account::Model, Fault> {
    let account = know(tx, spoken).await?;
    match account.channel {
        Channel::Work => recognise(tx, account).await,
        _ => Ok(account),
    }
}

/// The account of the sender, made when it is new, with what the platform allows to send it from
/// now on (protocols.md §2.5); one statement.
async fn know(tx: &Tx, spoken: &Spoken) -> Result<account::Model, Fault> {
    let now = tx.now();
    let (minutes, left) = window(&spoken.kind);
    let gone = spoken.kind == SpokenKind::Unsubscribe;
    let row = account::ActiveModel {
        channel: Set(spoken.channel),
        external_id: Set(spoken.external_id.clone()),
        followed: Set(!gone),
        window_until: Set((minutes > 0).then(|| now + TimeDelta::minutes(minutes))),
        window_left: Set(left),
        last_inbound_at: Set(Some(now)),
        created_at: Set(now),
        ..Default::default()
    };
    let mut changed = vec![account::Column::Followed, account::Column::LastInboundAt];
    // An event's minute does not take away the two days of a message; `conclude` sees to it.
    if gone || !is_event(&spoken.kind) {
        changed.extend([account::Column::WindowUntil, account::Column::WindowLeft]);
    }
    let known = OnConflict::columns([account::Column::Channel, account::Column::ExternalId])
        .update_columns(changed)
        .to_owned();
    Ok(account::Entity::insert(row)
        .on_conflict(known)
        .exec_with_returning(tx.db())
        .await?)
}

/// Minutes and number of the customer-service messages that it allows.
pub(super) fn window(kind: &SpokenKind) -> (i64, i32) {
    match kind {
        SpokenKind::Unsubscribe | SpokenKind::Other => (0, 0),
        kind if is_event(kind) => (1, 3),
        _ => (48 * 60, 5),
    }
}

fn is_event(kind: &SpokenKind) -> bool {
    matches!(
        kind,
        SpokenKind::Subscribe { .. }
            | SpokenKind::Unsubscribe
            | SpokenKind::Scan { .. }
            | SpokenKind::Click { .. }
            | SpokenKind::Other
    )
}
