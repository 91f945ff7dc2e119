//! Linli's tables, one file each, in SeaORM's dense format: no logic, no wire format.
//! The schema itself is made by the `migration` crate; a test keeps the two equal.
#![expect(
    clippy::disallowed_methods,
    reason = "code that the derives write; nobody calls it here"
)]

pub mod account;
pub mod attachment;
pub mod audit;
pub mod binding;
pub mod case;
pub mod case_event;
pub mod credential;
pub mod delivery;
pub mod dispatch_rule;
pub mod fee_item;
pub mod group_dialog;
pub mod guess;
pub mod halt;
pub mod idempotency;
pub mod inbound;
pub mod invitation;
pub mod kinds;
pub mod lease;
pub mod moderation;
pub mod organisation;
pub mod person;
pub mod place;
pub mod preference;
pub mod reminder;
pub mod residency;
pub mod response_policy;
pub mod role;
pub mod schedule;
pub mod session;
pub mod subscription;
pub mod visit;
pub mod work_card;
