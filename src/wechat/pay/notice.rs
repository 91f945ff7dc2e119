//! Notifications (protocols.md §5.3): verified over the raw bytes, opened, read. What they say must
//! still be held against our own order ([`super::Transaction::pays`]) and take effect once.

use reqwest::header::HeaderMap;
use serde::Deserialize;

use super::PayError;
use super::client::Client;
use super::objects::{Owner, Transaction};
use super::refunds::Refund;
use super::sealed::Sealed;

/// Most bytes of a notification.
pub const MAX_NOTICE: usize = 64 * 1024;

/// What the platform tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    /// Its id (`EV-…`): a repeat carries the same.
    pub id: String,
    /// `TRANSACTION.SUCCESS` and so on.
    pub event_type: String,
    /// What it is about.
    pub what: What,
}

/// What a notification is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// Somebody has paid.
    Transaction(Transaction),
    /// A refund has ended.
    Refund(Refund),
    /// Something else, which is acknowledged and logged.
    Unknown,
}

#[derive(Debug, Deserialize)]
struct WireNotice {
    id: String,
    event_type: String,
    resource: Sealed,
}

impl Client {
    /// Verifies, opens and reads a notification; `body` is the request's, untouched.
    ///
    /// # Errors
    /// [`PayError::Refused`] for every fault, to be answered with 4xx; nothing may be done then.
    pub async fn open_notification(
        &self,
        headers: &HeaderMap,
        body: &[u8],
        now: i64,
    ) -> Result<Notification, PayError> {
        if body.len() > MAX_NOTICE || !self.believes(headers, body, now).await {
            return Err(PayError::Refused);
        }
        let wire: WireNotice = serde_json::from_slice(body).map_err(|_| PayError::Refused)?;
        if wire.id.is_empty() {
            return Err(PayError::Refused);
        }
        let what = match wire.event_type.split('.').next() {
            Some("TRANSACTION") => {
                let plain = self.open(&wire.resource)?;
                What::Transaction(Transaction::read(&plain).map_err(|_| PayError::Refused)?)
            }
            Some("REFUND") => {
                let plain = self.open(&wire.resource)?;
                What::Refund(Refund::read(&plain).map_err(|_| PayError::Refused)?)
            }
            _ => What::Unknown,
        };
        Ok(Notification {
            id: wire.id,
            event_type: wire.event_type,
            what,
        })
    }

    /// The text of a resource that is about this merchant.
    fn open(&self, resource: &Sealed) -> Result<Vec<u8>, PayError> {
        let merchant = self.merchant();
        let plain = merchant.seal().open(resource)?;
        let owner: Owner = serde_json::from_slice(&plain).map_err(|_| PayError::Refused)?;
        (owner.mchid == merchant.mch_id())
            .then_some(plain)
            .ok_or(PayError::Refused)
    }
}
