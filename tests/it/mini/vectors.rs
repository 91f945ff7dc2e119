//! The published vectors of the mini-program that the official account's file does not hold, and
//! pushes in both formats (protocols.md §1.7, §3.2, §6).

use base64::{Engine, engine::general_purpose::STANDARD};
use linli::wechat::crypto::{Cipher, signature};
use linli::wechat::mini::secure::{Call, Sealed};
use linli::wechat::mini::{PushKind, Suggest, open_data, read_push};
use linli::wechat::official::{Account, Mode};
use linli::wechat::{Error, mini};
use serde_json::{Value, json};

const TOKEN: &str = "AAAAA";
const KEY: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
const APP: &str = "wxba5fad812f8e6fb9";
const NOW: i64 = 1_714_112_445;

fn vector(id: &str) -> Value {
    let all: Value = serde_json::from_str(include_str!("../vectors/mini.json")).unwrap();
    all[id].clone()
}

fn account(mode: Mode) -> Account {
    Account::new(APP, TOKEN.into(), mode, Some(&KEY.into())).unwrap()
}

#[test]
fn mini_encrypted_data() {
    let v = vector("mini-encrypted-data");
    let get = |field: &str| v[field].as_str().unwrap();
    let key = get("session_key").into();
    let stamped = v["plaintext"]["watermark"]["timestamp"].as_i64().unwrap();
    let open = |data: &str, iv: &str, app: &str, now: i64| open_data(data, iv, &key, app, now);
    let (data, iv, app) = (get("encrypted_data"), get("iv"), get("appid"));
    assert_eq!(open(data, iv, app, stamped).unwrap(), v["plaintext"]);
    // Another app's, too old, bent, or nothing at all: one and the same answer.
    for (data, iv, app, now) in [
        (data, iv, "wx4f4bc4dec97d474c", stamped),
        (data, iv, app, stamped + 301),
        (data, iv, app, stamped - 301),
        (&data[4..], iv, app, stamped),
        (&format!("A{}", &data[1..]), iv, app, stamped),
        (data, &iv[..20], app, stamped),
        (data, "AAAAAAAAAAAAAAAAAAAAAA==", app, stamped),
        ("", iv, app, stamped),
        ("不是", iv, app, stamped),
        (&"A".repeat(20_000), iv, app, stamped),
    ] {
        assert_eq!(open(data, iv, app, now), Err(Error::Refused));
    }
    let other = "AAAAAAAAAAAAAAAAAAAAAA==".into();
    assert_eq!(
        open_data(data, iv, &other, app, stamped),
        Err(Error::Refused)
    );
}

#[test]
fn mp_post_safe_and_plain_as_pushes() {
    let v = vector("mp-post-safe-decrypt");
    let get = |field: &str| v[field].as_str().unwrap();
    let query = format!(
        "signature={}&timestamp={}&nonce={}&openid={}&encrypt_type=aes&msg_signature={}",
        get("url_signature"),
        get("timestamp"),
        get("nonce"),
        get("openid"),
        get("msg_signature")
    );
    let (name, sealed) = (get("to_user_name"), get("encrypt"));
    let as_json = json!({ "ToUserName": name, "Encrypt": sealed }).to_string();
    let as_xml = format!(
        "<xml><ToUserName>{name}</ToUserName><Encrypt><![CDATA[{sealed}]]></Encrypt></xml>"
    );
    for body in [as_json, as_xml] {
        let push = read_push(&account(Mode::Safe), &query, body.as_bytes(), NOW).unwrap();
        assert_eq!(push.kind, PushKind::Other("debug_demo".to_owned()));
        assert_eq!(push.from, get("openid"));
        let other = read_push(&account(Mode::Safe), &query, body.as_bytes(), NOW + 301);
        assert_eq!(other, Err(Error::Refused));
    }
    let v = vector("mp-post-plain");
    let get = |field: &str| v[field].as_str().unwrap();
    let query = format!(
        "signature={}&timestamp={}&nonce={}",
        get("signature"),
        get("timestamp"),
        get("nonce")
    );
    let now = get("timestamp").parse().unwrap();
    let body = get("body").as_bytes();
    let plain = Account::new("wx1", TOKEN.into(), Mode::Plain, None).unwrap();
    let push = read_push(&plain, &query, body, now).unwrap();
    assert_eq!(push.kind, PushKind::Other("debug_demo".to_owned()));
    // Where encryption is set a plain one is refused: no downgrade.
    assert_eq!(
        read_push(&account(Mode::Safe), &query, body, now),
        Err(Error::Refused)
    );
}

