//! Table `reconciliation`. A day of a receiving account against the platform’s bill (对账).

use sea_orm::entity::prelude::*;

use crate::money::ReconState;

/// A day of a receiving account against the platform’s bill (对账).
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "reconciliation")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Which receiving account.
    pub merchant: String,
    /// Which day in China.
    pub day: Date,
    /// What came of it.
    pub state: ReconState,
    /// Our payments and refunds.
    pub ours_count: i32,
    /// Our payments less refunds, in fen.
    pub ours_amount: i64,
    /// Theirs.
    pub theirs_count: i32,
    /// Theirs, in fen.
    pub theirs_amount: i64,
    /// What our books say that lay at the platform at the end of the day, in fen; none where it could not be held
    /// against the platform's bill.
    pub left_ours: Option<i64>,
    /// What lay there by the platform's bill, in fen.
    pub left_theirs: Option<i64>,
    /// Who had it done; none for the clock.
    pub started_by: Option<i64>,
    /// UTC, whole ms.
    pub created_at: DateTimeUtc,
    /// UTC, whole ms.
    pub updated_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
