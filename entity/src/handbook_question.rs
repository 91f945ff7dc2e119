//! Table `handbook_question`. What residents asked and the handbook could not answer.

use sea_orm::entity::prelude::*;

use crate::kinds::QuestionState;

/// A question that the handbook could not answer.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "handbook_question")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Tenant.
    pub compound_id: i64,
    /// The text, folded: the same words once.
    pub words: String,
    /// As it was asked first, without names, homes and numbers.
    pub text: String,
    /// How often.
    pub asked: i32,
    /// Where it stands.
    pub state: QuestionState,
    /// What answers it.
    pub article_id: Option<i64>,
    /// Asked first. UTC, whole ms.
    pub first_at: DateTimeUtc,
    /// Asked last.
    pub last_at: DateTimeUtc,
    /// Answered or dismissed.
    pub ended_at: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}
