//! Ground floor: what everything stands on. No I/O; any module may use it.

pub mod clock;
pub mod dialect;
pub mod dice;
pub mod fault;
pub mod page;
pub mod phone;
pub mod redact;
pub mod seal;
pub mod text;
