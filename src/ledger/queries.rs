//! Reading the books: what each account holds, and the entries in their order.

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;
use entity::{ledger_account, ledger_entry, ledger_transfer};
use sea_orm::sea_query::{Expr, LockType, Query};
use sea_orm::{
    Condition, ConnectionTrait, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect,
    Statement,
};

use crate::base::fault::Fault;
use crate::ledger::Account;
use crate::ledger::post::Transfer;
use crate::store::Tx;

/// Entries of one look while walking.
const LOOK: u64 = 2_000;

/// What moved on one account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moved {
    /// What it received, in fen.
    pub debit: i64,
    /// What it gave, in fen.
    pub credit: i64,
}

impl Moved {
    /// What it holds, as its family counts: more is more.
    #[must_use]
    pub const fn balance(self, account: Account) -> i64 {
        if account.family().grows_by_debit() {
            self.debit - self.credit
        } else {
            self.credit - self.debit
        }
    }
}

/// Days of China's calendar, both included; no end if none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Days {
    /// The first.
    pub from: Option<NaiveDate>,
    /// The last.
    pub to: Option<NaiveDate>,
}

/// An entry with what it moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Booked {
    /// The event.
    pub entry: ledger_entry::Model,
    /// Its transfers, in the order in which they were booked.
    pub transfers: Vec<Transfer>,
}

impl Booked {
    /// What it moved on an account.
    #[must_use]
    pub fn on(&self, account: Account) -> Moved {
        let mut moved = Moved::default();
        for one in &self.transfers {
            if one.debit == account {
                moved.debit += one.amount;
            }
            if one.credit == account {
                moved.credit += one.amount;
            }
        }
        moved
    }
}

