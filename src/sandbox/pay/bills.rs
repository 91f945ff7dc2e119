//! Bills of the pretended WeChat Pay (protocols.md §5.8): of yesterday, from 10:00 on, for three months.

use chrono::{NaiveDate, TimeDelta};
use poem::web::{Data, Query};
use poem::{Body, Request, Response, handler};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::Memory;
use super::paper::{Back, Deal, Packed, fund_flow as write_flow, trade as write_trade};
use super::wire::{Asked, Refusal, Reply, serve};
use crate::base::clock::{Moment, begin_of, china};
use crate::sandbox::faults::{Api, Forgery, Kind};
use crate::sandbox::platform::Platform;

/// A file's address holds for so many minutes.
const MINUTES: i64 = 5;
/// Files remembered.
const MOST: usize = 8;
/// Bills are made at this hour of the next day.
const HOUR: i64 = 10;
/// And kept for so many days.
const DAYS: i64 = 92;

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// 交易账单.
    Trade,
    /// 资金账单.
    Flow,
}

impl Sort {
    fn write(self, mut deals: Deals) -> std::io::Result<Packed> {
        match self {
            Self::Trade => write_trade(deals),
            Self::Flow => {
                let (moved, before) = (std::mem::take(&mut deals.moved), deals.before);
                write_flow(before, &moved, deals)
            }
        }
    }

    fn is_empty(self, deals: &Deals) -> bool {
        let none = deals.real.len() == 0 && deals.invented == 0;
        none && (self == Self::Trade || deals.moved.is_empty())
    }
}

/// A bill that was made before anybody asked.
#[derive(Debug)]
pub(super) struct Made {
    mch_id: String,
    day: NaiveDate,
    sort: Sort,
    packed: Packed,
}

/// What moved on a merchant's account without a deal.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Moved {
    pub(super) mch_id: String,
    pub(super) at: Moment,
    pub(super) number: String,
    /// 业务类型.
    pub(super) kind: String,
    /// Fen; below 0 when it went.
    pub(super) amount: i64,
}

/// A file that may be downloaded.
#[derive(Debug)]
pub(super) struct Paper {
    token: String,
    mch_id: String,
    at: Moment,
    bytes: Vec<u8>,
}

/// Which bill.
#[derive(Debug, Deserialize)]
pub struct Which {
    bill_date: String,
    bill_type: Option<String>,
    account_type: Option<String>,
    tar_type: Option<String>,
}

/// `GET /v3/bill/tradebill`
#[handler]
pub(super) async fn offer_trade(
    Data(platform): Data<&Platform>,
    Query(which): Query<Which>,
    request: &Request,
    body: Body,
) -> poem::Result<Response> {
    serve(platform, Api::Paybill, request, body, |asked| {
        if !matches!(which.bill_type.as_deref(), None | Some("ALL")) {
            return Err(Refusal::parameter("bill_type"));
        }
        offer(platform, asked, &which, Sort::Trade)
    })
    .await
}

/// `GET /v3/bill/fundflowbill`
#[handler]
pub(super) async fn offer_fund_flow(
    Data(platform): Data<&Platform>,
    Query(which): Query<Which>,
    request: &Request,
    body: Body,
) -> poem::Result<Response> {
    serve(platform, Api::Paybill, request, body, |asked| {
        if !matches!(which.account_type.as_deref(), None | Some("BASIC")) {
            return Err(Refusal::parameter("account_type"));
        }
        offer(platform, asked, &which, Sort::Flow)
    })
    .await
}

