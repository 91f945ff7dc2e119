//! The account against everything that may come in, built by hand.

use super::*;
use proptest::prelude::*;

mod messages;

const NOW: i64 = 1_700_000_000;
const KEY: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";
const APP: &str = "wx0123456789abcdef";

fn account(mode: Mode) -> Account {
    Account::new(APP, "token".into(), mode, Some(&KEY.into())).unwrap()
}

fn message(fields: &str) -> String {
    format!(
        "<xml><ToUserName><![CDATA[gh_1]]></ToUserName><FromUserName><![CDATA[oP1_-x]]></FromUserName><CreateTime>1700000000</CreateTime>{fields}</xml>"
    )
}

fn text(content: &str) -> String {
    message(&format!(
        "<MsgType><![CDATA[text]]></MsgType><Content><![CDATA[{content}]]></Content><MsgId>9223372036854775809</MsgId>"
    ))
}

/// Query and encrypted body as the platform would send them.
fn sealed(inner: &str, cipher: &Cipher) -> (String, String) {
    let encrypted = cipher.encrypt(inner.as_bytes(), [3; 16]).unwrap();
    let plain = signature(&["token", "1700000000", "n1"]);
    let over = signature(&["token", "1700000000", "n1", &encrypted]);
    let query = format!(
        "signature={plain}&timestamp=1700000000&nonce=n1&openid=o2&encrypt_type=aes&msg_signature={over}"
    );
    let body = format!(
        "<xml><ToUserName><![CDATA[gh_1]]></ToUserName><Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>"
    );
    (query, body)
}

fn open_safe(inner: &str) -> Result<Inbound, Error> {
    let (query, body) = sealed(inner, &Cipher::new(KEY, APP).unwrap());
    account(Mode::Safe).open(&query, body.as_bytes(), NOW)
}

fn plain_query() -> String {
    let plain = signature(&["token", "1700000000", "n1"]);
    format!("signature={plain}&timestamp=1700000000&nonce=n1")
}

#[test]
fn all_modes_open_their_own() {
    let inbound = open_safe(&text("报修 🏠")).unwrap();
    assert_eq!(
        (inbound.to.as_str(), inbound.from.as_str()),
        ("gh_1", "oP1_-x")
    );
    assert_eq!(
        inbound.kind,
        InboundKind::Text {
            content: "报修 🏠".into(),
            menu_id: None
        }
    );
    assert_eq!(inbound.msg_id.as_deref(), Some("9223372036854775809"));
    let plain = account(Mode::Plain).open(&plain_query(), text("报修 🏠").as_bytes(), NOW);
    assert_eq!(plain.unwrap(), inbound);
}

#[test]
fn compatible_mode_believes_the_encrypted_part_only() {
    let (query, body) = sealed(&text("真"), &Cipher::new(KEY, APP).unwrap());
    let forged = body.replace(
        "</xml>",
        "<Content>假</Content><FromUserName>evil</FromUserName></xml>",
    );
    for mode in [Mode::Compatible, Mode::Safe] {
        let inbound = account(mode).open(&query, forged.as_bytes(), NOW).unwrap();
        assert_eq!(inbound.from, "oP1_-x");
        assert_eq!(
            inbound.kind,
            InboundKind::Text {
                content: "真".into(),
                menu_id: None
            }
        );
    }
}

#[test]
fn no_downgrade() {
    let (query, body) = sealed(&text("a"), &Cipher::new(KEY, APP).unwrap());
    let without = |name: &str| {
        let parts: Vec<_> = query
            .split('&')
            .filter(|part| !part.starts_with(name))
            .collect();
        parts.join("&")
    };
    let moved = query.replace(
        &signature_of(&query, "msg_signature="),
        &signature_of(&query, "&signature="),
    );
    for mode in [Mode::Compatible, Mode::Safe] {
        let account = account(mode);
        assert!(account.open(&query, body.as_bytes(), NOW).is_ok());
        let mixed = body.replace("Encrypt>", "Secret>");
        let both = text("a");
        for (why, query, body) in [
            (
                "no msg_signature",
                without("msg_signature").as_str(),
                body.as_str(),
            ),
            ("no encrypt_type", without("encrypt_type").as_str(), &body),
            ("raw", &query.replace("=aes", "=raw"), &body),
            ("signature as msg_signature", &moved, &body),
            ("no Encrypt", &query, &mixed),
            ("plain body", &query, &both),
            ("plain request", &plain_query(), &both),
            (
                "wrong url signature",
                &query.replacen("signature=", "signature=0", 1),
                &body,
            ),
            ("upper case", &query.to_uppercase(), &body),
        ] {
            assert_eq!(
                account.open(query, body.as_bytes(), NOW),
                Err(Error::Refused),
                "{why}"
            );
        }
    }
}

