//! The bill's rows against ours. Of ours only the keys of the day are held, a bit each; of theirs one part at a
//! time and what differs. Nothing is written here: rows count for nothing before the
//! bill's summary was held against all of them.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::TimeDelta;
use entity::money::{DifferenceKind, PayWay, PaymentState, RefundState};
use entity::{payment, refund};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::keys::Keys;
use super::{Failure, Wanted};
use crate::base::clock::begin_of;
use crate::base::fault::Fault;
use crate::payment::actions::refund::paid_by_people;
use crate::store::Store;
use crate::wechat::pay::{Bill, PayError, TradeRow};

/// Rows of one part.
pub(super) const PART: usize = 2_000;
/// Keys of ours of one look.
const KEYS: u64 = 20_000;
/// Around midnight the platform's clock and ours may name different days.
pub(super) const MIDNIGHT: TimeDelta = TimeDelta::minutes(5);
/// Differences that are kept of one day: beyond it somebody has to look at the whole.
const MOST: usize = 20_000;

/// Something that differs.
#[derive(Clone, Debug)]
pub(super) struct Difference {
    pub kind: DifferenceKind,
    /// Our number, or theirs where we have none.
    pub reference: String,
    pub compound_id: Option<i64>,
    pub ours: Option<i64>,
    pub theirs: Option<i64>,
    /// Theirs, for following it.
    pub row: Option<TradeRow>,
    /// What became of it when it was followed, for people.
    pub solved: Option<&'static str>,
}

/// Counts and sums in fen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Side {
    pub count: i32,
    pub amount: i64,
}

impl Side {
    fn add(&mut self, amount: i64) {
        self.count = self.count.saturating_add(1);
        self.amount = self.amount.saturating_add(amount);
    }
}

/// What came of comparing.
#[derive(Debug, Default)]
pub(super) struct Compared {
    pub ours: Side,
    pub theirs: Side,
    pub differences: Vec<Difference>,
    /// The platform's fee by compound, in fen; less than 0 when more was given back.
    pub fees: BTreeMap<Option<i64>, i64>,
}

/// A payment of ours, as far as it is held against the bill.
struct Ours {
    id: i64,
    compound_id: i64,
    is_paid: bool,
    amount: i64,
    merchant: Option<String>,
    transaction_id: Option<String>,
}

pub(super) async fn compare(
    store: &Store,
    wanted: Wanted<'_>,
    bill: Option<Bill<TradeRow>>,
) -> Result<Compared, Failure> {
    let mut compared = Compared::default();
    let mut unseen = ours(store, wanted, &mut compared).await?;
    let mut refunds: HashSet<String> = HashSet::new();
    let (mut left, mut rows) = batch(bill).await?;
    while !rows.is_empty() {
        let part = std::mem::take(&mut rows);
        // The next part is read while the database looks for this one.
        let held = hold(
            store,
            wanted,
            part,
            &mut unseen,
            &mut refunds,
            &mut compared,
        );
        ((left, rows), ()) = tokio::try_join!(batch(left), held)?;
        if compared.differences.len() > MOST {
            return Err(PayError::Bill("it has nothing in common with our books").into());
        }
    }
    missing(store, &unseen, &mut compared).await?;
    missing_refunds(store, wanted, &refunds, &mut compared).await?;
    Ok(compared)
}

/// The next part of the bill; empty at its end.
async fn batch(
    bill: Option<Bill<TradeRow>>,
) -> Result<(Option<Bill<TradeRow>>, Vec<TradeRow>), Failure> {
    let Some(bill) = bill else {
        return Ok((None, Vec::new()));
    };
    let (rest, rows) = bill.batch(PART).await?;
    Ok((Some(rest), rows))
}

/// Holds a part against ours.
async fn hold(
    store: &Store,
    wanted: Wanted<'_>,
    rows: Vec<TradeRow>,
    unseen: &mut Keys,
    refunds: &mut HashSet<String>,
    compared: &mut Compared,
) -> Result<(), Failure> {
    let (back, paid): (Vec<TradeRow>, Vec<TradeRow>) = rows
        .into_iter()
        .partition(|row| row.out_refund_no.is_some());
    payments(store, wanted, paid, unseen, compared).await?;
    refunds.extend(back.iter().filter_map(|row| row.out_refund_no.clone()));
    given_back(store, back, compared).await?;
    Ok(())
}

