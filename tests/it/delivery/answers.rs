//! What the platform answers and reports, code by code.

use chrono::TimeDelta;
use entity::delivery;
use entity::kinds::{DeliveryState, ReminderState};
use linli::base::clock::china;
use linli::delivery::{DeliveryOutcome, receipt};
use linli::sandbox::Api;
use linli::sandbox::platform::Standing;
use sea_orm::ActiveValue::Set;
use sea_orm::EntityTrait;
use serde_json::json;

use super::{House, OPEN_ID, is};
use crate::harness::until;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_platform_refuses_goes_by_customer_message() {
    let mut house = House::new().await;
    house.test.allow_errors();
    let codes = [43019, 43101, 45168, 50002, 87014, 40037, 47003, 48001];
    for code in codes {
        house.says("菜单").await; // Five more customer messages.
        house.fault(Api::Template, &code.to_string(), Some(1));
        let (key, shown) = (format!("k{code}"), house.shown().len());
        house.remind(&key, "电梯", json!({})).await;
        house.becomes(&key, ReminderState::Sent).await;
        assert_eq!(house.shown().len(), shown + 1, "{code}");
        let text = house.shown().pop().unwrap();
        assert!(text.starts_with("客服 电梯共1条 ＜a"), "{code}: {text}");
        let attempts = house.attempts().await;
        let tail = &attempts[attempts.len() - 2..];
        assert_eq!(
            tail,
            [
                is("template", DeliveryState::Failed),
                is("customer", DeliveryState::Sent)
            ],
            "{code}"
        );
    }
    assert_eq!(house.deliveries().await[0].error_code, Some(43019));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_passes_is_tried_again_and_shown_once() {
    let house = House::new().await;
    for (n, fault) in [
        "-1", "45011", "43108", "43116", "nonsense", "refused", "gateway", "dropped",
    ]
    .iter()
    .enumerate()
    {
        house.fault(Api::Template, fault, Some(1));
        let key = format!("k{n}");
        house.remind(&key, "电梯", json!({})).await;
        let waiting = house.waits(&key).await;
        let pause = waiting.next_at - house.test.now();
        assert!(pause <= TimeDelta::seconds(73), "{fault}: {pause}");
        house.test.clock.advance(TimeDelta::seconds(75));
        house.becomes(&key, ReminderState::Sent).await;
        assert_eq!(house.shown().len(), n + 1, "{fault}");
    }
    // A refused token costs no try.
    house.fault(Api::Template, "40001", Some(1));
    house.remind("token", "电梯", json!({})).await;
    let sent = house.becomes("token", ReminderState::Sent).await;
    assert_eq!(sent.attempts, 1);
    // «Sent before under this id» is success.
    house.fault(Api::Template, "45065", Some(1));
    house.remind("again", "电梯", json!({})).await;
    house.becomes("again", ReminderState::Sent).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_used_up_day_waits_for_midnight_or_takes_the_other_channel() {
    let mut house = House::new().await;
    house.test.allow_errors();
    house.fault(Api::Template, "45009", None);
    house.remind("one", "甲", json!({})).await;
    house.becomes("one", ReminderState::Sent).await;
    house.change(|account| account.window_left = Set(0)).await;
    house.remind("two", "乙", json!({})).await;
    let waiting = house.waits("two").await;
    let wanted = (
        china(house.test.now()).date_naive().succ_opt(),
        "00:05".to_owned(),
    );
    let next = china(waiting.next_at);
    let next = (Some(next.date_naive()), next.format("%H:%M").to_string());
    assert_eq!(next, wanted, "the quota is new after midnight");
    assert_eq!(
        house.test.platform.calls(Api::Template),
        1,
        "asked again all day"
    );
    house.test.platform.clear_faults();
    house.test.clock.advance(waiting.next_at - house.test.now());
    house.becomes("two", ReminderState::Sent).await;
    assert_eq!(house.shown().len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_has_left_or_never_wrote_is_unreachable_and_that_is_visible() {
    let mut house = House::new().await;
    house.test.allow_errors();
    house.test.platform.set_standing(OPEN_ID, Standing::Left);
    house.remind("one", "甲", json!({})).await;
    let dead = house.becomes("one", ReminderState::Failed).await;
    assert!(dead.last_error.unwrap().contains("43004"));
    let account = house.account().await;
    assert!(!account.followed && account.window_left == 0);
    house.remind("two", "乙", json!({})).await;
    let dead = house.becomes("two", ReminderState::Failed).await;
    assert!(dead.last_error.unwrap().contains("无法送达"));
    let attempts = house.attempts().await;
    assert_eq!(
        attempts.last(),
        Some(&is("none", DeliveryState::Unreachable))
    );
    // Who writes again is reached again.
    house.test.platform.set_standing(OPEN_ID, Standing::Follows);
    house.says("菜单").await;
    house.remind("three", "丙", json!({})).await;
    house.becomes("three", ReminderState::Sent).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_follower_whom_the_platform_does_not_know_is_asked_for_once() {
    let mut house = House::new().await;
    house.test.allow_errors();
    house.fault(Api::Template, "40003", None);
    house.remind("one", "甲", json!({})).await;
    let dead = house.becomes("one", ReminderState::Failed).await;
    assert!(dead.last_error.unwrap().contains("40003"));
    let account = house.account().await;
    assert!(!account.followed && account.window_left == 0);
    house.remind("two", "乙", json!({})).await;
    house.becomes("two", ReminderState::Failed).await;
    assert_eq!(house.test.platform.calls(Api::Template), 1, "asked again");
    assert_eq!(house.test.platform.calls(Api::Custom), 0);
    // Who writes is known again.
    house.test.platform.clear_faults();
    house.says("菜单").await;
    house.remind("three", "丙", json!({})).await;
    house.becomes("three", ReminderState::Sent).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_we_have_built_wrongly_is_not_tried_again() {
    let mut house = House::new().await;
    house.test.allow_errors();
    house.change(|account| account.window_left = Set(0)).await;
    for (calls, code) in (1_u64..).zip(["47001", "47003", "45008", "45067"]) {
        house.fault(Api::Template, code, Some(1));
        house.remind(code, code, json!({})).await;
        let dead = house.becomes(code, ReminderState::Failed).await;
        assert_eq!(dead.attempts, 1, "{code}");
        assert!(dead.last_error.unwrap().contains(code));
        assert_eq!(house.test.platform.calls(Api::Template), calls);
    }
    let template = &house.test.settings.wechat.official.templates["progress"].id;
    for row in house.deliveries().await {
        let words = row.error.unwrap_or_default();
        assert!(words.ends_with(&format!("template {template}")), "{words}");
    }
    // What cannot go out is mended, and sent from the list of what could not be sent.
    house.remind("good", "乙", json!({})).await;
    house.becomes("good", ReminderState::Sent).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn customer_messages_stay_inside_their_window() {
    let mut house = House::new().await;
    house.test.allow_errors();
    let customer = || json!({ "customer": true });
    for n in 0..5 {
        let key = format!("k{n}");
        house.remind(&key, &key, customer()).await;
        house.becomes(&key, ReminderState::Sent).await;
    }
    house.remind("sixth", "乙", customer()).await;
    house.becomes("sixth", ReminderState::Failed).await;
    assert_eq!(
        house.test.platform.calls(Api::Custom),
        5,
        "the sixth was tried all the same"
    );
    for code in ["45015", "45047"] {
        house.says("菜单").await;
        assert_eq!(house.account().await.window_left, 5);
        house.fault(Api::Custom, code, Some(1));
        house.remind(code, code, customer()).await;
        house.becomes(code, ReminderState::Failed).await;
        assert_eq!(house.account().await.window_left, 0, "{code}");
    }
    house.says("菜单").await;
    house.fault(Api::Custom, "45002", Some(1));
    house.remind("long", "丙", customer()).await;
    house.becomes("long", ReminderState::Sent).await;
    // Two days later the window is closed.
    house.test.clock.advance(TimeDelta::days(3));
    house.remind("late", "丁", customer()).await;
    house.becomes("late", ReminderState::Failed).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_did_not_go_out_leaves_the_window_as_it_was() {
    let mut house = House::new().await;
    house.test.allow_errors();
    for fault in ["-1", "gateway", "nonsense", "50002", "45011", "refused"] {
        house.fault(Api::Custom, fault, Some(1));
        house
            .remind(fault, fault, json!({ "customer": true }))
            .await;
        until(&format!("{fault} is judged"), 15, async || {
            let row = house.reminder(fault).await;
            let waits = row.state == ReminderState::Pending && row.next_at > house.test.now();
            (waits || row.state == ReminderState::Failed).then_some(())
        })
        .await;
        assert_eq!(house.account().await.window_left, 5, "{fault}");
    }
    house.test.clock.advance(TimeDelta::minutes(10));
    house.becomes("refused", ReminderState::Sent).await;
    house.test.drain().await;
    assert_eq!(house.shown().len(), 5);
    assert_eq!(house.account().await.window_left, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_template_message_is_sent_again_once() {
    let mut house = House::new().await;
    house.test.allow_errors();
    house.fault(Api::Template, "receipt:failed: system failed", Some(1));
    house.remind("once", "甲", json!({})).await;
    until("it arrives", 20, async || {
        house.test.clock.advance(TimeDelta::seconds(2));
        (house.shown().len() == 1).then_some(())
    })
    .await;
    house.becomes("once", ReminderState::Sent).await;
    let id = house.reminder("once").await.id;
    assert_eq!(
        house.deliveries().await.last().unwrap().client_msg_id,
        format!("r{id}-1")
    );
    house.fault(Api::Template, "receipt:failed: system failed", Some(2));
    house.remind("twice", "乙", json!({})).await;
    until("it is given up", 20, async || {
        house.test.clock.advance(TimeDelta::seconds(2));
        (house.reminder("twice").await.state == ReminderState::Failed).then_some(())
    })
    .await;
    assert_eq!(house.shown().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_blocks_templates_is_told_by_customer_message() {
    let house = House::new().await;
    house.fault(Api::Template, "receipt:failed:user block", Some(1));
    house.remind("k", "甲", json!({})).await;
    until("it arrives", 20, async || {
        house.test.clock.advance(TimeDelta::seconds(2));
        (house.shown().len() == 1).then_some(())
    })
    .await;
    house.becomes("k", ReminderState::Sent).await;
    assert!(house.shown()[0].starts_with("客服"));
    assert!(!house.account().await.followed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receipt_may_come_before_the_answer_or_about_nothing() {
    let house = House::new().await;
    let app = house.app();
    receipt(&app, "4711", DeliveryOutcome::Delivered)
        .await
        .unwrap();
    receipt(&app, "4711", DeliveryOutcome::Delivered)
        .await
        .unwrap();
    let row = delivery::ActiveModel {
        channel: Set("template".to_owned()),
        kind: Set("test.push".to_owned()),
        subject: Set("甲".to_owned()),
        client_msg_id: Set("r0".to_owned()),
        platform_id: Set(Some("4711".to_owned())),
        state: Set(DeliveryState::Sent),
        created_at: Set(app.clock.now()),
        updated_at: Set(app.clock.now()),
        ..Default::default()
    };
    delivery::Entity::insert(row)
        .exec(house.test.store.write())
        .await
        .unwrap();
    receipt(&app, "0815", DeliveryOutcome::Blocked)
        .await
        .unwrap();
    house.test.clock.advance(TimeDelta::seconds(6));
    house.becomes("receipt:4711", ReminderState::Sent).await;
    assert_eq!(
        house.attempts().await,
        [is("template", DeliveryState::Delivered)]
    );
    until("a stranger's report is dropped", 15, async || {
        house.test.clock.advance(TimeDelta::minutes(7));
        let row = house.reminder("receipt:0815").await;
        (row.state == ReminderState::Cancelled).then_some(())
    })
    .await;
}
