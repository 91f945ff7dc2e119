//! Table `fee_policy`. How a compound takes and asks for its money.

use sea_orm::entity::prelude::*;

/// How a compound takes and asks for its money.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "fee_policy")]
pub struct Model {
    /// Tenant.
    #[sea_orm(primary_key, auto_increment = false)]
    pub compound_id: i64,
    /// Name of its receiving account in the configuration; none: no payment inside WeChat.
    pub merchant: Option<String>,
    /// Days before the due day on which is reminded; none: not at all.
    pub remind_before: Option<i32>,
    /// Whether is reminded on the due day.
    pub remind_on: bool,
    /// Days between reminders after the due day; none: not at all.
    pub remind_every: Option<i32>,
    /// Reminders after the due day, at most.
    pub remind_most: i32,
    /// What each reminder ends with, in the compound's own words.
    pub remind_words: Option<String>,
    /// Late fee of a day in 1/100 000 of what is overdue; 0: none.
    pub late_daily: i32,
    /// The first day that is charged by it, since it was set.
    pub late_from: Option<Date>,
    /// What it was agreed by; none while there is none.
    pub late_basis: Option<String>,
    /// Counts the changes.
    pub version: i32,
    /// UTC, whole ms.
    pub updated_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
