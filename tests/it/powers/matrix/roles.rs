//! Groups of roles, as the rows of the table name them.

use entity::kinds::RoleKind::{self, *};

/// Who sees the cases of a place: to all others they are not there.
pub const SEES: &[RoleKind] = &[
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
];
/// Who sees and works: the same without those who watch or administer.
pub const WORKS: &[RoleKind] = &[
    Steward,
    GridWorker,
    PropertyStaff,
    PropertyManager,
    CommitteeMember,
    CommitteeChair,
    CommunitySecretary,
    StreetOfficer,
    DepartmentLiaison,
];
/// Who gives work out.
pub const GIVES: &[RoleKind] = &[
    PropertyManager,
    CommitteeChair,
    CommunitySecretary,
    StreetOfficer,
    Administrator,
];
pub const DECIDES_REOPENING: &[RoleKind] = &[
    PropertyManager,
    CommitteeChair,
    CommunitySecretary,
    StreetOfficer,
];
pub const MODERATES: &[RoleKind] = &[
    GridWorker,
    CommitteeChair,
    CommunitySecretary,
    PropertyManager,
    StreetOfficer,
    Administrator,
];
pub const VERIFIES: &[RoleKind] = &[
    Steward,
    GridWorker,
    CommitteeChair,
    CommunitySecretary,
    PropertyManager,
];
/// Who runs drives, and who else sees what was given.
pub const RUNS: &[RoleKind] = &[PropertyManager, CommitteeChair, CommunitySecretary];
pub const SEES_GIFTS: &[RoleKind] = &[
    PropertyStaff,
    CommitteeMember,
    StreetOfficer,
    Supervisor,
    Administrator,
];
/// Who leads activities.
pub const LEADS: &[RoleKind] = &[
    Steward,
    GridWorker,
    PropertyManager,
    CommitteeChair,
    CommunitySecretary,
    StreetOfficer,
];
/// Who keeps a station.
pub const KEEPS: &[RoleKind] = &[
    Steward,
    GridWorker,
    PropertyStaff,
    PropertyManager,
    CommitteeMember,
    CommitteeChair,
    CommunitySecretary,
];
pub const SETS_TIMETABLES: &[RoleKind] = &[
    PropertyManager,
    CommitteeChair,
    CommunitySecretary,
    StreetOfficer,
];
pub const WRITES_HANDBOOK: &[RoleKind] = &[
    CommitteeChair,
    CommunitySecretary,
    StreetOfficer,
    Administrator,
];
pub const FILES: &[RoleKind] = &[
    Steward,
    GridWorker,
    PropertyStaff,
    PropertyManager,
    CommitteeMember,
    CommitteeChair,
    CommunitySecretary,
    StreetOfficer,
];
/// Who tells the people of a place something, and who of them at night, too.
pub const PUBLISHES: &[RoleKind] = &[
    PropertyManager,
    CommitteeChair,
    CommunitySecretary,
    StreetOfficer,
];
pub const PUBLISHES_URGENTLY: &[RoleKind] = &[CommitteeChair, CommunitySecretary, StreetOfficer];
/// Whoever serves in a compound knows what everybody of it knows.
pub const SERVES: &[RoleKind] = &[
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
    Instructor,
    Supervisor,
    Mediator,
    Administrator,
];
