//! The platform's keys that one merchant trusts: the public key that was handed over, and the
//! certificates that were fetched. Chosen by the serial number that a signature names, never by
//! anything else. Filled by [`super::client`].

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use super::keys::{Certificate, PublicKey};
use super::merchant::Merchant;
use super::verify::PUBLIC_KEY_PREFIX;

/// Certificates are fetched anew when they have been here so long, seconds.
const OLD: i64 = 12 * 3600 - 600;
/// A stranger who names unknown serials makes us ask no more often than this, seconds.
const BETWEEN: i64 = 60;

/// A certificate with the time during which it holds, UTC seconds.
#[derive(Debug, Clone)]
pub(super) struct Dated {
    pub(super) certificate: Certificate,
    pub(super) from: i64,
    pub(super) to: i64,
}

#[derive(Debug, Default)]
struct Held {
    certificates: HashMap<String, Dated>,
    fetched: Option<i64>,
    tried: Option<i64>,
}

/// The certificates, shared by all calls of one client.
#[derive(Debug, Default)]
pub(super) struct Ring(RwLock<Held>);

impl Ring {
    /// The key of this serial number, if it is trusted at `now`.
    pub(super) fn find(&self, merchant: &Merchant, serial: &str, now: i64) -> Option<PublicKey> {
        if serial.starts_with(PUBLIC_KEY_PREFIX) {
            let (id, key) = merchant.public_key()?;
            return (id == serial).then(|| key.clone());
        }
        let held = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let dated = held.certificates.get(serial)?;
        (dated.from <= now && now < dated.to).then(|| dated.certificate.key.clone())
    }

    /// Whether certificates should be fetched: because this serial number is none of ours, or because
    /// they are old. Notes that they will be.
    pub(super) fn should_fetch(&self, serial: &str, known: bool, now: i64) -> bool {
        if serial.starts_with(PUBLIC_KEY_PREFIX) {
            return false;
        }
        let mut held = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let old = held.fetched.is_none_or(|at| now - at > OLD);
        // A clock that went back must not keep us from asking.
        let lately = |at: i64| now.abs_diff(at) < BETWEEN.unsigned_abs();
        if (known && !old) || held.tried.is_some_and(lately) {
            return false;
        }
        held.tried = Some(now);
        true
    }

    /// Takes what was fetched. What is no longer handed out is not trusted any more.
    pub(super) fn put(&self, all: Vec<Dated>, now: i64) {
        let mut held = self.0.write().unwrap_or_else(PoisonError::into_inner);
        held.certificates = all
            .into_iter()
            .map(|dated| (dated.certificate.serial.clone(), dated))
            .collect();
        held.fetched = Some(now);
        held.tried = Some(now);
    }
}
