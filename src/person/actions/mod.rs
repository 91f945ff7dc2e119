//! Use cases on people: one function, one change with its audit rows and reminders, inside the
//! caller's transaction. Called by chat, pages, commands; by no other noun.

mod bind;
mod decide;
mod invite;
mod member;
mod phone;
mod roles;
mod tie;

pub use bind::{Bound, bind};
pub use decide::{decide, object, release};
pub use invite::{Redeemed, invite, redeem};
pub use member::{change_member, recognise};
pub use phone::{bind_proved, count_proof};
pub use roles::{NewPerson, add_person, grant_role};
pub use tie::{role_detail, untie_unproved};
