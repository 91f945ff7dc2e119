//! Outgoing calls against the pretended platform: the shapes of requests and answers, the single
//! retry, and what a failing network looks like.

use crate::wechat_platform::{NOW, counts, keeper, memory, platform};
use linli::wechat::{
    Error,
    http::Http,
    mini::{MediaKind, MiniClient, Scene, SubscribeMessage, Suggest},
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
    assert_eq!(dead, Error::Unreached);
    assert!(!format!("{slow:?} {slow} {dead:?} {dead}").contains("hush"));
}

#[tokio::test]
async fn code2session() {
    let (shared, base) = platform().await;
    let keeper = keeper(&base, &memory(), 1);
    let client = MiniClient::new(Http::new().unwrap(), &base, "wx2", "hush".into(), keeper);
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

#[tokio::test]
async fn the_calls_of_the_mini_program() {
    let (shared, base) = platform().await;
    let keeper = keeper(&base, &memory(), 1);
    let client = MiniClient::new(Http::new().unwrap(), &base, "wx1", "hush".into(), keeper);
    let says = |answer: Value| shared.lock().unwrap().answer = answer.to_string();
    let asked = || {
        let (path, query, body) = shared.lock().unwrap().calls.pop().unwrap();
        let body: Value = serde_json::from_str(&body).unwrap_or_default();
        (path, query, body)
    };

    let mark = json!({ "appid": "wx1", "timestamp": NOW });
    let info = json!({ "phoneNumber": "+86 1", "purePhoneNumber": "13800000001",
        "countryCode": 86, "watermark": mark });
    says(json!({ "errcode": 0, "phone_info": info }));
    let phone = client.phone_number("c0de", "o1", NOW).await.unwrap();
    assert_eq!(
        (phone.number.as_str(), phone.country.as_str()),
        ("13800000001", "86")
    );
    let (path, query, body) = asked();
    assert_eq!(path, "/wxa/business/getuserphonenumber");
    assert_eq!(query, "access_token=T1");
    assert_eq!(body, json!({ "code": "c0de", "openid": "o1" }));
    let foreign = json!({ "purePhoneNumber": "1", "countryCode": "86",
        "watermark": { "appid": "wx9" } });
    says(json!({ "phone_info": foreign }));
    assert_eq!(
        client.phone_number("c0de", "o1", NOW).await.unwrap_err(),
        Error::Nonsense
    );

    says(json!({ "errcode": 0, "msgid": 9_007_199_254_740_993_u64 }));
    let message = SubscribeMessage {
        to: "o1".into(),
        template_id: "t".into(),
        page: Some("pages/index/index".into()),
        data: vec![("thing1".into(), "电梯".into())],
    };
    let id = client.subscribe_send(&message, NOW).await.unwrap();
    assert_eq!(id.as_deref(), Some("9007199254740993"));
    let (path, _, body) = asked();
    assert_eq!(path, "/cgi-bin/message/subscribe/send");
    assert_eq!(body["data"]["thing1"]["value"], "电梯");
    assert_eq!(body["page"], "pages/index/index");

    says(json!({ "errcode": 0, "trace_id": "x", "result": { "suggest": "maybe", "label": 100 } }));
    let opinion = client.check_text("好", Scene::Forum, "o1", NOW).await;
    // A word that nobody knows is no pass.
    assert_eq!(opinion.unwrap().suggest, Suggest::Review);
    let (path, _, body) = asked();
    assert_eq!(path, "/wxa/msg_sec_check");
    assert_eq!((&body["version"], &body["scene"]), (&json!(2), &json!(3)));
    let long = "长".repeat(2501);
    let refused = client.check_text(&long, Scene::Forum, "o1", NOW).await;
    assert_eq!(refused.unwrap_err(), Error::Malformed("too long"));

    says(json!({ "errcode": 0, "trace_id": "trace-1" }));
    let trace = client
        .check_media("https://a/b", MediaKind::Image, Scene::Forum, "o1", NOW)
        .await;
    assert_eq!(trace.unwrap(), "trace-1");
    assert_eq!(asked().2["media_type"], 2);

    says(json!({ "errcode": 0, "url_link": "https://wxaurl.cn/x" }));
    let link = client.url_link("pages/index/index", "a=1", 99, NOW).await;
    assert_eq!(link.unwrap(), "https://wxaurl.cn/x");
    assert_eq!(asked().2["expire_interval"], 30);
    says(json!({ "errcode": 0, "url_link": "javascript:alert(1)" }));
    let link = client.url_link("pages/index/index", "a=1", 1, NOW).await;
    assert_eq!(link.unwrap_err(), Error::Nonsense);

    let key = "tiihtNczf5v6AKRyjwEUhQ==".into();
    says(json!({ "errcode": 0 }));
    assert!(client.session_holds("o1", &key, NOW).await.unwrap());
    assert!(asked().1.contains("sig_method=hmac_sha256"));
    says(json!({ "errcode": 87009, "errmsg": "invalid signature" }));
    assert!(!client.session_holds("o1", &key, NOW).await.unwrap());
}

#[tokio::test]
async fn a_code_is_a_picture_or_an_error_by_its_first_byte() {
    let (shared, base) = platform().await;
    let keeper = keeper(&base, &memory(), 1);
    let client = MiniClient::new(Http::new().unwrap(), &base, "wx1", "hush".into(), keeper);
    {
        let mut shared = shared.lock().unwrap();
        shared.answer = "\u{fffd}PNG".to_owned();
        shared.content_type = "image/png".to_owned();
    }
    let media = client.code_image("GY/3", "pages/index/index", NOW).await;
    assert_eq!(media.unwrap().content_type, "image/png");
    // Whatever it calls itself.
    shared.lock().unwrap().answer = json!({ "errcode": 41030, "errmsg": "page" }).to_string();
    let error = client
        .code_image("GY/3", "pages/index/index", NOW)
        .await
        .unwrap_err();
    assert!(matches!(error, Error::Platform { code: 41030, .. }));
    let calls = shared.lock().unwrap().calls.len();
    for scene in ["", "三栋", "a b", "%41", &"a".repeat(33), "a\"b", "a<b"] {
        let error = client.code_image(scene, "p", NOW).await.unwrap_err();
        assert_eq!(error, Error::Malformed("scene"), "{scene}");
    }
    assert_eq!(shared.lock().unwrap().calls.len(), calls);
}