/// Writes the file, unless it is there, and says where it lies.
fn offer(
    platform: &Platform,
    asked: &Asked<'_>,
    which: &Which,
    sort: Sort,
) -> Result<Reply, Refusal> {
    if which.tar_type.as_deref() != Some("GZIP") {
        return Err(Refusal::parameter("tar_type"));
    }
    let day = NaiveDate::parse_from_str(&which.bill_date, "%Y-%m-%d");
    let day = day.map_err(|_| Refusal::parameter("bill_date"))?;
    let ready = begin_of(day) + TimeDelta::days(1) + TimeDelta::hours(HOUR);
    if asked.now - ready > TimeDelta::days(DAYS) {
        return Err(Refusal::parameter("bill_date"));
    }
    if asked.now < ready {
        return Err(Refusal::new("STATEMENT_CREATING", "账单生成中"));
    }
    let packed = match platform.made(&asked.mch_id, day, sort) {
        Some(packed) => packed,
        None => {
            let deals = platform.deals_of(&asked.mch_id, day);
            if sort.is_empty(&deals) {
                return Err(Refusal::new("NO_STATEMENT_EXIST", "账单不存在"));
            }
            sort.write(deals)
                .map_err(|_| Refusal::new("SYSTEM_ERROR", "账单写不出来"))?
        }
    };
    let token = platform.0.dice.token();
    let elsewhere = matches!(
        asked.hit.as_ref().map(|hit| &hit.kind),
        Some(Kind::Forged(Forgery::Host))
    );
    let base = match elsewhere {
        true => "http://127.0.0.2:9/sandbox/pay",
        false => &asked.base,
    };
    let url = format!("{base}/v3/billdownload/file?token={token}&tartype=gzip");
    let mut state = platform.state();
    let files = &mut state.pay.files;
    if files.len() >= MOST {
        files.remove(0);
    }
    files.push(Paper {
        token,
        mch_id: asked.mch_id.clone(),
        at: asked.now,
        bytes: packed.bytes,
    });
    Ok(Reply::Json(json!({
        "hash_type": "SHA1",
        "hash_value": packed.sha1,
        "download_url": url,
    })))
}

/// Which file.
#[derive(Debug, Deserialize)]
pub struct File {
    token: String,
}

/// `GET /v3/billdownload/file`
#[handler]
pub(super) async fn give_file(
    Data(platform): Data<&Platform>,
    Query(which): Query<File>,
    request: &Request,
    body: Body,
) -> poem::Result<Response> {
    serve(platform, Api::Payfile, request, body, |asked| {
        let state = platform.state();
        let mut files = state.pay.files.iter();
        let known = files.find(|file| file.token == which.token && file.mch_id == asked.mch_id);
        let known = known.filter(|file| asked.now - file.at < TimeDelta::minutes(MINUTES));
        let known = known.ok_or_else(|| Refusal::parameter("token"))?;
        let mut bytes = known.bytes.clone();
        match asked.hit.as_ref().map(|hit| &hit.kind) {
            // What is inside says something else, and is packed as it should be.
            Some(Kind::Nonsense) => bytes = damage(&bytes),
            Some(Kind::Lost) => bytes.truncate(bytes.len() / 2),
            _ => {}
        }
        Ok(Reply::File(bytes))
    })
    .await
}

/// The same file with one more line break inside.
fn damage(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut more = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let packed = more.write_all(b"\r\n").and_then(|()| more.finish());
    [bytes, packed.unwrap_or_default().as_slice()].concat()
}

/// What happened on one day, and what was invented for it.
pub(super) struct Deals {
    real: std::vec::IntoIter<Deal>,
    mch_id: String,
    app_id: String,
    begin: i64,
    invented: u64,
    next: u64,
    moved: Vec<Moved>,
    /// What lay on the account before the day, in fen, without what was invented for earlier days.
    before: i64,
}

impl Iterator for Deals {
    type Item = Deal;

    fn next(&mut self) -> Option<Deal> {
        if let Some(deal) = self.real.next() {
            return Some(deal);
        }
        if self.next >= self.invented {
            return None;
        }
        let number = self.next;
        self.next += 1;
        let small = i64::try_from(number).unwrap_or_default();
        Some(Deal {
            at: self.begin + small % 86_400,
            app_id: self.app_id.clone(),
            mch_id: self.mch_id.clone(),
            transaction_id: format!("4299{number:0>24}"),
            out_trade_no: format!("invented-{number}"),
            openid: format!("invented-{}", number % 1000),
            total: 1 + small % 100_000,
            description: "物业费,3栋,501".to_owned(),
            attach: String::new(),
            refund: None,
        })
    }
}

impl Platform {
    /// Trades that never were, for long bills: so many payments on that day.
    pub fn invent_trades(&self, mch_id: &str, day: NaiveDate, count: u64) {
        let mut state = self.state();
        state.pay.invented.insert((mch_id.to_owned(), day), count);
        state.pay.keep_invented(mch_id, day, count);
    }

