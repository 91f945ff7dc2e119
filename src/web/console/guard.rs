//! Stands before every page of the console: who is signed in, what is still missing, whether a form is
//! one of ours, and faults as pages that a person can read. No page can forget any of it.

use poem::http::{Method, StatusCode, header};
use poem::{
    Endpoint, FromRequest, IntoResponse, Middleware, Request, RequestBody, Response, Result,
};

use crate::access::Actor;
use crate::access::console::session;
use crate::access::console::{Signed, Stage};
use crate::app::App;
use crate::base::fault::{Code, Fault};
use crate::web::client_ip::client_ip;
use crate::web::console::form::Form;
use crate::web::console::frame;
use crate::web::console::upload::{self, FORM_BYTES, Uploads};
use crate::web::limits::take_body;
use crate::web::pages::{cookie, go, set_cookie};
use crate::web::problem;
use crate::web::ticket::is_local;
use crate::wechat::crypto::same;
use crate::wechat::http::percent;

/// Pages for somebody who is not signed in.
const OPEN: &[&str] = &["/console/sign-in", "/console/wecom", "/console/wecom/back"];
const SIGN_OUT: &str = "/console/sign-out";
/// Seconds that the browser keeps the session's cookie: the session itself ends before.
const COOKIE_SECONDS: i64 = 12 * 3600;
/// Binds the form of somebody who is not signed in to the browser.
const FORM_COOKIE: &str = "linli_console_form";
/// Requests of one person in a minute, and of one address that is not signed in.
const PERSON_PER_MINUTE: u32 = 600;
const ADDRESS_PER_MINUTE: u32 = 240;

/// Stands before all of `/console`.
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

/// An endpoint that knows who is signed in.
pub struct Guarded<E> {
    inner: E,
    app: App,
}

/// Whoever is signed in, with all that a page needs. Handlers of pages take it as an argument.
#[derive(Clone)]
pub struct Desk {
    /// The house.
    pub app: App,
    /// Session, credential, roles.
    pub signed: Signed,
    /// Goes into every form.
    pub csrf: String,
    /// The page's path.
    pub path: String,
}

impl Desk {
    /// On whose behalf.
    #[must_use]
    pub fn actor(&self) -> &Actor {
        &self.signed.actor
    }
}

impl<'a> FromRequest<'a> for &'a Desk {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> Result<Self> {
        let desk = request.data::<Desk>();
        Ok(desk.ok_or_else(|| Fault::plain(Code::Unauthenticated))?)
    }
}

/// What the form of somebody who is not signed in carries.
#[derive(Clone)]
pub struct Stranger {
    /// Goes into the form.
    pub csrf: String,
    /// To be set when the browser had none.
    pub cookie: Option<String>,
}

impl<'a> FromRequest<'a> for &'a Stranger {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> Result<Self> {
        let stranger = request.data::<Stranger>();
        Ok(stranger.ok_or_else(|| Fault::plain(Code::Unauthenticated))?)
    }
}

impl<E: Endpoint> Endpoint for Guarded<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        let mut desk = None;
        let answer = self.answer(request, &mut desk).await;
        let mut response = match answer {
            Ok(response) => response,
            Err(error) => match problem::fault_of(error) {
                Ok(fault) => frame::explain(desk.as_ref(), &fault),
                Err(response) => *response,
            },
        };
        frame::protect(&mut response);
        Ok(response)
    }
}

