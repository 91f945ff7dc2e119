//! `/console/wecom`: signing in by a scan in WeCom. The browser goes to the platform and comes back with
//! a code; the state that comes with it is bound to this browser, holds ten minutes and works once.

use poem::http::StatusCode;
use poem::web::{Data, Query};
use poem::{Request, Response, handler};
use serde::Deserialize;

use crate::access::console;
use crate::access::session::spend_state;
use crate::app::{App, WorkApp};
use crate::base::fault::{Code, Fault};
use crate::web::console::frame::explain;
use crate::web::console::guard::{put_cookie, safe_path};
use crate::web::console::sign_in::{Way, agent, enter};
use crate::web::pages::{cookie, go, set_cookie};
use crate::web::ticket::{STATE_SECONDS, Ticket};
use crate::wechat;

const BACK: &str = "/console/wecom/back";
/// Cookie that binds the state to the browser, and where it goes.
const COOKIE: &str = "linli_console_scan";
const COOKIE_PATH: &str = "/console/wecom";
/// What its tickets are for.
const PURPOSE: &str = "console";

fn work(app: &App) -> Result<&WorkApp, Fault> {
    let work = app.work.as_ref();
    work.ok_or_else(|| Fault::not_found("这里没有配置企业微信，请用登录名和密码登录。"))
}

/// `GET /console/wecom?to=…`: off to the platform.
///
/// # Errors
/// `not_found` where no application is configured.
#[handler]
pub fn go_out(Data(app): Data<&App>, Query(way): Query<Way>) -> Result<Response, Fault> {
    let work = work(app)?;
    let ticket = Ticket::new(app, safe_path(&way.to));
    let back = format!("{}{BACK}", app.settings.server.public_url);
    let mut response = go(&work.logins.url(&back, &ticket.state));
    let sealed = ticket.seal(app, PURPOSE);
    put_cookie(
        &mut response,
        &set_cookie(app, COOKIE, &sealed, COOKIE_PATH, STATE_SECONDS),
    );
    Ok(response)
}

/// What the platform hands back.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Handed {
    code: String,
    state: String,
}

/// `GET /console/wecom/back?code=…&state=…`: signs the member in and goes on.
///
/// # Errors
/// The database's.
#[handler]
pub async fn come_back(
    Data(app): Data<&App>,
    request: &Request,
    Query(handed): Query<Handed>,
) -> Result<Response, Fault> {
    let mut response = match sign_in(app, request, &handed).await {
        Ok(response) => response,
        Err(fault) if fault.is_ours() && fault.code != Code::Outside => return Err(fault),
        Err(fault) => explain(None, &fault),
    };
    // Whatever came of it, this state is over.
    put_cookie(&mut response, &set_cookie(app, COOKIE, "", COOKIE_PATH, 0));
    if response.status().is_server_error() {
        // The platform's silence is no fault of this page.
        response.set_status(StatusCode::BAD_REQUEST);
    }
    Ok(response)
}

async fn sign_in(app: &App, request: &Request, handed: &Handed) -> Result<Response, Fault> {
    let work = work(app)?;
    let refuse = |text: &'static str| Fault::new(Code::Malformed, text);
    let ticket = cookie(request, COOKIE).and_then(|text| Ticket::open(app, PURPOSE, &text));
    let ticket = ticket
        .filter(|ticket| ticket.fits(app, &handed.state))
        .ok_or_else(|| refuse("登录没有完成，可能等得太久了，或者换了浏览器。请重新扫码。"))?;
    if handed.code.is_empty() {
        return Err(refuse("企业微信没有给出授权，请重新扫码。"));
    }
    if !spend_state(app, &ticket.state).await? {
        return Err(refuse("这次扫码已经用过了，请重新扫码。"));
    }
    let now = app.clock.now().timestamp();
    let member = work.client.member_of(&handed.code, now).await;
    let userid = member
        .map_err(|error| explain_refusal(&error))?
        .ok_or_else(|| Fault::forbidden("扫码的人不是企业微信里的成员，不能使用工作台。"))?;
    let opened = console::sign_in_member(app, &userid, agent(request)).await?;
    Ok(enter(app, &opened, &ticket.to))
}

/// The platform's answers in our words.
fn explain_refusal(error: &wechat::Error) -> Fault {
    match error {
        wechat::Error::Malformed(_) | wechat::Error::Platform { code: 40029, .. } => {
            Fault::new(Code::Malformed, "企业微信不认这次扫码，请重新扫码。")
        }
        _ => {
            tracing::warn!(%error, "a scan for the console got no answer");
            Fault::new(
                Code::Outside,
                "企业微信暂时没有回应，请稍后再扫，或用登录名和密码登录。",
            )
        }
    }
}
