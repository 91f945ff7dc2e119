//! Messages to one person keep their order though several instances send.

use std::sync::Arc;

use entity::kinds::ReminderState;
use linli::base::clock::Clock;
use linli::base::dice::Dice;
use linli::command::Role;
use linli::command::serve::{Boot, start_as};
use linli::delivery::Postman;
use linli::reminder::worker::Worker;
use linli::sandbox::{Api, Fault};
use serde_json::json;

use super::{House, KINDS};
use crate::harness::app::TestApp;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_instances_keep_the_order_of_one_persons_messages() {
    // One reminder a claim, so that both instances have some of them in hand.
    let mut house = House::planned(TestApp::plan().set("REMINDER__BATCH", "1")).await;
    if house.app().redis.is_none() {
        return; // Without Redis there is one instance.
    }
    let boot = Boot {
        clock: house.test.clock.clone(),
        shift: None,
        dice: Arc::new(Dice::from_system()),
        role: Role::Web,
    };
    let second = start_as(house.test.settings.clone(), boot).await.unwrap();
    let app = second.app.clone();
    house.test.instances.push(second);
    let worker = Worker::new(
        app.queue.clone(),
        Arc::new(Postman::new(app.clone(), KINDS)),
        app.clock.clone(),
        app.settings.reminder.clone(),
    );
    tokio::spawn(worker.run(app.stopping.clone()));
    let mut slow = Fault::new(Api::Template, "slow", Some(6));
    slow.ms = Some(250);
    assert!(house.test.platform.set_fault(slow));
    for n in 0..12 {
        let key = format!("k{n}");
        house.remind(&key, &format!("第{n:02}件"), json!({})).await;
        tokio::time::sleep(std::time::Duration::from_millis(15)).await;
    }
    for n in 0..12 {
        house.becomes(&format!("k{n}"), ReminderState::Sent).await;
    }
    let shown = house.shown();
    assert_eq!(shown.len(), 12, "at {}", house.test.clock.now());
    for (n, text) in shown.iter().enumerate() {
        assert!(text.contains(&format!("第{n:02}件")), "{shown:?}");
    }
}
