//! `/wechat/mini` over HTTP: what holds, what is refused, and that no input makes a 5xx.

use linli::config::CallbackMode;
use secrecy::ExposeSecret;
use serde_json::json;

use crate::harness::app::TestApp;
use crate::harness::wechat::Sender;

/// The platform's side of the mini-program, by the harness's own cryptography.
fn sender(app: &TestApp) -> Sender {
    let mini = &app.settings.wechat.mini;
    let mut settings = app.settings.clone();
    let official = &mut settings.wechat.official;
    official.app_id.clone_from(&mini.app_id);
    official.token = mini.token.clone();
    official.encoding_aes_key = mini.encoding_aes_key.clone();
    official.mode = CallbackMode::Safe;
    assert_eq!(mini.encoding_aes_key.expose_secret().len(), 43);
    let mut sender = Sender::new(&settings, &app.url());
    sender.url = format!("{}/wechat/mini", app.url());
    sender
}

#[tokio::test]
async fn the_address_check_and_unknown_events_are_answered() {
    let app = TestApp::start().await;
    let sender = sender(&app);
    let checked = sender.check("4375120948345356249").await;
    assert_eq!(checked.body, "4375120948345356249");
    let event = json!({ "ToUserName": "gh_1", "FromUserName": "o1", "CreateTime": 1,
        "MsgType": "event", "Event": "something_new" });
    let answer = sender.post(&sender.envelope(&event.to_string())).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "success"));
    let xml = "<xml><ToUserName>gh_1</ToUserName><FromUserName>o1</FromUserName>\
        <CreateTime>1</CreateTime><MsgType>event</MsgType><Event>x</Event></xml>";
    let answer = sender.post(&sender.envelope(xml)).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "success"));
}

#[tokio::test]
async fn forged_and_broken_pushes_are_refused_and_never_a_5xx() {
    let app = TestApp::start().await;
    let sender = sender(&app);
    let good = sender.envelope(r#"{"FromUserName":"o1","CreateTime":1,"Event":"x"}"#);
    assert_eq!(sender.post(&good).await.status, 200);
    let mut forged = Vec::new();
    for name in [
        "msg_signature",
        "signature",
        "timestamp",
        "nonce",
        "encrypt_type",
    ] {
        let mut bent = good.clone();
        bent.set(name, "1714037059");
        forged.push(bent);
        if name != "signature" {
            let mut without = good.clone();
            without.unset(name);
            forged.push(without);
        }
    }
    let mut plain = good.clone();
    plain.unset("msg_signature").unset("encrypt_type");
    plain.body = br#"{"FromUserName":"o1","CreateTime":1,"Event":"wxa_media_check"}"#.to_vec();
    forged.push(plain);
    for envelope in forged {
        let answer = sender.post(&envelope).await;
        assert_eq!(
            (answer.status, answer.body.as_str()),
            (403, "refused"),
            "{envelope:?}"
        );
    }
    for inner in [
        "",
        "{",
        "[]",
        "null",
        "<xml/>",
        "{\"FromUserName\":\"一\"}",
        r#"{"FromUserName":"o1","CreateTime":1,"Event":"subscribe_msg_popup_event"}"#,
        r#"{"FromUserName":"o1","CreateTime":1,"Event":"wxa_media_check"}"#,
    ] {
        let answer = sender.post(&sender.envelope(inner)).await;
        assert_eq!(
            (answer.status, answer.body.as_str()),
            (400, "malformed"),
            "{inner}"
        );
    }
    for body in [&b""[..], b"{", b"<xml>", b"\xff\xfe", b"{\"Encrypt\":[]}"] {
        let mut envelope = good.clone();
        envelope.body = body.to_vec();
        let answer = sender.post(&envelope).await;
        assert!((400..500).contains(&answer.status), "{body:?} {answer:?}");
    }
    let mut huge = good.clone();
    huge.body = vec![b' '; 70_000];
    assert_eq!(sender.post(&huge).await.status, 413);
}

#[tokio::test]
async fn without_settings_nothing_is_taken() {
    let app = TestApp::plan().set("WECHAT__MINI__TOKEN", "").start().await;
    let http = reqwest::Client::builder().build().unwrap();
    let url = format!("{}/wechat/mini?signature=a&timestamp=1&nonce=1", app.url());
    assert_eq!(http.get(&url).send().await.unwrap().status().as_u16(), 403);
    let sent = http.post(&url).body("{}").send().await.unwrap();
    assert_eq!(sent.status().as_u16(), 403);
}
