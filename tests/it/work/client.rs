//! The calls to WeCom against the pretended one: messages, cards, tokens, every error code.

use linli::sandbox::{Api, Fault};
use linli::wechat::Error;
use linli::wechat::errors::{Action, work_action};
use linli::wechat::work::client::{Body, Message};
use linli::wechat::work::{Button, Card};

use crate::harness::app::TestApp;

fn text(to: &[&str], words: &str) -> Message {
    Message {
        to: to.iter().map(|id| (*id).to_owned()).collect(),
        body: Body::Text(words.to_owned()),
        once_within: Some(1800),
    }
}

fn card(task_id: &str) -> Card {
    Card {
        task_id: task_id.to_owned(),
        source: "邻里".to_owned(),
        title: "#12 报修 电梯停了".to_owned(),
        buttons: vec![Button {
            text: "接单".to_owned(),
            key: "接单 12".to_owned(),
        }],
        ..Card::default()
    }
}

#[tokio::test]
async fn messages_of_every_kind_arrive_and_a_repeat_does_not() {
    let app = TestApp::start().await;
    let (work, now) = (
        app.instances[0].app.work.as_ref().unwrap(),
        app.now().timestamp(),
    );
    let url = "https://example.org/a".to_owned();
    for body in [
        Body::Text("你好".to_owned()),
        Body::Markdown("**你好**".to_owned()),
        Body::TextCard {
            title: "标题".to_owned(),
            description: "说明".to_owned(),
            url: url.clone(),
        },
        Body::Card(Box::new(card("t1"))),
        Body::Card(Box::new(Card {
            url: Some(url),
            buttons: Vec::new(),
            ..card("t2")
        })),
    ] {
        let message = Message {
            body,
            ..text(&["SunMei"], "")
        };
        let first = work.client.send(&message, now).await.unwrap();
        let again = work.client.send(&message, now).await.unwrap();
        assert_eq!(first, again, "{message:?}");
    }
    assert_eq!(app.platform.member_sees("sunmei").len(), 5);
    assert_eq!(app.platform.calls(Api::Gettoken), 1);
}

#[tokio::test]
async fn who_missed_it_is_named_though_the_others_have_it() {
    let app = TestApp::start().await;
    let (work, now) = (
        app.instances[0].app.work.as_ref().unwrap(),
        app.now().timestamp(),
    );
    app.platform.set_member("ghost", false);
    let sent = work
        .client
        .send(&text(&["sunmei", "Ghost"], "在吗"), now)
        .await;
    assert_eq!(sent.unwrap().missed, ["ghost"]);
    let sent = work.client.send(&text(&["ghost"], "在吗"), now).await;
    assert!(
        matches!(sent, Err(Error::Platform { code: 81013, .. })),
        "{sent:?}"
    );
}

#[tokio::test]
async fn a_card_is_updated_once_by_one_code_and_not_after_three_days() {
    let app = TestApp::start().await;
    let work = app.instances[0].app.work.as_ref().unwrap();
    let now = app.now().timestamp();
    let message = Message {
        body: Body::Card(Box::new(card("t1"))),
        ..text(&["sunmei"], "")
    };
    let code = work
        .client
        .send(&message, now)
        .await
        .unwrap()
        .response_code
        .unwrap();
    let over = Card {
        over: Some("已由 宋卫东 接单".to_owned()),
        buttons: Vec::new(),
        ..card("t1")
    };
    work.client
        .update_card("sunmei", &code, &over, now)
        .await
        .unwrap();
    let seen = app.platform.member_sees("sunmei");
    let shown = seen[0].work_card.as_ref().unwrap();
    assert_eq!(shown.over.as_deref(), Some("已由 宋卫东 接单"));
    let twice = work.client.update_card("sunmei", &code, &over, now).await;
    assert!(
        matches!(twice, Err(Error::Platform { code: 40058, .. })),
        "{twice:?}"
    );
    let other = Message {
        body: Body::Card(Box::new(card("t2"))),
        ..text(&["sunmei"], "")
    };
    let code = work
        .client
        .send(&other, now)
        .await
        .unwrap()
        .response_code
        .unwrap();
    app.clock.advance(chrono::TimeDelta::hours(72));
    let late = app.now().timestamp();
    let sent = work.client.update_card("sunmei", &code, &over, late).await;
    assert!(
        matches!(sent, Err(Error::Platform { code: 40058, .. })),
        "{sent:?}"
    );
}

