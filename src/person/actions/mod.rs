//! Use cases on people: one function, one change with its audit rows and reminders, inside the
//! caller's transaction. Called by chat, pages, commands; by no other noun.

mod bind;
mod decide;
mod ended;
mod invite;
mod member;
mod phone;
mod roles;
mod sold;
mod staff;
mod tie;

pub use bind::{Bound, bind};
pub use decide::{decide, object, release};
pub use ended::{Posts, end_posts};
pub use invite::{GOOD_HOURS as INVITATION_HOURS, Redeemed, invite, redeem};
pub use member::{change_member, recognise};
pub use phone::{bind_proved, count_proof};
pub use roles::{NewPerson, NewRole, add_person, end_role, grant_role};
pub use sold::end_ownership;
pub use staff::{release_for, show_phone};
pub use tie::{role_detail, untie_unproved};
