//! The making of a month's bills (出账). A run goes through the homes by key, some hundreds a transaction;
//! the transaction moves the run's mark by compare-and-set and makes the bills of the homes that it passes.
//! So it may be stopped at any moment and started again, by several instances at once, and no home is
//! billed twice. A run that is done goes on only where homes were added behind its mark.

use entity::bill_run;
use entity::kinds::ActorKind;
use entity::money::RunState;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use serde_json::json;

use super::write::write;
use super::{locked, record};
use crate::access::Actor;
use crate::base::clock::{Moment, china};
use crate::base::fault::Fault;
use crate::base::month::Month;
use crate::fee::compose::NewBill;
use crate::fee::load::Facts;
use crate::fee::tariff::Tariff;
use crate::store::{Store, Tx};

/// Homes of one transaction.
const CHUNK: usize = 500;

/// Months back of which people may still make bills.
const BACK: usize = 12;

/// Told how far it is.
pub type Progress<'a> = dyn FnMut(&bill_run::Model) + Send + 'a;

/// Begins a month's run, or finds it begun. From now on its costs and charges are fixed.
///
/// # Errors
/// `not_found` and `forbidden` for who does not keep its fees, `invalid` for a month that is too far ahead,
/// and for people one that is long over.
pub async fn begin(
    tx: &mut Tx,
    actor: &Actor,
    compound_id: i64,
    month: Month,
) -> Result<bill_run::Model, Fault> {
    let compound = locked(tx, actor, compound_id).await?;
    let today = china(tx.now()).date_naive();
    if month > Month::of(today).next() {
        return Err(Fault::invalid(
            "month",
            "最多提前一个月出账，请换一个月份。",
        ));
    }
    let by_hand = !matches!(actor.kind, ActorKind::System | ActorKind::Operator);
    let oldest = (0..BACK).fold(Month::of(today), |month, _| month.before());
    if by_hand && month < oldest {
        return Err(Fault::invalid(
            "month",
            format!("最早可以补出{}的账单，请换一个月份。", oldest.says()),
        ));
    }
    if let Some(run) = run_of(tx.db(), compound.id, month).await? {
        return Ok(run);
    }
    let row = bill_run::ActiveModel {
        compound_id: Set(compound.id),
        month: Set(month.number()),
        state: Set(RunState::Running),
        last_home_id: Set(0),
        homes: Set(0),
        bills: Set(0),
        amount: Set(0),
        started_by: Set(actor.person_id()),
        created_at: Set(tx.now()),
        updated_at: Set(tx.now()),
        ..Default::default()
    };
    // SQLite has no lock on the compound's row and needs none: it has one writer.
    bill_run::Entity::insert(row)
        .on_conflict(
            OnConflict::columns([bill_run::Column::CompoundId, bill_run::Column::Month])
                .do_nothing()
                .to_owned(),
        )
        .exec_without_returning(tx.db())
        .await?;
    let run = run_of(tx.db(), compound.id, month).await?;
    let run = run.ok_or_else(|| Fault::internal("a run that was begun is gone"))?;
    let detail = json!({ "month": month.to_string() });
    record(
        tx,
        actor,
        "bill.run",
        subject(compound.id),
        compound.id,
        detail,
    );
    Ok(run)
}

/// What the audit trail says it is about.
fn subject(compound_id: i64) -> String {
    format!("place:{compound_id}")
}

/// The run of a month, if it was begun.
///
/// # Errors
/// The database's.
pub async fn run_of<C: ConnectionTrait>(
    db: &C,
    compound_id: i64,
    month: Month,
) -> Result<Option<bill_run::Model>, Fault> {
    let row = bill_run::Entity::find()
        .filter(bill_run::COLUMN.compound_id.eq(compound_id))
        .filter(bill_run::COLUMN.month.eq(month.number()))
        .one(db)
        .await?;
    Ok(row)
}

