//! The one HTTP client for the platform's APIs (protocols.md §2): time limits, no redirects, raw
//! UTF-8 JSON, and no address in any error, because addresses carry tokens and secrets.

use super::Error;
use reqwest::{RequestBuilder, Response, header::CONTENT_TYPE, redirect::Policy};
use serde_json::Value;
use std::time::Duration;

/// Most bytes of a JSON answer.
const MAX_JSON: usize = 1024 * 1024;

/// Speaks HTTP to the platform; cheap to clone, the connections are shared.
#[derive(Debug, Clone)]
pub struct Http(reqwest::Client);

/// A file as the platform handed it out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Media {
    /// As the platform calls it, possibly empty.
    pub content_type: String,
    /// The bytes.
    pub bytes: Vec<u8>,
}

impl Http {
    /// 3 s to connect, 5 s in all. The system's proxy settings are not used: the platform admits
    /// callers by their address. Fails when TLS cannot be set up.
    pub fn new() -> Result<Self, Error> {
        Self::with_limits(Duration::from_secs(3), Duration::from_secs(5))
    }

    /// As [`Http::new`], with other limits for connecting and for the whole call.
    pub fn with_limits(connect: Duration, total: Duration) -> Result<Self, Error> {
        reqwest::Client::builder()
            .connect_timeout(connect)
            .timeout(total)
            .redirect(Policy::none())
            .no_proxy()
            .build()
            .map(Self)
            .map_err(|_| Error::Network { timeout: false })
    }

    /// A request that somebody of this floor signs, sends and judges differently (WeChat Pay).
    pub(super) fn request(&self, method: reqwest::Method, url: &str) -> RequestBuilder {
        self.0.request(method, url)
    }

    /// POSTs JSON and returns the answer once its `errcode` is absent or 0.
    pub async fn post(
        &self,
        url: &str,
        query: &[(&str, &str)],
        body: &Value,
    ) -> Result<Value, Error> {
        // serde_json leaves everything above U+001F as it is: `\uXXXX` escapes were refused.
        let request = self
            .0
            .post(url)
            .query(query)
            .header(CONTENT_TYPE, "application/json; charset=utf-8")
            .body(body.to_string());
        let (_, bytes) = send(request, MAX_JSON).await?;
        judge(&bytes)
    }

    /// GETs JSON and returns the answer once its `errcode` is absent or 0.
    pub async fn get(&self, url: &str, query: &[(&str, &str)]) -> Result<Value, Error> {
        let (_, bytes) = send(self.0.get(url).query(query), MAX_JSON).await?;
        judge(&bytes)
    }

    /// GETs bytes of at most `max_bytes` whatever they look like; more are [`Error::Nonsense`].
    pub async fn get_bytes(&self, url: &str, max_bytes: usize) -> Result<Vec<u8>, Error> {
        let (_, bytes) = send(self.0.get(url), max_bytes).await?;
        Ok(bytes)
    }

    /// GETs a short text; more than `max_bytes`, or no UTF-8, is [`Error::Nonsense`].
    pub async fn get_text(
        &self,
        url: &str,
        query: &[(&str, &str)],
        max_bytes: usize,
    ) -> Result<String, Error> {
        let (_, bytes) = send(self.0.get(url).query(query), max_bytes).await?;
        String::from_utf8(bytes).map_err(|_| Error::Nonsense)
    }

    /// GETs a file of at most `max_bytes`; a larger one is [`Error::Nonsense`]. Errors come as JSON
    /// with status 200, so whatever looks like JSON is never a file.
    pub async fn get_file(
        &self,
        url: &str,
        query: &[(&str, &str)],
        max_bytes: usize,
    ) -> Result<Media, Error> {
        fetched(send(self.0.get(url).query(query), max_bytes).await?)
    }

    /// POSTs JSON and gets a file of at most `max_bytes` back, judged as by [`Http::get_file`].
    pub async fn post_file(
        &self,
        url: &str,
        query: &[(&str, &str)],
        body: &Value,
        max_bytes: usize,
    ) -> Result<Media, Error> {
        let request = self
            .0
            .post(url)
            .query(query)
            .header(CONTENT_TYPE, "application/json; charset=utf-8")
            .body(body.to_string());
        fetched(send(request, max_bytes).await?)
    }
}

