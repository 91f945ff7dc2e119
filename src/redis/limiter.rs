//! The rate limit that all instances share: a token bucket in Redis, and its twin in this process
//! for when there is no Redis or it does not answer. Called by the faces.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use ::redis::Script;
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use super::Connection;

/// What [`Limiter::take`] returns; boxed so that the trait can be an object.
pub type Taking<'a> = Pin<Box<dyn Future<Output = bool> + Send + 'a>>;

/// Lets so many through a minute.
pub trait Limiter: Send + Sync {
    /// Takes one of `per_minute` of this key; false when none is left. A whole minute's worth may
    /// come at once. Never fails: while the shared limit cannot be asked, the local one counts.
    fn take<'a>(&'a self, key: &'a str, per_minute: u32) -> Taking<'a>;
}

/// Looks after keys that nobody uses any more, every so many takes.
const TIDY_EVERY: u32 = 4096;

type Buckets = Arc<DefaultKeyedRateLimiter<String>>;

/// The limit of a single instance.
#[derive(Default)]
pub struct LocalLimiter {
    /// One set of buckets for each size.
    sizes: Mutex<HashMap<u32, Buckets>>,
    takes: AtomicU32,
}

impl LocalLimiter {
    fn buckets(&self, per_minute: NonZeroU32) -> Buckets {
        let mut sizes = self.sizes.lock().unwrap_or_else(PoisonError::into_inner);
        let made = || Arc::new(RateLimiter::keyed(Quota::per_minute(per_minute)));
        Arc::clone(sizes.entry(per_minute.get()).or_insert_with(made))
    }

    /// The same without waiting, since nothing is waited for.
    pub fn take_now(&self, key: &str, per_minute: u32) -> bool {
        let Some(per_minute) = NonZeroU32::new(per_minute) else {
            return false;
        };
        let buckets = self.buckets(per_minute);
        if self.takes.fetch_add(1, Ordering::Relaxed) % TIDY_EVERY == TIDY_EVERY - 1 {
            buckets.retain_recent();
            buckets.shrink_to_fit();
        }
        buckets.check_key(&key.to_owned()).is_ok()
    }
}

impl Limiter for LocalLimiter {
    fn take<'a>(&'a self, key: &'a str, per_minute: u32) -> Taking<'a> {
        Box::pin(std::future::ready(self.take_now(key, per_minute)))
    }
}

/// A bucket is two numbers: what is left, in millionths of one, and when that was. Redis' own clock
/// counts, so that the instances' clocks need not agree; going back it counts as standing still.
const TAKE: &str = r"
local size = tonumber(ARGV[1])
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local full = size * 1000000
local held = redis.call('HMGET', KEYS[1], 'left', 'at')
local left = tonumber(held[1]) or full
local at = tonumber(held[2]) or now
local gain = math.max(0, now - at) * full / 60000
left = math.min(full, left + math.floor(gain))
local taken = 0
if left >= 1000000 then
  left = left - 1000000
  taken = 1
end
redis.call('HSET', KEYS[1], 'left', string.format('%.0f', left), 'at', string.format('%.0f', now))
redis.call('PEXPIRE', KEYS[1], 61000)
return taken
";

/// The limit that all instances share.
pub struct RedisLimiter {
    connection: Connection,
    prefix: String,
    script: Script,
    local: LocalLimiter,
}

impl RedisLimiter {
    /// Keys begin with `prefix`.
    #[must_use]
    pub fn new(connection: Connection, prefix: &str) -> Self {
        Self {
            connection,
            prefix: prefix.to_owned(),
            script: Script::new(TAKE),
            local: LocalLimiter::default(),
        }
    }
}

impl Limiter for RedisLimiter {
    fn take<'a>(&'a self, key: &'a str, per_minute: u32) -> Taking<'a> {
        Box::pin(async move {
            if per_minute == 0 {
                return false;
            }
            let mut connection = self.connection.clone();
            let taken = self
                .script
                .key(format!("{}:limit:{key}", self.prefix))
                .arg(per_minute)
                .invoke_async::<i64>(&mut connection)
                .await;
            match taken {
                Ok(taken) => taken == 1,
                Err(error) => {
                    metrics::counter!("linli_redis_errors_total", "part" => "limiter").increment(1);
                    tracing::debug!(%error, "the shared limit does not answer; the local one counts");
                    self.local.take_now(key, per_minute)
                }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minutes_worth_and_no_more() {
        let limiter = LocalLimiter::default();
        let taken = (0..10).filter(|_| limiter.take_now("a", 4)).count();
        assert_eq!(taken, 4);
        assert!(limiter.take_now("b", 4), "another key has its own");
        assert!(limiter.take_now("a", 5), "another size has its own");
        assert!(!limiter.take_now("a", 0));
    }
}
