//! The one integration binary: talks to the program as WeChat, clients and operators do.
//! Each module is a subject; add a line for a new one.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests may panic"
)]

mod architecture;
mod schema;
mod wechat_clients;
mod wechat_platform;
mod wechat_token;
mod wechat_vectors;
