//! What the pretended platform and the program must agree on: ids, secrets, templates, the address
//! of the callback. Made from the program's own [`Settings`], so that they cannot drift apart.

use std::collections::BTreeMap;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};

use crate::config::{self, CallbackMode, Settings};

/// The account's original id (`gh_…`) on the pretended platform.
pub const ACCOUNT: &str = "gh_sandbox000001";

/// The platform's side of the agreement.
#[derive(Clone, Debug)]
pub struct Config {
    /// AppID of the official account.
    pub app_id: String,
    /// Its secret.
    pub app_secret: SecretString,
    /// Token of the callback.
    pub token: SecretString,
    /// 43 characters; not read in plain mode.
    pub encoding_aes_key: SecretString,
    /// How messages are protected.
    pub mode: CallbackMode,
    /// Where the program listens, `…/wechat/official`. With several instances each attempt goes to
    /// the next one, as behind a load balancer.
    pub callbacks: Vec<String>,
    /// AppID of the mini-program.
    pub mini_app_id: String,
    /// Its secret.
    pub mini_secret: SecretString,
    /// The WeCom application, if there is one.
    pub work: Option<super::work::Config>,
    /// Token of the mini-program's pushes.
    pub mini_token: SecretString,
    /// 43 characters; empty: nothing is pushed.
    pub mini_key: SecretString,
    /// The account's templates of subscription notices.
    pub notice_templates: Vec<Template>,
    /// The mini-program's templates of subscription messages.
    pub mini_templates: Vec<Template>,
    /// The templates that the account has.
    pub templates: Vec<Template>,
    /// WeCom's robot and its groups.
    pub robot: Robot,
    /// WeChat Pay's merchants and keys.
    pub pay: super::pay::Config,
    /// How long one delivery may take: 5 s on the real platform.
    pub patience: Duration,
    /// Whether the fate of template messages is reported (`TEMPLATESENDJOBFINISH`).
    pub receipts: bool,
}

/// WeCom's robot, and the groups that have robots which only send.
#[derive(Clone, Debug)]
pub struct Robot {
    /// What follows `@`.
    pub name: String,
    /// Token of the callback.
    pub token: SecretString,
    /// 43 characters.
    pub encoding_aes_key: SecretString,
    /// For the long connection.
    pub bot_id: String,
    /// For the same.
    pub secret: SecretString,
    /// Where the program calls WeCom.
    pub api_base: String,
    /// Each group's chat id (`GY-committee`) and its robot's key.
    pub groups: Vec<(String, SecretString)>,
}

impl Robot {
    fn from_settings(settings: &Settings) -> Self {
        let robot = settings.wechat.robot.clone();
        let groups = settings.wechat.groups.iter();
        let named = groups.map(|group| {
            let chat = format!("{}-{}", group.compound, group.role);
            (chat, group.key.clone())
        });
        Self {
            name: robot.name,
            token: robot.token,
            encoding_aes_key: robot.encoding_aes_key,
            bot_id: robot.bot_id,
            secret: robot.secret,
            api_base: settings.wechat.work.api_base.clone(),
            groups: named.collect(),
        }
    }
}

/// A template of the account.
#[derive(Clone, Debug)]
pub struct Template {
    /// The platform's id.
    pub id: String,
    /// What the card is headed with.
    pub title: String,
    /// Names of the fields (type and number) with the words in front of them.
    pub fields: Vec<(String, String)>,
}

impl Config {
    /// The other side of the program's settings. `callback` is the full address of
    /// `/wechat/official`; it may be set later ([`super::Platform::set_callbacks`]).
    #[must_use]
    pub fn from_settings(settings: &Settings, callback: &str) -> Self {
        let official = &settings.wechat.official;
        Self {
            app_id: official.app_id.clone(),
            app_secret: official.app_secret.clone(),
            token: official.token.clone(),
            encoding_aes_key: official.encoding_aes_key.clone(),
            mode: official.mode,
            callbacks: Some(callback.to_owned())
                .filter(|address| !address.is_empty())
                .into_iter()
                .collect(),
            mini_app_id: settings.wechat.mini.app_id.clone(),
            mini_secret: settings.wechat.mini.app_secret.clone(),
            work: super::work::Config::from_settings(settings),
            mini_token: settings.wechat.mini.token.clone(),
            mini_key: settings.wechat.mini.encoding_aes_key.clone(),
            notice_templates: read_templates(&official.subscriptions),
            mini_templates: read_templates(&settings.wechat.mini.subscriptions),
            templates: read_templates(&official.templates),
            robot: Robot::from_settings(settings),
            pay: super::pay::Config::from_settings(settings),
            patience: Duration::from_secs(5),
            receipts: true,
        }
    }

    /// Whether these are the official account's id and secret; says which is wrong by WeChat's code.
    pub(super) fn check_official(&self, app_id: &str, secret: &str) -> Result<(), i64> {
        check(
            (&self.app_id, self.app_secret.expose_secret()),
            (app_id, secret),
        )
    }

    /// The same for the mini-program.
    pub(super) fn check_mini(&self, app_id: &str, secret: &str) -> Result<(), i64> {
        check(
            (&self.mini_app_id, self.mini_secret.expose_secret()),
            (app_id, secret),
        )
    }
}

/// The platform's side of configured templates.
fn read_templates(all: &BTreeMap<String, config::Template>) -> Vec<Template> {
    let read = |(kind, template): (&String, &config::Template)| {
        let fields = template.fields.iter();
        let named = fields.map(|(field, value)| (field.clone(), label(value).to_owned()));
        let mut fields: Vec<_> = named.collect();
        // The number behind the type is the place on the card.
        fields.sort_by_key(|(field, _)| number(field));
        Template {
            id: template.id.clone(),
            title: heading(kind).to_owned(),
            fields,
        }
    };
    all.iter().map(read).collect()
}

fn check(own: (&str, &str), given: (&str, &str)) -> Result<(), i64> {
    match given {
        ("", _) => Err(41002),
        (_, "") => Err(41004),
        (app_id, _) if app_id != own.0 => Err(40013),
        (_, secret) if secret != own.1 => Err(40125),
        _ => Ok(()),
    }
}

/// The 3 of `time3`; 0 when there is none.
fn number(field: &str) -> u32 {
    let digits = field.trim_start_matches(|letter: char| !letter.is_ascii_digit());
    digits.parse().unwrap_or_default()
}

/// What WeChat would show over a card of this kind.
fn heading(kind: &str) -> &str {
    match kind {
        "task" => "任务提醒",
        "progress" => "办理进度通知",
        "notice" => "公告通知",
        "due" => "到期提醒",
        "verify" => "身份核验提醒",
        _ => "服务通知",
    }
}

/// What stands in front of a value.
fn label(value: &str) -> &str {
    match value {
        "title" => "事项",
        "place" => "地点",
        "state" => "状态",
        "time" => "时间",
        "hint" => "提示",
        other => other,
    }
}
