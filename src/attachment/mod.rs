//! Photos, voices, videos and documents that people send (附件): by chat, where they are known by the platform's
//! id at first and fetched by a reminder, since the platform forgets them after three days; or
//! uploaded to us, by the mini-program or at the console. What is kept was made clean (`files::picture`). What they belong to is the row's
//! `subject`; what belongs to nothing after a day is removed. Floor 3.

pub mod actions;
mod give;
pub mod link;
pub mod queries;
pub mod remind;
mod removal;
mod sender;
mod store;

pub use give::{Owner, give, is_proof};
pub use removal::{UNFILED_HOURS, forget, remove, remove_unfiled};
pub use sender::{Sender, is_of, of_person, person_of};
