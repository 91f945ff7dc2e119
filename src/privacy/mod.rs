//! Personal data (个人信息): what people are told and agree to by going on, a copy of what is kept of
//! them, corrections, erasure (注销), and how long each class of data is kept. Invariant: after an
//! erasure no row holds the person's name, phone or openid; the audit trail keeps ids alone. Floor 3.
//! What is decided here, and why, stands in `docs/decisions/0015`.

pub mod actions;
mod activities;
mod asked;
pub mod chat;
pub mod consent;
mod copy;
mod giving;
mod offers;
pub mod queries;
pub mod remind;
pub mod retention;
mod scrub;
mod stations;
mod traces;
mod wishes;

use crate::app::App;

/// In place of the name of somebody who had their data erased.
pub const ERASED_NAME: &str = "（已注销）";

/// Where the rules on personal data can be read.
#[must_use]
pub fn rules_url(app: &App) -> String {
    format!("{}/privacy", app.settings.server.public_url)
}
