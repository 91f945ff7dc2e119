//! What everybody reads of a compound's four lists: the items of each list, and the wall chart (挂图作战) of what
//! organisations have promised, with the progress of each. Names of organisations, of residents nothing.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate};
use entity::kinds::{OfferList, OfferState};
use entity::offer;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};

use crate::base::clock::{Moment, begin_of};
use crate::base::fault::Fault;
use crate::offer::is_promise;
use crate::offer::queries::{PUBLIC, by, names, shown};

/// Items of a chart, at most.
const MOST: u64 = 500;

/// An item as everybody reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The number that people type.
    pub id: i64,
    /// Which list.
    pub list: OfferList,
    /// Whose it is; none for a resident's and for what nobody has claimed.
    pub organisation_id: Option<i64>,
    /// One line.
    pub title: String,
    /// What else is said; may be empty.
    pub text: String,
    /// The organisation's name, `居民`, or that nobody has claimed it.
    pub by: String,
    /// Where it stands.
    pub state: OfferState,
    /// By when, in China.
    pub due_on: Option<NaiveDate>,
    /// Its day has passed and it is not closed off.
    pub late: bool,
}

/// What one organisation has promised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Its name; or that nobody has claimed these.
    pub name: String,
    /// What is open, by its day, and then what was closed off.
    pub lines: Vec<Line>,
}

impl Part {
    /// How many are closed off.
    #[must_use]
    pub fn done(&self) -> usize {
        let lines = self.lines.iter();
        lines.filter(|line| line.state == OfferState::Done).count()
    }

    /// How many are late.
    #[must_use]
    pub fn late(&self) -> usize {
        self.lines.iter().filter(|line| line.late).count()
    }
}

/// Share in whole percent, of nothing 0.
#[must_use]
pub fn percent(done: usize, all: usize) -> usize {
    (done * 100).checked_div(all).unwrap_or(0)
}

/// How many items of each list everybody sees, and how many of them are settled: tied, met or closed off.
///
/// # Errors
/// The database's.
pub async fn counts<C: ConnectionTrait>(
    db: &C,
    compound_id: i64,
) -> Result<BTreeMap<OfferList, (usize, usize)>, Fault> {
    let rows: Vec<(OfferList, OfferState, i64)> = offer::Entity::find()
        .select_only()
        .column(offer::Column::List)
        .column(offer::Column::State)
        .column_as(offer::COLUMN.id.count(), "count")
        .filter(offer::COLUMN.compound_id.eq(compound_id))
        .filter(offer::COLUMN.state.is_in(PUBLIC))
        .group_by(offer::Column::List)
        .group_by(offer::Column::State)
        .into_tuple()
        .all(db)
        .await?;
    let mut counts = BTreeMap::new();
    for (list, state, count) in rows {
        let count = usize::try_from(count).unwrap_or(0);
        let entry: &mut (usize, usize) = counts.entry(list).or_default();
        entry.0 += count;
        if state != OfferState::Open {
            entry.1 += count;
        }
    }
    Ok(counts)
}

/// The newest items of a list that are still open, and whether there are more.
///
/// # Errors
/// The database's.
pub async fn open_in<C: ConnectionTrait>(
    db: &C,
    compound_id: i64,
    list: OfferList,
    today: NaiveDate,
    most: u64,
) -> Result<Vec<Line>, Fault> {
    let rows = offer::Entity::find()
        .filter(offer::COLUMN.compound_id.eq(compound_id))
        .filter(offer::COLUMN.list.eq(list))
        .filter(offer::COLUMN.state.eq(OfferState::Open))
        .order_by_desc(offer::COLUMN.id)
        .limit(most)
        .all(db)
        .await?;
    lines(db, rows, today).await
}

/// The wall chart: what organisations have promised and what of it is closed off, this year's and what is
/// still open; by organisation, the one with the most first.
///
/// # Errors
/// The database's.
pub async fn chart<C: ConnectionTrait>(
    db: &C,
    compound_id: i64,
    today: NaiveDate,
) -> Result<Vec<Part>, Fault> {
    let new_year = NaiveDate::from_ymd_opt(today.year(), 1, 1).unwrap_or(today);
    let this_year = Condition::all()
        .add(offer::COLUMN.state.eq(OfferState::Done))
        .add(offer::COLUMN.ended_at.gte(begin_of(new_year)));
    let rows = offer::Entity::find()
        .filter(offer::COLUMN.compound_id.eq(compound_id))
        .filter(
            offer::COLUMN
                .list
                .is_in([OfferList::Service, OfferList::Responsibility]),
        )
        .filter(
            Condition::any()
                .add(offer::COLUMN.state.eq(OfferState::Open))
                .add(this_year),
        )
        .order_by_asc(offer::COLUMN.id)
        .limit(MOST)
        .all(db)
        .await?;
    Ok(parts(lines(db, rows, today).await?))
}

