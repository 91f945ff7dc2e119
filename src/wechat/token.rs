//! The access token of an account, shared by all instances (protocols.md §2.1, §6.7). The shelf
//! where it lies is a trait: memory here, Redis elsewhere. Used by the clients of this module.

use super::{
    Error,
    crypto::hex,
    errors::{Action, action, work_action},
    http::{Http, scalar},
};
use rand::{Rng, RngExt, SeedableRng, rngs::StdRng};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use std::{
    collections::HashMap,
    future::Future,
    pin::Pin,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};
use tokio::{
    sync::{Mutex, MutexGuard},
    time::{Instant, sleep},
};

/// Refresh so long before the end, seconds; the platform renews its own copy at about that time.
const EARLY: i64 = 300;
/// Instances refresh spread over so many seconds.
const JITTER: i64 = 60;
/// A refresh holds its lock so long at most: longer than an HTTP call may take, shorter than others
/// wait, so that a holder that died makes nobody give up.
const LOCK_TTL: Duration = Duration::from_secs(6);
/// Refusals of a token within so many seconds after the platform gave it out once more are of the
/// burst that made us ask: it is not asked again.
const BURST: i64 = 10;
/// The platform takes one forced refresh in so long a time.
const FORCE_TTL: Duration = Duration::from_secs(30);
/// How often, and how many times, we look whether another instance has put a token on the shelf.
const POLL: Duration = Duration::from_millis(100);
const POLLS: u32 = 70;

/// What a shelf's calls return; boxed so that the trait can be an object.
pub type Shelving<'a, T> = Pin<Box<dyn Future<Output = Result<T, ShelfDown>> + Send + 'a>>;

/// The shelf could not be reached. Then each instance asks the platform by itself, which hands the
/// same token to all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the token shelf cannot be reached")]
pub struct ShelfDown;

/// A token with its end.
#[derive(Clone, PartialEq, Eq)]
pub struct Token {
    /// The access token, up to 512 characters.
    pub value: String,
    /// UTC seconds.
    pub expires_at: i64,
    /// When the platform, asked because it had refused this token, gave it out once more, UTC
    /// seconds; 0 for never.
    pub insisted_at: i64,
}

impl Token {
    /// Whether a refusal at `now` is one of those after which the platform was asked already.
    fn is_insisted_on(&self, now: i64) -> bool {
        now.saturating_sub(self.insisted_at) < BURST
    }

    /// Whether it is another one than `bad`, or the platform has insisted on it since.
    fn is_better_than(&self, bad: Option<&Self>) -> bool {
        bad.is_none_or(|bad| self.value != bad.value || self.insisted_at > bad.insisted_at)
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Token")
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// The two locks of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Lock {
    /// Held while a token is fetched.
    Refresh,
    /// Taken before a forced refresh and never given back: its time to live is the pause between
    /// two of them.
    Force,
}

/// Where the token of ONE account lies for all instances. Every method is atomic.
pub trait TokenShelf: Send + Sync {
    /// The token, if one lies there; it may have expired.
    fn get(&self) -> Shelving<'_, Option<Token>>;
    /// Lays down a token in place of any other; it may vanish after its end.
    fn put<'a>(&'a self, token: &'a Token) -> Shelving<'a, ()>;
    /// Takes a lock unless anybody holds it; it falls open after `ttl`.
    fn lock<'a>(&'a self, lock: Lock, owner: &'a str, ttl: Duration) -> Shelving<'a, bool>;
    /// Gives a lock back if it is still the owner's.
    fn unlock<'a>(&'a self, lock: Lock, owner: &'a str) -> Shelving<'a, ()>;
    /// Removes the token if it is still this one, and the platform has not insisted on it since;
    /// says whether it was.
    fn remove_if_same<'a>(&'a self, token: &'a Token) -> Shelving<'a, bool>;
}

/// The shelf of a single instance, and of tests.
#[derive(Debug, Default)]
pub struct MemoryShelf(std::sync::Mutex<Board>);

#[derive(Debug, Default)]
struct Board {
    token: Option<Token>,
    locks: HashMap<Lock, (String, Instant)>,
}

impl MemoryShelf {
    fn with<T: Send + 'static>(&self, act: impl FnOnce(&mut Board) -> T) -> Shelving<'_, T> {
        let result = act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
        Box::pin(std::future::ready(Ok(result)))
    }
}

impl TokenShelf for MemoryShelf {
    fn get(&self) -> Shelving<'_, Option<Token>> {
        self.with(|board| board.token.clone())
    }

