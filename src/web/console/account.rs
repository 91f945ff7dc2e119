//! `/console/account`, `/console/password`, `/console/factor`: one's own access: sessions, password,
//! second factor, recovery codes.

use askama::Template;
use poem::http::StatusCode;
use poem::web::{Path, Query};
use poem::{Response, handler};
use qrcode::QrCode;
use qrcode::render::svg;

use crate::access::console::credential::{self, Change};
use crate::access::console::factor::{self, Offer};
use crate::access::console::{Stage, session};
use crate::base::clock::say;
use crate::base::fault::{Code, Fault};
use crate::web::console::form::{Form, Typed};
use crate::web::console::frame::{Frame, show};
use crate::web::console::guard::{Desk, put_cookie, safe_path, session_cookie, status};
use crate::web::console::sign_in::{Way, enter};
use crate::web::pages::go;

const ACCOUNT: &str = "/console/account";

/// A session as its owner sees it.
struct Device {
    id: i64,
    agent: String,
    since: String,
    seen: String,
    here: bool,
}

#[derive(Template)]
#[template(path = "web/console/account.html")]
struct Account {
    frame: Frame,
    typed: Typed,
    login: Option<String>,
    has_factor: bool,
    codes_left: usize,
    devices: Vec<Device>,
}

/// `GET /console/account`
///
/// # Errors
/// The database's.
#[handler]
pub async fn show_account(desk: &Desk, Query(way): Query<Way>) -> Result<Response, Fault> {
    page(desk, StatusCode::OK, Typed::default(), &way.said).await
}

async fn page(
    desk: &Desk,
    status: StatusCode,
    typed: Typed,
    said: &str,
) -> Result<Response, Fault> {
    let person = desk.signed.session.person_id;
    let known = desk.signed.credential.as_ref();
    let open = session::of_person(&desk.app, person).await?;
    let codes_left = match known {
        Some(known) => factor::codes_left(&desk.app, known.id).await?,
        None => 0,
    };
    let devices = open.into_iter().map(|one| Device {
        id: one.id,
        here: one.id == desk.signed.session.id,
        since: say(one.created_at),
        seen: say(one.seen_at),
        agent: one.agent,
    });
    let page = Account {
        frame: Frame::new(desk, "我的账号").saying(said),
        typed,
        login: known.map(|known| known.login.clone()),
        has_factor: known.is_some_and(|known| known.totp_sealed.is_some()),
        codes_left,
        devices: devices.collect(),
    };
    show(status, &page)
}

/// `POST /console/account/sessions/:id`: ends one session.
///
/// # Errors
/// `not_found` for a session that is not one's own.
#[handler]
pub async fn end_one(desk: &Desk, Path(id): Path<String>) -> Result<Response, Fault> {
    let none = || Fault::not_found("没有找到这台设备，可能已经退出了。");
    let id = id.parse().map_err(|_| none())?;
    let tx = desk.app.store.begin(desk.app.clock.now()).await?;
    if !session::end(&tx, desk.actor(), id).await? {
        return Err(none());
    }
    tx.commit().await?;
    Ok(go("/console/account?said=ended"))
}

/// `POST /console/account/others`: ends all sessions but this one.
///
/// # Errors
/// The database's.
#[handler]
pub async fn end_others(desk: &Desk) -> Result<Response, Fault> {
    let own = &desk.signed.session;
    let tx = desk.app.store.begin(desk.app.clock.now()).await?;
    session::end_others(&tx, own.person_id, Some(own.id)).await?;
    tx.commit().await?;
    Ok(go("/console/account?said=others"))
}

#[derive(Template)]
#[template(path = "web/console/password.html")]
struct Password {
    frame: Frame,
    typed: Typed,
    login: String,
    one_time: bool,
    to: String,
}

/// `GET /console/password`
///
/// # Errors
/// `wrong_step` for somebody who came by WeCom.
#[handler]
pub fn ask_password(desk: &Desk, Query(way): Query<Way>) -> Result<Response, Fault> {
    password_page(desk, StatusCode::OK, Typed::default(), &way.to)
}

fn password_page(
    desk: &Desk,
    status: StatusCode,
    typed: Typed,
    to: &str,
) -> Result<Response, Fault> {
    let known = own(desk)?;
    let frame = match desk.signed.stage {
        Stage::In => Frame::new(desk, "修改密码"),
        _ => Frame::bare(&desk.csrf, "请设置自己的密码"),
    };
    let page = Password {
        frame,
        typed,
        login: known.login.clone(),
        one_time: known.one_time,
        to: safe_path(to).to_owned(),
    };
    show(status, &page)
}

fn own(desk: &Desk) -> Result<&entity::credential::Model, Fault> {
    desk.signed
        .credential
        .as_ref()
        .ok_or_else(|| Fault::wrong_step("您是用企业微信登录的，这里没有密码和验证码可改。"))
}

