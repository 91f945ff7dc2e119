//! The closed word lists that columns hold: the same text on SQLite and PostgreSQL. No logic.

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

/// What a resident files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(16))",
    rename_all = "snake_case"
)]
pub enum CaseKind {
    /// 报修
    Repair,
    /// 投诉
    Complaint,
    /// 建议
    Suggestion,
    /// 求助
    Help,
    /// 纠纷
    Dispute,
}

/// Where the work on a case stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(16))",
    rename_all = "snake_case"
)]
pub enum CaseState {
    /// Filed; nobody could be found to hold it yet.
    Raised,
    /// Somebody was told to take it.
    Assigned,
    /// Taken (接单).
    Accepted,
    /// On the scene (到场).
    Arrived,
    /// Clock stopped with a reason (暂停).
    Paused,
    /// Done by the holder's word (办结); the resident may rate or reopen.
    Finished,
    /// Rated, or the time to rate has lapsed.
    Reviewed,
    /// The resident asks to open it again (重开); somebody of the next level decides.
    ReopenRequested,
    /// Taken back by the resident (撤回).
    Withdrawn,
    /// Found to be the same as another, which goes on for both (并案).
    Merged,
}

/// How the work on a case ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(16))",
    rename_all = "snake_case"
)]
pub enum Outcome {
    /// It is done (办结).
    Solved,
    /// It could not be done (无法办结): never counted or worded as solved.
    Unsolved,
}

/// The seven steps (七步工作法, capability C2), in their only order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(16))",
    rename_all = "snake_case"
)]
pub enum CaseStep {
    /// 提
    Raised,
    /// 汇
    Gathered,
    /// 议
    Deliberated,
    /// 办
    Handled,
    /// 督
    Supervised,
    /// 示
    Published,
    /// 评
    Reviewed,
}

/// How grave a case is (5341, capability C4); its clocks follow from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(16))",
    rename_all = "snake_case"
)]
pub enum Grade {
    /// 普通
    Ordinary,
    /// 重大
    Major,
    /// 特殊复杂
    Complex,
}

/// At which level a case lies (小区 → 社区 → 街道 → 职能部门).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(16))",
    rename_all = "snake_case"
)]
pub enum Level {
    /// 小区
    Compound,
    /// 社区
    Community,
    /// 街道
    Street,
    /// 职能部门
    Department,
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

/// Where a timed push stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(16))",
    rename_all = "snake_case"
)]
pub enum ReminderState {
    /// Waits for its time.
    Pending,
    /// Claimed by a worker until the lease passes.
    Sending,
    /// Done.
    Sent,
    /// Given up: a dead letter, shown to the operators.
    Failed,
    /// No longer needed.
    Cancelled,
}

/// How one attempt to reach a person went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(16))",
    rename_all = "snake_case"
)]
pub enum DeliveryState {
    /// Handed to the platform, no answer yet.
    Sending,
    /// The platform took it.
    Sent,
    /// The platform says that it arrived.
    Delivered,
    /// It did not arrive.
    Failed,
    /// No channel could carry it.
    Unreachable,
    /// Not sent on purpose: not wanted, or too old.
    Dropped,
}

/// Where a mediation (调解) is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(16))",
    rename_all = "snake_case"
)]
pub enum Centre {
    /// 街道
    Street,
    /// 区
    District,
    /// 市
    City,
}

/// Where a mediation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(16))",
    rename_all = "snake_case"
)]
pub enum MediationState {
    /// Parties talk.
    Open,
    /// An agreement was written; each party is asked.
    Proposed,
    /// All have agreed; it is to be kept.
    Agreed,
    /// It was kept.
    Kept,
    /// Somebody says that it is not.
    Broken,
    /// No agreement could be reached.
    Failed,
}

