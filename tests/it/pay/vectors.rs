//! The published vectors of WeChat Pay (protocols.md §5, §7), and what must not pass beside them.

use linli::wechat::pay::keys::{Certificate, PrivateKey, PublicKey};
use linli::wechat::pay::sealed::{SealKey, Sealed};
use linli::wechat::pay::sign;
use linli::wechat::pay::verify::Stamp;
use linli::wechat::pay::{PayError, TradeState, Transaction};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Value, json};

use super::settings;

fn vector(id: &str) -> Value {
    let all: Value = serde_json::from_str(include_str!("../vectors/pay.json")).unwrap();
    all[id].clone()
}

fn text<'a>(vector: &'a Value, name: &str) -> &'a str {
    vector[name].as_str().unwrap()
}

/// Some key of ours: those of the vectors are not ours to keep.
fn own_key() -> PrivateKey {
    use secrecy::ExposeSecret;
    let keys = settings().sandbox_keys().unwrap();
    PrivateKey::from_pem(keys.merchant.expose_secret()).unwrap()
}

#[test]
fn payv3_request_sign() {
    let v = vector("payv3-request-sign");
    let message = sign::request_message(
        text(&v, "method"),
        text(&v, "canonical_url"),
        text(&v, "timestamp"),
        text(&v, "nonce_str"),
        text(&v, "body"),
    );
    assert_eq!(message, text(&v, "message"));
    let header = sign::authorization(
        text(&v, "mchid"),
        text(&v, "serial_no"),
        text(&v, "timestamp"),
        text(&v, "nonce_str"),
        text(&v, "signature"),
    );
    assert_eq!(header, text(&v, "authorization"));
    let read = sign::read_authorization(&header).unwrap();
    assert_eq!(read.signature, text(&v, "signature"));
    assert_eq!(read.serial_no, text(&v, "serial_no"));
    for bad in [
        header.replace("2048 ", "1024 "),
        header.replace("mchid=", "mch="),
        header.replace(",nonce_str", ",mchid=\"2\",nonce_str"),
        header.replace("timestamp=\"1554208460\",", ""),
        header.replace('"', ""),
        String::new(),
    ] {
        assert_eq!(sign::read_authorization(&bad), None, "{bad}");
    }
}

#[test]
fn payv3_paysign_jsapi_and_not_app() {
    let v = vector("payv3-paysign-jsapi");
    let message = sign::window_message(
        text(&v, "appid"),
        text(&v, "timestamp"),
        text(&v, "nonce"),
        text(&v, "package"),
    );
    assert_eq!(message, text(&v, "message"));
    // An APP signs the bare id: the same with it is another message and another signature.
    let app = vector("payv3-paysign-app");
    assert_ne!(message, text(&app, "message"));
    assert_ne!(text(&app, "sign"), text(&v, "pay_sign"));
    let key = own_key();
    let public = key.public_key().unwrap();
    let signed = key.sign(message.as_bytes()).unwrap();
    assert!(public.has_signed(message.as_bytes(), &signed));
    assert!(!public.has_signed(text(&app, "message").as_bytes(), &signed));
}

fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
    let mut all = HeaderMap::new();
    for (name, value) in pairs {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        all.append(name, HeaderValue::from_str(value).unwrap());
    }
    all
}

fn holds(pairs: &[(&str, &str)], key: &PublicKey, body: &[u8], now: i64) -> bool {
    Stamp::read(&headers(pairs)).is_some_and(|stamp| stamp.holds(key, body, now))
}

