//! Pushes to people over the pretended platform's wire: one rule, every code, nothing lost, nothing
//! twice. The reminders are of kinds of these tests' own; what nouns say is tested with the nouns.

mod answers;
mod order;
mod outage;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use chrono::TimeDelta;
use entity::kinds::{Channel, DeliveryState, ReminderState};
use entity::{account, delivery, person, reminder};
use linli::app::App;
use linli::base::clock::{Clock, Moment, china};
use linli::base::dice::Dice;
use linli::command::Role;
use linli::command::serve::{Boot, start_as};
use linli::delivery::{Kind, Message, Postman, Topic, Work};
use linli::reminder::worker::Worker;
use linli::reminder::{BoxFuture, NewReminder, Verdict, enqueue};
use linli::sandbox::{Api, Fault, Say};
use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use serde_json::json;

use crate::harness::app::{Plan, TestApp};
use crate::harness::until;

const KINDS: [Kind; 5] = [
    Kind {
        name: "test.push",
        work: Work::Push(Topic::Progress, compose),
    },
    Kind {
        name: "test.other",
        work: Work::Push(Topic::Progress, compose),
    },
    Kind {
        name: "test.answer",
        work: Work::Push(Topic::Answer, compose),
    },
    Kind {
        name: "test.clock",
        work: Work::Clock(obey),
    },
    Kind {
        name: "test.bug",
        work: Work::Clock(bug),
    },
];

/// Messages composed so far by this test's process.
static COMPOSED: AtomicUsize = AtomicUsize::new(0);

fn compose<'a>(
    _: &'a App,
    rows: &'a [reminder::Model],
) -> BoxFuture<'a, Result<Option<Message>, linli::base::fault::Fault>> {
    Box::pin(async move {
        COMPOSED.fetch_add(1, Ordering::Relaxed);
        let last = rows.last().unwrap();
        if last.payload["moot"] == true {
            return Ok(None);
        }
        let customer = last.payload["customer"] == true;
        Ok(Some(Message {
            template: if customer { "unconfigured" } else { "progress" },
            title: format!("{}共{}条", last.subject, rows.len()),
            place: "1栋".to_owned(),
            state: "处理中".to_owned(),
            at: last.due_at,
            hint: "请看详情\n😀".to_owned(),
            text: format!("客服 {}共{}条 <a href=\"x\">", last.subject, rows.len()),
            url: None,
            urgent: last.payload["urgent"] == true,
            buttons: Vec::new(),
        }))
    })
}

fn obey<'a>(
    _: &'a App,
    _: &'a reminder::Model,
) -> BoxFuture<'a, Result<Verdict, linli::base::fault::Fault>> {
    Box::pin(async { Ok(Verdict::Done) })
}

fn bug<'a>(
    _: &'a App,
    _: &'a reminder::Model,
) -> BoxFuture<'a, Result<Verdict, linli::base::fault::Fault>> {
    Box::pin(async { panic!("a bug") })
}

const OPEN_ID: &str = "o-somebody";

/// The program without its own worker; one with the kinds of these tests instead.
struct House {
    test: TestApp,
    person_id: i64,
}

impl House {
    async fn new() -> Self {
        Self::planned(TestApp::plan()).await
    }

    /// Somebody follows, has just written, and is known.
    async fn planned(plan: Plan) -> Self {
        let mut test = plan.empty().instances(0).start().await;
        let boot = Boot {
            clock: test.clock.clone(),
            shift: None,
            dice: Arc::new(Dice::from_system()),
            role: Role::Web,
        };
        let running = start_as(test.settings.clone(), boot).await.unwrap();
        let url = format!("http://{}/wechat/official", running.address);
        test.platform.set_callbacks(vec![url]);
        test.instances.push(running);
        let now = test.now();
        let somebody = person::ActiveModel {
            name: Set("某人".to_owned()),
            party_member: Set(false),
            created_at: Set(now),
            updated_at: Set(now),
            ..Default::default()
        };
        let somebody = person::Entity::insert(somebody)
            .exec_with_returning(test.store.write())
            .await
            .unwrap();
        let house = Self {
            test,
            person_id: somebody.id,
        };
        house.says("菜单").await;
        house
            .change(|account| account.person_id = Set(Some(house.person_id)))
            .await;
        house.work();
        house
    }

    fn app(&self) -> App {
        self.test.instances[0].app.clone()
    }

    fn work(&self) {
        let app = self.app();
        let worker = Worker::new(
            app.queue.clone(),
            Arc::new(Postman::new(app.clone(), KINDS)),
            app.clock.clone(),
            app.settings.reminder.clone(),
        );
        tokio::spawn(worker.run(app.stopping.clone()));
    }

    async fn says(&self, text: &str) {
        self.test.platform.say(OPEN_ID, &Say::text(text)).await;
    }

    async fn change(&self, change: impl FnOnce(&mut account::ActiveModel)) {
        let mut values = account::ActiveModel {
            id: Set(self.account().await.id),
            ..Default::default()
        };
        change(&mut values);
        account::Entity::update(values)
            .exec(self.test.store.write())
            .await
            .unwrap();
    }

