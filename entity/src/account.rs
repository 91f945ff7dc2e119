//! Table `account`. A chat identity on one channel; a person may hold several.

use sea_orm::entity::prelude::*;

use crate::kinds::Channel;

/// A chat identity on one channel; a person may hold several.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "account")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Which door.
    pub channel: Channel,
    /// openid (case-sensitive) or lower-cased userid.
    pub external_id: String,
    /// Joins the accounts of one person over our apps; empty when the platform knows none.
    pub union_id: Option<String>,
    /// Whose, once bound.
    pub person_id: Option<i64>,
    /// The compound last scanned or bound: where «3-2-501» is looked for.
    pub compound_id: Option<i64>,
    /// False after unsubscribe: nothing can be pushed.
    pub followed: bool,
    /// Customer-service messages may be sent until then (protocols §2.5).
    pub window_until: Option<DateTimeUtc>,
    /// How many of them are left.
    pub window_left: i32,
    /// WeCom's rate is used up: messages wait until then, in their order.
    pub paced_until: Option<DateTimeUtc>,
    /// What the last numbered menu or question waits for (bot/dialog.rs).
    pub dialog: Option<Json>,
    /// Version of the rules on personal data that it was told; 0 before.
    pub told_version: i32,
    /// Version that it has agreed to by going on; 0 before.
    pub agreed_version: i32,
    /// Last word from it.
    pub last_inbound_at: Option<DateTimeUtc>,
    /// UTC, whole ms.
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
