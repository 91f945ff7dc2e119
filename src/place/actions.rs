//! The code (小程序码) of a place, to be hung up in its hall, and the link for messages that leave
//! WeChat. Both open the mini-program at the place; the platform makes them, we keep the pictures. And the end of a
//! building. Called by pages; by no other noun.

use entity::kinds::PlaceKind;
use entity::place;

use sea_orm::ActiveValue::Set;
use sea_orm::{EntityTrait, QueryFilter};
use serde_json::json;

use crate::access::permit::{Deed, may};
use crate::access::{Actor, audit};
use crate::app::App;
use crate::base::fault::{Code, Fault};
use crate::files::{FileKind, recognise};
use crate::place::queries;
use crate::store::Tx;
use crate::wechat::Error;
use crate::wechat::mini::CODE_SIGNS;

/// The page that reads a scene or a query: the mini-program's first.
const PAGE: &str = "pages/index/index";
/// Longest scene.
const MOST_SCENE: usize = 32;
/// Days that a link holds.
const LINK_DAYS: u8 = 30;

/// A picture.
#[derive(Clone, Debug)]
pub struct Picture {
    /// What it is.
    pub kind: FileKind,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// The place, if the actor may have codes made there. Homes have none: a code on the wall that names
/// one would tell who lives there.
async fn place_for_codes(app: &App, actor: &Actor, id: i64) -> Result<place::Model, Fault> {
    let none = || Fault::not_found("没有找到这个地点。");
    let place = queries::by_id(app.store.read(), id)
        .await?
        .filter(|place| place.closed_at.is_none() && may(actor, Deed::MakeCodes, &place.path))
        .ok_or_else(none)?;
    match place.kind {
        PlaceKind::Compound | PlaceKind::Zone | PlaceKind::Building | PlaceKind::Unit => Ok(place),
        _ => Err(Fault::invalid(
            "id",
            "只有小区、管区、楼栋和单元有小程序码。",
        )),
    }
}

/// The code's picture: asked of the platform once, then kept.
///
/// # Errors
/// `not_found` for whoever may not, `invalid` for a home, `outside` when the platform does not make it.
pub async fn code_picture(app: &App, actor: &Actor, id: i64) -> Result<Picture, Fault> {
    let place = place_for_codes(app, actor, id).await?;
    if app.settings.wechat.mini.app_id.is_empty() {
        return Err(Fault::new(Code::Outside, "还没有开通小程序。"));
    }
    let scene = scene_of(&place);
    let app_id = &app.settings.wechat.mini.app_id;
    let path = format!("codes/{app_id}/{}.img", place.id);
    match app.files.get(&path).await {
        Ok(bytes) => {
            if let Some(kind) = recognise(&bytes) {
                return Ok(Picture { kind, bytes });
            }
        }
        Err(fault) if fault.code == Code::NotFound => {}
        Err(fault) => return Err(fault),
    }
    let now = app.clock.now().timestamp();
    let made = app.mini.code_image(&scene, PAGE, now).await;
    let bytes = made.map_err(explain)?.bytes;
    let kind = recognise(&bytes)
        .filter(|kind| kind.family() == "image")
        .ok_or_else(|| explain(Error::Nonsense))?;
    if let Err(fault) = app.files.put(&path, kind, bytes.clone()).await {
        // The picture is here all the same; the next one asks again.
        tracing::warn!(?fault, "the picture of a code could not be kept");
    }
    Ok(Picture { kind, bytes })
}

/// An address that opens the mini-program at the place from a short message, a mail or WeCom.
///
/// # Errors
/// As [`code_picture`].
pub async fn link(app: &App, actor: &Actor, id: i64) -> Result<String, Fault> {
    let place = place_for_codes(app, actor, id).await?;
    if app.settings.wechat.mini.app_id.is_empty() {
        return Err(Fault::new(Code::Outside, "还没有开通小程序。"));
    }
    let now = app.clock.now().timestamp();
    let query = format!("place={}", place.id);
    let made = app.mini.url_link(PAGE, &query, LINK_DAYS, now).await;
    made.map_err(explain)
}

/// What the code says: the place's code where a scene can hold it, else its key.
fn scene_of(place: &place::Model) -> String {
    let sign = |c: char| c.is_ascii_alphanumeric() || CODE_SIGNS.contains(c);
    let fits = place.code.len() <= MOST_SCENE && place.code.chars().all(sign);
    if fits {
        place.code.clone()
    } else {
        format!("place={}", place.id)
    }
}

fn explain(error: Error) -> Fault {
    match &error {
        Error::Platform {
            code: 45009 | 45011 | 44990 | 44993,
            ..
        } => Fault::too_many(60).because(error),
        _ => Fault::plain(Code::Outside).because(error),
    }
}

/// Closes a building with all that lies in it: nothing new happens there, what has happened stays. The people of its
/// homes still see it, and pay what they owe. Its posts are the noun `person`'s, which the page ends in the same
/// transaction.
///
/// # Errors
/// `not_found` where the actor administers nothing, `wrong_step` for what is no building, `conflict` when it was closed
/// before.
pub async fn close(tx: &Tx, actor: &Actor, id: i64) -> Result<place::Model, Fault> {
    let found = queries::by_id(tx.db(), id).await?;
    let place = found
        .filter(|place| may(actor, Deed::Administer, &place.path))
        .ok_or_else(|| Fault::not_found("没有找到这个地点。"))?;
    if place.kind != PlaceKind::Building {
        return Err(Fault::wrong_step(format!(
            "{}不是楼栋，只有楼栋可以停用。",
            place.name
        )));
    }
    let closed = || place::ActiveModel {
        closed_at: Set(Some(tx.now())),
        updated_at: Set(tx.now()),
        ..Default::default()
    };
    let first = place::Entity::update_many()
        .set(closed())
        .filter(place::COLUMN.id.eq(id))
        .filter(place::COLUMN.closed_at.is_null())
        .exec(tx.db())
        .await?;
    if first.rows_affected == 0 {
        return Err(Fault::new(
            Code::Conflict,
            format!("{}已经停用了，不用再办。", place.name),
        ));
    }
    let below = place::Entity::update_many()
        .set(closed())
        .filter(queries::below(&place.path))
        .filter(place::COLUMN.closed_at.is_null())
        .exec(tx.db())
        .await?;
    let detail = json!({ "below": below.rows_affected });
    audit::record_at(tx, actor, "place.close", &place, detail);
    Ok(place)
}
