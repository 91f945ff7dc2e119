//! Signing in on a computer by a scan in WeCom (扫码登录): where the browser is sent. What comes back
//! is for [`super::client::WorkClient::member_of`]. Called by the web face.

use crate::wechat::http::percent;

/// The platform's page with the code to scan, for one application.
#[derive(Debug)]
pub struct LoginPage {
    base: String,
    corp_id: String,
    agent_id: i64,
}

impl LoginPage {
    /// `base` is `https://login.work.weixin.qq.com` or a stand-in, without a closing slash.
    #[must_use]
    pub fn new(base: &str, corp_id: &str, agent_id: i64) -> Self {
        Self {
            base: base.to_owned(),
            corp_id: corp_id.to_owned(),
            agent_id,
        }
    }

    /// Where the browser is sent; it comes back to `redirect_uri` with a code and this state (letters
    /// and digits, at most 128).
    #[must_use]
    pub fn url(&self, redirect_uri: &str, state: &str) -> String {
        format!(
            "{}/wwlogin/sso/login?login_type=CorpApp&appid={}&agentid={}&redirect_uri={}&state={state}",
            self.base,
            self.corp_id,
            self.agent_id,
            percent(redirect_uri),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_names_corporation_and_application() {
        let page = LoginPage::new("https://login.work.weixin.qq.com", "ww1", 1_000_002);
        assert_eq!(
            page.url("https://linli.example.cn/console/wecom/back", "a1"),
            "https://login.work.weixin.qq.com/wwlogin/sso/login?login_type=CorpApp&appid=ww1\
             &agentid=1000002&redirect_uri=https%3A%2F%2Flinli.example.cn%2Fconsole%2Fwecom%2Fback\
             &state=a1"
        );
    }
}
