//! The settings of the program itself: where it listens, what it leans on, how fast it works, what it says.
//! Part of [`super::Settings`].

use std::net::IpAddr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::ConfigError;

/// `[server]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Server {
    /// Address and port.
    pub listen: String,
    /// The URL people reach it by, without a slash at the end.
    pub public_url: String,
    /// Business calendar.
    pub time_zone: String,
    /// Addresses whose X-Forwarded-For is believed.
    pub trusted_proxies: Vec<IpAddr>,
    /// Threads of the runtime; 0 is one per core.
    pub worker_threads: usize,
}

/// `[database]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    /// `sqlite://…` or `postgres://…`; may hold a password.
    pub url: SecretString,
    /// Size of the pool.
    pub max_connections: u32,
}

/// `[redis]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Redis {
    /// Empty for none; may hold a password.
    pub url: SecretString,
    /// Begins every key.
    pub prefix: String,
}

impl Redis {
    /// The URL, if Redis is used.
    #[must_use]
    pub fn url(&self) -> Option<&str> {
        Some(self.url.expose_secret()).filter(|url| !url.is_empty())
    }
}

/// `[storage]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Storage {
    /// `fs://…` or `s3://…`.
    pub url: SecretString,
}

/// `[security]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Security {
    /// 32 bytes in base64.
    pub data_key: SecretString,
}

impl Security {
    /// The key's bytes.
    ///
    /// # Errors
    /// When it is not 32 bytes in base64.
    pub fn data_key(&self) -> Result<[u8; 32], ConfigError> {
        STANDARD
            .decode(self.data_key.expose_secret())
            .ok()
            .and_then(|bytes| <[u8; 32]>::try_from(bytes).ok())
            .ok_or_else(|| {
                ConfigError(
                    "security.data_key must be 32 bytes in base64: make one with `openssl rand -base64 32`"
                        .to_owned(),
                )
            })
    }
}

/// `[reminder]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reminder {
    /// Messages under way at once in this instance.
    pub concurrency: usize,
    /// Reminders claimed at once.
    pub batch: u32,
    /// Seconds of a claim.
    pub lease_seconds: u32,
    /// Milliseconds between looks for due reminders.
    pub poll_ms: u32,
    /// Seconds between repairs of the index.
    pub sweep_seconds: u32,
    /// `HH:MM`, China.
    pub quiet_from: String,
    /// `HH:MM`, China.
    pub quiet_to: String,
    /// Tries before a dead letter.
    pub max_attempts: i32,
}

/// `[limits]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Largest body of an API request, bytes.
    pub body_bytes: usize,
    /// Chat messages of one account per minute.
    pub messages_per_minute: u32,
    /// Tries of one account to bind, per hour.
    pub binding_tries_per_hour: u32,
}

/// `[console]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Console {
    /// Whoever comes by name and password must set up a second factor.
    pub second_factor: bool,
    /// Milliseconds that a page waits for its figures; what takes longer is counted behind a page that says so.
    pub figures_wait_ms: u32,
}

/// `[log]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    /// `text` or `json`.
    pub format: LogFormat,
    /// As `RUST_LOG`.
    pub filter: String,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For eyes.
    Text,
    /// For machines.
    Json,
}

/// `[sandbox]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sandbox {
    /// Serve the pretended platform and its chat page.
    pub enabled: bool,
    /// Let its page move the program's clock.
    pub clock: bool,
    /// The file that the keys of the pretended WeChat Pay lie in.
    pub keys: String,
}

/// `[demo]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Demo {
    /// Fill an empty database with the demo community.
    pub enabled: bool,
}
