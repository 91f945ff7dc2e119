//! A call as WeChat Pay takes it: the merchant's signature checked, failures switched on, the answer
//! signed. And `certificates`.

use poem::http::{Method, StatusCode};
use poem::web::Data;
use poem::{Body, Request, Response, handler};
use serde_json::{Value, json};

use super::keys::{By, Keys, Side, Stamped};
use crate::base::clock::{Moment, china};
use crate::sandbox::answer::{broken, gateway};
use crate::sandbox::faults::{Api, Forgery, Hit, Kind};
use crate::sandbox::platform::Platform;
use crate::wechat::pay::sign::{self, read_authorization};
use crate::wechat::pay::verify::PUBLIC_KEY_PREFIX;

/// Largest body of a call, bytes.
const MAX_BODY: usize = 64 * 1024;
/// How far the merchant's clock may be away, seconds.
const WINDOW: u64 = 300;

/// A refusal as WeChat Pay gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    code: String,
    message: String,
}

impl Refusal {
    pub(super) fn new(code: &str, message: &str) -> Self {
        Self {
            code: code.to_owned(),
            message: message.to_owned(),
        }
    }

    /// A parameter that cannot be.
    pub(super) fn parameter(name: &str) -> Self {
        Self::new("PARAM_ERROR", &format!("参数错误:{name} 268435461"))
    }

    fn status(&self) -> StatusCode {
        match self.code.as_str() {
            "SIGN_ERROR" => StatusCode::UNAUTHORIZED,
            "NO_AUTH" | "RULE_LIMIT" | "NOT_ENOUGH" | "TRADE_ERROR" | "OUT_TRADE_NO_USED" => {
                StatusCode::FORBIDDEN
            }
            "ORDER_NOT_EXIST" | "RESOURCE_NOT_EXISTS" => StatusCode::NOT_FOUND,
            "FREQUENCY_LIMITED" | "RATELIMIT_EXCEEDED" => StatusCode::TOO_MANY_REQUESTS,
            "SYSTEM_ERROR" => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::BAD_REQUEST,
        }
    }
}

/// A call whose signature holds.
pub(super) struct Asked<'a> {
    pub(super) mch_id: String,
    pub(super) side: &'a Side,
    pub(super) keys: &'a Keys,
    /// The body's JSON; null without one.
    pub(super) body: Value,
    pub(super) now: Moment,
    pub(super) hit: Option<Hit>,
    /// `http://127.0.0.1:1234/sandbox/pay`, by which we were called.
    pub(super) base: String,
}

/// What is answered.
pub(super) enum Reply {
    Json(Value),
    /// 204.
    Nothing,
    /// A file, which is not signed.
    File(Vec<u8>),
}

/// Takes a call, lets it suffer what is switched on, and answers.
pub(super) async fn serve(
    platform: &Platform,
    api: Api,
    request: &Request,
    body: Body,
    act: impl FnOnce(&Asked<'_>) -> Result<Reply, Refusal> + Send,
) -> poem::Result<Response> {
    let keys = platform.pay_keys()?;
    let hit = platform.enter(api);
    let bytes = body.into_bytes_limit(MAX_BODY).await?;
    let kind = hit.as_ref().map(|hit| hit.kind.clone());
    match &kind {
        Some(Kind::Refused) => return Ok(broken()),
        Some(Kind::Gateway) => return Ok(gateway()),
        // A file has its own way of being nonsense.
        Some(Kind::Nonsense) if api != Api::Payfile => {
            return Ok(Response::builder()
                .content_type("text/html")
                .body("<html>系统繁忙</html>"));
        }
        Some(Kind::Slow) => {
            let pause = hit.as_ref().map(|hit| hit.pause).unwrap_or_default();
            tokio::time::sleep(pause).await;
        }
        _ => {}
    }
    let outcome = match &kind {
        Some(Kind::Error(code)) => Err(Refusal::new(code, "按要求出错")),
        _ => check(platform, keys, request, &bytes).and_then(|mut asked| {
            asked.hit = hit;
            act(&asked)
        }),
    };
    if kind == Some(Kind::Dropped) {
        return Ok(broken());
    }
    let forgery = match kind {
        Some(Kind::Forged(how)) => Some(how),
        _ => None,
    };
    let (status, body) = match outcome {
        Ok(Reply::File(bytes)) => {
            return Ok(Response::builder()
                .content_type("application/octet-stream")
                .body(bytes));
        }
        Ok(Reply::Json(value)) => (StatusCode::OK, value.to_string()),
        Ok(Reply::Nothing) => (StatusCode::NO_CONTENT, String::new()),
        Err(refusal) => {
            let body = json!({ "code": refusal.code, "message": refusal.message });
            (refusal.status(), body.to_string())
        }
    };
    signed(platform, keys, request, (status, body), forgery)
}

/// The answer, signed; by a forged signature, or by none, when that is switched on.
fn signed(
    platform: &Platform,
    keys: &Keys,
    request: &Request,
    (status, body): (StatusCode, String),
    forgery: Option<Forgery>,
) -> poem::Result<Response> {
    let by = platform.signs_answers_by(request);
    let stamped = keys
        .stamp(
            body.as_bytes(),
            by,
            platform.now(),
            &platform.0.dice,
            forgery,
        )
        .map_err(|_| poem::Error::from_status(StatusCode::INTERNAL_SERVER_ERROR))?;
    let mut answer = Response::builder()
        .status(status)
        .content_type("application/json; charset=utf-8")
        .header("Request-ID", platform.0.dice.digits(32));
    if forgery != Some(Forgery::Absent) {
        for (name, value) in headers(&stamped) {
            answer = answer.header(name, value);
        }
    }
    Ok(answer.body(body))
}

/// The headers of a signature by their names.
pub(super) fn headers(stamped: &Stamped) -> [(&'static str, &str); 5] {
    [
        ("Wechatpay-Serial", &stamped.serial),
        ("Wechatpay-Timestamp", &stamped.timestamp),
        ("Wechatpay-Nonce", &stamped.nonce),
        ("Wechatpay-Signature", &stamped.signature),
        ("Wechatpay-Signature-Type", sign::SCHEME),
    ]
}

/// Whether the merchant has signed exactly this, lately.
fn check<'a>(
    platform: &Platform,
    keys: &'a Keys,
    request: &Request,
    bytes: &[u8],
) -> Result<Asked<'a>, Refusal> {
    let wrong = |why: &str| Refusal::new("SIGN_ERROR", &format!("签名错误:{why} 268443699"));
    let header = |name: &str| request.headers().get(name)?.to_str().ok();
    let signed = header("Authorization").and_then(read_authorization);
    let signed = signed.ok_or_else(|| wrong("Authorization 不完整"))?;
    if header("Accept") != Some("application/json") || header("User-Agent").is_none() {
        return Err(Refusal::parameter("Accept 或 User-Agent"));
    }
    let side = keys
        .merchant(&signed.mch_id)
        .ok_or_else(|| Refusal::new("NO_AUTH", "商户号不存在"))?;
    let now = platform.now();
    let at: i64 = signed.timestamp.parse().map_err(|_| wrong("时间戳"))?;
    if now.timestamp().abs_diff(at) > WINDOW {
        return Err(wrong("时间戳与平台相差 5 分钟以上"));
    }
    if signed.serial_no != side.serial_no || !(16..=32).contains(&signed.nonce.len()) {
        return Err(wrong("证书序列号或随机串"));
    }
    let uri = request.original_uri();
    let target = uri.path_and_query().map_or("/", |target| target.as_str());
    let body = std::str::from_utf8(bytes).map_err(|_| wrong("不是 UTF-8"))?;
    let message = sign::request_message(
        request.method().as_str(),
        target,
        &signed.timestamp,
        &signed.nonce,
        body,
    );
    if !side.key.has_signed(message.as_bytes(), &signed.signature) {
        return Err(wrong("签名值"));
    }
    let is_json = header("Content-Type").is_some_and(|kind| kind.contains("json"));
    let body = match (bytes.is_empty(), request.method() == Method::POST) {
        (true, _) => Value::Null,
        (false, true) if is_json => {
            serde_json::from_slice(bytes).map_err(|_| Refusal::parameter("JSON"))?
        }
        _ => return Err(Refusal::parameter("Content-Type")),
    };
    let path = uri.path();
    let prefix = path.find("/v3/").and_then(|at| path.get(..at));
    Ok(Asked {
        mch_id: signed.mch_id,
        side,
        keys,
        body,
        now,
        hit: None,
        base: format!(
            "http://{}{}",
            header("Host").unwrap_or_default(),
            prefix.unwrap_or_default()
        ),
    })
}

