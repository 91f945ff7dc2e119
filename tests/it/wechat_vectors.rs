//! The published test vectors of the official account and the mini-program (protocols.md §1, §3),
//! and the refusals that follow from them (§7.3, 1 to 4).

use linli::wechat::{
    Error,
    crypto::{Cipher, signature},
    mini,
    official::{Account, InboundKind, Mode},
    xml,
};
use serde_json::Value;

fn vector(id: &str) -> Vector {
    let all: Value = serde_json::from_str(include_str!("vectors/official.json")).unwrap();
    Vector(
        all.get(id)
            .unwrap_or_else(|| panic!("no vector {id}"))
            .clone(),
    )
}

struct Vector(Value);

impl Vector {
    fn get(&self, field: &str) -> &str {
        self.0[field]
            .as_str()
            .unwrap_or_else(|| panic!("no field {field}"))
    }

    fn cipher(&self) -> Cipher {
        Cipher::new(self.get("encoding_aes_key"), self.get("appid")).unwrap()
    }

    fn account(&self, mode: Mode) -> Account {
        let (app_id, token) = (self.get("appid"), self.get("token").into());
        Account::new(
            app_id,
            token,
            mode,
            Some(&self.get("encoding_aes_key").into()),
        )
        .unwrap()
    }

    fn random16(&self) -> [u8; 16] {
        self.get("random16").as_bytes().try_into().unwrap()
    }

    fn now(&self) -> i64 {
        self.get("timestamp").parse().unwrap()
    }

    /// The query as the platform sends it with `msg_signature`.
    fn query(&self, msg_signature: &str) -> String {
        let [timestamp, nonce] = [self.get("timestamp"), self.get("nonce")];
        let plain = signature(&[self.get("token"), timestamp, nonce]);
        format!(
            "signature={plain}&timestamp={timestamp}&nonce={nonce}&encrypt_type=aes&msg_signature={msg_signature}"
        )
    }

    fn body(&self, encrypted: &str) -> String {
        format!(
            "<xml><ToUserName><![CDATA[gh_1]]></ToUserName><Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>"
        )
    }
}

#[test]
fn mp_get_verify() {
    let v = vector("mp-get-verify");
    let account = Account::new("wx1", v.get("token").into(), Mode::Plain, None).unwrap();
    let query = format!(
        "signature={}&timestamp={}&nonce={}&echostr={}",
        v.get("signature"),
        v.get("timestamp"),
        v.get("nonce"),
        v.get("echostr")
    );
    assert_eq!(
        account.check_get(&query, v.now()).unwrap(),
        v.get("echostr")
    );
}

#[test]
fn mp_post_plain_and_the_splits_that_hash_alike() {
    let v = vector("mp-post-plain");
    let [token, timestamp, nonce] = ["token", "timestamp", "nonce"].map(|field| v.get(field));
    assert_eq!(signature(&[token, timestamp, nonce]), v.get("signature"));
    // protocols.md §6.1: the same sum, other boundaries. The hash holds, the shapes must not.
    let account = Account::new("wx1", token.into(), Mode::Plain, None).unwrap();
    let joined = format!("{timestamp}{nonce}");
    let good = format!(
        "signature={}&timestamp={timestamp}&nonce={nonce}&echostr=1",
        v.get("signature")
    );
    assert!(account.check_get(&good, v.now()).is_ok());
    for at in (0..joined.len()).filter(|at| *at != 10) {
        let (head, tail) = joined.split_at(at);
        for (timestamp, nonce) in [(head, tail), (tail, head)] {
            let query = format!(
                "signature={}&timestamp={timestamp}&nonce={nonce}&echostr=1",
                v.get("signature")
            );
            assert_eq!(
                account.check_get(&query, v.now()),
                Err(Error::Refused),
                "{query}"
            );
        }
    }
}

#[test]
fn mp_post_safe_decrypt() {
    let v = vector("mp-post-safe-decrypt");
    let [token, timestamp, nonce, encrypted] =
        ["token", "timestamp", "nonce", "encrypt"].map(|field| v.get(field));
    assert_eq!(
        signature(&[token, timestamp, nonce]),
        v.get("url_signature")
    );
    assert_eq!(
        signature(&[token, timestamp, nonce, encrypted]),
        v.get("msg_signature")
    );
    assert_eq!(v.cipher().decrypt(encrypted).unwrap(), v.get("plaintext"));
    let again = v
        .cipher()
        .encrypt(v.get("plaintext").as_bytes(), v.random16())
        .unwrap();
    assert_eq!(again, encrypted);
}

#[test]
fn mp_safe_reply_encrypt() {
    let v = vector("mp-safe-reply-encrypt");
    let account = v.account(Mode::Safe);
    let reply = account.seal(v.get("plaintext"), v.now(), v.get("nonce"), v.random16());
    let parsed = xml::parse(reply.as_bytes()).unwrap();
    assert_eq!(parsed.required("Encrypt"), Ok(v.get("encrypt")));
    assert_eq!(parsed.required("MsgSignature"), Ok(v.get("msg_signature")));
    assert_eq!(parsed.required("TimeStamp"), Ok(v.get("timestamp")));
    assert_eq!(parsed.required("Nonce"), Ok(v.get("nonce")));
}