    fn put<'a>(&'a self, token: &'a Token) -> Shelving<'a, ()> {
        self.with(|board| board.token = Some(token.clone()))
    }

    fn lock<'a>(&'a self, lock: Lock, owner: &'a str, ttl: Duration) -> Shelving<'a, bool> {
        self.with(|board| {
            let now = Instant::now();
            if board.locks.get(&lock).is_some_and(|(_, end)| *end > now) {
                return false;
            }
            board.locks.insert(lock, (owner.to_owned(), now + ttl));
            true
        })
    }

    fn unlock<'a>(&'a self, lock: Lock, owner: &'a str) -> Shelving<'a, ()> {
        self.with(|board| {
            if board
                .locks
                .get(&lock)
                .is_some_and(|(holder, _)| holder == owner)
            {
                board.locks.remove(&lock);
            }
        })
    }

    fn remove_if_same<'a>(&'a self, token: &'a Token) -> Shelving<'a, bool> {
        let same =
            |held: &mut Token| (&held.value, held.insisted_at) == (&token.value, token.insisted_at);
        self.with(|board| board.token.take_if(same).is_some())
    }
}

/// A token with the moment from which this process looks for a newer one.
#[derive(Clone)]
struct Held {
    token: Token,
    refresh_at: i64,
}

/// Guarded by the mutex that lets one refresh fly at a time in this process.
struct Flight {
    rng: StdRng,
    /// The last token the platform refused.
    bad: Option<Token>,
    /// When no token could be had last, and why.
    failed: Option<(Instant, Error)>,
}

/// How the platform is asked for a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// WeChat's stable token: POST, and by force when it insists on a refused one.
    Stable,
    /// WeCom's (protocols.md §4.2): GET; it hands out the same token until its end, and knows no force.
    Corporation,
}

/// Hands out the token of one account.
pub struct TokenKeeper {
    http: Http,
    way: Way,
    url: String,
    app_id: String,
    secret: SecretString,
    shelf: Arc<dyn TokenShelf>,
    owner: String,
    held: RwLock<Option<Held>>,
    flight: Mutex<Flight>,
}

impl TokenKeeper {
    /// `api_base` without a closing slash; `seed` spreads the refreshes and names this instance at
    /// the lock, so give each process another.
    pub fn new(
        http: Http,
        api_base: &str,
        app_id: &str,
        secret: SecretString,
        shelf: Arc<dyn TokenShelf>,
        seed: u64,
    ) -> Self {
        let url = format!("{api_base}/cgi-bin/stable_token");
        Self::by(Way::Stable, http, url, app_id, secret, shelf, seed)
    }

    /// The token of a WeCom application: `id` is the corporation's, `secret` the application's.
    pub fn of_corporation(
        http: Http,
        api_base: &str,
        id: &str,
        secret: SecretString,
        shelf: Arc<dyn TokenShelf>,
        seed: u64,
    ) -> Self {
        let url = format!("{api_base}/cgi-bin/gettoken");
        Self::by(Way::Corporation, http, url, id, secret, shelf, seed)
    }