    async fn account(&self) -> account::Model {
        account::Entity::find()
            .filter(account::COLUMN.channel.eq(Channel::Official))
            .filter(account::COLUMN.external_id.eq(OPEN_ID))
            .one(self.test.store.read())
            .await
            .unwrap()
            .unwrap()
    }

    async fn remind(&self, key: &str, subject: &str, payload: serde_json::Value) {
        self.remind_as("test.push", key, subject, payload).await;
    }

    async fn remind_as(
        &self,
        kind: &'static str,
        key: &str,
        subject: &str,
        payload: serde_json::Value,
    ) {
        let app = self.app();
        let mut tx = app.store.begin(self.test.now()).await.unwrap();
        let item = NewReminder {
            kind,
            dedupe_key: key.to_owned(),
            recipient_id: Some(self.person_id),
            compound_id: None,
            subject: subject.to_owned(),
            payload,
            due_at: tx.now(),
        };
        enqueue(&mut tx, vec![item]).await.unwrap();
        tx.commit().await.unwrap();
    }

    async fn reminder(&self, key: &str) -> reminder::Model {
        reminder::Entity::find()
            .filter(reminder::COLUMN.dedupe_key.eq(key))
            .one(self.test.store.read())
            .await
            .unwrap()
            .unwrap()
    }

    async fn becomes(&self, key: &str, state: ReminderState) -> reminder::Model {
        until(&format!("{key} becomes {state:?}"), 15, async || {
            let row = self.reminder(key).await;
            (row.state == state).then_some(row)
        })
        .await
    }

    /// Tried, and waiting for its next try.
    async fn waits(&self, key: &str) -> reminder::Model {
        until(&format!("{key} waits"), 15, async || {
            let row = self.reminder(key).await;
            (row.state == ReminderState::Pending && row.next_at > self.test.now()).then_some(row)
        })
        .await
    }

    /// What the person has been shown, oldest first.
    fn shown(&self) -> Vec<String> {
        let sent = self.test.platform.sent_to(OPEN_ID);
        sent.into_iter().map(|entry| entry.text).collect()
    }

    async fn deliveries(&self) -> Vec<delivery::Model> {
        delivery::Entity::find()
            .order_by_asc(delivery::COLUMN.id)
            .all(self.test.store.read())
            .await
            .unwrap()
    }

    /// Channel and state of each attempt.
    async fn attempts(&self) -> Vec<(String, DeliveryState)> {
        let all = self.deliveries().await;
        all.into_iter()
            .map(|row| (row.channel, row.state))
            .collect()
    }

    fn fault(&self, api: Api, kind: &str, times: Option<u32>) {
        assert!(self.test.platform.set_fault(Fault::new(api, kind, times)));
    }
}

