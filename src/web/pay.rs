//! `/wechat/pay/{merchant}/payment` and `/refund`: what WeChat Pay tells us (protocols.md §5.3). Verified
//! over the raw bytes, written down, answered within a second; then followed from the row, here or by a
//! clock. What is not signed by the platform gets the same answer whatever is wrong with it. Used by
//! `router.rs`.

use std::time::Duration;

use poem::http::StatusCode;
use poem::web::{Data, Path};
use poem::{Body, Request, Response, handler};
use serde_json::json;
use tokio::time::timeout;

use crate::app::App;
use crate::payment::actions::notice;

/// The platform is answered after this, though following goes on.
const PATIENCE: Duration = Duration::from_millis(700);

/// `POST /wechat/pay/:merchant/payment` and `…/refund`
#[handler]
pub async fn take_notice(
    Data(app): Data<&App>,
    Path(merchant): Path<String>,
    request: &Request,
    body: Body,
) -> Response {
    let Some(client) = app.pay.get(&merchant) else {
        return fail(StatusCode::NOT_FOUND, "没有这个收款账户");
    };
    // The body is whole and short: `limits.rs` has read it.
    let Ok(bytes) = body.into_bytes().await else {
        return fail(StatusCode::BAD_REQUEST, "通知读不出来");
    };
    let now = app.clock.now().timestamp();
    let opened = client.open_notification(request.headers(), &bytes, now);
    let said = match opened.await {
        Ok(said) => said,
        Err(error) => {
            metrics::counter!("linli_pay_notices_total", "outcome" => "refused").increment(1);
            tracing::info!(%error, merchant, "a pay notification was turned away");
            return fail(StatusCode::UNAUTHORIZED, "验签没有通过");
        }
    };
    metrics::counter!("linli_pay_notices_total", "outcome" => "taken").increment(1);
    match notice::receive(app, &merchant, &said).await {
        Ok(Some(id)) => follow(app, id).await,
        Ok(None) => {}
        Err(fault) => {
            tracing::warn!(
                ?fault,
                "a pay notification could not be stored; it will be repeated"
            );
            return fail(StatusCode::SERVICE_UNAVAILABLE, "系统忙，请稍后重发");
        }
    }
    Response::builder().status(StatusCode::NO_CONTENT).finish()
}

/// Follows it while the platform waits, a little; what takes longer goes on by itself, and a clock is
/// there should this program end.
async fn follow(app: &App, id: i64) {
    let house = app.clone();
    let work = app.late.spawn(async move {
        if let Err(fault) = notice::follow(&house, id).await {
            tracing::warn!(?fault, notice = id, "a pay notification is followed later");
        }
    });
    // Without a word in time it goes on; the clock looks after it.
    drop(timeout(PATIENCE, work).await);
}

fn fail(status: StatusCode, message: &str) -> Response {
    Response::builder()
        .status(status)
        .content_type("application/json; charset=utf-8")
        .body(json!({ "code": "FAIL", "message": message }).to_string())
}
