//! Who answers for a place: the people in force on it or on a place above it. One statement,
//! however many roles are asked for. Used by dispatch, by «我的管家», by whoever needs a steward.

use entity::kinds::RoleKind;
use entity::{person, place, role};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, FromQueryResult, JoinType, QueryFilter,
    QuerySelect,
};

use crate::access::in_force;
use crate::base::clock::Moment;
use crate::base::fault::Fault;

/// Somebody in force who holds a role that covers the place asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Who.
    pub person_id: i64,
    /// Full name.
    pub name: String,
    /// What.
    pub role: RoleKind,
    /// Where; none is everywhere.
    pub place_id: Option<i64>,
    /// For which organisation.
    pub organisation_id: Option<i64>,
    /// How near: 0 is everywhere, 1 the top of the tree, larger is nearer.
    pub depth: usize,
}

#[derive(FromQueryResult)]
struct Row {
    person_id: i64,
    name: String,
    role: RoleKind,
    place_id: Option<i64>,
    organisation_id: Option<i64>,
}

/// Ids in a path, top first: `/1/5/9/` is 1, 5, 9.
#[must_use]
pub fn path_ids(path: &str) -> Vec<i64> {
    path.split('/')
        .filter_map(|part| part.parse().ok())
        .collect()
}

/// Everybody in force who holds one of the roles on the place with this path, on a place above it,
/// or everywhere; nobody who has left. Nearest place first, then by person, so that the first of
/// equals is the same on every instance.
///
/// # Errors
/// The database's.
pub async fn holders<C: ConnectionTrait>(
    db: &C,
    path: &str,
    roles: &[RoleKind],
    now: Moment,
) -> Result<Vec<Holder>, Fault> {
    let ids = path_ids(path);
    let to_person: sea_orm::RelationDef = role::Entity::belongs_to(person::Entity)
        .from(role::Column::PersonId)
        .to(person::Column::Id)
        .into();
    let rows = role::Entity::find()
        .select_only()
        .columns([
            role::Column::PersonId,
            role::Column::Role,
            role::Column::PlaceId,
            role::Column::OrganisationId,
        ])
        .column(person::Column::Name)
        .join(JoinType::InnerJoin, to_person)
        .filter(
            Condition::any()
                .add(role::COLUMN.place_id.is_in(ids.iter().copied()))
                .add(role::COLUMN.place_id.is_null()),
        )
        .filter(role::COLUMN.role.is_in(roles.iter().copied()))
        .filter(in_force(now))
        .filter(person::COLUMN.left_at.is_null())
        .into_model::<Row>()
        .all(db)
        .await?;
    let depth = |place: Option<i64>| {
        place
            .and_then(|id| ids.iter().position(|other| *other == id))
            .map_or(0, |at| at + 1)
    };
    let mut holders: Vec<Holder> = rows
        .into_iter()
        .map(|row| Holder {
            depth: depth(row.place_id),
            person_id: row.person_id,
            name: row.name,
            role: row.role,
            place_id: row.place_id,
            organisation_id: row.organisation_id,
        })
        .collect();
    holders.sort_by(|a, b| b.depth.cmp(&a.depth).then(a.person_id.cmp(&b.person_id)));
    Ok(holders)
}

/// Everybody in force who holds one of the roles inside the compound or above it, with the place: what
/// is published of who answers for what. By place from the top, then by person.
///
/// # Errors
/// The database's.
pub async fn published<C: ConnectionTrait>(
    db: &C,
    compound: &place::Model,
    roles: &[RoleKind],
    now: Moment,
) -> Result<Vec<(RoleKind, place::Model, String)>, Fault> {
    let rows = role::Entity::find()
        .filter(
            Condition::any()
                .add(role::COLUMN.place_id.is_in(path_ids(&compound.path)))
                .add(role::COLUMN.compound_id.eq(compound.id)),
        )
        .filter(role::COLUMN.role.is_in(roles.iter().copied()))
        .filter(in_force(now))
        .all(db)
        .await?;
    let people = person::Entity::find()
        .filter(
            person::COLUMN
                .id
                .is_in(rows.iter().map(|row| row.person_id)),
        )
        .filter(person::COLUMN.left_at.is_null())
        .all(db)
        .await?;
    let places = place::Entity::find()
        .filter(
            place::COLUMN
                .id
                .is_in(rows.iter().filter_map(|row| row.place_id)),
        )
        .all(db)
        .await?;
    let mut found: Vec<(RoleKind, place::Model, i64, String)> = rows
        .iter()
        .filter_map(|row| {
            let person = people.iter().find(|person| person.id == row.person_id)?;
            let place = places.iter().find(|place| Some(place.id) == row.place_id)?;
            Some((row.role, place.clone(), person.id, person.name.clone()))
        })
        .collect();
    found.sort_by(|a, b| {
        let key = |row: &(RoleKind, place::Model, i64, String)| {
            (
                row.1.kind,
                row.1.code.len(),
                row.1.code.clone(),
                row.0,
                row.2,
            )
        };
        key(a).cmp(&key(b))
    });
    Ok(found
        .into_iter()
        .map(|(role, place, _, name)| (role, place, name))
        .collect())
}

/// What people call a role.
#[must_use]
pub const fn says(role: RoleKind) -> &'static str {
    match role {
        RoleKind::Steward => "楼栋长",
        RoleKind::GridWorker => "网格员",
        RoleKind::PartyMember => "包户党员",
        RoleKind::PropertyStaff => "物业",
        RoleKind::PropertyManager => "物业经理",
        RoleKind::CommitteeMember => "业委会委员",
        RoleKind::CommitteeChair => "业委会主任",
        RoleKind::CommunitySecretary => "社区书记",
        RoleKind::StreetOfficer => "街道干部",
        RoleKind::DepartmentLiaison => "职能部门",
        RoleKind::Instructor => "党建指导员",
        RoleKind::Supervisor => "监督员",
        RoleKind::Mediator => "调解员",
        RoleKind::Administrator => "管理员",
    }
}

#[cfg(test)]
mod tests {
    use super::path_ids;

    #[test]
    fn a_path_is_read_from_the_top() {
        assert_eq!(path_ids("/1/5/9/"), [1, 5, 9]);
        assert_eq!(path_ids("/"), [0_i64; 0]);
    }
}
