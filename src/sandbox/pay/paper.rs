//! How bills are written (protocols.md §5.8): a mark of UTF-8 in front, lines that end in CR and LF,
//! a backtick before each value, a summary; packed with gzip. Without I/O.

use std::io::Write;

use aws_lc_rs::digest::{Context, SHA1_FOR_LEGACY_USE_ONLY};
use flate2::Compression;
use flate2::write::GzEncoder;

use super::bills::Moved;
use crate::wechat::crypto::hex;
use crate::wechat::pay::bill::write_time;
use crate::wechat::pay::bill::yuan::write as yuan;

const TRADE: &str = "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注";
const TRADE_SUMMARY: &str =
    "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额";
const FLOW: &str = "记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,收支金额（元）,账户结余（元）,资金变更提交申请人,备注,业务凭证号";
const FLOW_SUMMARY: &str = "资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额";

/// What a row of either bill is made of.
#[derive(Clone, Debug)]
pub(super) struct Deal {
    /// UTC seconds.
    pub(super) at: i64,
    pub(super) app_id: String,
    pub(super) mch_id: String,
    pub(super) transaction_id: String,
    pub(super) out_trade_no: String,
    pub(super) openid: String,
    /// Fen of the payment; 0 for a refund.
    pub(super) total: i64,
    pub(super) description: String,
    pub(super) attach: String,
    pub(super) refund: Option<Back>,
}

/// What a refund's row says beside.
#[derive(Clone, Debug)]
pub(super) struct Back {
    pub(super) refund_id: String,
    pub(super) out_refund_no: String,
    pub(super) refund: i64,
}

impl Deal {
    /// Six thousandths, rounded half up; given back with a refund.
    fn fee(&self) -> i64 {
        let (amount, sign) = match &self.refund {
            Some(back) => (back.refund, -1),
            None => (self.total, 1),
        };
        sign * ((amount * 6 + 500) / 1000)
    }

    /// What it moved on the merchant's account.
    pub(super) fn net(&self) -> i64 {
        let back = self.refund.as_ref().map_or(0, |back| back.refund);
        self.total - back - self.fee()
    }
}

/// A finished file.
#[derive(Clone, Debug)]
pub(super) struct Packed {
    pub(super) bytes: Vec<u8>,
    /// Of what is inside, in hex.
    pub(super) sha1: String,
}

/// A file that is being written.
struct Paper {
    out: GzEncoder<Vec<u8>>,
    hash: Context,
}

impl Paper {
    fn new(header: &str) -> std::io::Result<Self> {
        let mut paper = Self {
            out: GzEncoder::new(Vec::new(), Compression::fast()),
            hash: Context::new(&SHA1_FOR_LEGACY_USE_ONLY),
        };
        paper.line(&format!("\u{feff}{header}"))?;
        Ok(paper)
    }

    fn line(&mut self, text: &str) -> std::io::Result<()> {
        for part in [text.as_bytes(), b"\r\n"] {
            self.hash.update(part);
            self.out.write_all(part)?;
        }
        Ok(())
    }

    fn values(&mut self, values: &[&str]) -> std::io::Result<()> {
        self.line(&format!("`{}", values.join(",`")))
    }

    fn finish(self) -> std::io::Result<Packed> {
        Ok(Packed {
            bytes: self.out.finish()?,
            sha1: hex(self.hash.finish().as_ref()),
        })
    }
}

