//! WeCom's side of the wire (企业微信; protocols.md §4.1 to §4.3): members of a corporation, an
//! application's messages and cards, buttons that are pressed. Conversations of members stand among
//! the others under `work:` and the user id.
//!
//! | file | what it does |
//! |---|---|
//! | `api` | what the program calls |
//! | `card` | a card as it is read and shown |
//! | `login` | a member's scan on a computer |
//! | `member` | what a member does, and how the program answers |
//! | `rate` | the rates beyond which WeCom drops messages without a word |

pub(super) mod api;
mod card;
mod login;
mod member;
mod rate;

use std::collections::HashMap;

use chrono::TimeDelta;
use poem::{Route, get, post};
use secrecy::{ExposeSecret, SecretString};

pub use card::{Button, WorkCard};

use super::answer::Refusal;
use super::mini::Codes;
use super::platform::Platform;
use crate::base::clock::Moment;
use crate::config::Settings;
use crate::wechat::Error;
use crate::wechat::crypto::Cipher;

/// Begins the name of a member's conversation.
pub const PREFIX: &str = "work:";
/// Seconds of an access token.
const LIFETIME: i64 = 7200;
/// Hours in which a card may be updated by one code.
const CODE_HOURS: i64 = 72;
/// Codes and contents remembered.
const MOST: usize = 20_000;

/// The platform's side of the agreement.
#[derive(Clone, Debug)]
pub struct Config {
    pub(super) corp_id: String,
    pub(super) agent_id: i64,
    secret: SecretString,
    token: SecretString,
    encoding_aes_key: SecretString,
}

impl Config {
    /// The other side of the program's settings; none without an application.
    #[must_use]
    pub fn from_settings(settings: &Settings) -> Option<Self> {
        let work = &settings.wechat.work;
        work.is_set().then(|| Self {
            corp_id: work.corp_id.clone(),
            agent_id: work.agent_id,
            secret: work.secret.clone(),
            token: work.token.clone(),
            encoding_aes_key: work.encoding_aes_key.clone(),
        })
    }

    pub(super) fn cipher(&self) -> Result<Cipher, Error> {
        Cipher::new(self.encoding_aes_key.expose_secret(), &self.corp_id)
    }

    fn check(&self, corp_id: &str, secret: &str) -> Result<(), Refusal> {
        if corp_id != self.corp_id {
            return Err(Refusal::new(40013));
        }
        if secret != self.secret.expose_secret() {
            return Err(Refusal::new(40001));
        }
        Ok(())
    }
}

/// A code by which one card may be updated once.
#[derive(Debug)]
struct Code {
    entry: u64,
    userid: String,
    until: Moment,
}

/// What WeCom remembers.
#[derive(Debug, Default)]
pub struct State {
    token: Option<(String, Moment)>,
    codes: HashMap<String, Code>,
    /// Contents by member, for the check of duplicates: when, and what was answered.
    sent: HashMap<(String, String), (Moment, String, Option<String>)>,
    tasks: HashMap<String, u64>,
    rates: rate::Rates,
    strangers: Vec<String>,
    /// Codes of scans.
    scans: Codes,
}

impl State {
    /// The one token; the same until its end.
    fn token(&mut self, fresh: String, now: Moment) -> (String, i64) {
        let held = self.token.take().filter(|(_, end)| *end > now);
        let (token, end) = held.unwrap_or((fresh, now + TimeDelta::seconds(LIFETIME)));
        self.token = Some((token.clone(), end));
        (token, (end - now).num_seconds())
    }

    fn check_token(&self, token: &str, now: Moment) -> Result<(), Refusal> {
        match &self.token {
            _ if token.is_empty() => Err(Refusal::new(41001)),
            Some((known, end)) if known == token && *end > now => Ok(()),
            Some((known, _)) if known == token => Err(Refusal::new(42001)),
            _ => Err(Refusal::new(40014)),
        }
    }

    fn new_code(&mut self, code: &str, entry: u64, userid: &str, now: Moment) {
        if self.codes.len() >= MOST {
            self.codes.retain(|_, code| code.until > now);
        }
        let until = now + TimeDelta::hours(CODE_HOURS);
        let userid = userid.to_owned();
        self.codes.insert(
            code.to_owned(),
            Code {
                entry,
                userid,
                until,
            },
        );
    }

    /// Uses a code up.
    fn take_code(&mut self, code: &str, now: Moment) -> Option<Code> {
        self.codes.remove(code).filter(|code| code.until > now)
    }

    pub(super) fn forget_token(&mut self) {
        self.token = None;
    }
}

impl Platform {
    /// Messages that were dropped without a word because a rate was exceeded.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.state().work.rates.dropped()
    }

    /// Whether the corporation has this member; all that are not named otherwise are members.
    pub fn set_member(&self, userid: &str, member: bool) {
        let mut state = self.state();
        let strangers = &mut state.work.strangers;
        strangers.retain(|known| known != userid);
        if !member {
            strangers.push(userid.to_owned());
        }
    }

    /// Ends the application's access token early, as WeCom may.
    pub fn revoke_work_token(&self) {
        self.state().work.forget_token();
    }

    /// The application's conversation with a member.
    #[must_use]
    pub fn member_sees(&self, userid: &str) -> Vec<super::Entry> {
        self.conversation(&format!("{PREFIX}{userid}"))
    }
}

/// `https://qyapi.weixin.qq.com` in small.
pub(super) fn routes() -> Route {
    Route::new()
        .at("/cgi-bin/gettoken", get(api::gettoken))
        .at("/wwlogin/sso/login", get(login::sso_login))
        .at("/cgi-bin/auth/getuserinfo", get(login::member_of))
        .at("/cgi-bin/message/send", post(api::send))
        .at(
            "/cgi-bin/message/update_template_card",
            post(api::update_card),
        )
        .at("/cgi-bin/media/get", get(api::media_get))
        .at("/cgi-bin/agent/get", get(api::agent))
        .at("/cgi-bin/webhook/send", post(super::robot::webhook_send))
        .at("/cgi-bin/aibot/media/:id", get(super::robot::robot_media))
        .at(
            "/cgi-bin/aibot/response",
            post(super::robot::aibot_response),
        )
        .at("/cgi-bin/getcallbackip", get(api::ips))
        .at("/cgi-bin/get_api_domain_ip", get(api::ips))
}
