//! Rows of the two bills, and what their summaries must say (protocols.md §5.8). Without I/O.

use chrono::{DateTime, NaiveDateTime};

use super::super::PayError;
use super::table::Record;

/// China's clocks are ahead of UTC by so many seconds; bills write no offset.
const CHINA: i64 = 8 * 3600;

/// A row that a bill can be made of.
pub trait BillRow: Sized + Send + 'static {
    /// What is added up to be held against the summary.
    type Tally: Tally<Self> + Default + Send + 'static;
}

/// Sums over all rows.
pub trait Tally<R>: sealed::Read<R> {
    /// Adds one row.
    ///
    /// # Errors
    /// [`PayError::Bill`] when a sum does not fit.
    fn add(&mut self, row: &R) -> Result<(), PayError>;
}

pub(super) mod sealed {
    //! What only this folder needs to know of a bill.
    use super::{PayError, Record};

    /// How a row is read, and what the summary must say.
    pub trait Read<R> {
        /// Columns that must be there.
        const NEEDED: &'static [&'static str];
        /// Reads one row.
        fn read(record: Record<'_>) -> Result<R, PayError>;
        /// Whether the summary says what was added up.
        fn agrees(&self, summary: Record<'_>) -> Result<bool, PayError>;
    }
}

/// One payment or one refund of the trade bill (交易账单), amounts in fen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TradeRow {
    /// When, UTC seconds.
    pub at: i64,
    /// AppID.
    pub app_id: String,
    /// 商户号.
    pub mch_id: String,
    /// The platform's number of the payment.
    pub transaction_id: String,
    /// Ours.
    pub out_trade_no: String,
    /// Who paid.
    pub openid: String,
    /// `SUCCESS` for a payment, `REFUND` for a refund, `REVOKED`.
    pub state: String,
    /// 应结订单金额: what the merchant gets for a payment; 0 on a refund's row.
    pub settled: i64,
    /// 订单金额: the order's amount; 0 on a refund's row.
    pub total: i64,
    /// The platform's number of the refund, on a refund's row.
    pub refund_id: Option<String>,
    /// Ours.
    pub out_refund_no: Option<String>,
    /// 退款金额: what the merchant gives.
    pub refund: i64,
    /// 申请退款金额: what was asked for.
    pub refund_asked: i64,
    /// `SUCCESS`, `PROCESSING` …, on a refund's row.
    pub refund_status: Option<String>,
    /// 商品名称.
    pub product: String,
    /// 商户数据包: what we gave along.
    pub attach: Option<String>,
    /// 手续费: negative when it is given back with a refund.
    pub fee: i64,
}

impl BillRow for TradeRow {
    type Tally = TradeTally;
}

/// Sums of a trade bill.
#[derive(Debug, Default)]
pub struct TradeTally {
    rows: u64,
    settled: i64,
    refund: i64,
    fee: i64,
    total: i64,
    refund_asked: i64,
}

impl Tally<TradeRow> for TradeTally {
    fn add(&mut self, row: &TradeRow) -> Result<(), PayError> {
        self.rows += 1;
        for (sum, part) in [
            (&mut self.settled, row.settled),
            (&mut self.refund, row.refund),
            (&mut self.fee, row.fee),
            (&mut self.total, row.total),
            (&mut self.refund_asked, row.refund_asked),
        ] {
            *sum = add(*sum, part)?;
        }
        Ok(())
    }
}

