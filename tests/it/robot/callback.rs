//! The callback itself: forged and broken, repeated, slow, unknown.

use std::time::Duration;

use linli::sandbox::{Api, Fault, How};
use serde_json::{Value, json};

use super::{GROUP, text};
use crate::harness::app::TestApp;
use crate::harness::until;

fn client() -> reqwest::Client {
    let builder = reqwest::Client::builder().timeout(Duration::from_secs(10));
    builder.build().unwrap()
}

#[tokio::test]
async fn the_address_is_checked() {
    let app = TestApp::start().await;
    assert!(app.platform.verify_robot().await);
    let url = format!("{}/wechat/robot", app.url());
    for query in [
        "",
        "?echostr=x",
        "?msg_signature=a&timestamp=1700000000&nonce=n&echostr=eA==",
    ] {
        let answer = client().get(format!("{url}{query}")).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 403, "{query}");
    }
}

#[tokio::test]
async fn what_is_forged_or_broken_is_turned_away_alike() {
    let app = TestApp::start().await;
    let url = format!("{}/wechat/robot", app.url());
    let mut answers = Vec::new();
    for (query, body) in [
        ("", "{}"),
        (
            "?msg_signature=a&timestamp=1700000000&nonce=n",
            r#"{"encrypt":"AAAA"}"#,
        ),
        (
            "?msg_signature=a&msg_signature=b&timestamp=1700000000&nonce=n",
            "{}",
        ),
        ("", "<xml/>"),
        ("", "[[[[["),
    ] {
        let request = client().post(format!("{url}{query}")).body(body);
        let answer = request.send().await.unwrap();
        answers.push((answer.status().as_u16(), answer.text().await.unwrap()));
    }
    answers.dedup();
    assert_eq!(answers, [(403, "refused".to_owned())]);
    let long = "a".repeat(70_000);
    let answer = client().post(&url).body(long).send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 413);
    // Signed, but no message.
    let (status, _) = app.platform.post_robot(&json!({ "x": 1 }), None).await;
    assert_eq!(status, 400);
}

#[tokio::test]
async fn unknown_events_are_acknowledged_without_a_word() {
    let app = TestApp::start().await;
    let steward = app.member("孙梅").await;
    for event in [
        json!({ "eventtype": "feedback_event", "feedback_event": { "id": "1", "type": 1 } }),
        json!({ "eventtype": "moon_landing" }),
        json!({}),
    ] {
        let said = steward
            .sends(None, &json!({ "msgtype": "event", "event": event }))
            .await;
        assert_eq!((said.status, said.answers.len()), (200, 0), "{event}");
    }
    let odd = steward.sends(None, &json!({ "msgtype": "hologram" })).await;
    assert!(odd.text().contains("看不懂"), "{}", odd.text());
    let file = json!({ "msgtype": "file", "file": { "url": "https://evil.test/x" } });
    assert!(steward.sends(None, &file).await.text().contains("看不懂"));
}

