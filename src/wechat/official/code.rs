//! QR codes with a scene (protocols.md §2.6): a scan comes back as an event that bears the scene.
//! Called by `command/wechat` and by the noun `station`.

use serde_json::json;

use super::client::OfficialClient;
use crate::wechat::Error;
use crate::wechat::http::{Http, scalar};

/// Permanent codes that one account may have.
pub const MOST_CODES: usize = 100_000;
/// Largest picture, bytes; the platform's are about 30 KiB.
const MOST_PICTURE: usize = 1024 * 1024;

/// A permanent code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastingCode {
    /// By which its picture is fetched.
    pub ticket: String,
    /// What it holds, for whoever draws it; empty where the platform does not say.
    pub url: String,
}

/// Whether it may be the scene of a code: 1 to 64 characters as the platform takes them, without
/// spaces and control characters, since it comes back as an event's key.
#[must_use]
pub fn scene_holds(scene: &str) -> bool {
    let odd = |letter: char| letter.is_whitespace() || letter.is_control();
    (1..=64).contains(&scene.chars().count()) && !scene.chars().any(odd)
}

impl OfficialClient {
    /// A permanent code with this scene. The same scene again gives one that means the same.
    ///
    /// # Errors
    /// `Malformed` for a scene that is none; the platform's otherwise.
    pub async fn lasting_code(&self, scene: &str, now: i64) -> Result<LastingCode, Error> {
        if !scene_holds(scene) {
            return Err(Error::Malformed("scene"));
        }
        let body = json!({
            "action_name": "QR_LIMIT_STR_SCENE",
            "action_info": { "scene": { "scene_str": scene } },
        });
        let answer = self.post("/cgi-bin/qrcode/create", &body, now).await?;
        Ok(LastingCode {
            ticket: scalar(&answer, "ticket").ok_or(Error::Nonsense)?,
            url: scalar(&answer, "url").unwrap_or_default(),
        })
    }
}

/// The picture of a ticket, from `code_base` (`https://mp.weixin.qq.com` or a stand-in): PNG or JPEG.
///
/// # Errors
/// `Network` for a ticket that is none (404), `Nonsense` for anything but a picture.
pub async fn picture(http: &Http, code_base: &str, ticket: &str) -> Result<Vec<u8>, Error> {
    let url = format!("{code_base}/cgi-bin/showqrcode");
    let file = http
        .get_file(&url, &[("ticket", ticket)], MOST_PICTURE)
        .await?;
    let is_picture =
        file.bytes.starts_with(b"\x89PNG\r\n\x1a\n") || file.bytes.starts_with(&[0xff, 0xd8, 0xff]);
    if is_picture {
        Ok(file.bytes)
    } else {
        Err(Error::Nonsense)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scenes() {
        for good in ["GY", "GY/3", "GY/别墅7", &"楼".repeat(64)] {
            assert!(scene_holds(good), "{good}");
        }
        for bad in ["", " ", "GY 3", "a\n", &"a".repeat(65)] {
            assert!(!scene_holds(bad), "{bad}");
        }
    }
}
