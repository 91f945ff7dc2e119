//! Whether the program lives, whether it can work, and its figures. Used by `router.rs`.

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use poem::http::{StatusCode, header};
use poem::web::{Data, Json};
use poem::{IntoResponse, Response, handler};
use serde_json::json;

use crate::app::App;
use crate::redis;

/// Bounds of the histograms, seconds.
const SECONDS: [f64; 12] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0,
];

/// Installs the recorder of the figures, once in a process, and gives the handle that prints them.
#[must_use]
pub fn figures() -> PrometheusHandle {
    static HANDLE: std::sync::OnceLock<PrometheusHandle> = std::sync::OnceLock::new();
    HANDLE
        .get_or_init(|| {
            let builder = PrometheusBuilder::new();
            let recorder = match builder.set_buckets(&SECONDS) {
                Ok(builder) => builder,
                // Only for an empty list, which it is not.
                Err(_) => PrometheusBuilder::new(),
            }
            .build_recorder();
            let handle = recorder.handle();
            if metrics::set_global_recorder(recorder).is_err() {
                tracing::warn!("figures are recorded elsewhere; /metrics stays empty");
            }
            handle
        })
        .clone()
}

/// `GET /healthz`: the process lives.
#[handler]
pub fn answer_alive() -> &'static str {
    "ok"
}

/// `GET /readyz`: the database answers. Redis may be away: then work is slower, not lost.
#[handler]
pub async fn answer_ready(app: Data<&App>) -> Response {
    let database = app.store.ping().await.is_ok();
    let redis = match &app.redis {
        None => "off",
        Some(connection) => match redis::ping(connection).await {
            Ok(()) => "ok",
            Err(_) => "down",
        },
    };
    let ready = database && !app.stopping.is_cancelled();
    let status = if ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let database = if database { "ok" } else { "down" };
    let body = json!({
        "ready": ready,
        "database": database,
        "redis": redis,
        "stopping": app.stopping.is_cancelled(),
    });
    Json(body).with_status(status).into_response()
}

/// `GET /metrics`: Prometheus text.
#[handler]
pub fn print_figures(Data(handle): Data<&PrometheusHandle>) -> Response {
    handle.run_upkeep();
    Response::builder()
        .header(header::CONTENT_TYPE, "text/plain; version=0.0.4")
        .body(handle.render())
}
