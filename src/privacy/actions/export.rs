//! «导出我的数据»: asked for in one breath, made in the background (`privacy/remind.rs`).

use chrono::TimeDelta;
use entity::data_export;
use entity::kinds::ExportState;
use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use crate::access::{Actor, audit};
use crate::base::fault::{Code, Fault};
use crate::privacy::remind;
use crate::store::Tx;

/// Hours that a copy can be fetched.
pub const HOURS: i64 = 24;

/// What became of the question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// It will be made, and its link sent.
    Begun(data_export::Model),
    /// There is one that still holds, or is being made.
    There(data_export::Model),
}

/// Asks for a copy of everything kept of the actor: one a day.
///
/// # Errors
/// `forbidden` for whoever is bound to nothing.
pub async fn ask_export(tx: &mut Tx, actor: &Actor) -> Result<Asked, Fault> {
    let person_id = actor.require_person()?;
    let account_id = actor
        .account_id
        .ok_or_else(|| Fault::new(Code::Forbidden, "请在微信里导出。"))?;
    let last = data_export::Entity::find()
        .filter(data_export::COLUMN.person_id.eq(person_id))
        .filter(data_export::COLUMN.state.ne(ExportState::Removed))
        .filter(data_export::COLUMN.expires_at.gt(tx.now()))
        .order_by_desc(data_export::COLUMN.id)
        .one(tx.db())
        .await?;
    if let Some(last) = last {
        return Ok(Asked::There(last));
    }
    let row = data_export::ActiveModel {
        account_id: Set(account_id),
        person_id: Set(person_id),
        state: Set(ExportState::Pending),
        expires_at: Set(tx.now() + TimeDelta::hours(HOURS)),
        created_at: Set(tx.now()),
        ..Default::default()
    };
    let row = data_export::Entity::insert(row)
        .exec_with_returning(tx.db())
        .await?;
    let entry = audit::Entry {
        action: "export.request",
        subject: format!("person:{person_id}"),
        compound_id: None,
        detail: None,
    };
    audit::record(tx, actor, entry);
    remind::make_export(tx, &row).await?;
    Ok(Asked::Begun(row))
}
