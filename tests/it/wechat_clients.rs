//! Outgoing calls against the pretended platform: the shapes of requests and answers, the single
//! retry, and what a failing network looks like.

use crate::wechat_platform::{NOW, counts, keeper, memory, platform};
use linli::wechat::{
    Error,
    http::Http,
    mini::MiniClient,
    official::client::{OfficialClient, TemplateMessage},
};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use std::time::Duration;

fn client(base: &str) -> OfficialClient {
    let keeper = keeper(base, &memory(), 1);
    OfficialClient::new(Http::new().unwrap(), base, keeper)
}

fn message() -> TemplateMessage {
    TemplateMessage {
        to: "o1".into(),
        template_id: "tpl".into(),
        url: Some("https://example.org/c/12".into()),
        data: vec![
            ("thing1".into(), "3栋\n电梯停了\u{1d}".into()),
            ("time2".into(), "12:00".into()),
        ],
        client_msg_id: Some("r-12-1".into()),
    }
}

#[tokio::test]
async fn a_template_message_goes_out_as_raw_utf8() {
    let (shared, base) = platform().await;
    let id = client(&base).template_send(&message(), NOW).await.unwrap();
    assert_eq!(id, "9007199254740993");
    let (path, query, body) = shared.lock().unwrap().calls.remove(0);
    assert_eq!(
        (path.as_str(), query.as_str()),
        ("/cgi-bin/message/template/send", "access_token=T1")
    );
    assert!(
        !body.contains("\\u") && body.contains("3栋 电梯停了"),
        "{body}"
    );
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(
        body,
        json!({
            "touser": "o1", "template_id": "tpl", "url": "https://example.org/c/12", "client_msg_id": "r-12-1",
            "data": { "thing1": { "value": "3栋 电梯停了" }, "time2": { "value": "12:00" } },
        })
    );
}

#[tokio::test]
async fn customer_messages_and_typing() {
    let (shared, base) = platform().await;
    let client = client(&base);
    client
        .custom_text("o1", "您好\n🏠\u{1d}", NOW)
        .await
        .unwrap();
    client.custom_typing("o1", true, NOW).await.unwrap();
    client.custom_typing("o1", false, NOW).await.unwrap();
    let calls = std::mem::take(&mut shared.lock().unwrap().calls);
    let bodies: Vec<Value> = calls
        .iter()
        .map(|call| serde_json::from_str(&call.2).unwrap())
        .collect();
    let text = json!({ "touser": "o1", "msgtype": "text", "text": { "content": "您好\n🏠" } });
    assert_eq!(
        (calls[0].0.as_str(), &bodies[0]),
        ("/cgi-bin/message/custom/send", &text)
    );
    assert!(!calls[0].2.contains("\\u"));
    assert_eq!(calls[1].0, "/cgi-bin/message/custom/typing");
    assert_eq!(bodies[1], json!({ "touser": "o1", "command": "Typing" }));
    assert_eq!(
        bodies[2],
        json!({ "touser": "o1", "command": "CancelTyping" })
    );
}

#[tokio::test]
async fn a_refused_token_is_replaced_and_the_call_repeated_once() {
    let (shared, base) = platform().await;
    let client = client(&base);
    client.custom_text("o1", "a", NOW).await.unwrap();
    shared.lock().unwrap().token = 2;
    client.custom_text("o1", "b", NOW).await.unwrap();
    let queries: Vec<_> = shared
        .lock()
        .unwrap()
        .calls
        .iter()
        .map(|call| call.1.clone())
        .collect();
    assert_eq!(
        queries,
        ["access_token=T1", "access_token=T1", "access_token=T2"]
    );
    assert_eq!(counts(&shared), (2, 0));

    shared.lock().unwrap().calls.clear();
    shared.lock().unwrap().refuse_all = true;
    let refused = client.template_send(&message(), NOW).await;
    let wanted = Error::Platform {
        code: 40001,
        message: "invalid credential".to_owned(),
        rid: Some("r-1".to_owned()),
    };
    assert_eq!(refused, Err(wanted));
    assert_eq!(shared.lock().unwrap().calls.len(), 2);
}

