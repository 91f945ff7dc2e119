//! The mini-program's side of the platform (protocols.md §2.4, §2.8, §3): log-in codes that stand for
//! a person once and for 5 minutes, and what is remembered of each person. Pretended people share
//! their openids with the official account.
//!
//! | file | what it does |
//! |---|---|
//! | `calls` | phones, session checks, codes, links, content checks |
//! | `send` | subscription messages: one accept, one message |
//! | `push` | events and verdicts, to `/wechat/mini` |
//! | `desk` | what a person does on the phone |

pub(super) mod calls;
pub(super) mod desk;
mod push;
pub(super) mod send;

use std::collections::HashMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeDelta;
use poem::web::{Data, Query};
use poem::{Response, handler};
use serde::Deserialize;
use serde_json::json;

use super::answer::{Refusal, respond};
use super::faults::Api;
use super::platform::Platform;
use super::token::Tokens;
use crate::base::clock::Moment;

/// Minutes a code holds.
const MINUTES: i64 = 5;
/// Codes remembered.
const MOST: usize = 10_000;

#[derive(Debug)]
struct Code {
    openid: String,
    at: Moment,
    used: bool,
}

/// All codes given out.
#[derive(Debug, Default)]
pub struct Codes(HashMap<String, Code>);

impl Codes {
    /// Remembers a code.
    pub fn issue(&mut self, code: &str, openid: &str, now: Moment) {
        if self.0.len() >= MOST {
            self.0
                .retain(|_, code| now - code.at < TimeDelta::minutes(MINUTES));
        }
        let entry = Code {
            openid: openid.to_owned(),
            at: now,
            used: false,
        };
        self.0.insert(code.to_owned(), entry);
    }

    /// Takes a code for its openid.
    ///
    /// # Errors
    /// 40163 when it was taken before, 40029 when it is unknown or too old.
    pub fn take(&mut self, code: &str, now: Moment) -> Result<String, i64> {
        let entry = self.0.get_mut(code).ok_or(40029)?;
        if entry.used {
            return Err(40163);
        }
        if now - entry.at >= TimeDelta::minutes(MINUTES) {
            return Err(40029);
        }
        entry.used = true;
        Ok(entry.openid.clone())
    }
}

/// What is remembered of the mini-program's people.
#[derive(Debug, Default)]
pub struct Memory {
    /// Access tokens of this app alone.
    pub(super) tokens: Tokens,
    /// Session key and last use, by openid.
    sessions: HashMap<String, (String, Moment)>,
    /// Codes of the phone button.
    phones: Codes,
    /// Messages accepted and not sent, by person and template.
    accepts: HashMap<(String, String), u32>,
}

/// The query of the log-in.
#[derive(Debug, Deserialize)]
pub struct Login {
    #[serde(default)]
    appid: String,
    #[serde(default)]
    secret: String,
    #[serde(default)]
    js_code: String,
    #[serde(default)]
    grant_type: String,
}

/// `GET /sns/jscode2session`
#[handler]
pub async fn code2session(
    Data(platform): Data<&Platform>,
    Query(login): Query<Login>,
) -> poem::Result<Response> {
    respond(platform, Api::Code2session, |_| {
        let config = &platform.0.config;
        config
            .check_mini(&login.appid, &login.secret)
            .map_err(Refusal::new)?;
        if login.grant_type != "authorization_code" {
            return Err(Refusal::new(40002));
        }
        if login.js_code.is_empty() {
            return Err(Refusal::new(41008));
        }
        let now = platform.now();
        let openid = platform
            .state()
            .codes
            .take(&login.js_code, now)
            .map_err(Refusal::new)?;
        let session_key = STANDARD.encode(platform.0.dice.bytes::<16>());
        let session = (session_key.clone(), now);
        let mut state = platform.state();
        state.mini.sessions.insert(openid.clone(), session);
        Ok(json!({
            "session_key": session_key,
            "unionid": union_id(&openid),
            "openid": openid,
        }))
    })
    .await
}

/// The person across the operator's accounts: the pretended ones share their openids.
pub(super) fn union_id(openid: &str) -> String {
    format!("union-{openid}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_holds_once_and_for_five_minutes() {
        let now = crate::base::clock::from_ms(0).unwrap();
        let mut codes = Codes::default();
        codes.issue("a", "person", now);
        codes.issue("b", "person", now);
        assert_eq!(codes.take("c", now), Err(40029));
        assert_eq!(codes.take("a", now), Ok("person".to_owned()));
        assert_eq!(codes.take("a", now), Err(40163));
        assert_eq!(codes.take("b", now + TimeDelta::minutes(5)), Err(40029));
    }
}
