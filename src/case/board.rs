//! What everybody may read of the cases of a compound, and what was promised: no words of residents, no
//! name, nothing nearer than a building; of what is nobody else's business neither number nor day. Read by
//! the public board.

use std::collections::HashMap;

use entity::kinds::{CaseKind, CaseState, Grade, Level, PlaceKind};
use entity::{attachment, calendar, case, place};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, Iterable, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait,
};

use crate::base::clock::Moment;
use crate::base::fault::Fault;
use crate::case::similar::COMMON;
use crate::case::stats::AT_WORK;
use crate::case::step::OPEN;
use crate::case::{BOARD, evidence, subject};
use crate::moderation::queries as moderation;
use crate::place::ids;
use crate::policy::{self, Policy};

/// Of so many that ended last those that may be read are shown: a compound whose results wait for a word for years
/// costs the board no more than any other.
const LOOKED_AT: u64 = 300;

/// A case that is being worked on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenCase {
    /// Its number and when it was filed, where neighbours may join it (我也遇到).
    pub joinable: Option<(i64, Moment)>,
    /// What was filed.
    pub kind: CaseKind,
    /// Name of the building; none for what belongs to all.
    pub building: Option<String>,
    /// Where the work stands.
    pub state: CaseState,
}

/// A case that is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClosedCase {
    /// What may be read of it: its public text, which has passed moderation.
    pub text: String,
    /// When it ended.
    pub at: Option<Moment>,
    /// What was found and what was done, as far as others may see it.
    pub photos: Vec<attachment::Model>,
}

/// The newest open cases of a compound.
///
/// # Errors
/// The database's.
pub async fn open<C: ConnectionTrait>(
    db: &C,
    compound_id: i64,
    most: u64,
) -> Result<Vec<OpenCase>, Fault> {
    let cases = case::Entity::find()
        .filter(case::COLUMN.compound_id.eq(compound_id))
        .filter(case::COLUMN.state.is_in(AT_WORK))
        .order_by_desc(case::COLUMN.id)
        .limit(most)
        .all(db)
        .await?;
    let of: Vec<i64> = cases.iter().map(|case| case.place_id).collect();
    let buildings = buildings(db, &of).await?;
    let joinable = |case: &case::Model| COMMON.contains(&case.kind) && OPEN.contains(&case.state);
    let shown = |case: case::Model| OpenCase {
        joinable: joinable(&case).then_some((case.id, case.created_at)),
        kind: case.kind,
        building: buildings.get(&case.place_id).cloned(),
        state: case.state,
    };
    Ok(cases.into_iter().map(shown).collect())
}

/// How many cases of a compound are open.
///
/// # Errors
/// The database's.
pub async fn count_open<C: ConnectionTrait>(db: &C, compound_id: i64) -> Result<u64, Fault> {
    Ok(case::Entity::find()
        .filter(case::COLUMN.compound_id.eq(compound_id))
        .filter(case::COLUMN.state.is_in(AT_WORK))
        .count(db)
        .await?)
}

/// The building of each of the places that lies in one.
async fn buildings<C: ConnectionTrait>(db: &C, of: &[i64]) -> Result<HashMap<i64, String>, Fault> {
    let places = place::Entity::find()
        .filter(place::COLUMN.id.is_in(of.iter().copied()))
        .all(db)
        .await?;
    let above = places.iter().flat_map(|place| ids(&place.path));
    let names: HashMap<i64, String> = place::Entity::find()
        .filter(place::COLUMN.id.is_in(above))
        .filter(place::COLUMN.kind.eq(PlaceKind::Building))
        .all(db)
        .await?
        .into_iter()
        .map(|building| (building.id, building.name))
        .collect();
    let building = |place: &place::Model| {
        let found = ids(&place.path).into_iter().find_map(|id| names.get(&id));
        found.map(|name| (place.id, name.clone()))
    };
    Ok(places.iter().filter_map(building).collect())
}

/// The cases of a compound that ended last and may be read, though others wait for a word on theirs.
///
/// # Errors
/// The database's.
pub async fn closed<C: ConnectionTrait>(
    db: &C,
    compound_id: i64,
    most: u64,
) -> Result<Vec<ClosedCase>, Fault> {
    let newest = case::Entity::find()
        .select_only()
        .column(case::Column::Id)
        .filter(case::COLUMN.compound_id.eq(compound_id))
        .filter(
            case::COLUMN
                .state
                .is_in([CaseState::Finished, CaseState::Reviewed]),
        )
        .order_by_desc(case::COLUMN.id)
        .limit(LOOKED_AT)
        .into_query();
    let cases = case::Entity::find()
        .filter(case::Column::Id.in_subquery(newest))
        .filter(moderation::has_passed(
            Expr::cust(r#"'case:' || "cases"."id""#),
            BOARD,
        ))
        .order_by_desc(case::COLUMN.id)
        .limit(most)
        .all(db)
        .await?;
    let subjects = cases.iter().map(|case| subject(case.id));
    let mut texts = moderation::all_shown(db, subjects.collect(), BOARD).await?;
    let mut photos = evidence::all_on_board(db, &cases).await?;
    let shown = |case: case::Model| {
        let text = texts.remove(&subject(case.id))?;
        Some(ClosedCase {
            text,
            at: case.finished_at,
            photos: photos.remove(&case.id).unwrap_or_default(),
        })
    };
    Ok(cases.into_iter().filter_map(shown).collect())
}

/// What is promised for cases of a grade.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Promise {
    /// Which cases.
    pub grade: Grade,
    /// Within how many minutes.
    pub policy: Policy,
    /// Name of the hours in which they count; round the clock if none.
    pub hours: Option<String>,
}

/// What the compound with this path promises, grade by grade.
///
/// # Errors
/// The database's.
pub async fn promises<C: ConnectionTrait>(db: &C, path: &str) -> Result<Vec<Promise>, Fault> {
    let mut promises = Vec::new();
    for grade in Grade::iter() {
        let policies = policy::queries::policies(db, path, grade).await?;
        let policy = policies.at(Level::Compound).policy;
        let hours = match policy.calendar_id {
            Some(id) => calendar::Entity::find_by_id(id).one(db).await?,
            None => None,
        };
        promises.push(Promise {
            grade,
            policy,
            hours: hours.map(|calendar| calendar.name),
        });
    }
    Ok(promises)
}
