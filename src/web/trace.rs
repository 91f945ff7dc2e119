//! The outermost layer of every request: its id, its log line, its figures, the panic that must not
//! reach the person, and errors turned into answers. Query strings are never logged: they carry
//! signatures and codes. Used by `router.rs`.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;

use futures_util::FutureExt;
use poem::http::{HeaderValue, StatusCode, header};
use poem::{Endpoint, IntoResponse, Middleware, PathPattern, Request, Response, Result};
use tracing::Instrument;

use crate::base::dice::Dice;
use crate::base::fault::Fault;
use crate::web::openapi::{Allowed, shape};
use crate::web::problem;

/// Header of the request's id, in and out.
pub const REQUEST_ID: &str = "x-request-id";
/// Longest id that is taken over from a proxy.
const ID_MOST: usize = 64;

/// Id of the request that is being answered; handlers find it in the request's data.
#[derive(Clone, Debug)]
pub struct RequestId(pub Arc<str>);

/// Wraps everything.
#[derive(Clone)]
pub struct Trace {
    /// Makes ids.
    pub dice: Arc<Dice>,
    /// What each path takes, for whoever has asked otherwise.
    pub allowed: Arc<Allowed>,
}

impl<E: Endpoint> Middleware<E> for Trace {
    type Output = Traced<E>;

    fn transform(&self, inner: E) -> Traced<E> {
        Traced {
            inner,
            dice: self.dice.clone(),
            allowed: self.allowed.clone(),
        }
    }
}

/// An endpoint that is traced.
pub struct Traced<E> {
    inner: E,
    dice: Arc<Dice>,
    allowed: Arc<Allowed>,
}

impl<E: Endpoint> Endpoint for Traced<E> {
    type Output = Response;

    async fn call(&self, mut request: Request) -> Result<Response> {
        let id = request_id(&request, &self.dice);
        request.set_data(RequestId(id.clone()));
        let method = request.method().clone();
        let started = Instant::now();
        let span = tracing::info_span!("request", id = %id);
        let (mut response, pattern) = self.answer(request, &id).instrument(span.clone()).await;
        let seconds = started.elapsed().as_secs_f64();
        let status = response.status();
        let ms = started.elapsed().as_millis();
        let code = status.as_u16();
        // What went well is told at `debug`: at full load a line each would cost more than the work.
        span.in_scope(|| {
            if code < 400 {
                tracing::debug!(%method, route = %pattern, status = code, ms, "answered");
            } else {
                tracing::info!(%method, route = %pattern, status = code, ms, "answered");
            }
        });
        if status == StatusCode::METHOD_NOT_ALLOWED
            && let Some(methods) = self.allowed.get(&shape(&pattern))
        {
            response
                .headers_mut()
                .insert(header::ALLOW, methods.clone());
        }
        metrics::histogram!(
            "linli_http_seconds", "route" => pattern, "status" => class(status)
        )
        .record(seconds);
        finish(&mut response, &id);
        Ok(response)
    }
}

impl<E: Endpoint> Traced<E> {
    /// The answer, and which route gave it.
    async fn answer(&self, request: Request, id: &str) -> (Response, String) {
        let result = AssertUnwindSafe(self.inner.call(request))
            .catch_unwind()
            .await;
        match result {
            Ok(Ok(output)) => {
                let response = output.into_response();
                let pattern = pattern(response.data::<PathPattern>());
                (response, pattern)
            }
            Ok(Err(error)) => {
                let pattern = pattern(error.data::<PathPattern>());
                (problem::render(error, id), pattern)
            }
            Err(_) => {
                // The panic's own words went to the log through the panic hook.
                let fault = Fault::internal("a handler panicked");
                (problem::render(fault.into(), id), "panic".to_owned())
            }
        }
    }
}

/// Few values, whatever is asked for: a path that no route serves has no label of its own.
fn pattern(found: Option<&PathPattern>) -> String {
    found.map_or_else(|| "none".to_owned(), |pattern| pattern.0.to_string())
}

fn class(status: StatusCode) -> &'static str {
    match status.as_u16() / 100 {
        2 => "2xx",
        3 => "3xx",
        4 => "4xx",
        5 => "5xx",
        _ => "1xx",
    }
}

/// The proxy's id if it looks like one, else a new one of 96 bits.
fn request_id(request: &Request, dice: &Dice) -> Arc<str> {
    let given = request.header(REQUEST_ID).filter(|id| {
        (1..=ID_MOST).contains(&id.len())
            && id
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    });
    match given {
        Some(id) => id.into(),
        None => dice
            .bytes::<12>()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
            .into(),
    }
}

/// Headers that every answer carries. A page that needs more sets its own policy before.
fn finish(response: &mut Response, id: &str) {
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(id) {
        headers.insert(REQUEST_ID, value);
    }
    let defaults = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
        ),
    ];
    for (name, value) in defaults {
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
}
