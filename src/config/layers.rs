//! From where settings come: the embedded defaults, the profile's file, the environment, and secrets that lie
//! in files of their own. Called by `command/` at the start.

use std::path::Path;

use config::{Config, Environment, File, FileFormat, Value, ValueKind};

use super::{ConfigError, Settings};

const DEFAULTS: &str = include_str!("../../config/default.toml");
const DEVELOPMENT: &str = include_str!("../../config/development.toml");

/// What a setting may say that is one of a few words, by what the library says of it: it names the type, and
/// not the words.
const WORDS: [(&str, &str); 3] = [
    ("enum CallbackMode ", "plain, compatible or safe"),
    ("enum RobotMode ", "off, webhook or socket"),
    ("enum LogFormat ", "text or json"),
];

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

/// The library's words name the key; values are left out, since they may be secret.
fn explain(error: config::ConfigError) -> ConfigError {
    use config::ConfigError as Lib;
    let text = match error {
        Lib::Type { key, expected, .. } => format!(
            "key `{}` has the wrong type: {expected} expected",
            key.unwrap_or_default()
        ),
        Lib::At { error, key, .. } => {
            let inner = explain(*error).0;
            format!("{inner} (key `{}`)", key.unwrap_or_default())
        }
        Lib::Message(text) => {
            let known = WORDS.iter().find(|(name, _)| text.contains(*name));
            known.map_or(text, |(_, words)| format!("must be {words}"))
        }
        other => other.to_string(),
    };
    ConfigError(text)
}
