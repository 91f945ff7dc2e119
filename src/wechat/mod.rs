//! The WeChat protocol, and nothing else: it knows no table and no noun of ours, imports nothing of
//! the crate, and could be a crate of its own. Time (`now`, UTC seconds) and random bytes are
//! parameters everywhere. Any floor above may call it.
//!
//! | file | what it does |
//! |---|---|
//! | [`crypto`] | signatures, AES-256-CBC with 32-byte padding |
//! | [`query`] | the query string of a callback |
//! | [`xml`] | the guarded reader and the safe writer |
//! | [`official`] | official account: callbacks, replies, outgoing calls |
//! | [`mini`] | mini-program: log-in, calls out, pushes, what the session key signs and seals |
//! | [`pay`] | WeChat Pay v3: orders, refunds, notifications, bills |
//! | [`robot`] | WeCom's intelligent robot and group robots |
//! | [`work`] | WeCom application: callbacks, replies, cards, outgoing calls |
//! | [`token`] | the access token shared by all instances |
//! | [`http`] | the one HTTP client |
//! | `call` | calls that bear the access token |
//! | [`errors`] | what to do about each error code |

mod call;
pub mod crypto;
pub mod errors;
pub mod http;
pub mod mini;
pub mod official;
pub mod pay;
pub mod query;
pub mod robot;
pub mod token;
pub mod work;
pub mod xml;

/// What can go wrong on the wire.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Signature, freshness, mode, padding, length or receiver did not hold. Deliberately one value
    /// for all of them, so that an answer tells a forger nothing (protocols.md §6.2).
    #[error("the request is refused")]
    Refused,
    /// The XML breaks a rule; the text names it, for the log.
    #[error("malformed message: {0}")]
    Malformed(&'static str),
    /// The platform answered with an `errcode` other than 0; [`errors::action`] says what to do.
    #[error("platform error {code}: {message}")]
    Platform {
        /// `errcode`.
        code: i64,
        /// `errmsg`, without the request id.
        message: String,
        /// Tencent's request id, to quote when asking for support.
        rid: Option<String>,
    },
    /// No answer came; the address is not kept because it carries the token.
    #[error("network failure (timed out: {timeout})")]
    Network {
        /// Whether the time limit was hit: then the call may have been carried out.
        timeout: bool,
    },
    /// The platform was not asked: there was no connection, or no access token because its endpoint
    /// does not answer.
    #[error("the platform was not reached")]
    Unreached,
    /// An answer came that is not what the platform promises.
    #[error("the platform answered nonsense")]
    Nonsense,
}
