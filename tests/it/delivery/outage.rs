//! The platform is down for an hour while messages go on coming: all of them arrive afterwards, the
//! newest of the urgent ones first, what is too old by its kind is dropped, nothing twice.

use std::collections::HashMap;
use std::sync::atomic::Ordering;

use chrono::TimeDelta;
use entity::kinds::{Channel, DeliveryState, ReminderState};
use entity::{account, delivery, halt, person, reminder};
use linli::reminder::{NewReminder, enqueue};
use linli::sandbox::Api;
use linli::sandbox::platform::Standing;
use sea_orm::ActiveValue::Set;
use sea_orm::{EntityTrait, PaginatorTrait, QueryFilter, QueryOrder};
use serde_json::json;

use super::{COMPOSED, House};
use crate::harness::until;

/// Messages of one wave, of each kind, each to a person of its own. The suite holds back 999 of them;
/// `LINLI_TEST_LARGE=1` 10 008, as many as a city's instance may hold back, which takes a minute.
fn wave_size() -> usize {
    if is_large() { 1_112 } else { 111 }
}

fn is_large() -> bool {
    std::env::var_os("LINLI_TEST_LARGE").is_some()
}

/// Seconds for the whole to come to rest.
const PATIENCE: u64 = 240;

struct City {
    house: House,
    people: Vec<i64>,
    size: usize,
}

impl City {
    async fn new() -> Self {
        let mut house = House::new().await;
        house.test.allow_errors();
        let now = house.test.now();
        let size = wave_size();
        let people = (0..size).map(|n| person::ActiveModel {
            name: Set(format!("住户{n}")),
            party_member: Set(false),
            created_at: Set(now),
            updated_at: Set(now),
            ..Default::default()
        });
        let people = person::Entity::insert_many(people)
            .exec_with_returning(house.test.store.write())
            .await
            .unwrap();
        let people: Vec<i64> = people.into_iter().map(|row| row.id).collect();
        let accounts = people.iter().map(|id| account::ActiveModel {
            channel: Set(Channel::Official),
            external_id: Set(format!("o-{id}")),
            person_id: Set(Some(*id)),
            followed: Set(true),
            window_left: Set(0),
            created_at: Set(now),
            ..Default::default()
        });
        account::Entity::insert_many(accounts)
            .exec_without_returning(house.test.store.write())
            .await
            .unwrap();
        for id in &people {
            let open_id = format!("o-{id}");
            house
                .test
                .platform
                .set_standing(&open_id, Standing::Follows);
        }
        Self {
            house,
            people,
            size,
        }
    }

    /// One urgent message, one that can wait and one answer for each person, due now.
    async fn wave(&self, wave: usize) {
        let app = self.house.app();
        let mut tx = app.store.begin(self.house.test.now()).await.unwrap();
        for (kind, name, urgent) in [
            ("test.push", "urgent", true),
            ("test.push", "calm", false),
            ("test.answer", "answer", false),
        ] {
            let item = |id: &i64| NewReminder {
                kind,
                dedupe_key: format!("{name}:{wave}:{id}"),
                recipient_id: Some(*id),
                compound_id: None,
                subject: format!("{name}:{wave}"),
                payload: json!({ "urgent": urgent, "wave": wave, "name": name }),
                due_at: tx.now(),
            };
            let items = self.people.iter().map(item).collect();
            enqueue(&mut tx, items).await.unwrap();
        }
        tx.commit().await.unwrap();
    }

