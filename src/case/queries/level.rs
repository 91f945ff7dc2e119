//! At which level cases end: 小事不出社区, 大事不出镇街, as figures.

use entity::kinds::{Level, Outcome};
use entity::{case, place};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, JoinType, QueryFilter, QuerySelect, RelationDef,
};

use crate::access::Actor;
use crate::access::permit::{Deed, require};
use crate::base::clock::Moment;
use crate::base::fault::Fault;

/// How many cases ended at a level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AtLevel {
    /// Where whoever ended them works.
    pub level: Level,
    /// Solved there.
    pub solved: i64,
    /// Could not be solved: apart, never among the solved.
    pub unsolved: i64,
}

/// At which level the cases of the compounds under a place (its path) were ended in a period, UTC, the end
/// excluded; one row for each level that has any, lowest first. What was opened again and is open counts
/// nowhere.
///
/// # Errors
/// `forbidden` for whoever may not see the cases there; the database's.
pub async fn solved_by_level<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    path: &str,
    from: Moment,
    until: Moment,
) -> Result<Vec<AtLevel>, Fault> {
    require(actor, Deed::SeeCases, path)?;
    let to_compound: RelationDef = case::Entity::belongs_to(place::Entity)
        .from(case::Column::CompoundId)
        .to(place::Column::Id)
        .into();
    let rows: Vec<(Level, Outcome, i64)> = case::Entity::find()
        .select_only()
        .column(case::Column::Level)
        .column(case::Column::Outcome)
        .column_as(case::COLUMN.id.count(), "count")
        .join(JoinType::InnerJoin, to_compound)
        .filter(place::COLUMN.path.starts_with(path))
        .filter(case::COLUMN.outcome.is_not_null())
        .filter(case::COLUMN.finished_at.gte(from))
        .filter(case::COLUMN.finished_at.lt(until))
        .group_by(case::Column::Level)
        .group_by(case::Column::Outcome)
        .into_tuple()
        .all(db)
        .await?;
    let mut levels: Vec<AtLevel> = Vec::new();
    for (level, outcome, count) in rows {
        let at = match levels.iter().position(|row| row.level == level) {
            Some(at) => at,
            None => {
                levels.push(AtLevel {
                    level,
                    solved: 0,
                    unsolved: 0,
                });
                levels.len() - 1
            }
        };
        if let Some(row) = levels.get_mut(at) {
            match outcome {
                Outcome::Solved => row.solved = count,
                Outcome::Unsolved => row.unsolved = count,
            }
        }
    }
    levels.sort_by_key(|row| row.level);
    Ok(levels)
}
