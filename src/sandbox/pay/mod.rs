//! WeChat Pay's side of the wire (微信支付 APIv3, protocols.md §5): orders, refunds, bills and
//! notifications, with real signatures and real seals. What a payer does on the phone is behind
//! `/sandbox/pay/pay` and its neighbours. Time is the sandbox's clock.
//!
//! | file | what it does |
//! |---|---|
//! | `keys` | who signs with what |
//! | `certificate` | a platform certificate, written from scratch |
//! | `wire` | checking a call, failing when told to, signing the answer |
//! | `orders` | orders, queries, closing |
//! | `refunds` | refunds |
//! | `bills`, `paper` | bills: which rows, and how they are written |
//! | `notices` | notifications, repeated until they are taken |
//! | `journal` | what is kept over restarts |
//! | [`desk`] | what the payer does, and the switches |

mod bills;
mod certificate;
pub mod desk;
mod journal;
mod keys;
mod notices;
mod orders;
mod paper;
mod refunds;
mod wire;

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;
use poem::{Route, get, post};
use secrecy::SecretString;

pub use bills::Sort;
pub use keys::Keys;
pub use notices::Told;
pub use orders::{Order, Standing};
pub use refunds::Refunded;

use crate::base::clock::Moment;
use crate::config::Settings;

/// Orders remembered; older ones are forgotten with their refunds.
const MOST_ORDERS: usize = 20_000;

/// A merchant as the platform has it registered.
#[derive(Clone, Debug)]
pub struct Registered {
    pub(super) mch_id: String,
    /// Empty for the pretended one, whose keys lie in a file.
    pub(super) serial_no: String,
    pub(super) private_key: SecretString,
    pub(super) api_v3_key: SecretString,
}

/// The platform's side of the agreement.
#[derive(Clone, Debug)]
pub struct Config {
    /// AppIDs that the merchants are bound to.
    pub app_ids: Vec<String>,
    pub(super) merchants: Vec<Registered>,
    /// The file of the pretended keys.
    pub(super) keys: String,
}

impl Config {
    /// The other side of the program's settings.
    #[must_use]
    pub fn from_settings(settings: &Settings) -> Self {
        let wechat = &settings.wechat;
        let merchants = wechat.pay.merchants.iter();
        let registered = merchants.map(|merchant| Registered {
            mch_id: merchant.mch_id.clone(),
            serial_no: merchant.serial_no.clone(),
            private_key: merchant.private_key.clone(),
            api_v3_key: merchant.api_v3_key.clone(),
        });
        Self {
            app_ids: vec![wechat.official.app_id.clone(), wechat.mini.app_id.clone()],
            merchants: registered.collect(),
            keys: settings.sandbox.keys.clone(),
        }
    }
}

/// A merchant and the merchant's number of something.
type Key = (String, String);

/// What the platform remembers.
#[derive(Debug, Default)]
pub struct Memory {
    orders: HashMap<Key, Order>,
    /// The same in the order of their making.
    made: std::collections::VecDeque<Key>,
    refunds: BTreeMap<Key, Refunded>,
    /// Notifications that are not taken yet.
    notices: Vec<notices::Notice>,
    /// Whether somebody looks after them.
    is_telling: bool,
    told: Vec<Told>,
    /// Files that may be downloaded.
    files: Vec<bills::Paper>,
    /// Bills that were made beforehand.
    made_bills: Vec<bills::Made>,
    /// Trades that never were, for long bills.
    invented: BTreeMap<(String, NaiveDate), u64>,
    /// What moved on the merchants' accounts without a deal.
    moved: Vec<bills::Moved>,
    /// Answers and notifications are signed with the certificate, whatever the merchant has.
    uses_certificate: bool,
    /// How often the certificate was renewed.
    renewals: u8,
    last_number: u64,
    /// Where orders, refunds, notices, what moved and what was invented are kept, too.
    journal: Option<journal::Journal>,
}

impl Memory {
    /// The platform's next number, such as a 微信支付订单号: 28 digits that begin like its own.
    fn number(&mut self, kind: &str, now: Moment) -> String {
        self.last_number += 1;
        let day = crate::base::clock::china(now).format("%Y%m%d");
        format!("{kind}{day}{:0>16}", self.last_number)
    }
}

/// `https://api.mch.weixin.qq.com` in small, and the controls.
pub fn routes() -> Route {
    Route::new()
        .at("/v3/pay/transactions/jsapi", post(orders::take_order))
        .at(
            "/v3/pay/transactions/out-trade-no/:number",
            get(orders::show_by_number),
        )
        .at("/v3/pay/transactions/id/:id", get(orders::show_by_id))
        .at(
            "/v3/pay/transactions/out-trade-no/:number/close",
            post(orders::close_order),
        )
        .at("/v3/refund/domestic/refunds", post(refunds::take_refund))
        .at(
            "/v3/refund/domestic/refunds/:number",
            get(refunds::show_refund),
        )
        .at("/v3/certificates", get(wire::show_certificates))
        .at("/v3/bill/tradebill", get(bills::offer_trade))
        .at("/v3/bill/fundflowbill", get(bills::offer_fund_flow))
        .at("/v3/billdownload/file", get(bills::give_file))
        .at("/pay", post(desk::pay_order))
        .at("/cancel", post(desk::close_window))
        .at("/refund", post(desk::finish_refund))
        .at("/orders", get(desk::list_orders))
        .at("/notices", get(desk::list_notices))
        .at("/certificate", post(desk::change_certificate))
        .at("/invent", post(desk::invent_deals))
        .at("/move", post(desk::move_money))
}
