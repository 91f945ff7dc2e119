//! Redis emptied, restarted, gone for a while.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use linli::base::clock::Clock;

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
