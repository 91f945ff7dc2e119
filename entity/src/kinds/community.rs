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

/// What somebody is good at (特长).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(16))",
    rename_all = "snake_case"
)]
pub enum TalentKind {
    /// 医护
    Doctor,
    /// 教师
    Teacher,
    /// 法律
    Lawyer,
    /// 警务和安全
    Police,
    /// 水电维修
    Electrician,
    /// 电脑和手机
    Computer,
    /// 理发
    Barber,
    /// 书画文艺
    Arts,
    /// 其他
    Other,
}

/// Whether a talent is offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(16))",
    rename_all = "snake_case"
)]
pub enum TalentState {
    /// May be asked.
    Offered,
    /// Taken back by whoever has it, or gone.
    Withdrawn,
}

/// Where a request for help stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(16))",
    rename_all = "snake_case"
)]
pub enum HelpState {
    /// One talent is asked after the other.
    Asking,
    /// One has said yes: the two know each other.
    Accepted,
    /// Nobody is left to be asked.
    Unmet,
    /// Taken back by the asker.
    Withdrawn,
    /// Nobody has said yes in time.
    Lapsed,
}

/// What came of asking a talent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(16))",
    rename_all = "snake_case"
)]
pub enum HelpAnswer {
    /// Waits for a word.
    Asked,
    /// 接受
    Accepted,
    /// 婉拒
    Declined,
    /// Said nothing in time.
    Silent,
    /// The request or the talent was over before.
    Dropped,
}

/// Where a drive (捐赠活动) stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(16))",
    rename_all = "snake_case"
)]
pub enum DriveState {
    /// Being written.
    Draft,
    /// Takes donations.
    Open,
    /// Takes no more; what is left is used on.
    Closed,
}

/// What is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(16))",
    rename_all = "snake_case"
)]
pub enum DonationKind {
    /// 捐款, in fen.
    Money,
    /// 捐物, in pieces.
    Goods,
}

/// Where a donation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(16))",
    rename_all = "snake_case"
)]
pub enum DonationState {
    /// Promised; not there yet.
    Pledged,
    /// There.
    Received,
    /// Goods that staff cannot take.
    Declined,
    /// Taken back by the donor before it was there.
    Withdrawn,
    /// Money that was not paid in time.
    Lapsed,
}

/// How somebody was counted at a station.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(16))",
    rename_all = "snake_case"
)]
pub enum VisitWay {
    /// Scanned the code at the door, bound to a home or a post.
    Scan,
    /// Scanned it and is nobody that is known.
    Passing,
    /// Counted by hand.
    Desk,
}

/// Where a loan stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(16))",
    rename_all = "snake_case"
)]
pub enum LoanState {
    /// The borrower has it.
    Lent,
    /// The borrower says that it is back; the keeper has not looked yet.
    Handed,
    /// Back.
    Returned,
    /// Will not come back.
    Lost,
    /// Came back and cannot be lent.
    Damaged,
}

/// Where the booking of a room stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(16))",
    rename_all = "snake_case"
)]
pub enum BookingState {
    /// The room is theirs.
    Booked,
    /// Taken back by the booker, or by a keeper with a reason.
    Cancelled,
    /// Had to give way to an official one.
    Displaced,
    /// Nobody came.
    Absent,
}

/// Where a deposited thing stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(16))",
    rename_all = "snake_case"
)]
pub enum DepositState {
    /// On the shelf.
    Kept,
    /// Nobody has come for a month: the keeper is asked to clear it away.
    Unclaimed,
    /// Its owner has it.
    Collected,
    /// Given elsewhere, as the note says.
    Cleared,
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
