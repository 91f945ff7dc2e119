//! Table `handbook_article`. An article of the handbook (手册) as it is now.

use sea_orm::entity::prelude::*;

use crate::kinds::ArticleState;

/// An article of the handbook (手册).
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "handbook_article")]
pub struct Model {
    /// Key; the number that people type.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Tenant; none for one of all, or of a place above the compounds.
    pub compound_id: Option<i64>,
    /// For the people of which place; none for all.
    pub place_id: Option<i64>,
    /// Of one that came with the program: by which name.
    pub slug: Option<String>,
    /// Of such a one that nobody has changed here: the digest of its text.
    pub edition: Option<String>,
    /// The article for all in whose place it stands there.
    pub instead_of: Option<i64>,
    /// One line.
    pub title: String,
    /// How people ask for it, a line each.
    pub questions: String,
    /// Words by which it is found, a line.
    pub synonyms: String,
    /// Markdown.
    pub body: String,
    /// Where it stands.
    pub state: ArticleState,
    /// Counts the changes.
    pub version: i32,
    /// Made. UTC, whole ms.
    pub created_at: DateTimeUtc,
    /// Last changed.
    pub updated_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
