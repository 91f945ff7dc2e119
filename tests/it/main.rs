//! The ONE integration binary. Each module is a subject; add a line for a new one.

mod wechat_clients;
mod wechat_vectors;
