//! The door to the database: connecting, and the one way to begin a transaction. Knows the tables'
//! backend but no noun. Called by everything from floor 2 up.

mod connect;
mod error;
pub mod gather;
pub mod insert;
pub mod lease;
pub mod listed;
pub mod names;
pub mod paging;
pub mod slow;
mod tx;
pub mod update;

pub use connect::Store;
pub use error::is_unique_violation;
pub use tx::{AfterCommit, Due, Tx};