/// Where a wish stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(16))",
    rename_all = "snake_case"
)]
pub enum WishState {
    /// Said; nobody else has read it yet.
    Raised,
    /// Staff has read it: a neighbour may claim it.
    Open,
    /// A neighbour has it.
    Claimed,
    /// Done, by the claimer's word.
    Fulfilled,
    /// The asker has thanked.
    Thanked,
    /// Staff has not let it be shown.
    Refused,
    /// Taken back by the asker.
    Withdrawn,
    /// Taken away by staff.
    Removed,
}

/// Where a visit stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(16))",
    rename_all = "snake_case"
)]
pub enum VisitState {
    /// To be made.
    Open,
    /// Made.
    Done,
}

/// Where a notice (公告) stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(16))",
    rename_all = "snake_case"
)]
pub enum NoticeState {
    /// Written, counted, and not yet published.
    Draft,
    /// Published; may still be taken back before anybody gets it.
    Undoable,
    /// Taken back in time: nobody got it.
    Undone,
    /// Recipients are being told.
    Sending,
    /// All have been told once.
    Sent,
    /// A newer version has taken its place.
    Corrected,
    /// Taken back after people had got it: a tombstone.
    Recalled,
}

/// Where a timetable (日程) stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(16))",
    rename_all = "snake_case"
)]
pub enum TimetableState {
    /// It rings.
    Active,
    /// It does not, until somebody lets it again.
    Stopped,
}

/// Where an article of the handbook (手册) stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(16))",
    rename_all = "snake_case"
)]
pub enum ArticleState {
    /// Written, and read by editors alone.
    Draft,
    /// Read by all whom it is for.
    Published,
    /// Taken back.
    Withdrawn,
}

/// Where a question that the handbook could not answer stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(16))",
    rename_all = "snake_case"
)]
pub enum QuestionState {
    /// Nobody has answered it yet.
    Open,
    /// An article answers it.
    Answered,
    /// It needs no answer.
    Dismissed,
}

/// Where a photo, voice or video stands on its way from the platform to our storage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(16))",
    rename_all = "snake_case"
)]
pub enum AttachmentState {
    /// Known by the platform's media id only.
    Pending,
    /// In our storage.
    Stored,
    /// Refused: too large or not what it says it is.
    Refused,
    /// The platform no longer has it.
    Lost,
}

/// To which side of the work a photo belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(16))",
    rename_all = "snake_case"
)]
pub enum PhotoStage {
    /// What was found, sent by whoever filed.
    Before,
    /// What was done, sent by whoever has it.
    After,
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

/// How a fee is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(16))",
    rename_all = "snake_case"
)]
pub enum FeeKind {
    /// Area times unit price.
    Area,
    /// A cost shared by the homes.
    Shared,
    /// The same for each home.
    Fixed,
    /// 停车
    Parking,
    /// What a meter showed, times unit price.
    Meter,
}

/// How a shared cost is split.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(16))",
    rename_all = "snake_case"
)]
pub enum FeeSplit {
    /// By floor area.
    Area,
    /// Evenly.
    Even,
}

/// Where content that others are to see stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(16))",
    rename_all = "snake_case"
)]
pub enum ModerationState {
    /// Looked at by the platform, or waiting for a person.
    Pending,
    /// Others may see it.
    Passed,
    /// Nobody else sees it.
    Refused,
}

/// What is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(16))",
    rename_all = "snake_case"
)]
pub enum ContentKind {
    /// Words.
    Text,
    /// A picture in our storage.
    Image,
}

/// Whether a card in WeCom can still be pressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(16))",
    rename_all = "snake_case"
)]
pub enum CardState {
    /// On its way; what came of it is not known yet.
    Sending,
    /// Shows buttons.
    Open,
    /// Shows that there is nothing left to do.
    Over,
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

/// With what of a case an answer template is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(16))",
    rename_all = "snake_case"
)]
pub enum AnswerUse {
    /// 方案
    Plan,
    /// 办结
    Finish,
    /// 无法办结
    GiveUp,
    /// 暂停
    Pause,
    /// 退单
    Refuse,
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
