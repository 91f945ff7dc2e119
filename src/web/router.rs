//! All routes on one page. Built by `command/serve.rs`; a test walks through them.

use metrics_exporter_prometheus::PrometheusHandle;
use poem::http::header;
use poem::web::Data;
use poem::{Endpoint, EndpointExt, Response, Route, get, handler, post};

use crate::app::App;
use crate::base::fault::Fault;
use crate::case;
use crate::moderation;
use crate::place;
use crate::preference;
use crate::sandbox::{self, Platform};
use crate::visit;
use crate::web::guard::Guard;
use crate::web::limits::BodyLimit;
use crate::web::trace::Trace;
use crate::web::{health, homes, me, mini, oauth, official, openapi, pages, robot, session, work};

/// Largest message of the platform, bytes.
const CALLBACK_BYTES: usize = 64 * 1024;
/// Largest body of the sandbox: a photo with some air.
const SANDBOX_BYTES: usize = 12 * 1024 * 1024;

/// Everything that faces people and the platform.
///
/// # Errors
/// `internal` when the API's description cannot be made.
pub fn routes(
    app: &App,
    figures: PrometheusHandle,
    platform: Option<Platform>,
) -> Result<impl Endpoint<Output = Response> + 'static, Fault> {
    let document = openapi::Document::new()?;
    let callback = get(official::check_address).post(official::take_message);
    let from_work = get(work::check_address).post(work::take_message);
    let pushes = get(mini::check_address).post(mini::take_push);
    let robot = get(robot::check_address).post(robot::take_message);
    let guarded = api()
        .with(Guard { app: app.clone() })
        .with(BodyLimit(app.settings.limits.body_bytes));
    let mut route = Route::new()
        .at("/", get(open_front))
        .at("/wechat/official", callback.with(BodyLimit(CALLBACK_BYTES)))
        .at("/wechat/work", from_work.with(BodyLimit(CALLBACK_BYTES)))
        .at("/wechat/mini", pushes.with(BodyLimit(CALLBACK_BYTES)))
        .at("/moderation/:id/:sign", get(mini::show_media))
        .at("/wechat/robot", robot.with(BodyLimit(CALLBACK_BYTES)))
        .at("/wechat/oauth/start", get(oauth::go_out))
        .at("/wechat/oauth/back", get(oauth::come_back))
        .at("/pages.css", get(pages::show_style))
        .at("/me", get(pages::me::show_me))
        .at("/me/leave", post(pages::me::leave_page))
        .nest("/api/v1", guarded)
        .at(
            "/openapi.json",
            get(openapi::show_description).data(document),
        )
        .at("/docs", get(openapi::open_docs))
        .at("/docs/*path", get(openapi::show_docs));
    if let Some(platform) = platform {
        let pretended = sandbox::routes(platform).with(BodyLimit(SANDBOX_BYTES));
        route = route.nest("/sandbox", pretended);
    }
    Ok(finish(app, operators(route, figures)))
}

/// A worker shows operators its health and nothing else.
pub fn worker_routes(
    app: &App,
    figures: PrometheusHandle,
) -> impl Endpoint<Output = Response> + 'static {
    finish(app, operators(Route::new(), figures))
}

/// The JSON API: `/api/v1/…`
fn api() -> Route {
    let route = Route::new()
        .at("/session", post(session::sign_in).delete(session::sign_out))
        .at("/me", get(session::show_me))
        .at("/me/phone", post(me::prove_phone))
        .at(
            "/me/subscriptions",
            get(me::list_subscriptions).post(me::answer_subscriptions),
        )
        .at("/homes", get(homes::list_homes));
    let route = place::api::routes(moderation::api::routes(route));
    let route = visit::api::routes(preference::api::routes(route));
    case::api::routes(route)
}

fn operators(route: Route, figures: PrometheusHandle) -> Route {
    route
        .at("/healthz", get(health::answer_alive))
        .at("/readyz", get(health::answer_ready))
        .at("/metrics", get(health::print_figures).data(figures))
}

fn finish(app: &App, route: Route) -> impl Endpoint<Output = Response> + 'static {
    route.data(app.clone()).with(Trace {
        dice: app.dice.clone(),
    })
}

/// `GET /`: newcomers go on to where something can be tried.
#[handler]
fn open_front(Data(app): Data<&App>) -> Response {
    let to = if app.settings.sandbox.enabled {
        "/sandbox"
    } else {
        "/docs/"
    };
    Response::builder()
        .status(poem::http::StatusCode::SEE_OTHER)
        .header(header::LOCATION, to)
        .finish()
}
