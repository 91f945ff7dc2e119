//! What lay at the pay platform at the end of a compared day, by its bill and by our books; and days whose
//! differences somebody has explained, which counted as equal.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::big_integer_null;

/// The ends of compared days, and those that were explained.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for name in COLUMNS {
            let add = Table::alter()
                .table("reconciliation")
                .add_column(big_integer_null(name))
                .to_owned();
            manager.alter_table(add).await?;
        }
        manager
            .get_connection()
            .execute_unprepared(EXPLAINED)
            .await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // There was no word for it.
        manager
            .get_connection()
            .execute_unprepared(
                r#"UPDATE "reconciliation" SET "state" = 'balanced' WHERE "state" = 'explained'"#,
            )
            .await?;
        for name in COLUMNS {
            let drop = Table::alter()
                .table("reconciliation")
                .drop_column(name)
                .to_owned();
            manager.alter_table(drop).await?;
        }
        Ok(())
    }
}

const COLUMNS: [&str; 2] = ["left_ours", "left_theirs"];

/// What closed by itself was equal the next time; what a person closed was not.
const EXPLAINED: &str = r#"UPDATE "reconciliation" SET "state" = 'explained' WHERE "state" = 'balanced'
    AND EXISTS (SELECT 1 FROM "recon_difference" d WHERE d."reconciliation_id" = "reconciliation"."id" AND d."solved_by" IS NOT NULL)"#;
