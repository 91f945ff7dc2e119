//! Pages on personal data: the rules (`/privacy`), the copy of one's own data behind its link
//! (`/export/…`), correction and erasure where it is known who looks (`/me/correct`, `/me/erase`). Called by
//! `router.rs`; the form for a correction stands on [`super::me`] as well.

use entity::data_export;
use entity::kinds::CorrectionField;
use poem::http::{StatusCode, header};
use poem::web::{Data, Form, Path};
use poem::{Request, Response, handler};
use sea_orm::ActiveEnum;
use serde::Deserialize;

use super::{escape, go, page, rules, sentence, session_cookie, visitor};
use crate::access::session::Caller;
use crate::app::App;
use crate::base::clock::say;
use crate::base::fault::{Code, Fault};
use crate::privacy::actions::{self, Asked, Wish};
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

/// What is typed to have something corrected.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Correction {
    field: String,
    value: String,
}

/// The form for a correction, and what waits of earlier ones; nothing for whoever is not bound.
///
/// # Errors
/// The database's.
pub(super) async fn correction_part(
    app: &App,
    caller: &Caller,
    typed: &Correction,
    wrong: Option<&str>,
) -> Result<String, Fault> {
    let Some(person) = caller.actor.person_id() else {
        return Ok(String::new());
    };
    let mut out = String::new();
    for row in queries::corrections_of(app.store.read(), person).await? {
        out.push_str(&format!(
            "<p><span class=\"state waits\">更正申请 #{} {} 等待核实</span></p>\n",
            row.id,
            queries::field_says(row.field)
        ));
    }
    let options: String = [CorrectionField::Name, CorrectionField::Phone]
        .into_iter()
        .map(|field| {
            let value = field.to_value();
            let chosen = if value == typed.field {
                " selected"
            } else {
                ""
            };
            let says = queries::field_says(field);
            format!("<option value=\"{value}\"{chosen}>{says}</option>")
        })
        .collect();
    let (marks, says) = match wrong {
        Some(says) => (
            " aria-invalid=\"true\" aria-describedby=\"value-wrong\"",
            format!(
                "<p class=\"wrong\" id=\"value-wrong\" role=\"alert\">{}</p>",
                escape(says)
            ),
        ),
        None => ("", String::new()),
    };
    out.push_str(&format!(
        "<form method=\"post\" action=\"/me/correct\" class=\"card fields\">\n\
         <label for=\"field\">登记的哪一项有错</label><select id=\"field\" name=\"field\">{options}</select>\n\
         <label for=\"value\">应该是</label><input id=\"value\" name=\"value\" value=\"{}\" maxlength=\"40\" required{marks}>{says}\n\
         <p class=\"soft\">管家核实以后才改，结果会通知您。</p><button>提交更正</button></form>\n",
        escape(&typed.value)
    ));
    Ok(out)
}

/// `POST /me/correct`: the same as «更正 姓名 …».
///
/// # Errors
/// The database's.
#[handler]
pub async fn correct(
    Data(app): Data<&App>,
    sent: Option<Form<Correction>>,
    request: &Request,
) -> Result<Response, Fault> {
    let Some(caller) = visitor(app, request).await? else {
        return Ok(go("/wechat/oauth/start?to=/me"));
    };
    let typed = sent.map(|Form(sent)| sent).unwrap_or_default();
    match ask(app, &caller, &typed).await {
        Ok(says) => Ok(sentence(
            StatusCode::OK,
            "已提交",
            &says,
            Some(("/me", "返回")),
        )),
        Err(fault) if fault.code == Code::Invalid => {
            let part = correction_part(app, &caller, &typed, Some(&fault.detail)).await?;
            let body = format!("{part}<p><a class=\"button\" href=\"/me\">返回</a></p>");
            Ok(page(StatusCode::UNPROCESSABLE_ENTITY, "更正", &body))
        }
        Err(fault) if fault.code == Code::Forbidden => Ok(refused(&fault)),
        Err(fault) => Err(fault),
    }
}

async fn ask(app: &App, caller: &Caller, typed: &Correction) -> Result<String, Fault> {
    let field = CorrectionField::try_from_value(&typed.field)
        .map_err(|_| Fault::invalid("field", "请选择要更正姓名还是手机号。"))?;
    let wish = Wish::new(field, &typed.value)?;
    let mut tx = app.store.begin(app.clock.now()).await?;
    let row = actions::ask_correction(&mut tx, app, &caller.actor, &wish).await?;
    tx.commit().await?;
    Ok(format!(
        "已请管家核实您的{}（更正申请 #{}），结果会通知您。",
        queries::field_says(field),
        row.id
    ))
}
