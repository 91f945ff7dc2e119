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
    let young = now - TimeDelta::days(399);
    // Two parts of what is looked at together, what stays at both ends and in between.
    let mut rows = vec![(past, ReminderState::Failed, past)];
    rows.extend([(past, ReminderState::Sent, past); 5_100]);
    rows.push((past, ReminderState::Sent, young));
    rows.push((past, ReminderState::Cancelled, past));
    rows.push((young, ReminderState::Sent, young));
    let reminders =
        rows.iter()
            .enumerate()
            .map(|(at, (past, state, done))| entity::reminder::ActiveModel {
                dedupe_key: Set(format!("{at} {state:?}")),
                kind: Set("test".to_owned()),
                subject: Set("test:1".to_owned()),
                payload: Set(serde_json::json!({})),
                due_at: Set(*past),
                state: Set(*state),
                attempts: Set(1),
                next_at: Set(*past),
                created_at: Set(*past),
                done_at: Set(Some(*done)),
                ..Default::default()
            });
    let reminders: Vec<_> = reminders.collect();
    for part in reminders.chunks(1_000) {
        entity::reminder::Entity::insert_many(part.to_vec())
            .exec_without_returning(store.write())
            .await
            .unwrap();
    }
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
    let left = entity::reminder::Entity::find()
        .order_by_asc(entity::reminder::COLUMN.id)
        .all(store.read())
        .await
        .unwrap();
    let left: Vec<_> = left.into_iter().map(|row| row.dedupe_key).collect();
    // Dead letters stay for people to see, and what was done lately.
    assert_eq!(left, ["0 Failed", "5101 Sent", "5103 Sent"]);
}

/// The rows that a table has left.
async fn left<E: EntityTrait>(store: &linli::store::Store, _: E) -> Vec<E::Model>
where
    E::Model: Send + Sync,
{
    E::find().all(store.read()).await.unwrap()
}

#[tokio::test]
async fn what_channels_have_done_with_is_removed() {
    use entity::kinds::{CardState, Channel, PlaceKind, VisitState};
    use entity::{account, group_dialog, inbound, person, place, subscription, visit, work_card};
    use linli::reminder::schedule::{WORKS, run_slot};
    let (db, clock) = (TestDb::fresh().await, clock());
    let store = db.store().await;
    let now = clock.now();
    let ago = |days: i64| now - TimeDelta::days(days);
    let tx = store.begin(now).await.unwrap();
    let who = person::ActiveModel {
        name: Set("某人".to_owned()),
        party_member: Set(false),
        created_at: Set(now),
        updated_at: Set(now),
        ..Default::default()
    };
    let who = person::Entity::insert(who)
        .exec_with_returning(tx.db())
        .await
        .unwrap()
        .id;
    let account = account::ActiveModel {
        channel: Set(Channel::Work),
        external_id: Set("u".to_owned()),
        followed: Set(true),
        window_left: Set(0),
        created_at: Set(now),
        ..Default::default()
    };
    let account = account::Entity::insert(account)
        .exec_with_returning(tx.db())
        .await
        .unwrap()
        .id;
    let door = place::ActiveModel {
        kind: Set(PlaceKind::Compound),
        code: Set("GY".to_owned()),
        name: Set("桂园".to_owned()),
        path: Set("/1/".to_owned()),
        created_at: Set(now),
        updated_at: Set(now),
        ..Default::default()
    };
    let door = place::Entity::insert(door)
        .exec_with_returning(tx.db())
        .await
        .unwrap()
        .id;
    for (name, days) in [("old", 9), ("new", 7)] {
        let row = group_dialog::ActiveModel {
            account_id: Set(account),
            chat_id: Set(name.to_owned()),
            dialog: Set(serde_json::json!({})),
            updated_at: Set(ago(days)),
        };
        group_dialog::Entity::insert(row)
            .exec_without_returning(tx.db())
            .await
            .unwrap();
    }
    for (name, hours) in [("old", 25), ("new", 23)] {
        let row = inbound::ActiveModel {
            key: Set(name.to_owned()),
            reply: Set(Some("已发到您的企业微信。".to_owned())),
            private_reply: Set(Some("电话 13800000001".to_owned())),
            received_at: Set(now - TimeDelta::hours(hours)),
            ..Default::default()
        };
        inbound::Entity::insert(row)
            .exec_without_returning(tx.db())
            .await
            .unwrap();
    }
    for (name, days) in [("old", 91), ("new", 89)] {
        let row = work_card::ActiveModel {
            account_id: Set(account),
            person_id: Set(who),
            subject: Set("case:1".to_owned()),
            task_id: Set(name.to_owned()),
            shown: Set(String::new()),
            state: Set(CardState::Open),
            created_at: Set(ago(days)),
            updated_at: Set(ago(days)),
            ..Default::default()
        };
        work_card::Entity::insert(row)
            .exec_without_returning(tx.db())
            .await
            .unwrap();
    }
    for (name, done) in [("old", Some(401)), ("new", Some(399)), ("open", None)] {
        let row = visit::ActiveModel {
            person_id: Set(who),
            place_id: Set(door),
            compound_id: Set(door),
            subject: Set(name.to_owned()),
            kind: Set("test".to_owned()),
            text: Set("停水".to_owned()),
            state: Set(if done.is_some() {
                VisitState::Done
            } else {
                VisitState::Open
            }),
            created_at: Set(ago(500)),
            done_at: Set(done.map(ago)),
            ..Default::default()
        };
        visit::Entity::insert(row)
            .exec_without_returning(tx.db())
            .await
            .unwrap();
    }
    for (name, remaining, days) in [("old", 0, 401), ("accepted", 1, 401), ("new", 0, 399)] {
        let row = subscription::ActiveModel {
            account_id: Set(account),
            template: Set(name.to_owned()),
            remaining: Set(remaining),
            ahead: Set(0),
            answer: Set("accept".to_owned()),
            updated_at: Set(ago(days)),
            ..Default::default()
        };
        subscription::Entity::insert(row)
            .exec_without_returning(tx.db())
            .await
            .unwrap();
    }
    tx.commit().await.unwrap();
    assert!(run_slot(&store, &WORKS[0], now).await.unwrap());
    let dialogs = left(&store, group_dialog::Entity).await;
    assert_eq!(
        dialogs
            .into_iter()
            .map(|row| row.chat_id)
            .collect::<Vec<_>>(),
        ["new"]
    );
    let messages = left(&store, inbound::Entity).await;
    assert_eq!(messages.len(), 2, "their keys and replies stay");
    for row in messages {
        assert_eq!(row.private_reply.is_some(), row.key == "new");
        assert!(row.reply.is_some());
    }
    let cards = left(&store, work_card::Entity).await;
    assert_eq!(
        cards.into_iter().map(|row| row.task_id).collect::<Vec<_>>(),
        ["new"]
    );
    let visits = left(&store, visit::Entity).await;
    let visits: Vec<_> = visits.into_iter().map(|row| row.subject).collect();
    assert_eq!(visits, ["new", "open"]);
    let accepts = left(&store, subscription::Entity).await;
    let accepts: Vec<_> = accepts.into_iter().map(|row| row.template).collect();
    assert_eq!(accepts, ["accepted", "new"]);
}