fn is(channel: &str, state: DeliveryState) -> (String, DeliveryState) {
    (channel.to_owned(), state)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reminder_becomes_a_template_message_and_the_receipt_closes_it() {
    let house = House::new().await;
    house.remind("k", "电梯", json!({})).await;
    house.becomes("k", ReminderState::Sent).await;
    let attempts = until("the receipt came", 15, async || {
        let attempts = house.attempts().await;
        (attempts == [is("template", DeliveryState::Delivered)]).then_some(attempts)
    })
    .await;
    assert_eq!(attempts.len(), 1);
    let shown = house.shown();
    assert_eq!(shown.len(), 1);
    assert!(shown[0].contains("电梯共1条"), "{shown:?}");
    assert!(shown[0].contains("请看详情"), "{shown:?}");
    let row = &house.deliveries().await[0];
    assert_eq!(
        row.client_msg_id,
        format!("r{}", house.reminder("k").await.id)
    );
    assert!(row.platform_id.is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_reminders_about_one_thing_become_one_message() {
    let house = House::new().await;
    let app = house.app();
    let mut tx = app.store.begin(house.test.now()).await.unwrap();
    let items = (0..12).map(|n| NewReminder {
        kind: if n % 2 == 0 {
            "test.push"
        } else {
            "test.other"
        },
        dedupe_key: format!("k{n}"),
        recipient_id: Some(house.person_id),
        compound_id: None,
        subject: if n < 10 { "电梯" } else { "水管" }.to_owned(),
        payload: json!({}),
        due_at: tx.now(),
    });
    let items = items.collect();
    enqueue(&mut tx, items).await.unwrap();
    tx.commit().await.unwrap();
    house.test.drain().await;
    let shown = house.shown();
    assert_eq!(shown.len(), 2, "{shown:?}");
    assert!(
        shown[0].contains("电梯共10条") && shown[1].contains("水管共2条"),
        "{shown:?}"
    );
    assert_eq!(house.deliveries().await.len(), 12);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_night_only_what_is_urgent_goes_out() {
    let plan = TestApp::plan()
        .set("REMINDER__QUIET_FROM", "22:00")
        .set("REMINDER__QUIET_TO", "07:00");
    let house = House::planned(plan).await;
    // To eleven in the evening of China.
    let clock = &house.test.clock;
    let time = china(clock.now()).time();
    let evening = chrono::NaiveTime::from_hms_opt(23, 0, 0).unwrap();
    let ahead = evening - time;
    clock.advance(if ahead < TimeDelta::zero() {
        ahead + TimeDelta::days(1)
    } else {
        ahead
    });
    house.remind("calm", "甲", json!({})).await;
    house.remind("calm too", "甲", json!({})).await;
    house
        .remind("urgent", "乙", json!({ "urgent": true }))
        .await;
    house.becomes("urgent", ReminderState::Sent).await;
    let calm = house.waits("calm").await;
    assert_eq!(china(calm.next_at).format("%H:%M").to_string(), "07:00");
    assert_eq!(calm.attempts, 0, "waiting counts as a try");
    house.waits("calm too").await;
    assert_eq!(house.shown().len(), 1);
    clock.advance(TimeDelta::minutes(8 * 60 + 1));
    house.becomes("calm", ReminderState::Sent).await;
    house.becomes("calm too", ReminderState::Sent).await;
    let shown = house.shown();
    assert_eq!(shown.len(), 2, "{shown:?}");
    assert!(shown[1].contains("甲共2条"), "{shown:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_after_sending_shows_nothing_twice() {
    let house = House::new().await;
    house.remind("k", "甲", json!({})).await;
    let row = house.becomes("k", ReminderState::Sent).await;
    assert_eq!(house.shown().len(), 1);
    let back = async |state: DeliveryState| {
        let change = delivery::ActiveModel {
            state: Set(state),
            platform_id: Set(None),
            ..Default::default()
        };
        delivery::Entity::update_many()
            .set(change)
            .filter(delivery::COLUMN.reminder_id.eq(row.id))
            .exec(house.test.store.write())
            .await
            .unwrap();
        let change = reminder::ActiveModel {
            id: Set(row.id),
            state: Set(ReminderState::Sending),
            lease: Set(Some("gone".to_owned())),
            leased_until: Set(Some(house.test.now() - TimeDelta::seconds(1))),
            done_at: Set(None),
            ..Default::default()
        };
        reminder::Entity::update(change)
            .exec(house.test.store.write())
            .await
            .unwrap();
        house.becomes("k", ReminderState::Sent).await;
    };
    // Killed before the answer was stored: the platform drops the repeat by its id.
    back(DeliveryState::Sending).await;
    assert_eq!(
        (
            house.shown().len(),
            house.test.platform.calls(Api::Template)
        ),
        (1, 2)
    );
    // Killed before the reminder was closed: nothing is asked at all.
    back(DeliveryState::Sent).await;
    assert_eq!(
        (
            house.shown().len(),
            house.test.platform.calls(Api::Template)
        ),
        (1, 2)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_longer_needed_and_who_has_moved_away_get_nothing() {
    let house = House::new().await;
    house.remind("moot", "甲", json!({ "moot": true })).await;
    house.becomes("moot", ReminderState::Cancelled).await;
    let left = person::ActiveModel {
        id: Set(house.person_id),
        left_at: Set(Some(house.test.now())),
        ..Default::default()
    };
    person::Entity::update(left)
        .exec(house.test.store.write())
        .await
        .unwrap();
    house.remind("left", "甲", json!({})).await;
    house.becomes("left", ReminderState::Cancelled).await;
    assert!(house.shown().is_empty() && house.deliveries().await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bug_in_one_kind_does_not_touch_the_others() {
    let mut house = House::new().await;
    house.test.allow_errors();
    let app = house.app();
    let mut tx = app.store.begin(house.test.now()).await.unwrap();
    let kinds = ["test.bug", "test.push", "test.clock", "test.unknown"];
    let items = kinds.map(|kind| NewReminder {
        kind,
        dedupe_key: kind.to_owned(),
        recipient_id: Some(house.person_id),
        compound_id: None,
        subject: "甲".to_owned(),
        payload: json!({}),
        due_at: tx.now(),
    });
    enqueue(&mut tx, items.into()).await.unwrap();
    tx.commit().await.unwrap();
    house.becomes("test.push", ReminderState::Sent).await;
    house.becomes("test.clock", ReminderState::Sent).await;
    assert!(house.waits("test.bug").await.last_error.is_some());
    assert!(house.waits("test.unknown").await.last_error.is_some());
    assert_eq!(house.shown().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_to_one_person_come_in_order_even_from_a_slow_platform() {
    let house = House::new().await;
    let mut slow = Fault::new(Api::Template, "slow", Some(3));
    slow.ms = Some(300);
    assert!(house.test.platform.set_fault(slow));
    let began: Moment = house.test.now();
    for n in 0..6 {
        house
            .remind(&format!("k{n}"), &format!("第{n}件"), json!({}))
            .await;
        tokio::time::sleep(Duration::from_millis(60)).await;
    }
    house.test.drain().await;
    let shown = house.shown();
    assert_eq!(shown.len(), 6);
    for (n, text) in shown.iter().enumerate() {
        assert!(text.contains(&format!("第{n}件")), "{shown:?}");
    }
    assert!(house.test.now() - began >= TimeDelta::milliseconds(600));
}
