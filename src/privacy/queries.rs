//! Reads of what people asked of their own data, and of what was let go.

use entity::kinds::{CorrectionField, CorrectionState, ExportState};
use entity::{correction, data_export, deletion_log, person, place};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder};

use crate::access::Actor;
use crate::access::permit::Deed;
use crate::app::App;
use crate::base::clock::Moment;
use crate::base::fault::Fault;
use crate::base::page::{Page, Slice};
use crate::base::phone::Phone;
use crate::place::queries::{names_of, within_reach};
use crate::store::paging::newest;
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

/// A correction that waits, as whoever gives their word reads it.
#[derive(Clone, Debug)]
pub struct Waiting {
    /// The row.
    pub row: correction::Model,
    /// Who asks; their name as it is now.
    pub name: String,
    /// Their home, or the place of their post: `桂园小区 3-2-501`.
    pub place: String,
    /// How it should be; of a phone a part.
    pub value: String,
}

/// What people call a field.
#[must_use]
pub const fn field_says(field: CorrectionField) -> &'static str {
    match field {
        CorrectionField::Name => "姓名",
        CorrectionField::Phone => "手机号",
    }
}

/// How it should be, as far as whoever gives their word reads it: of a phone a part.
///
/// # Errors
/// `internal` when it cannot be unsealed.
pub fn value_says(app: &App, row: &correction::Model) -> Result<String, Fault> {
    let value = app.seal.open(&row.value_sealed)?;
    Ok(match row.field {
        CorrectionField::Name => value,
        CorrectionField::Phone => {
            Phone::parse(&value).map_or_else(String::new, |phone| phone.masked())
        }
    })
}

/// Corrections that wait for the actor's word, newest first; not their own.
///
/// # Errors
/// The database's.
pub async fn corrections(app: &App, actor: &Actor, slice: Slice) -> Result<Page<Waiting>, Fault> {
    let here = within_reach(correction::Column::PlaceId, actor, Deed::VerifyBindings);
    let (Some(here), Some(person)) = (here, actor.person_id()) else {
        return Ok(Page::empty());
    };
    let db = app.store.read();
    let waiting = correction::Entity::find()
        .filter(correction::COLUMN.state.eq(CorrectionState::Requested))
        .filter(correction::COLUMN.person_id.ne(person))
        .filter(here);
    let page = newest(db, waiting, correction::Column::Id, slice, |row| row.id).await?;
    let people = person::Entity::find()
        .filter(
            person::COLUMN
                .id
                .is_in(page.items.iter().map(|row| row.person_id)),
        )
        .all(db)
        .await?;
    let places = place::Entity::find()
        .filter(
            place::COLUMN
                .id
                .is_in(page.items.iter().map(|row| row.place_id)),
        )
        .all(db)
        .await?;
    let names = names_of(db, &places).await?;
    let mut items = Vec::new();
    for row in page.items {
        let who = people.iter().find(|person| person.id == row.person_id);
        let at = places.iter().position(|place| place.id == row.place_id);
        items.push(Waiting {
            name: who.map(|person| person.name.clone()).unwrap_or_default(),
            place: at.and_then(|at| names.get(at)).cloned().unwrap_or_default(),
            value: value_says(app, &row)?,
            row,
        });
    }
    Ok(Page {
        items,
        next: page.next,
    })
}

/// The corrections of somebody that still wait, oldest first.
///
/// # Errors
/// The database's.
pub async fn corrections_of<C: ConnectionTrait>(
    db: &C,
    person_id: i64,
) -> Result<Vec<correction::Model>, Fault> {
    Ok(correction::Entity::find()
        .filter(correction::COLUMN.person_id.eq(person_id))
        .filter(correction::COLUMN.state.eq(CorrectionState::Requested))
        .order_by_asc(correction::COLUMN.id)
        .all(db)
        .await?)
}

/// What was let go because its time was over, newest first: how much of which class, and up to when. It is of
/// the whole house, and holds nothing of anybody.
///
/// # Errors
/// The database's.
pub async fn deletions<C: ConnectionTrait>(
    db: &C,
    slice: Slice,
) -> Result<Page<deletion_log::Model>, Fault> {
    let all = deletion_log::Entity::find();
    newest(db, all, deletion_log::Column::Id, slice, |row| row.id).await
}