/// The value after `name` in `query`, found in a query that starts with `signature`.
#[test]
fn a_change_over_takes_plain_messages_beside_encrypted_ones() {
    let (query, body) = sealed(&text("a"), &Cipher::new(KEY, APP).unwrap());
    let strict = account(Mode::Safe);
    assert!(
        strict
            .open(&plain_query(), text("a").as_bytes(), NOW)
            .is_err()
    );
    assert!(!strict.answers_plain(&plain_query()));
    let lenient = account(Mode::Safe).accepting_plain(true);
    assert!(
        lenient
            .open(&plain_query(), text("a").as_bytes(), NOW)
            .is_ok()
    );
    assert!(lenient.answers_plain(&plain_query()));
    assert!(lenient.open(&query, body.as_bytes(), NOW).is_ok());
    assert!(!lenient.answers_plain(&query));
    // A message that claims to be encrypted is held to it.
    assert!(lenient.open(&query, text("a").as_bytes(), NOW).is_err());
    assert!(
        lenient
            .open(
                &plain_query().replace("n1", "n2"),
                text("a").as_bytes(),
                NOW
            )
            .is_err()
    );
}

fn signature_of(query: &str, name: &str) -> String {
    let padded = format!("&{query}");
    let (_, rest) = padded.split_once(name).unwrap();
    rest.split('&').next().unwrap().to_owned()
}

#[test]
fn a_stranger_cannot_speak() {
    let (query, body) = sealed(&text("a"), &Cipher::new(KEY, "wxother").unwrap());
    assert_eq!(
        account(Mode::Safe).open(&query, body.as_bytes(), NOW),
        Err(Error::Refused)
    );
    let (query, body) = sealed(&text("a"), &Cipher::new(KEY, APP).unwrap());
    let other = Account::new(APP, "token2".into(), Mode::Safe, Some(&KEY.into())).unwrap();
    assert_eq!(
        other.open(&query, body.as_bytes(), NOW),
        Err(Error::Refused)
    );
    assert_eq!(
        account(Mode::Safe).open(&query, body.as_bytes(), NOW + 301),
        Err(Error::Refused)
    );
    let plain = account(Mode::Plain);
    for query in [
        "",
        "timestamp=1700000000&nonce=n1",
        &plain_query().replace("n1", "n2"),
    ] {
        assert_eq!(
            plain.open(query, text("a").as_bytes(), NOW),
            Err(Error::Refused),
            "{query}"
        );
    }
}

#[test]
fn the_address_check_answers_in_every_mode() {
    for mode in [Mode::Plain, Mode::Compatible, Mode::Safe] {
        let query = format!("{}&echostr=4375120948345356249", plain_query());
        let account = account(mode);
        assert_eq!(
            account.check_get(&query, NOW).unwrap(),
            "4375120948345356249"
        );
        assert_eq!(account.check_get(&query, NOW + 301), Err(Error::Refused));
        assert_eq!(account.check_get(&plain_query(), NOW), Err(Error::Refused));
        assert_eq!(
            account.check_get(&query.replace("n1", "n2"), NOW),
            Err(Error::Refused)
        );
        let array = query.replace("signature=", "signature[]=");
        assert_eq!(account.check_get(&array, NOW), Err(Error::Refused));
    }
}

#[test]
fn an_encrypting_mode_needs_its_key() {
    assert!(Account::new(APP, "t".into(), Mode::Safe, None).is_err());
    assert!(Account::new(APP, "t".into(), Mode::Compatible, Some(&"short".into())).is_err());
    assert!(Account::new(APP, "t".into(), Mode::Plain, None).is_ok());
    let shown = format!("{:?}", account(Mode::Safe));
    assert!(
        !shown.contains("token\"") && !shown.contains(KEY),
        "{shown}"
    );
}

