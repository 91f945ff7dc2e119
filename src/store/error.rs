//! Sorts the database's errors into ours. Used through `?` everywhere.

use sea_orm::{DbErr, SqlErr};

use crate::base::fault::{Code, Fault};

/// Whether a row with this unique key is there already.
#[must_use]
pub fn is_unique_violation(error: &DbErr) -> bool {
    matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_)))
}

/// Whether a row names one that is not there, or is to go while another one names it: what was read a moment ago
/// has been removed, or named, since.
fn is_reference_violation(error: &DbErr) -> bool {
    matches!(
        error.sql_err(),
        Some(SqlErr::ForeignKeyConstraintViolation(_))
    )
}

impl From<DbErr> for Fault {
    fn from(error: DbErr) -> Self {
        let code = classify(&error);
        let mut fault = Self::plain(code).because(error);
        if code == Code::Busy {
            fault.retry_after = Some(1);
        }
        fault
    }
}

fn classify(error: &DbErr) -> Code {
    if is_unique_violation(error) {
        return Code::Conflict;
    }
    if is_reference_violation(error) {
        // Seldom, and if it is not, it is our own mistake.
        tracing::warn!(%error, "a row names what is not there any more");
        return Code::Conflict;
    }
    if matches!(error, DbErr::ConnectionAcquire(_) | DbErr::Conn(_)) {
        return Code::Busy;
    }
    // The library keeps the databases' own codes inside its error text: 40001 and 40P01 are
    // PostgreSQL's serialisation failure and deadlock, 57P0x its shutdown, 5 and 6 SQLite's
    // busy and locked.
    let text = error.to_string();
    let passing = [
        "could not serialize access",
        "deadlock detected",
        "database is locked",
        "database table is locked",
        "terminating connection",
        "the database system is",
        "connection closed",
        "Connection refused",
        "Connection reset",
        "Broken pipe",
        "unexpected end of file",
        "expected to read",
        "error communicating with database",
        "pool timed out",
    ];
    if passing.iter().any(|sign| text.contains(sign)) {
        Code::Busy
    } else {
        Code::Internal
    }
}
