//! Faults as HTTP: RFC 9457 `application/problem+json`, made in one place. `trace.rs` calls it for
//! every error that leaves a handler, ours or the HTTP library's.

use poem::error::{ParsePathError, ResponseError};
use poem::http::{HeaderValue, StatusCode, header};
use poem::{Error, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::base::fault::{Code, Fault};

/// What a client reads when something did not work.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "type": "urn:linli:problem:invalid", "title": "内容不正确,请修改后再试。", "status": 422,
    "code": "invalid", "detail": "评分必须是 1 到 5。", "request_id": "0192f0c1d2e3",
    "errors": [{"field": "score", "detail": "评分必须是 1 到 5。"}]
}))]
pub struct Problem {
    /// `urn:linli:problem:` and the code.
    #[serde(rename = "type")]
    pub kind: String,
    /// What this code means in general.
    pub title: &'static str,
    /// The HTTP status again.
    pub status: u16,
    /// Stable: match on this.
    pub code: &'static str,
    /// What happened this time; may be shown to a person.
    pub detail: String,
    /// Quote it when asking for help.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub request_id: String,
    /// Which fields, for `invalid`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldProblem>,
}

/// One field that cannot be.
#[derive(Debug, Serialize, ToSchema)]
pub struct FieldProblem {
    /// Its name in the request.
    pub field: &'static str,
    /// What to change.
    pub detail: String,
}

impl ResponseError for Fault {
    fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.code.row().status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn as_response(&self) -> Response {
        respond(self, "")
    }
}

/// The answer to a fault.
#[must_use]
pub fn respond(fault: &Fault, request_id: &str) -> Response {
    let row = fault.code.row();
    let errors = fault.field.map(|field| FieldProblem {
        field,
        detail: fault.detail.to_string(),
    });
    let problem = Problem {
        kind: format!("urn:linli:problem:{}", row.name),
        title: row.title,
        status: row.status,
        code: row.name,
        detail: fault.detail.to_string(),
        request_id: request_id.to_owned(),
        errors: errors.into_iter().collect(),
    };
    let mut response = Response::builder()
        .status(fault.status())
        .header(header::CONTENT_TYPE, "application/problem+json")
        .body(serde_json::to_string(&problem).unwrap_or_default());
    let headers = response.headers_mut();
    if let Some(seconds) = fault.retry_after {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    if fault.code == Code::Unauthenticated {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}

/// Any error that left a handler, as an answer. The library's own words are logged, never sent.
#[must_use]
pub fn render(error: Error, request_id: &str) -> Response {
    match fault_of(error) {
        Ok(fault) => respond(&fault, request_id),
        Err(answer) => *answer,
    }
}

/// Any error that left a handler, as a fault that has been logged, or the answer that it is already.
///
/// # Errors
/// None: the other arm is an answer.
pub fn fault_of(error: Error) -> Result<Fault, Box<Response>> {
    if error.is_from_response() {
        return Err(Box::new(error.into_response()));
    }
    let fault = match error.downcast::<Fault>() {
        Ok(fault) => fault,
        Err(error) => Fault::plain(code_of(&error)).because(error.to_string()),
    };
    note(&fault);
    Ok(fault)
}

/// The library's errors in our words.
fn code_of(error: &Error) -> Code {
    if error.is::<ParsePathError>() {
        return Code::NotFound;
    }
    match error.status().as_u16() {
        401 => Code::Unauthenticated,
        403 => Code::Forbidden,
        404 => Code::NotFound,
        405 => Code::MethodNotAllowed,
        409 => Code::Conflict,
        413 => Code::TooLarge,
        415 => Code::Unsupported,
        422 => Code::Invalid,
        429 => Code::TooMany,
        400..=499 => Code::Malformed,
        503 => Code::Busy,
        _ => Code::Internal,
    }
}

/// One log line: what is ours loudly, what is the client's quietly.
fn note(fault: &Fault) {
    let code = fault.code.row().name;
    metrics::counter!("linli_faults_total", "code" => code).increment(1);
    match fault.code {
        Code::Internal => tracing::error!(code, cause = ?fault, "a request failed by our fault"),
        Code::Busy | Code::Outside => {
            tracing::warn!(code, cause = ?fault, "a request could not be served now");
        }
        _ => tracing::debug!(code, cause = ?fault, "a request was refused"),
    }
}