/// How many projects each organisation has taken on in a compound between these moments, its own promises of
/// a service among them; what was taken away does not count.
///
/// # Errors
/// The database's.
pub async fn claimed<C: ConnectionTrait>(
    db: &C,
    compound_id: i64,
    from: Moment,
    until: Moment,
) -> Result<BTreeMap<i64, i64>, Fault> {
    let rows: Vec<(i64, i64)> = offer::Entity::find()
        .select_only()
        .column(offer::Column::OrganisationId)
        .column_as(offer::COLUMN.id.count(), "count")
        .filter(offer::COLUMN.compound_id.eq(compound_id))
        .filter(offer::COLUMN.list.eq(OfferList::Service))
        .filter(offer::COLUMN.state.is_in(PUBLIC))
        .filter(offer::COLUMN.organisation_id.is_not_null())
        .filter(offer::COLUMN.claimed_at.gte(from))
        .filter(offer::COLUMN.claimed_at.lt(until))
        .group_by(offer::Column::OrganisationId)
        .into_tuple()
        .all(db)
        .await?;
    Ok(rows.into_iter().collect())
}

/// How many resources each of these organisations offers now, wherever.
///
/// # Errors
/// The database's.
pub async fn resources<C: ConnectionTrait>(
    db: &C,
    organisations: &[i64],
) -> Result<BTreeMap<i64, i64>, Fault> {
    let rows: Vec<(i64, i64)> = offer::Entity::find()
        .select_only()
        .column(offer::Column::OrganisationId)
        .column_as(offer::COLUMN.id.count(), "count")
        .filter(
            offer::COLUMN
                .organisation_id
                .is_in(organisations.iter().copied()),
        )
        .filter(offer::COLUMN.list.eq(OfferList::Resource))
        .filter(offer::COLUMN.state.eq(OfferState::Open))
        .group_by(offer::Column::OrganisationId)
        .into_tuple()
        .all(db)
        .await?;
    Ok(rows.into_iter().collect())
}

fn parts(lines: Vec<Line>) -> Vec<Part> {
    let mut by_owner: BTreeMap<Option<i64>, Vec<Line>> = BTreeMap::new();
    for line in lines {
        by_owner.entry(line.organisation_id).or_default().push(line);
    }
    let mut parts: Vec<Part> = by_owner
        .into_values()
        .map(|mut lines| {
            // What has no day comes behind what has one.
            lines.sort_by_key(|line| {
                let day = line.due_on.unwrap_or(NaiveDate::MAX);
                (line.state == OfferState::Done, day, line.id)
            });
            let name = lines.first().map(|line| line.by.clone());
            Part {
                name: name.unwrap_or_default(),
                lines,
            }
        })
        .collect();
    parts.sort_by(|one, other| {
        let count = other.lines.len().cmp(&one.lines.len());
        count.then_with(|| one.name.cmp(&other.name))
    });
    parts
}

async fn lines<C: ConnectionTrait>(
    db: &C,
    rows: Vec<offer::Model>,
    today: NaiveDate,
) -> Result<Vec<Line>, Fault> {
    let names = names(db, &rows).await?;
    let mut words = shown(db, &rows).await?;
    let line = |row: &offer::Model| {
        let (title, text) = words.remove(&row.id)?;
        let open = row.state == OfferState::Open && is_promise(row.list);
        Some(Line {
            id: row.id,
            list: row.list,
            organisation_id: row.organisation_id,
            title,
            text,
            by: by(&names, row),
            state: row.state,
            due_on: row.due_on,
            late: open && row.due_on.is_some_and(|day| day < today),
        })
    };
    Ok(rows.iter().filter_map(line).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn line(id: i64, by: &str, day: Option<u32>, state: OfferState) -> Line {
        Line {
            id,
            list: OfferList::Service,
            organisation_id: by.bytes().last().map(i64::from),
            title: format!("第{id}件"),
            text: String::new(),
            by: by.to_owned(),
            state,
            due_on: day.and_then(|day| NaiveDate::from_ymd_opt(2026, 12, day)),
            late: false,
        }
    }

    #[test]
    fn what_is_open_stands_before_what_is_closed_off_and_the_next_day_first() {
        let parts = parts(vec![
            line(1, "甲", Some(1), OfferState::Done),
            line(2, "甲", None, OfferState::Open),
            line(3, "甲", Some(9), OfferState::Open),
            line(4, "乙", Some(2), OfferState::Open),
        ]);
        let ids: Vec<Vec<i64>> = parts
            .iter()
            .map(|part| part.lines.iter().map(|line| line.id).collect())
            .collect();
        assert_eq!(ids, [vec![3, 2, 1], vec![4]]);
        assert_eq!((parts[0].done(), parts[1].done()), (1, 0));
    }

    proptest! {
        #[test]
        fn progress_is_a_share(done in 0_usize..1000, more in 0_usize..1000) {
            let share = percent(done, done + more);
            prop_assert!(share <= 100);
            prop_assert_eq!(share == 100, more == 0 && done > 0);
        }
    }
}
