//! Writing a compared day down: once for an account and a day, differences once each, the platform's fee and what
//! went to the bank in the books.

use std::collections::{BTreeMap, HashSet};

use chrono::{NaiveDate, TimeDelta};
use entity::money::{DifferenceKind, EntryKind, ReconState};
use entity::{fee_policy, payment, recon_difference, reconciliation};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use super::compare::{Compared, Difference};
use super::differences::{close, open_of, reopen};
use super::flow::{self, Flow};
use super::{Outcome, Wanted};
use crate::base::clock::Moment;
use crate::base::fault::Fault;
use crate::ledger::Account;
use crate::ledger::post::{Draft, Transfer, post};
use crate::ledger::queries::of_subject;
use crate::payment::remind;
use crate::place::queries as places;
use crate::store::{Store, Tx};

/// Who is to compare a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Claim {
    /// Whoever asked.
    Ours,
    /// Somebody is at it.
    Others,
    /// It was compared.
    Done,
}

/// A claim that nobody has let go of for so long was left by a crash.
const LEFT: TimeDelta = TimeDelta::minutes(30);

/// Takes a day, over all instances: its row says that it waits, and since when.
pub(super) async fn claim(
    store: &Store,
    merchant: &str,
    day: NaiveDate,
    now: Moment,
) -> Result<Claim, Fault> {
    let wanted = Wanted {
        merchant,
        day,
        actor_id: None,
    };
    let tx = store.begin(now).await?;
    let first = reconciliation::Entity::insert(blank(&tx, wanted, &Compared::default()))
        .on_conflict(day_key().do_nothing().to_owned())
        .exec_without_returning(tx.db())
        .await?;
    let own = reconciliation::COLUMN.merchant.eq(merchant);
    let taken = first == 1
        || reconciliation::Entity::update_many()
            .set(reconciliation::ActiveModel {
                updated_at: Set(now),
                ..Default::default()
            })
            .filter(own.clone())
            .filter(reconciliation::COLUMN.day.eq(day))
            .filter(reconciliation::COLUMN.state.eq(ReconState::Waiting))
            .filter(reconciliation::COLUMN.updated_at.lte(now - LEFT))
            .exec(tx.db())
            .await?
            .rows_affected
            == 1;
    let row = reconciliation::Entity::find()
        .filter(own)
        .filter(reconciliation::COLUMN.day.eq(day))
        .one(tx.db())
        .await?;
    tx.commit().await?;
    Ok(match row {
        _ if taken => Claim::Ours,
        Some(row) if row.state != ReconState::Waiting => Claim::Done,
        _ => Claim::Others,
    })
}

/// Lets a day go that could not be compared: the next may take it at once.
pub(super) async fn let_go(
    store: &Store,
    merchant: &str,
    day: NaiveDate,
    now: Moment,
) -> Result<(), Fault> {
    let tx = store.begin(now).await?;
    reconciliation::Entity::update_many()
        .set(reconciliation::ActiveModel {
            updated_at: Set(now - LEFT),
            ..Default::default()
        })
        .filter(reconciliation::COLUMN.merchant.eq(merchant))
        .filter(reconciliation::COLUMN.day.eq(day))
        .filter(reconciliation::COLUMN.state.eq(ReconState::Waiting))
        .exec(tx.db())
        .await?;
    tx.commit().await
}

