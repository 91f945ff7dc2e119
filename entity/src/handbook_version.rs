//! Table `handbook_version`. Every version of every article of the handbook; append-only.

use sea_orm::entity::prelude::*;

/// A version of an article.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "handbook_version")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Of which article.
    pub article_id: i64,
    /// Tenant, as the article's.
    pub compound_id: Option<i64>,
    /// 1 for the first.
    pub version: i32,
    /// written, changed, published, withdrawn, shipped.
    pub action: String,
    /// As it was then.
    pub title: String,
    /// As they were then.
    pub questions: String,
    /// As they were then.
    pub synonyms: String,
    /// As it was then.
    pub body: String,
    /// By whom; none for what came with the program.
    pub author_id: Option<i64>,
    /// When. UTC, whole ms.
    pub at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
