//! What people may ask of their own data: one function, one change with its audit row and reminders,
//! inside the caller's transaction.

mod correct;
mod erase;
mod export;

pub use correct::{Wish, ask_correction, decide_correction};
pub use erase::{Left, erase, refusal_to_erase};
pub use export::{Asked, ask_export};
