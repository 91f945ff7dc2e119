//! The address of somebody's record of a year: signed, and good for a day, since it says who they are.

use crate::app::App;
use crate::base::clock::Moment;
use crate::wechat::crypto::same;

/// Seconds that it holds.
const HOLDS: i64 = 86_400;

/// Whose record of which year.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Linked {
    /// Whose.
    pub person_id: i64,
    /// Which.
    pub year: i32,
}

/// `https://…/volunteer/…`, from now on for a day.
#[must_use]
pub fn record(app: &App, linked: Linked, now: Moment) -> String {
    let base = app.settings.server.public_url.trim_end_matches('/');
    let until = now.timestamp() + HOLDS;
    let Linked { person_id, year } = linked;
    let signed = sign(app, linked, until);
    format!("{base}/volunteer/{person_id}.{year}.{until}.{signed}")
}

/// What a token stands for; none when it is not ours, or its day is over.
#[must_use]
pub fn read(app: &App, token: &str, now: Moment) -> Option<Linked> {
    let mut parts = token.split('.');
    let person_id = parts.next()?.parse().ok()?;
    let year = parts.next()?.parse().ok()?;
    let until: i64 = parts.next()?.parse().ok()?;
    let signed = parts.next()?;
    let linked = Linked { person_id, year };
    let ours = parts.next().is_none() && same(signed, &sign(app, linked, until));
    (ours && now.timestamp() <= until).then_some(linked)
}

fn sign(app: &App, linked: Linked, until: i64) -> String {
    let Linked { person_id, year } = linked;
    app.seal
        .sign(&format!("volunteer:{person_id}:{year}:{until}"))
}
