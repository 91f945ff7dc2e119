//! Who gets a case (派单): rules by category and place, then the built-in chain, then the next
//! level up, so that a vacancy falls upward. Two reads survey the ground; the choice is pure.

use std::cmp::Reverse;

use entity::kinds::{CaseKind, Level, RoleKind};
use entity::{dispatch_rule, organisation, place, response_policy};
use sea_orm::{
    ConnectionTrait, EntityTrait, FromQueryResult, JoinType, QueryFilter, QuerySelect, RelationDef,
};

use crate::access::holders::{Holder, holders, path_ids};
use crate::access::permit::{Deed, roles};
use crate::base::clock::Moment;
use crate::base::fault::Fault;
use crate::case::clock::{BUILT_IN, Policy, nearest};
use crate::case::level_of;

/// Whom the built-in chain asks at each level, in this order.
const CHAIN: &[(Level, RoleKind)] = &[
    (Level::Compound, RoleKind::Steward),
    (Level::Compound, RoleKind::PropertyManager),
    (Level::Community, RoleKind::GridWorker),
    (Level::Compound, RoleKind::CommitteeChair),
    (Level::Community, RoleKind::CommunitySecretary),
    (Level::Street, RoleKind::StreetOfficer),
    (Level::Department, RoleKind::DepartmentLiaison),
];

/// Whoever was chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Who.
    pub person_id: i64,
    /// Full name.
    pub name: String,
    /// As what.
    pub role: RoleKind,
    /// For which organisation.
    pub organisation_id: Option<i64>,
    /// At which level the case then lies.
    pub level: Level,
}

/// A rule with what is needed to follow it.
#[derive(Clone, Debug)]
pub struct Rule {
    id: i64,
    place_id: i64,
    kind: Option<CaseKind>,
    category: Option<String>,
    position: i32,
    organisation_id: Option<i64>,
    person_id: Option<i64>,
    role: Option<RoleKind>,
    organisation_kind: Option<String>,
}

/// What a choice is made from.
#[derive(Clone, Debug)]
pub struct Ground {
    /// Nearer places first, then by position.
    pub rules: Vec<Rule>,
    /// Everybody who may work here, nearest first.
    pub people: Vec<Holder>,
    /// The clocks.
    pub policy: Policy,
}

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// Kind of the case.
    pub kind: CaseKind,
    /// Its category.
    pub category: Option<&'a str>,
    /// Nobody below this level.
    pub floor: Level,
    /// Not these: the reporter, who refused, who was passed over.
    pub without: &'a [i64],
}

/// What a place has of its own: clocks, and a rule; a row for each rule, one where there is none.
#[derive(FromQueryResult)]
struct Own {
    place_id: i64,
    accept_minutes: Option<i32>,
    finish_minutes: Option<i32>,
    rule_id: Option<i64>,
    kind: Option<CaseKind>,
    category: Option<String>,
    position: Option<i32>,
    organisation_id: Option<i64>,
    person_id: Option<i64>,
    role: Option<RoleKind>,
    organisation_kind: Option<String>,
}

impl Own {
    fn policy(&self) -> Option<Policy> {
        Some(Policy::of(self.accept_minutes?, self.finish_minutes?))
    }

    fn rule(self) -> Option<Rule> {
        Some(Rule {
            id: self.rule_id?,
            place_id: self.place_id,
            kind: self.kind,
            category: self.category,
            position: self.position?,
            organisation_id: self.organisation_id,
            person_id: self.person_id,
            role: self.role,
            organisation_kind: self.organisation_kind,
        })
    }
}

/// Reads the rules, the clocks and the people of a place and of all above it.
///
/// # Errors
/// The database's.
pub async fn survey<C: ConnectionTrait>(db: &C, path: &str, now: Moment) -> Result<Ground, Fault> {
    let ids = path_ids(path);
    let own = own(db, &ids).await?;
    let policy = ids
        .iter()
        .rev()
        .find_map(|id| own.iter().find(|own| own.place_id == *id)?.policy());
    let mut rules: Vec<Rule> = own.into_iter().filter_map(Own::rule).collect();
    rules.sort_by_key(|rule| {
        let depth = ids.iter().position(|id| *id == rule.place_id);
        (Reverse(depth), rule.position, rule.id)
    });
    Ok(Ground {
        rules,
        policy: policy.unwrap_or(BUILT_IN),
        people: holders(db, path, roles(Deed::WorkCases), now).await?,
    })
}