#[test]
fn payv3_response_verify_pubkey() {
    let v = vector("payv3-response-verify-pubkey");
    let key = PublicKey::from_pem(text(&v, "public_key_pem")).unwrap();
    let at: i64 = text(&v, "timestamp").parse().unwrap();
    let body = text(&v, "body").as_bytes();
    let good = [
        ("Wechatpay-Serial", "PUB_KEY_ID_1"),
        ("Wechatpay-Timestamp", text(&v, "timestamp")),
        ("Wechatpay-Nonce", text(&v, "nonce")),
        ("Wechatpay-Signature", text(&v, "signature")),
        ("Wechatpay-Signature-Type", "WECHATPAY2-SHA256-RSA2048"),
    ];
    // Five minutes in both directions.
    for (now, fine) in [
        (at, true),
        (at + 300, true),
        (at - 300, true),
        (at + 301, false),
        (at - 301, false),
    ] {
        assert_eq!(holds(&good, &key, body, now), fine, "{now}");
    }
    assert!(holds(&good[..4], &key, body, at), "the kind may be absent");
    for at_header in 0..4 {
        let mut absent = good.to_vec();
        absent.remove(at_header);
        assert!(!holds(&absent, &key, body, at), "{}", good[at_header].0);
        let mut twice = good.to_vec();
        twice.push(good[at_header]);
        assert!(
            !holds(&twice, &key, body, at),
            "{} twice",
            good[at_header].0
        );
        let mut empty = good.to_vec();
        empty[at_header].1 = "";
        assert!(
            !holds(&empty, &key, body, at),
            "{} empty",
            good[at_header].0
        );
    }
    let probe = format!("WECHATPAY/SIGNTEST/{}", text(&v, "signature"));
    for (at_header, value) in [
        (1, "+1722850421"),
        (1, "01722850421"),
        (1, "1722850421 "),
        (1, "1722850422"),
        (1, "1722850421.0"),
        (1, "-1"),
        (2, "D824F2E086D3C1DF967785D13FCD22EF"),
        (3, probe.as_str()),
        (3, "not base64"),
        (4, "WECHATPAY2-SM2-WITH-SM3"),
    ] {
        let mut other = good.to_vec();
        other[at_header].1 = value;
        assert!(!holds(&other, &key, body, at), "{value}");
    }
    // The same JSON in other bytes is another message.
    for other in [
        r#"{"code_url": "weixin://wxpay/bizpayurl?pr=JyC91EIz1"}"#,
        r#"{"code_url":"weixin:\/\/wxpay\/bizpayurl?pr=JyC91EIz1"}"#,
        "",
    ] {
        assert!(!holds(&good, &key, other.as_bytes(), at), "{other}");
    }
    assert!(!holds(&good, &own_key().public_key().unwrap(), body, at));
}

#[test]
fn payv3_rsa_sign_java_and_go() {
    let java = vector("payv3-rsa-sign-java");
    let certificate = Certificate::from_pem(text(&java, "certificate_pem")).unwrap();
    assert_eq!(certificate.serial, text(&java, "certificate_serial"));
    let signed = |message: &str| {
        certificate
            .key
            .has_signed(message.as_bytes(), text(&java, "signature"))
    };
    assert!(signed(text(&java, "message")) && !signed("Message"));
    // The certificate of the Go sample speaks for the key that signed «source».
    let go = vector("payv3-rsa-sign-go");
    let pem = vector("payv3-notify-full-go");
    let certificate = Certificate::from_pem(text(&pem, "platform_cert_pem")).unwrap();
    assert!(
        certificate
            .key
            .has_signed(text(&go, "message").as_bytes(), text(&go, "signature"))
    );
}

#[test]
fn payv3_notify_full_go() {
    let v = vector("payv3-notify-full-go");
    let certificate = Certificate::from_pem(text(&v, "platform_cert_pem")).unwrap();
    let fields = v["headers"].as_object().unwrap();
    let pairs: Vec<(&str, &str)> = fields
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str().unwrap()))
        .collect();
    let all = headers(&pairs);
    let stamp = Stamp::read(&all).unwrap();
    assert_eq!(stamp.serial, certificate.serial);
    let at: i64 = stamp.timestamp.parse().unwrap();
    let body = text(&v, "body");
    assert!(stamp.holds(&certificate.key, body.as_bytes(), at));
    let parsed: Value = serde_json::from_str(body).unwrap();
    let again = parsed.to_string();
    assert_ne!(again, body, "written anew it has another order");
    assert!(!stamp.holds(&certificate.key, again.as_bytes(), at));
    // Its key has 16 characters: that of another cipher, which nobody may configure.
    assert_eq!(
        SealKey::new(&text(&v, "apiv3_key").into()).err(),
        Some(PayError::Malformed("api_v3_key"))
    );
}

fn open(v: &Value, key: &str) -> Result<Vec<u8>, PayError> {
    let sealed = Sealed {
        algorithm: "AEAD_AES_256_GCM".to_owned(),
        nonce: text(v, "nonce").to_owned(),
        associated_data: Some(text(v, "associated_data").to_owned()),
        ciphertext: text(v, "ciphertext").to_owned(),
    };
    SealKey::new(&key.into())?.open(&sealed)
}

