//! The payments of an account are found by an index: whoever pays for somebody else reads the receipts in the chat.

use sea_orm_migration::prelude::*;

use crate::tools::index;

/// An index of payments by account.
#[derive(DeriveMigrationName)]
pub struct Migration;

const NAME: &str = "idx_payment_account_id_id";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_index(index("payment", &["account_id", "id"], false))
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let drop = Index::drop().name(NAME).table("payment").to_owned();
        manager.drop_index(drop).await
    }
}
