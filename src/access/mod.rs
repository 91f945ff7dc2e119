//! Who somebody is and what follows from it: the actor, the one table of permissions, the audit
//! trail. Floor 2; every action of the domain asks here.

pub mod again;
pub mod audit;
pub mod console;
pub mod holders;
mod load;
pub mod named;
pub mod once;
pub mod permit;
pub mod session;
mod union;

use entity::kinds::{ActorKind, BindingState, RoleKind};
use entity::{person, role};

pub use load::{load_actor, load_staff};

use crate::base::clock::Moment;
use crate::base::fault::{Code, Fault};

/// States of a tie in which an account has what a home gives.
pub const TIED: [BindingState; 2] = [BindingState::Declared, BindingState::Verified];
/// States of a tie that is not over.
pub const LIVE: [BindingState; 3] = [
    BindingState::Requested,
    BindingState::Declared,
    BindingState::Verified,
];

/// A role in force, with the part of the tree that it covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// What.
    pub role: RoleKind,
    /// Where; none is everywhere.
    pub place_id: Option<i64>,
    /// Path of that place; `/` is everywhere.
    pub path: String,
    /// The compound it lies in, if any.
    pub compound_id: Option<i64>,
    /// For which organisation.
    pub organisation_id: Option<i64>,
}

/// A home that the account is tied to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HomeTie {
    /// The binding.
    pub binding_id: i64,
    /// The home.
    pub place_id: i64,
    /// Its compound.
    pub compound_id: i64,
    /// Its full code, `GY/3-2-501`.
    pub code: String,
    /// Its path in the tree.
    pub path: String,
    /// Declared or verified (requested ones are not among them).
    pub state: BindingState,
    /// It lies in a closed building: what has happened is still theirs, nothing new happens there.
    pub closed: bool,
}

impl HomeTie {
    /// What people type for it: `3-2-501`.
    #[must_use]
    pub fn local_code(&self) -> &str {
        local_code(&self.code)
    }
}

/// The part of a full code behind the compound: `3-2-501` of `GY/3-2-501`.
#[must_use]
pub fn local_code(code: &str) -> &str {
    code.rsplit_once('/').map_or(code, |(_, local)| local)
}

/// On whose behalf something is done.
#[derive(Clone, Debug)]
pub struct Actor {
    /// Resident, staff, the system or an operator.
    pub kind: ActorKind,
    /// Who, once bound.
    pub person: Option<person::Model>,
    /// By which account.
    pub account_id: Option<i64>,
    /// Homes tied to the account, oldest tie first.
    pub homes: Vec<HomeTie>,
    /// Roles in force.
    pub grants: Vec<Grant>,
}

impl Actor {
    /// A clock or a rule.
    #[must_use]
    pub fn system() -> Self {
        Self::nobody(ActorKind::System)
    }

    /// Somebody at the command line.
    #[must_use]
    pub fn operator() -> Self {
        Self::nobody(ActorKind::Operator)
    }

    fn nobody(kind: ActorKind) -> Self {
        Self {
            kind,
            person: None,
            account_id: None,
            homes: Vec::new(),
            grants: Vec::new(),
        }
    }

    /// The same, in office or for themselves: what is done decides, not how somebody was loaded.
    #[must_use]
    pub fn acting(&self, kind: ActorKind) -> Self {
        Self {
            kind,
            ..self.clone()
        }
    }

    /// Key of the person, if bound.
    #[must_use]
    pub fn person_id(&self) -> Option<i64> {
        self.person.as_ref().map(|person| person.id)
    }

    /// Key of the person.
    ///
    /// # Errors
    /// `forbidden` with how to bind, when the account is nobody's yet.
    pub fn require_person(&self) -> Result<i64, Fault> {
        self.person_id().ok_or_else(|| {
            Fault::new(
                Code::Forbidden,
                "请先绑定房号,回复:绑定 3-2-501 姓名 手机号。",
            )
        })
    }

    /// Whether one of these roles covers the place with this path.
    #[must_use]
    pub fn holds(&self, roles: &[RoleKind], path: &str) -> bool {
        self.grants
            .iter()
            .any(|grant| roles.contains(&grant.role) && path.starts_with(&grant.path))
    }

    /// Whether any role is held at all.
    #[must_use]
    pub fn is_staff(&self) -> bool {
        !self.grants.is_empty()
    }

    /// One of the homes of the account, the first when none is named; `unbound` is said to whoever has none.
    ///
    /// # Errors
    /// `forbidden` for whoever has none, `not_found` for a home that is not theirs.
    pub fn home(&self, place_id: Option<i64>, unbound: &'static str) -> Result<&HomeTie, Fault> {
        let mut homes = self.homes.iter();
        match place_id {
            None => homes.next().ok_or_else(|| Fault::forbidden(unbound)),
            Some(id) => homes
                .find(|home| home.place_id == id)
                .ok_or_else(|| Fault::not_found("没有找到您的这个房号。")),
        }
    }

    /// Whether a home of the account lies in the compound.
    #[must_use]
    pub fn lives_in(&self, compound_id: i64) -> bool {
        self.homes
            .iter()
            .any(|home| home.compound_id == compound_id)
    }

    /// Whether somebody lives or serves in the compound, or serves above it or above a place in it, whose path is
    /// given. Of people who do not ask `person::queries::still_here` says the same.
    #[must_use]
    pub fn belongs(&self, compound_id: i64, path: &str) -> bool {
        self.lives_in(compound_id)
            || self.grants.iter().any(|grant| {
                grant.compound_id == Some(compound_id) || path.starts_with(grant.path.as_str())
            })
    }
}

/// The condition that a role's term holds the moment.
pub fn in_force(now: Moment) -> sea_orm::Condition {
    sea_orm::Condition::all()
        .add(role::COLUMN.from_at.lte(now))
        .add(
            sea_orm::Condition::any()
                .add(role::COLUMN.to_at.is_null())
                .add(role::COLUMN.to_at.gt(now)),
        )
}
