//! The JSON of wishes: `/api/v1/me/settings`. Mounted by `web/router.rs`.

use std::collections::BTreeMap;

use poem::web::{Data, Json};
use poem::{Route, get, handler};
use serde::{Deserialize, Serialize};
use utoipa::{OpenApi, ToSchema};

use crate::access::session::Caller;
use crate::app::App;
use crate::base::fault::Fault;
use crate::preference::{Switch, actions, queries};

/// The paths below `/api/v1`.
#[must_use]
pub fn routes(route: Route) -> Route {
    route.at("/me/settings", get(show_settings).put(change_settings))
}

/// What the description says of them; joined by `web/openapi.rs`.
#[derive(OpenApi)]
#[openapi(
    paths(show_settings, change_settings),
    components(schemas(SettingsView, PushView, NewSettings))
)]
pub struct Described;

/// The caller's settings.
#[derive(Debug, Serialize, ToSchema)]
pub struct SettingsView {
    /// Kinds of push that concern the caller.
    pub pushes: Vec<PushView>,
}

/// A kind of push.
#[derive(Debug, Serialize, ToSchema)]
pub struct PushView {
    /// progress, news, task, safety, dues or public.
    pub kind: String,
    /// What people call it: 诉求进度.
    pub label: String,
    /// Whether the caller is told.
    pub on: bool,
    /// It may not be switched off.
    pub fixed: bool,
}

/// What is to be changed; what is not named stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSettings {
    /// By kind: `{"progress": false}`.
    pub pushes: BTreeMap<String, bool>,
}

fn view(switches: &[Switch]) -> Json<SettingsView> {
    let pushes = switches.iter().map(|switch| PushView {
        kind: switch.topic.name().to_owned(),
        label: switch.topic.label().to_owned(),
        on: switch.on,
        fixed: switch.fixed,
    });
    Json(SettingsView {
        pushes: pushes.collect(),
    })
}

/// What I am told of.
#[utoipa::path(
    get, path = "/api/v1/me/settings", tag = "session", security(("bearer" = [])),
    responses((status = 200, body = SettingsView), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn show_settings(app: Data<&App>, caller: Caller) -> Result<Json<SettingsView>, Fault> {
    let switches = queries::switches(app.store.read(), &caller.actor).await?;
    Ok(view(&switches))
}

/// Switch kinds of push on and off; all of it or, when one may not be, nothing.
#[utoipa::path(
    put, path = "/api/v1/me/settings", tag = "session", security(("bearer" = [])),
    request_body = NewSettings,
    responses((status = 200, body = SettingsView), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn change_settings(
    app: Data<&App>,
    caller: Caller,
    Json(body): Json<NewSettings>,
) -> Result<Json<SettingsView>, Fault> {
    let tx = app.store.begin(app.clock.now()).await?;
    let known = queries::switches(tx.db(), &caller.actor).await?;
    for (name, on) in &body.pushes {
        let found = known.iter().find(|switch| switch.topic.name() == name);
        let switch =
            found.ok_or_else(|| Fault::invalid("pushes", "没有这一类提醒，请用 GET 看有哪些。"))?;
        actions::set(&tx, &caller.actor, switch.topic, *on).await?;
    }
    let switches = queries::switches(tx.db(), &caller.actor).await?;
    tx.commit().await?;
    Ok(view(&switches))
}
