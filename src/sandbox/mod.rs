//! The pretended platform (sandbox): WeChat's own side of the wire, for people who have no account
//! with WeChat and for tests. The program talks to it exactly as to `api.weixin.qq.com`: over HTTP,
//! signed and encrypted (protocols.md §1, §2, §3.1). State is in memory and bounded; what was paid is kept in a file,
//! too. Floor 4: mounted by `web/router.rs` under `/sandbox`, served by tests on a port of their own.
//!
//! | file | what it does |
//! |---|---|
//! | [`platform`] | the handle, people, conversations |
//! | [`config`] | what the platform and the program must agree on |
//! | [`faults`] | failures switched on by hand, counters of calls |
//! | `answer` | how the API answers, and fails when told to |
//! | `token` | access tokens |
//! | `official` | template and customer-service messages, media |
//! | `account`, `picture` | menu, QR codes, quotas |
//! | `notice` | subscription notices |
//! | `visit` | who opens a page |
//! | `template` | what a template takes: field types and their limits |
//! | `media` | pictures that people send |
//! | [`work`] | WeCom: members, the application's messages and cards |
//! | `mini` | the mini-program: log-in, phones, subscription messages, codes, checks |
//! | [`pay`] | WeChat Pay: orders, refunds, bills, notifications |
//! | [`robot`], `robot_socket` | WeCom's robot and the group robots |
//! | `say` | what a person can do, as WeChat's XML |
//! | `push` | delivering it to the program, reading the answer |
//! | `live` | conversations as a stream of events |
//! | `desk` | the controls behind the page |
//! | `page` | the page itself |

mod account;
mod answer;
pub mod config;
mod desk;
pub mod faults;
mod live;
mod media;
mod mini;
mod notice;
mod official;
mod page;
pub mod pay;
mod picture;
pub mod platform;
mod push;
pub mod robot;
mod robot_socket;
mod say;
mod template;
mod token;
mod visit;
pub mod work;

use poem::{EndpointExt, Route, get, post};

pub use config::Config;
pub use faults::{Api, Fault};
pub use platform::{Card, Entry, How, Platform};
pub use push::{Answer, Said};
pub use robot::{RobotSaid, RobotSay};
pub use say::Say;

/// Everything under `/sandbox`: the page, its controls, and the API under `api/`.
pub fn routes(platform: Platform) -> Route {
    let all = Route::new()
        .at("/", get(page::html))
        .at("/page.css", get(page::css))
        .at("/page.js", get(page::script))
        .at("/wire.js", get(page::wire))
        .at("/guide.js", get(page::guide))
        .at("/chips.js", get(page::chips))
        .at("/links.js", get(page::links))
        .at("/work.js", get(page::work))
        .at("/robot.js", get(page::robot))
        .at("/account.js", get(page::account))
        .at("/notices", post(notice::answer_notice))
        .at("/menu", get(account::show_menu))
        .at("/codes", get(account::show_codes))
        .at("/scan", post(account::scan))
        .at("/say", post(desk::act))
        .at("/press", post(desk::press))
        .at("/conversation", get(desk::read_conversation))
        .at("/live", get(live::live))
        .at("/state", get(desk::read_state))
        .at(
            "/faults",
            get(desk::list_faults)
                .post(desk::add_fault)
                .delete(desk::clear_faults),
        )
        .at("/tokens/expire", post(desk::expire_tokens))
        .at("/clock", post(desk::move_clock))
        .at("/code", post(desk::issue_code))
        .at("/mini.js", get(page::mini))
        .at("/mini/phone", post(mini::desk::issue_phone_code))
        .at("/mini/answer", post(mini::desk::answer))
        .at("/mini/settings", post(mini::desk::change))
        .at("/verify", post(desk::check_address))
        .at("/media", post(desk::take_picture))
        .at("/media/:id", get(desk::show_picture))
        .at("/robot", get(robot::show))
        .at("/robot/say", post(robot::say))
        .at("/socket", get(robot_socket::connect))
        .nest("/api", api())
        .nest("/work", work::routes())
        .nest("/pay", pay::routes());
    Route::new().nest("/", all.data(platform))
}

/// `https://api.weixin.qq.com` in small.
fn api() -> Route {
    Route::new()
        .at("/cgi-bin/token", get(token::classic_token))
        .at("/cgi-bin/stable_token", post(token::stable_token))
        .at(
            "/cgi-bin/message/template/send",
            post(official::template_send),
        )
        .at("/cgi-bin/message/custom/send", post(official::custom_send))
        .at(
            "/cgi-bin/message/custom/typing",
            post(official::custom_typing),
        )
        .at("/cgi-bin/user/info/batchget", post(official::user_info))
        .at("/cgi-bin/media/get", get(official::media_get))
        .at("/cgi-bin/media/upload", post(official::media_upload))
        .at("/cgi-bin/message/subscribe/bizsend", post(notice::bizsend))
        .at("/cgi-bin/menu/create", post(account::menu_create))
        .at("/cgi-bin/menu/get", get(account::menu_get))
        .at("/cgi-bin/menu/delete", get(account::menu_delete))
        .at("/cgi-bin/qrcode/create", post(account::qrcode_create))
        .at("/cgi-bin/showqrcode", get(account::show_qrcode))
        .at("/cgi-bin/openapi/quota/get", post(account::quota_get))
        .at("/cgi-bin/getcallbackip", get(account::callback_ip))
        .at("/connect/oauth2/authorize", get(visit::authorize))
        .at("/sns/oauth2/access_token", get(visit::access_token))
        .at("/sns/jscode2session", get(mini::code2session))
        .at("/wxa/checksession", get(mini::calls::check_session))
        .at(
            "/wxa/business/getuserphonenumber",
            post(mini::calls::phone_number),
        )
        .at("/wxa/getwxacodeunlimit", post(mini::calls::code_image))
        .at("/wxa/generate_urllink", post(mini::calls::url_link))
        .at("/wxa/msg_sec_check", post(mini::calls::check_text))
        .at("/wxa/media_check_async", post(mini::calls::check_media))
        .at(
            "/cgi-bin/message/subscribe/send",
            post(mini::send::subscribe_send),
        )
}
