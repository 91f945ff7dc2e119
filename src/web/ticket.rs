//! What a browser holds while it is at a platform that says who looks: the state that must come back
//! with it, until when, and where to go on to. Bound to the browser by a signed cookie. Used by
//! `oauth.rs` and `console/wecom.rs`.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::app::App;
use crate::wechat::crypto::{hex, same};

/// Seconds that a state holds.
pub(super) const STATE_SECONDS: i64 = 600;
/// Longest path to go on to.
const MOST_PATH: usize = 512;

/// One trip to the platform.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Ticket {
    /// Comes back with the code.
    pub state: String,
    /// UTC seconds.
    pub until: i64,
    /// A local path.
    pub to: String,
}

impl Ticket {
    /// A new one.
    pub fn new(app: &App, to: &str) -> Self {
        Self {
            state: hex(&app.dice.bytes::<16>()),
            until: app.clock.now().timestamp() + STATE_SECONDS,
            to: to.to_owned(),
        }
    }

    /// As the cookie holds it; a ticket for one purpose is none for another.
    pub fn seal(&self, app: &App, purpose: &str) -> String {
        let to = URL_SAFE_NO_PAD.encode(&self.to);
        let said = format!("{}.{}.{to}", self.state, self.until);
        format!("{said}.{}", sign(app, purpose, &said))
    }

    /// The ticket in a cookie; none for one that is not ours.
    pub fn open(app: &App, purpose: &str, text: &str) -> Option<Self> {
        let (said, signature) = text.rsplit_once('.')?;
        if !same(signature, &sign(app, purpose, said)) {
            return None;
        }
        let mut parts = said.split('.');
        let (state, until, to) = (parts.next()?, parts.next()?, parts.next()?);
        let to = String::from_utf8(URL_SAFE_NO_PAD.decode(to).ok()?).ok()?;
        Some(Self {
            state: state.to_owned(),
            until: until.parse().ok()?,
            to,
        })
    }

    /// Whether the state that came back is this ticket's, in time.
    pub fn fits(&self, app: &App, state: &str) -> bool {
        same(state, &self.state) && self.until > app.clock.now().timestamp()
    }
}

fn sign(app: &App, purpose: &str, said: &str) -> String {
    app.seal.index(&format!("{purpose} state\n{said}"))
}

/// Whether a path leads to a page of ours and nowhere else: `//host`, `/\host` and control characters
/// would leave the site.
pub(super) fn is_local(to: &str) -> bool {
    to.starts_with('/')
        && !to.starts_with("//")
        && !to.contains('\\')
        && to.len() <= MOST_PATH
        && to.bytes().all(|byte| byte.is_ascii_graphic())
        && !to.starts_with("/wechat/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_own_paths() {
        for good in ["/me", "/me?a=1", "/board/GY", "/"] {
            assert!(is_local(good), "{good}");
        }
        for bad in [
            "",
            "me",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "/a\n",
            "/我",
            "/wechat/oauth/start",
            "javascript:alert(1)",
            "/\t/evil.example",
        ] {
            assert!(!is_local(bad), "{bad}");
        }
    }
}
