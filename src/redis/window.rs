//! The strict limit that all instances share: never more than so many in any stretch of so long,
//! wherever it begins. For platforms that punish or silently drop what is too much; a token bucket
//! (`limiter.rs`) lets twice as many through at the edge of a minute. In Redis, and its twin in this
//! process for when there is none or it does not answer. Called by `delivery`.

use std::collections::{HashMap, VecDeque};
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use ::redis::Script;
use chrono::{DateTime, TimeDelta, Utc};

use super::Connection;

/// One limit: `most` in any `span`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// What is counted: `group:1a2b`.
    pub key: String,
    /// So many.
    pub most: u32,
    /// In any stretch of this length.
    pub span: TimeDelta,
}

/// What [`Window::take`] returns; boxed so that the trait can be an object.
pub type Waiting<'a> = Pin<Box<dyn Future<Output = Option<TimeDelta>> + Send + 'a>>;

/// Lets so many through in any stretch of time.
pub trait Window: Send + Sync {
    /// Takes one of each of these, or none of any: then how long to wait before trying again. The
    /// time is the caller's; one that lies before another instance's counts as that one. Never
    /// fails: while the shared window cannot be asked, the local one counts.
    fn take<'a>(&'a self, spans: &'a [Span], now: DateTime<Utc>) -> Waiting<'a>;
}

/// Keys are looked through for forgotten ones every so many takes.
const TIDY_EVERY: u64 = 4096;

/// The window of a single instance.
#[derive(Default)]
pub struct LocalWindow {
    /// Times of what went through, ms, oldest first; and the length of the window.
    taken: Mutex<HashMap<String, (i64, VecDeque<i64>)>>,
    takes: AtomicU64,
}

impl LocalWindow {
    /// The same without waiting, since nothing is waited for.
    pub fn take_now(&self, spans: &[Span], now: DateTime<Utc>) -> Option<TimeDelta> {
        let asked = now.timestamp_millis();
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut now, mut wait) = (asked, 0);
        for span in spans {
            let newest = taken.get(&span.key).and_then(|(_, times)| times.back());
            now = now.max(newest.copied().unwrap_or(now));
        }
        for span in spans {
            let length = span.span.num_milliseconds();
            let (_, times) = taken.entry(span.key.clone()).or_default();
            while times.front().is_some_and(|first| *first <= now - length) {
                times.pop_front();
            }
            let most = usize::try_from(span.most).unwrap_or(usize::MAX);
            if times.len() >= most {
                // Nothing is ever let through where the limit is 0.
                let at = times.len().checked_sub(most.max(1));
                let leaves = at.and_then(|at| times.get(at)).copied().unwrap_or(now);
                wait = wait.max(leaves + length - asked);
            }
        }
        if wait > 0 {
            return Some(TimeDelta::milliseconds(wait));
        }
        for span in spans {
            let (length, times) = taken.entry(span.key.clone()).or_default();
            *length = span.span.num_milliseconds();
            times.push_back(now);
        }
        if self.takes.fetch_add(1, Ordering::Relaxed) % TIDY_EVERY == TIDY_EVERY - 1 {
            taken.retain(|_, (length, times)| {
                times.back().is_some_and(|last| *last > now - *length)
            });
        }
        None
    }
}

impl Window for LocalWindow {
    fn take<'a>(&'a self, spans: &'a [Span], now: DateTime<Utc>) -> Waiting<'a> {
        Box::pin(std::future::ready(self.take_now(spans, now)))
    }
}

/// A window is a sorted set of times. All keys are looked at before any is changed. ARGV: the time,
/// then for each key the most and the length, ms. Answers the milliseconds to wait, 0: taken. The
/// members are numbered by a key of their own, so that two in one millisecond are two.
const TAKE: &str = r"
local asked = tonumber(ARGV[1])
local now = asked
local count = #KEYS - 1
for i = 1, count do
  local newest = redis.call('ZRANGE', KEYS[i], -1, -1, 'WITHSCORES')[2]
  if newest and tonumber(newest) > now then now = tonumber(newest) end
