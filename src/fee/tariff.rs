//! What the bills of a month rest on in a compound: its homes, the fees that hold, the costs and each
//! home's share of them. Read once by a run; the shares of homes that are done stay what was billed.

use entity::kinds::{FeeKind, FeeSplit, PlaceKind};
use entity::{fee_cost, fee_item, place};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Statement,
};

use crate::base::fault::Fault;
use crate::base::month::Month;
use crate::fee::compose::Holds;
use crate::fee::price;
use crate::fee::split::shares;

/// What of a month's cost was billed to homes up to a key. A credit changes no share, and neither does a sale.
const BILLED: &str = r#"SELECT CAST(COALESCE(SUM("l"."amount"), 0) AS BIGINT) AS "sum" FROM "bill" AS "b"
JOIN "bill_line" AS "l" ON "l"."bill_id" = "b"."id"
WHERE "b"."compound_id" = $1 AND "b"."month" = $2 AND "b"."home_id" <= $3 AND "l"."fee_item_id" = $4 AND "l"."corrects" IS NULL AND "l"."sale_id" IS NULL"#;

/// A home of the compound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HomeRef {
    /// Key.
    pub id: i64,
    /// `GY/3-2-501`
    pub code: String,
    /// In the tree.
    pub path: String,
    /// If known.
    pub area_cm2: Option<i64>,
}

/// A fee that holds in the month.
struct Fee {
    item: fee_item::Model,
    /// Only homes below this path.
    path: Option<String>,
    cost: Option<Cost>,
}

/// A cost and its shares.
struct Cost {
    amount: i64,
    note: String,
    split: FeeSplit,
    /// The sum of all weights: cm², or homes.
    total: i64,
    /// Home, its weight, its share; by home.
    shares: Vec<(i64, i64, i64)>,
}

/// What a month rests on.
pub struct Tariff {
    /// All homes, by key.
    pub homes: Vec<HomeRef>,
    fees: Vec<Fee>,
}

impl Tariff {
    /// Reads it; homes up to `done` have their bills.
    ///
    /// # Errors
    /// The database's.
    pub async fn load<C: ConnectionTrait>(
        db: &C,
        compound_id: i64,
        month: Month,
        done: i64,
    ) -> Result<Self, Fault> {
        let homes = homes(db, compound_id).await?;
        let mut fees = Vec::new();
        for item in items_of(db, compound_id, month).await? {
            let path = match item.place_id {
                None => None,
                // A place that is gone holds no home.
                Some(id) => Some(path_of(db, id).await?.unwrap_or_default()),
            };
            let cost = match item.kind {
                FeeKind::Shared => cost_of(db, &item, month).await?,
                _ => None,
            };
            let mut fee = Fee {
                item,
                path,
                cost: None,
            };
            if let Some(cost) = cost {
                let billed = billed(db, &fee.item, month, done).await?;
                fee.cost = Some(share(&fee, cost, &homes, done, billed));
            }
            fees.push(fee);
        }
        Ok(Self { homes, fees })
    }

    /// Homes behind a key, so many at most.
    #[must_use]
    pub fn behind(&self, last: i64, most: usize) -> &[HomeRef] {
        let from = self.homes.partition_point(|home| home.id <= last);
        let to = from.saturating_add(most).min(self.homes.len());
        self.homes.get(from..to).unwrap_or_default()
    }

    /// Keys of the fees of a kind.
    #[must_use]
    pub fn of_kind(&self, kind: FeeKind) -> Vec<i64> {
        let of_kind = self.fees.iter().filter(|fee| fee.item.kind == kind);
        of_kind.map(|fee| fee.item.id).collect()
    }

    /// Whether nothing is billed by a fee this month.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.fees.is_empty()
    }

    /// The fees that hold for a home, with its shares.
    #[must_use]
    pub fn holds(&self, home: &HomeRef) -> Vec<Holds<'_>> {
        let theirs = self.fees.iter().filter(|fee| fee.holds_for(home));
        theirs
            .map(|fee| Holds {
                item: &fee.item,
                share: fee.cost.as_ref().and_then(|cost| cost.of(home.id)),
            })
            .collect()
    }
}

impl Fee {
    fn holds_for(&self, home: &HomeRef) -> bool {
        let inside = |path: &String| !path.is_empty() && home.path.starts_with(path);
        self.path.as_ref().is_none_or(inside)
    }
}