    fn by(
        way: Way,
        http: Http,
        url: String,
        app_id: &str,
        secret: SecretString,
        shelf: Arc<dyn TokenShelf>,
        seed: u64,
    ) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut owner = [0; 16];
        rng.fill_bytes(&mut owner);
        let flight = Flight {
            rng,
            bad: None,
            failed: None,
        };
        Self {
            http,
            way,
            url,
            app_id: app_id.to_owned(),
            secret,
            shelf,
            owner: hex(&owner),
            held: RwLock::new(None),
            flight: Mutex::new(flight),
        }
    }

    /// A token that holds at `now`. While an early refresh is under way, the old one.
    pub async fn get(&self, now: i64) -> Result<String, Error> {
        let asked_at = Instant::now();
        let held = self.held();
        let usable = held.as_ref().filter(|held| now < held.token.expires_at);
        let mut flight = match usable {
            Some(held) if now < held.refresh_at => return Ok(held.token.value.clone()),
            Some(held) => match self.flight.try_lock() {
                Ok(flight) => flight,
                Err(_) => return Ok(held.token.value.clone()),
            },
            None => self.flight.lock().await,
        };
        // Whoever flew before us may have brought it.
        if let Some(held) = self.held().filter(|held| now < held.refresh_at) {
            return Ok(held.token.value);
        }
        let fallback = usable.map(|held| held.token.value.clone());
        // Whoever waited while somebody asked in vain does not do the same, one after the other.
        if let (Some((at, error)), None) = (&flight.failed, &fallback)
            && *at >= asked_at
        {
            return Err(error.clone());
        }
        match (
            self.renew(&mut flight, now, fallback.is_some()).await,
            fallback,
        ) {
            (Ok(value), _) => Ok(value),
            // The early refresh failed, but the old token has minutes to live.
            (Err(error), Some(value)) => {
                tracing::warn!(%error, "early refresh of the access token failed");
                Ok(value)
            }
            (Err(error), None) => {
                flight.failed = Some((Instant::now(), error.clone()));
                Err(error)
            }
        }
    }

    /// Makes a call with the token; when the platform refuses it, once more with a fresh one.
    /// [`Error::Unreached`] when there is no token, since nobody answers who gives one.
    pub async fn with<T, F>(&self, now: i64, call: impl Fn(String) -> F) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Error>>,
    {
        let token = self.get(now).await.map_err(unasked)?;
        match call(token.clone()).await {
            Err(error) if self.is_refusal(&error) => {
                self.report_bad(&token, now).await;
                let fresh = self.get(now).await.map_err(unasked)?;
                call(fresh).await
            }
            answer => answer,
        }
    }

    /// Whether the platform wants another token. WeCom's 40001 means that the secret is wrong.
    fn is_refusal(&self, error: &Error) -> bool {
        let action: fn(i64) -> Action = match self.way {
            Way::Stable => action,
            Way::Corporation => work_action,
        };
        matches!(error, Error::Platform { code, .. } if action(*code) == Action::RefreshToken)
    }

    /// Tells that the platform refused `value` at `now` (40001, 40014, 42001). Takes it off the shelf
    /// only if it is still there: another instance may have laid down a newer one. What the platform
    /// insisted on a moment ago stays in use: whoever was refused together asks once together.
    pub async fn report_bad(&self, value: &str, now: i64) {
        let mut flight = self.flight.lock().await;
        let held = self.held().map(|held| held.token);
        let shelved = self.shelf.get().await.ok().flatten();
        let both = [held, shelved].into_iter().flatten();
        let refused = both
            .filter(|token| token.value == value)
            .max_by_key(|token| token.insisted_at);
        let Some(refused) = refused else {
            return;
        };
        if refused.is_insisted_on(now) {
            self.hold(&mut flight, refused);
            return;
        }
        self.forget(value);
        // A shelf that is down keeps it: whoever takes it there is refused and asks.
        let _ = self.shelf.remove_if_same(&refused).await;
        flight.bad = Some(refused);
    }

    /// Lets go of this token in this process.
    fn forget(&self, value: &str) {
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        held.take_if(|held| held.token.value == value);
    }

    fn held(&self) -> Option<Held> {
        self.held
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// From the shelf if it has a fresh one, else from the platform, one instance at a time.
    async fn renew(
        &self,
        flight: &mut MutexGuard<'_, Flight>,
        now: i64,
        usable: bool,
    ) -> Result<String, Error> {
        for _ in 0..POLLS {
            match self.shelf.get().await {
                Ok(Some(token)) if token.is_better_than(flight.bad.as_ref()) => {
                    let held = self.hold(flight, token);
                    if now < held.refresh_at {
                        return Ok(held.token.value);
                    }
                }
                Ok(_) => {}
                Err(ShelfDown) => return self.fetch(flight, now).await,
            }
            match self.shelf.lock(Lock::Refresh, &self.owner, LOCK_TTL).await {
                Ok(true) => return self.fetch_locked(flight, now).await,
                Ok(false) if usable => break,
                Ok(false) => sleep(POLL).await,
                Err(ShelfDown) => return self.fetch(flight, now).await,
            }
        }
        match self.held().filter(|held| now < held.token.expires_at) {
            Some(held) => Ok(held.token.value),
            // The holder has hung for seven seconds. Asking twice does no harm, being mute does.
            None => self.fetch(flight, now).await,
        }
    }

    async fn fetch_locked(
        &self,
        flight: &mut MutexGuard<'_, Flight>,
        now: i64,
    ) -> Result<String, Error> {
        // Between our look and our lock another instance may have finished.
        let shelved = self.shelf.get().await.ok().flatten();
        let fresh = shelved.filter(|token| token.is_better_than(flight.bad.as_ref()));
        let held = fresh.map(|token| self.hold(flight, token));
        let result = match held.filter(|held| now < held.refresh_at) {
            Some(held) => Ok(held.token.value),
            None => self.fetch(flight, now).await,
        };
        if self.shelf.unlock(Lock::Refresh, &self.owner).await.is_err() {
            tracing::debug!("the token lock could not be given back; it falls open by itself");
        }
        result
    }

    /// Asks the platform, once: by force only when it goes on refusing a token that it has insisted
    /// on. It may be wrong about a token that is good, and a forced one ends the old one for all.
    async fn fetch(&self, flight: &mut MutexGuard<'_, Flight>, now: i64) -> Result<String, Error> {
        let bad = flight.bad.clone();
        let stuck = self.way == Way::Stable && bad.as_ref().is_some_and(|bad| bad.insisted_at > 0);
        let force = stuck
            && self
                .shelf
                .lock(Lock::Force, &self.owner, FORCE_TTL)
                .await
                .unwrap_or(false);
        if force {
            tracing::warn!("the platform goes on refusing its access token: forcing a new one");
        }
        let mut token = match self.ask(force, now).await {
            // It takes no more of them today.
            Err(Error::Platform { .. }) if force => self.ask(false, now).await?,
            asked => asked?,
        };
        if bad.is_some_and(|bad| bad.value == token.value) {
            tracing::warn!("the platform insists on an access token that it has refused");
            token.insisted_at = now;
        }
        flight.bad = None;
        if self.shelf.put(&token).await.is_err() {
            tracing::warn!("the access token could not be shared with the other instances");
        }
        let mut held = self.hold(flight, token);
        // Short of its end the platform repeats the old token: do not ask for it at every call.
        let patience = held.token.expires_at.saturating_sub(now).min(60) / 2;
        if held.refresh_at < now.saturating_add(patience) {
            held.refresh_at = now.saturating_add(patience);
            *self.held.write().unwrap_or_else(PoisonError::into_inner) = Some(held.clone());
        }
        Ok(held.token.value)
    }

    async fn ask(&self, force_refresh: bool, now: i64) -> Result<Token, Error> {
        let secret = self.secret.expose_secret();
        let answer = match self.way {
            Way::Stable => {
                let body = json!({
                    "grant_type": "client_credential",
                    "appid": self.app_id,
                    "secret": secret,
                    "force_refresh": force_refresh,
                });
                self.http.post(&self.url, &[], &body).await?
            }
            Way::Corporation => {
                let query = [("corpid", self.app_id.as_str()), ("corpsecret", secret)];
                self.http.get(&self.url, &query).await?
            }
        };
        let value = answer.get("access_token").and_then(|value| value.as_str());
        let value = value
            .filter(|text| !text.is_empty())
            .ok_or(Error::Nonsense)?
            .to_owned();
        let lifetime = scalar(&answer, "expires_in").and_then(|text| text.parse::<i64>().ok());
        // A day is far beyond the two hours of the documents.
        let lifetime = lifetime
            .filter(|life| (1..=86_400).contains(life))
            .ok_or(Error::Nonsense)?;
        Ok(Token {
            value,
            expires_at: now.saturating_add(lifetime),
            insisted_at: 0,
        })
    }

    /// Keeps the token in this process.
    fn hold(&self, flight: &mut MutexGuard<'_, Flight>, token: Token) -> Held {
        let early = EARLY - flight.rng.random_range(0..JITTER);
        let refresh_at = token.expires_at.saturating_sub(early);
        let held = Held { token, refresh_at };
        *self.held.write().unwrap_or_else(PoisonError::into_inner) = Some(held.clone());
        held
    }
}

/// What was to be asked was not: the endpoint that gives tokens does not answer.
fn unasked(error: Error) -> Error {
    let answered = matches!(error, Error::Platform { .. });
    if answered { error } else { Error::Unreached }
}