/// `GET /v3/certificates`
#[handler]
pub(super) async fn show_certificates(
    Data(platform): Data<&Platform>,
    request: &Request,
    body: Body,
) -> poem::Result<Response> {
    serve(platform, Api::Paycerts, request, body, |asked| {
        let renewals = platform.state().pay.renewals;
        let bad = |_| Refusal::new("SYSTEM_ERROR", "证书不可用");
        let (pem, from, to) = asked.keys.certificate(renewals, asked.now).map_err(bad)?;
        let nonce = platform.0.dice.digits(12);
        let sealed = asked.side.seal.seal(pem.as_bytes(), "certificate", &nonce);
        let sealed = sealed.map_err(bad)?;
        Ok(Reply::Json(json!({ "data": [{
            "serial_no": asked.keys.serial(renewals),
            "effective_time": time(from),
            "expire_time": time(to),
            "encrypt_certificate": sealed,
        }] })))
    })
    .await
}

/// RFC 3339 with China's offset and whole seconds.
pub(super) fn time(at: Moment) -> String {
    china(at).format("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

/// A text of the body, empty when there is none.
pub(super) fn text<'a>(body: &'a Value, path: &str) -> &'a str {
    body.pointer(path)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// An amount of the body: a whole JSON number.
pub(super) fn fen(body: &Value, path: &str) -> Result<i64, Refusal> {
    let amount = body.pointer(path).filter(|value| !value.is_f64());
    let amount = amount.and_then(Value::as_i64).filter(|fen| *fen >= 1);
    amount.ok_or_else(|| Refusal::parameter(path))
}

impl Platform {
    /// The keys, read when they are first needed.
    pub(super) fn pay_keys(&self) -> poem::Result<&Keys> {
        let keys = self.0.pay.get_or_init(|| Keys::read(&self.0.config.pay));
        keys.as_ref().map_err(|why| {
            tracing::warn!(why, "the pretended WeChat Pay has no keys");
            poem::Error::from_string(why.clone(), StatusCode::INTERNAL_SERVER_ERROR)
        })
    }

    /// By the public key for merchants that name it.
    fn signs_answers_by(&self, request: &Request) -> By {
        let named = request.headers().get("Wechatpay-Serial");
        let named = named.is_some_and(|id| id.as_bytes().starts_with(PUBLIC_KEY_PREFIX.as_bytes()));
        match self.signs_by() {
            By::PublicKey if !named => By::Certificate(self.state().pay.renewals),
            other => other,
        }
    }

    /// As it is switched.
    pub(super) fn signs_by(&self) -> By {
        let state = self.state();
        match state.pay.uses_certificate {
            true => By::Certificate(state.pay.renewals),
            false => By::PublicKey,
        }
    }
}