/// Begins a run where none is, and goes on to its end.
///
/// # Errors
/// As [`begin`] and [`go_on`].
pub async fn run(
    store: &Store,
    actor: &Actor,
    now: Moment,
    compound_id: i64,
    month: Month,
    progress: &mut Progress<'_>,
) -> Result<bill_run::Model, Fault> {
    let mut tx = store.begin(now).await?;
    begin(&mut tx, actor, compound_id, month).await?;
    tx.commit().await?;
    go_on(store, now, compound_id, month, progress).await
}

/// Goes on with a run that was begun, to its end.
///
/// # Errors
/// `not_found` when it was not begun; `invalid` when a line is more than the books take: it says of which
/// home, and all before it is done; else the database's.
pub async fn go_on(
    store: &Store,
    now: Moment,
    compound_id: i64,
    month: Month,
    progress: &mut Progress<'_>,
) -> Result<bill_run::Model, Fault> {
    let mut at: Option<(i64, Tariff)> = None;
    loop {
        let mut tx = store.begin(now).await?;
        let run = run_of(tx.db(), compound_id, month).await?;
        let run = run.ok_or_else(|| Fault::not_found("这个月还没有开始出账。"))?;
        // Another instance has moved the mark, or we have just come: what is left is looked at anew.
        let tariff = match at.take() {
            Some((last, tariff)) if last == run.last_home_id => tariff,
            _ => Tariff::load(tx.db(), compound_id, month, run.last_home_id).await?,
        };
        let homes = tariff.behind(run.last_home_id, CHUNK);
        let Some(last) = homes.last().map(|home| home.id) else {
            let run = finish(&tx, run).await?;
            tx.commit().await?;
            return Ok(run);
        };
        let range = (run.last_home_id, last);
        let facts = Facts::load(tx.db(), compound_id, month, &tariff, range).await?;
        let bills = facts.bills(month, &tariff, homes)?;
        let count = |count: usize| i32::try_from(count).unwrap_or(i32::MAX);
        let sum: i64 = bills.iter().map(NewBill::amount).sum();
        let next = bill_run::Model {
            state: RunState::Running,
            last_home_id: last,
            homes: run.homes.saturating_add(count(homes.len())),
            bills: run.bills.saturating_add(count(bills.len())),
            amount: run.amount.saturating_add(sum),
            updated_at: now,
            done_at: None,
            ..run.clone()
        };
        if !move_on(&tx, &run, &next).await? {
            tx.rollback().await?;
            continue;
        }
        write(&mut tx, &next, bills).await?;
        tx.commit().await?;
        progress(&next);
        at = Some((last, tariff));
    }
}

/// Moves the mark, if nobody else has.
async fn move_on(tx: &Tx, seen: &bill_run::Model, next: &bill_run::Model) -> Result<bool, Fault> {
    let change = bill_run::ActiveModel {
        state: Set(next.state),
        last_home_id: Set(next.last_home_id),
        homes: Set(next.homes),
        bills: Set(next.bills),
        amount: Set(next.amount),
        updated_at: Set(next.updated_at),
        done_at: Set(next.done_at),
        ..Default::default()
    };
    let moved = bill_run::Entity::update_many()
        .set(change)
        .filter(bill_run::COLUMN.id.eq(seen.id))
        .filter(bill_run::COLUMN.last_home_id.eq(seen.last_home_id))
        .filter(bill_run::COLUMN.state.eq(seen.state))
        .exec(tx.db())
        .await?;
    Ok(moved.rows_affected == 1)
}

async fn finish(tx: &Tx, run: bill_run::Model) -> Result<bill_run::Model, Fault> {
    if run.state == RunState::Done {
        return Ok(run);
    }
    let next = bill_run::Model {
        state: RunState::Done,
        updated_at: tx.now(),
        done_at: Some(tx.now()),
        ..run.clone()
    };
    // Whoever was first has said so already.
    move_on(tx, &run, &next).await?;
    Ok(next)
}
