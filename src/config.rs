//! Settings: the embedded defaults, the profile's file, the environment; checked as a whole at the
//! start. Ground floor; read by `command/` and handed to everyone as [`Settings`].

use std::path::Path;

use base64::Engine;
use config::{Config, Environment, File, FileFormat, Value, ValueKind};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use check::explain;

mod check;
mod exposure;
mod pay;
mod sandbox_keys;
mod wechat;

pub use pay::{Pay, PayMerchant, SANDBOX_MERCHANT};
pub use sandbox_keys::SandboxKeys;
pub use wechat::{CallbackMode, Group, Mini, Official, Robot, RobotMode, Template, Wechat, Work};

const DEFAULTS: &str = include_str!("../config/default.toml");
const DEVELOPMENT: &str = include_str!("../config/development.toml");
/// The data key of the development profile: everybody has it.
const PUBLIC_DATA_KEY: &str = "bGlubGkgZGV2ZWxvcG1lbnQga2V5LCBub3Qgc2VjcmU=";

/// A setting that cannot be: the message names the key and says what to do.
#[derive(Debug, thiserror::Error)]
#[error("configuration: {0}")]
pub struct ConfigError(String);

/// All settings. `config/default.toml` says what each key means.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Name of the profile; not a key of the files.
    #[serde(skip)]
    pub profile: String,
    /// `[server]`
    pub server: Server,
    /// `[database]`
    pub database: Database,
    /// `[redis]`
    pub redis: Redis,
    /// `[storage]`
    pub storage: Storage,
    /// `[security]`
    pub security: Security,
    /// `[wechat]`
    pub wechat: Wechat,
    /// `[reminder]`
    pub reminder: Reminder,
    /// `[limits]`
    pub limits: Limits,
    /// `[console]`
    pub console: Console,
    /// `[wishes]`
    pub wishes: Wishes,
    /// `[lists]`
    pub lists: Lists,
    /// `[stations]`
    pub stations: Stations,
    /// `[retention]`
    pub retention: Retention,
    /// `[log]`
    pub log: Log,
    /// `[sandbox]`
    pub sandbox: Sandbox,
    /// `[demo]`
    pub demo: Demo,
}

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
    pub trusted_proxies: Vec<std::net::IpAddr>,
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
        base64::engine::general_purpose::STANDARD
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
}

/// `[wishes]`: how residents' wishes are claimed.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wishes {
    /// Days after which a claim lapses; the claimer is warned a day before.
    pub claim_days: i64,
    /// Wishes that one person may have claimed and not fulfilled at once.
    pub most_claims: u64,
    /// Wishes that one person may claim in a day, those that they give back among them.
    pub claims_per_day: u64,
    /// Wishes of one person that may wait at once.
    pub most_wishes: u64,
}

/// `[lists]`: the four lists.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lists {
    /// Needs and resources of one resident that may stand open at once.
    pub most_offers: u64,
    /// Ties that one resident may make in a day, those that are let go among them.
    pub ties_per_day: u64,
}

/// `[stations]`: how rooms are booked, things are lent and kept at stations (红色驿站).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stations {
    /// Hours of the longest booking.
    pub booking_hours: i64,
    /// Days that a booking may lie ahead.
    pub booking_days: i64,
    /// Bookings of one person in a week, Monday to Monday.
    pub bookings_per_week: u64,
    /// Hours before its beginning at which the booker is reminded.
    pub remind_hours: i64,
    /// Things that one person may have at once.
    pub most_loans: u64,
    /// Days after which somebody is reminded of what they left.
    pub deposit_days: i64,
    /// Days after which what was left may be cleared away.
    pub unclaimed_days: i64,
}

/// `[retention]`: days that personal data is kept once it is over.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retention {
    /// Who filed a case that was taken back.
    pub withdrawn_case_days: i64,
    /// Who filed a case that was finished and rated, or not rated in time.
    pub resolved_case_days: i64,
    /// Name and phone typed to bind, after the tie is over.
    pub claim_days: i64,
    /// What was told at a door.
    pub visit_days: i64,
    /// Who made a wish that is over, and who fulfilled it, with their words.
    pub wish_days: i64,
    /// Who put something on a list that is over, with their words.
    pub offer_days: i64,
    /// Who asked neighbours for help that is over, who offered what is taken back, and who promised what was
    /// never given.
    pub giving_days: i64,
    /// Who took part in an activity that is over.
    pub activity_days: i64,
    /// Who served as a volunteer.
    pub volunteer_days: i64,
    /// Who had a thing, a room or a deposit of a station, after it is over, with the words to it.
    pub station_days: i64,
    /// A question that the handbook could not answer, and who asked it, after it was asked last.
    pub question_days: i64,
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

impl Settings {
    /// From `LINLI_CONFIG_DIR`, `LINLI_PROFILE` and `LINLI__…`.
    ///
    /// # Errors
    /// When a key is unknown or a value cannot be; the message names the key.
    pub fn load() -> Result<Self, ConfigError> {
        let dir = std::env::var("LINLI_CONFIG_DIR").unwrap_or_else(|_| "config".to_owned());
        let profile = std::env::var("LINLI_PROFILE").unwrap_or_else(|_| "development".to_owned());
        let environment = Environment::with_prefix("LINLI")
            .prefix_separator("__")
            .separator("__");
        Self::from_layers(Path::new(&dir), &profile, environment)
    }

