//! Whom what reaches: wishes, visits at the door, digits alone.

mod digits;
mod visits;
mod wishes;
