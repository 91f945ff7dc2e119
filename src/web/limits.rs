//! How large and how slow a body may be. The HTTP library has no limit of its own (it reads 50 MB of
//! JSON without a word), so every route stands behind this. Used by `router.rs`.

use std::time::Duration;

use poem::error::ReadBodyError;
use poem::{Body, Endpoint, IntoResponse, Middleware, Request, Response, Result};

use crate::access::once::Print;
use crate::base::fault::{Code, Fault};

/// A body that takes longer to arrive is given up.
const PATIENCE: Duration = Duration::from_secs(10);

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

    async fn call(&self, mut request: Request) -> Result<Response> {
        let reading = request.take_body().into_bytes_limit(self.most);
        let bytes = match tokio::time::timeout(PATIENCE, reading).await {
            Ok(Ok(bytes)) => bytes,
            Ok(Err(ReadBodyError::PayloadTooLarge)) => {
                return Err(Fault::plain(Code::TooLarge).into());
            }
            Ok(Err(error)) => return Err(Fault::plain(Code::Malformed).because(error).into()),
            Err(_) => {
                return Err(Fault::plain(Code::Malformed)
                    .because("the body did not arrive in time")
                    .into());
            }
        };
        // Idempotency compares whole requests, and nobody behind here sees the raw body again.
        let path = request.original_uri().path().to_owned();
        request.set_data(Print::of(request.method().as_str(), &path, &bytes));
        request.set_body(Body::from_bytes(bytes));
        self.inner
            .call(request)
            .await
            .map(IntoResponse::into_response)
    }
}
