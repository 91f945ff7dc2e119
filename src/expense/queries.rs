//! Reads of expenses: within what somebody may see. Whoever sees the money of a compound sees all of them;
//! whoever lives there sees those that are or were published.

use std::collections::HashSet;

use entity::kinds::CaseState;
use entity::money::{ExpenseAct, ExpenseState};
use entity::{case, expense, expense_objection, expense_quote, expense_step, place, review_chain};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect,
};

use crate::access::Actor;
use crate::access::permit::{Deed, may, roles};
use crate::base::fault::Fault;
use crate::base::page::{Page, Slice};
use crate::case::step::OPEN;
use crate::expense::chain::{Review, Rules};
use crate::expense::step::waits;
use crate::expense::{PUBLIC, no_such};
use crate::place::queries as places;
use crate::store::paging::newest;

/// Lines of the public board.
const ON_BOARD: u64 = 100;
/// Expenses that are looked through for what waits for somebody.
const LOOK: u64 = 200;

/// An expense with its compound and its rules.
#[derive(Clone, Debug)]
pub struct Found {
    /// The row.
    pub expense: expense::Model,
    /// Where.
    pub place: place::Model,
    /// The rules that it keeps.
    pub rules: Rules,
}

/// Whether somebody sees all of a compound's expenses.
#[must_use]
pub fn sees_all(actor: &Actor, path: &str) -> bool {
    [Deed::SeeMoney, Deed::ReviewExpenses, Deed::FileExpenses]
        .iter()
        .any(|deed| may(actor, *deed, path))
}

/// An expense by its number, whoever asks.
///
/// # Errors
/// The database's.
pub async fn by_id<C: ConnectionTrait>(db: &C, id: i64) -> Result<Option<Found>, Fault> {
    match expense::Entity::find_by_id(id).one(db).await? {
        Some(row) => whole(db, row).await.map(Some),
        None => Ok(None),
    }
}

/// With its compound and its rules.
///
/// # Errors
/// The database's; `internal` when one of them is gone.
pub async fn whole<C: ConnectionTrait>(db: &C, row: expense::Model) -> Result<Found, Fault> {
    let place = places::by_id(db, row.compound_id).await?;
    let chain = review_chain::Entity::find_by_id(row.chain_id)
        .one(db)
        .await?;
    match (place, chain) {
        (Some(place), Some(chain)) => Ok(Found {
            expense: row,
            place,
            rules: Rules::of(&chain)?,
        }),
        _ => Err(lost()),
    }
}

/// An expense that somebody may see.
///
/// # Errors
/// `not_found`; the database's.
pub async fn visible<C: ConnectionTrait>(db: &C, actor: &Actor, id: i64) -> Result<Found, Fault> {
    let found = by_id(db, id).await?;
    let seen = |found: &Found| {
        sees_all(actor, &found.place.path)
            || (actor.lives_in(found.place.id) && PUBLIC.contains(&found.expense.state))
    };
    found.filter(seen).ok_or_else(|| no_such(id))
}

/// The newest expenses that somebody may see, of one compound or of all, in one state or in any.
///
/// # Errors
/// The database's.
pub async fn page<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    compound_id: Option<i64>,
    state: Option<ExpenseState>,
    slice: Slice,
) -> Result<Page<expense::Model>, Fault> {
    let homes = actor.homes.iter().map(|home| home.compound_id);
    let lives = Condition::all()
        .add(expense::COLUMN.compound_id.is_in(homes))
        .add(expense::COLUMN.state.is_in(PUBLIC.iter().copied()));
    let mut theirs = Condition::any().add(lives);
    for deed in [Deed::SeeMoney, Deed::ReviewExpenses, Deed::FileExpenses] {
        if let Some(reach) = places::within_reach(expense::Column::CompoundId, actor, deed) {
            theirs = theirs.add(reach);
        }
    }
    let mut wanted = Condition::all().add(theirs);
    if let Some(id) = compound_id {
        wanted = wanted.add(expense::COLUMN.compound_id.eq(id));
    }
    if let Some(state) = state {
        wanted = wanted.add(expense::COLUMN.state.eq(state));
    }
    let query = expense::Entity::find().filter(wanted);
    newest(db, query, expense::Column::Id, slice, |row| row.id).await
}

/// What everybody may see of a compound's expenses, the newest first.
///
/// # Errors
/// The database's.
pub async fn on_board<C: ConnectionTrait>(
    db: &C,
    compound_id: i64,
) -> Result<Vec<expense::Model>, Fault> {
    let rows = expense::Entity::find()
        .filter(expense::COLUMN.compound_id.eq(compound_id))
        .filter(expense::COLUMN.state.is_in(PUBLIC.iter().copied()))
        .order_by_desc(expense::Column::Id)
        .limit(ON_BOARD)
        .all(db)
        .await?;
    Ok(rows)
}

