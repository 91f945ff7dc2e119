//! Photos, voices, films and documents over HTTP: `/api/v1/attachments` takes one and gives it to whoever may see
//! what it belongs to, `/files/…` gives it to whoever holds a link of this hour. What goes out can do
//! nothing in a browser. Called by `router.rs`.

use entity::attachment;
use entity::kinds::AttachmentState;
use poem::http::{StatusCode, header};
use poem::web::{Data, Multipart, Path};
use poem::{FromRequest, Request, RequestBody, Response, handler};
use sea_orm::ActiveEnum;
use serde::Serialize;
use utoipa::ToSchema;

use crate::access::once::{Answer, Once};
use crate::access::session::Caller;
use crate::activity::queries as activities;
use crate::app::App;
use crate::attachment::link::{self, Variant};
use crate::attachment::{Sender, actions, is_of, queries};
use crate::base::clock::china;
use crate::base::fault::{Code, Fault};
use crate::case::queries as cases;
use crate::files::{Clean, DOCUMENTS, FileKind};
use crate::offer::queries::{self as offers, Side as OfferSide};
use crate::web::problem::Problem;
use crate::wish::queries::{self as wishes, Side};

/// Uploads of one account in a minute.
const PER_MINUTE: u32 = 30;
/// Nothing that is served may load, run or be framed.
const POLICY: &str = "default-src 'none'; sandbox; frame-ancestors 'none'";
/// The same for documents: the browser's own viewer opens nothing that is in a sandbox, and shows what it
/// opens as an object with styles of its own.
const DOCUMENT_POLICY: &str = "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; \
    frame-ancestors 'none'";

/// What is shown in place of a picture that cannot be read now.
const AWAY: &str = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"240\" height=\"240\" viewBox=\"0 0 240 240\">\
    <rect width=\"240\" height=\"240\" fill=\"#eeeeee\"/><text x=\"120\" y=\"112\" font-size=\"20\" \
    text-anchor=\"middle\" fill=\"#333333\">照片暂时打不开</text><text x=\"120\" y=\"144\" font-size=\"20\" \
    text-anchor=\"middle\" fill=\"#333333\">请过一会儿再看</text></svg>";

/// An attachment that was taken.
#[derive(Debug, Serialize, ToSchema)]
pub struct AttachmentView {
    /// Name it when filing or finishing, within a day.
    pub id: String,
    /// image, voice, video or document.
    pub kind: String,
    /// pending, stored.
    pub state: String,
    /// As it is kept.
    pub content_type: Option<String>,
    /// Bytes.
    pub size: Option<String>,
    /// Of a picture, pixels.
    pub width: Option<i32>,
    /// Of a picture, pixels.
    pub height: Option<i32>,
    /// Holds for an hour.
    pub url: Option<String>,
    /// The small picture; holds for an hour.
    pub thumbnail_url: Option<String>,
    /// When it was sent.
    pub created_at: String,
}

impl AttachmentView {
    fn of(app: &App, row: &attachment::Model) -> Self {
        Self {
            id: row.id.to_string(),
            kind: row.kind.clone(),
            state: row.state.to_value(),
            content_type: row.content_type.clone(),
            size: row.size.map(|size| size.to_string()),
            width: row.width,
            height: row.height,
            url: link::url(app, row, Variant::Full),
            thumbnail_url: link::url(app, row, Variant::Small),
            created_at: china(row.created_at).to_rfc3339(),
        }
    }
}

/// The bytes of an upload: the whole body, or the first file of a form.
pub struct Upload(Vec<u8>);

impl<'a> FromRequest<'a> for Upload {
    async fn from_request(request: &'a Request, body: &mut RequestBody) -> poem::Result<Self> {
        let unread = |error: poem::Error| -> Fault {
            Fault::new(Code::Malformed, "上传的内容看不懂，请重新上传。").because(error.to_string())
        };
        let kind = request.content_type().unwrap_or_default();
        if !kind.starts_with("multipart/form-data") {
            let bytes = body.take()?.into_bytes().await;
            return Ok(Self(bytes.map_err(|error| unread(error.into()))?.to_vec()));
        }
        let form = Multipart::from_request(request, body).await;
        let mut form = form.map_err(unread)?;
        while let Some(field) = form
            .next_field()
            .await
            .map_err(|error| unread(error.into()))?
        {
            let is_file = field.file_name().is_some() || field.name() == Some("file");
            if is_file {
                let bytes = field.bytes().await;
                return Ok(Self(bytes.map_err(|error| unread(error.into()))?));
            }
        }
        Err(Fault::invalid("file", "没有收到文件，请选一个文件再上传。").into())
    }
}

