//! The platform is down for an hour while messages go on coming: all of them arrive afterwards, the
//! newest of the urgent ones first, what is too old by its kind is dropped, nothing twice.

use std::collections::HashMap;

use chrono::TimeDelta;
use entity::kinds::{Channel, DeliveryState, ReminderState};
use entity::{account, delivery, halt, person, reminder};
use linli::reminder::{NewReminder, enqueue};
use linli::sandbox::Api;
use linli::sandbox::platform::Standing;
use sea_orm::ActiveValue::Set;
use sea_orm::{EntityTrait, PaginatorTrait, QueryFilter, QueryOrder};
use serde_json::json;

use super::House;
use crate::harness::until;

/// Messages of one wave, of each kind, each to a person of its own. The whole is a tenth of the
/// 10 000 that a city's instance may hold back: every one of them is looked at in each wave.
const WAVE: usize = 110;

struct City {
    house: House,
    people: Vec<i64>,
}

impl City {
    async fn new() -> Self {
        let mut house = House::new().await;
        house.test.allow_errors();
        let now = house.test.now();
        let people = (0..WAVE).map(|n| person::ActiveModel {
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
        Self { house, people }
    }

    /// One urgent message, one that can wait and one answer for each person, due now.
    async fn wave(&self, wave: usize) {
        let app = self.house.app();
        let mut tx = app.store.begin(self.house.test.now()).await.unwrap();
        let mut items = Vec::new();
        for id in &self.people {
            for (kind, name, urgent) in [
                ("test.push", "urgent", true),
                ("test.push", "calm", false),
                ("test.answer", "answer", false),
            ] {
                items.push(NewReminder {
                    kind,
                    dedupe_key: format!("{name}:{wave}:{id}"),
                    recipient_id: Some(*id),
                    compound_id: None,
                    subject: format!("{name}:{wave}"),
                    payload: json!({ "urgent": urgent, "wave": wave, "name": name }),
                    due_at: tx.now(),
                });
            }
        }
        enqueue(&mut tx, items).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// Waits until nothing is due at this moment any more.
    async fn settle(&self) {
        let test = &self.house.test;
        until("nothing is due", 60, async || {
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
    until("everything has gone out", 60, async || {
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
    assert_eq!(
        halt::Entity::find().count(test.store.read()).await.unwrap(),
        0
    );
}

impl City {
    async fn check(&self) {
        let db = self.house.test.store.read();
        let rows = reminder::Entity::find().all(db).await.unwrap();
        let of = |name: &str, wave: u64, state: ReminderState| {
            rows.iter()
                .filter(|row| row.payload["name"] == name && row.payload["wave"] == wave)
                .filter(|row| row.state == state)
                .count()
        };
        for wave in 0..3 {
            assert_eq!(of("urgent", wave, ReminderState::Sent), WAVE, "wave {wave}");
            assert_eq!(of("calm", wave, ReminderState::Sent), WAVE, "wave {wave}");
        }
        // An answer is worth half an hour.
        assert_eq!(of("answer", 0, ReminderState::Cancelled), WAVE);
        assert_eq!(of("answer", 1, ReminderState::Cancelled), WAVE);
        assert_eq!(of("answer", 2, ReminderState::Sent), WAVE);
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
        assert_eq!(dropped.count(), 2 * WAVE, "what is dropped is on record");
        let sent: Vec<&delivery::Model> = all
            .iter()
            .filter(|row| matches!(row.state, DeliveryState::Sent | DeliveryState::Delivered))
            .collect();
        assert_eq!(
            sent.len(),
            7 * WAVE,
            "something went out twice or not at all"
        );
        // Where each wave of each kind stands in the order of sending.
        let mut places: HashMap<&str, Vec<usize>> = HashMap::new();
        for (at, row) in sent.iter().enumerate() {
            places.entry(&row.subject).or_default().push(at);
        }
        let last = |subject: &str| *places[subject].iter().max().unwrap();
        let first = |subject: &str| *places[subject].iter().min().unwrap();
        assert!(last("urgent:2") < first("urgent:1"), "{places:?}");
        assert!(last("urgent:1") < first("urgent:0"), "{places:?}");
        assert!(last("urgent:0") < first("calm:0"), "{places:?}");
    }
}
