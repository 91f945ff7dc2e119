//! Reads of answer templates. Any noun may use them.

use entity::kinds::AnswerUse;
use entity::{answer_template, place};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};

use crate::access::Actor;
use crate::access::holders::path_ids;
use crate::access::permit::{Deed, may};
use crate::base::fault::Fault;
use crate::place::queries::by_id;

/// Templates that a read gives at most: those of a place and of all above it are fewer as a rule.
const MOST: u64 = 300;

/// The place, if the actor may see its templates: whoever sees or works on its cases, or writes them.
///
/// # Errors
/// `not_found`, also when it is not theirs to see.
pub async fn seen_place<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    place_id: i64,
) -> Result<place::Model, Fault> {
    let deeds = [Deed::SeeCases, Deed::WorkCases, Deed::WriteAnswers];
    by_id(db, place_id)
        .await?
        .filter(|place| deeds.iter().any(|deed| may(actor, *deed, &place.path)))
        .ok_or_else(|| Fault::not_found("没有找到这个地点。"))
}

/// The templates of these places, by use and then by their age.
///
/// # Errors
/// The database's.
pub async fn at_places<C: ConnectionTrait>(
    db: &C,
    places: &[i64],
) -> Result<Vec<answer_template::Model>, Fault> {
    let mut rows = answer_template::Entity::find()
        .filter(
            answer_template::COLUMN
                .place_id
                .is_in(places.iter().copied()),
        )
        .order_by_asc(answer_template::COLUMN.id)
        .limit(MOST)
        .all(db)
        .await?;
    rows.sort_by_key(|row| (row.used_for, row.id));
    Ok(rows)
}

/// Those that may be used for a case at the place with this path: of it and of all above, for every
/// category or for the case's own.
///
/// # Errors
/// The database's.
pub async fn usable<C: ConnectionTrait>(
    db: &C,
    path: &str,
    category: Option<&str>,
) -> Result<Vec<answer_template::Model>, Fault> {
    let mut rows = answer_template::Entity::find()
        .filter(answer_template::COLUMN.place_id.is_in(path_ids(path)))
        .filter(
            Condition::any()
                .add(answer_template::COLUMN.category.is_null())
                .add(answer_template::Column::Category.eq(category.unwrap_or_default())),
        )
        .order_by_asc(answer_template::COLUMN.id)
        .limit(MOST)
        .all(db)
        .await?;
    rows.sort_by_key(|row| (row.used_for, row.id));
    Ok(rows)
}

/// The template with this key, if it may be used so for a case at the place with this path.
///
/// # Errors
/// `not_found` for any other.
pub async fn usable_one<C: ConnectionTrait>(
    db: &C,
    path: &str,
    category: Option<&str>,
    used_for: AnswerUse,
    id: i64,
) -> Result<answer_template::Model, Fault> {
    let row = answer_template::Entity::find_by_id(id).one(db).await?;
    row.filter(|row| {
        path_ids(path).contains(&row.place_id)
            && row.used_for == used_for
            && (row.category.is_none() || row.category.as_deref() == category)
    })
    .ok_or_else(|| {
        Fault::not_found(format!(
            "没有可以这样用的模板{id}。回复“模板 {}”看有哪些。",
            super::use_says(used_for)
        ))
    })
}
