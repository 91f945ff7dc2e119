//! The API: messages, tokens, log-in, and its failures.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use linli::config::CallbackMode;
use linli::sandbox::platform::Standing;
use linli::sandbox::{Api, Fault, Say};
use linli::wechat::Error;
use linli::wechat::http::Http;
use linli::wechat::mini::MiniClient;
use linli::wechat::official::JobStatus;
use linli::wechat::official::client::TemplateMessage;
use linli::wechat::token::{MemoryShelf, TokenKeeper};
use serde_json::{Value, json};

use super::world::{PERSON, client, code, task, world};
use crate::harness::until;

#[tokio::test]
async fn a_template_message_is_shown_once_and_its_fate_is_reported() {
    let world = world(CallbackMode::Safe).await;
    let mut message = task(PERSON);
    message.client_msg_id = Some("r-1".to_owned());
    let first = world
        .client
        .template_send(&message, world.now())
        .await
        .unwrap();
    let again = world
        .client
        .template_send(&message, world.now())
        .await
        .unwrap();
    assert_eq!(first, again);
    let sent = world.platform.sent_to(PERSON);
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].msg_id.as_deref(), Some(first.as_str()));
    let card = sent[0].card.clone().unwrap();
    assert!(
        card.fields
            .contains(&("事项".to_owned(), "3栋电梯停了".to_owned()))
    );
    assert_eq!(world.receipts(1).await, [JobStatus::Delivered]);

    world.clock.advance(TimeDelta::minutes(10));
    let later = world
        .client
        .template_send(&message, world.now())
        .await
        .unwrap();
    assert_ne!(later, first);
    let steward = TemplateMessage {
        to: "sandbox-steward".to_owned(),
        ..message
    };
    world
        .client
        .template_send(&steward, world.now())
        .await
        .unwrap();
    assert_eq!(world.platform.sent_to("sandbox-steward").len(), 1);
    assert_eq!(world.platform.calls(Api::Template), 4);
    assert_eq!(world.platform.calls(Api::Token), 1);
}

#[tokio::test]
async fn what_a_template_does_not_take_is_refused() {
    let world = world(CallbackMode::Safe).await;
    let now = world.now();
    let refused = async |change: &dyn Fn(&mut TemplateMessage)| {
        let mut message = task(PERSON);
        change(&mut message);
        code(world.client.template_send(&message, now).await)
    };
    assert_eq!(refused(&|m| m.to = "nobody".to_owned()).await, 40003);
    assert_eq!(refused(&|m| m.template_id = "x".to_owned()).await, 40037);
    assert_eq!(refused(&|m| m.data[0].1 = "长".repeat(21)).await, 47003);
    assert_eq!(refused(&|m| m.data[2].1 = "明天".to_owned()).await, 47003);
    assert_eq!(refused(&|m| drop(m.data.pop())).await, 47003);
    let mut message = task(PERSON);
    message.data[3].1.clear();
    match world.client.template_send(&message, now).await {
        Err(Error::Platform { message, .. }) => {
            assert!(message.contains("data.thing4.value"), "{message}");
        }
        other => panic!("{other:?}"),
    }
    assert!(world.platform.sent_to(PERSON).is_empty());
}

#[tokio::test]
async fn who_has_left_or_blocks_receives_nothing() {
    let world = world(CallbackMode::Safe).await;
    world
        .platform
        .say(PERSON, &Say::event("unsubscribe", ""))
        .await;
    let send = async || world.client.template_send(&task(PERSON), world.now()).await;
    assert_eq!(code(send().await), 43004);
    let said = world.platform.say(PERSON, &Say::text("在吗")).await;
    assert_eq!((said.attempts, said.entries.len()), (0, 2));
    world
        .platform
        .say(PERSON, &Say::event("subscribe", ""))
        .await;
    send().await.unwrap();
    world.platform.set_standing(PERSON, Standing::Blacklisted);
    assert_eq!(code(send().await), 43019);
    world.platform.set_standing(PERSON, Standing::Refuses);
    send().await.unwrap();
    assert_eq!(world.platform.sent_to(PERSON).len(), 1);
    let fates = world.receipts(2).await;
    assert_eq!(fates, [JobStatus::Delivered, JobStatus::Blocked]);
}

#[tokio::test]
async fn customer_messages_keep_to_their_windows() {
    let world = world(CallbackMode::Safe).await;
    let send = async || world.client.custom_text(PERSON, "您好", world.now()).await;
    assert_eq!(code(send().await), 45015);
    world
        .platform
        .say(PERSON, &Say::event("CLICK", "todo"))
        .await;
    for _ in 0..3 {
        send().await.unwrap();
    }
    assert_eq!(code(send().await), 45047);
    world.platform.say(PERSON, &Say::text("在吗")).await;
    for _ in 0..5 {
        send().await.unwrap();
    }
    assert_eq!(code(send().await), 45047);
    world.platform.say(PERSON, &Say::text("还在吗")).await;
    world
        .clock
        .advance(TimeDelta::hours(48) - TimeDelta::minutes(1));
    send().await.unwrap();
    world.clock.advance(TimeDelta::minutes(1));
    assert_eq!(code(send().await), 45015);
    assert_eq!(world.platform.sent_to(PERSON).len(), 9);
    world.platform.say(PERSON, &Say::text("又来了")).await;
    let long = "长".repeat(700);
    assert_eq!(
        code(world.client.custom_text(PERSON, &long, world.now()).await),
        45002
    );
}

