//! Alliances of units (联盟): an organisation of the kind `alliance`, in a compound or a community, to which other
//! organisations belong with what they can give (their resources on the four lists) and what they have done for
//! residents (records: day, words, people served). Everything here is for everybody's eyes; no record names a
//! resident. Floor 3.

pub mod actions;
pub mod api;
pub mod chat;
pub mod queries;

/// The kind of organisation that is an alliance.
pub const KIND: &str = "alliance";
/// Most characters of a record.
pub const MOST_TEXT: usize = 200;
/// Most people that one record says to have served.
pub const MOST_SERVED: i32 = 100_000;

/// How a record is named as the subject of audit rows.
#[must_use]
pub fn subject(id: i64) -> String {
    format!("alliance-record:{id}")
}