/// The trade bill.
pub(super) fn trade(deals: impl Iterator<Item = Deal>) -> std::io::Result<Packed> {
    let mut paper = Paper::new(TRADE)?;
    let (mut rows, mut total, mut refunded, mut fees) = (0_u64, 0_i64, 0_i64, 0_i64);
    for deal in deals {
        let back = deal.refund.as_ref();
        let refund = back.map_or(0, |back| back.refund);
        let fee = deal.fee();
        rows += 1;
        total += deal.total;
        refunded += refund;
        fees += fee;
        let text = |amount: i64| yuan(amount);
        paper.values(&[
            &write_time(deal.at),
            &deal.app_id,
            &deal.mch_id,
            "0",
            "",
            &deal.transaction_id,
            &deal.out_trade_no,
            &deal.openid,
            "JSAPI",
            if back.is_some() { "REFUND" } else { "SUCCESS" },
            "OTHERS",
            "CNY",
            &text(deal.total),
            "0.00",
            back.map_or("0", |back| &back.refund_id),
            back.map_or("0", |back| &back.out_refund_no),
            &text(refund),
            "0.00",
            if back.is_some() { "ORIGINAL" } else { "" },
            if back.is_some() { "SUCCESS" } else { "" },
            &deal.description,
            &deal.attach,
            &format!("{}000", text(fee)),
            "0.60%",
            &text(deal.total),
            &text(refund),
            "",
        ])?;
    }
    paper.line(TRADE_SUMMARY)?;
    let rows = format!("{rows}.0");
    let (total, refunded) = (yuan(total), yuan(refunded));
    paper.values(&[
        &rows,
        &total,
        &refunded,
        "0.0",
        &yuan(fees),
        &total,
        &refunded,
    ])?;
    paper.finish()
}

/// The fund-flow bill: what each deal moved and its fee, then what moved without a deal; `before` lay there.
pub(super) fn fund_flow(
    before: i64,
    moved: &[Moved],
    deals: impl Iterator<Item = Deal>,
) -> std::io::Result<Packed> {
    let mut flow = Flow {
        paper: Paper::new(FLOW)?,
        balance: before,
        incomes: (0, 0),
        expenses: (0, 0),
    };
    for deal in deals {
        let back = deal.refund.as_ref();
        let number = back.map_or(&deal.transaction_id, |back| &back.refund_id);
        let voucher = back.map_or(&deal.out_trade_no, |back| &back.out_refund_no);
        let amount = back.map_or(deal.total, |back| -back.refund);
        let name = if back.is_some() { "退款" } else { "交易" };
        let at = write_time(deal.at);
        flow.row(&at, number, (name, name), amount, voucher)?;
        flow.row(&at, number, (name, "交易手续费"), -deal.fee(), voucher)?;
    }
    for one in moved {
        let at = write_time(one.at.timestamp());
        let words = (one.kind.as_str(), one.kind.as_str());
        flow.row(&at, &one.number, words, one.amount, "")?;
    }
    flow.finish()
}

/// A fund-flow bill that is being written: how many rows and fen came and went.
struct Flow {
    paper: Paper,
    balance: i64,
    incomes: (u64, i64),
    expenses: (u64, i64),
}

impl Flow {
    /// What moves nothing has no row.
    fn row(
        &mut self,
        at: &str,
        number: &str,
        (name, kind): (&str, &str),
        amount: i64,
        voucher: &str,
    ) -> std::io::Result<()> {
        if amount == 0 {
            return Ok(());
        }
        self.balance += amount;
        let (side, direction) = match amount > 0 {
            true => (&mut self.incomes, "收入"),
            false => (&mut self.expenses, "支出"),
        };
        side.0 += 1;
        side.1 += amount.abs();
        let row = self.incomes.0 + self.expenses.0;
        self.paper.values(&[
            at,
            number,
            &format!("{number}{row:0>8}"),
            name,
            kind,
            direction,
            &yuan(amount.abs()),
            &yuan(self.balance),
            "system",
            "",
            voucher,
        ])
    }

    fn finish(mut self) -> std::io::Result<Packed> {
        self.paper.line(FLOW_SUMMARY)?;
        let count = |number: u64| format!("{number}.0");
        let ((incomes, income), (expenses, expense)) = (self.incomes, self.expenses);
        self.paper.values(&[
            &count(incomes + expenses),
            &count(incomes),
            &yuan(income),
            &count(expenses),
            &yuan(expense),
        ])?;
        self.paper.finish()
    }
}