/// Counts ours of the day; their keys.
async fn ours(store: &Store, wanted: Wanted<'_>, compared: &mut Compared) -> Result<Keys, Fault> {
    let mut keys = Keys::default();
    let mut after = 0;
    loop {
        let part: Vec<(i64, i64)> = payment::Entity::find()
            .select_only()
            .column(payment::Column::Id)
            .column(payment::Column::Amount)
            .filter(payment::COLUMN.merchant.eq(wanted.merchant))
            .filter(payment::COLUMN.way.eq(PayWay::Wechat))
            .filter(payment::COLUMN.state.eq(PaymentState::Paid))
            .filter(payment::COLUMN.day.eq(wanted.day))
            .filter(payment::COLUMN.id.gt(after))
            .order_by_asc(payment::Column::Id)
            .limit(KEYS)
            .into_tuple()
            .all(store.read())
            .await?;
        let is_last = (part.len() as u64) < KEYS;
        for (id, amount) in part {
            after = id;
            keys.insert(id);
            compared.ours.add(amount);
        }
        if is_last {
            return Ok(keys);
        }
    }
}

/// Ours by the numbers of these rows.
async fn known(store: &Store, rows: &[TradeRow]) -> Result<HashMap<String, Ours>, Fault> {
    type Row = (
        Option<String>,
        i64,
        i64,
        PaymentState,
        i64,
        Option<String>,
        Option<String>,
    );
    let numbers = rows.iter().map(|row| row.out_trade_no.as_str());
    let found: Vec<Row> = payment::Entity::find()
        .select_only()
        .columns([
            payment::Column::OutTradeNo,
            payment::Column::Id,
            payment::Column::CompoundId,
            payment::Column::State,
            payment::Column::Amount,
            payment::Column::Merchant,
            payment::Column::TransactionId,
        ])
        .filter(payment::COLUMN.out_trade_no.is_in(numbers))
        .into_tuple()
        .all(store.read())
        .await?;
    let all = found.into_iter().filter_map(
        |(number, id, compound_id, state, amount, merchant, transaction_id)| {
            let ours = Ours {
                id,
                compound_id,
                is_paid: state == PaymentState::Paid,
                amount,
                merchant,
                transaction_id,
            };
            Some((number?, ours))
        },
    );
    Ok(all.collect())
}

async fn payments(
    store: &Store,
    wanted: Wanted<'_>,
    rows: Vec<TradeRow>,
    unseen: &mut Keys,
    compared: &mut Compared,
) -> Result<(), Fault> {
    if rows.is_empty() {
        return Ok(());
    }
    let found = known(store, &rows).await?;
    for row in rows {
        // What was taken back at once (付款码) is none of ours.
        if row.state != "SUCCESS" && row.state != "REFUND" {
            continue;
        }
        compared.theirs.add(row.total);
        let known = found.get(&row.out_trade_no);
        let known = known.filter(|known| known.merchant.as_deref() == Some(wanted.merchant));
        *compared
            .fees
            .entry(known.map(|known| known.compound_id))
            .or_default() += row.fee;
        let is_it = |known: &&Ours| {
            known.is_paid && known.transaction_id.as_deref() == Some(&row.transaction_id)
        };
        match known.filter(is_it) {
            Some(known) => {
                unseen.remove(known.id);
                if known.amount != row.total {
                    compared.differences.push(Difference {
                        kind: DifferenceKind::Amount,
                        reference: row.out_trade_no.clone(),
                        compound_id: Some(known.compound_id),
                        ours: Some(known.amount),
                        theirs: Some(row.total),
                        row: None,
                        solved: None,
                    });
                }
            }
            None => compared.differences.push(Difference {
                kind: DifferenceKind::TheirsOnly,
                reference: row.out_trade_no.clone(),
                compound_id: known.map(|known| known.compound_id),
                ours: None,
                theirs: Some(row.total),
                row: Some(row),
                solved: None,
            }),
        }
    }
    Ok(())
}