/// What is no JSON is the file.
fn fetched((content_type, bytes): (String, Vec<u8>)) -> Result<Media, Error> {
    let json = content_type.contains("json")
        || content_type.starts_with("text/")
        || bytes.first() == Some(&b'{');
    if json {
        return Err(judge(&bytes).err().unwrap_or(Error::Nonsense));
    }
    Ok(Media {
        content_type,
        bytes,
    })
}

/// Sends and reads at most `max` bytes.
async fn send(request: RequestBuilder, max: usize) -> Result<(String, Vec<u8>), Error> {
    let mut response = request.send().await.map_err(|error| network(&error))?;
    if !response.status().is_success() {
        tracing::debug!(
            status = response.status().as_u16(),
            "the platform's gateway failed"
        );
        return Err(Error::Network { timeout: false });
    }
    let content_type = content_type(&response);
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| network(&error))? {
        if bytes.len() + chunk.len() > max {
            return Err(Error::Nonsense);
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok((content_type, bytes))
}

fn content_type(response: &Response) -> String {
    let value = response
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    value.unwrap_or_default().to_ascii_lowercase()
}

/// Keeps of the library's error only how far it came: its text holds the address.
fn network(error: &reqwest::Error) -> Error {
    if error.is_connect() {
        return Error::Unreached;
    }
    Error::Network {
        timeout: error.is_timeout(),
    }
}

/// Tells success from a business error: `errcode` may be missing, a number or a text.
fn judge(bytes: &[u8]) -> Result<Value, Error> {
    let answer: Value = serde_json::from_slice(bytes).map_err(|_| Error::Nonsense)?;
    if !answer.is_object() {
        return Err(Error::Nonsense);
    }
    let code = match answer.get("errcode") {
        None | Some(Value::Null) => 0,
        Some(Value::Number(number)) => number.as_i64().ok_or(Error::Nonsense)?,
        Some(Value::String(text)) => text.trim().parse().map_err(|_| Error::Nonsense)?,
        Some(_) => return Err(Error::Nonsense),
    };
    if code == 0 {
        return Ok(answer);
    }
    let message = answer
        .get("errmsg")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let (message, rid) = match message.split_once("rid:") {
        Some((head, rid)) => (head.trim(), Some(rid.trim().to_owned())),
        None => (message.trim(), None),
    };
    Err(Error::Platform {
        code,
        message: message.to_owned(),
        rid,
    })
}

/// A text or a number as text: ids come as either.
pub(super) fn scalar(answer: &Value, name: &str) -> Option<String> {
    match answer.get(name)? {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Percent-encodes a value of a query.
#[must_use]
pub fn percent(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 3);
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn success_is_a_missing_or_zero_errcode() {
        for good in [
            r#"{"a":1}"#,
            r#"{"errcode":0}"#,
            r#"{"errcode":"0","errmsg":"ok"}"#,
        ] {
            assert!(judge(good.as_bytes()).is_ok(), "{good}");
        }
    }

    #[test]
    fn errors_keep_code_and_request_id() {
        let wanted = Error::Platform {
            code: 40001,
            message: "invalid credential".to_owned(),
            rid: Some("64d-1".to_owned()),
        };
        for code in ["40001", "\"40001\""] {
            let body = format!(r#"{{"errcode":{code},"errmsg":"invalid credential rid: 64d-1"}}"#);
            assert_eq!(judge(body.as_bytes()), Err(wanted.clone()));
        }
        let bare = Error::Platform {
            code: -1,
            message: String::new(),
            rid: None,
        };
        assert_eq!(judge(br#"{"errcode":-1}"#), Err(bare));
    }

    #[test]
    fn all_else_is_nonsense() {
        for body in [
            "",
            "success",
            "[]",
            "1",
            "<html>",
            r#"{"errcode":1.5}"#,
            r#"{"errcode":"x"}"#,
            r#"{"errcode":[]}"#,
        ] {
            assert_eq!(judge(body.as_bytes()), Err(Error::Nonsense), "{body}");
        }
    }

    #[test]
    fn ids_come_as_text_or_number() {
        let answer = json!({ "a": "x", "b": 9_007_199_254_740_993_u64, "c": "", "d": [] });
        assert_eq!(scalar(&answer, "a").as_deref(), Some("x"));
        assert_eq!(scalar(&answer, "b").as_deref(), Some("9007199254740993"));
        assert_eq!(
            [
                scalar(&answer, "c"),
                scalar(&answer, "d"),
                scalar(&answer, "e")
            ],
            [None, None, None]
        );
    }
}
