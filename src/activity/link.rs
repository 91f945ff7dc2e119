//! Addresses of an activity: its page and its calendar file for whoever gets the link, and the code at the
//! door, by which people come in. All are signed, the code in words of its own: no page's address makes
//! one, and the code of one activity opens no other.

use crate::app::App;
use crate::wechat::crypto::same;

/// What stands before the code's token in the scene of a platform's code.
const SCENE: &str = "in.";

fn base(app: &App) -> &str {
    app.settings.server.public_url.trim_end_matches('/')
}

/// The page: `https://…/activity/…`
#[must_use]
pub fn public(app: &App, id: i64) -> String {
    format!("{}{}", base(app), public_path(app, id))
}

/// The path of the page.
#[must_use]
pub fn public_path(app: &App, id: i64) -> String {
    format!("/activity/{id}.{}", sign(app, "activity", id))
}

/// The calendar file.
#[must_use]
pub fn calendar(app: &App, id: i64) -> String {
    format!("{}.ics", public(app, id))
}

/// What the code at the door opens.
#[must_use]
pub fn door(app: &App, id: i64) -> String {
    format!("{}/activity/in/{}", base(app), door_token(app, id))
}

/// The token of the code at the door.
#[must_use]
pub fn door_token(app: &App, id: i64) -> String {
    format!("{id}.{}", sign(app, "activity-door", id))
}

/// The same as the scene of a platform's code: at most 64 characters.
#[must_use]
pub fn door_scene(app: &App, id: i64) -> String {
    format!("{SCENE}{}", door_token(app, id))
}

/// Of which activity a page's token is; none when it is not ours.
#[must_use]
pub fn read(app: &App, token: &str) -> Option<i64> {
    opened(app, "activity", token)
}

/// Of which activity a door's token is; none when it is not ours.
#[must_use]
pub fn read_door(app: &App, token: &str) -> Option<i64> {
    opened(app, "activity-door", token)
}

/// The token in a scene; none for the scene of something else.
#[must_use]
pub fn door_in_scene(scene: &str) -> Option<&str> {
    scene.strip_prefix(SCENE)
}

fn opened(app: &App, purpose: &str, token: &str) -> Option<i64> {
    let (id, signed) = token.split_once('.')?;
    let id: i64 = id.parse().ok()?;
    same(signed, &sign(app, purpose, id)).then_some(id)
}

fn sign(app: &App, purpose: &str, id: i64) -> String {
    app.seal.sign(&format!("{purpose}:{id}"))
}
