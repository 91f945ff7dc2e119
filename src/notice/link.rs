//! Addresses of a notice's page: one for each recipient, by which reading counts, and one for everybody, as
//! it stands on paper in the lift lobby. Both are signed; the signature names whom the first is for.

use crate::app::App;
use crate::wechat::crypto::same;

/// Whoever scans the code on paper.
const ANYBODY: i64 = 0;

/// What an address stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Linked {
    /// Which notice.
    pub notice_id: i64,
    /// Whose address it is; none for the one on paper.
    pub person_id: Option<i64>,
}

/// The page of one recipient.
#[must_use]
pub fn own(app: &App, notice_id: i64, person_id: i64) -> String {
    url(app, notice_id, person_id)
}

/// The page of anybody.
#[must_use]
pub fn public(app: &App, notice_id: i64) -> String {
    url(app, notice_id, ANYBODY)
}

fn url(app: &App, notice_id: i64, person_id: i64) -> String {
    let base = app.settings.server.public_url.trim_end_matches('/');
    format!("{base}{}", path(app, notice_id, person_id))
}

fn path(app: &App, notice_id: i64, person_id: i64) -> String {
    let signed = sign(app, notice_id, person_id);
    format!("/notice/{notice_id}.{person_id}.{signed}")
}

/// The path of anybody's page.
#[must_use]
pub fn public_path(app: &App, notice_id: i64) -> String {
    path(app, notice_id, ANYBODY)
}

/// What a token stands for; none when it is not ours.
#[must_use]
pub fn read(app: &App, token: &str) -> Option<Linked> {
    let mut parts = token.split('.');
    let notice_id: i64 = parts.next()?.parse().ok()?;
    let person_id: i64 = parts.next()?.parse().ok()?;
    let signed = parts.next()?;
    let ours = parts.next().is_none() && same(signed, &sign(app, notice_id, person_id));
    ours.then_some(Linked {
        notice_id,
        person_id: Some(person_id).filter(|id| *id != ANYBODY),
    })
}

fn sign(app: &App, notice_id: i64, person_id: i64) -> String {
    app.seal.sign(&format!("notice:{notice_id}:{person_id}"))
}
