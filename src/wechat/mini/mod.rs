//! The mini-program (小程序, protocols.md §2.4, §2.8, §3): calls out ([`MiniClient`]), what the
//! platform pushes ([`Push`]), and what the session key signs and seals. Called by the faces, by
//! `delivery` and by the nouns that need the platform's word.

mod client;
pub(super) mod push;
mod sealed;
pub mod secure;

pub use client::{
    CODE_SIGNS, MediaKind, MiniClient, Opinion, PhoneNumber, Scene, Session, SubscribeMessage,
    Suggest,
};
pub use push::{Answered, MediaVerdict, Push, PushKind, Sent, read as read_push};
pub use sealed::{open_data, raw_data_holds, session_signature};
