//! A message to a person: which channel carries it, what was tried, how it went. Floor 2; handed
//! claimed reminders by the worker, knows no noun: the table of kinds comes from above.

pub mod kind;

pub use kind::{Kind, Message, Work};
