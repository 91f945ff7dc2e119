//! Ground floor: what everything stands on. No I/O; any module may use it.

pub mod calendar;
pub mod clock;
pub mod dates;
pub mod dialect;
pub mod dice;
pub mod earth;
pub mod fault;
pub mod fen;
pub mod key;
pub mod memo;
pub mod month;
pub mod page;
pub mod phone;
pub mod redact;
pub mod seal;
pub mod text;
pub mod threat;
pub mod worded;