#[tokio::test]
async fn a_repeated_message_has_one_effect_and_the_same_answer() {
    let app = TestApp::with_instances(2).await;
    let steward = app.member("孙梅").await;
    let message =
        app.platform
            .robot_message(Some(GROUP), "sun", &text("@邻里助手 报修 1栋电梯停了"));
    let mut answers = Vec::new();
    for _ in 0..3 {
        let said = app.platform.robot_hears(&message, "test", None).await;
        answers.push(said.text());
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");
    app.platform
        .set_fault(Fault::new(Api::Robot, "repeat", Some(1)));
    let again = steward.asks("报修 2栋路灯坏了").await;
    assert!(again.contains("已收到"), "{again}");
    use sea_orm::{EntityTrait, PaginatorTrait};
    let cases = entity::case::Entity::find().count(app.store.read()).await;
    assert_eq!(cases.unwrap(), 2);
    // The same message at both instances at once.
    let message =
        app.platform
            .robot_message(Some(GROUP), "sun", &text("@邻里助手 报修 1栋大门坏了"));
    let (one, other) = tokio::join!(
        app.platform.robot_hears(&message, "test", None),
        app.platform.robot_hears(&message, "test", None)
    );
    assert_eq!(one.text(), other.text());
    let cases = entity::case::Entity::find().count(app.store.read()).await;
    assert_eq!(cases.unwrap(), 3);
}

#[tokio::test]
async fn the_mention_is_taken_off_in_front_only() {
    let app = TestApp::start().await;
    let steward = app.member("孙梅").await;
    let said = |words: &str| text(words);
    let in_group = |words: &str| {
        let body = said(words);
        let steward = &steward;
        async move { steward.sends(Some(GROUP), &body).await.text() }
    };
    assert!(
        in_group("@邻里助手\u{2005}报修 1栋灯坏了")
            .await
            .contains("已收到")
    );
    assert!(
        in_group("@别的机器人 报修 1栋灯坏了")
            .await
            .contains("没看懂")
    );
    let reply = in_group("@邻里助手 报修 1栋灯坏了 @邻里助手 谢谢").await;
    assert!(reply.contains("@邻里助手 谢谢"), "{reply}");
}

#[tokio::test]
async fn the_rest_of_an_answer_comes_from_any_instance_to_the_one_who_asked() {
    let app = TestApp::with_instances(2).await;
    let steward = app.member("孙梅").await;
    let message = app.platform.robot_message(None, "sun", &text("我的"));
    let said = app.platform.robot_hears(&message, "test", None).await;
    let id = said.answers[0]["stream"]["id"].as_str().unwrap().to_owned();
    let poll = |userid: &str, id: &str| {
        let body = json!({ "msgtype": "stream", "stream": { "id": id } });
        app.platform.robot_message(None, userid, &body)
    };
    for _ in 0..2 {
        let (status, answer) = app.platform.post_robot(&poll("sun", &id), None).await;
        let answer = answer.unwrap();
        assert_eq!(status, 200);
        assert_eq!(answer["stream"]["content"], said.text());
        assert_eq!(answer["stream"]["finish"], true);
    }
    let (_, foreign) = app.platform.post_robot(&poll("zhou", &id), None).await;
    assert!(!foreign.unwrap().to_string().contains("孙梅"));
    // A question whose answer never came is given up, not asked for ever.
    let now = app.now().timestamp_millis();
    let (_, early) = app
        .platform
        .post_robot(&poll("sun", &format!("{now}.9")), None)
        .await;
    assert_eq!(early.unwrap()["stream"]["finish"], false);
    let old = now - 31_000;
    for lost in [format!("{old}.9"), "x".to_owned(), String::new()] {
        let (_, late) = app.platform.post_robot(&poll("sun", &lost), None).await;
        let late = late.unwrap();
        assert_eq!(late["stream"]["finish"], true, "{lost}");
        let words = late["stream"]["content"].as_str().unwrap();
        assert!(words.contains("请再发一次"), "{words}");
    }
    assert_eq!(steward.userid, "sun");
}

#[tokio::test]
async fn opening_the_chat_is_greeted_and_a_button_does_what_it_says() {
    let app = TestApp::start().await;
    let steward = app.member("孙梅").await;
    let enter = json!({ "msgtype": "event", "event": { "eventtype": "enter_chat" } });
    let said = steward.sends(None, &enter).await;
    assert_eq!(said.answers[0]["msgtype"], "text");
    assert!(said.text().contains("待办"), "{}", said.text());
    let id = steward.files("报修 1栋电梯停了").await;
    let press = |nested: bool| {
        let fields =
            json!({ "event_key": format!("接单 {id}"), "task_id": "t-1", "card_type": "x" });
        let mut event = if nested {
            json!({ "template_card_event": fields })
        } else {
            fields
        };
        event["eventtype"] = json!("template_card_event");
        json!({ "msgtype": "event", "event": event })
    };
    let first: Value = steward.sends(None, &press(true)).await.answers[0].clone();
    assert_eq!(first["response_type"], "update_template_card");
    assert_eq!(first["template_card"]["task_id"], "t-1");
    let again = steward.sends(None, &press(false)).await;
    assert!(again.text().contains(&format!("#{id}")), "{}", again.text());
}

#[tokio::test]
async fn a_picture_is_fetched_opened_and_kept_only_from_the_platform() {
    let app = TestApp::start().await;
    let steward = app.member("孙梅").await;
    let mixed = json!({ "msgtype": "mixed", "mixed": { "msg_item": [
        { "msgtype": "text", "text": { "content": "@邻里助手 报修 1栋大厅漏水" } },
        { "msgtype": "image", "image": { "url": "http://169.254.169.254/latest" } },
    ] } });
    let said = steward.sends(Some(GROUP), &mixed).await;
    assert!(said.text().contains("附1个附件"), "{}", said.text());
    app.drain().await;
    use sea_orm::EntityTrait;
    let rows = entity::attachment::Entity::find()
        .all(app.store.read())
        .await;
    let rows = rows.unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].state, entity::kinds::AttachmentState::Refused);
}

