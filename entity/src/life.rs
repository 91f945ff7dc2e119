//! The closed word lists of the community's life: activities and the service of volunteers. No logic.

use sea_orm::entity::prelude::*;

/// What an activity is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(16))",
    rename_all = "snake_case"
)]
pub enum ActivityKind {
    /// 主题党日
    PartyDay,
    /// 邻里节
    Festival,
    /// 义诊
    Clinic,
    /// 讲座
    Lecture,
    /// 文体
    Sport,
    /// 环境整治
    Cleaning,
    /// Anything else.
    Other,
}

/// Where an activity stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(16))",
    rename_all = "snake_case"
)]
pub enum ActivityState {
    /// Only those who lead it know of it.
    Draft,
    /// People sign up.
    Open,
    /// Nobody signs up any more; it is still to come, or under way.
    Closed,
    /// It does not take place.
    Cancelled,
    /// It is over.
    Held,
}

/// Where somebody's sign-up stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(16))",
    rename_all = "snake_case"
)]
pub enum SignupState {
    /// Has a place.
    Taken,
    /// Waits for one.
    Waiting,
    /// Has taken it back.
    Left,
}

/// Whether somebody is a volunteer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(16))",
    rename_all = "snake_case"
)]
pub enum VolunteerState {
    /// Is one.
    Active,
    /// Was one.
    Left,
}

/// Where a task of volunteers stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(16))",
    rename_all = "snake_case"
)]
pub enum VolunteerTaskState {
    /// Volunteers take it, or are at it.
    Open,
    /// It does not take place.
    Cancelled,
}

/// Where somebody's part in a task stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(16))",
    rename_all = "snake_case"
)]
pub enum ServiceState {
    /// Has said to come.
    Taken,
    /// Has taken it back.
    Left,
    /// Has begun.
    Begun,
    /// Has ended; whoever leads has not looked at it yet.
    Ended,
    /// The hours count.
    Confirmed,
    /// They do not.
    Refused,
}
