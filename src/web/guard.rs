//! Who calls the API, decided once for each request, how often he may, and that whoever writes was told what
//! becomes of it. Used by `router.rs`; handlers take `access::session::Caller`.

use poem::http::header;
use poem::{Endpoint, IntoResponse, Middleware, Request, Response, Result};

use crate::access::session;
use crate::app::App;
use crate::base::fault::{Code, Fault};
use crate::privacy::consent;
use crate::web::client_ip::client_ip;

/// Requests of one account in a minute: a person taps, a program loops.
const ACCOUNT_PER_MINUTE: u32 = 240;
/// Requests without a token of one address in a minute; a compound may share one address.
const ADDRESS_PER_MINUTE: u32 = 600;

/// What needs no consent: signing in and out, the consent itself, and one's rights to one's own data.
const FREE: [&str; 5] = [
    "/session",
    "/me/consent",
    "/me/export",
    "/me/corrections",
    "/me/erasure",
];

/// Stands before all of `/api/v1`.
#[derive(Clone)]
pub struct Guard {
    /// The house.
    pub app: App,
}

impl<E: Endpoint> Middleware<E> for Guard {
    type Output = Guarded<E>;

    fn transform(&self, inner: E) -> Guarded<E> {
        Guarded {
            inner,
            app: self.app.clone(),
        }
    }
}

/// An endpoint that knows its caller.
pub struct Guarded<E> {
    inner: E,
    app: App,
}

impl<E: Endpoint> Endpoint for Guarded<E> {
    type Output = Response;

    async fn call(&self, mut request: Request) -> Result<Response> {
        match bearer(&request)? {
            Some(token) => {
                let caller = match session::authenticate(&self.app, &token).await {
                    Ok(caller) => caller,
                    Err(fault) => {
                        // Whoever tries tokens pays as one without any.
                        self.spend_address(&request).await?;
                        return Err(fault.into());
                    }
                };
                let key = format!("api:account:{}", caller.account.id);
                self.spend(&key, ACCOUNT_PER_MINUTE).await?;
                if writes(&request) {
                    consent::go_on(&self.app, &caller.account).await?;
                }
                request.set_data(caller);
            }
            None => self.spend_address(&request).await?,
        }
        self.inner
            .call(request)
            .await
            .map(IntoResponse::into_response)
    }
}

impl<E> Guarded<E> {
    async fn spend_address(&self, request: &Request) -> Result<(), Fault> {
        let trusted = &self.app.settings.server.trusted_proxies;
        match client_ip(request, trusted) {
            Some(address) => {
                let key = format!("api:address:{address}");
                self.spend(&key, ADDRESS_PER_MINUTE).await
            }
            None => Ok(()),
        }
    }

    async fn spend(&self, key: &str, per_minute: u32) -> Result<(), Fault> {
        if self.app.limiter.take(key, per_minute).await {
            Ok(())
        } else {
            Err(Fault::too_many(10))
        }
    }
}

/// Whether it changes something that is the caller's to agree to.
fn writes(request: &Request) -> bool {
    let path = request.original_uri().path();
    let path = path.strip_prefix("/api/v1").unwrap_or(path);
    !request.method().is_safe() && !FREE.contains(&path)
}

/// The token, if one came.
fn bearer(request: &Request) -> Result<Option<String>, Fault> {
    let Some(value) = request.headers().get(header::AUTHORIZATION) else {
        return Ok(None);
    };
    let wrong = || Fault::plain(Code::Unauthenticated);
    let text = value.to_str().map_err(|_| wrong())?;
    let (scheme, token) = text.split_once(' ').ok_or_else(wrong)?;
    if scheme.eq_ignore_ascii_case("bearer") && !token.trim().is_empty() {
        Ok(Some(token.trim().to_owned()))
    } else {
        Err(wrong())
    }
}
