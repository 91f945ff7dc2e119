//! Booking: the one way into the books. Called by the actions of whoever moves money, in the transaction
//! of its cause.

use std::collections::{BTreeSet, HashMap};

use chrono::NaiveDate;
use entity::money::EntryKind;
use entity::{ledger_account, ledger_entry, ledger_transfer};
use sea_orm::ActiveValue::{self, NotSet, Set};
use sea_orm::sea_query::OnConflict;
use sea_orm::{EntityTrait, QueryFilter, QueryTrait};

use crate::base::fault::Fault;
use crate::ledger::Account;
use crate::store::Tx;
use crate::store::insert::{fresh_ids, insert_chunked};

/// Most fen of one transfer: ten billion yuan. What is more is a slip of the hand.
pub const MOST: i64 = 1_000_000_000_000;
/// Characters of a cause and of a memo.
const CAUSE: usize = 100;
const MEMO: usize = 200;

/// An amount that moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// The account that receives.
    pub debit: Account,
    /// The account that gives.
    pub credit: Account,
    /// In fen; 0 is left out.
    pub amount: i64,
}

/// An entry to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// Whose books.
    pub compound_id: i64,
    /// The business day in China.
    pub day: NaiveDate,
    /// What it is booked for, `payment:12:paid`; once in a compound, at most 100 characters.
    pub cause: String,
    /// What kind of event.
    pub kind: EntryKind,
    /// What it says in the books, at most 200 characters; no names, no phones.
    pub memo: String,
    /// The entry that it takes back.
    pub reverses: Option<i64>,
    /// What moves; nothing when all amounts are 0: then there is no entry.
    pub transfers: Vec<Transfer>,
}

/// Books entries; their keys in the order of the drafts, none for a draft that moves nothing.
///
/// # Errors
/// `conflict` when a cause is booked already or an entry was taken back before; `internal` for an amount
/// below 0 or above [`MOST`], a transfer from an account to itself, or words that are too long.
pub async fn post(
    tx: &mut Tx,
    actor_id: Option<i64>,
    drafts: &[Draft],
) -> Result<Vec<Option<i64>>, Fault> {
    for draft in drafts {
        sound(draft)?;
    }
    let moving: Vec<&Draft> = drafts.iter().filter(|draft| moves(draft)).collect();
    if moving.is_empty() {
        return Ok(vec![None; drafts.len()]);
    }
    let accounts = accounts(tx, &moving).await?;
    let keys = entries(tx, actor_id, &moving).await?;
    let mut rows = Vec::new();
    for (draft, entry_id) in moving.iter().zip(keys.iter().copied()) {
        for transfer in draft.transfers.iter().filter(|one| one.amount > 0) {
            rows.push(ledger_transfer::ActiveModel {
                id: NotSet,
                entry_id: Set(entry_id),
                compound_id: Set(draft.compound_id),
                day: Set(draft.day),
                debit_id: Set(account(&accounts, draft.compound_id, transfer.debit)?),
                credit_id: Set(account(&accounts, draft.compound_id, transfer.credit)?),
                amount: Set(transfer.amount),
            });
        }
    }
    match moving.as_slice() {
        // Nothing of the entry can be in conflict any more, and nobody reads it in the transaction of its cause.
        [_] => tx.at_end(ledger_transfer::Entity::insert_many(rows).into_query()),
        _ => insert_chunked(tx.db(), rows).await?,
    }
    let mut keys = keys.into_iter();
    let all = drafts.iter().map(|draft| match moves(draft) {
        true => keys.next(),
        false => None,
    });
    Ok(all.collect())
}

/// Takes an entry back: the same amounts the other way round, on another day. Once.
///
/// # Errors
/// `not_found` when the compound has no such entry, `conflict` when it was taken back already.
pub async fn reverse(
    tx: &mut Tx,
    actor_id: Option<i64>,
    compound_id: i64,
    entry_id: i64,
    day: NaiveDate,
    memo: String,
) -> Result<i64, Fault> {
    let entry = ledger_entry::Entity::find_by_id(entry_id)
        .one(tx.db())
        .await?;
    let Some(entry) = entry.filter(|entry| entry.compound_id == compound_id) else {
        return Err(Fault::not_found("账簿里没有这一笔。"));
    };
    let codes = codes_of(tx, compound_id).await?;
    let back = ledger_transfer::Entity::find()
        .filter(ledger_transfer::COLUMN.entry_id.eq(entry.id))
        .all(tx.db())
        .await?;
    let back = back.iter().map(|row| {
        let of = |id: i64| codes.get(&id).copied().ok_or_else(unknown);
        Ok(Transfer {
            debit: of(row.credit_id)?,
            credit: of(row.debit_id)?,
            amount: row.amount,
        })
    });
    let draft = Draft {
        compound_id,
        day,
        cause: format!("entry:{}:reversed", entry.id),
        kind: EntryKind::Reversal,
        memo,
        reverses: Some(entry.id),
        transfers: back.collect::<Result<_, Fault>>()?,
    };
    let keys = post(tx, actor_id, &[draft]).await?;
    keys.into_iter().flatten().next().ok_or_else(unknown)
}

