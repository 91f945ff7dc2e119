//! The closed word lists that columns hold: the same text on SQLite and PostgreSQL. No logic.
//! All are reached as `entity::kinds::…`, those of people, of cases and of life together too.

mod case;
mod community;
mod people;

use sea_orm::entity::prelude::*;

pub use case::*;
pub use community::*;
pub use people::*;

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
