//! All routes on one page. Built by `command/serve.rs`; a test walks through them.

use metrics_exporter_prometheus::PrometheusHandle;
use poem::http::header;
use poem::web::Data;
use poem::{Endpoint, EndpointExt, Response, Route, get, handler, post};

use crate::app::App;
use crate::base::fault::Fault;
use crate::web::guard::Guard;
use crate::web::limits::BodyLimit;
use crate::web::trace::Trace;
use crate::web::{health, openapi, session};

/// Everything that faces people and the platform.
///
/// # Errors
/// `internal` when the API's description cannot be made.
pub fn routes(
    app: &App,
    figures: PrometheusHandle,
) -> Result<impl Endpoint<Output = Response> + 'static, Fault> {
    let document = openapi::Document::new()?;
    let route = Route::new()
        .nest(
            "/api/v1",
            api()
                .with(Guard { app: app.clone() })
                .with(BodyLimit(app.settings.limits.body_bytes)),
        )
        .at(
            "/openapi.json",
            get(openapi::show_description).data(document),
        )
        .at("/docs", get(openapi::open_docs))
        .at("/docs/*path", get(openapi::show_docs))
        .at("/", get(open_front));
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
    Route::new()
        .at("/session", post(session::sign_in).delete(session::sign_out))
        .at("/me", get(session::show_me))
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
