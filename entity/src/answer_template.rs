//! Table `answer_template`. Words that staff use again (答复模板).

use sea_orm::entity::prelude::*;

use crate::kinds::AnswerUse;

/// Words that staff use again (答复模板).
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "answer_template")]
pub struct Model {
    /// Key; people write it: `模板12`.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// For cases of this place and all below.
    pub place_id: i64,
    /// With what it is said.
    pub used_for: AnswerUse,
    /// Only for cases of this category (case/category.rs).
    pub category: Option<String>,
    /// What staff call it.
    pub name: String,
    /// The words, with `{地点}` and its like where the case's own are put.
    pub text: String,
    /// One more with each change.
    pub version: i32,
    /// UTC, whole ms.
    pub created_at: DateTimeUtc,
    /// UTC, whole ms.
    pub updated_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
