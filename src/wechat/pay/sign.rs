//! What we sign (protocols.md §5.1, §5.4): each request, and the call of the payment window. Without
//! I/O; `timestamp` is UTC seconds, `nonce` 16 to 32 random letters and digits.

use super::PayError;
use super::keys::PrivateKey;

/// The scheme of the header `Authorization`.
pub const SCHEME: &str = "WECHATPAY2-SHA256-RSA2048";

/// The five lines of a request, each with its line feed. `target` is path and query as they stand on
/// the wire, `body` the bytes as they are sent.
#[must_use]
pub fn request_message(
    method: &str,
    target: &str,
    timestamp: &str,
    nonce: &str,
    body: &str,
) -> String {
    format!("{method}\n{target}\n{timestamp}\n{nonce}\n{body}\n")
}

/// The header `Authorization`.
#[must_use]
pub fn authorization(
    mch_id: &str,
    serial_no: &str,
    timestamp: &str,
    nonce: &str,
    signature: &str,
) -> String {
    format!(
        "{SCHEME} mchid=\"{mch_id}\",nonce_str=\"{nonce}\",signature=\"{signature}\",timestamp=\"{timestamp}\",serial_no=\"{serial_no}\""
    )
}

/// The four lines that a page or a mini-program hands to the payment window. `package` begins with
/// `prepay_id=`; an APP would sign the bare id, which is refused here.
#[must_use]
pub fn window_message(app_id: &str, timestamp: &str, nonce: &str, package: &str) -> String {
    format!("{app_id}\n{timestamp}\n{nonce}\n{package}\n")
}

/// `paySign` of the payment window.
///
/// # Errors
/// [`PayError::Malformed`] when the key cannot sign.
pub fn pay_sign(
    key: &PrivateKey,
    app_id: &str,
    timestamp: &str,
    nonce: &str,
    package: &str,
) -> Result<String, PayError> {
    key.sign(window_message(app_id, timestamp, nonce, package).as_bytes())
}

/// The parts of a header `Authorization`, for whoever checks one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// `mchid`
    pub mch_id: String,
    /// `serial_no`
    pub serial_no: String,
    /// `timestamp`, as it stands there.
    pub timestamp: String,
    /// `nonce_str`
    pub nonce: String,
    /// `signature`
    pub signature: String,
}

/// Reads a header `Authorization`; its fields come in any order. None when it is another scheme, or a
/// field is absent or stands there twice.
#[must_use]
pub fn read_authorization(header: &str) -> Option<Signed> {
    let (scheme, fields) = header.split_once(' ')?;
    if scheme != SCHEME {
        return None;
    }
    let mut found: [Option<String>; 5] = Default::default();
    let names = ["mchid", "serial_no", "timestamp", "nonce_str", "signature"];
    for field in fields.split(',') {
        let (name, value) = field.trim().split_once('=')?;
        let value = value.strip_prefix('"')?.strip_suffix('"')?;
        let at = names.iter().position(|known| *known == name)?;
        let place = found.get_mut(at)?;
        if place.replace(value.to_owned()).is_some() {
            return None;
        }
    }
    let [mch_id, serial_no, timestamp, nonce, signature] = found;
    Some(Signed {
        mch_id: mch_id?,
        serial_no: serial_no?,
        timestamp: timestamp?,
        nonce: nonce?,
        signature: signature?,
    })
}
