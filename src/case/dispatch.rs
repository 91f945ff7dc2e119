//! Who gets a case (派单): rules by category and place, then the built-in chain, then the next
//! level up, so that a vacancy falls upward. Two reads survey the ground; the choice is pure.

#[cfg(test)]
mod tests;

use std::cmp::Reverse;

use entity::kinds::{CaseKind, Grade, Level, RoleKind};
use entity::{dispatch_rule, organisation, place, response_policy};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, FromQueryResult, JoinType, QueryFilter,
    QuerySelect, RelationDef,
};

use crate::access::holders::{Holder, holders, path_ids};
use crate::access::permit::{Deed, roles};
use crate::base::clock::Moment;
use crate::base::fault::Fault;
use crate::case::level_of;
use crate::policy::queries::with_calendars;
use crate::policy::rules::Figures;
use crate::policy::{self, Policies, Policy};

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
    /// None also for an organisation that has ended.
    organisation_kind: Option<String>,
}

impl Rule {
    fn fits(&self, wanted: Wanted<'_>) -> bool {
        self.kind.is_none_or(|kind| kind == wanted.kind)
            && (self.category.is_none() || self.category.as_deref() == wanted.category)
    }
}

/// What a rule has to say to a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is for another kind.
    OtherKind,
    /// It is for another category.
    OtherCategory,
    /// Nobody in office whom it means.
    Vacant,
    /// It would give it to this person first.
    Fits(Target),
}

/// What a choice is made from.
#[derive(Clone, Debug)]
pub struct Ground {
    /// Nearer places first, then by position.
    pub rules: Vec<Rule>,
    /// Everybody who may work here, nearest first.
    pub people: Vec<Holder>,
    /// The clocks, by level.
    pub policies: Policies,
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

/// What a place has of its own: clocks for a grade at a level, and a rule; a row for each pair of
/// them, one where there is none.
#[derive(FromQueryResult)]
struct Own {
    place_id: i64,
    policy_id: Option<i64>,
    level: Option<Level>,
    accept_minutes: Option<i32>,
    arrive_minutes: Option<i32>,
    finish_minutes: Option<i32>,
    plan_minutes: Option<i32>,
    calendar_id: Option<i64>,
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
    fn policy(&self) -> Option<(i64, policy::Rule)> {
        let figures = Figures {
            accept_minutes: self.accept_minutes?,
            arrive_minutes: self.arrive_minutes,
            finish_minutes: self.finish_minutes,
            plan_minutes: self.plan_minutes,
        };
        let rule = policy::Rule {
            level: self.level,
            policy: Policy::new(figures, self.calendar_id),
        };
        Some((self.policy_id?, rule))
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

/// Reads the rules, the clocks for a grade and the people of a place and of all above it. Two
/// statements; one more where the clocks run by a calendar.
///
/// # Errors
/// The database's.
pub async fn survey<C: ConnectionTrait>(
    db: &C,
    path: &str,
    grade: Grade,
    now: Moment,
) -> Result<Ground, Fault> {
    let ids = path_ids(path);
    let mut own = own(db, &ids, grade).await?;
    own.sort_by_key(|own| Reverse(ids.iter().position(|id| *id == own.place_id)));
    let mut clocks: Vec<(i64, policy::Rule)> = Vec::new();
    for (id, clock) in own.iter().filter_map(Own::policy) {
        if clocks.iter().all(|(known, _)| *known != id) {
            clocks.push((id, clock));
        }
    }
    let clocks = clocks.into_iter().map(|(_, clock)| clock).collect();
    let mut rules: Vec<Rule> = own.into_iter().filter_map(Own::rule).collect();
    rules.sort_by_key(|rule| {
        let depth = ids.iter().position(|id| *id == rule.place_id);
        (Reverse(depth), rule.position, rule.id)
    });
    rules.dedup_by_key(|rule| rule.id);
    Ok(Ground {
        rules,
        policies: with_calendars(db, grade, clocks).await?,
        people: holders(db, path, roles(Deed::WorkCases), now).await?,
    })
}

/// Rules and clocks in one statement: every filing waits for each answer of the database.
async fn own<C: ConnectionTrait>(db: &C, ids: &[i64], grade: Grade) -> Result<Vec<Own>, Fault> {
    let to_policy: RelationDef = place::Entity::belongs_to(response_policy::Entity)
        .from(place::Column::Id)
        .to(response_policy::Column::PlaceId)
        .on_condition(move |_, _| Condition::all().add(response_policy::COLUMN.grade.eq(grade)))
        .into();
    let to_rule: RelationDef = place::Entity::belongs_to(dispatch_rule::Entity)
        .from(place::Column::Id)
        .to(dispatch_rule::Column::PlaceId)
        .on_condition(|_, _| Condition::all().add(dispatch_rule::COLUMN.off_at.is_null()))
        .into();
    let to_organisation: RelationDef = dispatch_rule::Entity::belongs_to(organisation::Entity)
        .from(dispatch_rule::Column::OrganisationId)
        .to(organisation::Column::Id)
        .on_condition(|_, _| Condition::all().add(organisation::COLUMN.ended_at.is_null()))
        .into();
    Ok(place::Entity::find()
        .select_only()
        .column_as(place::Column::Id, "place_id")
        .column_as(response_policy::Column::Id, "policy_id")
        .columns([
            response_policy::Column::Level,
            response_policy::Column::AcceptMinutes,
            response_policy::Column::ArriveMinutes,
            response_policy::Column::FinishMinutes,
            response_policy::Column::PlanMinutes,
            response_policy::Column::CalendarId,
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
            .filter(|rule| rule.fits(wanted))
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

    /// The one who gives work out there, at this level or above; what is refused goes back to them.
    #[must_use]
    pub fn dispatcher(&self, floor: Level, without: &[i64]) -> Option<Target> {
        let mut givers = roles(Deed::DispatchCases)
            .iter()
            .flat_map(|role| self.of_role(*role));
        givers.find(|target| target.level >= floor && !without.contains(&target.person_id))
    }

    /// What each rule has to say to it, in the order in which they are asked: for whoever wants to know
    /// why somebody gets a case.
    #[must_use]
    pub fn verdicts(&self, wanted: Wanted<'_>) -> Vec<(i64, Verdict)> {
        let verdict = |rule: &Rule| {
            if rule.kind.is_some_and(|kind| kind != wanted.kind) {
                return Verdict::OtherKind;
            }
            if !rule.fits(wanted) {
                return Verdict::OtherCategory;
            }
            match self.follow(rule).into_iter().next() {
                Some(target) => Verdict::Fits(target),
                None => Verdict::Vacant,
            }
        };
        let rules = self.rules.iter();
        rules.map(|rule| (rule.id, verdict(rule))).collect()
    }

    /// Whom a rule points to, in the order in which they are asked.
    fn follow(&self, rule: &Rule) -> Vec<Target> {
        let mut targets = Vec::new();
        // Whoever holds no role here could not answer: the rule is vacant then.
        let named = |held: &&Holder| Some(held.person_id) == rule.person_id;
        targets.extend(self.people.iter().find(named).map(Target::from));
        // One that has ended has no kind any more: the rule is vacant then, too.
        if let (Some(organisation_id), Some(kind)) =
            (rule.organisation_id, rule.organisation_kind.as_deref())
        {
            let order = roles_of(kind);
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