    /// From a folder, a profile and given variables instead of the environment's.
    ///
    /// # Errors
    /// As [`Settings::load`].
    pub fn from_layers(
        dir: &Path,
        profile: &str,
        environment: Environment,
    ) -> Result<Self, ConfigError> {
        let name_is_safe = profile
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
        if !name_is_safe {
            return Err(ConfigError(format!("LINLI_PROFILE `{profile}` is no name")));
        }
        let mut layers = Config::builder().add_source(File::from_str(DEFAULTS, FileFormat::Toml));
        if profile == "development" {
            layers = layers.add_source(File::from_str(DEVELOPMENT, FileFormat::Toml));
        }
        let path = dir.join(format!("{profile}.toml"));
        let mut merged = layers
            .add_source(File::from(path).format(FileFormat::Toml).required(false))
            .add_source(environment)
            .build()
            .map_err(explain)?;
        read_secret_files(&mut merged.cache, "")?;
        let mut settings: Self = merged.try_deserialize().map_err(explain)?;
        settings.profile = profile.to_owned();
        settings.check()?;
        Ok(settings)
    }
}

/// Turns `some_key_file = path` into `some_key = contents`.
fn read_secret_files(value: &mut Value, at: &str) -> Result<(), ConfigError> {
    let table = match &mut value.kind {
        ValueKind::Table(table) => table,
        ValueKind::Array(all) => {
            for (number, inner) in all.iter_mut().enumerate() {
                read_secret_files(inner, &format!("{at}{number}."))?;
            }
            return Ok(());
        }
        _ => return Ok(()),
    };
    let file_keys: Vec<String> = table
        .keys()
        .filter(|key| key.ends_with("_file"))
        .cloned()
        .collect();
    for file_key in file_keys {
        let path = table
            .remove(&file_key)
            .and_then(|entry| entry.into_string().ok())
            .unwrap_or_default();
        let contents = std::fs::read_to_string(&path).map_err(|error| {
            ConfigError(format!("{at}{file_key}: cannot read `{path}`: {error}"))
        })?;
        let key = file_key.trim_end_matches("_file").to_owned();
        table.insert(key, Value::new(None, contents.trim_end().to_owned()));
    }
    for (key, inner) in table.iter_mut() {
        read_secret_files(inner, &format!("{at}{key}."))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    pub(super) fn load(profile: &str, variables: &[(&str, &str)]) -> Result<Settings, ConfigError> {
        let map: HashMap<String, String> = variables
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect();
        let environment = Environment::with_prefix("LINLI")
            .prefix_separator("__")
            .separator("__")
            .source(Some(map));
        Settings::from_layers(Path::new("/nonexistent"), profile, environment)
    }

    #[test]
    fn development_starts_without_any_file() {
        let settings = load("development", &[]).unwrap();
        assert!(settings.sandbox.enabled);
        assert_eq!(settings.redis.url(), None);
        assert_eq!(
            settings.wechat.official.templates["task"].fields["thing1"],
            "title"
        );
    }

    #[test]
    fn the_environment_goes_over_the_files() {
        let settings = load("development", &[("LINLI__SERVER__LISTEN", "127.0.0.1:1")]).unwrap();
        assert_eq!(settings.server.listen, "127.0.0.1:1");
    }

    #[test]
    fn an_unknown_key_is_named() {
        let error = load("development", &[("LINLI__SERVER__LISTENN", "x")]).unwrap_err();
        assert!(error.to_string().contains("listenn"), "{error}");
    }

    #[test]
    fn a_bad_value_is_named() {
        let error = load("development", &[("LINLI__REMINDER__BATCH", "many")]).unwrap_err();
        assert!(error.to_string().contains("reminder.batch"), "{error}");
        let error = load("development", &[("LINLI__REMINDER__QUIET_TO", "7")]).unwrap_err();
        assert!(error.to_string().contains("quiet_to"), "{error}");
    }

    #[test]
    fn production_refuses_what_is_public() {
        let common = [
            ("LINLI__WECHAT__OFFICIAL__APP_ID", "wx1"),
            ("LINLI__WECHAT__OFFICIAL__APP_SECRET", "hidden-secret"),
            ("LINLI__WECHAT__OFFICIAL__TOKEN", "token"),
            (
                "LINLI__WECHAT__OFFICIAL__ENCODING_AES_KEY",
                "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG",
            ),
        ];
        let own_key = base64::engine::general_purpose::STANDARD.encode([3_u8; 32]);
        let mut variables = common.to_vec();
        variables.push(("LINLI__SECURITY__DATA_KEY", &own_key));
        assert!(load("production", &variables).is_ok());
        variables.push(("LINLI__SANDBOX__ENABLED", "true"));
        assert!(load("production", &variables).is_err());
        variables.pop();
        variables.push(("LINLI__CONSOLE__SECOND_FACTOR", "false"));
        let error = load("production", &variables).unwrap_err();
        assert!(error.to_string().contains("second_factor"), "{error}");
        let mut variables = common.to_vec();
        variables.push(("LINLI__SECURITY__DATA_KEY", PUBLIC_DATA_KEY));
        let error = load("production", &variables).unwrap_err();
        assert!(!error.to_string().contains(PUBLIC_DATA_KEY));
    }

    #[test]
    fn a_secret_may_lie_in_a_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("secret");
        std::fs::write(&path, "from-a-file\n").unwrap();
        let settings = load(
            "development",
            &[(
                "LINLI__WECHAT__OFFICIAL__APP_SECRET_FILE",
                path.to_str().unwrap(),
            )],
        )
        .unwrap();
        assert_eq!(
            settings.wechat.official.app_secret.expose_secret(),
            "from-a-file"
        );
        assert!(!format!("{settings:?}").contains("from-a-file"));
    }
}
