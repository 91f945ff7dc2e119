//! The API's description (`/openapi.json`) and a page to try it (`/docs`). Used by `router.rs`; the
//! nouns describe their own paths in `api.rs`.

use std::collections::HashMap;
use std::sync::Arc;

use poem::http::{HeaderValue, header};
use poem::web::{Data, Path};
use poem::{Response, handler};
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{RefOr, Required};
use utoipa::{Modify, OpenApi};
use utoipa_swagger_ui::Config;

use crate::activity;
use crate::agreement;
use crate::alliance;
use crate::base::fault::{Code, Fault};
use crate::case;
use crate::expense;
use crate::giving;
use crate::handbook;
use crate::mediation;
use crate::moderation;
use crate::notice;
use crate::offer;
use crate::payment;
use crate::place;
use crate::preference;
use crate::station;
use crate::talent;
use crate::timetable;
use crate::visit;
use crate::volunteer;
use crate::web::{attachments, homes, me, privacy, problem, session};
use crate::wish;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "邻里 Linli",
        description = "小程序与合作方的接口。时间为 RFC 3339，金额为整数分，编号为字符串。\
            每个 POST 都可带 `Idempotency-Key`；列表用 `cursor` 和 `limit`（最多 100）翻页；\
            出错时返回 RFC 9457 的 `application/problem+json`，请按 `code` 判断，哪一项不对见 `errors`。"
    ),
    paths(
        session::sign_in, session::sign_out, session::show_me, homes::list_homes,
        me::prove_phone, me::list_subscriptions, me::answer_subscriptions,
        attachments::upload, attachments::show, attachments::show_small,
        privacy::show_consent, privacy::agree, privacy::export, privacy::correct,
        privacy::decide, privacy::erase
    ),
    components(schemas(problem::Problem, attachments::AttachmentView)),
    modifiers(&Bearer),
    tags((name = "session", description = "登录"), (name = "me", description = "我"),
        (name = "attachments", description = "照片、语音、视频、文件"))
)]
struct Root;

/// How requests are signed in.
struct Bearer;

impl Modify for Bearer {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
        document
            .components
            .get_or_insert_default()
            .add_security_scheme("bearer", SecurityScheme::Http(scheme));
    }
}

/// The key that makes a POST safe to repeat: every one takes it.
struct Repeatable;

impl Modify for Repeatable {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        for item in document.paths.paths.values_mut() {
            if let Some(post) = &mut item.post {
                let parameters = post.parameters.get_or_insert_default();
                parameters.push(RefOr::T(key_header()));
            }
        }
    }
}

fn key_header() -> Parameter {
    let key = ObjectBuilder::new()
        .schema_type(Type::String)
        .min_length(Some(1))
        .max_length(Some(64))
        .pattern(Some("^[!-~]+$"));
    ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(
            "同一个请求重发时带同一个键：只办一次，得到同样的回答，并有 `Idempotency-Replayed: true`。登录的回答保留5分钟，其他保留两天。",
        ))
        .schema(Some(key))
        .build()
}

/// The whole description.
#[must_use]
pub fn document() -> utoipa::openapi::OpenApi {
    let mut document = Root::openapi();
    document.merge(case::api::Described::openapi());
    document.merge(case::api::together::Described::openapi());
    document.merge(mediation::api::Described::openapi());
    document.merge(moderation::api::Described::openapi());
    document.merge(expense::api::Described::openapi());
    document.merge(giving::api::Described::openapi());
    document.merge(handbook::api::Described::openapi());
    document.merge(handbook::api::questions::Described::openapi());
    document.merge(notice::api::Described::openapi());
    document.merge(payment::api::Described::openapi());
    document.merge(place::api::Described::openapi());
    document.merge(preference::api::Described::openapi());
    document.merge(talent::api::Described::openapi());
    document.merge(station::api::described());
    document.merge(timetable::api::Described::openapi());
    document.merge(visit::api::Described::openapi());
    document.merge(wish::api::Described::openapi());
    document.merge(offer::api::Described::openapi());
    document.merge(agreement::api::Described::openapi());
    document.merge(alliance::api::Described::openapi());
    document.merge(activity::api::Described::openapi());
    document.merge(volunteer::api::Described::openapi());
    Repeatable.modify(&mut document);
    document
}

/// What a refused method is told: the methods of each path, by its [`shape`].
pub type Allowed = HashMap<String, HeaderValue>;

/// The methods of all paths of the API.
#[must_use]
pub fn allowed() -> Allowed {
    let document = document();
    let all = document.paths.paths.iter().filter_map(|(path, item)| {
        let there = [
            ("GET", item.get.is_some()),
            ("HEAD", item.get.is_some()),
            ("POST", item.post.is_some()),
            ("PUT", item.put.is_some()),
            ("PATCH", item.patch.is_some()),
            ("DELETE", item.delete.is_some()),
        ];
        let names = there.into_iter().filter(|(_, is)| *is);
        let names: Vec<&str> = names.map(|(name, _)| name).collect();
        Some((shape(path), HeaderValue::from_str(&names.join(", ")).ok()?))
    });
    all.collect()
}

/// A path without the names of its parameters, which the router (`:id`) and the description (`{id}`) write
/// in ways of their own.
#[must_use]
pub fn shape(path: &str) -> String {
    let parts = path.split('/').map(|part| match part.chars().next() {
        Some(':' | '{') => ":",
        _ => part,
    });
    parts.collect::<Vec<_>>().join("/")
}

/// The description as JSON, made once.
#[derive(Clone)]
pub struct Document(Arc<str>);

impl Document {
    /// # Errors
    /// `internal` when it cannot be written as JSON.
    pub fn new() -> Result<Self, Fault> {
        let text = document().to_json().map_err(Fault::internal)?;
        Ok(Self(text.into()))
    }
}

/// `GET /openapi.json`
#[handler]
pub fn show_description(Data(document): Data<&Document>) -> Response {
    Response::builder()
        .header(header::CONTENT_TYPE, "application/json; charset=utf-8")
        .body(document.0.to_string())
}

/// `GET /docs`: the page itself asks for its parts by relative addresses, hence the slash.
#[handler]
pub fn open_docs() -> Response {
    Response::builder()
        .status(poem::http::StatusCode::SEE_OTHER)
        .header(header::LOCATION, "/docs/")
        .finish()
}

/// `GET /docs/…`
#[handler]
pub fn show_docs(Path(path): Path<String>) -> Result<Response, Fault> {
    let config = Arc::new(Config::from("/openapi.json"));
    let file = utoipa_swagger_ui::serve(&path, config)
        .map_err(|error| Fault::internal(error.to_string()))?
        .ok_or_else(|| Fault::plain(Code::NotFound))?;
    let mut response = Response::builder()
        .content_type(&file.content_type)
        // The page brings its own styles along in its elements.
        .header(
            header::CONTENT_SECURITY_POLICY,
            "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'",
        )
        .header(header::CACHE_CONTROL, "public, max-age=3600");
    if file.gzpipped {
        response = response.header(header::CONTENT_ENCODING, "gzip");
    }
    Ok(response.body(file.bytes.into_owned()))
}