/// Rules and clocks in one statement: every filing waits for each answer of the database.
async fn own<C: ConnectionTrait>(db: &C, ids: &[i64]) -> Result<Vec<Own>, Fault> {
    let to_policy: RelationDef = place::Entity::belongs_to(response_policy::Entity)
        .from(place::Column::Id)
        .to(response_policy::Column::PlaceId)
        .into();
    let to_rule: RelationDef = place::Entity::belongs_to(dispatch_rule::Entity)
        .from(place::Column::Id)
        .to(dispatch_rule::Column::PlaceId)
        .into();
    let to_organisation: RelationDef = dispatch_rule::Entity::belongs_to(organisation::Entity)
        .from(dispatch_rule::Column::OrganisationId)
        .to(organisation::Column::Id)
        .into();
    Ok(place::Entity::find()
        .select_only()
        .column_as(place::Column::Id, "place_id")
        .columns([
            response_policy::Column::AcceptMinutes,
            response_policy::Column::FinishMinutes,
        ])
        .column_as(dispatch_rule::Column::Id, "rule_id")
        .columns([
            dispatch_rule::Column::Kind,
            dispatch_rule::Column::Category,
            dispatch_rule::Column::Position,
            dispatch_rule::Column::OrganisationId,
            dispatch_rule::Column::PersonId,
            dispatch_rule::Column::Role,
        ])
        .column_as(organisation::Column::Kind, "organisation_kind")
        .join(JoinType::LeftJoin, to_policy)
        .join(JoinType::LeftJoin, to_rule)
        .join(JoinType::LeftJoin, to_organisation)
        .filter(place::COLUMN.id.is_in(ids.iter().copied()))
        .into_model::<Own>()
        .all(db)
        .await?)
}
/// The clocks of a place.
///
/// # Errors
/// The database's.
pub async fn policy<C: ConnectionTrait>(db: &C, path: &str) -> Result<Policy, Fault> {
    let ids = path_ids(path);
    let policies = response_policy::Entity::find()
        .filter(response_policy::COLUMN.place_id.is_in(ids.iter().copied()))
        .all(db)
        .await?;
    Ok(nearest(&policies, &ids))
}

impl Ground {
    /// The one who gets it; none when nobody is left to ask.
    ///
    /// Among equals the lowest key is taken: spreading by open cases would cost a count on the path
    /// of every filing, and hand-over is one line of chat.
    #[must_use]
    pub fn choose(&self, wanted: Wanted<'_>) -> Option<Target> {
        let mut candidates: Vec<Target> = self
            .rules
            .iter()
            .filter(|rule| rule.kind.is_none_or(|kind| kind == wanted.kind))
            .filter(|rule| rule.category.is_none() || rule.category.as_deref() == wanted.category)
            .flat_map(|rule| self.follow(rule))
            .collect();
        for (_, role) in CHAIN {
            candidates.extend(self.of_role(*role));
        }
        if wanted.floor > Level::Compound {
            // On the way up the levels decide, the rules only within one.
            candidates.sort_by_key(|target| target.level);
        }
        candidates.into_iter().find(|target| {
            target.level >= wanted.floor && !wanted.without.contains(&target.person_id)
        })
    }

    /// Whom a rule points to, in the order in which they are asked.
    fn follow(&self, rule: &Rule) -> Vec<Target> {
        let mut targets = Vec::new();
        // Whoever holds no role here could not answer: the rule is vacant then.
        let named = |held: &&Holder| Some(held.person_id) == rule.person_id;
        targets.extend(self.people.iter().find(named).map(Target::from));
        if let Some(organisation_id) = rule.organisation_id {
            let order = roles_of(rule.organisation_kind.as_deref().unwrap_or_default());
            let own = |role: &RoleKind| {
                self.of_role(*role)
                    .filter(move |target| target.organisation_id == Some(organisation_id))
            };
            targets.extend(order.iter().flat_map(own));
            // An organisation whose people are not told apart in the roster.
            targets.extend(order.iter().flat_map(|role| {
                self.of_role(*role)
                    .filter(|target| target.organisation_id.is_none())
            }));
        }
        if let Some(role) = rule.role {
            targets.extend(self.of_role(role));
        }
        targets
    }

    fn of_role(&self, role: RoleKind) -> impl Iterator<Item = Target> {
        self.people
            .iter()
            .filter(move |held| held.role == role)
            .map(Target::from)
    }
}

impl From<&Holder> for Target {
    fn from(held: &Holder) -> Self {
        Self {
            person_id: held.person_id,
            name: held.name.clone(),
            role: held.role,
            organisation_id: held.organisation_id,
            level: level_of(held.role),
        }
    }
}