    /// Waits until nothing is due at this moment any more.
    async fn settle(&self) {
        let test = &self.house.test;
        until("nothing is due", PATIENCE, async || {
            let now = test.now();
            let due = reminder::Entity::find()
                .filter(reminder::COLUMN.done_at.is_null())
                .filter(reminder::COLUMN.next_at.lte(now))
                .count(test.store.read())
                .await
                .unwrap();
            (due == 0).then_some(())
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_an_hour_without_the_platform_everything_arrives_and_the_newest_urgent_first() {
    let city = City::new().await;
    let test = &city.house.test;
    city.house.fault(Api::Template, "gateway", None);
    for wave in 0..3 {
        city.wave(wave).await;
        city.settle().await;
        // 0, 29 and 58 minutes into the hour.
        test.clock
            .advance(TimeDelta::minutes(if wave < 2 { 29 } else { 2 }));
    }
    city.settle().await;
    let asked = test.platform.calls(Api::Template);
    assert!(asked < 200, "asked {asked} times though nobody answers");
    assert!(city.house.shown().is_empty());
    let halted = halt::Entity::find().one(test.store.read()).await.unwrap();
    assert_eq!(halted.unwrap().reason, "outage");

    test.platform.clear_faults();
    // Two minutes are the longest pause, half a minute later all is out.
    until("everything has gone out", PATIENCE, async || {
        test.clock.advance(TimeDelta::milliseconds(1500));
        city.settle().await;
        let open = reminder::Entity::find()
            .filter(reminder::COLUMN.done_at.is_null())
            .filter(reminder::COLUMN.kind.ne("delivery.receipt"))
            .count(test.store.read())
            .await
            .unwrap();
        (open == 0).then_some(())
    })
    .await;
    city.check().await;
    // When it came, when it went, and once more for a pause that ended meanwhile; what waits is not
    // composed at each look.
    let composed = COMPOSED.load(Ordering::Relaxed);
    assert!(
        composed <= 3 * 9 * city.size + 100,
        "composed {composed} times"
    );
    assert_eq!(
        halt::Entity::find().count(test.store.read()).await.unwrap(),
        0
    );
}

impl City {
    async fn check(&self) {
        let size = self.size;
        let db = self.house.test.store.read();
        let rows = reminder::Entity::find().all(db).await.unwrap();
        let of = |name: &str, wave: u64, state: ReminderState| {
            rows.iter()
                .filter(|row| row.payload["name"] == name && row.payload["wave"] == wave)
                .filter(|row| row.state == state)
                .count()
        };
        for wave in 0..3 {
            assert_eq!(of("urgent", wave, ReminderState::Sent), size, "wave {wave}");
            assert_eq!(of("calm", wave, ReminderState::Sent), size, "wave {wave}");
        }
        // An answer is worth half an hour.
        assert_eq!(of("answer", 0, ReminderState::Cancelled), size);
        assert_eq!(of("answer", 1, ReminderState::Cancelled), size);
        assert_eq!(of("answer", 2, ReminderState::Sent), size);
        let all = delivery::Entity::find()
            .order_by_asc(delivery::COLUMN.id)
            .all(db)
            .await
            .unwrap();
        let dropped = all.iter().filter(|row| row.state == DeliveryState::Dropped);
        assert!(
            dropped
                .clone()
                .all(|row| row.error.as_deref() == Some("stale"))
        );
        assert_eq!(dropped.count(), 2 * size, "what is dropped is on record");
        let sent: Vec<&delivery::Model> = all
            .iter()
            .filter(|row| matches!(row.state, DeliveryState::Sent | DeliveryState::Delivered))
            .collect();
        assert_eq!(
            sent.len(),
            7 * size,
            "something went out twice or not at all"
        );
        // Where each wave of each kind stands in the order of sending.
        let mut places: HashMap<&str, Vec<usize>> = HashMap::new();
        for (at, row) in sent.iter().enumerate() {
            places.entry(&row.subject).or_default().push(at);
        }
        // Of many the next begin while the last are still under way.
        let middle = |subject: &str| places[subject][places[subject].len() / 2];
        let last = |subject: &str| match is_large() {
            true => middle(subject),
            false => *places[subject].iter().max().unwrap(),
        };
        let first = |subject: &str| match is_large() {
            true => middle(subject),
            false => *places[subject].iter().min().unwrap(),
        };
        for (one, next) in [
            ("urgent:2", "urgent:1"),
            ("urgent:1", "urgent:0"),
            ("urgent:0", "calm:0"),
        ] {
            let (end, begin) = (last(one), first(next));
            assert!(end < begin, "{one} ends at {end}, {next} begins at {begin}");
        }
    }
}