#[tokio::test]
async fn pictures_without_words_are_answered_to_polls_too() {
    let app = TestApp::start().await;
    app.member("孙梅").await;
    let picture =
        json!({ "msgtype": "image", "image": { "url": "http://169.254.169.254/latest" } });
    let mention = json!({ "msgtype": "text", "text": { "content": "@邻里助手" } });
    let mixed = json!({ "msgtype": "mixed", "mixed": { "msg_item": [
        mention, picture.clone(), picture,
    ] } });
    let message = app.platform.robot_message(Some(GROUP), "sun", &mixed);
    let said = app.platform.robot_hears(&message, "test", None).await;
    let id = said.answers[0]["stream"]["id"].as_str().unwrap();
    let body = json!({ "msgtype": "stream", "stream": { "id": id } });
    let poll = app.platform.robot_message(Some(GROUP), "sun", &body);
    let (_, answer) = app.platform.post_robot(&poll, None).await;
    let stream = &answer.unwrap()["stream"];
    assert_eq!(stream["finish"], true, "{stream}");
    assert_eq!(stream["content"], said.text());
    assert!(said.text().contains("照片"), "{}", said.text());
    use sea_orm::{EntityTrait, PaginatorTrait};
    let kept = entity::attachment::Entity::find().count(app.store.read());
    assert_eq!(kept.await.unwrap(), 2);
}

