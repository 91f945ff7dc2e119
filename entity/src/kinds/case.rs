//! Of a case (诉求): what it is, where it stands and lies, how it ended; and of a mediation.

use sea_orm::entity::prelude::*;

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
