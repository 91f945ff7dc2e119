//! The platform's fund-flow bill (资金账单): all that moved on the merchant's own account there. It is read a part at
//! a time; its fee is held against the trade bill's, what lay there in the end against the books, and money that
//! went to the bank (提现) is booked. Called by `run`, and by `store` in the day's transaction.

use chrono::{Days, NaiveDate, TimeDelta};
use entity::money::{DifferenceKind, EntryKind, PaymentState, RefundState};
use entity::{payment, recon_difference, reconciliation, refund};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder};

use super::compare::{Compared, Difference, MIDNIGHT, PART};
use super::{Failure, Wanted};
use crate::base::clock::begin_of;
use crate::base::fault::Fault;
use crate::ledger::Account;
use crate::ledger::floor::{change, short};
use crate::ledger::post::{Draft, Transfer};
use crate::ledger::queries::{by_day, of_subject};
use crate::store::Tx;
use crate::voucher::queries::was_entered;
use crate::wechat::pay::{Action, Client, Direction, FlowRow, PayError};

/// Most transfers to and from the bank of one day.
const MOST: usize = 1_000;
/// Most characters of the platform's number of one, which becomes a cause in the books.
const NUMBER: usize = 48;
/// People may have entered a transfer for a day so long before and after it: banks take their time.
const ENTERED: (u64, u64) = (1, 7);
/// References of the two differences of which a day has one at most.
const FEE: &str = "fee";
const LEFT: &str = "left";

/// What came of reading it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Flow {
    /// The platform's fee less what it gave back of it, in fen.
    fee: i64,
    /// What lay there after the last row, in fen; none when the rows do not follow from each other.
    left: Option<i64>,
    transfers: Vec<Moved>,
}

/// Money that went to the bank.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Moved {
    /// The platform's number of it.
    number: String,
    /// In fen; below 0 when it came back.
    amount: i64,
}

/// What lay at the platform at the end of a day, in fen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ends {
    pub ours: i64,
    pub theirs: i64,
}

/// Sums over the rows.
#[derive(Default)]
struct Sums {
    flow: Flow,
    net: i64,
    /// Of the first and of the last row: what it moved, and what lay there after it.
    ends: Option<[(i64, i64); 2]>,
}

impl Sums {
    fn add(&mut self, row: FlowRow) -> Result<(), PayError> {
        let odd = || PayError::Bill("a sum does not fit");
        let moved = match row.direction {
            Direction::Income => row.amount,
            Direction::Expense => -row.amount,
        };
        self.net = self.net.checked_add(moved).ok_or_else(odd)?;
        let first = self.ends.map_or((moved, row.balance), |[first, _]| first);
        self.ends = Some([first, (moved, row.balance)]);
        let is = |word: &str| row.kind.contains(word) || row.name.contains(word);
        if is("手续费") {
            self.flow.fee = self.flow.fee.checked_sub(moved).ok_or_else(odd)?;
        } else if is("提现") {
            let number = row.flow_no;
            let fine = number.bytes().all(|byte| byte.is_ascii_alphanumeric());
            if !fine || number.is_empty() || number.len() > NUMBER {
                return Err(PayError::Bill("a number is none"));
            }
            if self.flow.transfers.len() >= MOST {
                return Err(PayError::Bill("too much goes to the bank"));
            }
            self.flow.transfers.push(Moved {
                number,
                amount: -moved,
            });
        }
        Ok(())
    }

    /// Its rows may stand in either order of time: what lay there in the end is where the sum leads to.
    fn end(self) -> Flow {
        let leads = |from: (i64, i64), to: (i64, i64)| {
            let before = from.1.checked_sub(from.0);
            before.and_then(|before| before.checked_add(self.net)) == Some(to.1)
        };
        let left = self.ends.and_then(|[first, last]| {
            if leads(first, last) {
                Some(last.1)
            } else if leads(last, first) {
                Some(first.1)
            } else {
                None
            }
        });
        Flow { left, ..self.flow }
    }
}

/// Reads a day's. None when nothing moved, and when the platform does not give it to this merchant: the trade bill
/// is compared all the same.
pub(super) async fn read(
    client: &Client,
    day: NaiveDate,
    now: i64,
) -> Result<Option<Flow>, Failure> {
    let mut bill = match client.fund_flow_bill(day, now).await {
        Ok(Some(bill)) => bill,
        Ok(None) => return Ok(None),
        Err(error) if is_withheld(&error) => {
            tracing::warn!(%day, %error, "the platform gives no fund-flow bill");
            return Ok(None);
        }
        Err(error) => return Err(error.into()),
    };
    let mut sums = Sums::default();
    loop {
        let (rest, rows) = bill.batch(PART).await?;
        if rows.is_empty() {
            return Ok(Some(sums.end()));
        }
        bill = rest;
        for row in rows {
            sums.add(row)?;
        }
    }
}

