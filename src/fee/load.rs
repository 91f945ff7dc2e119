//! What is known of some homes for a month: owners, spaces, readings, charges. One statement each, however
//! many homes.

use std::collections::HashMap;

use entity::kinds::{FeeKind, HomeRelation};
use entity::{fee_charge, fee_reading, fee_space, residency};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder};

use crate::base::clock::Moment;
use crate::base::fault::Fault;
use crate::base::month::Month;
use crate::fee::compose::{Home, NewBill, compose};
use crate::fee::owner::{Owner, payer_to_come};
use crate::fee::tariff::{HomeRef, Tariff};

/// Rows about homes whose keys lie behind one and up to another.
pub struct Facts {
    residencies: Vec<residency::Model>,
    spaces: Vec<fee_space::Model>,
    readings: Vec<fee_reading::Model>,
    charges: Vec<fee_charge::Model>,
}

impl Facts {
    /// Reads them.
    ///
    /// # Errors
    /// The database's.
    pub async fn load<C: ConnectionTrait>(
        db: &C,
        compound_id: i64,
        month: Month,
        tariff: &Tariff,
        (behind, up_to): (i64, i64),
    ) -> Result<Self, Fault> {
        let residencies = residency::Entity::find()
            .filter(residency::COLUMN.place_id.gt(behind))
            .filter(residency::COLUMN.place_id.lte(up_to))
            .filter(residency::COLUMN.compound_id.eq(compound_id))
            .filter(residency::COLUMN.relation.eq(HomeRelation::Owner))
            .order_by_asc(residency::COLUMN.place_id)
            .all(db)
            .await?;
        let parking = tariff.of_kind(FeeKind::Parking);
        let spaces = match parking.is_empty() {
            true => Vec::new(),
            false => {
                fee_space::Entity::find()
                    .filter(fee_space::COLUMN.fee_item_id.is_in(parking))
                    .filter(fee_space::COLUMN.home_id.gt(behind))
                    .filter(fee_space::COLUMN.home_id.lte(up_to))
                    .filter(fee_space::COLUMN.from_day.lte(month.last()))
                    .filter(
                        Condition::any()
                            .add(fee_space::COLUMN.to_day.is_null())
                            .add(fee_space::COLUMN.to_day.gte(month.first())),
                    )
                    .order_by_asc(fee_space::COLUMN.id)
                    .all(db)
                    .await?
            }
        };
        let metered = tariff.of_kind(FeeKind::Meter);
        let readings = match metered.is_empty() {
            true => Vec::new(),
            false => {
                fee_reading::Entity::find()
                    .filter(fee_reading::COLUMN.fee_item_id.is_in(metered))
                    .filter(fee_reading::COLUMN.home_id.gt(behind))
                    .filter(fee_reading::COLUMN.home_id.lte(up_to))
                    .filter(fee_reading::COLUMN.month.eq(month.number()))
                    .order_by_asc(fee_reading::COLUMN.id)
                    .all(db)
                    .await?
            }
        };
        let charges = fee_charge::Entity::find()
            .filter(fee_charge::COLUMN.compound_id.eq(compound_id))
            .filter(fee_charge::COLUMN.month.eq(month.number()))
            .filter(fee_charge::COLUMN.home_id.gt(behind))
            .filter(fee_charge::COLUMN.home_id.lte(up_to))
            .order_by_asc(fee_charge::COLUMN.id)
            .all(db)
            .await?;
        Ok(Self::sorted(residencies, spaces, readings, charges))
    }

    fn sorted(
        mut residencies: Vec<residency::Model>,
        mut spaces: Vec<fee_space::Model>,
        mut readings: Vec<fee_reading::Model>,
        mut charges: Vec<fee_charge::Model>,
    ) -> Self {
        residencies.sort_by_key(|row| (row.place_id, row.person_id));
        spaces.sort_by_key(|row| (row.home_id, row.id));
        readings.sort_by_key(|row| (row.home_id, row.id));
        charges.sort_by_key(|row| (row.home_id, row.id));
        Self {
            residencies,
            spaces,
            readings,
            charges,
        }
    }

    /// The bills of the homes, in their order.
    ///
    /// # Errors
    /// As [`compose`].
    pub fn bills(
        &self,
        month: Month,
        tariff: &Tariff,
        homes: &[HomeRef],
    ) -> Result<Vec<NewBill>, Fault> {
        let mut bills = Vec::with_capacity(homes.len());
        for home in homes {
            let known = Home {
                id: home.id,
                code: &home.code,
                area_cm2: home.area_cm2,
                owners: of(&self.residencies, home.id, |row| row.place_id)
                    .iter()
                    .map(owner)
                    .collect(),
                spaces: of(&self.spaces, home.id, |row| row.home_id)
                    .iter()
                    .collect(),
                readings: of(&self.readings, home.id, |row| row.home_id)
                    .iter()
                    .collect(),
                charges: of(&self.charges, home.id, |row| row.home_id)
                    .iter()
                    .collect(),
            };
            bills.extend(compose(month, &known, &tariff.holds(home))?);
        }
        Ok(bills)
    }
}

fn owner(row: &residency::Model) -> Owner {
    Owner {
        person_id: row.person_id,
        share: row.share.clone(),
        entered_at: row.created_at,
        ended_at: row.ended_at,
    }
}

/// Whoever owns or owned some homes, by the roster.
///
/// # Errors
/// The database's.
pub async fn owners_by_home<C: ConnectionTrait>(
    db: &C,
    homes: impl IntoIterator<Item = i64>,
) -> Result<HashMap<i64, Vec<Owner>>, Fault> {
    let rows = residency::Entity::find()
        .filter(residency::COLUMN.place_id.is_in(homes))
        .filter(residency::COLUMN.relation.eq(HomeRelation::Owner))
        .order_by_asc(residency::COLUMN.person_id)
        .all(db)
        .await?;
    let mut all: HashMap<i64, Vec<Owner>> = HashMap::new();
    for row in &rows {
        all.entry(row.place_id).or_default().push(owner(row));
    }
    Ok(all)
}

/// Whoever will owe the next bill of a home: its owner from tomorrow on, 0 while none is known.
///
/// # Errors
/// The database's.
pub async fn next_owner<C: ConnectionTrait>(
    db: &C,
    home_id: i64,
    now: Moment,
) -> Result<i64, Fault> {
    let owners = owners_by_home(db, [home_id]).await?;
    let owners = owners.get(&home_id).map(Vec::as_slice).unwrap_or_default();
    Ok(payer_to_come(owners, now))
}

/// The rows of one home among rows that are sorted by home.
fn of<T>(rows: &[T], home_id: i64, key: impl Fn(&T) -> i64) -> &[T] {
    let from = rows.partition_point(|row| key(row) < home_id);
    let rest = rows.get(from..).unwrap_or_default();
    let count = rest.partition_point(|row| key(row) == home_id);
    rest.get(..count).unwrap_or_default()
}
