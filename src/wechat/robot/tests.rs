//! Messages of every kind, mentions, answers, frames, addresses.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::inbound::strip_mention;
use super::media::is_ours;
use super::reply::{MOST_BYTES, harmless};
use super::*;

const KEY: &str = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C";
const NOW: i64 = 1_700_000_000;

fn robot() -> Robot {
    Robot::new("QDG6eK".into(), &KEY.into(), "邻里助手").unwrap()
}

fn read(message: &Value) -> Inbound {
    Inbound::read(message, "邻里助手").unwrap()
}

fn said(kind: &str, body: &Value) -> InboundKind {
    let mut message = json!({
        "msgid": "m1", "aibotid": "b", "chattype": "single", "from": { "userid": "Song" },
        "msgtype": kind,
    });
    message[kind] = body.clone();
    let inbound = read(&message);
    assert_eq!(inbound.user_id, "song", "ids are the same in every case");
    inbound.kind
}

/// The platform's side: query and body.
fn sealed(robot: &Robot, plain: &str) -> (String, String) {
    let encrypted = robot.cipher.encrypt(plain.as_bytes(), [7; 16]).unwrap();
    let signed = robot.signature(&NOW.to_string(), "n1", &encrypted);
    let query = format!("msg_signature={signed}&timestamp={NOW}&nonce=n1");
    (query, json!({ "encrypt": encrypted }).to_string())
}

#[test]
fn every_kind_is_read() {
    let picture = |url: &str| Picture {
        url: url.to_owned(),
        aes_key: None,
    };
    let text = InboundKind::Text("报修 灯坏了".to_owned());
    assert_eq!(said("text", &json!({ "content": "报修 灯坏了" })), text);
    let voice = InboundKind::Voice("灯坏了".to_owned());
    assert_eq!(said("voice", &json!({ "content": "灯坏了" })), voice);
    let body = json!({ "url": "https://x" });
    assert_eq!(
        said("image", &body),
        InboundKind::Image(picture("https://x"))
    );
    assert_eq!(said("file", &body), InboundKind::File(picture("https://x")));
    assert_eq!(
        said("video", &body),
        InboundKind::Video(picture("https://x"))
    );
    let keyed = json!({ "url": "https://x", "aeskey": "k" });
    let InboundKind::Image(found) = said("image", &keyed) else {
        panic!("no picture");
    };
    assert_eq!(found.aes_key.as_deref(), Some("k"));
    let mixed = json!({ "msg_item": [
        { "msgtype": "text", "text": { "content": "看" } },
        { "msgtype": "image", "image": { "url": "https://y" } }, { "msgtype": "odd" }, 7,
    ] });
    let wanted = InboundKind::Mixed {
        text: "看".to_owned(),
        pictures: vec![picture("https://y")],
    };
    assert_eq!(said("mixed", &mixed), wanted);
    let poll = InboundKind::Poll("s1".to_owned());
    assert_eq!(said("stream", &json!({ "id": "s1" })), poll);
    assert_eq!(
        said("dance", &json!({})),
        InboundKind::Other("dance".to_owned())
    );
}

#[test]
fn events_are_read_nested_and_flat() {
    let event = |body: &Value| match said("event", body) {
        InboundKind::Event(event) => event,
        other => panic!("{other:?}"),
    };
    let pressed = Event::Card {
        key: "接单 1".to_owned(),
        task_id: "t".to_owned(),
    };
    let flat = json!({ "eventtype": "template_card_event", "event_key": "接单 1", "task_id": "t" });
    assert_eq!(event(&flat), pressed);
    let nested = json!({
        "eventtype": "template_card_event",
        "template_card_event": { "event_key": "接单 1", "task_id": "t", "card_type": "x" },
    });
    assert_eq!(event(&nested), pressed);
    assert_eq!(
        event(&json!({ "eventtype": "enter_chat" })),
        Event::EnterChat
    );
    assert_eq!(
        event(&json!({ "eventtype": "feedback_event" })),
        Event::Feedback
    );
    let kicked = json!({ "eventtype": "disconnected_event" });
    assert_eq!(event(&kicked), Event::Disconnected);
    assert_eq!(
        event(&json!({ "eventtype": "x" })),
        Event::Other("x".to_owned())
    );
    assert_eq!(event(&json!(null)), Event::Other(String::new()));
}