/// Whether it says so itself, and would say the same again.
fn is_withheld(error: &PayError) -> bool {
    let again = [Action::Repeat, Action::Slower, Action::Later];
    error.code().is_some() && !again.contains(&error.action())
}

/// The two bills name one fee.
pub(super) fn hold_fee(flow: &Flow, compared: &mut Compared) {
    let ours: i64 = compared.fees.values().sum();
    if ours != flow.fee {
        let one = difference(DifferenceKind::Fee, FEE, None, (Some(ours), flow.fee));
        compared.differences.push(one);
    }
}

fn difference(
    kind: DifferenceKind,
    reference: &str,
    compound_id: Option<i64>,
    (ours, theirs): (Option<i64>, i64),
) -> Difference {
    Difference {
        kind,
        reference: reference.to_owned(),
        compound_id,
        ours,
        theirs: Some(theirs),
        row: None,
        solved: None,
    }
}

/// The entries of what went to the bank, each once, behind those that the day has already. What a person may have
/// entered, or what the books do not have, is a difference.
pub(super) async fn to_bank(
    tx: &Tx,
    wanted: Wanted<'_>,
    compound_id: i64,
    flow: &Flow,
    known: &[recon_difference::Model],
    drafts: &mut Vec<Draft>,
) -> Result<Vec<Difference>, Fault> {
    let mut left = Vec::new();
    for one in &flow.transfers {
        let subject = format!("withdrawal:{}:{}", wanted.merchant, one.number);
        if one.amount == 0 || !of_subject(tx.db(), compound_id, &subject).await?.is_empty() {
            continue;
        }
        let (debit, credit, says) = match one.amount > 0 {
            true => (Account::Bank, Account::Wechat, "微信支付提现到银行"),
            false => (Account::Wechat, Account::Bank, "提现从银行退回微信支付"),
        };
        let transfer = Transfer {
            debit,
            credit,
            amount: one.amount.saturating_abs(),
        };
        let said = known.iter().any(|row| {
            row.kind == DifferenceKind::Withdrawal
                && row.reference == one.number
                && row.solved_by.is_some()
        });
        let all = [moved_by(drafts, compound_id), vec![transfer]].concat();
        // This locks the accounts, so that whoever enters the same at this moment is seen, or sees us.
        let lacks = short(tx, compound_id, wanted.day, &all).await?.is_some();
        let by_hand =
            said || was_entered(tx.db(), compound_id, transfer, around(wanted.day)).await?;
        if by_hand || lacks {
            let kind = DifferenceKind::Withdrawal;
            let sides = (None, one.amount);
            left.push(difference(kind, &one.number, Some(compound_id), sides));
            continue;
        }
        drafts.push(Draft {
            compound_id,
            day: wanted.day,
            cause: format!("{subject}:moved"),
            kind: EntryKind::Transfer,
            memo: format!("{}{says}", wanted.day),
            reverses: None,
            transfers: vec![transfer],
        });
    }
    Ok(left)
}

/// What entries that are not written yet will move in a compound's books.
fn moved_by(drafts: &[Draft], compound_id: i64) -> Vec<Transfer> {
    let own = drafts.iter().filter(|one| one.compound_id == compound_id);
    own.flat_map(|one| one.transfers.iter().copied()).collect()
}

fn around(day: NaiveDate) -> (NaiveDate, NaiveDate) {
    let (before, after) = ENTERED;
    (
        day.checked_sub_days(Days::new(before)).unwrap_or(day),
        day.checked_add_days(Days::new(after)).unwrap_or(day),
    )
}

/// What lay at the platform at the end of the day, by the bill and by the books with what is still to be written.
/// None while something of the day is open or money was on its way: the next day shows it.
pub(super) async fn ends(
    tx: &Tx,
    wanted: Wanted<'_>,
    compound_id: i64,
    flow: &Flow,
    (found, drafts): (&[Difference], &[Draft]),
) -> Result<Option<Ends>, Fault> {
    let Some(theirs) = flow.left else {
        return Ok(None);
    };
    let is_open = found.iter().any(|one| one.solved.is_none());
    if is_open || on_its_way(tx, wanted, compound_id).await? {
        return Ok(None);
    }
    let moved = by_day(tx.db(), compound_id, Account::Wechat).await?;
    let booked: i64 = moved.range(..=wanted.day).map(|(_, by)| *by).sum();
    let ours = booked + change(Account::Wechat, &moved_by(drafts, compound_id));
    Ok(Some(Ends { ours, theirs }))
}