impl<E: Endpoint> Guarded<E> {
    async fn answer(&self, request: Request, known: &mut Option<Desk>) -> Result<Response> {
        let app = &self.app;
        let path = request.original_uri().path().to_owned();
        let token = cookie(&request, cookie_name(app));
        let signed = match &token {
            Some(token) => session::authenticate(app, token).await?,
            None => None,
        };
        self.spend(&request, signed.as_ref()).await?;
        let stranger = stranger(app, &request);
        let csrf = match (&signed, &token) {
            (Some(_), Some(token)) => app.seal.index(&format!("console form of\n{token}")),
            _ => stranger.csrf.clone(),
        };
        *known = signed.clone().map(|signed| Desk {
            app: app.clone(),
            signed,
            csrf: csrf.clone(),
            path: path.clone(),
        });
        let posted = *request.method() == Method::POST;
        // Whoever is not signed in sends no large files.
        let most = upload::most(&path);
        if posted
            && most > FORM_BYTES
            && let Some(elsewhere) = gate(signed.as_ref(), &request, &path)?
        {
            return Ok(elsewhere);
        }
        let mut request = if posted {
            read_form(app, request, &csrf, signed.is_some(), most).await?
        } else {
            request
        };
        if let Some(elsewhere) = gate(signed.as_ref(), &request, &path)? {
            return Ok(elsewhere);
        }
        if let Some(desk) = known {
            request.set_data(desk.clone());
        }
        request.set_data(stranger);
        self.inner
            .call(request)
            .await
            .map(IntoResponse::into_response)
    }

    async fn spend(&self, request: &Request, signed: Option<&Signed>) -> Result<(), Fault> {
        let (key, most) = match signed {
            Some(signed) => (
                format!("console:person:{}", signed.session.person_id),
                PERSON_PER_MINUTE,
            ),
            None => {
                let trusted = &self.app.settings.server.trusted_proxies;
                let address = client_ip(request, trusted).map(|address| address.to_string());
                let address = address.unwrap_or_default();
                (format!("console:address:{address}"), ADDRESS_PER_MINUTE)
            }
        };
        if self.app.limiter.take(&key, most).await {
            Ok(())
        } else {
            Err(Fault::too_many(10))
        }
    }
}

/// Whether whoever asks may go on to the page; otherwise where they go instead.
fn gate(signed: Option<&Signed>, request: &Request, path: &str) -> Result<Option<Response>, Fault> {
    if OPEN.contains(&path) {
        return Ok(None);
    }
    let Some(signed) = signed else {
        let posted = *request.method() == Method::POST;
        return sign_in_first(request, posted).map(Some);
    };
    if let Some(elsewhere) = unfinished(signed, request, path) {
        return Ok(Some(elsewhere));
    }
    if !signed.actor.is_staff() && path != SIGN_OUT {
        return Err(Fault::forbidden(
            "您现在没有担任职务，不能使用工作台。请联系社区工作人员。",
        ));
    }
    Ok(None)
}

/// Where the session's cookie may come from: over TLS the browser keeps it to this very host.
fn cookie_name(app: &App) -> &'static str {
    if app.settings.server.public_url.starts_with("https://") {
        "__Host-linli_console"
    } else {
        "linli_console"
    }
}

/// The cookie of a session; an empty token takes it away.
#[must_use]
pub fn session_cookie(app: &App, token: &str) -> String {
    let seconds = if token.is_empty() { 0 } else { COOKIE_SECONDS };
    set_cookie(app, cookie_name(app), token, "/", seconds)
}

fn stranger(app: &App, request: &Request) -> Stranger {
    let known = cookie(request, FORM_COOKIE);
    let value = known.clone().unwrap_or_else(|| app.dice.token());
    Stranger {
        csrf: app.seal.index(&format!("console form for\n{value}")),
        cookie: match known {
            Some(_) => None,
            None => Some(set_cookie(
                app,
                FORM_COOKIE,
                &value,
                "/console",
                COOKIE_SECONDS,
            )),
        },
    }
}

/// Reads the form, and refuses one that another site made the browser send.
async fn read_form(
    app: &App,
    mut request: Request,
    csrf: &str,
    signed: bool,
    most: usize,
) -> Result<Request> {
    check_origin(app, &request)?;
    let bytes = take_body(&mut request, most).await;
    request.set_body(bytes.map_err(|fault| upload::too_large(fault, most))?);
    let (mut request, mut body) = request.split();
    let (pairs, uploads) = if upload::is_multipart(&request) {
        upload::read(&request, &mut body).await?
    } else {
        type Pairs = poem::web::Form<Vec<(String, String)>>;
        let pairs = Pairs::from_request(&request, &mut body).await?;
        (pairs.0, Uploads::default())
    };
    let form = Form(pairs);
    if !same(form.text("csrf"), csrf) {
        let text = if signed {
            "这个页面开得太久了，没有提交成功。请返回上一页，刷新后再试。"
        } else {
            "登录已失效，没有提交成功。请重新登录后再试。"
        };
        return Err(Fault::forbidden(text).into());
    }
    request.set_data(form);
    request.set_data(uploads);
    Ok(request)
}