async fn given_back(
    store: &Store,
    rows: Vec<TradeRow>,
    compared: &mut Compared,
) -> Result<(), Fault> {
    if rows.is_empty() {
        return Ok(());
    }
    let numbers = rows.iter().filter_map(|row| row.out_refund_no.as_deref());
    let found = refund::Entity::find()
        .filter(refund::COLUMN.out_refund_no.is_in(numbers))
        .all(store.read())
        .await?;
    for row in rows {
        let Some(number) = row.out_refund_no.clone() else {
            continue;
        };
        let known = found.iter().find(|known| known.out_refund_no == number);
        let amount = if row.refund_asked != 0 {
            row.refund_asked
        } else {
            row.refund
        };
        compared.theirs.add(-amount);
        let compound_id = known.map(|known| known.compound_id);
        *compared.fees.entry(compound_id).or_default() += row.fee;
        let done = row.refund_status.as_deref() == Some("SUCCESS");
        let (kind, ours) = match known {
            None => (DifferenceKind::RefundTheirsOnly, None),
            Some(known) => {
                // People have paid it out: what the platform has sent as well is the second time.
                let by_people = paid_by_people(known);
                if !by_people {
                    compared.ours.add(-known.amount);
                }
                if known.amount != amount {
                    (DifferenceKind::RefundAmount, Some(known.amount))
                } else if done && by_people {
                    (DifferenceKind::RefundTheirsOnly, None)
                } else if done && known.state != RefundState::Done {
                    (DifferenceKind::RefundTheirsOnly, Some(known.amount))
                } else {
                    continue;
                }
            }
        };
        compared.differences.push(Difference {
            kind,
            reference: number,
            compound_id,
            ours,
            theirs: Some(amount),
            row: Some(row),
            solved: None,
        });
    }
    Ok(())
}

/// Ours that the bill does not have.
async fn missing(store: &Store, unseen: &Keys, compared: &mut Compared) -> Result<(), Failure> {
    if compared.differences.len() + unseen.count() > MOST {
        return Err(PayError::Bill("it has nothing in common with our books").into());
    }
    let missing: Vec<i64> = unseen.iter().collect();
    for part in missing.chunks(PART) {
        let rows = payment::Entity::find()
            .filter(payment::COLUMN.id.is_in(part.iter().copied()))
            .order_by_asc(payment::Column::Id)
            .all(store.read())
            .await
            .map_err(Fault::from)?;
        for row in rows {
            compared.differences.push(Difference {
                kind: DifferenceKind::OursOnly,
                reference: row.out_trade_no.unwrap_or_default(),
                compound_id: Some(row.compound_id),
                ours: Some(row.amount),
                theirs: None,
                row: None,
                solved: None,
            });
        }
    }
    Ok(())
}

/// Refunds that the platform took and ended on the day, as it told us itself, and that its bill does not have.
/// One that it ended later, or took without our hearing when, may stand in the bill of either day: that is left to
/// whoever asks after refunds (`actions/refund/send.rs`).
async fn missing_refunds(
    store: &Store,
    wanted: Wanted<'_>,
    theirs: &HashSet<String>,
    compared: &mut Compared,
) -> Result<(), Fault> {
    let begin = begin_of(wanted.day) + MIDNIGHT;
    let end = begin_of(wanted.day) + TimeDelta::hours(24) - MIDNIGHT;
    let rows = refund::Entity::find()
        .filter(refund::COLUMN.sent_at.gte(begin))
        .filter(refund::COLUMN.sent_at.lt(end))
        .filter(refund::COLUMN.done_at.lt(end))
        .filter(refund::COLUMN.state.eq(RefundState::Done))
        // What people have paid out is nothing that it has done.
        .filter(refund::COLUMN.paid_from.is_null())
        .all(store.read())
        .await?;
    let of = rows.iter().filter_map(|row| row.payment_id);
    let paid = payment::Entity::find()
        .filter(payment::COLUMN.id.is_in(of))
        .all(store.read())
        .await?;
    for row in rows {
        let own = paid.iter().any(|paid| {
            Some(paid.id) == row.payment_id
                && paid.way == PayWay::Wechat
                && paid.merchant.as_deref() == Some(wanted.merchant)
        });
        if own && !theirs.contains(&row.out_refund_no) {
            compared.ours.add(-row.amount);
            compared.differences.push(Difference {
                kind: DifferenceKind::RefundOursOnly,
                reference: row.out_refund_no,
                compound_id: Some(row.compound_id),
                ours: Some(row.amount),
                theirs: None,
                row: None,
                solved: None,
            });
        }
    }
    Ok(())
}
