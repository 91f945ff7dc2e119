//! What can be done with the handbook: one function is one use case, inside the caller's transaction.

mod question;
mod write;

pub use question::{answer, ask, dismiss};
pub use write::{Draft, Seen, change, move_to, write};
