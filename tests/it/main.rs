//! The ONE integration binary. Each module is a subject; add a line for a new one.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests may panic"
)]

mod wechat_clients;
mod wechat_platform;
mod wechat_token;
mod wechat_vectors;
