//! A message to a person: which channel carries it, what was tried, how it went. Floor 2; handed
//! claimed reminders by the worker, knows no noun: the table of kinds comes from above.
//!
//! | file | what it does |
//! |---|---|
//! | [`kind`] | what a kind of reminder means |
//! | [`topic`] | kinds of push as people know them: what may be switched off, how long it keeps |
//! | [`postman`] | the handler: sorts, merges, composes |
//! | [`choose`] | THE rule by which a channel is chosen |
//! | [`quiet`] | when not to disturb |
//! | [`fit`] | values cut to what a template takes |
//! | [`group`] | a message into a group, by its robot |
//! | `judge` | what an answer of the platform means for us |
//! | `form` | a message by its template |
//! | [`subscription`] | what each account accepted to be told |
//! | `direct` | a word by one carrier: recorded, under the same halts |
//! | [`say`] | a word to one account, owed by the conversation |
//! | `send` | one message over the chosen channels, every attempt recorded |
//! | `record` | what was tried, row by row |
//! | `spend` | accepts and places in the window: taken, given back |
//! | `work` | the WeCom application as a carrier: its rates, its kinds of message |
//! | [`cards`] | cards in WeCom that were sent: what they show now |
//! | `words` | an answer that does not fit the card it belongs to |
//! | `recipient` | a person, or an account that is nobody's |
//! | `sift` | what is not sent on purpose: unwanted, or too old |
//! | `order` | one message to one person at a time, over all instances |
//! | `halt` | ways that are left alone: quota used up, platform down |
//! | `together` | what is asked about each message, asked for many at once |
//! | `standstill` | who waits for the end of a halt: the rest of theirs is not even composed |
//! | `visit` | the last way: told at the door |
//! | `alone` | what is for one person alone: neither at a door nor on a list |
//! | [`lines`] | what is told of one thing at once, line by line |
//! | [`letters`] | what could not be sent: sent again or given up by people |
//! | [`health`] | how each channel is, for people to see |
//! | [`plain`] | errors in words for people |
//! | [`refused`] | what an operator has to mend, for `linli doctor` |
//! | `receipt` | what the platform reports afterwards |

mod alone;
pub mod cards;
pub mod choose;
mod direct;
pub mod fit;
mod form;
pub mod group;
mod halt;
pub mod health;
mod judge;
pub mod kind;
pub mod letters;
pub mod lines;
mod order;
pub mod plain;
pub mod postman;
pub mod quiet;
mod receipt;
mod recipient;
mod record;
pub mod refused;
pub mod say;
mod send;
mod sift;
mod spend;
mod standstill;
pub mod subscription;
mod together;
pub mod topic;
mod visit;
mod words;
mod work;

pub use kind::{ASIDE_TEMPLATE, Button, Kind, Message, Work};
pub use lines::{Line, Lines, Says};
pub use postman::Postman;
pub use receipt::{DeliveryOutcome, receipt};
pub use topic::Topic;
pub use visit::{IN_PERSON, LastResort, Unreached};
pub use words::follow_up;