#[tokio::test]
async fn one_more_answer_goes_only_to_the_platforms_own_address() {
    let app = TestApp::start().await;
    let steward = app.member("孙梅").await;
    let message = app
        .platform
        .robot_message(None, &steward.userid, &text("x"));
    let address = message["response_url"].as_str().unwrap();
    let client = &app.instances[0].app.robot_client;
    for foreign in [
        "https://evil.test/cgi-bin/aibot/response?response_code=1",
        "http://127.0.0.1:1/cgi-bin/aibot/response",
        &address.replacen("http://", "http://evil@", 1),
        &address.replacen("http:", "ftp:", 1),
        "",
    ] {
        let refused = client.respond(foreign, "好").await;
        assert_eq!(refused, Err(linli::wechat::Error::Refused), "{foreign}");
    }
    client.respond(address, "办好了").await.unwrap();
    let twice = client.respond(address, "办好了").await;
    assert!(matches!(
        twice,
        Err(linli::wechat::Error::Platform { code: 846_605, .. })
    ));
    let shown = app
        .platform
        .conversation(&format!("robot:{}", steward.userid));
    assert_eq!(shown.last().unwrap().text, "办好了");
    let long = "楼".repeat(20_481);
    let message = app
        .platform
        .robot_message(None, &steward.userid, &text("x"));
    client
        .respond(message["response_url"].as_str().unwrap(), &long)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_picture_is_opened_with_the_robots_key_and_kept() {
    let app = TestApp::start().await;
    let steward = app.member("孙梅").await;
    let picture = crate::harness::pictures::png(200);
    let url = app.platform.robot_file("image/png", picture);
    let image = json!({ "msgtype": "image", "image": { "url": url } });
    let said = steward.sends(None, &image).await;
    assert!(said.text().contains("照片收到了"), "{}", said.text());
    app.drain().await;
    use sea_orm::EntityTrait;
    let rows = entity::attachment::Entity::find()
        .all(app.store.read())
        .await;
    let row = rows.unwrap().remove(0);
    assert_eq!(row.state, entity::kinds::AttachmentState::Stored);
    let path = row.path.unwrap();
    let kept = app.instances[0].app.files.get(&path).await.unwrap();
    // Only what was a picture can be written anew.
    assert!(kept.starts_with(b"\xff\xd8\xff"), "kept as a JPEG");
}

#[tokio::test]
async fn what_is_to_be_picked_has_buttons_where_the_member_is_alone() {
    let app = TestApp::start().await;
    let steward = app.member("孙梅").await;
    let resident = app.resident("张秀英").await;
    resident.says("报修 1栋灯坏了").await;
    resident.says("报修 1栋大门坏了").await;
    let said = steward.sends(None, &text("接单")).await;
    let answer = said.answers.last().unwrap();
    assert_eq!(answer["msgtype"], "stream_with_template_card", "{answer}");
    assert_eq!(answer["stream"]["finish"], true);
    assert!(
        said.text().contains("1 "),
        "the digits stand there, too: {}",
        said.text()
    );
    let card = &answer["template_card"];
    assert_eq!(card["card_type"], "button_interaction");
    let buttons = card["button_list"].as_array().unwrap();
    assert_eq!(buttons.len(), 3, "two cases and the way back: {card}");
    for button in buttons {
        assert!(button["text"].as_str().unwrap().chars().count() <= 10);
    }
    let press = |key: &Value| {
        json!({ "msgtype": "event", "event": {
            "eventtype": "template_card_event", "event_key": key, "task_id": card["task_id"],
        } })
    };
    let pressed = steward.sends(None, &press(&buttons[0]["key"])).await;
    let changed = &pressed.answers[0];
    assert_eq!(
        changed["response_type"], "update_template_card",
        "{changed}"
    );
    assert_eq!(changed["template_card"]["task_id"], card["task_id"]);
    assert!(pressed.text().contains("已接单"), "{}", pressed.text());
    // An old card's digit belongs to its own question.
    let old = steward.sends(None, &press(&buttons[1]["key"])).await;
    assert!(old.text().contains("过了时间"), "{}", old.text());
    // A group's buttons would be everybody's.
    let in_group = steward.sends(Some(GROUP), &text("@邻里助手 接单")).await;
    assert_eq!(in_group.answers.last().unwrap()["msgtype"], "stream");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_comes_too_late_follows_by_the_messages_own_address() {
    use sea_orm::ConnectionTrait;
    if !crate::harness::db::Backend::chosen().postgres {
        return; // SQLite says at once that it is busy.
    }
    let mut app = TestApp::start().await;
    app.allow_errors();
    let steward = app.member("孙梅").await;
    let room = format!("robot:{}", steward.userid);
    let block = async || {
        let tx = app.store.begin(app.now()).await.unwrap();
        let lock = r#"LOCK TABLE "inbound" IN ACCESS EXCLUSIVE MODE"#;
        tx.db().execute_unprepared(lock).await.unwrap();
        tx
    };
    let followed = async |words: &str| {
        until(words, 15, async || {
            let shown = app.platform.conversation(&room);
            shown
                .into_iter()
                .find(|entry| entry.text.contains(words) && entry.how == How::Custom)
        })
        .await;
    };
    // An event has no polls.
    let enter = json!({ "msgtype": "event", "event": { "eventtype": "enter_chat" } });
    let blocked = block().await;
    let said = steward.sends(None, &enter).await;
    assert!(said.text().contains("稍后回复"), "{}", said.text());
    blocked.rollback().await.unwrap();
    followed("待办").await;
    // A stream is given up after half a minute.
    let message = app
        .platform
        .robot_message(None, "sun", &text("报修 1栋灯坏了"));
    let blocked = block().await;
    let (_, first) = app.platform.post_robot(&message, None).await;
    let first = first.unwrap();
    assert_eq!(first["stream"]["finish"], false, "{first}");
    app.clock.advance(chrono::TimeDelta::seconds(31));
    blocked.rollback().await.unwrap();
    followed("已收到").await;
}
