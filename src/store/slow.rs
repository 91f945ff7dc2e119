//! Questions that may take the database seconds. However many ask one at once, it is asked once; it goes on though
//! nobody waits any more; an answer that took long is kept for a while, and says of when it is. An answer that came at
//! once is not kept: whoever asks next reads anew. Used by whatever sums up more than a page may wait for.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, timeout};

use crate::base::clock::Moment;
use crate::base::fault::{Code, Fault};

/// Answers that are kept at most; the oldest go.
const MOST: usize = 64;

/// An answer, and of when it is.
#[derive(Debug)]
pub struct Answer<V> {
    /// What was asked for.
    pub value: V,
    /// When its reading began.
    pub at: Moment,
    /// It took long and is shown to whoever asks later; otherwise it is of now.
    pub kept: bool,
}

/// What somebody is content with.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// The present.
    pub now: Moment,
    /// Nothing whose reading began before is good enough.
    pub since: Moment,
    /// How long to wait; what takes longer is kept.
    pub patience: Duration,
}

type Heard<V> = Option<Result<Arc<Answer<V>>, Arc<Fault>>>;
type Hear<V> = watch::Receiver<Heard<V>>;

/// What is known of one question.
struct Entry<V> {
    done: Option<Arc<Answer<V>>>,
    under_way: Option<Hear<V>>,
}

type Entries<K, V> = Arc<Mutex<HashMap<K, Entry<V>>>>;

/// Questions by their key, which must hold all that an answer depends on, and all by which it is seen by some and
/// not by others.
pub struct Slow<K, V>(Entries<K, V>);

impl<K, V> Default for Slow<K, V> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<K, V> Slow<K, V>
where
    K: Clone + Eq + Hash + Send + 'static,
    V: Send + Sync + 'static,
{
    /// The answer; none when it takes longer than the patience: it goes on by itself, and whoever asks again gets
    /// it. `read` is begun only where no answer is good enough and nobody reads already.
    ///
    /// # Errors
    /// The reading's, for all who waited for it; `busy` when it broke down. The next who asks begins anew.
    pub async fn ask<F>(
        &self,
        key: K,
        terms: Terms,
        read: F,
    ) -> Result<Option<Arc<Answer<V>>>, Fault>
    where
        F: Future<Output = Result<V, Fault>> + Send + 'static,
    {
        let mut hear = {
            let mut entries = hold(&self.0);
            let entry = entries.get(&key);
            if let Some(done) = entry.and_then(|entry| entry.done.as_ref())
                && done.at >= terms.since
            {
                return Ok(Some(Arc::clone(done)));
            }
            match entry.and_then(Entry::alive) {
                Some(hear) => hear,
                None => self.begin(&mut entries, key, terms, read),
            }
        };
        let heard = if terms.patience.is_zero() {
            // A timer would let a quick answer come first.
            hear.borrow().clone()
        } else {
            match timeout(terms.patience, hear.wait_for(Option::is_some)).await {
                Ok(Ok(heard)) => heard.clone(),
                Ok(Err(_)) => return Err(Fault::plain(Code::Busy)),
                Err(_) => None,
            }
        };
        match heard {
            // Begun by somebody who was content with an older one: it is asked for again.
            Some(Ok(answer)) => Ok((answer.at >= terms.since).then_some(answer)),
            Some(Err(fault)) => Err(fault.once_more()),
            None => Ok(None),
        }
    }

    /// Sends the reading on its way.
    fn begin<F>(&self, entries: &mut HashMap<K, Entry<V>>, key: K, terms: Terms, read: F) -> Hear<V>
    where
        F: Future<Output = Result<V, Fault>> + Send + 'static,
    {
        if !entries.contains_key(&key) {
            make_room(entries);
        }
        let (say, hear) = watch::channel(None);
        let entry = entries.entry(key.clone()).or_insert(Entry {
            done: None,
            under_way: None,
        });
        entry.under_way = Some(hear.clone());
        let all = Arc::clone(&self.0);
        // Before it is its turn: whoever asked waits from now on.
        let began = Instant::now();
        tokio::spawn(async move {
            let result = read.await;
            let kept = began.elapsed() >= terms.patience;
            let heard = result.map(|value| {
                let at = terms.now;
                Arc::new(Answer { value, at, kept })
            });
            note(&all, &key, heard.as_ref().ok().filter(|_| kept));
            if let Err(fault) = &heard
                && kept
            {
                // Nobody waits for it any more.
                tracing::warn!(?fault, "what takes long could not be read");
            }
            // Whoever waited may have gone.
            let _ = say.send(Some(heard.map_err(Arc::new)));
        });
        hear
    }
}

impl<V> Entry<V> {
    /// Where the answer will be heard; none when nobody reads, or whoever did has broken down.
    fn alive(&self) -> Option<Hear<V>> {
        let hear = self.under_way.as_ref()?;
        let lives = hear.borrow().is_some() || hear.has_changed().is_ok();
        lives.then(|| hear.clone())
    }
}

fn hold<K, V>(entries: &Entries<K, V>) -> MutexGuard<'_, HashMap<K, Entry<V>>> {
    entries.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Nobody reads any more; what was read before stays where nothing new is kept, as after a fault.
fn note<K: Eq + Hash, V>(entries: &Entries<K, V>, key: &K, answer: Option<&Arc<Answer<V>>>) {
    let mut entries = hold(entries);
    let Some(entry) = entries.get_mut(key) else {
        return;
    };
    entry.under_way = None;
    if let Some(answer) = answer {
        entry.done = Some(Arc::clone(answer));
    }
    if entry.done.is_none() {
        entries.remove(key);
    }
}

