//! The one table of permissions: which roles may do what, inside the place that they hold.
//! Asked by actions, never by pages alone. What belongs to a person because it is their own
//! (their case, their home) is not in the table: the action compares the keys.

use entity::kinds::RoleKind;

use crate::access::Actor;
use crate::base::fault::Fault;

/// Something that needs a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, strum::EnumIter)]
pub enum Deed {
    /// See the cases of a place.
    SeeCases,
    /// Take, work on and finish a case there.
    WorkCases,
    /// Give a case to somebody else, though not holding it.
    DispatchCases,
    /// Vouch for somebody who wants to be bound to a home there.
    VerifyBindings,
    /// Decide what others may see of what people write and send.
    Moderate,
    /// Have codes made that open the mini-program at a place.
    MakeCodes,
    /// Import, grant roles, invite.
    Administer,
}

/// The row of a deed: who may, within the place they hold.
#[must_use]
pub const fn roles(deed: Deed) -> &'static [RoleKind] {
    use RoleKind::{
        Administrator, CommitteeChair, CommitteeMember, CommunitySecretary, DepartmentLiaison,
        GridWorker, Mediator, PartyMember, PropertyManager, PropertyStaff, Steward, StreetOfficer,
        Supervisor,
    };
    match deed {
        Deed::SeeCases => &[
            Steward,
            GridWorker,
            PropertyStaff,
            PropertyManager,
            CommitteeMember,
            CommitteeChair,
            CommunitySecretary,
            StreetOfficer,
            DepartmentLiaison,
            Supervisor,
            Administrator,
        ],
        Deed::WorkCases => &[
            Steward,
            GridWorker,
            PartyMember,
            PropertyStaff,
            PropertyManager,
            CommitteeMember,
            CommitteeChair,
            CommunitySecretary,
            StreetOfficer,
            DepartmentLiaison,
            Mediator,
        ],
        Deed::DispatchCases => &[
            PropertyManager,
            CommitteeChair,
            CommunitySecretary,
            StreetOfficer,
        ],
        Deed::VerifyBindings => &[
            Steward,
            GridWorker,
            CommitteeChair,
            CommunitySecretary,
            PropertyManager,
        ],
        Deed::Moderate => &[
            GridWorker,
            CommitteeChair,
            CommunitySecretary,
            PropertyManager,
            StreetOfficer,
            Administrator,
        ],
        Deed::MakeCodes => &[
            Steward,
            GridWorker,
            PropertyStaff,
            PropertyManager,
            CommitteeMember,
            CommitteeChair,
            CommunitySecretary,
            StreetOfficer,
            Administrator,
        ],
        Deed::Administer => &[Administrator],
    }
}

/// Whether the actor may do it at the place with this path.
#[must_use]
pub fn may(actor: &Actor, deed: Deed, path: &str) -> bool {
    actor.holds(roles(deed), path)
}

/// The same, as an error.
///
/// # Errors
/// `forbidden` when no role covers it.
pub fn require(actor: &Actor, deed: Deed, path: &str) -> Result<(), Fault> {
    if may(actor, deed, path) {
        Ok(())
    } else {
        Err(Fault::forbidden("您没有这项权限。"))
    }
}

#[cfg(test)]
mod tests {
    use strum::IntoEnumIterator;

    use super::*;
    use crate::access::Grant;

    fn steward_of(path: &str) -> Actor {
        let grant = Grant {
            role: RoleKind::Steward,
            place_id: Some(1),
            path: path.to_owned(),
            compound_id: Some(1),
            organisation_id: None,
        };
        Actor {
            grants: vec![grant],
            ..Actor::system()
        }
    }

    #[test]
    fn a_role_reaches_down_and_not_sideways() {
        let actor = steward_of("/1/3/");
        assert!(may(&actor, Deed::WorkCases, "/1/3/"));
        assert!(may(&actor, Deed::WorkCases, "/1/3/77/"));
        assert!(!may(&actor, Deed::WorkCases, "/1/33/"));
        assert!(!may(&actor, Deed::WorkCases, "/1/"));
    }

    #[test]
    fn every_deed_has_somebody_and_nobody_without_a_role_may() {
        for deed in Deed::iter() {
            assert!(!roles(deed).is_empty(), "{deed:?}");
            assert!(!may(&Actor::system(), deed, "/1/"), "{deed:?}");
        }
    }
}
