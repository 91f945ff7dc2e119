//! `/activity/{token}`: an activity as whoever holds its link reads it, with the way to sign up; with `.ics` behind
//! the token its calendar file. `/activity/in/{token}`: coming in by the code at the door. Nobody's name is on
//! either. Called by `router.rs`.

use entity::activity;
use entity::life::ActivityState;
use poem::http::{StatusCode, header};
use poem::web::{Data, Path};
use poem::{Request, Response, handler};

use super::{escape, go, page, sentence, to_board, visitor};
use crate::activity::actions;
use crate::activity::{ics, kind_says, link, places_say, queries, span_says, state_says};
use crate::app::App;
use crate::attachment::link::{Variant, path as file_path};
use crate::base::clock::say;
use crate::base::fault::Fault;
use crate::place::queries as places;
use crate::privacy::consent;
use crate::wechat::http::percent;

fn gone() -> Response {
    sentence(
        StatusCode::NOT_FOUND,
        "没有这个活动",
        "请核对链接，或者在公众号里回复“活动”看小区的活动。",
        None,
    )
}

/// `GET /activity/:token`; with `.ics` behind the token the calendar file.
///
/// # Errors
/// The database's.
#[handler]
pub async fn show_activity(
    Data(app): Data<&App>,
    Path(asked): Path<String>,
) -> Result<Response, Fault> {
    let token = asked.strip_suffix(".ics");
    let calendar = token.is_some();
    let id = link::read(app, token.unwrap_or(&asked));
    let row = match id {
        Some(id) => queries::public(app.store.read(), id).await?,
        None => None,
    };
    let Some(row) = row else {
        return Ok(gone());
    };
    if calendar {
        return Ok(file(app, &row));
    }
    let body = contents(app, &row).await?;
    Ok(page(StatusCode::OK, &row.title, &body))
}

/// The calendar file.
fn file(app: &App, row: &activity::Model) -> Response {
    let base = &app.settings.server.public_url;
    let host = base
        .split_once("://")
        .map_or(base.as_str(), |(_, rest)| rest);
    let host = host.split(['/', ':']).next().unwrap_or_default();
    let text = ics::file(row, &link::public(app, row.id), host);
    let name = format!("attachment; filename=\"activity-{}.ics\"", row.id);
    Response::builder()
        .content_type("text/calendar; charset=utf-8")
        .header(header::CONTENT_DISPOSITION, name)
        .header(header::CACHE_CONTROL, "no-store")
        .header("X-Content-Type-Options", "nosniff")
        .body(text)
}

async fn contents(app: &App, row: &activity::Model) -> Result<String, Fault> {
    let db = app.store.read();
    let mut out = String::new();
    if row.state == ActivityState::Cancelled {
        let reason = row.reason.as_deref().unwrap_or("另行通知");
        out.push_str(&format!(
            "<p role=\"status\" class=\"card\"><b>这个活动取消了</b>，原因：{}。</p>\n",
            escape(reason)
        ));
    }
    let place = places::by_id(db, row.place_id).await?;
    let place = place.map(|place| place.name).unwrap_or_default();
    let mut facts = vec![
        ("类型", kind_says(row.kind).to_owned()),
        ("时间", span_says(row.starts_at, row.ends_at)),
        ("地点", row.venue.clone()),
        ("状态", state_says(row.state).to_owned()),
    ];
    if row.state == ActivityState::Open {
        facts.push(("名额", places_say(row)));
        facts.push(("报名截止", say(row.closes_at)));
    }
    out.push_str("<div class=\"card\">\n");
    for (name, value) in facts {
        out.push_str(&format!("<p><b>{name}</b>　{}</p>\n", escape(&value)));
    }
    for line in row.text.lines().filter(|line| !line.trim().is_empty()) {
        out.push_str(&format!("<p>{}</p>\n", escape(line)));
    }
    for photo in queries::photos(db, row.id).await? {
        let full = file_path(app, &photo, Variant::Full);
        let small = file_path(app, &photo, Variant::Small);
        if let (Some(full), Some(small)) = (full, small) {
            out.push_str(&format!(
                "<p><a href=\"{}\"><img src=\"{}\" alt=\"活动的照片\"></a></p>\n",
                escape(&full),
                escape(&small)
            ));
        }
    }
    out.push_str(&format!(
        "<p class=\"soft\">{}　活动 #{}</p>\n</div>\n",
        escape(&place),
        row.id
    ));
    if row.state == ActivityState::Open {
        out.push_str(&format!(
            "<p>想参加，请在公众号里回复 <b>报名 {0}</b>；一家三口回复 <b>报名 {0} 3</b>。</p>\n",
            row.id
        ));
    }
    if matches!(row.state, ActivityState::Open | ActivityState::Closed) {
        out.push_str(&format!(
            "<p><a class=\"button\" href=\"{}\">加到手机日历</a></p>\n",
            escape(&link::calendar(app, row.id))
        ));
    }
    if let Some(compound) = places::by_id(db, row.compound_id).await? {
        out.push_str(&to_board(&compound));
    }
    Ok(out)
}

