//! All routes on one page. Built by `command/serve.rs`; a test walks through them.

use std::sync::Arc;

use metrics_exporter_prometheus::PrometheusHandle;
use poem::http::header;
use poem::middleware::Compression;
use poem::web::Data;
use poem::{Endpoint, EndpointExt, Response, Route, get, handler, post};

use crate::activity;
use crate::agreement;
use crate::alliance;
use crate::app::App;
use crate::base::fault::Fault;
use crate::case;
use crate::expense;
use crate::files;
use crate::giving;
use crate::handbook;
use crate::mediation;
use crate::moderation;
use crate::notice;
use crate::offer;
use crate::payment;
use crate::place;
use crate::preference;
use crate::sandbox::{self, Platform};
use crate::station;
use crate::talent;
use crate::timetable;
use crate::visit;
use crate::volunteer;
use crate::web::guard::Guard;
use crate::web::limits::BodyLimit;
use crate::web::trace::Trace;
use crate::web::{
    assets, attachments, board, console, health, homes, me, mini, oauth, official, openapi, pages,
    pay, privacy, robot, session, work,
};
use crate::wish;

/// Largest message of the platform, bytes.
const CALLBACK_BYTES: usize = 64 * 1024;
/// Largest upload: a film with the words of a form around it.
const UPLOAD_BYTES: usize = files::MOST_BYTES + 16 * 1024;
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
    let guarded = api()
        .with(Guard { app: app.clone() })
        .with(BodyLimit(app.settings.limits.body_bytes));
    let mut route = callbacks(boards(residents(
        Route::new(),
        app.settings.limits.body_bytes,
    )))
    .at("/", get(open_front))
    .at("/pages.css", get(pages::show_style))
    .at("/favicon.ico", get(pages::show_icon))
    .at(
        "/assets/:file",
        get(assets::show_asset).with(Compression::new()),
    )
    .nest("/console", console::routes(app))
    // Who may not upload is turned away before the body is read.
    .at(
        "/api/v1/attachments",
        post(attachments::upload)
            .with(BodyLimit(UPLOAD_BYTES))
            .with(Guard { app: app.clone() }),
    )
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
    Ok(finish(app, operators(route, figures), openapi::allowed()))
}

/// What the platforms call, and what they fetch.
fn callbacks(route: Route) -> Route {
    let callback = get(official::check_address).post(official::take_message);
    let from_work = get(work::check_address).post(work::take_message);
    let pushes = get(mini::check_address).post(mini::take_push);
    let robot = get(robot::check_address).post(robot::take_message);
    route
        .at("/wechat/official", callback.with(BodyLimit(CALLBACK_BYTES)))
        .at("/wechat/work", from_work.with(BodyLimit(CALLBACK_BYTES)))
        .at("/wechat/mini", pushes.with(BodyLimit(CALLBACK_BYTES)))
        .at("/moderation/:id/:sign", get(mini::show_media))
        .at(
            "/wechat/pay/:merchant/payment",
            post(pay::take_notice).with(BodyLimit(CALLBACK_BYTES)),
        )
        .at(
            "/wechat/pay/:merchant/refund",
            post(pay::take_notice).with(BodyLimit(CALLBACK_BYTES)),
        )
        .at("/wechat/robot", robot.with(BodyLimit(CALLBACK_BYTES)))
        .at("/wechat/oauth/start", get(oauth::go_out))
        .at("/wechat/oauth/back", get(oauth::come_back))
}

