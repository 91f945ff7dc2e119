//! What was given (捐赠) as far as it is money and things: how it comes to be there, how it goes back, and
//! from which donations a use takes it. Invariant: used and returned are never more than was given, which
//! the table checks; what is there longest is used first. Floor 3.
//! `payment` calls it when a donation is paid or paid back, `giving` when one is used; neither knows the
//! other through it.

pub mod allocate;
pub mod rows;
pub mod tell;

use entity::donation;

/// What is given for no drive, as people say it.
pub const FREE: &str = "小区公益";

/// How a donation is named as the subject of reminders, audit rows and moderation.
#[must_use]
pub fn subject(id: i64) -> String {
    format!("donation:{id}")
}

/// What of it is still there: of money fen, of goods pieces.
#[must_use]
pub const fn left(row: &donation::Model) -> i64 {
    row.amount - row.used - row.returned
}
