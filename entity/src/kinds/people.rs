//! Of places and of people: what they are, what they answer for, whose home it is, and what they ask about their own data.

use sea_orm::entity::prelude::*;

/// What a place is (glossary: 地点树).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(16))",
    rename_all = "snake_case"
)]
pub enum PlaceKind {
    /// 市
    City,
    /// 区
    District,
    /// 街道
    Street,
    /// 社区
    Community,
    /// 小区
    Compound,
    /// 管区
    Zone,
    /// 楼栋
    Building,
    /// 单元
    Unit,
    /// 户
    Home,
}

/// What somebody answers for, on a place and for a term (capability P2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(32))",
    rename_all = "snake_case"
)]
pub enum RoleKind {
    /// 楼栋长, 百事通
    Steward,
    /// 网格员
    GridWorker,
    /// 包户党员
    PartyMember,
    /// 物业工作人员
    PropertyStaff,
    /// 物业经理
    PropertyManager,
    /// 业委会委员
    CommitteeMember,
    /// 业委会主任
    CommitteeChair,
    /// 社区书记
    CommunitySecretary,
    /// 街道干部
    StreetOfficer,
    /// 职能部门联络员
    DepartmentLiaison,
    /// 党建指导员
    Instructor,
    /// i找茬监督员
    Supervisor,
    /// 调解员
    Mediator,
    /// 系统管理员
    Administrator,
}

/// How a person belongs to a home.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(16))",
    rename_all = "snake_case"
)]
pub enum HomeRelation {
    /// 业主
    Owner,
    /// 租户
    Tenant,
    /// 家人
    Family,
}

/// By which door a person talks with us.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(16))",
    rename_all = "snake_case"
)]
pub enum Channel {
    /// 公众号
    Official,
    /// 小程序
    Mini,
    /// 企业微信
    Work,
    /// At the counter: no account, the staff writes.
    WalkIn,
    /// By telephone: likewise.
    Phone,
}

/// How far the tie between a chat account and a home has come (capability P3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(16))",
    rename_all = "snake_case"
)]
pub enum BindingState {
    /// Not on the roster: waits for the steward's word.
    Requested,
    /// Matches the roster by what the person typed.
    Declared,
    /// The phone was proved, or the steward vouched.
    Verified,
    /// The steward said no, or somebody of the home objected.
    Refused,
    /// Ended by the person.
    Released,
}

/// On whose behalf something was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(16))",
    rename_all = "snake_case"
)]
pub enum ActorKind {
    /// Somebody who lives here.
    Resident,
    /// Somebody who holds a role.
    Staff,
    /// A clock or a rule.
    System,
    /// Somebody at the command line.
    Operator,
}

/// Where an export of somebody's data stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(16))",
    rename_all = "snake_case"
)]
pub enum ExportState {
    /// To be made.
    Pending,
    /// In our storage, for a day.
    Ready,
    /// Its day is over, or the person is gone.
    Removed,
}

/// What somebody wants to have corrected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(16))",
    rename_all = "snake_case"
)]
pub enum CorrectionField {
    /// 姓名
    Name,
    /// 手机
    Phone,
}

/// Where a request to correct stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(16))",
    rename_all = "snake_case"
)]
pub enum CorrectionState {
    /// Waits for the steward's word.
    Requested,
    /// Done.
    Done,
    /// The steward said no.
    Refused,
    /// Replaced by another, or the person is gone.
    Dropped,
}

/// How somebody signed in to the console.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(16))",
    rename_all = "snake_case"
)]
pub enum ConsoleWay {
    /// By name and password.
    Password,
    /// By a scan in WeCom.
    Work,
}

/// Where an import by browser stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(16))",
    rename_all = "snake_case"
)]
pub enum ImportState {
    /// The files are looked through.
    Checking,
    /// What would be done is known; waits for a word.
    Checked,
    /// To be stored.
    Queued,
    /// Stored.
    Done,
    /// It could not be; the row says why.
    Failed,
    /// Not wanted after all, or forgotten.
    Dropped,
}