end
local wait = 0
for i = 1, count do
  local most = tonumber(ARGV[2 * i])
  local length = tonumber(ARGV[2 * i + 1])
  redis.call('ZREMRANGEBYSCORE', KEYS[i], '-inf', string.format('%.0f', now - length))
  local held = redis.call('ZCARD', KEYS[i])
  if held >= most then
    local at = held - math.max(most, 1)
    local leaves = redis.call('ZRANGE', KEYS[i], at, at, 'WITHSCORES')[2]
    wait = math.max(wait, (tonumber(leaves) or now) + length - asked)
  end
end
if wait > 0 then return string.format('%.0f', wait) end
local number = redis.call('INCR', KEYS[#KEYS])
for i = 1, count do
  redis.call('ZADD', KEYS[i], string.format('%.0f', now), number)
  redis.call('PEXPIRE', KEYS[i], string.format('%.0f', tonumber(ARGV[2 * i + 1]) + 60000 + now - asked))
end
return '0'
";

/// The window that all instances share.
pub struct RedisWindow {
    connection: Connection,
    prefix: String,
    script: Script,
    local: LocalWindow,
}

impl RedisWindow {
    /// Keys begin with `prefix`.
    #[must_use]
    pub fn new(connection: Connection, prefix: &str) -> Self {
        Self {
            connection,
            prefix: prefix.to_owned(),
            script: Script::new(TAKE),
            local: LocalWindow::default(),
        }
    }
}

impl Window for RedisWindow {
    fn take<'a>(&'a self, spans: &'a [Span], now: DateTime<Utc>) -> Waiting<'a> {
        Box::pin(async move {
            let mut connection = self.connection.clone();
            let mut call = self.script.prepare_invoke();
            call.arg(now.timestamp_millis());
            for span in spans {
                call.key(format!("{}:window:{}", self.prefix, span.key));
                call.arg(span.most).arg(span.span.num_milliseconds());
            }
            call.key(format!("{}:window-number", self.prefix));
            match call.invoke_async::<i64>(&mut connection).await {
                Ok(wait) => Some(wait)
                    .filter(|wait| *wait > 0)
                    .map(TimeDelta::milliseconds),
                Err(error) => {
                    metrics::counter!("linli_redis_errors_total", "part" => "window").increment(1);
                    tracing::debug!(%error, "the shared window does not answer; the local one counts");
                    self.local.take_now(spans, now)
                }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn span(key: &str, most: u32, seconds: i64) -> Span {
        Span {
            key: key.to_owned(),
            most,
            span: TimeDelta::seconds(seconds),
        }
    }

    fn at(ms: i64) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(1_700_000_000_000 + ms).unwrap()
    }

    #[test]
    fn all_or_none_and_the_wait_is_enough() {
        let window = LocalWindow::default();
        let both = [span("a", 1, 60), span("b", 2, 60)];
        assert_eq!(window.take_now(&both, at(0)), None);
        let wait = window.take_now(&both, at(1000)).unwrap();
        assert_eq!(wait, TimeDelta::seconds(59));
        // What was refused took nothing of the other.
        assert_eq!(window.take_now(&[span("b", 2, 60)], at(1000)), None);
        assert!(window.take_now(&[span("b", 2, 60)], at(1000)).is_some());
        assert_eq!(window.take_now(&both, at(61_000)), None);
        assert!(window.take_now(&[span("c", 0, 60)], at(0)).is_some());
    }

    #[test]
    fn a_clock_that_lags_gains_nothing() {
        let window = LocalWindow::default();
        let one = [span("a", 1, 60)];
        assert_eq!(window.take_now(&one, at(5000)), None);
        assert_eq!(
            window.take_now(&one, at(0)),
            Some(TimeDelta::seconds(65)),
            "counted from the other's time"
        );
    }

    proptest! {
        #[test]
        fn never_more_in_any_stretch(steps in proptest::collection::vec(0..20_000_i64, 1..200)) {
            let window = LocalWindow::default();
            let limit = [span("a", 5, 60)];
            let (mut now, mut passed) = (0, Vec::new());
            for step in steps {
                now += step;
                if window.take_now(&limit, at(now)).is_none() {
                    passed.push(now);
                }
            }
            for many in passed.windows(6) {
                prop_assert!(many[5] - many[0] >= 60_000, "{:?}", many);
            }
        }
    }
}
