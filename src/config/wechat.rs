//! The settings of WeChat's and WeCom's accounts. Part of [`super::Settings`].

use std::collections::BTreeMap;

use secrecy::SecretString;
use serde::Deserialize;

/// `[wechat]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wechat {
    /// `[wechat.official]`
    pub official: Official,
    /// `[wechat.mini]`
    pub mini: Mini,
    /// `[wechat.work]`
    pub work: Work,
    /// `[wechat.robot]`
    pub robot: Robot,
    /// `[wechat.pay]`
    pub pay: super::Pay,
    /// `[[wechat.groups]]`
    pub groups: Vec<Group>,
}

/// What the platform's page says about how it sends messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CallbackMode {
    /// Unencrypted.
    Plain,
    /// Both forms in one message; only the encrypted one is read.
    Compatible,
    /// Encrypted.
    Safe,
}

/// `[wechat.official]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Official {
    /// AppID.
    pub app_id: String,
    /// Its secret.
    pub app_secret: SecretString,
    /// Token of the callback.
    pub token: SecretString,
    /// 43 characters.
    pub encoding_aes_key: SecretString,
    /// Fixed here, never taken from the request.
    pub mode: CallbackMode,
    /// Take plain messages in the other modes too.
    pub accept_plain: bool,
    /// Where the platform's API is.
    pub api_base: String,
    /// Where browsers are sent to say who they are.
    pub open_base: String,
    /// Where pictures of QR codes are.
    pub code_base: String,
    /// What the account's own QR code holds; printed on the board.
    pub follow_url: String,
    /// Templates by kind of push (`task`, `progress`, …).
    pub templates: BTreeMap<String, Template>,
    /// Templates of subscription notices by kind of push.
    pub subscriptions: BTreeMap<String, Template>,
}

/// `[wechat.official.templates.KIND]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Template {
    /// The platform's template id.
    pub id: String,
    /// Field of the template → which value of ours goes there (title, place, state, time, hint).
    pub fields: BTreeMap<String, String>,
}

/// `[wechat.mini]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mini {
    /// AppID.
    pub app_id: String,
    /// Its secret.
    pub app_secret: SecretString,
    /// Token of the pushes to `/wechat/mini`; empty: they are not taken.
    pub token: SecretString,
    /// 43 characters.
    pub encoding_aes_key: SecretString,
    /// Where the platform's API is.
    pub api_base: String,
    /// Templates of subscription messages by kind of push.
    pub subscriptions: BTreeMap<String, Template>,
}

/// `[wechat.work]`: the WeCom application. Absent while `corp_id` is empty.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Work {
    /// Corporation.
    pub corp_id: String,
    /// Application.
    pub agent_id: i64,
    /// The application's secret.
    pub secret: SecretString,
    /// Token of the callback.
    pub token: SecretString,
    /// 43 characters.
    pub encoding_aes_key: SecretString,
    /// Where the platform's API is.
    pub api_base: String,
    /// Where members' scans are asked for (扫码登录).
    pub login_base: String,
}

impl Work {
    /// Whether the application is there.
    #[must_use]
    pub fn is_set(&self) -> bool {
        !self.corp_id.is_empty()
    }
}

/// How the intelligent robot is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RobotMode {
    /// Not at all.
    Off,
    /// The platform calls `/wechat/robot`.
    Webhook,
    /// We hold a long connection.
    Socket,
}

/// `[wechat.robot]`: the WeCom intelligent robot.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Robot {
    /// The platform allows one of them, as set on its page.
    pub mode: RobotMode,
    /// As members see it: what follows `@` in a group.
    pub name: String,
    /// Token of the callback (webhook).
    pub token: SecretString,
    /// 43 characters (webhook).
    pub encoding_aes_key: SecretString,
    /// The robot's id (socket).
    pub bot_id: String,
    /// Its secret (socket).
    pub secret: SecretString,
    /// Where the long connection goes (socket).
    pub socket_url: String,
    /// PEM file of one more authority that the long connection trusts, for a proxy that opens TLS
    /// (socket).
    pub socket_root: String,
}

/// `[[wechat.groups]]`: a group robot that only sends, by compound and kind of group.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// Code of the compound.
    pub compound: String,
    /// Whose group: `committee`, `stewards` or `property`.
    pub role: String,
    /// The `key` of its webhook address: whoever has it may write to the group.
    pub key: SecretString,
}
