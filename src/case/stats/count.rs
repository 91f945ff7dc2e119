//! Asks the database for the figures of a place and a period, and for the cases behind one of them.
//! One statement reads the cases once, into groups that are as fine as needed, and sums those up by
//! each dimension; it is the same on both databases.

use entity::kinds::{CaseKind, CaseState, Level};
use entity::{case, place};
use sea_orm::sea_query::{
    Alias, CaseStatement, CommonTableExpression, Expr, ExprTrait, Func, PostgresQueryBuilder,
    Query, SelectStatement, UnionType, WithClause, WithQuery,
};
use sea_orm::{
    ActiveEnum, ColumnTrait, Condition, ConnectionTrait, DbBackend, EntityTrait, QueryFilter,
    QueryOrder, QueryResult, QuerySelect, Statement,
};

use crate::base::fault::Fault;
use crate::base::page::{Page, Slice};
use crate::case::queries;
use crate::case::stats::span::Span;
use crate::case::stats::{Counts, Figure};
use crate::place::queries as places;
use crate::place::scope::Scope;

/// By what cases are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum By {
    /// Not at all.
    Whole,
    /// Stretch of the period; the key is its number.
    Time,
    /// Place; the key is that of a compound, inside of one that of the place itself.
    Place,
    /// Kind.
    Kind,
    /// Category.
    Category,
    /// Level at which it lies or was done.
    Level,
    /// Organisation that it was given to.
    Organisation,
}

impl By {
    const ALL: [Self; 7] = [
        Self::Whole,
        Self::Time,
        Self::Place,
        Self::Kind,
        Self::Category,
        Self::Level,
        Self::Organisation,
    ];

    /// In addresses and in the statement.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Whole => "all",
            Self::Time => "time",
            Self::Place => "place",
            Self::Kind => "kind",
            Self::Category => "category",
            Self::Level => "level",
            Self::Organisation => "organisation",
        }
    }

    /// By the word of an address.
    #[must_use]
    pub fn of(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|by| by.key() == key)
    }
}

/// The cases of one kind, of one place …
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// By what.
    pub by: By,
    /// Which; none for those that have none (no category, no organisation).
    pub key: Option<String>,
    /// The figures.
    pub counts: Counts,
}

/// The cases of a scope.
fn inside(scope: &Scope) -> Condition {
    let Some(compound) = scope.place.compound_id else {
        let ids = scope.compounds.iter().map(|compound| compound.id);
        return Condition::all().add(case::COLUMN.compound_id.is_in(ids));
    };
    let inside = Condition::all().add(case::COLUMN.compound_id.eq(compound));
    if compound == scope.place.id {
        return inside;
    }
    let below = Query::select()
        .column(place::Column::Id)
        .from(place::Entity)
        .cond_where(places::below(&scope.place.path))
        .to_owned();
    inside.add(case::COLUMN.place_id.in_subquery(below))
}

/// What stands for [`By::Place`].
const fn place_column(scope: &Scope) -> case::Column {
    match scope.place.compound_id {
        None => case::Column::CompoundId,
        Some(_) => case::Column::PlaceId,
    }
}

/// Filed in the period; what was joined with another case is that case.
fn filed_in(span: Span) -> Condition {
    Condition::all()
        .add(case::COLUMN.state.ne(CaseState::Merged))
        .add(case::COLUMN.created_at.gte(span.from()))
        .add(case::COLUMN.created_at.lt(span.to()))
}