/// Whether something may stand on one day there and on another here: what was paid around midnight, and refunds,
/// which are booked when we hear that they are done.
async fn on_its_way(tx: &Tx, wanted: Wanted<'_>, compound_id: i64) -> Result<bool, Fault> {
    let midnight = begin_of(wanted.day) + TimeDelta::hours(24);
    let (before, after) = (midnight - MIDNIGHT, midnight + MIDNIGHT);
    let days = [Some(wanted.day), wanted.day.succ_opt()];
    let paid = payment::Entity::find()
        .filter(payment::COLUMN.merchant.eq(wanted.merchant))
        .filter(payment::COLUMN.day.is_in(days.into_iter().flatten()))
        .filter(payment::COLUMN.state.eq(PaymentState::Paid))
        .filter(payment::COLUMN.paid_at.gte(before))
        .filter(payment::COLUMN.paid_at.lt(after))
        .one(tx.db())
        .await?;
    if paid.is_some() {
        return Ok(true);
    }
    // What the platform could not send back has not left it.
    let under_way = [RefundState::Approved, RefundState::Sent];
    let over = [RefundState::Done, RefundState::Closed];
    let later = Condition::all()
        .add(refund::COLUMN.state.is_in(over))
        .add(refund::COLUMN.updated_at.gte(before));
    let back = refund::Entity::find()
        .filter(refund::COLUMN.compound_id.eq(compound_id))
        .filter(refund::COLUMN.created_at.lt(after))
        .filter(
            Condition::any()
                .add(refund::COLUMN.state.is_in(under_way))
                .add(later),
        )
        .one(tx.db())
        .await?;
    Ok(back.is_some())
}

/// The difference of the ends, where it is another one than on the last day on which they were compared: what was
/// there before the books began is explained once.
pub(super) async fn hold_ends(
    tx: &Tx,
    wanted: Wanted<'_>,
    compound_id: i64,
    ends: Ends,
) -> Result<Option<Difference>, Fault> {
    let gap = ends.theirs - ends.ours;
    let last = reconciliation::Entity::find()
        .filter(reconciliation::COLUMN.merchant.eq(wanted.merchant))
        .filter(reconciliation::COLUMN.day.lt(wanted.day))
        .filter(reconciliation::COLUMN.left_theirs.is_not_null())
        .order_by_desc(reconciliation::Column::Day)
        .one(tx.db())
        .await?;
    let known = last.and_then(|row| Some(row.left_theirs? - row.left_ours?));
    if gap == 0 || known == Some(gap) {
        return Ok(None);
    }
    let sides = (Some(ends.ours), ends.theirs);
    let kind = DifferenceKind::Balance;
    Ok(Some(difference(kind, LEFT, Some(compound_id), sides)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(kind: &str, moved: i64, balance: i64) -> FlowRow {
        FlowRow {
            at: 0,
            business_no: "1".to_owned(),
            flow_no: "16200001".to_owned(),
            name: "交易".to_owned(),
            kind: kind.to_owned(),
            direction: match moved > 0 {
                true => Direction::Income,
                false => Direction::Expense,
            },
            amount: moved.abs(),
            balance,
            note: None,
            voucher: None,
        }
    }

    fn sum(rows: impl IntoIterator<Item = FlowRow>) -> Flow {
        let mut sums = Sums::default();
        for row in rows {
            sums.add(row).unwrap();
        }
        sums.end()
    }

    #[test]
    fn what_is_left_is_found_in_either_order_of_the_rows() {
        let rows = [
            row("交易", 1_000, 1_500),
            row("扣除交易手续费", -6, 1_494),
            row("提现", -900, 594),
            row("退款手续费", 2, 596),
        ];
        let flow = sum(rows.clone());
        assert_eq!((flow.fee, flow.left), (4, Some(596)));
        assert_eq!(flow.transfers.len(), 1);
        assert_eq!(flow.transfers[0].amount, 900);
        assert_eq!(sum(rows.into_iter().rev()).left, Some(596));
        let torn = [row("交易", 1_000, 1_500), row("交易", 1_000, 9_000)];
        assert_eq!(sum(torn).left, None);
        assert_eq!(sum([]), Flow::default());
    }

    #[test]
    fn a_number_that_the_books_cannot_bear_is_refused() {
        let long = "1".repeat(NUMBER + 1);
        for number in ["", "1:2", long.as_str()] {
            let odd = FlowRow {
                flow_no: number.to_owned(),
                ..row("提现", -900, 0)
            };
            assert!(Sums::default().add(odd).is_err(), "{number}");
        }
    }
}