/// One push, sealed as the platform does it.
fn sealed(inner: &str) -> Result<mini::Push, Error> {
    let encrypted = Cipher::new(KEY, APP)
        .unwrap()
        .encrypt(inner.as_bytes(), [7; 16])
        .unwrap();
    let (timestamp, nonce) = (NOW.to_string(), "n1");
    let query = format!(
        "signature={}&timestamp={timestamp}&nonce={nonce}&encrypt_type=aes&msg_signature={}",
        signature(&[TOKEN, &timestamp, nonce]),
        signature(&[TOKEN, &timestamp, nonce, &encrypted])
    );
    let body = json!({ "ToUserName": "gh_1", "Encrypt": encrypted }).to_string();
    read_push(&account(Mode::Safe), &query, body.as_bytes(), NOW)
}

fn event(name: &str, more: &Value) -> String {
    let mut all = json!({ "ToUserName": "gh_1", "FromUserName": "o1", "CreateTime": "1714112445",
        "MsgType": "event", "Event": name });
    for (key, value) in more.as_object().unwrap() {
        all[key] = value.clone();
    }
    all.to_string()
}

#[test]
fn a_list_of_one_is_an_object_and_numbers_may_be_texts() {
    let one = json!({ "TemplateId": "t1", "SubscribeStatusString": "accept", "PopupScene": "0" });
    let two = json!({ "TemplateId": "t2", "SubscribeStatusString": "reject", "PopupScene": 0 });
    let popup = "subscribe_msg_popup_event";
    let PushKind::Popup(answers) = sealed(&event(popup, &json!({ "List": one }))).unwrap().kind
    else {
        panic!("no popup")
    };
    assert_eq!(answers.len(), 1);
    let both = event(popup, &json!({ "List": [one, two] }));
    let PushKind::Popup(answers) = sealed(&both).unwrap().kind else {
        panic!("no popup")
    };
    assert_eq!(
        answers
            .iter()
            .map(|one| (one.template_id.as_str(), one.accepted))
            .collect::<Vec<_>>(),
        [("t1", true), ("t2", false)]
    );
    let xml = "<xml><ToUserName>gh_1</ToUserName><FromUserName>o1</FromUserName>\
        <CreateTime>1714112445</CreateTime><MsgType>event</MsgType>\
        <Event><![CDATA[subscribe_msg_sent_event]]></Event><SubscribeMsgSentEvent>\
        <List><TemplateId>t1</TemplateId><MsgID>1700827132819554304</MsgID>\
        <ErrorCode>0</ErrorCode><ErrorStatus>success</ErrorStatus></List>\
        <List><TemplateId>t1</TemplateId><MsgID>1700827132819554305</MsgID>\
        <ErrorCode>43101</ErrorCode><ErrorStatus>user refuse</ErrorStatus></List>\
        </SubscribeMsgSentEvent></xml>";
    let PushKind::Sent(sent) = sealed(xml).unwrap().kind else {
        panic!("no report")
    };
    assert_eq!(
        sent.iter()
            .map(|one| (one.msg_id.as_str(), one.errcode))
            .collect::<Vec<_>>(),
        [("1700827132819554304", 0), ("1700827132819554305", 43101)]
    );
}

#[test]
fn a_verdict_on_media_passes_only_when_it_says_so() {
    let verdict = |more: Value| {
        let push = sealed(&event("wxa_media_check", &more)).unwrap();
        match push.kind {
            PushKind::MediaCheck(verdict) => verdict,
            other => panic!("{other:?}"),
        }
    };
    let result = |word: &str| json!({ "trace_id": "x", "errcode": 0, "result": { "suggest": word, "label": 100 } });
    assert_eq!(verdict(result("pass")).suggest, Some(Suggest::Pass));
    assert_eq!(verdict(result("risky")).suggest, Some(Suggest::Risky));
    assert_eq!(verdict(result("PASS")).suggest, Some(Suggest::Review));
    let failed = verdict(json!({ "trace_id": "x", "errcode": "-1008" }));
    assert_eq!((failed.errcode, failed.suggest), (-1008, None));
}

