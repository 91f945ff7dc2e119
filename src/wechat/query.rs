//! The query string of a callback, read strictly (protocols.md §6.1): one scalar of each name,
//! fixed shapes, fresh. Called by the accounts of this module.

use super::Error;
use std::borrow::Cow;

/// How far the sender's clock may be from ours, in seconds. WeChat publishes no window.
pub const WINDOW: i64 = 300;

/// The parameters of a callback that matter; `openid` and all others are not authenticated and
/// therefore not kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query {
    /// Covers token, timestamp and nonce, never the body.
    pub signature: Option<String>,
    /// Ten digits, UTC seconds.
    pub timestamp: String,
    /// 1 to 64 letters and digits.
    pub nonce: String,
    /// Covers the encrypted body as well.
    pub msg_signature: Option<String>,
    /// `aes` when the body is encrypted.
    pub encrypt_type: Option<String>,
    /// To be returned by the address check.
    pub echostr: Option<String>,
}

impl Query {
    /// Reads the raw query string (without `?`). Every fault is [`Error::Refused`].
    pub fn parse(raw: &str, now: i64) -> Result<Self, Error> {
        Self::read(raw, now).ok_or(Error::Refused)
    }

    fn read(raw: &str, now: i64) -> Option<Self> {
        let [mut signature, mut timestamp, mut nonce] = [None, None, None];
        let [mut msg_signature, mut encrypt_type, mut echostr] = [None, None, None];
        for pair in raw.split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let name = decode(name)?;
            let slot = match name.split('[').next().unwrap_or_default() {
                "signature" => &mut signature,
                "timestamp" => &mut timestamp,
                "nonce" => &mut nonce,
                "msg_signature" => &mut msg_signature,
                "encrypt_type" => &mut encrypt_type,
                "echostr" => &mut echostr,
                _ => continue,
            };
            // An array in any framework's spelling, or a second value.
            if name.contains('[') || slot.is_some() {
                return None;
            }
            *slot = Some(decode(value)?.into_owned());
        }
        let query = Self {
            signature,
            timestamp: timestamp?,
            nonce: nonce?,
            msg_signature,
            encrypt_type,
            echostr,
        };
        query.holds(now).then_some(query)
    }

    fn holds(&self, now: i64) -> bool {
        let digits = self.timestamp.bytes().all(|byte| byte.is_ascii_digit());
        let Ok(timestamp) = self.timestamp.parse::<i64>() else {
            return false;
        };
        let letters = self.nonce.bytes().all(|byte| byte.is_ascii_alphanumeric());
        // Shown back to the caller and covered by no signature: nothing that a browser could run.
        let echo = self.echostr.iter().all(|text| {
            (1..=1024).contains(&text.len())
                && text
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"+/=-_.".contains(&b))
        });
        digits
            && self.timestamp.len() == 10
            && now.abs_diff(timestamp) <= WINDOW.unsigned_abs()
            && (1..=64).contains(&self.nonce.len())
            && letters
            && echo
    }
}

/// Percent-decoding; `+` stays a plus because base64 may come unescaped.
fn decode(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains('%') {
        return Some(Cow::Borrowed(text));
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let high = char::from(rest.next()?).to_digit(16)?;
            let low = char::from(rest.next()?).to_digit(16)?;
            bytes.push(u8::try_from(high * 16 + low).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok().map(Cow::Owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: i64 = 1_714_037_059;

    fn read(raw: &str) -> Result<Query, Error> {
        Query::parse(raw, NOW)
    }

    #[test]
    fn reads_the_scalars_and_ignores_the_rest() {
        let query = read(
            "signature=aa&timestamp=1714037059&nonce=4864&openid=o1&openid=o2&encrypt_type=aes&msg_signature=bb&echostr=a%2Bb+c",
        )
        .unwrap();
        assert_eq!(query.signature.as_deref(), Some("aa"));
        assert_eq!(query.timestamp, "1714037059");
        assert_eq!(query.nonce, "4864");
        assert_eq!(query.encrypt_type.as_deref(), Some("aes"));
        assert_eq!(query.msg_signature.as_deref(), Some("bb"));
        assert_eq!(query.echostr.as_deref(), Some("a+b+c"));
    }

    #[test]
    fn repeats_and_arrays_are_refused() {
        let good = "signature=aa&timestamp=1714037059&nonce=4864";
        assert!(read(good).is_ok());
        for extra in [
            "signature=aa",
            "signature[]=aa",
            "signature%5B%5D=aa",
            "nonce[0]=1",
            "timestamp=1714037059",
            "nonce=4864",
            "msg_signature=a&msg_signature=a",
            "encrypt_type[]=aes",
            "echostr=1&echostr=1",
            "sign%ature=1",
            "nonce2=%f",
        ] {
            let raw = format!("{good}&{extra}");
            let wanted = if extra.starts_with("nonce2") {
                Ok(())
            } else {
                Err(Error::Refused)
            };
            assert_eq!(read(&raw).map(|_| ()), wanted, "{raw}");
        }
    }

    #[test]
    fn shapes_are_strict() {
        let long = "a".repeat(65);
        for (timestamp, nonce) in [
            ("", "1"),
            ("171403705", "91"),
            ("17140370590", "1"),
            ("+171403705", "1"),
            ("-171403705", "1"),
            ("171403705a", "1"),
            ("１７１４０３７０５９", "1"),
            ("1714037059", ""),
            ("1714037059", "a-b"),
            ("1714037059", "%E4%B8%80"),
            ("1714037059", long.as_str()),
        ] {
            let raw = format!("signature=aa&timestamp={timestamp}&nonce={nonce}");
            assert_eq!(read(&raw), Err(Error::Refused), "{raw}");
        }
        assert!(read(&format!("timestamp=1714037059&nonce={}", "a".repeat(64))).is_ok());
        assert_eq!(read("nonce=1"), Err(Error::Refused));
        assert_eq!(read("timestamp=1714037059"), Err(Error::Refused));
        assert_eq!(read(""), Err(Error::Refused));
        let script = "timestamp=1714037059&nonce=1&echostr=%3Cscript%3E";
        assert_eq!(read(script), Err(Error::Refused));
    }

    #[test]
    fn the_window_is_300_seconds_both_ways() {
        let raw = "timestamp=1714037059&nonce=1";
        for (shift, good) in [(300, true), (-300, true), (301, false), (-301, false)] {
            assert_eq!(Query::parse(raw, NOW + shift).is_ok(), good, "{shift}");
        }
        assert!(Query::parse(raw, i64::MIN).is_err());
        assert!(Query::parse(raw, i64::MAX).is_err());
    }

    proptest! {
        #[test]
        fn never_panics(raw in "\\PC*", now in any::<i64>()) {
            let _ = Query::parse(&raw, now);
        }
    }
}
