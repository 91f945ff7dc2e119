//! The HTTP face: callbacks of the platform, the JSON API, health and the pages around them.
//! Floor 4; started by `command/serve.rs`.
//!
//! | file | what it does |
//! |---|---|
//! | [`router`] | all routes on one page |
//! | [`trace`] | request id, log line, figures, panics, headers of every answer |
//! | [`problem`] | faults as problem+json |
//! | [`limits`], [`client_ip`], [`guard`] | body, address, caller |
//! | [`official`], `late` | the official account's callback; answers that follow |
//! | [`work`] | the WeCom application's callback |
//! | [`mini`] | the mini-program's pushes, pictures for its checks |
//! | [`session`], [`homes`], [`me`] | signing in, my homes, my phone and subscriptions |
//! | [`robot`] | WeCom's robot: its callback and its long connection |
//! | [`oauth`], [`pages`] | who opens a page inside WeChat; the pages |
//! | [`health`] | alive, ready, figures |
//! | [`openapi`] | the API's description |
//! | [`accept`] | taking connections |

pub mod accept;
pub mod client_ip;
pub mod guard;
pub mod health;
pub mod homes;
mod late;
pub mod limits;
pub mod me;
pub mod mini;
pub mod oauth;
pub mod official;
pub mod openapi;
pub mod pages;
pub mod problem;
pub mod robot;
pub mod router;
pub mod session;
pub mod trace;
pub mod work;
