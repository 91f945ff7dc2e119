//! Table `handbook_asker`. Who asked a question that the handbook could not answer: told when it can.

use sea_orm::entity::prelude::*;

/// Somebody who asked.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "handbook_asker")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Which question.
    pub question_id: i64,
    /// Tenant.
    pub compound_id: i64,
    /// Who.
    pub person_id: i64,
    /// When last. UTC, whole ms.
    pub at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