impl Cost {
    fn of(&self, home_id: i64) -> Option<(price::Priced, String)> {
        let at = self.shares.binary_search_by_key(&home_id, |share| share.0);
        let (_, weight, amount) = *self.shares.get(at.ok()?)?;
        let priced = match self.split {
            FeeSplit::Area => price::by_area(self.amount, weight, self.total, amount),
            FeeSplit::Even => price::evenly(self.amount, self.total, amount),
        };
        Some((priced, self.note.clone()))
    }
}

/// Shares a cost out. When what was billed before a run was stopped is not what these shares say, since
/// somebody changed an area meanwhile, the rest goes to the homes that are left: the sum is the cost.
fn share(fee: &Fee, cost: fee_cost::Model, homes: &[HomeRef], done: i64, billed: i64) -> Cost {
    let split = fee.item.split.unwrap_or(FeeSplit::Even);
    let weight = |home: &HomeRef| match split {
        FeeSplit::Area => home.area_cm2.unwrap_or(0).max(0),
        FeeSplit::Even => 1,
    };
    let theirs = homes.iter().filter(|home| fee.holds_for(home));
    let weights: Vec<(i64, i64)> = theirs.map(|home| (home.id, weight(home))).collect();
    let mut amounts = shares(cost.amount, &weights);
    let all = weights.iter().zip(&amounts);
    let before: i64 = all
        .filter(|((id, _), _)| *id <= done)
        .map(|(_, amount)| amount)
        .sum();
    if before != billed {
        let left = |(id, weight): &(i64, i64)| (*id, if *id > done { *weight } else { 0 });
        let rest: Vec<(i64, i64)> = weights.iter().map(left).collect();
        amounts = shares(cost.amount.saturating_sub(billed).max(0), &rest);
    }
    Cost {
        amount: cost.amount,
        note: cost.note,
        split,
        total: weights.iter().map(|(_, weight)| weight).sum(),
        shares: weights
            .into_iter()
            .zip(amounts)
            .map(|((id, weight), amount)| (id, weight, amount))
            .collect(),
    }
}

/// The fees of a compound that hold in a month, the oldest first.
///
/// # Errors
/// The database's.
pub async fn items_of<C: ConnectionTrait>(
    db: &C,
    compound_id: i64,
    month: Month,
) -> Result<Vec<fee_item::Model>, Fault> {
    let mut rows = fee_item::Entity::find()
        .filter(fee_item::COLUMN.compound_id.eq(compound_id))
        .order_by_asc(fee_item::COLUMN.id)
        .all(db)
        .await?;
    let number = month.number();
    rows.retain(|row| {
        row.from_month.is_none_or(|from| from <= number)
            && row.to_month.is_none_or(|to| to >= number)
    });
    Ok(rows)
}

async fn homes<C: ConnectionTrait>(db: &C, compound_id: i64) -> Result<Vec<HomeRef>, Fault> {
    let rows = place::Entity::find()
        .select_only()
        .columns([
            place::Column::Id,
            place::Column::Code,
            place::Column::Path,
            place::Column::AreaCm2,
        ])
        .filter(place::COLUMN.compound_id.eq(compound_id))
        .filter(place::COLUMN.kind.eq(PlaceKind::Home))
        .filter(place::COLUMN.closed_at.is_null())
        .order_by_asc(place::COLUMN.id)
        .into_tuple::<(i64, String, String, Option<i64>)>()
        .all(db)
        .await?;
    let home = |(id, code, path, area_cm2)| HomeRef {
        id,
        code,
        path,
        area_cm2,
    };
    Ok(rows.into_iter().map(home).collect())
}

async fn path_of<C: ConnectionTrait>(db: &C, id: i64) -> Result<Option<String>, Fault> {
    let row = place::Entity::find_by_id(id).one(db).await?;
    Ok(row.map(|row| row.path))
}

async fn cost_of<C: ConnectionTrait>(
    db: &C,
    item: &fee_item::Model,
    month: Month,
) -> Result<Option<fee_cost::Model>, Fault> {
    let row = fee_cost::Entity::find()
        .filter(fee_cost::COLUMN.fee_item_id.eq(item.id))
        .filter(fee_cost::COLUMN.month.eq(month.number()))
        .one(db)
        .await?;
    Ok(row)
}

async fn billed<C: ConnectionTrait>(
    db: &C,
    item: &fee_item::Model,
    month: Month,
    done: i64,
) -> Result<i64, Fault> {
    if done == 0 {
        return Ok(0);
    }
    let values = [
        item.compound_id.into(),
        month.number().into(),
        done.into(),
        item.id.into(),
    ];
    let statement = Statement::from_sql_and_values(db.get_database_backend(), BILLED, values);
    let row = db.query_one_raw(statement).await?;
    Ok(row.map_or(Ok(0), |row| row.try_get("", "sum"))?)
}
