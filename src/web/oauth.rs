//! `/wechat/oauth/…`: who opens a page inside WeChat (网页授权, protocols.md §2.6). The browser goes to
//! the platform and comes back with a code; the state that comes with it is bound to this browser by a
//! signed cookie, holds ten minutes and works once. Called by `router.rs`.

use poem::http::{HeaderValue, StatusCode, header};
use poem::web::{Data, Query};
use poem::{Request, Response, handler};
use serde::Deserialize;

use crate::access::session;
use crate::app::App;
use crate::base::fault::Fault;
use crate::web::client_ip::spared;
use crate::web::pages::{cookie, go, sentence, session_cookie, set_cookie};
use crate::web::ticket::{STATE_SECONDS, Ticket, is_local};
use crate::wechat::{self, http::percent};

/// Where the browser comes back to.
const BACK: &str = "/wechat/oauth/back";
/// Cookie that binds the state to the browser.
const COOKIE: &str = "linli_oauth";
/// The cookie goes nowhere else.
const COOKIE_PATH: &str = "/wechat/oauth";
/// What its tickets are for.
const PURPOSE: &str = "oauth";
/// Sign-ins of one address in a minute; a compound may share one address.
const PER_MINUTE: u32 = 120;
/// Where somebody goes who came from nowhere.
const HOME: &str = "/me";

/// Where to go on to.
#[derive(Debug, Deserialize)]
pub struct Wish {
    to: Option<String>,
}

/// `GET /wechat/oauth/start?to=/me`: off to the platform.
///
/// # Errors
/// `too_many`.
#[handler]
pub async fn go_out(
    Data(app): Data<&App>,
    request: &Request,
    Query(wish): Query<Wish>,
) -> Result<Response, Fault> {
    spend(app, request).await?;
    let to = wish.to.as_deref().unwrap_or(HOME);
    if !is_local(to) {
        return Ok(sentence(
            StatusCode::BAD_REQUEST,
            "打不开这个地址",
            "只能打开邻里自己的页面。",
            Some((HOME, "打开“我的”")),
        ));
    }
    let ticket = Ticket::new(app, to);
    let back = format!("{}{BACK}", app.settings.server.public_url);
    let mut response = go(&app.pages.authorize_url(&back, &ticket.state));
    let bound = set_cookie(
        app,
        COOKIE,
        &ticket.seal(app, PURPOSE),
        COOKIE_PATH,
        STATE_SECONDS,
    );
    put_cookie(&mut response, &bound);
    Ok(response)
}

/// What the platform hands back.
#[derive(Debug, Deserialize)]
pub struct Handed {
    code: Option<String>,
    state: Option<String>,
}

/// `GET /wechat/oauth/back?code=…&state=…`: signs the browser in and goes on.
///
/// # Errors
/// `too_many`; the database's.
#[handler]
pub async fn come_back(
    Data(app): Data<&App>,
    request: &Request,
    Query(handed): Query<Handed>,
) -> Result<Response, Fault> {
    spend(app, request).await?;
    let ticket = cookie(request, COOKIE).and_then(|text| Ticket::open(app, PURPOSE, &text));
    let mut response = match ticket {
        Some(ticket) => sign_in(app, &ticket, &handed).await?,
        None => again(
            HOME,
            "登录没有完成，可能等得太久了，或者换了浏览器。请重新进入。",
        ),
    };
    // Whatever came of it, this state is over.
    put_cookie(&mut response, &set_cookie(app, COOKIE, "", COOKIE_PATH, 0));
    Ok(response)
}

async fn sign_in(app: &App, ticket: &Ticket, handed: &Handed) -> Result<Response, Fault> {
    let stale = "登录没有完成，可能等得太久了。请重新进入。";
    let state = handed.state.as_deref().unwrap_or_default();
    if !ticket.fits(app, state) {
        return Ok(again(&ticket.to, stale));
    }
    let Some(code) = handed.code.as_deref().filter(|code| !code.is_empty()) else {
        return Ok(again(&ticket.to, "微信没有给出授权，请重新进入。"));
    };
    if !session::spend_state(app, &ticket.state).await? {
        return Ok(again(&ticket.to, "这个登录链接已经用过了，请重新进入。"));
    }
    let visitor = match app.pages.visitor(code).await {
        Ok(visitor) => visitor,
        Err(error) => return Ok(explain(&ticket.to, &error)),
    };
    if visitor.snapshot {
        return Ok(sentence(
            StatusCode::FORBIDDEN,
            "现在看到的是快照",
            "微信只给了一个临时身份，看不到您的内容。请点页面右下角的“使用完整服务”，再重新进入。",
            Some((&start_path(&ticket.to), "重新进入")),
        ));
    }
    let signed = session::sign_in_page(app, &visitor.openid, visitor.unionid.as_deref()).await?;
    let mut response = go(&ticket.to);
    put_cookie(&mut response, &session_cookie(app, &signed.token));
    Ok(response)
}

/// The platform's answers in our words, each with a way back.
fn explain(to: &str, error: &wechat::Error) -> Response {
    let text = match error {
        wechat::Error::Platform { code, .. } => match code {
            40029 | 41008 => "微信不认这次授权，请重新进入。",
            40163 => "这次授权已经用过了，请重新进入。",
            42003 => "授权等得太久，过期了，请重新进入。",
            45011 | 45009 => "现在登录的人太多，请一分钟后再进。",
            _ => {
                tracing::error!(%error, "the platform refuses sign-ins of pages: run `linli doctor`");
                "微信暂时不能登录，请稍后再试，或直接在公众号里回复“菜单”。"
            }
        },
        wechat::Error::Malformed(_) => "微信不认这次授权，请重新进入。",
        _ => {
            tracing::warn!(%error, "a sign-in of a page got no answer");
            "微信暂时没有回应，请稍后再试，或直接在公众号里回复“菜单”。"
        }
    };
    again(to, text)
}

fn again(to: &str, text: &str) -> Response {
    sentence(
        StatusCode::BAD_REQUEST,
        "请重新进入",
        text,
        Some((&start_path(to), "重新进入")),
    )
}

/// Where a visitor goes who is not known yet, to come back to a page of ours.
pub(super) fn start_path(to: &str) -> String {
    format!("/wechat/oauth/start?to={}", percent(to))
}

async fn spend(app: &App, request: &Request) -> Result<(), Fault> {
    match spared(app, request, "oauth", PER_MINUTE).await {
        true => Ok(()),
        false => Err(Fault::too_many(30)),
    }
}

pub(super) fn put_cookie(response: &mut Response, cookie: &str) {
    if let Ok(value) = HeaderValue::from_str(cookie) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
}