#[tokio::test]
async fn a_token_that_died_early_is_replaced_once_by_all_instances() {
    let app = TestApp::with_instances(2).await;
    let now = app.now().timestamp();
    let send = async |instance: usize, words: &str| {
        let work = app.instances[instance].app.work.as_ref().unwrap();
        work.client.send(&text(&["sunmei"], words), now).await
    };
    send(0, "一").await.unwrap();
    send(1, "二").await.unwrap();
    app.platform.revoke_work_token();
    send(0, "三").await.unwrap();
    send(1, "四").await.unwrap();
    assert_eq!(app.platform.member_sees("sunmei").len(), 4);
    // Without Redis each instance asks by itself.
    let most = if app.instances[0].app.redis.is_some() {
        2
    } else {
        4
    };
    assert!(app.platform.calls(Api::Gettoken) <= most);
}

#[tokio::test]
async fn a_wrong_secret_asks_for_no_second_token() {
    let app = TestApp::start().await;
    let (work, now) = (
        app.instances[0].app.work.as_ref().unwrap(),
        app.now().timestamp(),
    );
    assert!(app.platform.set_fault(Fault::new(Api::Send, "40001", None)));
    let sent = work.client.send(&text(&["sunmei"], "一"), now).await;
    assert!(
        matches!(sent, Err(Error::Platform { code: 40001, .. })),
        "{sent:?}"
    );
    assert_eq!(app.platform.calls(Api::Gettoken), 1);
    assert_eq!(app.platform.calls(Api::Send), 1);
}

#[tokio::test]
async fn every_code_comes_through_and_only_a_dead_token_is_tried_again() {
    let app = TestApp::start().await;
    let (work, now) = (
        app.instances[0].app.work.as_ref().unwrap(),
        app.now().timestamp(),
    );
    let codes = [
        -1, 40001, 40014, 42001, 45009, 45033, 60011, 60020, 81013, 86001, 86003, 86004, 86006,
        86216, 86217, 86220, 301_002, 93000, 40058, 48002,
    ];
    for code in codes {
        let before = app.platform.calls(Api::Send);
        assert!(
            app.platform
                .set_fault(Fault::new(Api::Send, &code.to_string(), None))
        );
        let sent = work.client.send(&text(&["sunmei"], "一"), now).await;
        assert!(
            matches!(&sent, Err(Error::Platform { code: got, .. }) if *got == code),
            "{sent:?}"
        );
        let tries = app.platform.calls(Api::Send) - before;
        let wanted = if work_action(code) == Action::RefreshToken {
            2
        } else {
            1
        };
        assert_eq!(tries, wanted, "{code}");
        app.platform.clear_faults();
    }
    for kind in ["gateway", "nonsense", "refused", "dropped"] {
        assert!(app.platform.set_fault(Fault::new(Api::Send, kind, Some(1))));
        let sent = work.client.send(&text(&["sunmei"], kind), now).await;
        assert!(
            matches!(sent, Err(Error::Network { .. } | Error::Nonsense)),
            "{kind}: {sent:?}"
        );
    }
    assert_eq!(work.client.agent_name(now).await.unwrap(), "邻里");
    assert_eq!(work.client.callback_ips(now).await.unwrap(), ["127.0.0.1"]);
    assert_eq!(work.client.api_ips(now).await.unwrap(), ["127.0.0.1"]);
}