/// Pages for residents: behind links that they are given, for everybody to read, and about themselves.
/// A form takes `most` bytes.
fn residents(route: Route, most: usize) -> Route {
    route
        .at(
            "/pay/:token",
            get(pages::pay::show_wish).post(pages::pay::order_wish),
        )
        .at("/bill/:token", get(pages::bill::show_bill))
        .at("/receipt/:token", get(pages::receipt::show_receipt))
        .at(
            "/notice/:token",
            get(pages::notice::show_notice).post(pages::notice::acknowledge_notice),
        )
        .at("/activity/:token", get(pages::activity::show_activity))
        .at(
            "/activity/in/:token",
            get(pages::activity::ask_check_in).post(pages::activity::check_in),
        )
        .at("/volunteer/:token", get(pages::volunteer::show_record))
        .at("/handbook/:compound", get(pages::handbook::show_handbook))
        .at(
            "/handbook/:compound/:id",
            get(pages::handbook::show_article),
        )
        .at("/me", get(pages::me::show_me))
        .at("/me/leave", post(pages::me::leave_page))
        .at("/me/export", post(pages::privacy::ask_export))
        .at(
            "/me/correct",
            post(pages::privacy::correct).with(BodyLimit(most)),
        )
        .at(
            "/me/erase",
            get(pages::privacy::ask_erase).post(pages::privacy::erase),
        )
        .at("/privacy", get(pages::privacy::show_rules))
        .at("/export/:id/:sign", get(pages::privacy::show_export))
        .at(
            "/export/:id/:sign/data.zip",
            get(pages::privacy::fetch_export),
        )
        .at(
            "/files/:id/:variant/:until/:sign",
            get(attachments::show_linked),
        )
}

/// The public boards.
fn boards(route: Route) -> Route {
    route
        .at("/board/:compound", get(board::show_board))
        .at("/board/:compound/accounts", get(board::accounts::show_list))
        .at("/board/:compound/expenses", get(board::expenses::show_list))
        .at("/board/:compound/lists", get(board::lists::show_list))
        .at("/board/:compound/chart", get(board::lists::show_chart))
        .at("/board/:compound/giving", get(board::giving::show_list))
        .at("/board/:compound/wishes", get(board::wishes::show_list))
        .at(
            "/board/:compound/accounts/:month",
            get(board::accounts::show_month),
        )
        .at("/board.css", get(board::show_style))
        .at("/board.js", get(board::show_script))
}

/// A worker shows operators its health and nothing else.
pub fn worker_routes(
    app: &App,
    figures: PrometheusHandle,
) -> impl Endpoint<Output = Response> + 'static {
    finish(
        app,
        operators(Route::new(), figures),
        openapi::Allowed::new(),
    )
}

/// The JSON API: `/api/v1/…`
fn api() -> Route {
    let route = Route::new()
        .at("/session", post(session::sign_in).delete(session::sign_out))
        .at("/me", get(session::show_me))
        .at("/me/phone", post(me::prove_phone))
        .at(
            "/me/consent",
            get(privacy::show_consent).post(privacy::agree),
        )
        .at("/me/export", post(privacy::export))
        .at("/me/corrections", post(privacy::correct))
        .at("/me/erasure", post(privacy::erase))
        .at("/corrections/:id/decision", post(privacy::decide))
        .at(
            "/me/subscriptions",
            get(me::list_subscriptions).post(me::answer_subscriptions),
        )
        .at("/homes", get(homes::list_homes))
        .at("/attachments/:id", get(attachments::show))
        .at("/attachments/:id/thumbnail", get(attachments::show_small));
    let route = place::api::routes(moderation::api::routes(route));
    let route = visit::api::routes(preference::api::routes(route));
    let route = payment::api::routes(expense::api::routes(route));
    let route = wish::api::routes(notice::api::routes(route));
    let route = alliance::api::routes(agreement::api::routes(offer::api::routes(route)));
    let route = giving::api::routes(talent::api::routes(route));
    let route = activity::api::routes(volunteer::api::routes(route));
    let route = station::api::routes(route);
    let route = handbook::api::routes(timetable::api::routes(route));
    case::api::routes(mediation::api::routes(route))
}

fn operators(route: Route, figures: PrometheusHandle) -> Route {
    route
        .at("/healthz", get(health::answer_alive))
        .at("/readyz", get(health::answer_ready))
        .at("/metrics", get(health::print_figures).data(figures))
}

fn finish(
    app: &App,
    route: Route,
    allowed: openapi::Allowed,
) -> impl Endpoint<Output = Response> + 'static {
    route.data(app.clone()).with(Trace {
        dice: app.dice.clone(),
        allowed: Arc::new(allowed),
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
