//! The mini-program: its vectors, its pushes, phones, subscription messages, codes, content checks.

mod codes;
mod moderation;
mod phone;
mod pushes;
mod subscriptions;
mod vectors;

use crate::harness::app::TestApp;
use crate::harness::compound;
use crate::harness::people::{Api, ApiAnswer};
use serde_json::json;

/// The template of progress messages.
pub const PROGRESS: &str = "sandbox-subscription-progress";
/// The template of tasks.
pub const TASK: &str = "sandbox-subscription-task";

/// Presses the phone button and hands its code in.
pub async fn prove(app: &TestApp, api: &Api, open_id: &str, phone: &str) -> ApiAnswer {
    let code = app.platform.phone_code(open_id, phone);
    api.post("/me/phone", &json!({ "code": code })).await
}

/// A resident who uses nothing but the mini-program, bound by the phone.
pub async fn resident(app: &TestApp, name: &str) -> (String, Api) {
    let open_id = format!("m-{}", compound::person(name, 0));
    let api = app.api_of(&open_id).await;
    let proved = prove(app, &api, &open_id, compound::person(name, 2)).await;
    assert_eq!(proved.status, 200, "{proved:?}");
    (open_id, api)
}