#[tokio::test]
async fn every_code_and_every_breakage_can_be_made() {
    let world = world(CallbackMode::Safe).await;
    let send = async || world.client.template_send(&task(PERSON), world.now()).await;
    send().await.unwrap();
    for wanted in [
        -1, 40003, 43101, 43108, 45009, 45011, 45065, 47001, 48001, 50002,
    ] {
        let fault = json!({ "api": "template", "kind": wanted.to_string(), "times": 1 });
        assert_eq!(world.post("/faults", fault).await.0, 200);
        assert_eq!(code(send().await), wanted);
    }
    let network = Err(Error::Network { timeout: false });
    for (kind, wanted, shown) in [
        ("refused", network.clone(), 0),
        ("dropped", network.clone(), 1),
        ("gateway", network, 0),
        ("nonsense", Err(Error::Nonsense), 0),
    ] {
        let before = world.platform.sent_to(PERSON).len();
        assert!(
            world
                .platform
                .set_fault(Fault::new(Api::Template, kind, Some(1)))
        );
        assert_eq!(send().await, wanted, "{kind}");
        assert_eq!(
            world.platform.sent_to(PERSON).len(),
            before + shown,
            "{kind}"
        );
    }
    let slow = json!({ "api": "*", "kind": "slow", "times": 1, "ms": 300 });
    world.post("/faults", slow).await;
    let begun = tokio::time::Instant::now();
    send().await.unwrap();
    assert!(begun.elapsed() >= Duration::from_millis(300));
    let lost = "receipt:failed:system failed";
    assert!(
        world
            .platform
            .set_fault(Fault::new(Api::Template, lost, Some(1)))
    );
    send().await.unwrap();
    until("the failure is reported", 5, async || {
        let all = world.receipts(1).await;
        all.contains(&JobStatus::Failed("system failed".to_owned()))
            .then_some(())
    })
    .await;
    let forever = json!({ "api": "template", "kind": "45009" });
    world.post("/faults", forever).await;
    assert_eq!(code(send().await), 45009);
    assert_eq!(code(send().await), 45009);
    let url = format!("{}/faults?api=template", world.base);
    world.web.delete(url).send().await.unwrap();
    send().await.unwrap();
    let state = world.get("/state").await;
    assert_eq!(state["faults"], json!([]));
    assert_eq!(state["calls"]["template"], 20);
    assert_eq!(state["failed"]["template"], 18);
    for bad in [
        json!({ "api": "pay", "kind": "-1" }),
        json!({ "api": "*", "kind": "odd" }),
    ] {
        assert_eq!(world.post("/faults", bad).await.0, 400);
    }
}

#[tokio::test]
async fn a_refused_token_is_replaced_and_a_wrong_secret_named() {
    let world = world(CallbackMode::Safe).await;
    let send = async || world.client.template_send(&task(PERSON), world.now()).await;
    send().await.unwrap();
    world.platform.expire_tokens();
    send().await.unwrap();
    assert_eq!(world.platform.sent_to(PERSON).len(), 2);
    assert_eq!(world.platform.calls(Api::Token), 2);
    let mut wrong = world.config.clone();
    wrong.app_secret = "guess".into();
    let result = client(&wrong, &world.base)
        .template_send(&task(PERSON), world.now())
        .await;
    assert_eq!(code(result), 40125);
    wrong.app_id = "wx-other".to_owned();
    let result = client(&wrong, &world.base)
        .template_send(&task(PERSON), world.now())
        .await;
    assert_eq!(code(result), 40013);
    let url = format!(
        "{}/api/cgi-bin/message/template/send?access_token=guess",
        world.base
    );
    let response = world.web.post(url).body("{}").send().await.unwrap();
    assert_eq!(response.status().as_u16(), 200);
    assert!(
        response.headers()["content-type"]
            .to_str()
            .unwrap()
            .starts_with("text/plain")
    );
    let body: Value = serde_json::from_str(&response.text().await.unwrap()).unwrap();
    assert_eq!(body["errcode"], 40001);
    assert!(body["errmsg"].as_str().unwrap().contains("rid: "));
}

#[tokio::test]
async fn a_log_in_code_holds_once_and_for_five_minutes() {
    let world = world(CallbackMode::Safe).await;
    let config = &world.config;
    let api = format!("{}/api", world.base);
    let (app_id, secret) = (&config.mini_app_id, config.mini_secret.clone());
    let shelf = Arc::new(MemoryShelf::default());
    let http = Http::new().unwrap();
    let keeper = TokenKeeper::new(http.clone(), &api, app_id, secret.clone(), shelf, 1);
    let mini = MiniClient::new(http, &api, app_id, secret, Arc::new(keeper));
    let first = world.platform.code("mini-1");
    assert_eq!(mini.code2session(&first).await.unwrap().openid, "mini-1");
    assert_eq!(code(mini.code2session(&first).await), 40163);
    assert_eq!(code(mini.code2session("guess").await), 40029);
    let (_, body) = world.post("/code", json!({ "openid": "mini-2" })).await;
    world.clock.advance(TimeDelta::minutes(5));
    assert_eq!(
        code(mini.code2session(body["code"].as_str().unwrap()).await),
        40029
    );
}
