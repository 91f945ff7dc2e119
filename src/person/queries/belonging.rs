//! Who still belongs to a compound, by person: what `Actor::belongs` says of somebody who asks, said of people who do
//! not, for messages and clocks. Used by the nouns whose things people take part in.

use std::collections::HashSet;

use entity::{account, binding, person, role};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, JoinType, QueryFilter, QuerySelect,
    RelationDef,
};

use crate::access::{TIED, in_force};
use crate::base::clock::Moment;
use crate::base::fault::Fault;
use crate::place::ids;
use crate::place::queries::by_id as place_by_id;

/// People who are asked about by one statement.
const AT_ONCE: usize = 500;

/// Which posts make somebody belong, beside a home in the compound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Serving {
    /// Those in the compound.
    Inside,
    /// Those above this place, too.
    Above(i64),
}

/// Those of the people who live in the compound, with an account of theirs tied to a home there, or serve there as
/// is asked.
///
/// # Errors
/// The database's.
pub async fn still_here<C: ConnectionTrait>(
    db: &C,
    compound_id: i64,
    serving: Serving,
    people: &[i64],
    now: Moment,
) -> Result<HashSet<i64>, Fault> {
    let mut here = HashSet::new();
    for some in people.chunks(AT_ONCE) {
        here.extend(at_home(db, compound_id, some).await?);
        let others = some.iter().copied().filter(|id| !here.contains(id));
        let others: Vec<i64> = others.collect();
        if !others.is_empty() {
            here.extend(in_office(db, compound_id, serving, &others, now).await?);
        }
    }
    Ok(here)
}

async fn at_home<C: ConnectionTrait>(
    db: &C,
    compound_id: i64,
    people: &[i64],
) -> Result<Vec<i64>, Fault> {
    let to_tie: RelationDef = account::Entity::belongs_to(binding::Entity)
        .from(account::Column::Id)
        .to(binding::Column::AccountId)
        .into();
    let to_person: RelationDef = account::Entity::belongs_to(person::Entity)
        .from(account::Column::PersonId)
        .to(person::Column::Id)
        .into();
    Ok(account::Entity::find()
        .select_only()
        .column(account::Column::PersonId)
        .join(JoinType::InnerJoin, to_tie)
        .join(JoinType::InnerJoin, to_person)
        .filter(account::COLUMN.person_id.is_in(people.iter().copied()))
        .filter(person::COLUMN.left_at.is_null())
        .filter(binding::COLUMN.compound_id.eq(compound_id))
        .filter(binding::COLUMN.state.is_in(TIED))
        .distinct()
        .into_tuple()
        .all(db)
        .await?)
}

async fn in_office<C: ConnectionTrait>(
    db: &C,
    compound_id: i64,
    serving: Serving,
    people: &[i64],
    now: Moment,
) -> Result<Vec<i64>, Fault> {
    let mut covers = Condition::any().add(role::COLUMN.compound_id.eq(compound_id));
    if let Serving::Above(place_id) = serving {
        let place = place_by_id(db, place_id).await?;
        let above = place.map(|place| ids(&place.path)).unwrap_or_default();
        covers = covers.add(role::COLUMN.place_id.is_null());
        if !above.is_empty() {
            covers = covers.add(role::COLUMN.place_id.is_in(above));
        }
    }
    let to_person: RelationDef = role::Entity::belongs_to(person::Entity)
        .from(role::Column::PersonId)
        .to(person::Column::Id)
        .into();
    Ok(role::Entity::find()
        .select_only()
        .column(role::Column::PersonId)
        .join(JoinType::InnerJoin, to_person)
        .filter(role::COLUMN.person_id.is_in(people.iter().copied()))
        .filter(person::COLUMN.left_at.is_null())
        .filter(in_force(now))
        .filter(covers)
        .distinct()
        .into_tuple()
        .all(db)
        .await?)
}
