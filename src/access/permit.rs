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
    /// Read what residents wish for before anybody else does, and take a wish away.
    CheckWishes,
    /// Read what residents put on the four lists before anybody else does, and take it away.
    CheckOffers,
    /// Speak on the four lists for the organisation for which the role is held.
    PublishOffers,
    /// Publish projects to be claimed, open again what is not done, take promises away. Nobody of a company: it is
    /// what they promise.
    SuperviseOffers,
    /// Put co-building agreements on record, and keep an alliance.
    KeepAgreements,
    /// Run drives: write, open and close them, take goods in, write down what donations were used for; see which
    /// talents neighbours offer.
    RunDrives,
    /// Keep a station: who comes, what is lent, booked, served and left there.
    KeepStations,
    /// Open a station, and say when it is open and what it has.
    SetStations,
    /// Have codes made that open the mini-program at a place.
    MakeCodes,
    /// Set how long cases may take and in which hours that counts. Not whoever is measured by it.
    SetClocks,
    /// Say who gets which cases. Not whoever is measured by them.
    SetDispatch,
    /// Write the answer templates of a place.
    WriteAnswers,
    /// Import, grant roles, invite.
    Administer,
    /// File a case for somebody at the counter or on the phone.
    FileForOthers,
    /// Look, on record, who stands behind a case.
    SeeIdentities,
    /// Lead a mediation there.
    Mediate,
    /// Tell people at their door what reaches them by no channel.
    MakeVisits,
    /// See who lives there, who is bound and who holds which post.
    SeePeople,
    /// Look, on record, at somebody's whole phone number.
    SeePhones,
    /// Read what was done there, and by whom.
    SeeAudit,
    /// Have what could not be sent there sent again, or give it up.
    MendLetters,
    /// Tell the people of a place something, and follow who has read it.
    PublishNotices,
    /// Make activities there and tasks for volunteers, see who takes part, and confirm hours.
    LeadActivities,
    /// Set what people of a place may ask to be reminded of at fixed times.
    SetTimetables,
    /// Write the handbook of a place, and answer what it could not.
    WriteHandbook,
    /// Tell them at night too, and more than once an hour.
    PublishUrgently,
    /// Publish the accounts of a compound.
    PublishAccounts,
    /// See how the ways of sending are. They are everybody's, whatever the place.
    SeeChannels,
    /// See what homes are asked for and what they paid, and the books of a compound.
    SeeMoney,
    /// Take in cash and transfers for homes there, and ask that money goes back.
    TakeMoney,
    /// Ask that an amount of a bill is waived, or be the second person who says so.
    WaiveFees,
    /// Answer for the money: told of what does not fit, the second person of a refund.
    KeepMoney,
    /// Set what a compound bills for, make its bills and correct them.
    KeepFees,
    /// Propose that money of a compound is spent.
    ProposeExpenses,
    /// Be asked to review expenses; which review is whose, the compound's rules say.
    ReviewExpenses,
    /// Take an expense on file for the street, and put its tenders on record.
    FileExpenses,
    /// Set by which reviews a compound spends. Not whoever is bound by them.
    SetReviews,
}

/// Whom a complaint may be about, within the place they hold: none of them reads by default who complains
/// (`case/shield.rs`).
pub const COMPLAINED_OF: &[RoleKind] = &[
    RoleKind::PropertyStaff,
    RoleKind::PropertyManager,
    RoleKind::CommitteeMember,
    RoleKind::CommitteeChair,
];

