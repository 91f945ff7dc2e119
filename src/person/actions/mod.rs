//! Use cases on people: one function, one change with its audit rows and reminders, inside the
//! caller's transaction. Called by chat, pages, commands; by no other noun.

mod tie;

pub use tie::{role_detail, untie_unproved};
