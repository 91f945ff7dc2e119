//! Clock work.

use chrono::TimeDelta;
use entity::kinds::ReminderState;
use linli::base::clock::Clock;
use sea_orm::ActiveValue::Set;
use sea_orm::{EntityTrait, QueryOrder};

use super::clock;
use crate::harness::db::TestDb;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_slot_of_clock_work_is_done_by_one_instance() {
    use linli::reminder::schedule::{claim_slot, finish_slot};
    let (db, clock) = (TestDb::fresh().await, clock());
    let (one, two) = (db.store().await, db.store().await);
    let now = clock.now();
    let mut winners = 0;
    for _ in 0..5 {
        let both = tokio::join!(
            claim_slot(&one, "bills", "2026-11", now),
            claim_slot(&two, "bills", "2026-11", now)
        );
        winners += usize::from(both.0.unwrap()) + usize::from(both.1.unwrap());
    }
    assert_eq!(winners, 1);
    let hour = now + TimeDelta::hours(1);
    assert!(
        claim_slot(&two, "bills", "2026-11", hour).await.unwrap(),
        "left by a crash"
    );
    finish_slot(&two, "bills", "2026-11", hour).await.unwrap();
    let day = now + TimeDelta::days(1);
    assert!(!claim_slot(&one, "bills", "2026-11", day).await.unwrap());
}

#[tokio::test]
async fn what_has_served_its_time_is_removed() {
    use linli::reminder::schedule::{WORKS, run_slot};
    let (db, clock) = (TestDb::fresh().await, clock());
    let store = db.store().await;
    let now = clock.now();
    let rows = [("old", TimeDelta::days(8)), ("new", TimeDelta::days(1))];
    let rows = rows.map(|(key, age)| entity::inbound::ActiveModel {
        key: Set(key.to_owned()),
        received_at: Set(now - age),
        ..Default::default()
    });
    entity::inbound::Entity::insert_many(rows)
        .exec(store.write())
        .await
        .unwrap();
    let past = now - TimeDelta::days(401);
    let states = [ReminderState::Sent, ReminderState::Failed];
    let reminders = states.map(|state| entity::reminder::ActiveModel {
        dedupe_key: Set(format!("{state:?}")),
        kind: Set("test".to_owned()),
        subject: Set("test:1".to_owned()),
        payload: Set(serde_json::json!({})),
        due_at: Set(past),
        state: Set(state),
        attempts: Set(1),
        next_at: Set(past),
        created_at: Set(past),
        done_at: Set(Some(past)),
        ..Default::default()
    });
    entity::reminder::Entity::insert_many(reminders)
        .exec(store.write())
        .await
        .unwrap();
    assert!(run_slot(&store, &WORKS[0], now).await.unwrap());
    assert!(
        !run_slot(&store, &WORKS[0], now).await.unwrap(),
        "the slot was done twice"
    );
    let left = entity::inbound::Entity::find()
        .order_by_asc(entity::inbound::COLUMN.key)
        .all(store.read())
        .await
        .unwrap();
    let left: Vec<_> = left.into_iter().map(|row| row.key).collect();
    assert_eq!(left, ["new"]);
    let left = entity::reminder::Entity::find().all(store.read()).await;
    let left: Vec<_> = left
        .unwrap()
        .into_iter()
        .map(|row| row.dedupe_key)
        .collect();
    assert_eq!(left, ["Failed"], "dead letters stay for people to see");
}
