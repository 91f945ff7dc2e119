//! What the board shows of an organisation: how and when it is reached in service.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::text_null;

/// Service phones and hours.
#[derive(DeriveMigrationName)]
pub struct Migration;

/// What organisations get.
const COLUMNS: [&str; 2] = ["service_phone", "service_hours"];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in COLUMNS {
            let add = Table::alter()
                .table("organisation")
                .add_column(text_null(column))
                .to_owned();
            manager.alter_table(add).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in COLUMNS {
            let drop = Table::alter()
                .table("organisation")
                .drop_column(column)
                .to_owned();
            manager.alter_table(drop).await?;
        }
        Ok(())
    }
}