    /// Moves a merchant's money now, in fen: `提现` below 0 takes it to the bank. It stands in the fund-flow bill.
    pub fn move_funds(&self, mch_id: &str, kind: &str, amount: i64) {
        let now = self.now();
        let mut state = self.state();
        let number = state.pay.number("50", now);
        state.pay.moved.push(Moved {
            mch_id: mch_id.to_owned(),
            at: now,
            number,
            kind: kind.to_owned(),
            amount,
        });
        state.pay.keep_moved();
    }

    /// Makes a day's bill now, as the real platform does in the morning, and keeps it as it is: a long one
    /// takes longer to write than anybody waits for an answer.
    ///
    /// # Errors
    /// When it cannot be packed.
    pub fn make_bill(&self, mch_id: &str, day: NaiveDate, sort: Sort) -> std::io::Result<()> {
        let made = Made {
            mch_id: mch_id.to_owned(),
            day,
            sort,
            packed: sort.write(self.deals_of(mch_id, day))?,
        };
        let mut state = self.state();
        let bills = &mut state.pay.made_bills;
        bills.retain(|bill| bill.mch_id != mch_id || bill.day != day || bill.sort != sort);
        bills.push(made);
        Ok(())
    }

    fn made(&self, mch_id: &str, day: NaiveDate, sort: Sort) -> Option<Packed> {
        let state = self.state();
        let mut made = state.pay.made_bills.iter();
        let known = made.find(|bill| bill.mch_id == mch_id && bill.day == day && bill.sort == sort);
        known.map(|bill| bill.packed.clone())
    }

    fn deals_of(&self, mch_id: &str, day: NaiveDate) -> Deals {
        self.end_refunds();
        let state = self.state();
        let pay = &state.pay;
        let of = |at: Moment| china(at).date_naive();
        let all = deals_until(pay, mch_id, day);
        let (mut real, earlier): (Vec<_>, Vec<_>) = all.into_iter().partition(|(on, _)| *on == day);
        real.sort_by(|(_, a), (_, b)| (a.at, &a.out_trade_no).cmp(&(b.at, &b.out_trade_no)));
        let own = pay.moved.iter().filter(|one| one.mch_id == mch_id);
        let (moved, gone): (Vec<&Moved>, Vec<&Moved>) = own
            .filter(|one| of(one.at) <= day)
            .partition(|one| of(one.at) == day);
        let dealt: i64 = earlier.iter().map(|(_, deal)| deal.net()).sum();
        let before = dealt + gone.iter().map(|one| one.amount).sum::<i64>();
        let invented = pay.invented.get(&(mch_id.to_owned(), day)).copied();
        let real: Vec<Deal> = real.into_iter().map(|(_, deal)| deal).collect();
        Deals {
            real: real.into_iter(),
            mch_id: mch_id.to_owned(),
            app_id: self.0.config.app_id.clone(),
            begin: begin_of(day).timestamp(),
            invented: invented.unwrap_or_default(),
            next: 0,
            moved: moved.into_iter().cloned().collect(),
            before,
        }
    }
}

/// What really happened up to the end of a day, each with its day.
fn deals_until(pay: &Memory, mch_id: &str, day: NaiveDate) -> Vec<(NaiveDate, Deal)> {
    let in_time = |at: Moment| Some(china(at).date_naive()).filter(|on| *on <= day);
    let mut all = Vec::new();
    for order in pay.orders.values().filter(|order| order.mch_id == mch_id) {
        let deal = |at: Moment| Deal {
            at: at.timestamp(),
            app_id: order.app_id.clone(),
            mch_id: mch_id.to_owned(),
            transaction_id: order.transaction_id.clone().unwrap_or_default(),
            out_trade_no: order.out_trade_no.clone(),
            openid: order.openid.clone(),
            total: order.total,
            description: order.description.clone(),
            attach: order.attach.clone(),
            refund: None,
        };
        if let Some(at) = order.paid_at
            && let Some(on) = in_time(at)
        {
            all.push((on, deal(at)));
        }
        let refunds = pay.refunds.values();
        for refund in refunds
            .filter(|refund| refund.mch_id == mch_id && refund.out_trade_no == order.out_trade_no)
        {
            if let Some(at) = refund.ended
                && let Some(on) = in_time(at)
            {
                let back = Deal {
                    total: 0,
                    refund: Some(Back {
                        refund_id: refund.refund_id.clone(),
                        out_refund_no: refund.out_refund_no.clone(),
                        refund: refund.refund,
                    }),
                    ..deal(at)
                };
                all.push((on, back));
            }
        }
    }
    all
}