fn no_door() -> Response {
    sentence(
        StatusCode::NOT_FOUND,
        "签到码不对",
        "请扫活动现场的二维码，或请组织的人给您签到。",
        None,
    )
}

/// The activity whose door's token this is.
async fn behind(app: &App, token: &str) -> Result<Option<activity::Model>, Fault> {
    match link::read_door(app, token) {
        Some(id) => queries::public(app.store.read(), id).await,
        None => Ok(None),
    }
}

/// `GET /activity/in/:token`: what the code at the door opens. Coming in is a button: whoever only opens an address
/// has not come.
///
/// # Errors
/// The database's.
#[handler]
pub async fn ask_check_in(
    Data(app): Data<&App>,
    Path(token): Path<String>,
    request: &Request,
) -> Result<Response, Fault> {
    let Some(row) = behind(app, &token).await? else {
        return Ok(no_door());
    };
    if visitor(app, request).await?.is_none() {
        let to = format!("/activity/in/{token}");
        return Ok(go(&format!("/wechat/oauth/start?to={}", percent(&to))));
    }
    let body = format!(
        "<p>{}，{}</p>\n<form method=\"post\" action=\"/activity/in/{}\"><button class=\"button main\">签到</button></form>",
        span_says(row.starts_at, row.ends_at),
        escape(&row.venue),
        escape(&token)
    );
    Ok(page(StatusCode::OK, &row.title, &body))
}

/// What stands before the first thing that somebody does here: the rules, and the same button again.
fn ask_consent(token: &str) -> Response {
    let body = format!(
        "<p>继续即表示您同意<a href=\"/privacy\">个人信息处理规则</a>。</p>\n\
         <form method=\"post\" action=\"/activity/in/{}\"><button class=\"button main\">同意并签到</button></form>",
        escape(token)
    );
    page(StatusCode::FORBIDDEN, "请先看一下规则", &body)
}

/// `POST /activity/in/:token`
///
/// # Errors
/// The database's.
#[handler]
pub async fn check_in(
    Data(app): Data<&App>,
    Path(token): Path<String>,
    request: &Request,
) -> Result<Response, Fault> {
    let Some(row) = behind(app, &token).await? else {
        return Ok(no_door());
    };
    let Some(caller) = visitor(app, request).await? else {
        let to = format!("/activity/in/{token}");
        return Ok(go(&format!("/wechat/oauth/start?to={}", percent(&to))));
    };
    match consent::go_on(app, &caller.account).await {
        Ok(()) => {}
        Err(fault) if fault.is_ours() => return Err(fault),
        Err(_) => return Ok(ask_consent(&token)),
    }
    let mut tx = app.store.begin(app.clock.now()).await?;
    match actions::check_in(&mut tx, &caller.actor, row.id).await {
        Ok(_) => {
            tx.commit().await?;
            Ok(sentence(
                StatusCode::OK,
                "签到成功",
                &format!("{}，欢迎您！", row.title),
                None,
            ))
        }
        Err(fault) if fault.is_ours() => Err(fault),
        Err(fault) => {
            tx.rollback().await?;
            Ok(sentence(
                poem::error::ResponseError::status(&fault),
                "没有签到",
                &fault.detail,
                None,
            ))
        }
    }
}
