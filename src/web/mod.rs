//! The HTTP face: callbacks of the platform, the JSON API, health and the pages around them.
//! Floor 4; started by `command/serve.rs`.
//!
//! | file | what it does |
//! |---|---|
//! | [`router`] | all routes on one page |
//! | [`trace`] | request id, log line, figures, panics, headers of every answer |
//! | [`problem`] | faults as problem+json |
//! | [`limits`], [`client_ip`], [`guard`] | body, address, caller |
//! | [`official`], [`late`], `kept` | the official account's callback; answers that follow, also after a crash |
//! | [`work`] | the WeCom application's callback |
//! | [`mini`] | the mini-program's pushes, pictures for its checks |
//! | `attachments` | photos, voices and films: taken, shown |
//! | [`session`], [`homes`], [`me`] | signing in, my homes, my phone and subscriptions |
//! | `privacy` | consent, copy, correction and erasure of one's own data |
//! | [`robot`] | WeCom's robot: its callback and its long connection |
//! | [`assets`] | style sheets and scripts |
//! | `download` | tables as files to keep |
//! | `paper`, `etag` | PDF files as answers; whether a browser has the same already |
//! | [`console`] | the pages of staff |
//! | [`oauth`], `ticket`, [`pages`] | who opens a page inside WeChat; the pages |
//! | `pay` | what WeChat Pay tells us |
//! | [`board`] | the public board of a compound |
//! | [`health`] | alive, ready, figures |
//! | [`openapi`] | the API's description |
//! | [`accept`] | taking connections |

pub mod accept;
pub mod assets;
mod attachments;
pub mod board;
pub mod client_ip;
pub mod console;
mod download;
mod etag;
pub mod guard;
pub mod health;
pub mod homes;
mod kept;
pub mod late;
pub mod limits;
pub mod me;
pub mod mini;
pub mod oauth;
pub mod official;
pub mod openapi;
pub mod pages;
mod paper;
mod pay;
mod privacy;
pub mod problem;
pub mod robot;
pub mod router;
pub mod session;
mod ticket;
pub mod trace;
pub mod work;
