//! People: who they are, which homes they belong to, what they answer for, and how their chat
//! accounts are tied to them. Invariant: an account is one person's; whoever holds a role is tied
//! by an invitation code only, or by the user id that WeCom vouches for. Floor 3; any noun may use the types and [`queries`].

pub mod actions;
pub mod binding;
pub mod called;
pub mod cards;
pub mod chat;
pub mod claim;
pub mod contact;
pub mod posts;
pub mod queries;
pub mod reach;
pub mod remind;
pub mod search;
pub mod words;

/// How a binding is named as the subject of reminders and audit rows.
#[must_use]
pub fn binding_subject(id: i64) -> String {
    format!("binding:{id}")
}
