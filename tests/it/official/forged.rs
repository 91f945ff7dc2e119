//! What WeChat would never send: forged, bent and misshapen messages, each by name.

use linli::config::CallbackMode;

use crate::harness::wechat::{Envelope, Sender, now, text_xml};

/// The same sender in another mode.
pub fn in_mode(mut sender: Sender, mode: CallbackMode) -> Sender {
    sender.mode = mode;
    sender
}

/// All that must be refused in safe mode, by name.
pub fn forgeries(sender: &Sender) -> Vec<(&'static str, Envelope)> {
    let message = || text_xml("o-zhang", "报修 电梯停了");
    let good = || sender.envelope(&message());
    let bent = |bend: &dyn Fn(&mut Envelope)| {
        let mut envelope = good();
        bend(&mut envelope);
        envelope
    };
    let plain = in_mode(sender.clone(), CallbackMode::Plain);
    let frame = sender.frame(message().as_bytes(), sender.app_id.as_bytes());
    let with_frame = |frame: &[u8]| sender.sealed(&sender.encrypt_frame(frame));
    let last = |bytes: &[u8], value: u8| {
        let mut bytes = bytes.to_vec();
        *bytes.last_mut().unwrap() = value;
        bytes
    };
    let mut one_pad_byte_off = frame.clone();
    let before_last = one_pad_byte_off.len() - 2;
    one_pad_byte_off[before_last] ^= 1;
    let mut too_long = frame.clone();
    too_long[16..20].copy_from_slice(&u32::MAX.to_be_bytes());
    let mut not_text = frame.clone();
    not_text[25] = 0xff;
    let mut other_key = sender.clone();
    other_key.key[0] ^= 1;
    let encrypted = sender.encrypt(&message());
    vec![
        ("no query", bent(&|e| e.query.clear())),
        (
            "no signature at all",
            bent(&|e| {
                e.unset("signature").unset("msg_signature");
            }),
        ),
        (
            "no msg_signature",
            bent(&|e| {
                e.unset("msg_signature");
            }),
        ),
        (
            "a wrong msg_signature",
            bent(&|e| {
                e.set("msg_signature", &"0".repeat(40));
            }),
        ),
        (
            "msg_signature of other case",
            bent(&|e| {
                let upper = e.query.iter().find(|(name, _)| name == "msg_signature");
                let upper = upper.unwrap().1.to_uppercase();
                e.set("msg_signature", &format!("{upper} "));
            }),
        ),
        (
            "two nonces",
            bent(&|e| {
                e.query.push(("nonce".to_owned(), "1".to_owned()));
            }),
        ),
        (
            "an array",
            bent(&|e| {
                e.query.push(("timestamp[]".to_owned(), "1".to_owned()));
            }),
        ),
        (
            "another nonce",
            bent(&|e| {
                e.set("nonce", "7");
            }),
        ),
        (
            "another time",
            bent(&|e| {
                e.set("timestamp", &(now() - 1).to_string());
            }),
        ),
        (
            "an old message",
            sender.envelope_at(&message(), now() - 3600),
        ),
        (
            "a message from the future",
            sender.envelope_at(&message(), now() + 3600),
        ),
        ("downgrade to plain", plain.envelope(&message())),
        ("downgrade with a borrowed signature", {
            let mut envelope = plain.envelope(&message());
            envelope
                .set("encrypt_type", "aes")
                .set("msg_signature", &"0".repeat(40));
            envelope
        }),
        (
            "plain body beside a good signature",
            bent(&|e| {
                e.body = message().into_bytes();
            }),
        ),
        ("another body", {
            let mut envelope = good();
            envelope.body = good().body;
            envelope
        }),
        (
            "another app",
            with_frame(&sender.frame(message().as_bytes(), b"wx0000000000000000")),
        ),
        (
            "no app",
            with_frame(&sender.frame(message().as_bytes(), b"")),
        ),
        ("padding of 0", with_frame(&last(&frame, 0))),
        ("padding of 33", with_frame(&last(&frame, 33))),
        ("padding of 255", with_frame(&last(&frame, 255))),
        (
            "a padding that does not agree",
            with_frame(&one_pad_byte_off),
        ),
        ("a length beyond the end", with_frame(&too_long)),
        ("no UTF-8", with_frame(&not_text)),
        ("nothing but padding", with_frame(&[32; 32])),
        ("another key", other_key.envelope(&message())),
        ("no base64", sender.sealed("~~~~")),
        ("nothing encrypted", sender.sealed("")),
        (
            "half a block",
            sender.sealed(&encrypted[..encrypted.len() / 2 / 4 * 4 - 4]),
        ),
        (
            "no Encrypt",
            sender.signed(b"<xml></xml>".to_vec(), Some("x"), now()),
        ),
    ]
}

/// What a signed sender could put inside, but never does.
pub fn misshapen() -> Vec<(&'static str, String)> {
    let good = text_xml("o-zhang", "报修 电梯停了");
    let with = |from: &str, to: &str| good.replacen(from, to, 1);
    vec![
        ("empty", String::new()),
        ("no XML", "报修 电梯停了".to_owned()),
        ("JSON", "{\"Content\":\"报修\"}".to_owned()),
        ("truncated", good[..good.len() - 20].to_owned()),
        ("unclosed CDATA", with("]]>", "")),
        (
            "a DOCTYPE",
            format!("<!DOCTYPE xml [<!ENTITY a \"报修\">]>{good}"),
        ),
        (
            "an entity from outside",
            with("<xml>", "<!DOCTYPE x SYSTEM \"file:///etc/passwd\"><xml>"),
        ),
        ("a processing instruction", with("<xml>", "<xml><?php x ?>")),
        ("a second root", format!("{good}{good}")),
        ("text behind the root", format!("{good} 报修")),
        ("another root", good.replace("xml>", "html>")),
        (
            "the sender twice",
            with(
                "<FromUserName>",
                "<FromUserName><![CDATA[o-li]]></FromUserName><FromUserName>",
            ),
        ),
        (
            "the content twice",
            with("<Content>", "<Content>投诉</Content><Content>"),
        ),
        ("the id twice", with("<MsgId>", "<MsgId>1</MsgId><MsgId>")),
        (
            "no sender",
            with("FromUserName>", "Sender>").replacen("FromUserName>", "Sender>", 1),
        ),
        (
            "deep",
            format!("<xml>{}{}</xml>", "<a>".repeat(2000), "</a>".repeat(2000)),
        ),
        (
            "an unknown entity",
            with("<![CDATA[报修 电梯停了]]>", "&boom;"),
        ),
        ("longer than 64 KiB", with("电梯停了", &"电".repeat(30_000))),
    ]
}
