//! The published vectors of WeCom's callback (protocols.md §4.1), and what follows from them (§7.3).

use linli::wechat::Error;
use linli::wechat::crypto::{Cipher, signature};
use linli::wechat::work::{Account, InboundKind};
use linli::wechat::xml;
use serde_json::Value;

struct Vector(Value);

fn vector(id: &str) -> Vector {
    let all: Value = serde_json::from_str(include_str!("../vectors/work.json")).unwrap();
    let found = all.get(id).unwrap_or_else(|| panic!("no vector {id}"));
    Vector(found.clone())
}

impl Vector {
    fn get(&self, field: &str) -> &str {
        let found = self.0[field].as_str();
        found.unwrap_or_else(|| panic!("no field {field}"))
    }

    fn account(&self) -> Account {
        let key = self.get("encoding_aes_key").into();
        Account::new(self.get("corpid"), self.get("token").into(), &key).unwrap()
    }

    fn now(&self) -> i64 {
        self.get("timestamp").parse().unwrap()
    }

    fn query(&self) -> String {
        format!(
            "msg_signature={}&timestamp={}&nonce={}",
            self.get("msg_signature"),
            self.get("timestamp"),
            self.get("nonce")
        )
    }
}

#[test]
fn the_address_check_answers_what_was_sealed_and_a_plus_survives() {
    for id in ["wecom-verify-url", "wecom-verify-url-2"] {
        let v = vector(id);
        let echo = v.get("echostr");
        let (account, now) = (v.account(), v.now());
        let check = |echo: &str| account.check_get(&format!("{}&echostr={echo}", v.query()), now);
        let encoded = echo
            .replace('+', "%2B")
            .replace('/', "%2F")
            .replace('=', "%3D");
        for way in [echo, &encoded] {
            assert_eq!(
                check(way).as_deref(),
                Ok(v.get("expected_response")),
                "{id}"
            );
        }
        if echo.contains('+') {
            assert_eq!(check(&echo.replace('+', "%20")), Err(Error::Refused));
        }
        assert_eq!(account.check_get(&v.query(), now), Err(Error::Refused));
    }
}

#[test]
fn posts_open_and_a_bent_one_does_not() {
    for (id, from, words) in [
        ("wecom-post-decrypt", "mycreate", "hello"),
        ("wecom-post-decrypt-2", "messense", "test"),
    ] {
        let v = vector(id);
        let (account, body) = (v.account(), v.get("body"));
        let inbound = account.open(&v.query(), body.as_bytes(), v.now()).unwrap();
        assert_eq!(inbound.from, from);
        assert_eq!(inbound.kind, InboundKind::Text(words.to_owned()));
        let plain = xml::parse_text(v.get("plaintext")).unwrap();
        let msg_id = plain.required("MsgId").unwrap();
        assert_eq!(inbound.msg_id.as_deref(), Some(msg_id));
        let own = vector(id).get("corpid").to_owned();
        let other = Account::new(
            &format!("{own}x"),
            v.get("token").into(),
            &v.get("encoding_aes_key").into(),
        );
        let refused = other.unwrap().open(&v.query(), body.as_bytes(), v.now());
        assert_eq!(refused, Err(Error::Refused), "another corporation");
        let bent = v.query().replacen("msg_signature=", "msg_signature=0", 1);
        assert_eq!(
            account.open(&bent, body.as_bytes(), v.now()),
            Err(Error::Refused)
        );
    }
}

#[test]
fn replies_are_sealed_as_published() {
    let v = vector("wecom-reply-encrypt");
    let random = v.get("random16").as_bytes().try_into().unwrap();
    let cipher = Cipher::new(v.get("encoding_aes_key"), v.get("corpid")).unwrap();
    let encrypted = cipher
        .encrypt(v.get("plaintext").as_bytes(), random)
        .unwrap();
    assert_eq!(encrypted, v.get("encrypt"));
    let sealed = v
        .account()
        .seal(v.get("plaintext"), v.now(), v.get("nonce"), random);
    let outer = xml::parse_text(&sealed).unwrap();
    assert_eq!(outer.required("Encrypt").unwrap(), encrypted);
    assert_eq!(
        outer.required("MsgSignature").unwrap(),
        v.get("msg_signature")
    );
    let parts = [
        v.get("token"),
        v.get("timestamp"),
        v.get("nonce"),
        &encrypted,
    ];
    assert_eq!(signature(&parts), v.get("msg_signature"));
}
