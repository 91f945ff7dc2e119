//! One receiving account (商户号): who it is, what it signs with, whom it believes. Without I/O.

use secrecy::{ExposeSecret, SecretString};

use super::PayError;
use super::keys::{PrivateKey, PublicKey};
use super::sealed::SealKey;
use super::verify::PUBLIC_KEY_PREFIX;

/// The account's settings as they are written down.
#[derive(Debug, Clone)]
pub struct MerchantParts {
    /// What we call it; part of the address of its notifications.
    pub name: String,
    /// AppID of the official account whose followers pay.
    pub app_id: String,
    /// 商户号.
    pub mch_id: String,
    /// Serial number of the merchant's API certificate.
    pub serial_no: String,
    /// PEM of its private key.
    pub private_key: SecretString,
    /// APIv3密钥, 32 characters.
    pub api_v3_key: SecretString,
    /// `PUB_KEY_ID_…`; empty: platform certificates are fetched.
    pub public_key_id: String,
    /// PEM of WeChat Pay's public key of that id.
    pub public_key: String,
}

/// The account, with its keys read. Does not print them.
#[derive(Debug)]
pub struct Merchant {
    name: String,
    app_id: String,
    mch_id: String,
    serial_no: String,
    key: PrivateKey,
    seal: SealKey,
    public_key: Option<(String, PublicKey)>,
}

impl Merchant {
    /// Reads the keys.
    ///
    /// # Errors
    /// [`PayError::Malformed`] with the name of the setting that cannot be.
    pub fn new(parts: MerchantParts) -> Result<Self, PayError> {
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        if !digits(&parts.mch_id) || parts.mch_id.len() > 32 {
            return Err(PayError::Malformed("mch_id"));
        }
        if parts.app_id.is_empty() {
            return Err(PayError::Malformed("app_id"));
        }
        let hex = parts.serial_no.bytes().all(|b| b.is_ascii_hexdigit());
        if parts.serial_no.is_empty() || !hex {
            return Err(PayError::Malformed("serial_no"));
        }
        let public_key = match parts.public_key_id.as_str() {
            "" if parts.public_key.is_empty() => None,
            id if id.starts_with(PUBLIC_KEY_PREFIX) => {
                let key = PublicKey::from_pem(&parts.public_key)?;
                Some((id.to_owned(), key))
            }
            _ => return Err(PayError::Malformed("public_key_id")),
        };
        Ok(Self {
            key: PrivateKey::from_pem(parts.private_key.expose_secret())?,
            seal: SealKey::new(&parts.api_v3_key)?,
            // The platform compares the text.
            serial_no: parts.serial_no.to_ascii_uppercase(),
            name: parts.name,
            app_id: parts.app_id,
            mch_id: parts.mch_id,
            public_key,
        })
    }

    /// What we call it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// AppID of the official account.
    #[must_use]
    pub fn app_id(&self) -> &str {
        &self.app_id
    }

    /// 商户号.
    #[must_use]
    pub fn mch_id(&self) -> &str {
        &self.mch_id
    }

    /// Serial number of its API certificate, upper-case.
    #[must_use]
    pub fn serial_no(&self) -> &str {
        &self.serial_no
    }

    /// Whether it believes a public key that was handed over, instead of certificates.
    #[must_use]
    pub const fn has_public_key(&self) -> bool {
        self.public_key.is_some()
    }

    pub(super) fn public_key(&self) -> Option<(&str, &PublicKey)> {
        self.public_key.as_ref().map(|(id, key)| (id.as_str(), key))
    }

    pub(super) const fn key(&self) -> &PrivateKey {
        &self.key
    }

    pub(super) const fn seal(&self) -> &SealKey {
        &self.seal
    }
}
