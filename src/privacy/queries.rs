//! Reads of what people asked of their own data.

use entity::data_export;
use entity::kinds::ExportState;
use sea_orm::{ConnectionTrait, EntityTrait};

use crate::app::App;
use crate::base::clock::Moment;
use crate::base::fault::Fault;
use crate::wechat::crypto::same;

/// The link by which a copy is fetched: whoever has it reads everything, so it goes to the person alone
/// and holds for a day.
#[must_use]
pub fn export_url(app: &App, id: i64) -> String {
    let base = &app.settings.server.public_url;
    format!("{base}/export/{id}/{}", export_sign(app, id))
}

fn export_sign(app: &App, id: i64) -> String {
    app.seal.sign(&format!("export:{id}"))
}

/// The copy behind a link that holds.
///
/// # Errors
/// `not_found` for a link that is not ours, or whose day is over.
pub async fn export_of_link(
    app: &App,
    id: &str,
    signed: &str,
    now: Moment,
) -> Result<data_export::Model, Fault> {
    let gone = || Fault::not_found("这个链接已过期。请在对话里重新回复“导出我的数据”。");
    let id: i64 = id.parse().map_err(|_| gone())?;
    if !same(signed, &export_sign(app, id)) {
        return Err(gone());
    }
    let row = export(app.store.read(), id).await?.ok_or_else(gone)?;
    let holds = row.state == ExportState::Ready && row.expires_at > now;
    Some(row).filter(|_| holds).ok_or_else(gone)
}

/// A copy by key.
///
/// # Errors
/// The database's.
pub async fn export<C: ConnectionTrait>(
    db: &C,
    id: i64,
) -> Result<Option<data_export::Model>, Fault> {
    Ok(data_export::Entity::find_by_id(id).one(db).await?)
}
