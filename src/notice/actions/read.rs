//! A recipient reads a notice, and says that they have got it. Both are written once and never taken back.

use entity::notice_recipient;
use sea_orm::ActiveValue::Set;
use sea_orm::{EntityTrait, QueryFilter};

use crate::base::fault::Fault;
use crate::notice::queries::no_such;
use crate::store::Tx;

/// Notes that somebody has read it. Whoever is no recipient leaves no trace.
///
/// # Errors
/// The database's.
pub async fn read(tx: &Tx, notice_id: i64, person_id: i64) -> Result<(), Fault> {
    notice_recipient::Entity::update_many()
        .set(notice_recipient::ActiveModel {
            read_at: Set(Some(tx.now())),
            ..Default::default()
        })
        .filter(notice_recipient::COLUMN.notice_id.eq(notice_id))
        .filter(notice_recipient::COLUMN.person_id.eq(person_id))
        .filter(notice_recipient::COLUMN.read_at.is_null())
        .exec(tx.db())
        .await?;
    Ok(())
}

/// Notes that somebody acknowledges it, which is more than having read it.
///
/// # Errors
/// `not_found` for whoever is no recipient.
pub async fn acknowledge(tx: &Tx, notice_id: i64, person_id: i64) -> Result<(), Fault> {
    read(tx, notice_id, person_id).await?;
    let own = notice_recipient::Entity::find()
        .filter(notice_recipient::COLUMN.notice_id.eq(notice_id))
        .filter(notice_recipient::COLUMN.person_id.eq(person_id))
        .one(tx.db())
        .await?;
    if own.is_none() {
        return Err(no_such(notice_id));
    }
    notice_recipient::Entity::update_many()
        .set(notice_recipient::ActiveModel {
            acknowledged_at: Set(Some(tx.now())),
            ..Default::default()
        })
        .filter(notice_recipient::COLUMN.notice_id.eq(notice_id))
        .filter(notice_recipient::COLUMN.person_id.eq(person_id))
        .filter(notice_recipient::COLUMN.acknowledged_at.is_null())
        .exec(tx.db())
        .await?;
    Ok(())
}