/// What waits for somebody, the oldest first.
///
/// # Errors
/// The database's.
pub async fn waiting_for<C: ConnectionTrait>(db: &C, actor: &Actor) -> Result<Vec<Found>, Fault> {
    let mut theirs = Condition::any();
    for deed in [Deed::ReviewExpenses, Deed::FileExpenses, Deed::KeepMoney] {
        if let Some(reach) = places::within_reach(expense::Column::CompoundId, actor, deed) {
            theirs = theirs.add(reach);
        }
    }
    if theirs.is_empty() {
        return Ok(Vec::new());
    }
    let waiting = [
        ExpenseState::Reviewing,
        ExpenseState::Filing,
        ExpenseState::Payable,
    ];
    let rows = expense::Entity::find()
        .filter(theirs)
        .filter(expense::COLUMN.state.is_in(waiting))
        .order_by_asc(expense::Column::Id)
        .limit(LOOK)
        .all(db)
        .await?;
    let looked = looked_at(db, actor, rows).await?;
    let theirs = looked.into_iter().filter(|(_, theirs)| *theirs);
    Ok(theirs.map(|(found, _)| found).collect())
}

/// Expenses with their compounds and rules, in the same order, each with whether its next step is somebody's:
/// three questions to the database however many they are.
///
/// # Errors
/// The database's; `internal` when a compound or its rules are gone.
pub async fn looked_at<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    rows: Vec<expense::Model>,
) -> Result<Vec<(Found, bool)>, Fault> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let compounds: HashSet<i64> = rows.iter().map(|row| row.compound_id).collect();
    let places = place::Entity::find()
        .filter(place::COLUMN.id.is_in(compounds))
        .all(db)
        .await?;
    let chains: HashSet<i64> = rows.iter().map(|row| row.chain_id).collect();
    let chains = review_chain::Entity::find()
        .filter(review_chain::COLUMN.id.is_in(chains))
        .all(db)
        .await?;
    let reviewed = match actor.person_id() {
        Some(person) => reviewed_by(db, &rows, person).await?,
        None => HashSet::new(),
    };
    let mut looked = Vec::with_capacity(rows.len());
    for row in rows {
        let place = places.iter().find(|place| place.id == row.compound_id);
        let chain = chains.iter().find(|chain| chain.id == row.chain_id);
        let (Some(place), Some(chain)) = (place, chain) else {
            return Err(lost());
        };
        let done = reviewed.contains(&(row.id, row.round));
        let found = Found {
            rules: Rules::of(chain)?,
            place: place.clone(),
            expense: row,
        };
        let theirs = is_theirs(actor, &found, done);
        looked.push((found, theirs));
    }
    Ok(looked)
}

/// Those of the expenses that a person has reviewed, each with the round.
async fn reviewed_by<C: ConnectionTrait>(
    db: &C,
    rows: &[expense::Model],
    person: i64,
) -> Result<HashSet<(i64, i32)>, Fault> {
    let steps = expense_step::Entity::find()
        .filter(
            expense_step::COLUMN
                .expense_id
                .is_in(rows.iter().map(|row| row.id)),
        )
        .filter(expense_step::COLUMN.act.eq(ExpenseAct::Approve))
        .filter(expense_step::COLUMN.actor_id.eq(person))
        .all(db)
        .await?;
    Ok(steps
        .iter()
        .map(|step| (step.expense_id, step.round))
        .collect())
}

fn lost() -> Fault {
    Fault::internal("an expense without its compound or its rules")
}

/// Whether the next step is somebody's.
///
/// # Errors
/// The database's.
pub async fn is_for<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    found: &Found,
) -> Result<bool, Fault> {
    let row = &found.expense;
    let done = match actor.person_id() {
        Some(person) if row.state == ExpenseState::Reviewing => {
            has_reviewed(db, row, person).await?
        }
        _ => false,
    };
    Ok(is_theirs(actor, found, done))
}