#[tokio::test]
async fn other_errors_are_told_and_not_repeated() {
    let (shared, base) = platform().await;
    let client = client(&base);
    for code in [45009, 43004, 45065, 48001, -1] {
        shared.lock().unwrap().calls.clear();
        shared.lock().unwrap().answer = format!(r#"{{"errcode":{code},"errmsg":"no"}}"#);
        let error = client.template_send(&message(), NOW).await.unwrap_err();
        assert!(matches!(error, Error::Platform { code: told, .. } if told == code));
        assert_eq!(shared.lock().unwrap().calls.len(), 1);
    }
    for nonsense in ["<html>", "[]", r#"{"errcode":0}"#, &" ".repeat(2_000_000)] {
        shared.lock().unwrap().answer = nonsense.to_owned();
        assert_eq!(
            client.template_send(&message(), NOW).await,
            Err(Error::Nonsense)
        );
    }
}

#[tokio::test]
async fn files_are_told_from_errors() {
    let (shared, base) = platform().await;
    let client = client(&base);
    let set = |kind: &str, answer: &str| {
        let mut platform = shared.lock().unwrap();
        platform.content_type = kind.to_owned();
        platform.answer = answer.to_owned();
    };
    set("image/jpeg", "JPEG");
    let media = client.media_get("m/1&x=2", 4, NOW).await.unwrap();
    assert_eq!(
        (media.content_type.as_str(), media.bytes.as_slice()),
        ("image/jpeg", &b"JPEG"[..])
    );
    assert_eq!(
        shared.lock().unwrap().calls[0].1,
        "access_token=T1&media_id=m%2F1%26x%3D2"
    );
    assert_eq!(client.media_get("m", 3, NOW).await, Err(Error::Nonsense));
    for kind in ["text/plain", "application/json", "image/jpeg"] {
        set(kind, r#"{"errcode":40007,"errmsg":"invalid media_id"}"#);
        let error = client.media_get("m", 100, NOW).await.unwrap_err();
        assert!(
            matches!(error, Error::Platform { code: 40007, .. }),
            "{kind}: {error:?}"
        );
    }
    set(
        "application/json",
        r#"{"video_url":"http://example.org/v"}"#,
    );
    assert_eq!(client.media_get("m", 100, NOW).await, Err(Error::Nonsense));
    // A token refused in the middle is replaced here too.
    set("image/png", "PNG");
    shared.lock().unwrap().token = 2;
    assert_eq!(client.media_get("m", 100, NOW).await.unwrap().bytes, b"PNG");
}

#[tokio::test]
async fn silence_and_dead_ports_are_network_errors_without_an_address() {
    let (shared, base) = platform().await;
    shared.lock().unwrap().delay = Duration::from_secs(3);
    let limit = Duration::from_millis(200);
    let http = Http::with_limits(limit, limit).unwrap();
    let slow = http
        .get(&format!("{base}/x"), &[("access_token", "hush")])
        .await
        .unwrap_err();
    assert_eq!(slow, Error::Network { timeout: true });
    let free = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let dead = http
        .get(&format!("http://127.0.0.1:{free}/"), &[("secret", "hush")])
        .await
        .unwrap_err();
    assert_eq!(dead, Error::Network { timeout: false });
    assert!(!format!("{slow:?} {slow} {dead:?} {dead}").contains("hush"));
}

#[tokio::test]
async fn code2session() {
    let (shared, base) = platform().await;
    let client = MiniClient::new(Http::new().unwrap(), &base, "wx2", "hush".into());
    shared.lock().unwrap().answer = json!({ "openid": "o1", "session_key": "a2V5" }).to_string();
    let session = client.code2session("code+1").await.unwrap();
    assert_eq!(
        (session.openid.as_str(), session.unionid.as_deref()),
        ("o1", None)
    );
    assert_eq!(session.session_key.expose_secret(), "a2V5");
    assert!(!format!("{session:?} {client:?}").contains("a2V5"));
    assert!(!format!("{client:?}").contains("hush"));
    let (path, query, _) = shared.lock().unwrap().calls.remove(0);
    assert_eq!(path, "/sns/jscode2session");
    assert_eq!(
        query,
        "appid=wx2&secret=hush&js_code=code%2B1&grant_type=authorization_code"
    );
    shared.lock().unwrap().answer =
        json!({ "openid": "o1", "session_key": "a2V5", "unionid": "u1", "errcode": 0 }).to_string();
    assert_eq!(
        client.code2session("c").await.unwrap().unionid.as_deref(),
        Some("u1")
    );
    for code in [40029, 40163, 40226, 45011, -1] {
        shared.lock().unwrap().answer = json!({ "errcode": code, "errmsg": "no" }).to_string();
        let error = client.code2session("c").await.unwrap_err();
        assert!(matches!(error, Error::Platform { code: told, .. } if told == code));
    }
    shared.lock().unwrap().answer = json!({ "openid": "o1" }).to_string();
    assert_eq!(client.code2session("c").await.unwrap_err(), Error::Nonsense);
    let before = shared.lock().unwrap().calls.len();
    for code in ["", "a b", "一", &"a".repeat(257)] {
        assert_eq!(
            client.code2session(code).await.unwrap_err(),
            Error::Malformed("js_code")
        );
    }
    assert_eq!(shared.lock().unwrap().calls.len(), before);
}