/// The figures of a place and a period, by every dimension; the whole is the first.
///
/// # Errors
/// The database's.
pub async fn figures<C: ConnectionTrait>(
    db: &C,
    scope: &Scope,
    span: Span,
) -> Result<Vec<Group>, Fault> {
    let query = statement(scope, span);
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

fn statement(scope: &Scope, span: Span) -> WithQuery {
    let fine = CommonTableExpression::new()
        .table_name(FINE)
        .query(fine(scope, span))
        .to_owned();
    let mut with = WithClause::new();
    with.cte(fine);
    let mut parts = By::ALL.into_iter().map(summed);
    let mut all = parts.next().unwrap_or_default();
    all.unions(parts.map(|part| (UnionType::All, part)));
    all.with(with)
}

/// The finest groups.
const FINE: &str = "fine";
/// The sum of the scores.
const STARS: &str = "stars";

/// The name of a figure's column.
fn column(figure: Figure) -> Alias {
    Alias::new(figure.words().key)
}

/// Reads the cases, once.
fn fine(scope: &Scope, span: Span) -> SelectStatement {
    let mut query = Query::select();
    query
        .from(case::Entity)
        .cond_where(inside(scope).add(filed_in(span)));
    let organisation = case::Column::OrganisationId;
    for (by, expression) in [
        (By::Time, part_of(&span.parts(), 0)),
        (By::Place, Expr::col(place_column(scope))),
        (By::Kind, Expr::col(case::Column::Kind)),
        (By::Category, Expr::col(case::Column::Category)),
        (By::Level, Expr::col(case::Column::Level)),
        (By::Organisation, Expr::col(organisation)),
    ] {
        query.expr_as(expression, group(by));
        query.group_by_col(group(by));
    }
    for figure in Figure::ALL {
        let counted: Expr = if figure == Figure::Filed {
            Func::count(Expr::col(case::Column::Id)).into()
        } else {
            Func::count(CaseStatement::new().case(figure.condition(), 1)).into()
        };
        query.expr_as(counted, column(figure));
    }
    let score =
        CaseStatement::new().case(Figure::Rated.condition(), Expr::col(case::Column::Rating));
    query.expr_as(sum_of(score.into()), STARS);
    query
}

/// A dimension's column among the finest groups.
fn group(by: By) -> Alias {
    Alias::new(format!("by_{}", by.key()))
}

/// The number of the part of the period in which a case was filed: halves, so that a year of days
/// takes few comparisons.
fn part_of(parts: &[Span], from: i64) -> Expr {
    let (early, late) = parts.split_at(parts.len() / 2);
    match late.first() {
        Some(middle) if !early.is_empty() => {
            let behind = from.saturating_add(i64::try_from(early.len()).unwrap_or(i64::MAX));
            CaseStatement::new()
                .case(
                    case::COLUMN.created_at.lt(middle.from()),
                    part_of(early, from),
                )
                .finally(part_of(late, behind))
                .into()
        }
        _ => Expr::val(from),
    }
}

/// The sums of one dimension.
fn summed(by: By) -> SelectStatement {
    let mut query = Query::select();
    query.from(FINE);
    let text = Alias::new("text");
    query.expr_as(Expr::val(by.key()), "dimension");
    if by == By::Whole {
        query.expr_as(Expr::val(None::<String>).cast_as(text), "key");
    } else {
        query.expr_as(Expr::col(group(by)).cast_as(text), "key");
        query.group_by_col(group(by));
    }
    let columns = Figure::ALL.map(column).into_iter();
    for name in columns.chain([Alias::new(STARS)]) {
        let sum = sum_of(Expr::col(name.clone()));
        // PostgreSQL's sums are wider than any count.
        query.expr_as(sum.cast_as(Alias::new("bigint")), name);
    }
    query
}

/// A sum; 0 of nothing.
fn sum_of(what: Expr) -> Expr {
    let parts: [Expr; 2] = [Func::sum(what).into(), Expr::val(0)];
    Func::coalesce(parts).into()
}

fn read(row: &QueryResult) -> Result<Group, Fault> {
    let by: String = row.try_get("", "dimension")?;
    let mut counts = [0; Figure::ALL.len()];
    for (count, figure) in counts.iter_mut().zip(Figure::ALL) {
        *count = row.try_get("", figure.words().key)?;
    }
    Ok(Group {
        by: By::of(&by).ok_or_else(|| Fault::internal("an unknown dimension"))?,
        key: row.try_get("", "key")?,
        counts: Counts::new(counts, row.try_get("", STARS)?),
    })
}

/// Which cases stand behind a figure.
#[derive(Clone, Debug)]
pub struct Behind {
    /// Which figure.
    pub figure: Figure,
    /// Of which period.
    pub span: Span,
    /// Of which group; none for all.
    pub group: Option<(By, Option<String>)>,
}

impl Behind {
    /// As a condition on cases; none for a key that cannot be.
    fn condition(&self, scope: &Scope) -> Option<Condition> {
        let all = Condition::all()
            .add(self.figure.condition())
            .add(filed_in(self.span));
        let Some((by, key)) = &self.group else {
            return Some(all);
        };
        let key = key.as_deref();
        let narrow = match (by, key) {
            (By::Category, None) => case::COLUMN.category.is_null(),
            (By::Category, Some(key)) => case::COLUMN.category.eq(key),
            (By::Organisation, None) => case::COLUMN.organisation_id.is_null(),
            (By::Organisation, Some(key)) => {
                case::COLUMN.organisation_id.eq(key.parse::<i64>().ok()?)
            }
            (By::Place, Some(key)) => {
                let place = key.parse::<i64>().ok()?;
                Expr::col((case::Entity, place_column(scope))).eq(place)
            }
            (By::Kind, Some(key)) => {
                let kind = CaseKind::try_from_value(&key.to_owned()).ok()?;
                case::COLUMN.kind.eq(kind)
            }
            (By::Level, Some(key)) => {
                let level = Level::try_from_value(&key.to_owned()).ok()?;
                case::COLUMN.level.eq(level)
            }
            (By::Time, Some(key)) => {
                let part = *self.span.parts().get(key.parse::<usize>().ok()?)?;
                return Some(all.add(filed_in(part)));
            }
            _ => return None,
        };
        Some(all.add(narrow))
    }
}

/// A page of the cases behind a figure, newest first; `scope` says that the actor may see them.
///
/// # Errors
/// The database's.
pub async fn behind<C: ConnectionTrait>(
    db: &C,
    scope: &Scope,
    what: &Behind,
    slice: Slice,
) -> Result<Page<case::Model>, Fault> {
    let Some(condition) = what.condition(scope) else {
        return Ok(Page::empty());
    };
    let condition = inside(scope).add(condition);
    let most = usize::try_from(slice.limit + 1).unwrap_or(usize::MAX);
    let mut found = Vec::new();
    let mut top = match (slice.before, newest(db).await?) {
        (Some(before), _) => before,
        (None, newest) => newest.map_or(0, |id| id.saturating_add(1)),
    };
    let mut width = FIRST_LOOK;
    while found.len() < most && top > 0 {
        let low = Ord::max(top.saturating_sub(width), 0);
        let look = case::Entity::find()
            .filter(condition.clone())
            .filter(case::COLUMN.id.gte(low))
            .filter(case::COLUMN.id.lt(top))
            .order_by_desc(queries::sum_of_key())
            .limit(u64::try_from(most - found.len()).unwrap_or(u64::MAX));
        found.extend(look.all(db).await?);
        (top, width) = (low, width.saturating_mul(WIDER));
    }
    Ok(slice.cut(found, |case| case.id))
}

/// Keys that the first look for a page goes through, and how much further each next one goes. By key alone
/// PostgreSQL would go through the cases of all places, hoping for a page of these.
const FIRST_LOOK: i64 = 20_000;
const WIDER: i64 = 8;

async fn newest<C: ConnectionTrait>(db: &C) -> Result<Option<i64>, Fault> {
    Ok(case::Entity::find()
        .select_only()
        .column(case::Column::Id)
        .order_by_desc(case::COLUMN.id)
        .into_tuple()
        .one(db)
        .await?)
}
