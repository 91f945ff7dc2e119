//! Access tokens of the official account (protocols.md §2.1): the stable endpoint and the classic one.

use chrono::TimeDelta;
use poem::web::{Data, Query};
use poem::{Body, Response, handler};
use serde::Deserialize;
use serde_json::{Value, json};

use super::answer::{Refusal, field, read_json, respond};
use super::faults::Api;
use super::platform::{Platform, State};
use crate::base::clock::Moment;

/// Seconds of an access token.
const LIFETIME: i64 = 7200;
/// The platform renews a stable token so long before its end, and keeps the old one until then.
const RENEW: i64 = 300;
/// Seconds between two forced refreshes that do something.
const FORCE_PAUSE: i64 = 30;

/// Tokens given out.
#[derive(Debug, Default)]
pub struct Tokens {
    stable: Option<(String, Moment)>,
    /// Others that still hold.
    old: Vec<(String, Moment)>,
    forced: Option<Moment>,
    /// The classic endpoint's, of which a new one ends the former.
    classic: Option<(String, Moment)>,
}

impl Tokens {
    /// The stable token and its end; `fresh` becomes it when a new one is due.
    fn stable(&mut self, fresh: String, force: bool, now: Moment) -> (String, Moment) {
        let force_counts = force
            && self
                .forced
                .is_none_or(|last| now - last >= TimeDelta::seconds(FORCE_PAUSE));
        if force_counts {
            self.forced = Some(now);
            self.stable = None;
        }
        if let Some((token, end)) = &self.stable {
            if *end - now > TimeDelta::seconds(RENEW) {
                return (token.clone(), *end);
            }
            self.old.push((token.clone(), *end));
        }
        let held = (fresh, now + TimeDelta::seconds(LIFETIME));
        self.stable = Some(held.clone());
        held
    }

    fn classic(&mut self, fresh: String, now: Moment) {
        if let Some((token, _)) = self.classic.take() {
            self.old.push((token, now + TimeDelta::seconds(RENEW)));
        }
        self.classic = Some((fresh, now + TimeDelta::seconds(LIFETIME)));
    }

    /// Whether a call may be made with it.
    ///
    /// # Errors
    /// 41001 missing, 40001 unknown or replaced, 42001 over.
    pub fn check(&mut self, token: &str, now: Moment) -> Result<(), Refusal> {
        self.old.retain(|(_, end)| *end > now);
        let all = self.old.iter().chain(&self.stable).chain(&self.classic);
        match all.into_iter().find(|(known, _)| known == token) {
            _ if token.is_empty() => Err(Refusal::new(41001)),
            None => Err(Refusal::new(40001)),
            Some((_, end)) if *end <= now => Err(Refusal::new(42001)),
            Some(_) => Ok(()),
        }
    }

    /// None of them holds any more.
    pub fn forget(&mut self) {
        *self = Self {
            forced: self.forced,
            ..Self::default()
        };
    }
}

/// The query of the classic endpoint.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Ask {
    appid: String,
    secret: String,
    grant_type: String,
}

/// `GET /cgi-bin/token`
#[handler]
pub async fn classic_token(
    Data(platform): Data<&Platform>,
    Query(ask): Query<Ask>,
) -> poem::Result<Response> {
    respond(platform, Api::Token, |_| {
        let mini = check_app(platform, &ask.grant_type, &ask.appid, &ask.secret)?;
        let token = platform.0.dice.token();
        let now = platform.now();
        tokens_of(&mut platform.state(), mini).classic(token.clone(), now);
        Ok(json!({ "access_token": token, "expires_in": LIFETIME }))
    })
    .await
}

/// `POST /cgi-bin/stable_token`
#[handler]
pub async fn stable_token(Data(platform): Data<&Platform>, body: Body) -> poem::Result<Response> {
    let body = read_json(body).await;
    respond(platform, Api::Token, |_| {
        let body = body?;
        let mini = check_app(
            platform,
            field(&body, "grant_type"),
            field(&body, "appid"),
            field(&body, "secret"),
        )?;
        let force = body.get("force_refresh").and_then(Value::as_bool) == Some(true);
        let now = platform.now();
        let fresh = platform.0.dice.token();
        let (token, end) = tokens_of(&mut platform.state(), mini).stable(fresh, force, now);
        Ok(json!({ "access_token": token, "expires_in": (end - now).num_seconds() }))
    })
    .await
}

/// Whose id and secret these are: true for the mini-program's.
fn check_app(
    platform: &Platform,
    grant_type: &str,
    app_id: &str,
    secret: &str,
) -> Result<bool, Refusal> {
    if grant_type != "client_credential" {
        return Err(Refusal::new(40002));
    }
    let config = &platform.0.config;
    let mini = !app_id.is_empty() && app_id == config.mini_app_id;
    let checked = match mini {
        true => config.check_mini(app_id, secret),
        false => config.check_official(app_id, secret),
    };
    checked.map(|()| mini).map_err(Refusal::new)
}

/// Each app has its own tokens.
fn tokens_of(state: &mut State, mini: bool) -> &mut Tokens {
    match mini {
        true => &mut state.mini.tokens,
        false => &mut state.tokens,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Moment {
        crate::base::clock::from_ms(seconds * 1000).unwrap()
    }

    #[test]
    fn the_stable_token_stays_and_is_renewed_shortly_before_its_end() {
        let mut tokens = Tokens::default();
        assert_eq!(tokens.stable("a".into(), false, at(0)).0, "a");
        assert_eq!(tokens.stable("b".into(), false, at(6899)).0, "a");
        assert_eq!(tokens.stable("b".into(), false, at(6900)).0, "b");
        assert_eq!(tokens.check("a", at(7199)), Ok(()));
        assert_eq!(tokens.check("a", at(7200)), Err(Refusal::new(40001)));
        assert_eq!(tokens.check("b", at(7200)), Ok(()));
        assert_eq!(tokens.check("", at(7200)), Err(Refusal::new(41001)));
        assert_eq!(tokens.check("b", at(14_100)), Err(Refusal::new(42001)));
    }

    #[test]
    fn force_ends_the_old_one_at_once_but_not_twice_in_a_row() {
        let mut tokens = Tokens::default();
        tokens.stable("a".into(), false, at(0));
        assert_eq!(tokens.stable("b".into(), true, at(10)).0, "b");
        assert_eq!(tokens.check("a", at(10)), Err(Refusal::new(40001)));
        assert_eq!(tokens.stable("c".into(), true, at(39)).0, "b");
        assert_eq!(tokens.stable("c".into(), true, at(40)).0, "c");
    }

    #[test]
    fn the_classic_token_is_replaced_with_five_minutes_of_grace() {
        let mut tokens = Tokens::default();
        tokens.stable("s".into(), false, at(0));
        tokens.classic("a".into(), at(0));
        tokens.classic("b".into(), at(100));
        assert_eq!(tokens.check("a", at(399)), Ok(()));
        assert_eq!(tokens.check("a", at(400)), Err(Refusal::new(40001)));
        assert_eq!(tokens.check("b", at(400)), Ok(()));
        assert_eq!(tokens.check("s", at(400)), Ok(()));
    }
}
