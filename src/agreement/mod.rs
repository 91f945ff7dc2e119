//! Co-building agreements (共建协议): an organisation agrees with a compound for some time, and takes on at least
//! one project a calendar year (认领项目). Whether it has is counted from the four lists; in March, September and
//! December whoever speaks for one that has not is told, in December whoever keeps the agreements, too.
//! Invariant: two agreements of one organisation with one compound never overlap. Floor 3.

pub mod actions;
pub mod api;
pub mod chat;
pub mod queries;
pub mod remind;
pub mod rule;

/// How an agreement is named as the subject of reminders and audit rows.
#[must_use]
pub fn subject(id: i64) -> String {
    format!("agreement:{id}")
}