/// Take a photo (JPEG, PNG, GIF, WebP), voice (AMR, MP3), film (MP4) or, for notices alone, a document (PDF):
/// the file as the body, or as a field of a form. What it is follows from its bytes; its name counts for nothing.
#[utoipa::path(
    post, path = "/api/v1/attachments", tag = "attachments", security(("bearer" = [])),
    request_body(content_type = "application/octet-stream"),
    responses(
        (status = 201, body = AttachmentView),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
        (status = 503, body = Problem, content_type = "application/problem+json")
    )
)]
#[handler]
pub async fn upload(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Upload(bytes): Upload,
) -> Result<Answer, Fault> {
    let key = format!("upload:account:{}", caller.account.id);
    if !app.limiter.take(&key, PER_MINUTE).await {
        return Err(Fault::too_many(30));
    }
    if let Some(answer) = once.earlier(app.store.read()).await? {
        return Ok(answer);
    }
    if bytes.is_empty() {
        return Err(Fault::invalid("file", "文件是空的，请重新选一个再上传。"));
    }
    let from = Sender::Account(caller.account.id);
    let (id, change) = actions::upload_with_documents(&app, from, bytes).await?;
    let tx = app.store.begin(app.clock.now()).await?;
    if let Some(answer) = once.enter(&tx).await? {
        // A twin was first; this one belongs to nothing and is removed with its like.
        return Ok(answer);
    }
    let row = actions::settle(&tx, id, change).await?;
    let answer = once
        .leave(&tx, 201, &AttachmentView::of(&app, &row))
        .await?;
    tx.commit().await?;
    Ok(answer)
}

