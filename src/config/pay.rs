//! The settings of WeChat Pay, and what they cannot be. Part of [`super::Settings`].

use std::collections::BTreeSet;

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::{ConfigError, Settings};

/// The merchant of the pretended platform: what it lacks is made on the spot.
pub const SANDBOX_MERCHANT: &str = "sandbox";

/// `[wechat.pay]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pay {
    /// Where the platform's API is.
    pub api_base: String,
    /// `[[wechat.pay.merchants]]`
    pub merchants: Vec<PayMerchant>,
}

/// `[[wechat.pay.merchants]]`: one receiving account (商户号).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PayMerchant {
    /// What a compound calls it; part of the address of its notifications.
    pub name: String,
    /// 商户号.
    pub mch_id: String,
    /// Serial number of its API certificate.
    #[serde(default)]
    pub serial_no: String,
    /// PEM of that certificate's private key.
    #[serde(default)]
    pub private_key: SecretString,
    /// APIv3密钥: 32 characters.
    pub api_v3_key: SecretString,
    /// `PUB_KEY_ID_…`; empty: platform certificates are fetched.
    #[serde(default)]
    pub public_key_id: String,
    /// PEM of WeChat Pay's public key of that id.
    #[serde(default)]
    pub public_key: String,
}

impl PayMerchant {
    /// Whether it is the pretended platform's own, whose keys are made by the program.
    #[must_use]
    pub fn is_pretended(&self) -> bool {
        self.name == SANDBOX_MERCHANT && self.private_key.expose_secret().is_empty()
    }

    /// That a key of it cannot be; `key` is its name in the settings.
    #[must_use]
    pub fn wrong(&self, key: &str) -> ConfigError {
        let what = match key {
            "private_key" => "must be the PEM of an RSA key (apiclient_key.pem)",
            "public_key" => "must be the PEM of WeChat Pay's public key (pub_key.pem)",
            "public_key_id" => "must be PUB_KEY_ID_… together with public_key, or both empty",
            "serial_no" => "must be the certificate's serial number in hex",
            "api_v3_key" => "must have exactly 32 characters",
            "mch_id" => "must be digits",
            _ => "cannot be",
        };
        let name = &self.name;
        match key {
            "api_base" => {
                ConfigError("wechat.pay.api_base must be an address: https://…".to_owned())
            }
            _ => ConfigError(format!("wechat.pay.merchants.{name}.{key} {what}")),
        }
    }

    fn check(&self, is_production: bool) -> Result<(), ConfigError> {
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        if !digits(&self.mch_id) {
            return Err(self.wrong("mch_id"));
        }
        if self.api_v3_key.expose_secret().len() != 32 {
            return Err(self.wrong("api_v3_key"));
        }
        if self.is_pretended() && !is_production {
            return Ok(());
        }
        if self.private_key.expose_secret().is_empty() {
            return Err(self.wrong("private_key"));
        }
        if self.serial_no.is_empty() || !self.serial_no.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(self.wrong("serial_no"));
        }
        let whole = self.public_key_id.starts_with("PUB_KEY_ID_") && !self.public_key.is_empty();
        let absent = self.public_key_id.is_empty() && self.public_key.is_empty();
        if !whole && !absent {
            return Err(self.wrong("public_key_id"));
        }
        Ok(())
    }
}

impl Settings {
    /// Merchants are whole, and no two have one name.
    pub(super) fn check_pay(&self) -> Result<(), ConfigError> {
        let mut names = BTreeSet::new();
        for merchant in &self.wechat.pay.merchants {
            let name = merchant.name.as_str();
            let sign = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
            if !(1..=32).contains(&name.len()) || !name.bytes().all(sign) {
                return Err(ConfigError(format!(
                    "wechat.pay.merchants: name `{name}` must be 1 to 32 of a-z, 0-9 and -: it is part of an address"
                )));
            }
            if !names.insert(name) {
                return Err(ConfigError(format!(
                    "wechat.pay.merchants: two are named `{name}`"
                )));
            }
            merchant.check(self.profile == "production")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    /// The production profile would ask for more than this is about.
    fn load(toml: &str) -> Result<Settings, ConfigError> {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("paying.toml"), toml).unwrap();
        let environment = config::Environment::with_prefix("LINLI")
            .prefix_separator("__")
            .separator("__")
            .source(Some(
                [
                    ("LINLI__WECHAT__OFFICIAL__APP_ID", "wx1"),
                    ("LINLI__WECHAT__OFFICIAL__TOKEN", "token"),
                    ("LINLI__WECHAT__OFFICIAL__MODE", "plain"),
                    ("LINLI__SECURITY__DATA_KEY", super::super::PUBLIC_DATA_KEY),
                ]
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .into(),
            ));
        Settings::from_layers(Path::new(dir.path()), "paying", environment)
    }

    fn merchant(changed: &str, value: &str) -> String {
        let mut text = "[[wechat.pay.merchants]]\n".to_owned();
        for (key, usual) in [
            ("name", "gy"),
            ("mch_id", "1900000001"),
            ("serial_no", "0A"),
            ("private_key", "pem"),
            ("api_v3_key", "12345678901234567890123456789012"),
            ("public_key_id", "PUB_KEY_ID_1"),
            ("public_key", "pem"),
        ] {
            let value = if key == changed { value } else { usual };
            text.push_str(&format!("{key} = \"{value}\"\n"));
        }
        text
    }

    #[test]
    fn a_merchant_that_cannot_be_stops_the_start_with_the_keys_name() {
        assert!(load(&merchant("", "")).is_ok());
        for (key, value) in [
            ("mch_id", "19x"),
            ("mch_id", ""),
            ("api_v3_key", "1234567890123456"),
            ("api_v3_key", "二二二二二二二二二二二"),
            ("private_key", ""),
            ("serial_no", ""),
            ("serial_no", "not hex"),
            ("public_key_id", "other"),
            ("public_key_id", ""),
        ] {
            let error = load(&merchant(key, value)).unwrap_err().to_string();
            let wanted = format!("wechat.pay.merchants.gy.{key} ");
            assert!(error.contains(&wanted), "{error}");
            assert!(value.is_empty() || !error.contains(value), "{error}");
        }
        for name in ["", "a/b", "收款", "A", "a b", "a?b", &"a".repeat(33)] {
            let error = load(&merchant("name", name)).unwrap_err().to_string();
            assert!(error.contains("wechat.pay.merchants: name"), "{error}");
        }
        let twice = format!("{}{}", merchant("", ""), merchant("mch_id", "2"));
        let error = load(&twice).unwrap_err().to_string();
        assert!(error.contains("two are named"), "{error}");
        let unknown = merchant("", "").replace("serial_no", "serial");
        assert!(load(&unknown).unwrap_err().to_string().contains("serial"));
    }

    #[test]
    fn a_merchants_secrets_may_lie_in_files_and_do_not_print() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key");
        std::fs::write(&path, "12345678901234567890123456789012\n").unwrap();
        let line = format!("api_v3_key_file = \"{}\"", path.display());
        let text =
            merchant("", "").replace("api_v3_key = \"12345678901234567890123456789012\"", &line);
        let settings = load(&text).unwrap();
        let key = &settings.wechat.pay.merchants[0].api_v3_key;
        assert_eq!(key.expose_secret(), "12345678901234567890123456789012");
        assert!(!format!("{settings:?}").contains("1234567890123456789"));
        let away = text.replace("/key\"", "/away\"");
        let error = load(&away).unwrap_err().to_string();
        assert!(
            error.contains("wechat.pay.merchants.0.api_v3_key_file"),
            "{error}"
        );
    }
}
