//! Homes that were sold within a month that was billed (过户): which they are, what is known of their bills, and
//! what waits for a person. For the actions of `fee`, its clock and the console.

use std::collections::{BTreeMap, HashMap};

use chrono::TimeDelta;
use entity::kinds::HomeRelation;
use entity::money::SaleState;
use entity::{advance, bill, bill_line, bill_sale, fee_space, residency};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::base::clock::{Moment, china};
use crate::base::fault::Fault;
use crate::base::month::Month;
use crate::fee::advance::NOBODY;
use crate::fee::load::owners_by_home;
use crate::fee::owner::{parts, payer_to_come};
use crate::fee::sale::Billed;

/// Days back of which sales are looked for: as far back as bills may be made by hand.
const BACK: TimeDelta = TimeDelta::days(366);

/// Homes of which somebody has ceased to be an owner within a year, and the first month of which bills may be
/// wrong by it.
///
/// # Errors
/// The database's.
pub async fn sold<C: ConnectionTrait>(
    db: &C,
    home_id: Option<i64>,
    now: Moment,
) -> Result<BTreeMap<i64, Month>, Fault> {
    let mut find = residency::Entity::find()
        .select_only()
        .column(residency::Column::PlaceId)
        .column(residency::Column::EndedAt)
        .filter(residency::COLUMN.relation.eq(HomeRelation::Owner))
        .filter(residency::COLUMN.ended_at.gte(now - BACK));
    if let Some(id) = home_id {
        find = find.filter(residency::COLUMN.place_id.eq(id));
    }
    let rows: Vec<(i64, Option<Moment>)> = find.into_tuple().all(db).await?;
    let mut homes: BTreeMap<i64, Month> = BTreeMap::new();
    for (home, ended) in rows {
        let Some(ended) = ended else { continue };
        // Midnight is the end of the day before.
        let month = Month::of(china(ended - TimeDelta::milliseconds(1)).date_naive());
        let first = homes.entry(home).or_insert(month);
        *first = month.min(*first);
    }
    Ok(homes)
}

/// The months of some homes that were billed, each from one on. Left out are those whose only bill is the only
/// owner's.
///
/// # Errors
/// The database's.
pub async fn billed<C: ConnectionTrait>(
    db: &C,
    homes: &BTreeMap<i64, Month>,
) -> Result<Vec<Billed>, Fault> {
    let Some(first) = homes.values().min() else {
        return Ok(Vec::new());
    };
    let rows = bill::Entity::find()
        .filter(bill::COLUMN.home_id.is_in(homes.keys().copied()))
        .filter(bill::COLUMN.month.gte(first.number()))
        .order_by_asc(bill::COLUMN.id)
        .all(db)
        .await?;
    let mut months: BTreeMap<(i64, Month), Vec<bill::Model>> = BTreeMap::new();
    for row in rows {
        let Some(month) = Month::from_number(row.month) else {
            continue;
        };
        if homes.get(&row.home_id).is_some_and(|from| month >= *from) {
            months.entry((row.home_id, month)).or_default().push(row);
        }
    }
    let owners = owners_by_home(db, homes.keys().copied()).await?;
    months.retain(|(home, month), bills| {
        let owners = owners.get(home).map(Vec::as_slice).unwrap_or_default();
        match (parts(*month, owners).as_slice(), bills.as_slice()) {
            ([part], [bill]) => part.payer_id != bill.payer_id,
            _ => true,
        }
    });
    let keys = months.values().flatten().map(|bill| bill.id);
    let mut lines = lines_of(db, keys.collect()).await?;
    let spaces = spaces_of(db, homes.keys().copied().collect()).await?;
    let one = |((home_id, month), bills): ((i64, Month), Vec<bill::Model>)| Billed {
        compound_id: bills.first().map_or(0, |bill| bill.compound_id),
        home_id,
        month,
        owners: owners.get(&home_id).cloned().unwrap_or_default(),
        lines: bills
            .iter()
            .flat_map(|bill| lines.remove(&bill.id).unwrap_or_default())
            .collect(),
        spaces: spaces
            .iter()
            .filter(|space| space.home_id == home_id)
            .cloned()
            .collect(),
        bills,
    };
    Ok(months.into_iter().map(one).collect())
}

async fn lines_of<C: ConnectionTrait>(
    db: &C,
    bills: Vec<i64>,
) -> Result<HashMap<i64, Vec<bill_line::Model>>, Fault> {
    let mut all: HashMap<i64, Vec<bill_line::Model>> = HashMap::new();
    if bills.is_empty() {
        return Ok(all);
    }
    let rows = bill_line::Entity::find()
        .filter(bill_line::COLUMN.bill_id.is_in(bills))
        .order_by_asc(bill_line::COLUMN.id)
        .all(db)
        .await?;
    for row in rows {
        all.entry(row.bill_id).or_default().push(row);
    }
    Ok(all)
}

async fn spaces_of<C: ConnectionTrait>(
    db: &C,
    homes: Vec<i64>,
) -> Result<Vec<fee_space::Model>, Fault> {
    let rows = fee_space::Entity::find()
        .filter(fee_space::COLUMN.home_id.is_in(homes))
        .order_by_asc(fee_space::COLUMN.id)
        .all(db)
        .await?;
    Ok(rows)
}

/// A sale by key; not scoped.
///
/// # Errors
/// The database's.
pub async fn by_id<C: ConnectionTrait>(db: &C, id: i64) -> Result<Option<bill_sale::Model>, Fault> {
    Ok(bill_sale::Entity::find_by_id(id).one(db).await?)
}

/// Sales of a compound that wait for a person, the oldest first.
///
/// # Errors
/// The database's.
pub async fn waiting<C: ConnectionTrait>(
    db: &C,
    compound_id: i64,
    most: u64,
) -> Result<Vec<bill_sale::Model>, Fault> {
    let rows = bill_sale::Entity::find()
        .filter(bill_sale::COLUMN.compound_id.eq(compound_id))
        .filter(bill_sale::COLUMN.state.eq(SaleState::Waiting))
        .order_by_asc(bill_sale::COLUMN.id)
        .limit(most)
        .all(db)
        .await?;
    Ok(rows)
}

/// What is known of the month of a sale now; none when the month was not billed, or is all right.
///
/// # Errors
/// The database's.
pub async fn of_sale<C: ConnectionTrait>(
    db: &C,
    sale: &bill_sale::Model,
) -> Result<Option<Billed>, Fault> {
    let Some(month) = Month::from_number(sale.month) else {
        return Ok(None);
    };
    let found = billed(db, &BTreeMap::from([(sale.home_id, month)])).await?;
    Ok(found.into_iter().find(|one| one.month == month))
}

/// What is kept in a compound for people who do not owe the next bills of the home, which another owner does: it pays
/// none of those, and is theirs to be given back.
///
/// # Errors
/// The database's.
pub async fn left_over<C: ConnectionTrait>(
    db: &C,
    compound_id: i64,
    now: Moment,
) -> Result<Vec<advance::Model>, Fault> {
    let mut rows = advance::Entity::find()
        .filter(advance::COLUMN.compound_id.eq(compound_id))
        .filter(advance::COLUMN.balance.gt(0))
        .filter(advance::COLUMN.payer_id.ne(NOBODY))
        .order_by_asc(advance::COLUMN.home_id)
        .all(db)
        .await?;
    let owners = owners_by_home(db, rows.iter().map(|row| row.home_id)).await?;
    rows.retain(|row| {
        let of_home = owners.get(&row.home_id).map(Vec::as_slice);
        payer_to_come(of_home.unwrap_or_default(), now) != row.payer_id
    });
    Ok(rows)
}