impl sealed::Read<TradeRow> for TradeTally {
    const NEEDED: &'static [&'static str] = &[
        "交易时间",
        "商户号",
        "微信订单号",
        "商户订单号",
        "交易状态",
        "应结订单金额",
        "手续费",
    ];

    fn read(record: Record<'_>) -> Result<TradeRow, PayError> {
        let text = |name: &str| record.find(name).unwrap_or_default().to_owned();
        Ok(TradeRow {
            at: time(record.get("交易时间")?)?,
            app_id: text("公众账号ID"),
            mch_id: record.get("商户号")?.to_owned(),
            transaction_id: record.get("微信订单号")?.to_owned(),
            out_trade_no: record.get("商户订单号")?.to_owned(),
            openid: text("用户标识"),
            state: record.get("交易状态")?.to_owned(),
            settled: record.fen("应结订单金额")?,
            total: record.fen_or_zero("订单金额")?,
            refund_id: record.text("微信退款单号"),
            out_refund_no: record.text("商户退款单号"),
            refund: record.fen_or_zero("退款金额")?,
            refund_asked: record.fen_or_zero("申请退款金额")?,
            refund_status: record.text("退款状态"),
            product: text("商品名称"),
            attach: record
                .find("商户数据包")
                .filter(|text| !text.is_empty())
                .map(str::to_owned),
            fee: record.fen("手续费")?,
        })
    }

    fn agrees(&self, summary: Record<'_>) -> Result<bool, PayError> {
        if summary.count("总交易单数")? != self.rows {
            return Ok(false);
        }
        for (name, sum) in [
            ("应结订单总金额", self.settled),
            ("退款总金额", self.refund),
            ("手续费总金额", self.fee),
            ("订单总金额", self.total),
            ("申请退款总金额", self.refund_asked),
        ] {
            // Bills of one kind leave out what they have no column for.
            if summary.find(name).is_some() && summary.fen(name)? != sum {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// Whether money came or went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// 收入.
    Income,
    /// 支出.
    Expense,
}

/// One movement of the merchant's account (资金账单), amounts in fen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlowRow {
    /// When it was booked, UTC seconds.
    pub at: i64,
    /// 微信支付业务单号: the platform's number of the payment or refund.
    pub business_no: String,
    /// 资金流水单号.
    pub flow_no: String,
    /// 业务名称.
    pub name: String,
    /// 业务类型: 交易, 退款, 扣除交易手续费, 提现 …
    pub kind: String,
    /// Whether it came or went.
    pub direction: Direction,
    /// Fen, not negative.
    pub amount: i64,
    /// 账户结余 after it.
    pub balance: i64,
    /// 备注.
    pub note: Option<String>,
    /// 业务凭证号: our number of the order or refund, where there is one.
    pub voucher: Option<String>,
}

impl BillRow for FlowRow {
    type Tally = FlowTally;
}

/// Sums of a fund-flow bill.
#[derive(Debug, Default)]
pub struct FlowTally {
    incomes: u64,
    income: i64,
    expenses: u64,
    expense: i64,
}

impl Tally<FlowRow> for FlowTally {
    fn add(&mut self, row: &FlowRow) -> Result<(), PayError> {
        let (count, sum) = match row.direction {
            Direction::Income => (&mut self.incomes, &mut self.income),
            Direction::Expense => (&mut self.expenses, &mut self.expense),
        };
        *count += 1;
        *sum = add(*sum, row.amount)?;
        Ok(())
    }
}

impl sealed::Read<FlowRow> for FlowTally {
    const NEEDED: &'static [&'static str] = &[
        "记账时间",
        "微信支付业务单号",
        "资金流水单号",
        "业务类型",
        "收支类型",
        "收支金额",
        "账户结余",
    ];

    fn read(record: Record<'_>) -> Result<FlowRow, PayError> {
        Ok(FlowRow {
            at: time(record.get("记账时间")?)?,
            business_no: record.get("微信支付业务单号")?.to_owned(),
            flow_no: record.get("资金流水单号")?.to_owned(),
            name: record.find("业务名称").unwrap_or_default().to_owned(),
            kind: record.get("业务类型")?.to_owned(),
            direction: match record.get("收支类型")? {
                "收入" => Direction::Income,
                "支出" => Direction::Expense,
                _ => return Err(PayError::Bill("money that neither comes nor goes")),
            },
            amount: record.fen("收支金额")?,
            balance: record.fen("账户结余")?,
            note: record.text("备注"),
            voucher: record.text("业务凭证号"),
        })
    }

    fn agrees(&self, summary: Record<'_>) -> Result<bool, PayError> {
        Ok(
            summary.count("资金流水总笔数")? == self.incomes + self.expenses
                && summary.count("收入笔数")? == self.incomes
                && summary.fen("收入金额")? == self.income
                && summary.count("支出笔数")? == self.expenses
                && summary.fen("支出金额")? == self.expense,
        )
    }
}

fn add(sum: i64, part: i64) -> Result<i64, PayError> {
    sum.checked_add(part)
        .ok_or(PayError::Bill("a sum does not fit"))
}

/// `2019-02-19 05:01:46`, in China.
fn time(text: &str) -> Result<i64, PayError> {
    NaiveDateTime::parse_from_str(text.trim(), "%Y-%m-%d %H:%M:%S")
        .map(|at| at.and_utc().timestamp() - CHINA)
        .map_err(|_| PayError::Bill("a time cannot be read"))
}

/// How a bill writes UTC seconds; empty when no calendar has that moment.
#[must_use]
pub fn write_time(at: i64) -> String {
    DateTime::from_timestamp(at + CHINA, 0)
        .map(|moment| moment.format("%Y-%m-%d %H:%M:%S").to_string())
        .unwrap_or_default()
}
