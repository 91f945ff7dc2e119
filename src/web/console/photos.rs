//! `/console/cases/:id/photos`: photos of a case from the console, before the work by whoever filed it,
//! before and after it by staff. Each is made clean like any other; none is kept when one of them cannot be.

use entity::kinds::PhotoStage;
use poem::web::Path;
use poem::{Response, handler};
use sea_orm::{ActiveEnum, ConnectionTrait};

use crate::attachment::actions as attachments;
use crate::base::fault::Fault;
use crate::base::key::key_in;
use crate::case::actions;
use crate::case::evidence;
use crate::case::queries::{self, Found, no_such};
use crate::case::step::By;
use crate::web::console::act::{again, as_seen, seen, stale};
use crate::web::console::files::keep_picture;
use crate::web::console::form::{Form, Typed};
use crate::web::console::guard::Desk;
use crate::web::console::upload::Uploads;
use crate::web::pages::go;

/// The field.
pub(super) const FIELD: &str = "photos";
/// Photos sent at once.
const MOST: usize = 9;
/// Forms with photos of one person in a minute.
const PER_MINUTE: u32 = 10;

/// The form on the case's page.
pub(super) struct PhotoForm {
    /// Of which side of the work they are, for whoever can say: as it is sent and in words, the likelier first.
    pub(super) sides: Vec<(String, &'static str)>,
    pub(super) most: usize,
    pub(super) error: Option<String>,
}

/// The form, for whoever may add photos as things stand.
///
/// # Errors
/// The database's.
pub(super) async fn form<C: ConnectionTrait>(
    db: &C,
    desk: &Desk,
    found: &Found,
    tried: Option<&(String, Typed)>,
) -> Result<Option<PhotoForm>, Fault> {
    let typed = tried
        .filter(|(key, _)| key == FIELD)
        .map(|(_, typed)| typed);
    let actor = desk.actor();
    let by = actions::may_add(actor, found).ok();
    if by.is_none() && typed.is_none() {
        return Ok(None);
    }
    let sides = match by {
        Some(By::Resident) => Vec::new(),
        _ => {
            let first = evidence::side_of_work(db, &found.case, actor).await?;
            sides(first)
        }
    };
    Ok(Some(PhotoForm {
        sides,
        most: MOST,
        error: typed
            .and_then(|typed| typed.error(FIELD))
            .map(str::to_owned),
    }))
}

/// Both sides of the work, the likelier first.
fn sides(first: PhotoStage) -> Vec<(String, &'static str)> {
    let other = match first {
        PhotoStage::Before => PhotoStage::After,
        PhotoStage::After => PhotoStage::Before,
    };
    let both = [first, other].into_iter();
    both.map(|stage| (stage.to_value(), evidence::stage_says(stage)))
        .collect()
}

/// `POST /console/cases/:id/photos`
///
/// # Errors
/// `not_found` for a case that the actor may not see.
#[handler]
pub async fn take(
    desk: &Desk,
    Path(id): Path<String>,
    form: Form,
    uploads: Uploads,
) -> Result<Response, Fault> {
    let id = key_in(&id, no_such)?;
    match add(desk, id, &form, &uploads).await {
        Ok(()) => Ok(go(&format!("/console/cases/{id}?said=photos"))),
        Err(fault) => again(desk, id, FIELD.to_owned(), false, &form, fault).await,
    }
}

async fn add(desk: &Desk, id: i64, form: &Form, uploads: &Uploads) -> Result<(), Fault> {
    let app = &desk.app;
    let found = queries::visible(app.store.read(), desk.actor(), id).await?;
    if seen(&found.case) != form.text("seen") {
        return Err(stale(id));
    }
    let files: Vec<&[u8]> = uploads
        .of(FIELD)
        .map(|upload| upload.bytes.as_slice())
        .collect();
    if files.is_empty() {
        return Err(Fault::invalid(FIELD, "请先选照片。"));
    }
    if files.len() > MOST {
        let words = format!("一次最多上传{MOST}张，请分几次。");
        return Err(Fault::invalid(FIELD, words));
    }
    let stage = match form.text("stage") {
        "" => None,
        named => Some(
            PhotoStage::try_from_value(&named.to_owned())
                .map_err(|_| Fault::invalid(FIELD, "请选拍的是处理前还是处理后。"))?,
        ),
    };
    let person = desk.actor().require_person()?;
    if !app
        .limiter
        .take(&format!("console:photos:{person}"), PER_MINUTE)
        .await
    {
        return Err(Fault::too_many(30));
    }
    let mut kept = Vec::new();
    for (file, at) in files.iter().zip(1..) {
        let said = keep_picture(desk, FIELD, file).await;
        kept.push(said.map_err(|fault| numbered(fault, at, files.len()))?);
    }
    let actor = desk.actor();
    let mut tx = app.store.begin(app.clock.now()).await?;
    as_seen(&tx, actor, id, form.text("seen")).await?;
    let mut ids = Vec::new();
    for (key, change) in kept {
        ids.push(attachments::settle(&tx, key, change).await?.id);
    }
    actions::add_photos(&mut tx, actor, id, &ids, stage).await?;
    tx.commit().await
}

/// Which of several files it is that something is wrong with.
fn numbered(fault: Fault, at: usize, of: usize) -> Fault {
    if of == 1 || fault.field != Some(FIELD) {
        return fault;
    }
    Fault::invalid(FIELD, format!("第{at}张：{}", fault.detail))
}