#[test]
fn payv3_aesgcm() {
    for id in ["payv3-aesgcm-java", "payv3-aesgcm-transaction"] {
        let v = vector(id);
        let plain = open(&v, text(&v, "key")).unwrap();
        assert_eq!(
            String::from_utf8(plain.clone()).unwrap(),
            text(&v, "plaintext")
        );
        // Sealed again it is the same.
        let key = SealKey::new(&text(&v, "key").into()).unwrap();
        let sealed = key
            .seal(&plain, text(&v, "associated_data"), text(&v, "nonce"))
            .unwrap();
        assert_eq!(sealed.ciphertext, text(&v, "ciphertext"));
        for (field, value) in [
            ("nonce", "short".to_owned()),
            ("nonce", "000000000000".to_owned()),
            ("associated_data", String::new()),
            ("ciphertext", "AAAA".to_owned()),
            ("ciphertext", "no base64".to_owned()),
            ("ciphertext", format!("A{}", &text(&v, "ciphertext")[1..])),
        ] {
            let mut bent = v.clone();
            bent[field] = json!(value);
            assert_eq!(
                open(&bent, text(&v, "key")),
                Err(PayError::Refused),
                "{id} {field}"
            );
        }
        let mut other = sealed.clone();
        other.algorithm = "AEAD_AES_128_GCM".to_owned();
        assert_eq!(key.open(&other), Err(PayError::Refused));
        let wrong = "0".repeat(32);
        assert_eq!(open(&v, &wrong), Err(PayError::Refused));
    }
    let small = vector("payv3-aesgcm-small-go");
    let refused = open(&small, text(&small, "key"));
    assert_eq!(refused, Err(PayError::Malformed("api_v3_key")));
}

#[test]
fn a_whole_transaction_is_read() {
    let v = vector("payv3-aesgcm-transaction");
    let read = Transaction::read(&open(&v, text(&v, "key")).unwrap()).unwrap();
    assert_eq!(read.state, TradeState::Success);
    assert_eq!((read.total, read.payer_total), (Some(100), Some(100)));
    assert_eq!(
        read.transaction_id.as_deref(),
        Some("1217752501201407033233368018")
    );
    assert_eq!(read.success_at, Some(1_528_425_296));
    assert_eq!(read.attach.as_deref(), Some("自定义数据"));
}

#[test]
fn payv3_download_certs_java() {
    let v = vector("payv3-download-certs-java");
    let entry = &v["response"]["data"][0];
    let sealed: Sealed = serde_json::from_value(entry["encrypt_certificate"].clone()).unwrap();
    let key = SealKey::new(&text(&v, "apiv3_key").into()).unwrap();
    let pem = String::from_utf8(key.open(&sealed).unwrap()).unwrap();
    assert_eq!(pem.trim(), text(&v, "decrypted_cert_pem").trim());
    let certificate = Certificate::from_pem(&pem).unwrap();
    assert_eq!(certificate.serial, text(entry, "serial_no"));
}

#[test]
fn payv3_test_keypair_wechatpay() {
    let v = vector("payv3-test-keypair-wechatpay");
    assert!(PublicKey::from_pem(text(&v, "public_key_pem")).is_ok());
    let certificate = Certificate::from_pem(text(&v, "certificate_pem")).unwrap();
    assert_eq!(certificate.serial, text(&v, "certificate_serial"));
    // What is no key, or one of another kind, is said to be none.
    let pem = text(&v, "certificate_pem");
    let malformed = |name| Some(PayError::Malformed(name));
    for bad in [
        "",
        "x",
        pem,
        "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
    ] {
        assert_eq!(
            PublicKey::from_pem(bad).err(),
            malformed("public_key"),
            "{bad}"
        );
        assert_eq!(
            PrivateKey::from_pem(bad).err(),
            malformed("private_key"),
            "{bad}"
        );
    }
    for cut in [40, 200, 700] {
        let short = format!("{}\n-----END CERTIFICATE-----\n", &pem[..cut]);
        assert!(Certificate::from_pem(&short).is_err(), "{cut}");
    }
}
