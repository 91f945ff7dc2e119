//! Table `payment_notice`. A notification of the pay platform, as it came.

use sea_orm::entity::prelude::*;

use crate::money::NoticeState;

/// A notification of the pay platform, as it came.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "payment_notice")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// To which receiving account.
    pub merchant: String,
    /// The platform’s number of it.
    pub notice_id: String,
    /// Its event.
    pub kind: String,
    /// Tenant: whose order or whose receiving account it is about; none for an account of no compound.
    pub compound_id: Option<i64>,
    /// Our number of the order that it is about, as it came; at most 32 characters.
    pub out_trade_no: Option<String>,
    /// What was sealed in it.
    pub body: Json,
    /// What became of it.
    pub state: NoticeState,
    /// Why it was not followed.
    pub error: Option<String>,
    /// UTC, whole ms.
    pub created_at: DateTimeUtc,
    /// UTC, whole ms.
    pub done_at: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}
