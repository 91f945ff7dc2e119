//! Whom staff means by «1-1-102 李建国»: a resident of a compound by home, by home and name, or by name alone.
//! Used by nouns whose staff writes people down.

use entity::kinds::PlaceKind;
use entity::{person, residency};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect, QueryTrait};

use crate::base::fault::Fault;
use crate::base::text::fold;
use crate::person::queries as people;
use crate::place::queries as places;

/// The resident, and the home if one was written. `example` is how to write it.
///
/// # Errors
/// `not_found` when nobody fits, `invalid` when several do; the database's.
pub async fn resident<C: ConnectionTrait>(
    db: &C,
    compound_id: i64,
    who: &str,
    example: &str,
) -> Result<(person::Model, Option<i64>), Fault> {
    let none = || {
        Fault::not_found(format!(
            "没有找到这位居民。请写房号加姓名，例如：{example}。"
        ))
    };
    let compound = places::by_id(db, compound_id).await?.ok_or_else(none)?;
    let (first, rest) = who.split_once([' ', '\u{3000}']).unwrap_or((who, ""));
    let home = places::by_local_code(db, &compound, first)
        .await?
        .filter(|home| home.kind == PlaceKind::Home);
    let (candidates, wanted, home_id) = match home {
        Some(home) => {
            let residents = people::residents(db, home.id).await?;
            (residents, rest.trim(), Some(home.id))
        }
        None => (called(db, compound_id, who).await?, "", None),
    };
    let fits = |person: &&person::Model| wanted.is_empty() || fold(&person.name) == fold(wanted);
    let mut named = candidates.iter().filter(fits);
    match (named.next(), named.next()) {
        (Some(one), None) => Ok((one.clone(), home_id)),
        (Some(_), Some(_)) => Err(Fault::invalid(
            "who",
            format!("有几位符合，请写房号加姓名，例如：{example}。"),
        )),
        (None, _) => Err(none()),
    }
}

/// Residents of the compound with this name.
async fn called<C: ConnectionTrait>(
    db: &C,
    compound_id: i64,
    name: &str,
) -> Result<Vec<person::Model>, Fault> {
    let here = residency::Entity::find()
        .select_only()
        .column(residency::Column::PersonId)
        .filter(residency::COLUMN.compound_id.eq(compound_id))
        .filter(residency::COLUMN.ended_at.is_null())
        .into_query();
    Ok(person::Entity::find()
        .filter(person::COLUMN.name.eq(name.trim()))
        .filter(person::COLUMN.left_at.is_null())
        .filter(person::Column::Id.in_subquery(here))
        .all(db)
        .await?)
}
