//! Files that come with forms of the console: kept before the transaction that gives them to something, and shown
//! again. They belong to the person who is signed in, who needs no chat account for it.

use entity::attachment;
use poem::Response;
use poem::http::{HeaderValue, header};

use crate::app::App;
use crate::attachment::link::Variant;
use crate::attachment::{Sender, actions, queries};
use crate::base::fault::{Code, Fault};
use crate::files::DOCUMENTS;
use crate::store::Tx;
use crate::web::attachments::serve;
use crate::web::console::guard::Desk;

/// What the link to a slip says, to a picture and to a document.
const SLIP: (&str, &str) = ("看凭证", "打开回单（PDF）");

/// A file in our storage that belongs to nothing yet: its row, and what the row is to say.
pub(super) type Kept = (i64, attachment::ActiveModel);

/// Keeps a picture of a form's field.
///
/// # Errors
/// `invalid` beside the field for what is not kept; `outside` when the storage does not answer.
pub(super) async fn keep_picture(
    desk: &Desk,
    field: &'static str,
    file: &[u8],
) -> Result<Kept, Fault> {
    let from = Sender::Person(desk.actor().require_person()?);
    let kept = actions::upload(&desk.app, from, file.to_vec()).await;
    kept.map_err(|fault| beside(field, fault))
}

/// The same where a document (PDF) may come instead of a picture.
///
/// # Errors
/// As [`keep_picture`].
pub(super) async fn keep_paper(
    desk: &Desk,
    field: &'static str,
    file: &[u8],
) -> Result<Kept, Fault> {
    let from = Sender::Person(desk.actor().require_person()?);
    let kept = actions::upload_with_documents(&desk.app, from, file.to_vec()).await;
    kept.map_err(|fault| beside(field, fault))
}

/// Says that a kept file is there, in the transaction that gives it to something: its key, if one came.
///
/// # Errors
/// The database's.
pub(super) async fn settle(tx: &Tx, kept: Option<Kept>) -> Result<Option<i64>, Fault> {
    match kept {
        Some((id, change)) => Ok(Some(actions::settle(tx, id, change).await?.id)),
        None => Ok(None),
    }
}

/// What is wrong with a file stands beside its field.
fn beside(field: &'static str, fault: Fault) -> Fault {
    match fault.code {
        Code::Invalid | Code::TooLarge | Code::Unsupported => Fault::invalid(field, fault.detail),
        _ => fault,
    }
}

/// A file as an answer of the console: no browser keeps it for whoever sits there next.
///
/// # Errors
/// `not_found` for what is not kept; `outside` when the storage does not answer.
pub(super) async fn show_file(app: &App, row: &attachment::Model) -> Result<Response, Fault> {
    let mut response = serve(app, row, Variant::Full).await?;
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// What the link to a file says: a document is opened by a reader of its own, so it is called one.
pub(super) fn link_says(
    file: Option<&attachment::Model>,
    (picture, document): (&'static str, &'static str),
) -> &'static str {
    match file {
        Some(file) if file.kind == DOCUMENTS => document,
        _ => picture,
    }
}

/// What the link to the slip of somebody's money says; none where there is none.
///
/// # Errors
/// The database's.
pub(super) async fn slip_says(
    desk: &Desk,
    proof_id: Option<i64>,
) -> Result<Option<&'static str>, Fault> {
    let Some(id) = proof_id else {
        return Ok(None);
    };
    let file = queries::by_id(desk.app.store.read(), id).await?;
    Ok(Some(link_says(file.as_ref(), SLIP)))
}
