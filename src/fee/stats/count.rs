//! Asks the database for the figures of a place and some months, and for the bills behind one of them. One
//! statement sums the bills up by place, month and due day; all else is made of its rows.

use chrono::NaiveDate;
use entity::{bill, place};
use sea_orm::sea_query::{
    Alias, Asterisk, Expr, ExprTrait, Func, JoinType, PostgresQueryBuilder, Query, SelectStatement,
};
use sea_orm::{
    Condition, ConnectionTrait, DbBackend, EntityTrait, QueryFilter, QueryOrder, QueryResult,
    QuerySelect, Select, Statement,
};

use crate::base::fault::Fault;
use crate::base::month::Month;
use crate::base::page::{Page, Slice};
use crate::fee::stats::{Amounts, Figure, Period};
use crate::place::queries as places;
use crate::place::scope::Scope;

/// The bills of one place and month that are due on one day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Key of the compound; inside of one, where homes are told apart, that of the place directly above them.
    pub place: i64,
    /// Of which month.
    pub month: Month,
    /// When they are due.
    pub due_on: NaiveDate,
    /// How many.
    pub bills: i64,
    /// What they come to.
    pub amounts: Amounts,
}

/// The bills of a scope.
fn inside(scope: &Scope) -> Condition {
    let Some(compound) = scope.place.compound_id else {
        let ids = scope.compounds.iter().map(|compound| compound.id);
        return Condition::all().add(bill::COLUMN.compound_id.is_in(ids));
    };
    let inside = Condition::all().add(bill::COLUMN.compound_id.eq(compound));
    if compound == scope.place.id {
        return inside;
    }
    inside.add(
        bill::COLUMN
            .home_id
            .in_subquery(homes(places::below(&scope.place.path))),
    )
}

fn homes(which: Condition) -> SelectStatement {
    Query::select()
        .column(place::Column::Id)
        .from(place::Entity)
        .cond_where(which)
        .to_owned()
}

fn of_months(period: Period) -> Condition {
    Condition::all()
        .add(bill::COLUMN.month.gte(period.from.number()))
        .add(bill::COLUMN.month.lte(period.until.number()))
}

/// The bills of a scope and a period, in groups.
///
/// # Errors
/// The database's.
pub async fn groups<C: ConnectionTrait>(
    db: &C,
    scope: &Scope,
    period: Period,
) -> Result<Vec<Group>, Fault> {
    let query = statement(scope, period, scope.place.compound_id);
    all(db, query).await
}

/// The same with each compound as one, also inside of it: for who needs nothing told apart.
///
/// # Errors
/// The database's.
pub async fn by_compound<C: ConnectionTrait>(
    db: &C,
    scope: &Scope,
    period: Period,
) -> Result<Vec<Group>, Fault> {
    all(db, statement(scope, period, None)).await
}

async fn all<C: ConnectionTrait>(db: &C, query: SelectStatement) -> Result<Vec<Group>, Fault> {
    let rows = match db.get_database_backend() {
        // With the values in it: PostgreSQL cannot plan for a share of a large table that it does
        // not know. All values are our own.
        DbBackend::Postgres => {
            let sql = query.to_string(PostgresQueryBuilder);
            db.query_all_raw(Statement::from_string(DbBackend::Postgres, sql))
                .await?
        }
        _ => db.query_all(&query).await?,
    };
    rows.iter().map(read).collect()
}

/// Name of the column by which places are told apart.
const PLACE: &str = "place";
/// Name of the count.
const BILLS: &str = "bills";
/// The amounts that are summed.
const AMOUNTS: [bill::Column; 4] = [
    bill::Column::Amount,
    bill::Column::Credited,
    bill::Column::Paid,
    bill::Column::Waived,
];

/// By the place above the homes within a compound, or by compound.
fn statement(scope: &Scope, period: Period, within: Option<i64>) -> SelectStatement {
    let mut query = Query::select();
    query
        .from(bill::Entity)
        .cond_where(inside(scope).add(of_months(period)));
    let key = if let Some(compound) = within {
        let home = Expr::col((place::Entity, place::Column::Id))
            .equals((bill::Entity, bill::Column::HomeId));
        query.join(JoinType::InnerJoin, place::Entity, home);
        // Or all homes of all compounds would be looked through for these.
        query.and_where(place::COLUMN.compound_id.eq(compound));
        Expr::col((place::Entity, place::Column::ParentId))
    } else {
        Expr::col((bill::Entity, bill::Column::CompoundId))
    };
    query.expr_as(key.clone(), PLACE);
    query.add_group_by([key]);
    for column in [bill::Column::Month, bill::Column::DueOn] {
        query.column((bill::Entity, column));
        query.group_by_col((bill::Entity, column));
    }
    query.expr_as(Func::count(Expr::col(Asterisk)), BILLS);
    for column in AMOUNTS {
        query.expr_as(total_of(Expr::col((bill::Entity, column))), column);
    }
    query
}

