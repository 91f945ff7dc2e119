//! Table `receipt_counter`. The last number of a compound’s receipts.

use sea_orm::entity::prelude::*;

/// The last number of a compound’s receipts.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "receipt_counter")]
pub struct Model {
    /// Tenant.
    #[sea_orm(primary_key, auto_increment = false)]
    pub compound_id: i64,
    /// 0 before the first.
    pub last: i64,
}

impl ActiveModelBehavior for ActiveModel {}
