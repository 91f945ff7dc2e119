//! Redis emptied, restarted, gone for a while.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use linli::base::clock::Clock;
use linli::reminder::Verdict;

use super::{Hands, Instance, clock, keys};
use crate::harness::db::{Backend, TestDb};
use crate::harness::faults::{OwnRedis, Wire};
use crate::harness::until;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_emptied_redis_makes_reminders_late_by_one_sweep_at_most() {
    if !Backend::chosen().redis {
        return;
    }
    let (db, clock) = (TestDb::fresh().await, clock());
    let mut redis = OwnRedis::start().await.unwrap();
    let mut settings = db.settings();
    settings.redis.url = redis.url().into();
    let one = Instance::with(settings, &clock).await;
    one.remind(keys("a", 300), clock.now()).await;
    one.remind(keys("b", 300), clock.now() + TimeDelta::minutes(5))
        .await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    flush(&redis.url()).await;
    assert_eq!(one.claim_all(300).await.len(), 300);
    // And what has lost its leases with the index.
    redis.start_again().await;
    let hands = Arc::new(Hands::default());
    let _end = one.work(&hands);
    clock.advance(TimeDelta::minutes(6));
    one.until_sent(600).await;
    assert_eq!((hands.seen(), hands.most()), (600, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_redis_the_database_serves_and_the_index_comes_back() {
    if !Backend::chosen().redis {
        return;
    }
    let (db, clock) = (TestDb::fresh().await, clock());
    let redis = OwnRedis::start().await.unwrap();
    let wire = Wire::to(redis.port()).await;
    let mut settings = db.settings();
    settings.redis.url = format!("redis://127.0.0.1:{}", wire.port()).into();
    let one = Instance::with(settings, &clock).await;
    let hands = Arc::new(Hands::default());
    let _end = one.work(&hands);
    one.remind(keys("before", 50), clock.now()).await;
    one.until_sent(50).await;
    wire.cut();
    one.remind(keys("during", 50), clock.now()).await;
    one.until_sent(100).await;
    assert!(
        one.queue.ready().await.is_err(),
        "nobody notices that Redis is gone"
    );
    wire.mend();
    until("Redis is back", 20, async || one.queue.ready().await.ok()).await;
    one.remind(keys("after", 50), clock.now()).await;
    one.until_sent(150).await;
    assert_eq!((hands.seen(), hands.most()), (150, 1));
}

async fn flush(url: &str) {
    let client = redis::Client::open(url).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    redis::cmd("FLUSHALL")
        .exec_async(&mut connection)
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_crash_took_out_of_the_index_is_put_back_for_the_end_of_its_lease() {
    if !Backend::chosen().redis {
        return;
    }
    let (db, clock) = (TestDb::fresh().await, clock());
    let redis = OwnRedis::start().await.unwrap();
    let mut settings = db.settings();
    settings.redis.url = redis.url().into();
    // Sweeps at the start only.
    settings.reminder.sweep_seconds = 3_600;
    let start = async || Instance::as_set(settings.clone(), &clock).await;
    let indexed = async || {
        until("all are in the index", 10, async || {
            let index = index_of(&redis.url()).await;
            (index.len() == 40).then_some(index)
        })
        .await
    };
    let one = start().await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    one.remind(keys("k", 40), clock.now()).await;
    indexed().await;
    one.claim_all(40).await;
    let index = index_of(&redis.url()).await;
    assert!(index.is_empty(), "a claim takes nothing out");

    let _two = start().await;
    let lease = TimeDelta::seconds(i64::from(one.settings.reminder.lease_seconds));
    let now = clock.now();
    for at in indexed().await {
        let wait = at - now.timestamp_millis();
        assert!(
            wait > 0 && wait <= lease.num_milliseconds(),
            "not at the end of the lease, but after {wait} ms"
        );
    }
    assert!(one.claim().await.is_empty(), "a lease does not hold");
    clock.advance(lease);
    let again = one.claim_all(40).await;
    assert!(again.iter().all(|row| row.attempts == 2));

    // What a sweep puts back while it is under way stays when it is done: its row refuses it.
    let _three = start().await;
    indexed().await;
    one.answer(&again, &Verdict::Done).await;
    clock.advance(lease * 2);
    assert!(one.claim().await.is_empty(), "what is done came back");
    let index = index_of(&redis.url()).await;
    assert!(index.is_empty(), "what is done stays in the index");
}

/// The times in the index, ms.
async fn index_of(url: &str) -> Vec<i64> {
    let client = redis::Client::open(url).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let keys: Vec<String> = redis::cmd("KEYS")
        .arg("*:due")
        .query_async(&mut connection)
        .await
        .unwrap();
    let Some(key) = keys.first() else {
        return Vec::new(); // Redis removes an empty set.
    };
    let entries: Vec<(i64, i64)> = redis::cmd("ZRANGE")
        .arg(key)
        .arg(0)
        .arg(-1)
        .arg("WITHSCORES")
        .query_async(&mut connection)
        .await
        .unwrap();
    entries.into_iter().map(|(_, at)| at).collect()
}
