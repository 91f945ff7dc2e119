//! How large and how slow a body may be. The HTTP library has no limit of its own (it reads 50 MB of
//! JSON without a word), so every route stands behind this. Used by `router.rs`.

use std::time::Duration;

use poem::error::ReadBodyError;
use poem::{Body, Endpoint, IntoResponse, Middleware, Request, Response};

use crate::access::once::Print;
use crate::base::fault::{Code, Fault};

/// A body that takes longer to arrive is given up; a large one gets more time.
const PATIENCE: Duration = Duration::from_secs(10);
/// Slowest wire that a large body may come over, bytes in a second: a phone in a lift.
const SLOWEST: usize = 256 * 1024;

/// Reads the body first, up to so many bytes.
#[derive(Clone, Copy, Debug)]
pub struct BodyLimit(pub usize);

impl<E: Endpoint> Middleware<E> for BodyLimit {
    type Output = Limited<E>;

    fn transform(&self, inner: E) -> Limited<E> {
        Limited {
            inner,
            most: self.0,
        }
    }
}

/// An endpoint with a limited body.
pub struct Limited<E> {
    inner: E,
    most: usize,
}

impl<E: Endpoint> Endpoint for Limited<E> {
    type Output = Response;

    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        let bytes = take_body(&mut request, self.most).await?;
        // Idempotency compares whole requests, and nobody behind here sees the raw body again.
        let path = request.original_uri().path().to_owned();
        request.set_data(Print::of(request.method().as_str(), &path, &bytes));
        request.set_body(Body::from_vec(bytes));
        self.inner
            .call(request)
            .await
            .map(IntoResponse::into_response)
    }
}

/// The body of a request, if it is no larger than that and comes in time.
///
/// # Errors
/// `too_large`, or `malformed` when it does not arrive.
pub async fn take_body(request: &mut Request, most: usize) -> Result<Vec<u8>, Fault> {
    let reading = request.take_body().into_bytes_limit(most);
    let patience = PATIENCE + Duration::from_secs((most / SLOWEST).try_into().unwrap_or(0));
    match tokio::time::timeout(patience, reading).await {
        Ok(Ok(bytes)) => Ok(bytes.into()),
        Ok(Err(ReadBodyError::PayloadTooLarge)) => Err(Fault::plain(Code::TooLarge)),
        Ok(Err(error)) => Err(Fault::plain(Code::Malformed).because(error)),
        Err(_) => Err(Fault::plain(Code::Malformed).because("the body did not arrive in time")),
    }
}
