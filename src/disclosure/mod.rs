//! 财务公开: a month of a compound's accounts, made from the books, frozen and published. Invariant: what was
//! published is never changed; each disclosure bears the digest of the one before it, so that nobody can
//! take one out or slip another in; a correction is a new version that says why. Floor 3.

pub mod actions;
pub mod ask;
pub mod chat;
pub mod queries;
pub mod remind;
pub mod seal;
pub mod statement;
