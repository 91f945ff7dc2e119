//! Reads of who helps with a case.

use entity::{case, case_helper, person};
use sea_orm::sea_query::Query;
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, JoinType, QueryFilter, QueryOrder,
    QuerySelect, RelationDef,
};

use super::within;
use crate::access::Actor;
use crate::access::permit::Deed;
use crate::base::clock::Moment;
use crate::base::fault::Fault;
use crate::case::step::OPEN;

/// What is open and the actor helps with, or is invited to, oldest first.
///
/// # Errors
/// The database's.
pub async fn helped_by<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    most: u64,
) -> Result<Vec<case::Model>, Fault> {
    let Some(person_id) = actor.person_id() else {
        return Ok(Vec::new());
    };
    let theirs = Query::select()
        .column(case_helper::Column::CaseId)
        .from(case_helper::Entity)
        .and_where(case_helper::COLUMN.person_id.eq(person_id))
        .and_where(case_helper::COLUMN.left_at.is_null())
        .to_owned();
    let cases = case::Entity::find()
        .filter(case::COLUMN.id.in_subquery(theirs))
        .filter(case::COLUMN.state.is_in(OPEN.iter().copied()))
        .order_by_asc(case::COLUMN.id)
        .limit(most)
        .all(db)
        .await?;
    within(db, actor, &[Deed::WorkCases], cases).await
}

/// The row of somebody who helps with a case, helped or is invited.
///
/// # Errors
/// The database's.
pub async fn helper<C: ConnectionTrait>(
    db: &C,
    case_id: i64,
    person_id: i64,
) -> Result<Option<case_helper::Model>, Fault> {
    Ok(case_helper::Entity::find()
        .filter(case_helper::COLUMN.case_id.eq(case_id))
        .filter(case_helper::COLUMN.person_id.eq(person_id))
        .one(db)
        .await?)
}

/// Somebody who helps with a case, helped, or is invited to.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct Helper {
    /// Who.
    pub person_id: i64,
    /// Full name.
    pub name: String,
    /// Since when; none while only invited.
    pub joined_at: Option<Moment>,
    /// Left, or said no.
    pub left_at: Option<Moment>,
}

impl Helper {
    /// Whether they help now.
    #[must_use]
    pub const fn is_present(&self) -> bool {
        self.joined_at.is_some() && self.left_at.is_none()
    }
}

/// Who helps with a case, helped, or is invited to, the first to come first.
///
/// # Errors
/// The database's.
pub async fn helpers<C: ConnectionTrait>(db: &C, case_id: i64) -> Result<Vec<Helper>, Fault> {
    let to_person: RelationDef = case_helper::Entity::belongs_to(person::Entity)
        .from(case_helper::Column::PersonId)
        .to(person::Column::Id)
        .into();
    Ok(case_helper::Entity::find()
        .select_only()
        .columns([
            case_helper::Column::PersonId,
            case_helper::Column::JoinedAt,
            case_helper::Column::LeftAt,
        ])
        .column(person::Column::Name)
        .join(JoinType::InnerJoin, to_person)
        .filter(case_helper::COLUMN.case_id.eq(case_id))
        .order_by_asc(case_helper::COLUMN.id)
        .into_model::<Helper>()
        .all(db)
        .await?)
}
