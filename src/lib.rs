//! lib
pub mod base;
pub mod config;
pub mod store;
