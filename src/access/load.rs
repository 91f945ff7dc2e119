//! Loads an actor: the person behind an account, the homes tied to it, the roles in force. One
//! statement, since every message and every request of a session begins with it.

use entity::kinds::{ActorKind, BindingState, RoleKind};
use entity::{account, binding, person, place, role};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, FromQueryResult, Iterable, JoinType,
    QueryFilter, QueryOrder, QuerySelect, RelationDef,
};

use super::{Actor, Grant, HomeTie, TIED, in_force};
use crate::base::clock::Moment;
use crate::base::fault::Fault;

/// The place of a home, and that of a role: the same table twice.
const HOME: &str = "home";
const REACH: &str = "reach";

/// The person with one of their homes and one of their roles: each home comes with each role, of
/// which nobody has many.
#[derive(FromQueryResult)]
struct Row {
    #[sea_orm(nested)]
    person: person::Model,
    tie_id: Option<i64>,
    home_id: Option<i64>,
    home_compound_id: Option<i64>,
    home_state: Option<BindingState>,
    home_code: Option<String>,
    home_path: Option<String>,
    home_closed_at: Option<Moment>,
    role_id: Option<i64>,
    role: Option<RoleKind>,
    role_place_id: Option<i64>,
    role_compound_id: Option<i64>,
    role_organisation_id: Option<i64>,
    reach_path: Option<String>,
}

/// Who is behind an account: the person, the homes tied to the account, the roles in force.
/// Somebody who has left has neither.
///
/// # Errors
/// The database's.
pub async fn load_actor<C: ConnectionTrait>(
    db: &C,
    account: &account::Model,
    now: Moment,
) -> Result<Actor, Fault> {
    let mut actor = Actor {
        account_id: Some(account.id),
        ..Actor::nobody(ActorKind::Resident)
    };
    if account.person_id.is_none() {
        return Ok(actor);
    }
    let mut roles = Vec::new();
    for mut row in rows(db, account.id, now).await? {
        if let Some(home) = row.home()
            && !actor.homes.contains(&home)
        {
            actor.homes.push(home);
        }
        if let Some((id, grant)) = row.grant()
            && !roles.contains(&id)
        {
            roles.push(id);
            actor.grants.push(grant);
        }
        actor.person = Some(row.person);
    }
    Ok(actor)
}

/// A person with their roles in force, for the console: no account, no homes. None for somebody who is
/// not known or has left.
///
/// # Errors
/// The database's.
pub async fn load_staff<C: ConnectionTrait>(
    db: &C,
    person_id: i64,
    now: Moment,
) -> Result<Option<Actor>, Fault> {
    let person = person::Entity::find_by_id(person_id)
        .filter(person::COLUMN.left_at.is_null())
        .one(db)
        .await?;
    let Some(person) = person else {
        return Ok(None);
    };
    let roles = role::Entity::find()
        .filter(role::COLUMN.person_id.eq(person_id))
        .filter(in_force(now))
        .order_by_asc(role::COLUMN.id)
        .all(db)
        .await?;
    let reach = roles.iter().filter_map(|role| role.place_id);
    let places = place::Entity::find()
        .filter(place::COLUMN.id.is_in(reach))
        .all(db)
        .await?;
    let grants = roles.into_iter().filter_map(|role| {
        let path = match role.place_id {
            None => "/".to_owned(),
            Some(id) => places.iter().find(|place| place.id == id)?.path.clone(),
        };
        Some(Grant {
            role: role.role,
            place_id: role.place_id,
            path,
            compound_id: role.compound_id,
            organisation_id: role.organisation_id,
        })
    });
    Ok(Some(Actor {
        grants: grants.collect(),
        person: Some(person),
        ..Actor::nobody(ActorKind::Staff)
    }))
}

impl Row {
    fn home(&mut self) -> Option<HomeTie> {
        Some(HomeTie {
            binding_id: self.tie_id?,
            place_id: self.home_id?,
            compound_id: self.home_compound_id?,
            code: self.home_code.take()?,
            path: self.home_path.take()?,
            state: self.home_state?,
            closed: self.home_closed_at.is_some(),
        })
    }

    fn grant(&mut self) -> Option<(i64, Grant)> {
        let grant = Grant {
            role: self.role?,
            place_id: self.role_place_id,
            path: match self.role_place_id {
                None => "/".to_owned(),
                Some(_) => self.reach_path.take()?,
            },
            compound_id: self.role_compound_id,
            organisation_id: self.role_organisation_id,
        };
        Some((self.role_id?, grant))
    }
}

async fn rows<C: ConnectionTrait>(db: &C, account_id: i64, now: Moment) -> Result<Vec<Row>, Fault> {
    let to_person: RelationDef = account::Entity::belongs_to(person::Entity)
        .from(account::Column::PersonId)
        .to(person::Column::Id)
        .into();
    let to_tie: RelationDef = account::Entity::belongs_to(binding::Entity)
        .from(account::Column::Id)
        .to(binding::Column::AccountId)
        .on_condition(|_, _| Condition::all().add(binding::COLUMN.state.is_in(TIED)))
        .into();
    let to_home: RelationDef = binding::Entity::belongs_to(place::Entity)
        .from(binding::Column::PlaceId)
        .to(place::Column::Id)
        .into();
    let to_role: RelationDef = person::Entity::belongs_to(role::Entity)
        .from(person::Column::Id)
        .to(role::Column::PersonId)
        .on_condition(move |_, _| in_force(now))
        .into();
    let to_reach: RelationDef = role::Entity::belongs_to(place::Entity)
        .from(role::Column::PlaceId)
        .to(place::Column::Id)
        .into();
    Ok(account::Entity::find_by_id(account_id)
        .select_only()
        .columns(person::Column::iter())
        .column_as(binding::Column::Id, "tie_id")
        .column_as(binding::Column::PlaceId, "home_id")
        .column_as(binding::Column::CompoundId, "home_compound_id")
        .column_as(binding::Column::State, "home_state")
        .expr_as(Expr::col((HOME, place::Column::Code)), "home_code")
        .expr_as(Expr::col((HOME, place::Column::Path)), "home_path")
        .expr_as(Expr::col((HOME, place::Column::ClosedAt)), "home_closed_at")
        .column_as(role::Column::Id, "role_id")
        .column_as(role::Column::Role, "role")
        .column_as(role::Column::PlaceId, "role_place_id")
        .column_as(role::Column::CompoundId, "role_compound_id")
        .column_as(role::Column::OrganisationId, "role_organisation_id")
        .expr_as(Expr::col((REACH, place::Column::Path)), "reach_path")
        .join(JoinType::InnerJoin, to_person)
        .join(JoinType::LeftJoin, to_tie)
        .join_as(JoinType::LeftJoin, to_home, HOME)
        .join(JoinType::LeftJoin, to_role)
        .join_as(JoinType::LeftJoin, to_reach, REACH)
        .filter(person::COLUMN.left_at.is_null())
        .order_by_asc(binding::COLUMN.id)
        .order_by_asc(role::COLUMN.id)
        .into_model::<Row>()
        .all(db)
        .await?)
}
