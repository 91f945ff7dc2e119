//! People: who they are, which homes they belong to, what they answer for, and how their chat
//! accounts are tied to them. Invariant: an account is one person's; whoever holds a role is tied
//! by an invitation code only. Floor 3; any noun may use the types and queries.

pub mod actions;
pub mod words;