/// The same for whoever has reviewed it in this round, or has not.
fn is_theirs(actor: &Actor, found: &Found, reviewed: bool) -> bool {
    let row = &found.expense;
    let Some(person) = actor.person_id().filter(|_| waits(row.state)) else {
        return false;
    };
    match row.state {
        ExpenseState::Reviewing => {
            let next = found.rules.next(row.reviews_done);
            let holds = next.is_some_and(|next| actor.holds(&next.kinds(), &found.place.path));
            holds && row.proposed_by != person && !reviewed
        }
        ExpenseState::Filing => may(actor, Deed::FileExpenses, &found.place.path),
        ExpenseState::Payable => {
            row.proposed_by != person && may(actor, Deed::KeepMoney, &found.place.path)
        }
        _ => false,
    }
}

/// The roles of whoever has to do the next step.
#[must_use]
pub fn asked(found: &Found) -> Vec<entity::kinds::RoleKind> {
    match found.expense.state {
        ExpenseState::Reviewing => found
            .rules
            .next(found.expense.reviews_done)
            .map(Review::kinds)
            .unwrap_or_default(),
        ExpenseState::Filing => roles(Deed::FileExpenses).to_vec(),
        ExpenseState::Payable => roles(Deed::KeepMoney).to_vec(),
        _ => Vec::new(),
    }
}

/// Whether a person has reviewed it in this round.
///
/// # Errors
/// The database's.
pub async fn has_reviewed<C: ConnectionTrait>(
    db: &C,
    row: &expense::Model,
    person: i64,
) -> Result<bool, Fault> {
    let count = expense_step::Entity::find()
        .filter(expense_step::COLUMN.expense_id.eq(row.id))
        .filter(expense_step::COLUMN.round.eq(row.round))
        .filter(expense_step::COLUMN.act.eq(ExpenseAct::Approve))
        .filter(expense_step::COLUMN.actor_id.eq(person))
        .count(db)
        .await?;
    Ok(count > 0)
}

/// What was done to it, the oldest first.
///
/// # Errors
/// The database's.
pub async fn steps<C: ConnectionTrait>(db: &C, id: i64) -> Result<Vec<expense_step::Model>, Fault> {
    Ok(expense_step::Entity::find()
        .filter(expense_step::COLUMN.expense_id.eq(id))
        .order_by_asc(expense_step::Column::Id)
        .all(db)
        .await?)
}

/// Its quotes, in the order in which they came.
///
/// # Errors
/// The database's.
pub async fn quotes<C: ConnectionTrait>(
    db: &C,
    id: i64,
) -> Result<Vec<expense_quote::Model>, Fault> {
    Ok(expense_quote::Entity::find()
        .filter(expense_quote::COLUMN.expense_id.eq(id))
        .order_by_asc(expense_quote::Column::Id)
        .all(db)
        .await?)
}

/// The cases in which somebody objects to it in this round, each with whether it is still open.
///
/// # Errors
/// The database's.
pub async fn objections<C: ConnectionTrait>(
    db: &C,
    row: &expense::Model,
) -> Result<Vec<(i64, bool)>, Fault> {
    let ids: Vec<i64> = expense_objection::Entity::find()
        .filter(expense_objection::COLUMN.expense_id.eq(row.id))
        .filter(expense_objection::COLUMN.round.eq(row.round))
        .order_by_asc(expense_objection::Column::Id)
        .all(db)
        .await?
        .into_iter()
        .map(|one| one.case_id)
        .collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let cases = cases_of(db, &ids).await?;
    // What was merged is answered where it was merged into.
    let merged: Vec<i64> = cases.iter().filter_map(|one| one.merged_into).collect();
    let targets = match merged.is_empty() {
        true => Vec::new(),
        false => cases_of(db, &merged).await?,
    };
    let is_open = |one: &case::Model| {
        let target = targets.iter().find(|into| Some(into.id) == one.merged_into);
        let state = target.map_or(one.state, |into| into.state);
        OPEN.contains(&state) || state == CaseState::ReopenRequested
    };
    Ok(cases.iter().map(|one| (one.id, is_open(one))).collect())
}

async fn cases_of<C: ConnectionTrait>(db: &C, ids: &[i64]) -> Result<Vec<case::Model>, Fault> {
    Ok(case::Entity::find()
        .filter(case::COLUMN.id.is_in(ids.iter().copied()))
        .order_by_asc(case::COLUMN.id)
        .all(db)
        .await?)
}

/// The rules for new expenses of a compound; none while it has those that came with the program.
///
/// # Errors
/// The database's.
pub async fn chain<C: ConnectionTrait>(
    db: &C,
    compound_id: i64,
) -> Result<Option<review_chain::Model>, Fault> {
    Ok(review_chain::Entity::find()
        .filter(review_chain::COLUMN.compound_id.eq(compound_id))
        .order_by_desc(review_chain::Column::Version)
        .one(db)
        .await?)
}