pub(super) async fn write(
    store: &Store,
    now: Moment,
    wanted: Wanted<'_>,
    compared: Compared,
    flow: Option<Flow>,
) -> Result<Outcome, Fault> {
    let mut tx = store.begin(now).await?;
    let whose = whose(&tx, wanted.merchant).await?;
    let day = upsert_day(&tx, wanted, &compared).await?;
    let known = recon_difference::Entity::find()
        .filter(recon_difference::COLUMN.reconciliation_id.eq(day.id))
        .all(tx.db())
        .await?;
    let mut drafts = fees(&tx, wanted, &compared, whose).await?;
    let mut found = compared.differences;
    let mut ends = None;
    if let (Some(flow), Some(compound_id)) = (&flow, whose) {
        let left = flow::to_bank(&tx, wanted, compound_id, flow, &known, &mut drafts).await?;
        found.extend(left);
        ends = flow::ends(&tx, wanted, compound_id, flow, (&found, &drafts)).await?;
        if let Some(ends) = ends {
            found.extend(flow::hold_ends(&tx, wanted, compound_id, ends).await?);
        }
    }
    post(&mut tx, wanted.actor_id, &drafts).await?;
    let looked = |kind: DifferenceKind| match kind {
        DifferenceKind::Balance => ends.is_some(),
        DifferenceKind::Fee | DifferenceKind::Withdrawal => flow.is_some(),
        _ => true,
    };
    let is_explained = settle(&mut tx, &day, whose, (&known, &found), looked).await?;
    let open = open_of(tx.db(), day.id).await?;
    let state = match (open.is_empty(), is_explained) {
        (false, _) => ReconState::Different,
        (true, true) => ReconState::Explained,
        (true, false) => ReconState::Balanced,
    };
    let day = reconciliation::Entity::update(reconciliation::ActiveModel {
        id: Set(day.id),
        state: Set(state),
        left_ours: Set(ends.map(|ends| ends.ours)),
        left_theirs: Set(ends.map(|ends| ends.theirs)),
        updated_at: Set(tx.now()),
        ..Default::default()
    })
    .exec(tx.db())
    .await?;
    tx.commit().await?;
    Ok(Outcome { day, open })
}

/// Writes new differences down, closes those that are none any more, and opens those again that had closed by
/// themselves and have come back. `looked` says which kinds were looked for this time. Whether something still
/// differs that was explained.
async fn settle(
    tx: &mut Tx,
    day: &reconciliation::Model,
    whose: Option<i64>,
    (known, found): (&[recon_difference::Model], &[Difference]),
    looked: impl Fn(DifferenceKind) -> bool,
) -> Result<bool, Fault> {
    let mut is_explained = false;
    for row in known {
        let now = found
            .iter()
            .find(|one| one.kind == row.kind && one.reference == row.reference);
        let differs = now.map_or(!looked(row.kind), |one| one.solved.is_none());
        match (row.solved_at.is_some(), row.solved_by.is_some()) {
            (true, true) => is_explained |= differs,
            (true, false) if differs && now.is_some() => reopen(tx, row.id).await?,
            (false, _) if !differs => {
                let how = now.and_then(|one| one.solved);
                close(tx, row.id, None, how.unwrap_or("再次对账时已一致")).await?;
            }
            _ => {}
        }
    }
    let before: HashSet<(DifferenceKind, &str)> = known
        .iter()
        .map(|row| (row.kind, row.reference.as_str()))
        .collect();
    for one in found {
        if !before.contains(&(one.kind, one.reference.as_str())) {
            insert(tx, day, whose, one).await?;
        }
    }
    Ok(is_explained)
}

/// Asks those who keep the money to look at a day that was not compared, once.
pub(super) async fn ask_for_day(tx: &mut Tx, merchant: &str, day: NaiveDate) -> Result<(), Fault> {
    let row = reconciliation::Entity::find()
        .filter(reconciliation::COLUMN.merchant.eq(merchant))
        .filter(reconciliation::COLUMN.day.eq(day))
        .one(tx.db())
        .await?;
    let place = match whose(tx, merchant).await? {
        Some(id) => places::by_id(tx.db(), id).await?,
        None => None,
    };
    let (Some(row), Some(place)) = (row, place) else {
        tracing::error!(merchant, %day, "a day that could not be compared is of no compound");
        return Ok(());
    };
    let about = remind::ToMend::Day(row.id);
    remind::ask_to_mend(tx, about, place.id, &place.path).await
}

/// Whose a receiving account is: of the compound that names it, or of the one for which it took money last.
async fn whose(tx: &Tx, merchant: &str) -> Result<Option<i64>, Fault> {
    let first = fee_policy::Entity::find()
        .filter(fee_policy::COLUMN.merchant.eq(merchant))
        .order_by_asc(fee_policy::Column::CompoundId)
        .one(tx.db())
        .await?;
    if let Some(policy) = first {
        return Ok(Some(policy.compound_id));
    }
    let last = payment::Entity::find()
        .filter(payment::COLUMN.merchant.eq(merchant))
        .filter(payment::COLUMN.day.is_not_null())
        .order_by_desc(payment::Column::Day)
        .one(tx.db())
        .await?;
    Ok(last.map(|row| row.compound_id))
}

