//! What of somebody's own was refused: found by its author.

use sea_orm_migration::prelude::*;

use crate::tools::index;

/// The index of authors.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let authors = index("moderation", &["author_id", "state"], false);
        manager.create_index(authors).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let drop = Index::drop()
            .name("idx_moderation_author_id_state")
            .table("moderation")
            .to_owned();
        manager.drop_index(drop).await
    }
}
