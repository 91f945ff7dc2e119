//! What the platform signs (protocols.md §5.2): answers and notifications, over the raw bytes. Without
//! I/O; `now` is UTC seconds.

use reqwest::header::HeaderMap;

use super::keys::PublicKey;
use super::sign::SCHEME;

/// Signed longer ago than this, or so far ahead of us, is not believed, seconds.
pub const WINDOW: u64 = 300;
/// What serials of public keys begin with; all others are those of certificates.
pub const PUBLIC_KEY_PREFIX: &str = "PUB_KEY_ID_";

/// The headers of a signature, as they stand there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp<'a> {
    /// Which key.
    pub serial: &'a str,
    /// When, in seconds; the text itself is signed.
    pub timestamp: &'a str,
    /// Random.
    pub nonce: &'a str,
    /// In base64.
    pub signature: &'a str,
}

impl<'a> Stamp<'a> {
    /// Reads the headers. None when one is absent, stands there twice, or names another method:
    /// whatever is not there does not hold.
    #[must_use]
    pub fn read(headers: &'a HeaderMap) -> Option<Self> {
        let kind = headers.get("Wechatpay-Signature-Type");
        if kind.is_some_and(|kind| kind.as_bytes() != SCHEME.as_bytes()) {
            return None;
        }
        Some(Self {
            serial: only(headers, "Wechatpay-Serial")?,
            timestamp: only(headers, "Wechatpay-Timestamp")?,
            nonce: only(headers, "Wechatpay-Nonce")?,
            signature: only(headers, "Wechatpay-Signature")?,
        })
    }

    /// Whether it was signed lately. A number that is written in another way (`+1`, `01`) is none.
    #[must_use]
    pub fn is_fresh(&self, now: i64) -> bool {
        let number = self.timestamp.parse::<i64>().ok();
        number.is_some_and(|at| at.to_string() == self.timestamp && now.abs_diff(at) <= WINDOW)
    }

    /// Whether this key has signed the body lately. The platform's own probes
    /// (`WECHATPAY/SIGNTEST/…`) carry no signature: they fail here like any other.
    #[must_use]
    pub fn holds(&self, key: &PublicKey, body: &[u8], now: i64) -> bool {
        self.is_fresh(now)
            && key.has_signed(&message(self.timestamp, self.nonce, body), self.signature)
    }
}

/// The three lines that are signed.
#[must_use]
pub fn message(timestamp: &str, nonce: &str, body: &[u8]) -> Vec<u8> {
    let mut all = format!("{timestamp}\n{nonce}\n").into_bytes();
    all.extend_from_slice(body);
    all.push(b'\n');
    all
}

fn only<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut all = headers.get_all(name).iter();
    let first = all.next()?.to_str().ok()?;
    (all.next().is_none() && !first.is_empty()).then_some(first)
}
