//! Who signs with what on the pretended WeChat Pay. Read once, from the settings and the file of keys.

use std::collections::HashMap;

use chrono::TimeDelta;
use secrecy::ExposeSecret;

use super::{Config, certificate};
use crate::base::clock::Moment;
use crate::base::dice::Dice;
use crate::config::SandboxKeys;
use crate::sandbox::faults::Forgery;
use crate::wechat::pay::keys::{PrivateKey, PublicKey};
use crate::wechat::pay::sealed::SealKey;
use crate::wechat::pay::{PayError, verify};

/// Days before and after today for which a certificate holds.
const DAYS: i64 = 365;
/// Signed so many seconds too early or too late, when that is asked for.
const TOO_FAR: i64 = 360;

/// The keys of the platform, and what it knows of merchants.
#[derive(Debug)]
pub struct Keys {
    public: PrivateKey,
    public_id: String,
    certificate: PrivateKey,
    serial: Vec<u8>,
    merchants: HashMap<String, Side>,
}

/// What the platform knows of one merchant.
#[derive(Debug)]
pub(super) struct Side {
    pub(super) serial_no: String,
    pub(super) key: PublicKey,
    pub(super) seal: SealKey,
}

/// With which of its keys the platform signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum By {
    /// 微信支付公钥.
    PublicKey,
    /// The platform certificate, after so many renewals.
    Certificate(u8),
}

/// The four headers of a signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stamped {
    pub(super) serial: String,
    pub(super) timestamp: String,
    pub(super) nonce: String,
    pub(super) signature: String,
}

impl Keys {
    pub(super) fn read(config: &Config) -> Result<Self, String> {
        let kept = SandboxKeys::at(&config.keys).map_err(|error| error.to_string())?;
        let read = |error: PayError| error.to_string();
        let key = |pem: &str| PrivateKey::from_pem(pem).map_err(read);
        let certificate = key(kept.certificate.expose_secret())?;
        let mut merchants = HashMap::new();
        for merchant in &config.merchants {
            let pretended = merchant.private_key.expose_secret().is_empty();
            let (pem, serial_no) = match pretended {
                true => (&kept.merchant, &kept.serial_no),
                false => (&merchant.private_key, &merchant.serial_no),
            };
            let side = Side {
                serial_no: serial_no.to_ascii_uppercase(),
                key: key(pem.expose_secret())?.public_key().map_err(read)?,
                seal: SealKey::new(&merchant.api_v3_key).map_err(read)?,
            };
            merchants.insert(merchant.mch_id.clone(), side);
        }
        let der = certificate.public_der().map_err(read)?;
        let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &der);
        let mut serial: Vec<u8> = hash.as_ref().iter().take(19).copied().collect();
        if let Some(first) = serial.first_mut() {
            // A positive number of full length.
            *first = (*first & 0x3f) | 0x40;
        }
        Ok(Self {
            public: key(kept.platform.expose_secret())?,
            public_id: kept.public_key_id,
            serial,
            certificate,
            merchants,
        })
    }

    pub(super) fn merchant(&self, mch_id: &str) -> Option<&Side> {
        self.merchants.get(mch_id)
    }

    /// Signs a body as the platform does, or as a forger would.
    pub(super) fn stamp(
        &self,
        body: &[u8],
        by: By,
        now: Moment,
        dice: &Dice,
        forgery: Option<Forgery>,
    ) -> Result<Stamped, PayError> {
        let (own, other) = match by {
            By::PublicKey => (&self.public, &self.certificate),
            By::Certificate(_) => (&self.certificate, &self.public),
        };
        let away = match forgery {
            Some(Forgery::Old) => -TOO_FAR,
            Some(Forgery::Future) => TOO_FAR,
            _ => 0,
        };
        let timestamp = (now.timestamp() + away).to_string();
        let nonce = crate::wechat::crypto::hex(&dice.bytes::<16>());
        let mut message = verify::message(&timestamp, &nonce, body);
        if forgery == Some(Forgery::Signature) {
            message.push(b'\n');
        }
        let key = if forgery == Some(Forgery::Key) {
            other
        } else {
            own
        };
        let mut signature = key.sign(&message)?;
        if forgery == Some(Forgery::Probe) {
            signature = format!("WECHATPAY/SIGNTEST/{signature}");
        }
        let mut serial = match by {
            By::PublicKey => self.public_id.clone(),
            By::Certificate(renewals) => self.serial(renewals),
        };
        if forgery == Some(Forgery::Serial) {
            serial = "7".repeat(40);
        }
        Ok(Stamped {
            serial,
            timestamp,
            nonce,
            signature,
        })
    }

    /// Serial number of the certificate, the same key under a new one after each renewal.
    pub(super) fn serial(&self, renewals: u8) -> String {
        let all = [self.serial.as_slice(), &[renewals]].concat();
        crate::wechat::crypto::hex(&all).to_ascii_uppercase()
    }

    /// The certificate in PEM, and the time for which it holds.
    pub(super) fn certificate(
        &self,
        renewals: u8,
        now: Moment,
    ) -> Result<(String, Moment, Moment), PayError> {
        let (from, to) = (now - TimeDelta::days(DAYS), now + TimeDelta::days(DAYS));
        let serial = [self.serial.as_slice(), &[renewals]].concat();
        let pem = certificate::write(&self.certificate, &serial, from, to)?;
        Ok((pem, from, to))
    }
}
