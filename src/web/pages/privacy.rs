//! Pages on personal data: the rules (`/privacy`), the copy of one's own data behind its link
//! (`/export/…`), erasure on the page that knows who looks (`/me/erase`). Called by `router.rs`.

use entity::data_export;
use poem::http::{StatusCode, header};
use poem::web::{Data, Path};
use poem::{Request, Response, handler};

use super::{escape, go, page, rules, sentence, session_cookie, visitor};
use crate::app::App;
use crate::base::clock::say;
use crate::base::fault::{Code, Fault};
use crate::privacy::actions::{self, Asked};
use crate::privacy::{consent, queries};

/// `GET /privacy`
#[handler]
pub fn show_rules(Data(app): Data<&App>) -> Response {
    let mut out = format!("<p class=\"soft\">第{}版</p>\n", consent::VERSION);
    for part in rules::rules(&app.settings.retention) {
        out.push_str(&format!("<h2>{}</h2>\n", escape(part.head)));
        for words in part.words {
            out.push_str(&format!("<p>{}</p>\n", escape(&words)));
        }
    }
    page(StatusCode::OK, "个人信息处理规则", &out)
}

/// `GET /export/{id}/{sign}`: what is behind the link, and where it is fetched.
///
/// # Errors
/// The database's.
#[handler]
pub async fn show_export(
    Data(app): Data<&App>,
    Path((id, signed)): Path<(String, String)>,
) -> Result<Response, Fault> {
    let Some(row) = found(app, &id, &signed).await? else {
        return Ok(expired());
    };
    let file = format!("/export/{}/{}/data.zip", escape(&id), escape(&signed));
    let size = row.size.unwrap_or_default() / 1024 + 1;
    let body = format!(
        "<p>这里是系统里保存的与您有关的全部资料和您发过的照片。</p>\n\
         <p><a class=\"button main\" href=\"{file}\">下载（{size} KB）</a></p>\n\
         <p class=\"soft\">{}前有效。请不要把这个链接转给别人。微信里打不开时，请选“在浏览器打开”。</p>",
        escape(&say(row.expires_at))
    );
    Ok(page(StatusCode::OK, "我的资料", &body))
}

/// `GET /export/{id}/{sign}/data.zip`
///
/// # Errors
/// The database's and the storage's.
#[handler]
pub async fn fetch_export(
    Data(app): Data<&App>,
    Path((id, signed)): Path<(String, String)>,
) -> Result<Response, Fault> {
    let row = found(app, &id, &signed).await?;
    let Some(path) = row.and_then(|row| row.path) else {
        return Ok(expired());
    };
    let sealed = app.files.get(&path).await?;
    Ok(Response::builder()
        .header(header::CONTENT_TYPE, "application/zip")
        .header(
            header::CONTENT_DISPOSITION,
            "attachment; filename=\"linli-data.zip\"",
        )
        .header(header::CACHE_CONTROL, "no-store")
        .header(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
        .header("Referrer-Policy", "no-referrer")
        .body(app.seal.open_bytes(&sealed)?))
}

async fn found(app: &App, id: &str, signed: &str) -> Result<Option<data_export::Model>, Fault> {
    match queries::export_of_link(app, id, signed, app.clock.now()).await {
        Ok(row) => Ok(Some(row)),
        Err(fault) if fault.code == Code::NotFound => Ok(None),
        Err(fault) => Err(fault),
    }
}

fn expired() -> Response {
    sentence(
        StatusCode::NOT_FOUND,
        "链接已过期",
        "请在对话里重新写“导出我的数据”。",
        None,
    )
}

/// `POST /me/export`: the same as «导出我的数据»; goes to the copy if there is one.
///
/// # Errors
/// The database's.
#[handler]
pub async fn ask_export(Data(app): Data<&App>, request: &Request) -> Result<Response, Fault> {
    let Some(caller) = visitor(app, request).await? else {
        return Ok(go("/wechat/oauth/start?to=/me"));
    };
    let mut tx = app.store.begin(app.clock.now()).await?;
    let asked = match actions::ask_export(&mut tx, &caller.actor).await {
        Ok(asked) => asked,
        Err(fault) if fault.code == Code::Forbidden => return Ok(refused(&fault)),
        Err(fault) => return Err(fault),
    };
    tx.commit().await?;
    if let Asked::There(row) = &asked
        && row.path.is_some()
    {
        return Ok(go(&queries::export_url(app, row.id)));
    }
    Ok(sentence(
        StatusCode::OK,
        "正在整理",
        "几分钟内把下载链接发到您的对话里，链接一天内有效。",
        Some(("/me", "返回")),
    ))
}

fn refused(fault: &Fault) -> Response {
    let says = fault.detail.as_ref();
    sentence(
        StatusCode::OK,
        "现在不能这样做",
        says,
        Some(("/me", "返回")),
    )
}

/// `GET /me/erase`: asks once more.
///
/// # Errors
/// The database's.
#[handler]
pub async fn ask_erase(Data(app): Data<&App>, request: &Request) -> Result<Response, Fault> {
    if visitor(app, request).await?.is_none() {
        return Ok(go("/wechat/oauth/start?to=/me/erase"));
    }
    let body = "<p>注销会删除您的姓名、手机号、微信号和房号绑定，不能恢复。</p>\n\
        <p>提过的诉求留下内容，不再显示是谁提的；依法要留的操作记录只留编号。</p>\n\
        <form method=\"post\" action=\"/me/erase\"><button>确认注销</button></form>\n\
        <p><a class=\"button main\" href=\"/me\">不注销</a></p>";
    Ok(page(StatusCode::OK, "注销", body))
}

/// `POST /me/erase`: the cookie goes to our own forms only (`SameSite=Lax`).
///
/// # Errors
/// The database's.
#[handler]
pub async fn erase(Data(app): Data<&App>, request: &Request) -> Result<Response, Fault> {
    let Some(caller) = visitor(app, request).await? else {
        return Ok(go("/wechat/oauth/start?to=/me/erase"));
    };
    let mut tx = app.store.begin(app.clock.now()).await?;
    if let Err(fault) = actions::erase(&mut tx, app, &caller.actor).await {
        return match fault.code {
            Code::Forbidden | Code::WrongStep | Code::NotFound => Ok(refused(&fault)),
            _ => Err(fault),
        };
    }
    tx.commit().await?;
    let mut response = sentence(
        StatusCode::OK,
        "已注销",
        "您的个人资料已删除。依法保留的操作记录只有编号，没有姓名和电话。以后需要时可以重新绑定。",
        None,
    );
    if let Ok(cookie) = session_cookie(app, "").parse() {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    Ok(response)
}