/// Who works for an organisation of this kind, who is asked first standing first.
fn roles_of(organisation_kind: &str) -> &'static [RoleKind] {
    use RoleKind::{
        CommitteeChair, CommitteeMember, CommunitySecretary, DepartmentLiaison, GridWorker,
        Mediator, PartyMember, PropertyManager, PropertyStaff, Steward, StreetOfficer,
    };
    match organisation_kind {
        "property_company" => &[PropertyStaff, PropertyManager],
        "committee" | "management_committee" => &[CommitteeChair, CommitteeMember],
        "community" => &[GridWorker, CommunitySecretary],
        "street" => &[StreetOfficer],
        "department" => &[DepartmentLiaison],
        "branch" | "joint_branch" | "party_group" => &[PartyMember, CommunitySecretary],
        _ => &[
            PropertyStaff,
            PropertyManager,
            Mediator,
            Steward,
            CommitteeChair,
            CommitteeMember,
            GridWorker,
            CommunitySecretary,
            StreetOfficer,
            DepartmentLiaison,
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(person_id: i64, role: RoleKind, depth: usize) -> Holder {
        Holder {
            person_id,
            name: format!("p{person_id}"),
            role,
            place_id: Some(1),
            organisation_id: None,
            depth,
        }
    }

    fn rule() -> Rule {
        Rule {
            id: 1,
            place_id: 1,
            kind: None,
            category: None,
            position: 0,
            organisation_id: None,
            person_id: None,
            role: None,
            organisation_kind: None,
        }
    }

    fn wanted(floor: Level, without: &[i64]) -> Wanted<'_> {
        Wanted {
            kind: CaseKind::Repair,
            category: Some("lift"),
            floor,
            without,
        }
    }

    fn chosen(ground: &Ground, floor: Level, without: &[i64]) -> Option<i64> {
        ground
            .choose(wanted(floor, without))
            .map(|target| target.person_id)
    }

    fn full() -> Ground {
        Ground {
            policy: BUILT_IN,
            rules: Vec::new(),
            people: vec![
                held(1, RoleKind::Steward, 6),
                held(2, RoleKind::PropertyManager, 5),
                held(3, RoleKind::GridWorker, 4),
                held(4, RoleKind::CommunitySecretary, 4),
                held(5, RoleKind::StreetOfficer, 3),
                held(6, RoleKind::DepartmentLiaison, 2),
            ],
        }
    }

    #[test]
    fn a_vacancy_falls_upward() {
        let ground = full();
        let mut without = Vec::new();
        let mut order = Vec::new();
        while let Some(person) = chosen(&ground, Level::Compound, &without) {
            order.push(person);
            without.push(person);
        }
        assert_eq!(order, [1, 2, 3, 4, 5, 6]);
    }

    #[test]
    fn the_next_level_is_not_jumped_over_by_a_rule() {
        let mut ground = full();
        ground.rules = vec![Rule {
            role: Some(RoleKind::DepartmentLiaison),
            ..rule()
        }];
        assert_eq!(chosen(&ground, Level::Compound, &[]), Some(6));
        assert_eq!(chosen(&ground, Level::Community, &[]), Some(3));
        assert_eq!(chosen(&ground, Level::Department, &[6]), None);
    }

    #[test]
    fn the_first_rule_that_fits_wins_and_one_that_does_not_is_passed_by() {
        let mut ground = full();
        ground.rules = vec![
            Rule {
                kind: Some(CaseKind::Dispute),
                role: Some(RoleKind::StreetOfficer),
                ..rule()
            },
            Rule {
                category: Some("noise".to_owned()),
                role: Some(RoleKind::GridWorker),
                ..rule()
            },
            Rule {
                category: Some("lift".to_owned()),
                person_id: Some(4),
                ..rule()
            },
            Rule {
                role: Some(RoleKind::PropertyManager),
                ..rule()
            },
        ];
        assert_eq!(chosen(&ground, Level::Compound, &[]), Some(4));
        assert_eq!(chosen(&ground, Level::Compound, &[4]), Some(2));
    }

    #[test]
    fn an_organisation_gives_it_to_one_of_its_own() {
        let mut ground = full();
        let mut staff = held(9, RoleKind::PropertyStaff, 5);
        staff.organisation_id = Some(40);
        let mut other = held(8, RoleKind::PropertyStaff, 5);
        other.organisation_id = Some(41);
        ground.people.extend([other, staff]);
        ground.rules = vec![Rule {
            organisation_id: Some(40),
            organisation_kind: Some("property_company".to_owned()),
            ..rule()
        }];
        assert_eq!(chosen(&ground, Level::Compound, &[]), Some(9));
        assert_eq!(chosen(&ground, Level::Compound, &[9]), Some(2));
    }
}