/// The row of a deed: who may, within the place they hold.
#[must_use]
pub const fn roles(deed: Deed) -> &'static [RoleKind] {
    use RoleKind::{
        Administrator, CommitteeChair, CommitteeMember, CommunitySecretary, DepartmentLiaison,
        GridWorker, Instructor, Mediator, PartyMember, PropertyManager, PropertyStaff, Steward,
        StreetOfficer, Supervisor,
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
        Deed::VerifyBindings | Deed::CheckWishes | Deed::CheckOffers => &[
            Steward,
            GridWorker,
            CommitteeChair,
            CommunitySecretary,
            PropertyManager,
        ],
        Deed::RunDrives => &[PropertyManager, CommitteeChair, CommunitySecretary],
        Deed::KeepStations => &[
            Steward,
            GridWorker,
            PropertyStaff,
            PropertyManager,
            CommitteeMember,
            CommitteeChair,
            CommunitySecretary,
        ],
        Deed::SetStations => &[
            PropertyManager,
            CommitteeChair,
            CommunitySecretary,
            Administrator,
        ],
        Deed::Moderate => &[
            GridWorker,
            CommitteeChair,
            CommunitySecretary,
            PropertyManager,
            StreetOfficer,
            Administrator,
        ],
        Deed::PublishOffers => &[
            GridWorker,
            PropertyStaff,
            PropertyManager,
            CommitteeMember,
            CommitteeChair,
            CommunitySecretary,
            StreetOfficer,
            DepartmentLiaison,
            Instructor,
        ],
        Deed::SuperviseOffers => &[
            CommitteeChair,
            CommunitySecretary,
            StreetOfficer,
            Supervisor,
        ],
        Deed::KeepAgreements => &[CommitteeChair, CommunitySecretary, StreetOfficer],
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
        Deed::SetClocks | Deed::SetDispatch => &[
            CommitteeChair,
            CommunitySecretary,
            StreetOfficer,
            Administrator,
        ],
        Deed::WriteAnswers => &[
            PropertyManager,
            CommitteeChair,
            CommunitySecretary,
            StreetOfficer,
            Administrator,
        ],
        Deed::Administer => &[Administrator],
        Deed::FileForOthers => &[
            Steward,
            GridWorker,
            PropertyStaff,
            PropertyManager,
            CommitteeMember,
            CommitteeChair,
            CommunitySecretary,
            StreetOfficer,
        ],
        // Nobody of a company: it says what residents may demand of it.
        Deed::WriteHandbook => &[
            CommitteeChair,
            CommunitySecretary,
            StreetOfficer,
            Administrator,
        ],
        Deed::PublishNotices | Deed::SetTimetables => &[
            PropertyManager,
            CommitteeChair,
            CommunitySecretary,
            StreetOfficer,
        ],
        // Whoever publishes, and whoever keeps a station.
        Deed::LeadActivities => &[
            Steward,
            GridWorker,
            PropertyManager,
            CommitteeChair,
            CommunitySecretary,
            StreetOfficer,
        ],
        // Nobody of a company: what wakes people at night is answered for by whoever they elected or by
        // the authorities.
        Deed::PublishUrgently => &[CommitteeChair, CommunitySecretary, StreetOfficer],
        Deed::PublishAccounts => &[PropertyManager, CommitteeChair, CommunitySecretary],
        // Nobody of a company or a committee: they may be whom a case is about.
        Deed::SeeIdentities => &[CommunitySecretary, StreetOfficer],
        Deed::Mediate => &[Mediator, StreetOfficer],
        // Whoever answers for a home (person/queries.rs).
        Deed::MakeVisits => &[
            Steward,
            GridWorker,
            CommitteeChair,
            PropertyManager,
            CommunitySecretary,
        ],
        Deed::SeePeople => &[
            Steward,
            GridWorker,
            PropertyManager,
            CommitteeChair,
            CommunitySecretary,
            StreetOfficer,
            Administrator,
        ],
        // Whoever goes to people's doors, and who answers for them; nobody of a company or a committee.
        Deed::SeePhones => &[Steward, GridWorker, CommunitySecretary, StreetOfficer],
        // Nobody of a company or a committee: what is recorded may be about them.
        Deed::SeeAudit | Deed::MendLetters | Deed::SeeChannels => {
            &[CommunitySecretary, StreetOfficer, Administrator]
        }
        Deed::SeeMoney => &[
            PropertyManager,
            CommitteeChair,
            CommitteeMember,
            CommunitySecretary,
            StreetOfficer,
            Supervisor,
            Administrator,
        ],
        Deed::TakeMoney => &[PropertyStaff, PropertyManager, CommitteeChair],
        Deed::WaiveFees => &[PropertyManager, CommitteeChair, CommunitySecretary],
        Deed::KeepMoney => &[PropertyManager, CommitteeChair],
        Deed::KeepFees => &[PropertyManager, CommitteeChair],
        Deed::ProposeExpenses => &[PropertyManager, CommitteeChair, CommitteeMember],
        // Nobody of a company: it may be whom the money goes to.
        Deed::ReviewExpenses => &[
            CommitteeMember,
            CommitteeChair,
            Supervisor,
            CommunitySecretary,
            StreetOfficer,
        ],
        Deed::FileExpenses => &[StreetOfficer],
        Deed::SetReviews => &[CommunitySecretary, StreetOfficer],
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

/// Whether the actor may do it at some place: for pages that show what each of their roles covers.
#[must_use]
pub fn may_somewhere(actor: &Actor, deed: Deed) -> bool {
    let able = roles(deed);
    actor.grants.iter().any(|grant| able.contains(&grant.role))
}

/// The same, as an error.
///
/// # Errors
/// `forbidden` when no role is one that may.
pub fn require_somewhere(actor: &Actor, deed: Deed) -> Result<(), Fault> {
    if may_somewhere(actor, deed) {
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