fn day_key() -> OnConflict {
    OnConflict::columns([
        reconciliation::Column::Merchant,
        reconciliation::Column::Day,
    ])
}

fn blank(tx: &Tx, wanted: Wanted<'_>, compared: &Compared) -> reconciliation::ActiveModel {
    reconciliation::ActiveModel {
        merchant: Set(wanted.merchant.to_owned()),
        day: Set(wanted.day),
        state: Set(ReconState::Waiting),
        ours_count: Set(compared.ours.count),
        ours_amount: Set(compared.ours.amount),
        theirs_count: Set(compared.theirs.count),
        theirs_amount: Set(compared.theirs.amount),
        started_by: Set(wanted.actor_id),
        created_at: Set(tx.now()),
        updated_at: Set(tx.now()),
        ..Default::default()
    }
}

async fn upsert_day(
    tx: &Tx,
    wanted: Wanted<'_>,
    compared: &Compared,
) -> Result<reconciliation::Model, Fault> {
    let again = day_key()
        .update_columns([
            reconciliation::Column::OursCount,
            reconciliation::Column::OursAmount,
            reconciliation::Column::TheirsCount,
            reconciliation::Column::TheirsAmount,
            reconciliation::Column::StartedBy,
            reconciliation::Column::UpdatedAt,
        ])
        .to_owned();
    let stored = reconciliation::Entity::insert(blank(tx, wanted, compared))
        .on_conflict(again)
        .exec_with_returning(tx.db())
        .await?;
    Ok(stored)
}

/// A new difference, and the task of whoever keeps the money where it is open.
async fn insert(
    tx: &mut Tx,
    day: &reconciliation::Model,
    whose: Option<i64>,
    one: &Difference,
) -> Result<(), Fault> {
    let compound_id = one.compound_id.or(whose);
    let row = recon_difference::ActiveModel {
        reconciliation_id: Set(day.id),
        compound_id: Set(compound_id),
        kind: Set(one.kind),
        reference: Set(one.reference.clone()),
        ours: Set(one.ours),
        theirs: Set(one.theirs),
        solved_at: Set(one.solved.map(|_| tx.now())),
        solved_by: Set(None),
        note: Set(one.solved.map(str::to_owned)),
        created_at: Set(tx.now()),
        ..Default::default()
    };
    let stored = recon_difference::Entity::insert(row)
        .exec_with_returning(tx.db())
        .await?;
    if one.solved.is_some() {
        return Ok(());
    }
    let place = match compound_id {
        Some(id) => places::by_id(tx.db(), id).await?,
        None => None,
    };
    let Some(place) = place else {
        tracing::error!(difference = stored.id, "a difference is of no compound");
        return Ok(());
    };
    let about = remind::ToMend::Difference(stored.id);
    remind::ask_to_mend(tx, about, place.id, &place.path).await
}

/// The entries of what the platform kept for itself that day, once; of a day that is compared again it stays as it
/// was.
async fn fees(
    tx: &Tx,
    wanted: Wanted<'_>,
    compared: &Compared,
    whose: Option<i64>,
) -> Result<Vec<Draft>, Fault> {
    let mut by_compound: BTreeMap<i64, i64> = BTreeMap::new();
    for (compound_id, fee) in &compared.fees {
        if let Some(id) = compound_id.or(whose) {
            *by_compound.entry(id).or_default() += fee;
        }
    }
    let mut drafts = Vec::new();
    for (compound_id, fee) in by_compound {
        let subject = format!("platform-fee:{}:{}", wanted.merchant, wanted.day);
        if fee == 0 || !of_subject(tx.db(), compound_id, &subject).await?.is_empty() {
            continue;
        }
        let (debit, credit) = if fee > 0 {
            (Account::ExpenseFee, Account::Wechat)
        } else {
            (Account::Wechat, Account::ExpenseFee)
        };
        drafts.push(Draft {
            compound_id,
            day: wanted.day,
            cause: format!("{subject}:kept"),
            kind: EntryKind::Fee,
            memo: format!("{}微信支付手续费", wanted.day),
            reverses: None,
            transfers: vec![Transfer {
                debit,
                credit,
                amount: fee.saturating_abs(),
            }],
        });
    }
    Ok(drafts)
}
