//! Files that are sent to the robot (protocols.md §4.7): fetched within five minutes from the
//! platform's own hosts, AES-256-CBC with the robot's key or one of their own.

use std::fmt;
use std::str::FromStr;

use reqwest::Url;

use super::{Picture, Robot};
use crate::wechat::Error;
use crate::wechat::crypto::Cipher;
use crate::wechat::http::Http;

/// How a [`Picture`] begins where ids of media are kept.
const PREFIX: &str = "robot:";
/// Where files lie (protocols.md §6.8); the API's own host is taken as well.
const HOSTS: &[&str] = &[".myqcloud.com", ".qpic.cn", ".weixin.qq.com"];

/// So that it can be kept where other channels keep an id.
impl fmt::Display for Picture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = self.aes_key.as_deref().unwrap_or_default();
        write!(f, "{PREFIX}{key}|{}", self.url)
    }
}

impl FromStr for Picture {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let (key, url) = text
            .strip_prefix(PREFIX)
            .and_then(|rest| rest.split_once('|'))
            .ok_or(Error::Malformed("not a robot's file"))?;
        Ok(Self {
            url: url.to_owned(),
            aes_key: Some(key.to_owned()).filter(|key| !key.is_empty()),
        })
    }
}

/// Whether an address is one of the platform's: `https` and a known host, or where the API is.
#[must_use]
pub fn is_ours(address: &str, api_base: &str) -> bool {
    let (Ok(url), Ok(base)) = (Url::parse(address), Url::parse(api_base)) else {
        return false;
    };
    let plain = url.username().is_empty() && url.password().is_none();
    let known = url.scheme() == "https"
        && url.port().is_none()
        && url
            .host_str()
            .is_some_and(|host| HOSTS.iter().any(|end| host.ends_with(end)));
    plain && (known || same_origin(&url, &base))
}

/// Scheme, host and port are the same.
pub(super) fn same_origin(one: &Url, other: &Url) -> bool {
    one.scheme() == other.scheme()
        && one.host_str().is_some()
        && one.host_str() == other.host_str()
        && one.port_or_known_default() == other.port_or_known_default()
}

/// Fetches and opens a file of at most `most` bytes.
///
/// # Errors
/// `Refused` for a foreign address or bytes that the key has not sealed, `Nonsense` when it is too
/// large, `Network`.
pub async fn fetch(
    http: &Http,
    robot: Option<&Robot>,
    picture: &Picture,
    api_base: &str,
    most: usize,
) -> Result<Vec<u8>, Error> {
    if !is_ours(&picture.url, api_base) {
        return Err(Error::Refused);
    }
    // Padding makes it longer by at most 32 bytes.
    let bytes = http.get_bytes(&picture.url, most + 32).await?;
    match (&picture.aes_key, robot) {
        (Some(key), _) => Cipher::new(key.trim_end_matches('='), "")?.open_file(bytes),
        (None, Some(robot)) => robot.open_file(bytes),
        (None, None) => Err(Error::Refused),
    }
}
