//! The pretended platform held against the protocol: what it sends is opened by the program's own
//! reader, what it answers is read by the program's own clients, over HTTP on both sides.

mod api;
mod desk;
mod says;
mod world;
