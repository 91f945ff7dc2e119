//! The door to Redis: connecting, the shared rate limit, the shelf of the shared access token. Floor 1.
//! Redis is index, limiter and cache only: it may be emptied at any moment and nothing is lost.

mod connect;
mod limiter;
mod shelf;
mod window;

pub use connect::{Connection, connect, ping};
pub use limiter::{Limiter, LocalLimiter, RedisLimiter, Taking};
pub use shelf::RedisShelf;
pub use window::{LocalWindow, RedisWindow, Span, Waiting, Window};