#[test]
fn sealed_replies_open_again() {
    let cipher = Cipher::new(KEY, APP).unwrap();
    for mode in [Mode::Compatible, Mode::Safe] {
        let sealed = account(mode).seal("<xml>好</xml>", NOW, "n9", [5; 16]);
        let outer = xml::parse(sealed.as_bytes()).unwrap();
        let encrypted = outer.required("Encrypt").unwrap();
        assert_eq!(cipher.decrypt(encrypted).unwrap(), "<xml>好</xml>");
        assert_eq!(outer.required("TimeStamp"), Ok("1700000000"));
        assert_eq!(outer.required("Nonce"), Ok("n9"));
        let over = signature(&["token", "1700000000", "n9", encrypted]);
        assert_eq!(outer.required("MsgSignature"), Ok(over.as_str()));
        assert_eq!(account(mode).seal("success", NOW, "n", [0; 16]), "success");
        assert_eq!(account(mode).seal("", NOW, "n", [0; 16]), "");
    }
    assert_eq!(
        account(Mode::Plain).seal("<xml/>", NOW, "n", [0; 16]),
        "<xml/>"
    );
}

#[test]
fn what_breaks_a_rule_is_malformed() {
    for (wanted, inner) in [
        ("DOCTYPE", format!("<!DOCTYPE a>{}", text("a"))),
        ("the root must be one xml element", text("a") + "<xml/>"),
        (
            "duplicate element",
            text("a").replace("</xml>", "<MsgType>event</MsgType></xml>"),
        ),
        ("ends too early", text("a").replace("</xml>", "")),
        ("no root", String::new()),
        ("text outside the root", r#"{"MsgType":"text"}"#.to_owned()),
        ("ToUserName", "<xml/>".to_owned()),
        ("MsgType", message("<MsgId>1</MsgId>")),
        ("Event", message("<MsgType>event</MsgType>")),
        ("MsgId", message("<MsgType>text</MsgType><MsgId>-1</MsgId>")),
        (
            "MsgId",
            message("<MsgType>text</MsgType><MsgId>18446744073709551616</MsgId>"),
        ),
        (
            "Location_X",
            message("<MsgType>location</MsgType><Location_X>nan</Location_X>"),
        ),
        ("FromUserName", text("a").replace("oP1_-x", "o 1")),
        ("FromUserName", text("a").replace("oP1_-x", &"o".repeat(65))),
        (
            "elements inside a scalar",
            text("a").replace("<![CDATA[a]]>", "<b>1</b>"),
        ),
        (
            "CreateTime",
            message("<MsgType>event</MsgType><Event>a</Event>").replace("1700000000", ""),
        ),
        ("CreateTime", text("a").replace("1700000000", "soon")),
        (
            "MsgID",
            message("<MsgType>event</MsgType><Event>TEMPLATESENDJOBFINISH</Event><MsgID/>"),
        ),
    ] {
        let plain = account(Mode::Plain).open(&plain_query(), inner.as_bytes(), NOW);
        let got = [open_safe(&inner), plain];
        // `<xml/>` and an empty body differ in which field is missed first, never in kind.
        for result in got {
            match result {
                Err(Error::Malformed(fault)) if wanted == "ToUserName" => {
                    assert!(["ToUserName", "CreateTime"].contains(&fault), "{inner}");
                }
                other => assert_eq!(other, Err(Error::Malformed(wanted)), "{inner}"),
            }
        }
    }
    let late = text("a").replace("1700000000", "");
    assert_eq!(open_safe(&late).unwrap().created_at, 0);
}

#[test]
fn control_characters_of_people_are_cleaned() {
    let inbound = open_safe(&text("a\u{1d}b\u{0}c")).unwrap();
    assert_eq!(
        inbound.kind,
        InboundKind::Text {
            content: "abc".into(),
            menu_id: None
        }
    );
}

proptest! {
    #[test]
    fn no_request_makes_it_panic(
        query in "\\PC{0,80}",
        body in proptest::collection::vec(any::<u8>(), 0..300),
    ) {
        for mode in [Mode::Plain, Mode::Safe] {
            prop_assert!(account(mode).open(&query, &body, NOW).is_err());
            prop_assert!(account(mode).open(&plain_query(), &body, NOW).is_err());
        }
    }

    #[test]
    fn no_signed_text_makes_it_panic(inner in "\\PC{0,200}") {
        let _ = open_safe(&inner);
        let _ = open_safe(&message(&inner));
    }
}