/// What moved on each account of a compound. An account without a movement is not there. Debits and
/// credits are equal in sum, since each transfer is one of either.
///
/// # Errors
/// The database's.
pub async fn moved<C: ConnectionTrait>(
    db: &C,
    compound_id: i64,
    days: Days,
) -> Result<BTreeMap<Account, Moved>, Fault> {
    // The values stand in the text, so that PostgreSQL plans by how many rows these days have: nearly all of a
    // compound's as likely as a few.
    let mut when = String::new();
    for (day, sign) in [(days.from, ">="), (days.to, "<=")] {
        if let Some(day) = day {
            when.push_str(&format!(r#" AND "day" {sign} '{day}'"#));
        }
    }
    // Once over the rows, into as many groups as there are pairs of accounts: a few dozen.
    let sql = format!(
        r#"SELECT "debit_id", "credit_id", CAST(SUM("amount") AS BIGINT) AS "amount" FROM "ledger_transfer" WHERE "compound_id" = {compound_id}{when} GROUP BY "debit_id", "credit_id""#
    );
    let statement = Statement::from_string(db.get_database_backend(), sql);
    let accounts = accounts(db, compound_id).await?;
    let mut all: BTreeMap<Account, Moved> = BTreeMap::new();
    for row in db.query_all_raw(statement).await? {
        let amount: i64 = row.try_get("", "amount")?;
        let of = |name: &str| -> Result<Account, Fault> {
            let id: i64 = row.try_get("", name)?;
            accounts.get(&id).copied().ok_or_else(|| unknown(id))
        };
        let (debit, credit) = (of("debit_id")?, of("credit_id")?);
        all.entry(debit).or_default().debit += amount;
        all.entry(credit).or_default().credit += amount;
    }
    Ok(all)
}

/// Locks accounts of a compound until the end of the transaction: of two that would spend the same money at once,
/// the second sees what the first has left. An account that was never used has no lock, and holds nothing.
///
/// # Errors
/// The database's.
pub async fn lock(tx: &Tx, compound_id: i64, accounts: &[Account]) -> Result<(), Fault> {
    let codes = accounts.iter().map(|account| account.code());
    ledger_account::Entity::find()
        .filter(ledger_account::COLUMN.compound_id.eq(compound_id))
        .filter(ledger_account::COLUMN.code.is_in(codes))
        .order_by_asc(ledger_account::Column::Id)
        // Who only books on one of them goes on.
        .lock(LockType::NoKeyUpdate)
        .all(tx.db())
        .await?;
    Ok(())
}

/// By how much an account of a compound grew on each day on which anything moved on it; below 0 where it shrank.
///
/// # Errors
/// The database's.
pub async fn by_day<C: ConnectionTrait>(
    db: &C,
    compound_id: i64,
    account: Account,
) -> Result<BTreeMap<NaiveDate, i64>, Fault> {
    let mut all = BTreeMap::new();
    let Some(id) = key_of(db, compound_id, account).await? else {
        return Ok(all);
    };
    let grows = account.family().grows_by_debit();
    for (side, is_more) in [
        (ledger_transfer::COLUMN.debit_id.eq(id), grows),
        (ledger_transfer::COLUMN.credit_id.eq(id), !grows),
    ] {
        let sum = Expr::col(ledger_transfer::Column::Amount).sum();
        let rows: Vec<(NaiveDate, i64)> = ledger_transfer::Entity::find()
            .select_only()
            .column(ledger_transfer::Column::Day)
            .column_as(sum.cast_as("bigint"), "amount")
            .filter(ledger_transfer::COLUMN.compound_id.eq(compound_id))
            .filter(side)
            .group_by(ledger_transfer::Column::Day)
            .into_tuple()
            .all(db)
            .await?;
        for (day, amount) in rows {
            let change = if is_more { amount } else { -amount };
            *all.entry(day).or_default() += change;
        }
    }
    Ok(all)
}

/// The key of an account of a compound; none before it was used.
async fn key_of<C: ConnectionTrait>(
    db: &C,
    compound_id: i64,
    account: Account,
) -> Result<Option<i64>, Fault> {
    let row = ledger_account::Entity::find()
        .filter(ledger_account::COLUMN.compound_id.eq(compound_id))
        .filter(ledger_account::COLUMN.code.eq(account.code()))
        .one(db)
        .await?;
    Ok(row.map(|row| row.id))
}

/// The entries after this one in the order of day and key, at most `most`.
///
/// # Errors
/// The database's.
pub async fn entries<C: ConnectionTrait>(
    db: &C,
    compound_id: i64,
    days: Days,
    after: Option<(NaiveDate, i64)>,
    most: u64,
) -> Result<Vec<Booked>, Fault> {
    part(db, compound_id, wanted(compound_id, days, after), most).await
}

/// The same of those that move something on one account.
///
/// # Errors
/// The database's.
pub async fn on_account<C: ConnectionTrait>(
    db: &C,
    (compound_id, account): (i64, Account),
    days: Days,
    after: Option<(NaiveDate, i64)>,
    most: u64,
) -> Result<Vec<Booked>, Fault> {
    let Some(id) = key_of(db, compound_id, account).await? else {
        return Ok(Vec::new());
    };
    let mut own = Condition::all()
        .add(ledger_transfer::COLUMN.compound_id.eq(compound_id))
        .add(
            Condition::any()
                .add(ledger_transfer::COLUMN.debit_id.eq(id))
                .add(ledger_transfer::COLUMN.credit_id.eq(id)),
        );
    if let Some(from) = days.from {
        own = own.add(ledger_transfer::COLUMN.day.gte(from));
    }
    if let Some(to) = days.to {
        own = own.add(ledger_transfer::COLUMN.day.lte(to));
    }
    let own = Query::select()
        .column(ledger_transfer::Column::EntryId)
        .from(ledger_transfer::Entity)
        .cond_where(own)
        .to_owned();
    let wanted = wanted(compound_id, days, after).add(ledger_entry::COLUMN.id.in_subquery(own));
    part(db, compound_id, wanted, most).await
}

fn wanted(compound_id: i64, days: Days, after: Option<(NaiveDate, i64)>) -> Condition {
    let mut wanted = Condition::all().add(ledger_entry::COLUMN.compound_id.eq(compound_id));
    if let Some(from) = days.from {
        wanted = wanted.add(ledger_entry::COLUMN.day.gte(from));
    }
    if let Some(to) = days.to {
        wanted = wanted.add(ledger_entry::COLUMN.day.lte(to));
    }
    if let Some((day, id)) = after {
        let same_day = ledger_entry::COLUMN.day.eq(day);
        wanted = wanted.add(
            Condition::any()
                .add(ledger_entry::COLUMN.day.gt(day))
                .add(same_day.and(ledger_entry::COLUMN.id.gt(id))),
        );
    }
    wanted
}

async fn part<C: ConnectionTrait>(
    db: &C,
    compound_id: i64,
    wanted: Condition,
    most: u64,
) -> Result<Vec<Booked>, Fault> {
    let rows = ledger_entry::Entity::find()
        .filter(wanted)
        .order_by_asc(ledger_entry::Column::Day)
        .order_by_asc(ledger_entry::Column::Id)
        .limit(most)
        .all(db)
        .await?;
    with_transfers(db, compound_id, rows).await
}

/// An entry by its key; not scoped.
///
/// # Errors
/// The database's.
pub async fn by_id<C: ConnectionTrait>(db: &C, id: i64) -> Result<Option<Booked>, Fault> {
    match ledger_entry::Entity::find_by_id(id).one(db).await? {
        Some(entry) => Ok(with_transfers(db, entry.compound_id, vec![entry])
            .await?
            .pop()),
        None => Ok(None),
    }
}

/// The entry that takes this one back.
///
/// # Errors
/// The database's.
pub async fn reversal_of<C: ConnectionTrait>(
    db: &C,
    entry_id: i64,
) -> Result<Option<ledger_entry::Model>, Fault> {
    let found = ledger_entry::Entity::find().filter(ledger_entry::COLUMN.reverses.eq(entry_id));
    Ok(found.one(db).await?)
}

/// The entries that were booked for one thing, oldest first: those whose cause begins with `subject`
/// and a colon, `payment:12`.
///
/// # Errors
/// The database's.
pub async fn of_subject<C: ConnectionTrait>(
    db: &C,
    compound_id: i64,
    subject: &str,
) -> Result<Vec<Booked>, Fault> {
    // A range instead of LIKE: the index serves it on both databases.
    let rows = ledger_entry::Entity::find()
        .filter(ledger_entry::COLUMN.compound_id.eq(compound_id))
        .filter(ledger_entry::COLUMN.cause.gte(format!("{subject}:")))
        .filter(ledger_entry::COLUMN.cause.lt(format!("{subject};")))
        .order_by_asc(ledger_entry::Column::Id)
        .all(db)
        .await?;
    with_transfers(db, compound_id, rows).await
}

/// Hands all entries of a compound to `each`, in the order of day and key, a part at a time: memory
/// stays flat however many there are.
///
/// # Errors
/// The database's, and what `each` says.
pub async fn walk<C: ConnectionTrait, E: From<Fault>>(
    db: &C,
    compound_id: i64,
    days: Days,
    mut each: impl FnMut(Booked) -> Result<(), E>,
) -> Result<(), E> {
    let mut after = None;
    loop {
        let part = entries(db, compound_id, days, after, LOOK).await?;
        let Some(last) = part.last() else {
            return Ok(());
        };
        after = Some((last.entry.day, last.entry.id));
        for booked in part {
            each(booked)?;
        }
    }
}

async fn with_transfers<C: ConnectionTrait>(
    db: &C,
    compound_id: i64,
    entries: Vec<ledger_entry::Model>,
) -> Result<Vec<Booked>, Fault> {
    let accounts = accounts(db, compound_id).await?;
    let ids = entries.iter().map(|entry| entry.id);
    let rows = ledger_transfer::Entity::find()
        .filter(ledger_transfer::COLUMN.entry_id.is_in(ids))
        .order_by_asc(ledger_transfer::Column::Id)
        .all(db)
        .await?;
    let mut by_entry: HashMap<i64, Vec<Transfer>> = HashMap::new();
    for row in rows {
        let of = |id: i64| accounts.get(&id).copied().ok_or_else(|| unknown(id));
        by_entry.entry(row.entry_id).or_default().push(Transfer {
            debit: of(row.debit_id)?,
            credit: of(row.credit_id)?,
            amount: row.amount,
        });
    }
    let all = entries.into_iter().map(|entry| Booked {
        transfers: by_entry.remove(&entry.id).unwrap_or_default(),
        entry,
    });
    Ok(all.collect())
}

async fn accounts<C: ConnectionTrait>(
    db: &C,
    compound_id: i64,
) -> Result<HashMap<i64, Account>, Fault> {
    let rows = ledger_account::Entity::find()
        .filter(ledger_account::COLUMN.compound_id.eq(compound_id))
        .all(db)
        .await?;
    let all = rows
        .into_iter()
        .filter_map(|row| Some((row.id, Account::parse(&row.code)?)));
    Ok(all.collect())
}

fn unknown(id: i64) -> Fault {
    Fault::internal(format!("account {id} of the books is not in the chart"))
}