#[test]
fn oa_aes_encrypt() {
    for id in ["oa-aes-encrypt-1", "oa-aes-encrypt-2"] {
        let v = vector(id);
        let sealed = v
            .cipher()
            .encrypt(v.get("plaintext").as_bytes(), v.random16())
            .unwrap();
        assert_eq!(sealed, v.get("encrypt"), "{id}");
        assert_eq!(
            v.cipher().decrypt(v.get("encrypt")).unwrap(),
            v.get("plaintext"),
            "{id}"
        );
    }
}

#[test]
fn oa_post_decrypt() {
    let v = vector("oa-post-decrypt");
    assert_eq!(
        v.cipher().decrypt(v.get("encrypt")).unwrap(),
        v.get("plaintext")
    );
    let body = v.body(v.get("encrypt"));
    for mode in [Mode::Compatible, Mode::Safe] {
        let query = v.query(v.get("msg_signature"));
        let inbound = v
            .account(mode)
            .open(&query, body.as_bytes(), v.now())
            .unwrap();
        assert_eq!(inbound.from, "asdasdasdsadasd");
        assert_eq!(
            inbound.kind,
            InboundKind::Text {
                content: "hello".into(),
                menu_id: None
            }
        );
        assert_eq!(inbound.key(), "msg:12345");
    }
}

#[test]
fn mini_signatures() {
    let v = vector("mini-rawdata-signature");
    let (data, claimed) = (v.get("raw_data"), v.get("signature"));
    let key = v.get("session_key").into();
    assert!(mini::raw_data_holds(data, &key, claimed));
    assert!(!mini::raw_data_holds(
        &data.replace("Band", "Bend"),
        &key,
        claimed
    ));
    for id in [
        "mini-hmac-session-1",
        "mini-hmac-session-2",
        "mini-hmac-session-3",
    ] {
        let v = vector(id);
        let ours = mini::session_signature(v.get("message"), &v.get("session_key").into());
        assert_eq!(ours, v.get("signature"), "{id}");
    }
}

/// §7.3, 1 and 2, on both vectors that come with a signature.
#[test]
fn a_vector_with_the_wrong_signature_or_type_is_refused() {
    for id in ["mp-post-safe-decrypt", "oa-post-decrypt"] {
        let v = vector(id);
        let account = v.account(Mode::Safe);
        let body = v.body(v.get("encrypt"));
        let good = v.query(v.get("msg_signature"));
        // The control case gets through the cryptography (the mini-program's text is JSON).
        let through = account.open(&good, body.as_bytes(), v.now());
        assert!(
            matches!(through, Ok(_) | Err(Error::Malformed(_))),
            "{through:?}"
        );
        let over_query = signature(&[v.get("token"), v.get("timestamp"), v.get("nonce")]);
        let moved = v.query(&over_query);
        let untyped = good.replace("&encrypt_type=aes", "");
        for query in [moved, untyped, good.replace("nonce=", "nonce=0")] {
            assert_eq!(
                account.open(&query, body.as_bytes(), v.now()),
                Err(Error::Refused),
                "{query}"
            );
        }
    }
}

/// §7.3, 3: signed anew, so that the decryption is reached; the error is one and the same.
#[test]
fn one_bit_in_each_block_is_refused() {
    use base64::{Engine, engine::general_purpose::STANDARD};
    for id in ["mp-post-safe-decrypt", "oa-post-decrypt"] {
        let v = vector(id);
        let bytes = STANDARD.decode(v.get("encrypt")).unwrap();
        for block in 0..bytes.len() / 16 {
            let mut bent = bytes.clone();
            bent[block * 16] ^= 0x80;
            let encrypted = STANDARD.encode(bent);
            let unsigned = v.account(Mode::Safe).open(
                &v.query(v.get("msg_signature")),
                v.body(&encrypted).as_bytes(),
                v.now(),
            );
            assert_eq!(unsigned, Err(Error::Refused), "{id} block {block}");
            assert_eq!(
                v.cipher().decrypt(&encrypted),
                Err(Error::Refused),
                "{id} block {block}"
            );
        }
    }
}

/// §7.3, 4.
#[test]
fn another_app_id_is_refused() {
    for id in ["mp-post-safe-decrypt", "oa-post-decrypt"] {
        let v = vector(id);
        for other in ["wxba5fad812f8e6fb8", "", "wx"] {
            let key = v.get("encoding_aes_key").into();
            let account =
                Account::new(other, v.get("token").into(), Mode::Safe, Some(&key)).unwrap();
            let query = v.query(v.get("msg_signature"));
            let body = v.body(v.get("encrypt"));
            assert_eq!(
                account.open(&query, body.as_bytes(), v.now()),
                Err(Error::Refused),
                "{other}"
            );
        }
    }
}