/// An attachment of something that I may see.
#[utoipa::path(
    get, path = "/api/v1/attachments/{id}", tag = "attachments", security(("bearer" = [])),
    params(("id" = String, Path)),
    responses(
        (status = 200, content_type = "image/jpeg", body = Vec<u8>),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
        (status = 503, body = Problem, content_type = "application/problem+json")
    )
)]
#[handler]
pub async fn show(
    app: Data<&App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Fault> {
    let row = visible(&app, &caller, &id).await?;
    serve(&app, &row, Variant::Full).await
}

/// The small picture of it.
#[utoipa::path(
    get, path = "/api/v1/attachments/{id}/thumbnail", tag = "attachments",
    security(("bearer" = [])), params(("id" = String, Path)),
    responses(
        (status = 200, content_type = "image/jpeg", body = Vec<u8>),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
        (status = 503, body = Problem, content_type = "application/problem+json")
    )
)]
#[handler]
pub async fn show_small(
    app: Data<&App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Fault> {
    let row = visible(&app, &caller, &id).await?;
    serve(&app, &row, Variant::Small).await
}

/// `GET /files/{id}/{variant}/{until}/{sign}`: by a link of this hour.
#[handler]
pub async fn show_linked(
    app: Data<&App>,
    Path((id, variant, until, signed)): Path<(String, String, String, String)>,
) -> Result<Response, Fault> {
    let id: i64 = id.parse().map_err(|_| gone())?;
    let until: i64 = until.parse().map_err(|_| gone())?;
    let variant = Variant::read(&variant).ok_or_else(gone)?;
    if !link::holds(&app, id, variant, until, &signed, app.clock.now()) {
        return Err(gone());
    }
    let row = queries::by_id(app.store.read(), id).await?;
    let row = row.ok_or_else(gone)?;
    match serve(&app, &row, variant).await {
        Err(fault) if fault.code == Code::Outside && row.kind == "image" => {
            tracing::warn!(attachment = row.id, ?fault, "a picture could not be read");
            Ok(away())
        }
        served => served,
    }
}

/// In place of a picture while the storage does not answer: a page with pictures shows no broken one, and says
/// that they come back. Nobody keeps it.
fn away() -> Response {
    Response::builder()
        .status(StatusCode::SERVICE_UNAVAILABLE)
        .header(header::CONTENT_TYPE, "image/svg+xml")
        .header(header::CACHE_CONTROL, "no-store")
        .header(header::CONTENT_SECURITY_POLICY, POLICY)
        .header(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
        .body(AWAY)
}

/// The same for what is not there, not ready, and not theirs.
fn gone() -> Fault {
    Fault::not_found("没有找到这个附件，链接可能已过期，请重新打开。")
}

async fn visible(app: &App, caller: &Caller, id: &str) -> Result<attachment::Model, Fault> {
    let id: i64 = id.parse().map_err(|_| gone())?;
    let row = queries::by_id(app.store.read(), id)
        .await?
        .ok_or_else(gone)?;
    let Some(subject) = &row.subject else {
        return Some(row)
            .filter(|row| is_of(row, &caller.actor))
            .ok_or_else(gone);
    };
    let (kind, id) = subject.split_once(':').ok_or_else(gone)?;
    let id: i64 = id.parse().map_err(|_| gone())?;
    let (db, actor) = (app.store.read(), &caller.actor);
    let may = match kind {
        "case" => cases::visible(db, actor, id).await.map(|_| true),
        "wish" => wishes::found(db, actor, id)
            .await
            .map(|found| found.side != Side::Neighbour),
        "offer" => offers::found(db, actor, id)
            .await
            .map(|found| found.side != OfferSide::Neighbour),
        // Whoever knows of it sees its photos.
        "activity" => activities::found(db, actor, id).await.map(|_| true),
        _ => Ok(false),
    };
    match may {
        Ok(true) => Ok(row),
        Ok(false) => Err(gone()),
        Err(fault) if fault.code == Code::NotFound => Err(gone()),
        Err(fault) => Err(fault),
    }
}

/// The file of an attachment, for whoever may see it: with what it is, called by a name of ours, and with a policy
/// under which it can do nothing.
///
/// # Errors
/// `not_found` for what is not kept; `outside` when the storage does not answer.
pub(super) async fn serve(
    app: &App,
    row: &attachment::Model,
    variant: Variant,
) -> Result<Response, Fault> {
    let is_image = row.kind == "image";
    if row.state != AttachmentState::Stored || (variant == Variant::Small && !is_image) {
        return Err(gone());
    }
    let path = row.path.as_deref().ok_or_else(gone)?;
    let (content_type, bytes) = match (&row.small_path, variant) {
        // Kept before pictures were made clean: now they are.
        (None, _) if is_image => {
            let bytes = app.files.get(path).await?;
            match app.files.clean(Some("image"), bytes).await {
                Ok(Clean::Picture(picture)) if variant == Variant::Small => {
                    (FileKind::Jpeg.content_type().to_owned(), picture.small)
                }
                Ok(Clean::Picture(picture)) => {
                    (FileKind::Jpeg.content_type().to_owned(), picture.full)
                }
                _ => return Err(gone()),
            }
        }
        (small, variant) => {
            let path = match (small, variant) {
                (Some(small), Variant::Small) => small.as_str(),
                _ => path,
            };
            let kind = row.content_type.clone().ok_or_else(gone)?;
            (kind, app.files.get(path).await?)
        }
    };
    let is_document = row.kind == DOCUMENTS;
    let shown = if is_image || is_document {
        "inline"
    } else {
        "attachment"
    };
    let policy = if is_document { DOCUMENT_POLICY } else { POLICY };
    Ok(Response::builder()
        .header(header::CONTENT_TYPE, content_type)
        .header(
            header::CONTENT_DISPOSITION,
            format!("{shown}; filename=\"{}\"", link::file_name(row)),
        )
        .header(header::CACHE_CONTROL, "private, max-age=3600")
        .header(header::CONTENT_SECURITY_POLICY, policy)
        .header(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
        .header("Cross-Origin-Resource-Policy", "same-site")
        .body(bytes))
}
