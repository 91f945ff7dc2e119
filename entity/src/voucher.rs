//! Table `voucher`. Something that people enter into the books themselves (记账); booked when a second one agrees.

use sea_orm::entity::prelude::*;

use crate::money::{VoucherKind, VoucherState};

/// Something that people enter into the books themselves (记账); booked when a second one agrees.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "voucher")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Whose books.
    pub compound_id: i64,
    /// What it is.
    pub kind: VoucherKind,
    /// The account that receives, `assets:bank`; none of a reversal.
    pub debit: Option<String>,
    /// The account that gives; none of a reversal.
    pub credit: Option<String>,
    /// In fen, more than 0; of a reversal all that the entry moved.
    pub amount: i64,
    /// The business day in China.
    pub day: Date,
    /// What it was, or why an entry is taken back; no phones.
    pub words: String,
    /// Picture of the slip; none of a reversal.
    pub proof_id: Option<i64>,
    /// The entry that it takes back; a reversal alone has one.
    pub entry_id: Option<i64>,
    /// Where it stands.
    pub state: VoucherState,
    /// Mark of the form: the same form is one voucher.
    pub mark: String,
    /// Who entered it.
    pub asked_by: i64,
    /// The second person.
    pub decided_by: Option<i64>,
    /// UTC, whole ms.
    pub created_at: DateTimeUtc,
    /// UTC, whole ms.
    pub decided_at: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}
