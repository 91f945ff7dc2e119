//! One signed call to WeChat Pay, and what came back: bytes that the platform has signed. Part of
//! [`super::client`].

use aws_lc_rs::rand;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, USER_AGENT};
use reqwest::{Method, RequestBuilder, Response, StatusCode, Url};
use serde::Deserialize;

use super::PayError;
use super::merchant::Merchant;
use super::sign;
use crate::wechat::crypto::hex;
use crate::wechat::http::Http;

/// Most bytes of an answer.
const MAX_ANSWER: usize = 1024 * 1024;
/// The platform wants to know who calls.
const NAME: &str = concat!("linli/", env!("CARGO_PKG_VERSION"));

/// Where the platform is.
#[derive(Debug)]
pub(super) struct Base {
    /// Scheme, host and port: `https://api.mch.weixin.qq.com`.
    pub(super) origin: String,
    /// What stands before `/v3`: nothing on the real platform.
    pub(super) path: String,
}

impl Base {
    pub(super) fn read(api_base: &str) -> Result<Self, PayError> {
        let bad = |_| PayError::Malformed("api_base");
        let url = Url::parse(api_base).map_err(bad)?;
        Ok(Self {
            origin: url.origin().ascii_serialization(),
            path: url.path().trim_end_matches('/').to_owned(),
        })
    }
}

/// One call.
#[derive(Debug, Clone)]
pub(super) struct Call {
    pub(super) method: Method,
    /// Path and query as they go over the wire.
    pub(super) target: String,
    /// Exactly what is sent; empty for none.
    pub(super) body: String,
}

/// What came back, not yet believed.
#[derive(Debug)]
pub(super) struct Raw {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

#[derive(Debug, Deserialize)]
struct WireError {
    code: String,
    #[serde(default)]
    message: String,
}

impl Raw {
    /// The platform's number of the call.
    pub(super) fn request_id(&self) -> Option<String> {
        request_id(&self.headers)
    }

    /// Success, or the refusal that it is. Only for answers whose signature holds.
    pub(super) fn judge(self) -> Result<Vec<u8>, PayError> {
        if self.status.is_success() {
            return Ok(self.body);
        }
        let error: WireError =
            serde_json::from_slice(&self.body).map_err(|_| PayError::Nonsense)?;
        let request_id = self.request_id();
        tracing::info!(
            code = error.code,
            message = error.message,
            status = self.status.as_u16(),
            request_id,
            "WeChat Pay refused a call"
        );
        Err(PayError::Platform {
            code: error.code,
            status: self.status.as_u16(),
            message: error.message,
            request_id,
        })
    }
}

/// A call, signed and ready to go.
pub(super) fn prepare(
    http: &Http,
    base: &Base,
    merchant: &Merchant,
    call: &Call,
    now: i64,
) -> Result<RequestBuilder, PayError> {
    let (timestamp, nonce) = (now.to_string(), nonce()?);
    let message = sign::request_message(
        call.method.as_str(),
        &call.target,
        &timestamp,
        &nonce,
        &call.body,
    );
    let signature = merchant.key().sign(message.as_bytes())?;
    let header = sign::authorization(
        merchant.mch_id(),
        merchant.serial_no(),
        &timestamp,
        &nonce,
        &signature,
    );
    let url = format!("{}{}", base.origin, call.target);
    let mut request = http
        .request(call.method.clone(), &url)
        .header(AUTHORIZATION, header)
        .header(ACCEPT, "application/json")
        .header(USER_AGENT, NAME);
    if let Some((id, _)) = merchant.public_key() {
        request = request.header("Wechatpay-Serial", id);
    }
    if !call.body.is_empty() {
        request = request
            .header(CONTENT_TYPE, "application/json")
            .body(call.body.clone());
    }
    Ok(request)
}

/// Sends it and reads the whole answer. What only a failing platform says (5xx) needs no signature
/// to be unclear.
pub(super) async fn send(request: RequestBuilder) -> Result<Raw, PayError> {
    let response = request.send().await.map_err(|error| network(&error))?;
    let (status, headers) = (response.status(), response.headers().clone());
    if status.is_server_error() {
        let request_id = request_id(&headers);
        tracing::warn!(status = status.as_u16(), request_id, "WeChat Pay failed");
        return Err(PayError::Unclear {
            timeout: false,
            status: Some(status.as_u16()),
        });
    }
    let body = read(response).await?;
    Ok(Raw {
        status,
        headers,
        body,
    })
}

async fn read(mut response: Response) -> Result<Vec<u8>, PayError> {
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| network(&error))? {
        if bytes.len() + chunk.len() > MAX_ANSWER {
            return Err(PayError::Nonsense);
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// Only how far it came: without a connection nothing can have happened.
pub(super) fn network(error: &reqwest::Error) -> PayError {
    if error.is_connect() {
        return PayError::Unreached;
    }
    PayError::Unclear {
        timeout: error.is_timeout(),
        status: None,
    }
}

pub(super) fn request_id(headers: &HeaderMap) -> Option<String> {
    let value = headers.get("Request-ID")?.to_str().ok()?;
    Some(value.to_owned())
}

/// 32 random letters and digits.
pub(super) fn nonce() -> Result<String, PayError> {
    let mut bytes = [0_u8; 16];
    rand::fill(&mut bytes).map_err(|_| PayError::Malformed("randomness"))?;
    Ok(hex(&bytes).to_ascii_uppercase())
}