/// Browsers say from which site a form comes; what says nothing is stopped by the form's own mark.
fn check_origin(app: &App, request: &Request) -> Result<(), Fault> {
    let told = |name: &str| {
        request
            .headers()
            .get(name)
            .and_then(|value| value.to_str().ok())
    };
    let refused = || Fault::forbidden("这个请求来自别的网站，没有执行。请从工作台的页面提交。");
    if let Some(origin) = told("origin") {
        let public = &app.settings.server.public_url;
        let ours = site(origin) == site(public) || told("host") == Some(site(origin));
        return if ours { Ok(()) } else { Err(refused()) };
    }
    match told("sec-fetch-site") {
        None | Some("same-origin" | "none") => Ok(()),
        Some(_) => Err(refused()),
    }
}

/// `linli.example:8443` of `https://linli.example:8443/x`.
fn site(address: &str) -> &str {
    let rest = address.split_once("://").map_or("", |(_, rest)| rest);
    rest.split('/').next().unwrap_or_default()
}

fn sign_in_first(request: &Request, posted: bool) -> Result<Response, Fault> {
    if posted {
        return Err(Fault::new(
            Code::Unauthenticated,
            "登录已失效，没有提交成功。请重新登录后再试。",
        ));
    }
    Ok(go(&format!(
        "/console/sign-in?to={}",
        percent(&wanted(request))
    )))
}

/// The page that was asked for, with its query.
fn wanted(request: &Request) -> String {
    let uri = request.original_uri();
    let all = uri.path_and_query().map_or(uri.path(), |all| all.as_str());
    safe_path(all).to_owned()
}

/// A page of the console; its beginning for anything else.
#[must_use]
pub fn safe_path(to: &str) -> &str {
    let inside = to == "/console" || to.starts_with("/console/");
    if inside && is_local(to) && !OPEN.iter().any(|open| to.starts_with(open)) {
        to
    } else {
        super::HOME
    }
}

/// Where somebody goes on to who is not quite signed in yet.
fn unfinished(signed: &Signed, request: &Request, path: &str) -> Option<Response> {
    let stop = match signed.stage {
        Stage::Code => "/console/code",
        Stage::NewPassword => "/console/password",
        Stage::Enrol => "/console/factor",
        Stage::In => return None,
    };
    if path == stop || path == SIGN_OUT {
        return None;
    }
    Some(go(&format!("{stop}?to={}", percent(&wanted(request)))))
}

/// Adds a cookie to an answer.
pub fn put_cookie(response: &mut Response, cookie: &str) {
    if let Ok(value) = cookie.parse() {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
}

/// The status of a fault.
#[must_use]
pub fn status(fault: &Fault) -> StatusCode {
    poem::error::ResponseError::status(fault)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_on_stays_in_the_console() {
        for good in ["/console/tasks", "/console/cases?state=open&text=%E7%94%B5"] {
            assert_eq!(safe_path(good), good);
        }
        for bad in [
            "",
            "/me",
            "//evil.example/console/",
            "/console\\evil.example",
            "/consolex",
            "https://evil.example/console/",
            "/console/sign-in?to=/console/",
        ] {
            assert_eq!(safe_path(bad), crate::web::console::HOME, "{bad}");
        }
    }

    #[test]
    fn an_origin_is_compared_by_its_site() {
        assert_eq!(site("https://a.example:8443/x"), "a.example:8443");
        assert_eq!(site("null"), "");
    }
}