#[test]
fn whatever_has_a_group_is_a_groups() {
    let message = |kind: Value, chat: Value| {
        let body = json!({
            "msgid": "m", "chattype": kind, "chatid": chat, "msgtype": "text", "from": {"userid": "u"},
            "text": { "content": "@邻里助手 待办" },
        });
        Inbound::read(&body, "邻里助手")
    };
    let group = message(json!("group"), json!("g1")).unwrap();
    assert_eq!(group.chat, Chat::Group("g1".to_owned()));
    assert_eq!(group.kind, InboundKind::Text("待办".to_owned()));
    let unnamed = message(json!(null), json!("g1")).unwrap();
    assert_eq!(unnamed.chat, Chat::Group("g1".to_owned()));
    assert!(message(json!("group"), json!(null)).is_err());
    let single = message(json!("single"), json!(null)).unwrap();
    assert_eq!(single.chat, Chat::Single);
    for broken in [json!({}), json!([]), json!(7), json!({ "msgtype": 7 })] {
        assert!(Inbound::read(&broken, "邻里助手").is_err(), "{broken}");
    }
}

#[test]
fn only_our_mention_and_only_in_front() {
    for (text, wanted) in [
        ("@邻里助手 报修 灯", "报修 灯"),
        ("  @邻里助手\u{2005}报修", "报修"),
        ("＠邻里助手，报修", "报修"),
        ("@邻里助手", ""),
        ("@邻里助手二号 报修", "@邻里助手二号 报修"),
        ("@宋卫东 报修", "@宋卫东 报修"),
        ("报修 @邻里助手 灯", "报修 @邻里助手 灯"),
        ("@邻里助手 @宋卫东 转派", "@宋卫东 转派"),
    ] {
        assert_eq!(strip_mention(text, "邻里助手"), wanted, "{text}");
    }
    assert_eq!(strip_mention("@ 报修", ""), "@ 报修");
}

#[test]
fn a_callback_opens_and_an_answer_can_be_opened() {
    let robot = robot();
    let plain = json!({ "msgid": "m1", "msgtype": "text", "text": { "content": "你好" } });
    let (query, body) = sealed(&robot, &plain.to_string());
    let inbound = robot.open(&query, body.as_bytes(), NOW).unwrap();
    assert_eq!(inbound.key(), "msg:m1");
    let reply = Reply::finished("s", "好");
    let answer: Value =
        serde_json::from_str(&robot.seal(&reply, NOW, "n2", [1; 16]).unwrap()).unwrap();
    assert_eq!(answer["timestamp"], json!(NOW), "a number");
    let encrypted = answer["encrypt"].as_str().unwrap();
    assert_eq!(
        answer["msgsignature"],
        robot.signature(&NOW.to_string(), "n2", encrypted)
    );
    let opened: Value = serde_json::from_str(&robot.cipher.decrypt(encrypted).unwrap()).unwrap();
    assert_eq!(
        opened["stream"],
        json!({ "id": "s", "finish": true, "content": "好" })
    );
}

#[test]
fn whatever_does_not_hold_is_refused_alike() {
    let robot = robot();
    let (query, body) = sealed(&robot, "{\"msgtype\":\"text\"}");
    let refused = |query: &str, body: &str| robot.open(query, body.as_bytes(), NOW).unwrap_err();
    assert_eq!(
        refused(&query.replace("nonce=n1", "nonce=n2"), &body),
        Error::Refused
    );
    assert_eq!(
        refused("timestamp=1700000000&nonce=n1", &body),
        Error::Refused
    );
    assert_eq!(refused(&query, "{}"), Error::Refused);
    assert_eq!(refused(&query, "<xml/>"), Error::Refused);
    assert_eq!(
        refused(&query, &body.replacen("\":\"", "\":\"A", 1)),
        Error::Refused
    );
    assert!(robot.open(&query, body.as_bytes(), NOW + 301).is_err());
    // Another receiver's message under our key.
    let other = Cipher::new(KEY, "ww1").unwrap();
    let encrypted = other.encrypt(b"{\"msgtype\":\"text\"}", [7; 16]).unwrap();
    let signed = robot.signature(&NOW.to_string(), "n1", &encrypted);
    let query = format!("msg_signature={signed}&timestamp={NOW}&nonce=n1");
    let body = json!({ "encrypt": encrypted }).to_string();
    assert_eq!(refused(&query, &body), Error::Refused);
    let (query, body) = sealed(&robot, "no json");
    assert!(matches!(refused(&query, &body), Error::Malformed(_)));
}