/// `POST /console/password`
///
/// # Errors
/// The database's.
#[handler]
pub async fn take_password(desk: &Desk, form: Form) -> Result<Response, Fault> {
    let typed = Change {
        old: form.text("old"),
        new: form.text("password"),
        again: form.text("again"),
    };
    match credential::change(&desk.app, &desk.signed, &typed).await {
        Ok(opened) => {
            let to = match desk.signed.stage {
                Stage::In => "/console/account?said=password",
                _ => safe_path(form.text("to")),
            };
            Ok(enter(&desk.app, &opened, to))
        }
        Err(fault) if fault.is_ours() => Err(fault),
        Err(fault) => {
            let typed = Typed::wrong(&form, &fault);
            password_page(desk, status(&fault), typed, form.text("to"))
        }
    }
}

#[derive(Template)]
#[template(path = "web/console/factor.html")]
struct Factor {
    frame: Frame,
    typed: Typed,
    offer: Offer,
    picture: String,
    to: String,
}

/// `GET /console/factor`: the QR code of a new secret.
///
/// # Errors
/// `wrong_step` for somebody who came by WeCom.
#[handler]
pub fn offer_factor(desk: &Desk, Query(way): Query<Way>) -> Result<Response, Fault> {
    if own(desk)?.totp_sealed.is_some() {
        return Ok(go(ACCOUNT));
    }
    let offer = factor::offer(&desk.app, &desk.signed)?;
    factor_page(desk, StatusCode::OK, Typed::default(), offer, &way.to)
}

fn factor_page(
    desk: &Desk,
    status: StatusCode,
    typed: Typed,
    offer: Offer,
    to: &str,
) -> Result<Response, Fault> {
    let title = "设置动态验证码";
    let frame = match desk.signed.stage {
        Stage::In => Frame::new(desk, title),
        _ => Frame::bare(&desk.csrf, title),
    };
    let page = Factor {
        frame,
        typed,
        picture: picture(&offer.address)?,
        offer,
        to: safe_path(to).to_owned(),
    };
    show(status, &page)
}

/// The QR code as SVG: what the crate writes, without the line that only a file of its own needs.
pub(super) fn picture(address: &str) -> Result<String, Fault> {
    let code = QrCode::new(address.as_bytes()).map_err(Fault::internal)?;
    let drawn = code.render::<svg::Color>().min_dimensions(220, 220).build();
    let inline = drawn.split_once("<svg").map(|(_, rest)| rest);
    Ok(format!("<svg{}", inline.unwrap_or_default()))
}

#[derive(Template)]
#[template(path = "web/console/codes.html")]
struct Codes {
    frame: Frame,
    codes: Vec<String>,
    to: String,
}

/// `POST /console/factor`: the code proves that the phone has the secret.
///
/// # Errors
/// The database's.
#[handler]
pub async fn take_factor(desk: &Desk, form: Form) -> Result<Response, Fault> {
    let (sealed, code) = (form.text("sealed"), form.text("code"));
    match factor::enrol(&desk.app, &desk.signed, sealed, code).await {
        Ok((opened, codes)) => {
            let to = form.text("to");
            let mut response = codes_page(desk, codes, to)?;
            put_cookie(&mut response, &session_cookie(&desk.app, &opened.token));
            Ok(response)
        }
        Err(fault) if fault.code == Code::Invalid || fault.code == Code::TooMany => {
            let offer = factor::again(&desk.app, &desk.signed, sealed)?;
            let typed = Typed::wrong(&form, &fault);
            factor_page(desk, status(&fault), typed, offer, form.text("to"))
        }
        Err(fault) => Err(fault),
    }
}

fn codes_page(desk: &Desk, codes: Vec<String>, to: &str) -> Result<Response, Fault> {
    // Without forms and without the menu's «退出»: the session may just have got another token.
    let page = Codes {
        frame: Frame::bare(&desk.csrf, "请记下恢复码"),
        codes,
        to: safe_path(to).to_owned(),
    };
    show(StatusCode::OK, &page)
}

/// `POST /console/factor/codes`: new recovery codes.
///
/// # Errors
/// The database's.
#[handler]
pub async fn renew_codes(desk: &Desk, form: Form) -> Result<Response, Fault> {
    let (old, code) = (form.text("old"), form.text("code"));
    match factor::renew_codes(&desk.app, &desk.signed, old, code).await {
        Ok(codes) => codes_page(desk, codes, ACCOUNT),
        Err(fault) => refused(desk, &form, fault).await,
    }
}

/// `POST /console/factor/remove`: another phone is to be set up.
///
/// # Errors
/// The database's.
#[handler]
pub async fn remove_factor(desk: &Desk, form: Form) -> Result<Response, Fault> {
    let (old, code) = (form.text("old"), form.text("code"));
    match factor::remove(&desk.app, &desk.signed, old, code).await {
        Ok(opened) => Ok(enter(
            &desk.app,
            &opened,
            "/console/account?said=factor-removed",
        )),
        Err(fault) => refused(desk, &form, fault).await,
    }
}

async fn refused(desk: &Desk, form: &Form, fault: Fault) -> Result<Response, Fault> {
    if fault.is_ours() {
        return Err(fault);
    }
    page(desk, status(&fault), Typed::wrong(form, &fault), "").await
}
