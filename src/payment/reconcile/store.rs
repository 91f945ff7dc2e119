//! Writing a compared day down: once for an account and a day, differences once each, the platform's fee in
//! the books; and solving a difference by hand.

use std::collections::{BTreeMap, HashSet};

use chrono::{NaiveDate, TimeDelta};
use entity::money::{DifferenceKind, EntryKind, ReconState};
use entity::{fee_policy, recon_difference, reconciliation};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveEnum, ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use serde_json::json;

use super::compare::{Compared, Difference};
use super::{Outcome, Wanted};
use crate::access::permit::{Deed, may};
use crate::access::{Actor, audit};
use crate::base::clock::Moment;
use crate::base::fault::{Code, Fault};
use crate::base::redact::hide_numbers;
use crate::base::text::clean;
use crate::ledger::Account;
use crate::ledger::post::{Draft, Transfer, post};
use crate::ledger::queries::of_subject;
use crate::payment::remind;
use crate::place::queries as places;
use crate::store::{Store, Tx};

/// Most characters of what somebody writes who solves a difference.
const MOST_NOTE: usize = 200;

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
) -> Result<Outcome, Fault> {
    let mut tx = store.begin(now).await?;
    let whose = default_compound(&tx, wanted.merchant).await?;
    let day = upsert_day(&tx, wanted, &compared).await?;
    let known = recon_difference::Entity::find()
        .filter(recon_difference::COLUMN.reconciliation_id.eq(day.id))
        .all(tx.db())
        .await?;
    let key = |kind: DifferenceKind, reference: &str| format!("{}:{reference}", kind.to_value());
    let before: HashSet<String> = known
        .iter()
        .map(|row| key(row.kind, &row.reference))
        .collect();
    let still: HashSet<String> = compared
        .differences
        .iter()
        .map(|one| key(one.kind, &one.reference))
        .collect();
    let new: Vec<_> = compared
        .differences
        .iter()
        .filter(|one| !before.contains(&key(one.kind, &one.reference)))
        .collect();
    for one in new {
        insert(&mut tx, &day, whose, one).await?;
    }
    // What was different the last time and is not any more.
    for row in known.iter().filter(|row| row.solved_at.is_none()) {
        if !still.contains(&key(row.kind, &row.reference)) {
            close(&tx, row.id, None, "再次对账时已一致").await?;
        }
    }
    fees(&mut tx, wanted, &compared, whose).await?;
    let open = open_of(tx.db(), day.id).await?;
    let state = if open.is_empty() {
        ReconState::Balanced
    } else {
        ReconState::Different
    };
    let day = reconciliation::Entity::update(reconciliation::ActiveModel {
        id: Set(day.id),
        state: Set(state),
        updated_at: Set(tx.now()),
        ..Default::default()
    })
    .exec(tx.db())
    .await?;
    tx.commit().await?;
    Ok(Outcome { day, open })
}

/// Of a receiving account that no order of ours leads from: the first compound that names it.
async fn default_compound(tx: &Tx, merchant: &str) -> Result<Option<i64>, Fault> {
    let first = fee_policy::Entity::find()
        .filter(fee_policy::COLUMN.merchant.eq(merchant))
        .order_by_asc(fee_policy::Column::CompoundId)
        .one(tx.db())
        .await?;
    Ok(first.map(|policy| policy.compound_id))
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

/// What the platform kept for itself that day, once; of a day that is compared again it stays as it was.
async fn fees(
    tx: &mut Tx,
    wanted: Wanted<'_>,
    compared: &Compared,
    whose: Option<i64>,
) -> Result<(), Fault> {
    let mut by_compound: BTreeMap<i64, i64> = BTreeMap::new();
    for (compound_id, fee) in &compared.fees {
        if let Some(id) = compound_id.or(whose) {
            *by_compound.entry(id).or_default() += fee;
        }
    }
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
        let draft = Draft {
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
        };
        post(tx, wanted.actor_id, &[draft]).await?;
    }
    Ok(())
}

/// What is open of a day, in the order in which it was found.
///
/// # Errors
/// The database's.
pub async fn open_of<C: sea_orm::ConnectionTrait>(
    db: &C,
    reconciliation_id: i64,
) -> Result<Vec<recon_difference::Model>, Fault> {
    let rows = recon_difference::Entity::find()
        .filter(
            recon_difference::COLUMN
                .reconciliation_id
                .eq(reconciliation_id),
        )
        .filter(recon_difference::COLUMN.solved_at.is_null())
        .order_by_asc(recon_difference::Column::Id)
        .all(db)
        .await?;
    Ok(rows)
}

async fn close(tx: &Tx, id: i64, by: Option<i64>, note: &str) -> Result<bool, Fault> {
    let done = recon_difference::Entity::update_many()
        .set(recon_difference::ActiveModel {
            solved_at: Set(Some(tx.now())),
            solved_by: Set(by),
            note: Set(Some(note.to_owned())),
            ..Default::default()
        })
        .filter(recon_difference::COLUMN.id.eq(id))
        .filter(recon_difference::COLUMN.solved_at.is_null())
        .exec(tx.db())
        .await?;
    Ok(done.rows_affected == 1)
}

/// Somebody has looked into a difference and says what it was.
///
/// # Errors
/// `not_found` for what is not theirs, `invalid` without words, `conflict` when it was solved already.
pub async fn solve(tx: &mut Tx, actor: &Actor, id: i64, note: &str) -> Result<(), Fault> {
    let none = || Fault::not_found("没有找到这条对账差异。");
    let row = recon_difference::Entity::find_by_id(id)
        .one(tx.db())
        .await?
        .ok_or_else(none)?;
    let place = match row.compound_id {
        Some(id) => places::by_id(tx.db(), id).await?,
        None => None,
    };
    let place = place
        .filter(|place| may(actor, Deed::KeepMoney, &place.path))
        .ok_or_else(none)?;
    let note = hide_numbers(&clean(note));
    let count = note.chars().count();
    if count == 0 || count > MOST_NOTE {
        return Err(Fault::invalid(
            "note",
            format!("请写明查清了什么，最多{MOST_NOTE}字。"),
        ));
    }
    if !close(tx, id, actor.person_id(), &note).await? {
        return Err(Fault::new(Code::Conflict, "这条差异刚刚已经处理过了。"));
    }
    if open_of(tx.db(), row.reconciliation_id).await?.is_empty() {
        let day = reconciliation::ActiveModel {
            id: Set(row.reconciliation_id),
            state: Set(ReconState::Balanced),
            updated_at: Set(tx.now()),
            ..Default::default()
        };
        reconciliation::Entity::update(day).exec(tx.db()).await?;
    }
    let entry = audit::Entry {
        action: "payment.reconcile",
        subject: format!("difference:{id}"),
        compound_id: Some(place.id),
        detail: Some(json!({ "of": row.kind.to_value() })),
    };
    audit::record(tx, actor, entry);
    Ok(())
}