fn moves(draft: &Draft) -> bool {
    draft.transfers.iter().any(|one| one.amount > 0)
}

/// What only a fault of ours could bring.
fn sound(draft: &Draft) -> Result<(), Fault> {
    let wrong = |one: &Transfer| !(0..=MOST).contains(&one.amount) || one.debit == one.credit;
    if draft.transfers.iter().any(wrong) {
        let what = format!("{}: a transfer that cannot be", draft.cause);
        return Err(Fault::internal(what));
    }
    let long = draft.cause.chars().count() > CAUSE || draft.memo.chars().count() > MEMO;
    if long || draft.cause.is_empty() {
        let what = format!("{}: words that do not fit the books", draft.cause);
        return Err(Fault::internal(what));
    }
    Ok(())
}

fn unknown() -> Fault {
    Fault::internal("an account or entry of the books is gone")
}

type Accounts = HashMap<(i64, &'static str), i64>;

fn account(accounts: &Accounts, compound_id: i64, account: Account) -> Result<i64, Fault> {
    let found = accounts.get(&(compound_id, account.code()));
    found.copied().ok_or_else(unknown)
}

/// Keys of the accounts that the drafts name; what a compound has not used yet is made.
async fn accounts(tx: &Tx, drafts: &[&Draft]) -> Result<Accounts, Fault> {
    let mut needed = BTreeSet::new();
    for draft in drafts {
        for one in draft.transfers.iter().filter(|one| one.amount > 0) {
            needed.insert((draft.compound_id, one.debit.code()));
            needed.insert((draft.compound_id, one.credit.code()));
        }
    }
    let compounds: BTreeSet<i64> = needed.iter().map(|(compound, _)| *compound).collect();
    let mut known = known_accounts(tx, &compounds).await?;
    let missing: Vec<_> = needed
        .into_iter()
        .filter(|key| !known.contains_key(key))
        .collect();
    if !missing.is_empty() {
        let rows = missing
            .iter()
            .map(|(compound_id, code)| ledger_account::ActiveModel {
                id: NotSet,
                compound_id: Set(*compound_id),
                code: Set((*code).to_owned()),
                created_at: Set(tx.now()),
            });
        // Another instance may make them at this moment.
        let unique = OnConflict::columns([
            ledger_account::Column::CompoundId,
            ledger_account::Column::Code,
        ])
        .do_nothing()
        .to_owned();
        ledger_account::Entity::insert_many(rows)
            .on_conflict(unique)
            .exec_without_returning(tx.db())
            .await?;
        known = known_accounts(tx, &compounds).await?;
    }
    Ok(known)
}

async fn known_accounts(tx: &Tx, compounds: &BTreeSet<i64>) -> Result<Accounts, Fault> {
    let rows = ledger_account::Entity::find()
        .filter(
            ledger_account::COLUMN
                .compound_id
                .is_in(compounds.iter().copied()),
        )
        .all(tx.db())
        .await?;
    let all = rows.into_iter().filter_map(|row| {
        let account = Account::parse(&row.code)?;
        Some(((row.compound_id, account.code()), row.id))
    });
    Ok(all.collect())
}

async fn codes_of(tx: &Tx, compound_id: i64) -> Result<HashMap<i64, Account>, Fault> {
    let known = known_accounts(tx, &BTreeSet::from([compound_id])).await?;
    let all = known.into_iter();
    Ok(all
        .filter_map(|((_, code), id)| Some((id, Account::parse(code)?)))
        .collect())
}

/// Writes the entries; their keys in the order of the drafts.
async fn entries(tx: &Tx, actor_id: Option<i64>, drafts: &[&Draft]) -> Result<Vec<i64>, Fault> {
    let row = |id: ActiveValue<i64>, draft: &Draft| ledger_entry::ActiveModel {
        id,
        compound_id: Set(draft.compound_id),
        day: Set(draft.day),
        cause: Set(draft.cause.clone()),
        kind: Set(draft.kind),
        memo: Set(draft.memo.clone()),
        reverses: Set(draft.reverses),
        actor_id: Set(actor_id),
        created_at: Set(tx.now()),
    };
    if let [draft] = drafts {
        let stored = ledger_entry::Entity::insert(row(NotSet, draft))
            .exec(tx.db())
            .await?;
        return Ok(vec![stored.last_insert_id]);
    }
    let keys = fresh_ids(tx, "ledger_entry", drafts.len()).await?;
    let rows = keys.iter().zip(drafts);
    let rows = rows.map(|(key, draft)| row(Set(*key), draft));
    insert_chunked(tx.db(), rows.collect()).await?;
    Ok(keys)
}