#[test]
fn a_pluss_survives_the_address_check() {
    let robot = robot();
    // Some random bytes give a text with a plus.
    let echo = (0..=255_u8)
        .map(|n| {
            robot
                .cipher
                .encrypt(b"1616140317555161061", [n; 16])
                .unwrap()
        })
        .find(|echo| echo.contains('+'))
        .unwrap();
    let signed = robot.signature(&NOW.to_string(), "n1", &echo);
    let plain = format!("msg_signature={signed}&timestamp={NOW}&nonce=n1&echostr=");
    for written in [
        echo.clone(),
        echo.replace('+', "%2B")
            .replace('/', "%2F")
            .replace('=', "%3D"),
    ] {
        let opened = robot.check_get(&format!("{plain}{written}"), NOW);
        assert_eq!(opened.unwrap(), "1616140317555161061");
    }
    assert!(
        robot
            .check_get(&format!("{plain}{}", echo.replace('+', "%20")), NOW)
            .is_err()
    );
    assert!(robot.check_get(&plain, NOW).is_err());
}

#[test]
fn frames_come_back_as_they_went() {
    let subscribe = frame::Frame::subscribe("r1", "bot", "secret");
    assert_eq!(frame::Frame::read(&subscribe.text()).unwrap(), subscribe);
    let ping = frame::Frame::ping("r2");
    assert_eq!(ping.text(), r#"{"cmd":"ping","headers":{"req_id":"r2"}}"#);
    let answer = frame::Frame::read(r#"{"headers":{"req_id":"r2"},"errcode":0,"errmsg":"ok"}"#);
    assert_eq!(answer.unwrap().errcode, Some(0));
    for broken in ["", "[]", "7", "{"] {
        assert!(frame::Frame::read(broken).is_err(), "{broken}");
    }
    let send = frame::Frame::send("r3", "g1", "好");
    assert_eq!(send.body["markdown"]["content"], "好");
}

#[test]
fn only_the_platforms_addresses_are_called() {
    let base = "https://qyapi.weixin.qq.com";
    for good in [
        "https://ww-aibot-img-1.cos.ap-guangzhou.myqcloud.com/a?sign=1",
        "https://qyapi.weixin.qq.com/x",
        "https://wework.qpic.cn/x",
    ] {
        assert!(is_ours(good, base), "{good}");
    }
    for bad in [
        "http://a.myqcloud.com/x",
        "https://a.myqcloud.com:8443/x",
        "https://myqcloud.com.evil.test/x",
        "https://evilmyqcloud.com/x",
        "https://a.myqcloud.com@127.0.0.1/x",
        "https://127.0.0.1/x",
        "file:///etc/passwd",
        "",
    ] {
        assert!(!is_ours(bad, base), "{bad}");
    }
    assert!(is_ours(
        "http://127.0.0.1:9/x",
        "http://127.0.0.1:9/sandbox/work"
    ));
    assert!(!is_ours(
        "http://127.0.0.1:8/x",
        "http://127.0.0.1:9/sandbox/work"
    ));
}

#[test]
fn a_file_opens_with_its_key_only() {
    let cipher = Cipher::new(KEY, "").unwrap();
    for length in [0, 1, 15, 16, 31, 32, 33, 1000] {
        let bytes = vec![9; length];
        let sealed = cipher.seal_file(bytes.clone()).unwrap();
        assert_eq!(sealed.len() % 32, 0);
        assert_eq!(robot().open_file(sealed).unwrap(), bytes);
    }
    for broken in [vec![], vec![1; 16], vec![1; 33], vec![1; 32]] {
        assert!(robot().open_file(broken).is_err());
    }
    let picture: Picture = "robot:k|https://x|y".parse().unwrap();
    assert_eq!(picture.to_string(), "robot:k|https://x|y");
    assert!("media-1".parse::<Picture>().is_err());
}

#[test]
fn nobody_is_mentioned_by_anothers_words() {
    assert_eq!(
        harmless("<@all> <think> [x](http://y) 1 < 2"),
        "＜@all> ＜think> [x］(http://y) 1 < 2"
    );
}

proptest! {
    #[test]
    fn a_stream_is_whole_or_cut_at_a_character(letter in "[a楼🏠]", more in 0..9_usize) {
        let text = letter.repeat(MOST_BYTES / letter.len() + more);
        let json = Reply::finished("s", &text).json();
        let content = json["stream"]["content"].as_str().unwrap();
        prop_assert!(content.len() <= MOST_BYTES);
        prop_assert!(content.len() > MOST_BYTES - 4);
        prop_assert!(text.starts_with(content));
    }

    #[test]
    fn no_json_panics(text in "\\PC{0,60}") {
        if let Ok(value) = serde_json::from_str::<Value>(&text) {
            let _read = Inbound::read(&value, "x");
        }
        let message = json!({ "msgtype": "text", "chatid": text, "text": { "content": text } });
        let _read = Inbound::read(&message, &text);
    }
}
