//! Reads of published months, and what the books say of a month just now.

use std::collections::{BTreeSet, HashMap};

use entity::{disclosure, disclosure_line, ledger_entry};
use sea_orm::{ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::base::fault::Fault;
use crate::base::month::Month;
use crate::disclosure::statement::{Line, Movements, lines};
use crate::ledger::queries::{Days, moved, moved_by_month};

/// Most disclosures of a compound that are listed.
const MOST: u64 = 240;

/// A disclosure with its lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    /// The row.
    pub disclosure: disclosure::Model,
    /// Its lines, each with its key, by which it is questioned.
    pub lines: Vec<(i64, Line)>,
}

impl Published {
    /// Its month.
    #[must_use]
    pub fn month(&self) -> Month {
        // The action writes nothing else.
        Month::from_number(self.disclosure.month).unwrap_or_else(|| {
            Month::of(crate::base::clock::china(self.disclosure.created_at).date_naive())
        })
    }

    /// The lines without their keys.
    #[must_use]
    pub fn statement(&self) -> Vec<Line> {
        self.lines.iter().map(|(_, line)| line.clone()).collect()
    }
}

/// What the books say of a month now.
///
/// # Errors
/// The database's.
pub async fn statement<C: ConnectionTrait>(
    db: &C,
    compound_id: i64,
    month: Month,
) -> Result<Vec<Line>, Fault> {
    let before = Days {
        from: None,
        to: month.first().pred_opt(),
    };
    let during = Days {
        from: Some(month.first()),
        to: Some(month.last()),
    };
    let before = moved(db, compound_id, before).await?;
    let during = moved(db, compound_id, during).await?;
    Ok(lines(&before, &during))
}

/// The first month in which something was booked; none for empty books.
///
/// # Errors
/// The database's.
pub async fn first_month<C: ConnectionTrait>(
    db: &C,
    compound_id: i64,
) -> Result<Option<Month>, Fault> {
    let first = ledger_entry::Entity::find()
        .filter(ledger_entry::COLUMN.compound_id.eq(compound_id))
        .order_by_asc(ledger_entry::Column::Day)
        .one(db)
        .await?;
    Ok(first.map(|entry| Month::of(entry.day)))
}

/// The newest version of each published month of a compound, the last month first.
///
/// # Errors
/// The database's.
pub async fn list<C: ConnectionTrait>(
    db: &C,
    compound_id: i64,
) -> Result<Vec<disclosure::Model>, Fault> {
    let mut rows = disclosure::Entity::find()
        .filter(disclosure::COLUMN.compound_id.eq(compound_id))
        .order_by_desc(disclosure::Column::Month)
        .order_by_desc(disclosure::Column::Version)
        .limit(MOST)
        .all(db)
        .await?;
    rows.dedup_by_key(|row| row.month);
    Ok(rows)
}

/// The published months of a compound whose lines the books have otherwise by now; by one look over the books.
///
/// # Errors
/// The database's.
pub async fn changed<C: ConnectionTrait>(
    db: &C,
    compound_id: i64,
) -> Result<BTreeSet<Month>, Fault> {
    let mut published = with_lines(db, list(db, compound_id).await?).await?;
    if published.is_empty() {
        return Ok(BTreeSet::new());
    }
    published.sort_by_key(Published::month);
    let mut months = moved_by_month(db, compound_id)
        .await?
        .into_iter()
        .peekable();
    let mut before = Movements::new();
    let mut all = BTreeSet::new();
    for one in published {
        let month = one.month();
        while let Some((_, earlier)) = months.next_if(|(at, _)| *at < month) {
            for (account, moved) in earlier {
                let sum = before.entry(account).or_default();
                sum.debit += moved.debit;
                sum.credit += moved.credit;
            }
        }
        let during = months.peek().filter(|(at, _)| *at == month);
        let during = during.map(|(_, moved)| moved.clone()).unwrap_or_default();
        if lines(&before, &during) != one.statement() {
            all.insert(month);
        }
    }
    Ok(all)
}

/// All versions of a month, the newest first.
///
/// # Errors
/// The database's.
pub async fn versions<C: ConnectionTrait>(
    db: &C,
    compound_id: i64,
    month: Month,
) -> Result<Vec<Published>, Fault> {
    let rows = disclosure::Entity::find()
        .filter(disclosure::COLUMN.compound_id.eq(compound_id))
        .filter(disclosure::COLUMN.month.eq(month.number()))
        .order_by_desc(disclosure::Column::Version)
        .all(db)
        .await?;
    with_lines(db, rows).await
}

/// The one published last, whatever its month.
///
/// # Errors
/// The database's.
pub async fn last<C: ConnectionTrait>(
    db: &C,
    compound_id: i64,
) -> Result<Option<disclosure::Model>, Fault> {
    let last = disclosure::Entity::find()
        .filter(disclosure::COLUMN.compound_id.eq(compound_id))
        .order_by_desc(disclosure::Column::Position)
        .one(db)
        .await?;
    Ok(last)
}

/// A disclosure by its key.
///
/// # Errors
/// The database's.
pub async fn by_id<C: ConnectionTrait>(db: &C, id: i64) -> Result<Option<Published>, Fault> {
    match disclosure::Entity::find_by_id(id).one(db).await? {
        Some(row) => Ok(with_lines(db, vec![row]).await?.pop()),
        None => Ok(None),
    }
}

/// A line by its key, with the disclosure that it stands in.
///
/// # Errors
/// The database's.
pub async fn line<C: ConnectionTrait>(
    db: &C,
    id: i64,
) -> Result<Option<(disclosure::Model, Line)>, Fault> {
    let Some(row) = disclosure_line::Entity::find_by_id(id).one(db).await? else {
        return Ok(None);
    };
    let of = disclosure::Entity::find_by_id(row.disclosure_id)
        .one(db)
        .await?;
    Ok(of.map(|of| (of, read(row).1)))
}

/// Disclosures with their lines, by one statement for all.
async fn with_lines<C: ConnectionTrait>(
    db: &C,
    rows: Vec<disclosure::Model>,
) -> Result<Vec<Published>, Fault> {
    let lines = disclosure_line::Entity::find()
        .filter(
            disclosure_line::COLUMN
                .disclosure_id
                .is_in(rows.iter().map(|row| row.id)),
        )
        .order_by_asc(disclosure_line::Column::Position)
        .all(db)
        .await?;
    let mut of: HashMap<i64, Vec<(i64, Line)>> = HashMap::new();
    for line in lines {
        of.entry(line.disclosure_id).or_default().push(read(line));
    }
    let with = |row: disclosure::Model| Published {
        lines: of.remove(&row.id).unwrap_or_default(),
        disclosure: row,
    };
    Ok(rows.into_iter().map(with).collect())
}

fn read(row: disclosure_line::Model) -> (i64, Line) {
    let line = Line {
        account: row.account,
        opening: row.opening,
        plus: row.plus,
        minus: row.minus,
        closing: row.closing,
    };
    (row.id, line)
}
