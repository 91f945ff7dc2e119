//! Keys of the pretended WeChat Pay: made once, kept in a file beside the other data, so that all
//! instances and `doctor` have the same; none lies in the repository. Read by `app` and the sandbox.

use std::fs;
use std::io::Write;
use std::path::Path;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::KeyPair as _;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use super::pay::PayMerchant;
use super::{ConfigError, Settings};

/// What the file holds: private keys in PEM.
#[derive(Debug, Deserialize, Serialize)]
struct Kept {
    merchant: String,
    platform: String,
    certificate: String,
}

/// The keys of both sides.
#[derive(Clone, Debug)]
pub struct SandboxKeys {
    /// The merchant's, PEM.
    pub merchant: SecretString,
    /// Serial number of the merchant's pretended certificate.
    pub serial_no: String,
    /// What the platform signs with, PEM.
    pub platform: SecretString,
    /// Its public half, PEM.
    pub public_key: String,
    /// Id of the public half: `PUB_KEY_ID_…`.
    pub public_key_id: String,
    /// What the platform signs with for merchants that fetch certificates, PEM.
    pub certificate: SecretString,
}

impl SandboxKeys {
    /// As [`Settings::sandbox_keys`], of this file.
    ///
    /// # Errors
    /// As [`Settings::sandbox_keys`].
    pub fn at(path: &str) -> Result<Self, ConfigError> {
        read(Path::new(path)).map_err(|why| {
            ConfigError(format!(
                "sandbox.keys: `{path}` cannot be used: {why}; take it away to have new keys made"
            ))
        })
    }
}

impl Settings {
    /// The keys, made now if nobody has made them yet.
    ///
    /// # Errors
    /// When the file cannot be read or written, or holds something else; names `sandbox.keys`.
    pub fn sandbox_keys(&self) -> Result<SandboxKeys, ConfigError> {
        SandboxKeys::at(&self.sandbox.keys)
    }

    /// Fills in what the pretended merchant lacks; takes it away when there is nobody to pretend.
    ///
    /// # Errors
    /// As [`Settings::sandbox_keys`].
    pub fn fill_in_merchants(&mut self) -> Result<(), ConfigError> {
        let pay = &self.wechat.pay;
        if !pay.merchants.iter().any(PayMerchant::is_pretended) {
            return Ok(());
        }
        if !self.sandbox.enabled && pay.api_base.is_empty() {
            let merchants = &mut self.wechat.pay.merchants;
            merchants.retain(|merchant| !merchant.is_pretended());
            return Ok(());
        }
        let keys = self.sandbox_keys()?;
        let merchants = self.wechat.pay.merchants.iter_mut();
        for merchant in merchants.filter(|merchant| merchant.is_pretended()) {
            merchant.private_key = keys.merchant.clone();
            merchant.serial_no.clone_from(&keys.serial_no);
            merchant.public_key_id.clone_from(&keys.public_key_id);
            merchant.public_key.clone_from(&keys.public_key);
        }
        Ok(())
    }
}

fn read(path: &Path) -> Result<SandboxKeys, String> {
    let text = match fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            make(path).map_err(|error| error.to_string())?;
            fs::read(path).map_err(|error| error.to_string())?
        }
        Err(error) => return Err(error.to_string()),
    };
    let kept: Kept = serde_json::from_slice(&text).map_err(|_| "it is no file of keys")?;
    let (merchant, platform) = (public_half(&kept.merchant)?, public_half(&kept.platform)?);
    public_half(&kept.certificate)?;
    let id: String = mark(&platform)
        .bytes()
        .map(|b| char::from(b'0' + b % 10))
        .collect();
    Ok(SandboxKeys {
        serial_no: mark(&merchant),
        public_key: pem("PUBLIC KEY", &platform),
        public_key_id: format!("PUB_KEY_ID_{}", id.get(..24).unwrap_or_default()),
        merchant: kept.merchant.into(),
        platform: kept.platform.into(),
        certificate: kept.certificate.into(),
    })
}

/// Makes the file; whoever comes at the same time finds the one that was there first.
fn make(path: &Path) -> std::io::Result<()> {
    let failed = |_| std::io::Error::other("keys cannot be made");
    let new = || -> std::io::Result<String> {
        let pair = KeyPair::generate(KeySize::Rsa2048).map_err(failed)?;
        let der: Pkcs8V1Der<'_> = pair.as_der().map_err(failed)?;
        Ok(pem("PRIVATE KEY", der.as_ref()))
    };
    let kept = Kept {
        merchant: new()?,
        platform: new()?,
        certificate: new()?,
    };
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    // Readable by its owner alone, and whole before it has its name.
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(serde_json::to_string_pretty(&kept)?.as_bytes())?;
    match file.persist_noclobber(path) {
        Ok(_) => Ok(()),
        Err(lost) if lost.error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(lost) => Err(lost.error),
    }
}

fn public_half(private: &str) -> Result<Vec<u8>, String> {
    let bad = "it holds a key that is none";
    let der = PrivatePkcs8KeyDer::from_pem_slice(private.as_bytes()).map_err(|_| bad)?;
    let pair = KeyPair::from_pkcs8(der.secret_pkcs8_der()).map_err(|_| bad)?;
    let public: PublicKeyX509Der<'_> = pair.public_key().as_der().map_err(|_| bad)?;
    Ok(public.as_ref().to_vec())
}

/// Forty hex digits that stand for a key.
fn mark(public: &[u8]) -> String {
    let hash = digest(&SHA256, public);
    let bytes = hash.as_ref().iter().take(20);
    bytes.map(|byte| format!("{byte:02X}")).collect()
}

fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let mut out = format!("-----BEGIN {label}-----\n");
    for (at, letter) in text.chars().enumerate() {
        if at > 0 && at % 64 == 0 {
            out.push('\n');
        }
        out.push(letter);
    }
    out.push_str(&format!("\n-----END {label}-----\n"));
    out
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::super::tests::load;

    #[test]
    fn all_who_ask_get_the_same_keys() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("new/keys.json");
        let variables = [("LINLI__SANDBOX__KEYS", path.to_str().unwrap())];
        let settings = load("development", &variables).unwrap();
        let asked: Vec<_> = std::thread::scope(|scope| {
            let all: Vec<_> = (0..3)
                .map(|_| scope.spawn(|| settings.sandbox_keys()))
                .collect();
            all.into_iter()
                .map(|one| one.join().unwrap().unwrap())
                .collect()
        });
        let first = asked[0].merchant.expose_secret();
        assert!(
            asked
                .iter()
                .all(|keys| keys.merchant.expose_secret() == first)
        );
        assert_ne!(first, asked[0].platform.expose_secret());
        assert_eq!(asked[0].serial_no.len(), 40);
        assert_eq!(asked[0].public_key_id.len(), "PUB_KEY_ID_".len() + 24);
        let mut filled = settings.clone();
        filled.fill_in_merchants().unwrap();
        let merchant = &filled.wechat.pay.merchants[0];
        assert_eq!(merchant.private_key.expose_secret(), first);
        assert!(!format!("{filled:?}").contains("PRIVATE KEY"));

        std::fs::write(&path, "{}").unwrap();
        let error = settings.sandbox_keys().unwrap_err().to_string();
        assert!(error.contains("sandbox.keys"), "{error}");
    }

    #[test]
    fn without_the_sandbox_there_is_nobody_to_pretend() {
        let off = [("LINLI__SANDBOX__ENABLED", "false")];
        let mut settings = load("development", &off).unwrap();
        settings.fill_in_merchants().unwrap();
        assert!(settings.wechat.pay.merchants.is_empty());
    }
}
