//! Faults as HTTP: RFC 9457 `application/problem+json`, made in one place. `trace.rs` calls it for
//! every error that leaves a handler, ours or the HTTP library's.

use poem::error::{ParseJsonError, ParsePathError, ParseQueryError, ResponseError};
use poem::http::{HeaderValue, StatusCode, header};
use poem::{Error, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::base::fault::{Code, Fault};
use crate::base::text::shorten;

/// What sends people to the chat.
const CHAT: &str = "回复“";
/// Characters of a field's name that are said again.
const FIELD_MOST: usize = 64;

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
    pub field: String,
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
    let detail = without_chat(&fault.detail).unwrap_or_else(|| fault.code.row().title.to_owned());
    let errors = fault.field.map(|field| FieldProblem {
        field: field.to_owned(),
        detail: detail.clone(),
    });
    write(fault, detail, errors, request_id)
}

fn write(
    fault: &Fault,
    detail: String,
    errors: Option<FieldProblem>,
    request_id: &str,
) -> Response {
    let row = fault.code.row();
    let problem = Problem {
        kind: format!("urn:linli:problem:{}", row.name),
        title: row.title,
        status: row.status,
        code: row.name,
        detail,
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

/// What a fault says without the sentences that tell what to write in the chat: whoever reads this is
/// elsewhere. None when nothing is left.
fn without_chat(detail: &str) -> Option<String> {
    let sentences = detail.split_inclusive(['。', '！', '？']);
    let kept: String = sentences.filter(|text| !text.contains(CHAT)).collect();
    if !kept.is_empty() {
        return Some(kept);
    }
    // One sentence: what stands before the advice in it.
    let (before, _) = detail.split_once(CHAT)?;
    let end = before.rfind(['，', '；'])?;
    before.get(..end).map(|said| format!("{said}。"))
}

/// Any error that left a handler, as an answer. The library's own words are logged, never sent.
#[must_use]
pub fn render(error: Error, request_id: &str) -> Response {
    let misread = misread(&error);
    match fault_of(error) {
        Ok(fault) => match misread {
            Some((why, field)) => {
                let detail = format!("请求内容看不懂：{why}");
                let errors = field.map(|field| FieldProblem { field, detail: why });
                write(&fault, detail, errors, request_id)
            }
            None => respond(&fault, request_id),
        },
        Err(answer) => *answer,
    }
}

/// Why a body or a query could not be read, for the client's programmer, and the field at fault if the library
/// names one.
fn misread(error: &Error) -> Option<(String, Option<String>)> {
    let json = error.downcast_ref::<ParseJsonError>();
    let (text, at) = if let Some(ParseJsonError::Parse(why)) = json {
        let at = format!("第{}行第{}列", why.line(), why.column());
        if !why.is_data() {
            return Some((format!("{at}起不是完整的 JSON。"), None));
        }
        (why.to_string(), Some(at))
    } else {
        let ParseQueryError(why) = error.downcast_ref::<ParseQueryError>()?;
        (why.to_string(), None)
    };
    let named = |words: &str| {
        let (_, rest) = text.split_once(words)?;
        let (name, _) = rest.split_once('`')?;
        Some(shorten(name, FIELD_MOST))
    };
    for (words, before, after) in [
        ("missing field `", "缺少 ", "。"),
        ("unknown field `", "没有 ", " 这一项。"),
        ("duplicate field `", "", " 写了两次。"),
    ] {
        if let Some(field) = named(words) {
            return Some((format!("{before}{field}{after}"), Some(field)));
        }
    }
    at.map(|at| (format!("{at}的值不是这里要的类型。"), None))
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

#[cfg(test)]
mod tests {
    use super::without_chat;

    #[test]
    fn what_the_chat_is_for_is_left_out() {
        for (said, kept) in [
            (
                "没有找到诉求 #7。回复“进度”看您的诉求。",
                Some("没有找到诉求 #7。"),
            ),
            (
                "活动 #3 刚刚有变化，请回复“活动 3”再看。",
                Some("活动 #3 刚刚有变化。"),
            ),
            ("评分必须是 1 到 5。", Some("评分必须是 1 到 5。")),
            ("没有句号", Some("没有句号")),
            ("回复“菜单”看能做什么。", None),
        ] {
            assert_eq!(without_chat(said).as_deref(), kept, "{said}");
        }
    }
}