#[test]
fn broken_pushes_are_malformed_and_two_of_one_second_stay_two() {
    let popup = "subscribe_msg_popup_event";
    for inner in [
        "",
        "{",
        "[]",
        "{}",
        "null",
        &event(popup, &json!({})),
        &event(popup, &json!({ "List": "x" })),
        &event(popup, &json!({ "List": [1] })),
        &event("wxa_media_check", &json!({ "trace_id": "" })),
        &event(
            "wxa_media_check",
            &json!({ "trace_id": "x", "errcode": 1.5 }),
        ),
        &event("x", &json!({ "CreateTime": [] })),
        &event("x", &json!({ "FromUserName": "一 二" })),
        "<xml><FromUserName>o1</FromUserName></xml>",
        "<!DOCTYPE x><xml/>",
    ] {
        let outcome = sealed(inner);
        assert!(
            matches!(outcome, Err(Error::Malformed(_))),
            "{inner}: {outcome:?}"
        );
    }
    let answer = |id: &str| {
        let entry = json!({ "TemplateId": id, "SubscribeStatusString": "accept" });
        sealed(&event(popup, &json!({ "List": entry })))
            .unwrap()
            .key
    };
    assert_eq!(answer("t1"), answer("t1"));
    assert_ne!(answer("t1"), answer("t2"));
    assert!(answer("t1").len() < 250);
}

fn call(v: &Value) -> Call<'_> {
    Call {
        url: "https://api.weixin.qq.com/wxa/getuserriskrank",
        app_id: "wxba6223c06417af7b",
        timestamp: v["timestamp"].as_i64().unwrap(),
    }
}

#[test]
fn mp_api_enc_request() {
    let v = vector("mp-api-enc-request");
    let get = |field: &str| v[field].as_str().unwrap();
    let sealed: Sealed = serde_json::from_str(get("body")).unwrap();
    let (key, sn) = (get("key_b64"), get("sn"));
    assert_eq!(call(&v).open(&sealed, key, sn).unwrap(), get("plaintext"));
    let iv = STANDARD.decode(&sealed.iv).unwrap().try_into().unwrap();
    assert_eq!(
        call(&v).seal(get("plaintext"), key, sn, iv),
        Ok(sealed.clone())
    );
    // Bound to the call, the time and the number of the key; nothing may be bent.
    let other = Call {
        timestamp: 1,
        ..call(&v)
    };
    assert_eq!(other.open(&sealed, key, sn), Err(Error::Refused));
    assert_eq!(call(&v).open(&sealed, key, "1"), Err(Error::Refused));
    for bent in [
        Sealed {
            authtag: String::new(),
            ..sealed.clone()
        },
        Sealed {
            iv: "AAAA".to_owned(),
            ..sealed.clone()
        },
        Sealed {
            data: sealed.data.replacen('0', "1", 1),
            ..sealed.clone()
        },
    ] {
        assert_eq!(call(&v).open(&bent, key, sn), Err(Error::Refused));
    }
}

#[test]
fn mp_api_sign_request() {
    let v = vector("mp-api-sign-request");
    let message = v["message"].as_str().unwrap();
    let body = message.rsplit('\n').next().unwrap();
    assert_eq!(call(&v).message(body), message);
    // The sample's private key is not kept: one of our own, for the way there and back.
    use aws_lc_rs::encoding::AsDer;
    let pair = aws_lc_rs::rsa::KeyPair::generate(aws_lc_rs::rsa::KeySize::Rsa2048).unwrap();
    let private: aws_lc_rs::encoding::Pkcs8V1Der<'_> = pair.as_der().unwrap();
    let signed = call(&v).sign(body, private.as_ref()).unwrap();
    use aws_lc_rs::signature::KeyPair;
    let public: aws_lc_rs::encoding::PublicKeyX509Der<'_> = pair.public_key().as_der().unwrap();
    let now = call(&v).timestamp;
    assert!(call(&v).is_signed(body, &signed, public.as_ref(), now));
    assert!(!call(&v).is_signed(&format!("{body}\n"), &signed, public.as_ref(), now));
    assert!(call(&v).sign(body, b"nonsense").is_err());
}

#[test]
fn mp_api_verify_response() {
    let v = vector("mp-api-verify-response");
    let get = |field: &str| v[field].as_str().unwrap();
    let key = STANDARD.decode(get("public_key")).unwrap();
    let (body, signature) = (get("body"), get("signature"));
    let now = call(&v).timestamp;
    assert_eq!(call(&v).message(body), get("message"));
    assert!(call(&v).is_signed(body, signature, &key, now + 300));
    assert!(!call(&v).is_signed(body, signature, &key, now + 301));
    assert!(!call(&v).is_signed(&body.replace("iv", "vi"), signature, &key, now));
    for wrong in ["", "AAAA", "不是"] {
        assert!(!call(&v).is_signed(body, wrong, &key, now));
    }
    let sealed: Sealed = serde_json::from_str(body).unwrap();
    let sn = get("aad").rsplit('|').next().unwrap();
    let plain = call(&v).open(&sealed, get("key_b64"), sn).unwrap();
    assert_eq!(plain, get("plaintext"));
}
