//! Of life together: the four lists, giving, activities, stations, timetables and the handbook.

use sea_orm::entity::prelude::*;

/// Which of the four lists (四项清单) an item stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(16))",
    rename_all = "snake_case"
)]
pub enum OfferList {
    /// 需求: what somebody needs.
    Need,
    /// 资源: what somebody can give or do.
    Resource,
    /// 服务: what an organisation does for the compound by a day.
    Service,
    /// 责任: what an organisation answers for.
    Responsibility,
}

/// What an item is about: needs and resources of one category are proposed to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(16))",
    rename_all = "snake_case"
)]
pub enum OfferCategory {
    /// 照护陪伴
    Care,
    /// 健康医疗
    Health,
    /// 维修安装
    Repair,
    /// 搬运出力
    Labour,
    /// 技能教学
    Skill,
    /// 文体活动
    Culture,
    /// 物品
    Goods,
    /// 场地
    Space,
    /// 其他
    Other,
}

/// Where an item of the four lists stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(16))",
    rename_all = "snake_case"
)]
pub enum OfferState {
    /// Written by a resident; nobody else has read it yet.
    Raised,
    /// To be tied, or to be closed off.
    Open,
    /// A need that is tied; a resource of which nothing is left.
    Matched,
    /// A need that was met; a promise that was closed off (销号).
    Done,
    /// Staff has not let it be shown.
    Refused,
    /// Taken back by whoever published it.
    Withdrawn,
    /// Taken away by staff.
    Removed,
    /// A need or a resource whose last day is over.
    Lapsed,
}
