//! `/console/sign-in`, `/console/code`, `/console/sign-out`: the two factors, and leaving.

use askama::Template;
use poem::http::{StatusCode, header};
use poem::web::{Data, Query};
use poem::{Request, Response, handler};
use serde::Deserialize;

use crate::access::console::session::{self, Opened};
use crate::access::console::{self, Stage, factor};
use crate::app::App;
use crate::base::fault::Fault;
use crate::web::client_ip::client_ip;
use crate::web::console::form::{Form, Typed};
use crate::web::console::frame::{Frame, show};
use crate::web::console::guard::{Desk, Stranger, put_cookie, safe_path, session_cookie, status};
use crate::web::pages::go;

/// Where to go on to, and what has just been done.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Way {
    pub(super) to: String,
    pub(super) said: String,
}

#[derive(Template)]
#[template(path = "web/console/sign_in.html")]
struct SignIn {
    frame: Frame,
    typed: Typed,
    to: String,
    wecom: bool,
}

/// `GET /console/sign-in`
///
/// # Errors
/// The database's.
#[handler]
pub fn ask(
    Data(app): Data<&App>,
    request: &Request,
    stranger: &Stranger,
    Query(way): Query<Way>,
) -> Result<Response, Fault> {
    let to = safe_path(&way.to);
    if request.data::<Desk>().is_some() {
        return Ok(go(to));
    }
    page(
        app,
        stranger,
        StatusCode::OK,
        Typed::default(),
        to,
        &way.said,
    )
}

fn page(
    app: &App,
    stranger: &Stranger,
    status: StatusCode,
    typed: Typed,
    to: &str,
    said: &str,
) -> Result<Response, Fault> {
    let page = SignIn {
        frame: Frame::bare(&stranger.csrf, "登录").saying(said),
        typed,
        to: to.to_owned(),
        wecom: app.work.is_some(),
    };
    let mut response = show(status, &page)?;
    if let Some(cookie) = &stranger.cookie {
        put_cookie(&mut response, cookie);
    }
    Ok(response)
}

/// `POST /console/sign-in`
///
/// # Errors
/// The database's.
#[handler]
pub async fn take(
    Data(app): Data<&App>,
    request: &Request,
    stranger: &Stranger,
    form: Form,
) -> Result<Response, Fault> {
    let to = safe_path(form.text("to"));
    let address = client_ip(request, &app.settings.server.trusted_proxies);
    let (login, password) = (form.text("login"), form.text("password"));
    let opened = console::sign_in(app, login, password, address, agent(request)).await;
    match opened {
        Ok(opened) => {
            // Whoever was signed in in this browser before is so no longer.
            if let Some(desk) = request.data::<Desk>() {
                end(desk).await?;
            }
            Ok(enter(app, &opened, to))
        }
        Err(fault) if fault.is_ours() => Err(fault),
        Err(fault) => page(
            app,
            stranger,
            status(&fault),
            Typed::wrong(&form, &fault),
            to,
            "",
        ),
    }
}

/// What the browser calls itself.
pub(super) fn agent(request: &Request) -> &str {
    let told = request.headers().get(header::USER_AGENT);
    told.and_then(|value| value.to_str().ok())
        .unwrap_or_default()
}

/// On to a page, with the session's new cookie.
pub(super) fn enter(app: &App, opened: &Opened, to: &str) -> Response {
    let mut response = go(to);
    put_cookie(&mut response, &session_cookie(app, &opened.token));
    response
}

#[derive(Template)]
#[template(path = "web/console/code.html")]
struct Code {
    frame: Frame,
    typed: Typed,
    to: String,
}

/// `GET /console/code`
///
/// # Errors
/// None of its own.
#[handler]
pub fn ask_code(desk: &Desk, Query(way): Query<Way>) -> Result<Response, Fault> {
    let to = safe_path(&way.to);
    if desk.signed.stage != Stage::Code {
        return Ok(go(to));
    }
    code_page(desk, StatusCode::OK, Typed::default(), to)
}

fn code_page(desk: &Desk, status: StatusCode, typed: Typed, to: &str) -> Result<Response, Fault> {
    let page = Code {
        frame: Frame::bare(&desk.csrf, "输入验证码"),
        typed,
        to: to.to_owned(),
    };
    show(status, &page)
}

/// `POST /console/code`
///
/// # Errors
/// The database's.
#[handler]
pub async fn take_code(desk: &Desk, form: Form) -> Result<Response, Fault> {
    let to = safe_path(form.text("to"));
    if desk.signed.stage != Stage::Code {
        return Ok(go(to));
    }
    match factor::give(&desk.app, &desk.signed, form.text("code")).await {
        Ok(opened) => Ok(enter(&desk.app, &opened, to)),
        Err(fault) if fault.is_ours() => Err(fault),
        Err(fault) => code_page(desk, status(&fault), Typed::wrong(&form, &fault), to),
    }
}

/// `POST /console/sign-out`
///
/// # Errors
/// The database's.
#[handler]
pub async fn leave(desk: &Desk) -> Result<Response, Fault> {
    end(desk).await?;
    let mut response = go("/console/sign-in?said=left");
    put_cookie(&mut response, &session_cookie(&desk.app, ""));
    Ok(response)
}

async fn end(desk: &Desk) -> Result<(), Fault> {
    let tx = desk.app.store.begin(desk.app.clock.now()).await?;
    session::end(&tx, desk.actor(), desk.signed.session.id).await?;
    tx.commit().await
}