/// Lets go of the oldest until there is room for one more; what is under way stays.
fn make_room<K: Clone + Eq + Hash, V>(entries: &mut HashMap<K, Entry<V>>) {
    while entries.len() >= MOST {
        let idle = entries.iter().filter(|(_, entry)| entry.alive().is_none());
        let oldest = idle.min_by_key(|(_, entry)| entry.done.as_ref().map(|done| done.at));
        let Some(key) = oldest.map(|(key, _)| key.clone()) else {
            return;
        };
        entries.remove(&key);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use chrono::TimeDelta;
    use futures_util::future::join_all;
    use tokio::sync::Notify;

    use super::*;
    use crate::base::clock::from_ms;

    fn now() -> Moment {
        from_ms(1_790_000_000_000).unwrap()
    }

    /// Content with what is five minutes old, and waiting for nothing.
    fn terms(now: Moment) -> Terms {
        Terms {
            now,
            since: now - TimeDelta::minutes(5),
            patience: Duration::ZERO,
        }
    }

    /// Waiting until it is there.
    fn patient(now: Moment) -> Terms {
        Terms {
            patience: Duration::from_secs(60),
            ..terms(now)
        }
    }

    /// Asks until there is an answer.
    async fn until_there(
        slow: &Slow<u8, usize>,
        terms: Terms,
        count: &Arc<AtomicUsize>,
    ) -> Arc<Answer<usize>> {
        loop {
            let count = Arc::clone(count);
            let read = async move { Ok(count.fetch_add(1, Ordering::SeqCst)) };
            if let Some(answer) = slow.ask(1, terms, read).await.unwrap() {
                return answer;
            }
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn many_who_ask_are_one_reading() {
        let (slow, count) = (Slow::<u8, usize>::default(), Arc::new(AtomicUsize::new(0)));
        let go = Arc::new(Notify::new());
        let asks = (0..50).map(|_| {
            let (count, go) = (Arc::clone(&count), Arc::clone(&go));
            slow.ask(1, patient(now()), async move {
                go.notified().await;
                Ok(count.fetch_add(1, Ordering::SeqCst))
            })
        });
        let (answers, ()) = tokio::join!(join_all(asks), async {
            tokio::task::yield_now().await;
            go.notify_one();
        });
        for answer in answers {
            let answer = answer.unwrap().unwrap();
            assert_eq!((answer.value, answer.at, answer.kept), (0, now(), false));
        }
        // It came at once: the next reads anew.
        assert_eq!(until_there(&slow, patient(now()), &count).await.value, 1);
        assert!(hold(&slow.0).is_empty());
    }

    #[tokio::test]
    async fn what_takes_long_goes_on_and_is_kept_as_long_as_somebody_is_content_with_it() {
        let (slow, count) = (Slow::default(), Arc::new(AtomicUsize::new(0)));
        let answer = until_there(&slow, terms(now()), &count).await;
        assert_eq!((answer.value, answer.at, answer.kept), (0, now(), true));
        let later = now() + TimeDelta::minutes(4);
        assert_eq!(until_there(&slow, terms(later), &count).await.value, 0);
        // Who wants it as of now gets that, and then everybody does.
        let anew = Terms {
            since: later,
            ..terms(later)
        };
        assert_eq!(until_there(&slow, anew, &count).await.value, 1);
        assert_eq!(until_there(&slow, terms(later), &count).await.at, later);
        let too_late = later + TimeDelta::minutes(6);
        assert_eq!(until_there(&slow, terms(too_late), &count).await.value, 2);
    }

    #[tokio::test]
    async fn a_newer_one_is_not_begun_beside_one_under_way_and_the_old_one_is_shown_meanwhile() {
        let (slow, count) = (Slow::default(), Arc::new(AtomicUsize::new(0)));
        until_there(&slow, terms(now()), &count).await;
        let later = now() + TimeDelta::minutes(1);
        let anew = Terms {
            since: later,
            ..terms(later)
        };
        let go = Arc::new(Notify::new());
        for _ in 0..3 {
            let (count, go) = (Arc::clone(&count), Arc::clone(&go));
            let read = async move {
                go.notified().await;
                Ok(count.fetch_add(1, Ordering::SeqCst))
            };
            assert!(slow.ask(1, anew, read).await.unwrap().is_none());
        }
        assert_eq!(until_there(&slow, terms(later), &count).await.value, 0);
        go.notify_one();
        assert_eq!(until_there(&slow, anew, &count).await.value, 1);
    }

    #[tokio::test]
    async fn a_fault_and_a_panic_are_told_and_block_nobody() {
        let (slow, count) = (Slow::<u8, usize>::default(), Arc::new(AtomicUsize::new(0)));
        let fault = slow
            .ask(1, patient(now()), async {
                Err(Fault::not_found("没有找到。"))
            })
            .await;
        assert_eq!(fault.unwrap_err().detail, "没有找到。");
        let seen = Arc::clone(&count);
        let broken = slow
            .ask(1, patient(now()), async move {
                assert!(seen.load(Ordering::SeqCst) > 9, "breaks down");
                Ok(0)
            })
            .await;
        assert!(broken.unwrap_err().is_busy());
        assert_eq!(until_there(&slow, patient(now()), &count).await.value, 0);
    }

    #[tokio::test]
    async fn the_oldest_make_room() {
        let slow = Slow::<usize, usize>::default();
        for key in 0..MOST + 10 {
            let at = now() + TimeDelta::minutes(i64::try_from(key).unwrap());
            while slow
                .ask(key, terms(at), async move { Ok(key) })
                .await
                .unwrap()
                .is_none()
            {
                tokio::task::yield_now().await;
            }
        }
        let entries = hold(&slow.0);
        assert_eq!(entries.len(), MOST);
        assert!(!entries.contains_key(&9) && entries.contains_key(&10));
    }
}
