//! Addresses of a notice's page: one for each recipient, by which reading counts, one for everybody, to which
//! the code on paper leads, and one for whoever prints that paper. All are signed; the signature names for whom. The
//! page of something published that a notice may tell of is everybody's and needs none.

use entity::notice;

use crate::app::App;
use crate::wechat::crypto::same;

/// Whoever scans the code on paper.
const ANYBODY: i64 = 0;
/// Whoever prints it.
const PAPER: i64 = -1;

/// What an address stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Linked {
    /// Which notice.
    pub notice_id: i64,
    /// Whose address it is; none for everybody's and the paper's.
    pub person_id: Option<i64>,
    /// Whether it is the sheet to be printed.
    pub paper: bool,
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

/// Where everybody can look at what it tells of, for one of what is published.
#[must_use]
pub fn page(app: &App, row: &notice::Model) -> Option<String> {
    let base = app.settings.server.public_url.trim_end_matches('/');
    row.path.as_ref().map(|path| format!("{base}{path}"))
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

/// The path of the sheet to be printed.
#[must_use]
pub fn paper_path(app: &App, notice_id: i64) -> String {
    path(app, notice_id, PAPER)
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
        person_id: Some(person_id).filter(|id| ![ANYBODY, PAPER].contains(id)),
        paper: person_id == PAPER,
    })
}

fn sign(app: &App, notice_id: i64, person_id: i64) -> String {
    app.seal.sign(&format!("notice:{notice_id}:{person_id}"))
}
