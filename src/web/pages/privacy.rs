//! Pages on personal data: the rules (`/privacy`), the copy of one's own data behind its link
//! (`/export/…`), erasure on the page that knows who looks (`/me/erase`). Called by `router.rs`.

use entity::data_export;
use poem::http::{StatusCode, header};
use poem::web::{Data, Path};
use poem::{Request, Response, handler};

use super::{escape, go, page, sentence, session_cookie, visitor};
use crate::app::App;
use crate::base::clock::say;
use crate::base::fault::{Code, Fault};
use crate::privacy::actions::{self, Asked};
use crate::privacy::{consent, queries};

/// The rules, paragraph by paragraph. Whoever changes what they allow raises `consent::VERSION`.
const RULES: &[(&str, &str)] = &[
    (
        "谁在处理",
        "您所在小区的社区居委会、业委会和物业通过邻里系统受理诉求。要查询、投诉或行使下面的权利，可以在对话里写“人工”，或找楼栋长、社区网格员。",
    ),
    (
        "收集什么，为什么",
        "姓名、手机号、房号：核对您是哪一户，好把诉求派给负责您家的人。微信给我们的编号：认出您、回复您。您写的话、照片、语音、位置：办理您提的事。手机号加密保存，只有办理需要的人看得到，公示和群里不出现姓名、电话和房号。",
    ),
    (
        "照片",
        "照片会去掉拍摄地点等信息，只给提出和办理这件事的人看；处理前后的照片要公示的，先经审核。",
    ),
    (
        "保存多久",
        "撤回的诉求一年后、办结的诉求五年后，不再显示是谁提的。发来没有用上的照片一天后删除。解绑后填写的姓名和手机号一年后删除。",
    ),
    (
        "您的权利",
        "在对话里写“我的”查看，写“导出我的数据”要一份全部资料，写“更正 姓名 新姓名”或“更正 手机 新号码”请管家核实更正，写“注销”删除个人资料。不提供可以不提供的内容（位置、照片），不影响办事。",
    ),
    (
        "不向别人提供",
        "除法律要求外，不向办理诉求以外的单位和个人提供您的资料。资料保存在中国境内。",
    ),
];

/// `GET /privacy`
#[handler]
pub fn show_rules() -> Response {
    let mut out = format!("<p class=\"soft\">第{}版</p>\n", consent::VERSION);
    for (head, text) in RULES {
        out.push_str(&format!(
            "<h2>{}</h2>\n<p>{}</p>\n",
            escape(head),
            escape(text)
        ));
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