/// A sum, 0 of nothing; PostgreSQL's sums are wider than any amount of ours.
fn total_of(what: Expr) -> Expr {
    let parts: [Expr; 2] = [Func::sum(what).into(), Expr::val(0)];
    Expr::from(Func::coalesce(parts)).cast_as(Alias::new("bigint"))
}

fn read(row: &QueryResult) -> Result<Group, Fault> {
    let month: i32 = row.try_get("", "month")?;
    Ok(Group {
        place: row.try_get("", PLACE)?,
        month: Month::from_number(month).ok_or_else(|| Fault::internal("a bill of no month"))?,
        due_on: row.try_get("", "due_on")?,
        bills: row.try_get("", BILLS)?,
        amounts: Amounts {
            amount: row.try_get("", "amount")?,
            credited: row.try_get("", "credited")?,
            paid: row.try_get("", "paid")?,
            waived: row.try_get("", "waived")?,
        },
    })
}

/// Which bills stand behind a figure.
#[derive(Clone, Copy, Debug)]
pub struct Behind {
    /// Which figure.
    pub figure: Figure,
    /// Of which months.
    pub period: Period,
    /// Only of homes directly below this place.
    pub directly_below: Option<i64>,
    /// From which day their age is counted.
    pub today: NaiveDate,
}

/// What of a bill is in a figure, for the database; [`Figure::value`] says the same.
fn value(figure: Figure) -> Expr {
    let of = |column: bill::Column| Expr::col((bill::Entity, column));
    let billed = || of(bill::Column::Amount).sub(of(bill::Column::Credited));
    match figure {
        Figure::Billed => billed(),
        Figure::Paid => of(bill::Column::Paid),
        Figure::Waived => of(bill::Column::Waived),
        Figure::Credited => of(bill::Column::Credited),
        _ => billed()
            .sub(of(bill::Column::Paid))
            .sub(of(bill::Column::Waived)),
    }
}

impl Behind {
    fn condition(&self, scope: &Scope) -> Condition {
        let (from, until) = self.figure.due(self.today);
        let parent = self.directly_below.map(|id| {
            let which = Condition::all().add(place::COLUMN.parent_id.eq(id));
            bill::COLUMN.home_id.in_subquery(homes(which))
        });
        inside(scope)
            .add(of_months(self.period))
            .add(value(self.figure).gt(0))
            .add_option(from.map(|from| bill::COLUMN.due_on.gte(from)))
            .add_option(until.map(|until| bill::COLUMN.due_on.lte(until)))
            .add_option(parent)
    }
}

/// How many bills stand behind a figure, and the figure; `scope` says that the actor may see them.
///
/// # Errors
/// The database's.
pub async fn total<C: ConnectionTrait>(
    db: &C,
    scope: &Scope,
    what: &Behind,
) -> Result<(i64, i64), Fault> {
    let row: Option<(i64, i64)> = bill::Entity::find()
        .select_only()
        .expr_as(Func::count(Expr::col(Asterisk)), BILLS)
        .expr_as(total_of(value(what.figure)), "fen")
        .filter(what.condition(scope))
        .into_tuple()
        .one(db)
        .await?;
    Ok(row.unwrap_or_default())
}

/// A page of the bills behind a figure, newest first; `scope` says that the actor may see them.
///
/// # Errors
/// The database's.
pub async fn behind<C: ConnectionTrait>(
    db: &C,
    scope: &Scope,
    what: &Behind,
    slice: Slice,
) -> Result<Page<bill::Model>, Fault> {
    let condition = what.condition(scope);
    let most = usize::try_from(slice.limit + 1).unwrap_or(usize::MAX);
    let mut found = Vec::new();
    let mut top = match slice.before {
        Some(before) => before,
        None => newest(db).await?.map_or(0, |id| id.saturating_add(1)),
    };
    let mut width = FIRST_LOOK;
    while found.len() < most && top > 0 {
        let low = Ord::max(top.saturating_sub(width), 0);
        let rest = u64::try_from(most - found.len()).unwrap_or(u64::MAX);
        let look: Select<bill::Entity> = bill::Entity::find()
            .filter(condition.clone())
            .filter(bill::COLUMN.id.gte(low))
            .filter(bill::COLUMN.id.lt(top))
            .order_by_desc(bill::COLUMN.id)
            .limit(rest);
        found.extend(look.all(db).await?);
        (top, width) = (low, width.saturating_mul(WIDER));
    }
    Ok(slice.cut(found, |bill| bill.id))
}

/// Keys that the first look for a page goes through, and how much further each next one goes: by key alone
/// PostgreSQL would go through the bills of all places, hoping for a page of these.
const FIRST_LOOK: i64 = 20_000;
const WIDER: i64 = 8;

async fn newest<C: ConnectionTrait>(db: &C) -> Result<Option<i64>, Fault> {
    Ok(bill::Entity::find()
        .select_only()
        .column(bill::Column::Id)
        .order_by_desc(bill::COLUMN.id)
        .into_tuple()
        .one(db)
        .await?)
}
