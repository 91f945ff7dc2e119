//! Visits (上门): whoever no channel reaches is told at the door, by whoever answers for it. The
//! last way of delivery. Invariant: one open visit for a person and a subject; only its holder sees
//! it and closes it; when the post falls vacant it goes to the next one up. Floor 3.

pub mod actions;
pub mod api;
pub mod chat;
pub mod queries;
pub mod remind;

/// How a visit is named as the subject of audit rows.
#[must_use]
pub fn subject(id: i64) -> String {
    format!("visit:{id}")
}
