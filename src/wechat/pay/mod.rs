//! WeChat Pay API v3 for a direct merchant (直连商户, protocols.md §5): what is signed, what is
//! verified, what is called. Amounts are `i64` fen, times UTC seconds. Called by the nouns that move
//! money, by `web` (notifications), `command` (doctor, reconciliation) and the sandbox.
//!
//! Nothing that comes from outside is read before its signature holds over the raw bytes; that goes
//! for refusals too. What went wrong is told apart by one question: may the platform have done it?
//! Then ([`PayError::is_unclear`]) the same call with the same parameters must follow, or a query.
//!
//! | file | what it does |
//! |---|---|
//! | [`codes`] | the platform's error codes, and what to do |
//! | [`keys`] | private and public keys, platform certificates |
//! | [`sign`] | what we sign: requests, and the call of the payment window |
//! | [`verify`] | what they sign: answers and notifications |
//! | [`sealed`] | AES-256-GCM of resources and certificates |
//! | [`merchant`] | one receiving account |
//! | [`objects`] | orders and transactions |
//! | [`refunds`] | refunds |
//! | [`client`], `wire` | calls out |
//! | `ring` | keys of the platform that one merchant trusts, kept up |
//! | [`notice`] | notifications |
//! | [`bill`] | bill files, row by row |

pub mod bill;
pub mod client;
pub mod codes;
pub mod keys;
pub mod merchant;
pub mod notice;
pub mod objects;
pub mod refunds;
mod ring;
pub mod sealed;
pub mod sign;
pub mod verify;
mod wire;

use std::time::Duration;

pub use bill::{Bill, Direction, FlowRow, TradeRow};
pub use client::Client;
pub use codes::{Action, action};
pub use merchant::{Merchant, MerchantParts};
pub use notice::{Notification, What};
pub use objects::{Expected, JsapiOrder, Mismatch, PayParams, Prepay, TradeState, Transaction};
pub use refunds::{Refund, RefundOf, RefundOrder, RefundStatus};

/// Where the platform is, unless the settings say otherwise.
pub const API_BASE: &str = "https://api.mch.weixin.qq.com";

/// How long a call may take, and a connection. Orders are slow at times, and a repeat would be slower.
pub const PATIENCE: (Duration, Duration) = (Duration::from_secs(3), Duration::from_secs(10));

/// What can go wrong with WeChat Pay.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PayError {
    /// A notification whose signature, freshness, seal or receiver does not hold. One value for all
    /// of them, so that the answer tells a forger nothing.
    #[error("the notification is refused")]
    Refused,
    /// A parameter, a key or a setting of ours that cannot be; named by the text.
    #[error("{0} is not acceptable")]
    Malformed(&'static str),
    /// The platform refuses, and has signed that it does: nothing was done. [`action`] says what to
    /// do about the code.
    #[error("the platform refuses: {code} ({message}, HTTP {status})")]
    Platform {
        /// `code`, such as `ORDER_NOT_EXIST`: what to go by.
        code: String,
        /// HTTP status.
        status: u16,
        /// `message`, for a log; never to be read by the program.
        message: String,
        /// `Request-ID`, to quote when asking for support.
        request_id: Option<String>,
    },
    /// An answer whose signature does not hold: not believed, whatever it says.
    #[error("the answer is not signed by the platform (HTTP {status})")]
    Unverified {
        /// HTTP status, which anybody could have written.
        status: u16,
        /// `Request-ID`, if there was one.
        request_id: Option<String>,
    },
    /// No answer, or one that says the platform itself failed: it may have been done all the same.
    #[error("the platform did not say how it ended (timed out: {timeout}, HTTP {status:?})")]
    Unclear {
        /// Whether the time limit was hit.
        timeout: bool,
        /// The status that came, if any: 5xx.
        status: Option<u16>,
    },
    /// There was no connection: nothing was asked.
    #[error("the platform was not reached")]
    Unreached,
    /// A signed answer that is not what the platform promises.
    #[error("the platform answered nonsense")]
    Nonsense,
    /// A bill file that contradicts itself, its summary or its hash; the text says how.
    #[error("the bill cannot be used: {0}")]
    Bill(&'static str),
}

impl PayError {
    /// Whether it may have been done: ask, or call again with the SAME parameters; a new number
    /// would be a second order or a second refund.
    #[must_use]
    pub const fn is_unclear(&self) -> bool {
        matches!(
            self,
            Self::Unclear { .. } | Self::Unverified { .. } | Self::Nonsense
        )
    }

    /// The platform's code, if it was the platform that refused.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Platform { code, .. } => Some(code),
            _ => None,
        }
    }

    /// What to do next.
    #[must_use]
    pub fn action(&self) -> Action {
        match self {
            Self::Platform { code, .. } => action(code),
            Self::Unclear { .. } | Self::Unverified { .. } | Self::Unreached => Action::Repeat,
            Self::Nonsense => Action::Query,
            Self::Refused | Self::Malformed(_) => Action::Fix,
            Self::Bill(_) => Action::Later,
        }
    }
}
