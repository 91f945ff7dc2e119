//! What people call roles, relations and other closed words. Pure; any face may use it.

use entity::kinds::{BindingState, CaseKind, FeeKind, FeeSplit, HomeRelation, RoleKind};

/// A role.
#[must_use]
pub const fn role_name(role: RoleKind) -> &'static str {
    match role {
        RoleKind::Steward => "楼栋长",
        RoleKind::GridWorker => "网格员",
        RoleKind::PartyMember => "包户党员",
        RoleKind::PropertyStaff => "物业工作人员",
        RoleKind::PropertyManager => "物业经理",
        RoleKind::CommitteeMember => "业委会委员",
        RoleKind::CommitteeChair => "业委会主任",
        RoleKind::CommunitySecretary => "社区书记",
        RoleKind::StreetOfficer => "街道干部",
        RoleKind::DepartmentLiaison => "职能部门联络员",
        RoleKind::Instructor => "党建指导员",
        RoleKind::Supervisor => "i找茬监督员",
        RoleKind::Mediator => "调解员",
        RoleKind::Administrator => "系统管理员",
    }
}

/// `张**`: the family name alone.
#[must_use]
pub fn veiled(name: &str) -> String {
    let family = name.chars().next();
    family.map_or_else(String::new, |family| format!("{family}**"))
}

/// How somebody belongs to a home.
#[must_use]
pub const fn relation_name(relation: HomeRelation) -> &'static str {
    match relation {
        HomeRelation::Owner => "业主",
        HomeRelation::Tenant => "租户",
        HomeRelation::Family => "家人",
    }
}

/// How far a binding has come.
#[must_use]
pub const fn binding_name(state: BindingState) -> &'static str {
    match state {
        BindingState::Requested => "待核验",
        BindingState::Declared => "已绑定",
        BindingState::Verified => "已核验",
        BindingState::Refused => "未通过",
        BindingState::Released => "已解绑",
    }
}

/// A kind of case.
#[must_use]
pub const fn case_kind_name(kind: CaseKind) -> &'static str {
    match kind {
        CaseKind::Repair => "报修",
        CaseKind::Complaint => "投诉",
        CaseKind::Suggestion => "建议",
        CaseKind::Help => "求助",
        CaseKind::Dispute => "纠纷",
    }
}

/// A kind of fee.
#[must_use]
pub const fn fee_kind_name(kind: FeeKind) -> &'static str {
    match kind {
        FeeKind::Area => "按面积",
        FeeKind::Shared => "公摊",
        FeeKind::Fixed => "按户",
        FeeKind::Parking => "停车",
        FeeKind::Meter => "按表",
    }
}

/// How a shared cost is split.
#[must_use]
pub const fn fee_split_name(split: FeeSplit) -> &'static str {
    match split {
        FeeSplit::Area => "按面积",
        FeeSplit::Even => "平均",
    }
}
