//! Who opens a page inside WeChat (网页授权, protocols.md §2.6): where the browser is sent, and what the
//! code that it brings back stands for. Called by the web face.

use secrecy::{ExposeSecret, SecretString};

use crate::wechat::Error;
use crate::wechat::http::{Http, percent, scalar};

/// The visitor of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visitor {
    /// The person on this account; case sensitive.
    pub openid: String,
    /// The person across the operator's accounts, when these are linked.
    pub unionid: Option<String>,
    /// The page was opened as a snapshot: the openid is made up and means nobody.
    pub snapshot: bool,
}

/// Asks for the visitors of pages in the name of one account.
#[derive(Debug)]
pub struct PageClient {
    http: Http,
    api_base: String,
    open_base: String,
    app_id: String,
    secret: SecretString,
}

impl PageClient {
    /// `open_base` is `https://open.weixin.qq.com` or a stand-in; neither ends in a slash.
    #[must_use]
    pub fn new(
        http: Http,
        api_base: &str,
        open_base: &str,
        app_id: &str,
        secret: SecretString,
    ) -> Self {
        Self {
            http,
            api_base: api_base.to_owned(),
            open_base: open_base.to_owned(),
            app_id: app_id.to_owned(),
            secret,
        }
    }

    /// Where the browser is sent; it comes back to `redirect_uri` with a code and this state
    /// (letters and digits, at most 128). The order of the parameters is the platform's wish.
    #[must_use]
    pub fn authorize_url(&self, redirect_uri: &str, state: &str) -> String {
        format!(
            "{}/connect/oauth2/authorize?appid={}&redirect_uri={}&response_type=code&scope=snsapi_base&state={state}#wechat_redirect",
            self.open_base,
            self.app_id,
            percent(redirect_uri),
        )
    }

    /// Exchanges the code (5 min, once).
    ///
    /// # Errors
    /// `Malformed` for a code of a shape that cannot be; the platform's 40029 unknown, 40163 used,
    /// 41008 missing, 42003 too old.
    pub async fn visitor(&self, code: &str) -> Result<Visitor, Error> {
        let graphic = code.bytes().all(|byte| byte.is_ascii_graphic());
        if code.is_empty() || code.len() > 256 || !graphic {
            return Err(Error::Malformed("code"));
        }
        let query = [
            ("appid", self.app_id.as_str()),
            ("secret", self.secret.expose_secret()),
            ("code", code),
            ("grant_type", "authorization_code"),
        ];
        let url = format!("{}/sns/oauth2/access_token", self.api_base);
        let answer = self.http.get(&url, &query).await?;
        Ok(Visitor {
            openid: scalar(&answer, "openid").ok_or(Error::Nonsense)?,
            unionid: scalar(&answer, "unionid"),
            snapshot: scalar(&answer, "is_snapshotuser").as_deref() == Some("1"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_keeps_its_order() {
        let client = PageClient::new(
            Http::new().unwrap(),
            "https://api.weixin.qq.com",
            "https://open.weixin.qq.com",
            "wx1",
            "s".into(),
        );
        assert_eq!(
            client.authorize_url("https://linli.example.cn/wechat/oauth/back", "a1"),
            "https://open.weixin.qq.com/connect/oauth2/authorize?appid=wx1\
             &redirect_uri=https%3A%2F%2Flinli.example.cn%2Fwechat%2Foauth%2Fback\
             &response_type=code&scope=snsapi_base&state=a1#wechat_redirect"
        );
    }
}
