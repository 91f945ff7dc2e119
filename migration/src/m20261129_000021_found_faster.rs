//! What was looked for without an index: the accounts of one human being, the sessions of an account,
//! whoever lives or works in a compound, what waits for a person's word over many compounds, and whose
//! a binding, a session of the console or a message to nobody is.

use sea_orm_migration::prelude::*;

use crate::tools::index;

/// The indexes.
#[derive(DeriveMigrationName)]
pub struct Migration;

const INDEXES: [(&str, &[&str]); 4] = [
    ("account", &["union_id"]),
    ("session", &["account_id"]),
    ("moderation", &["state", "id"]),
    ("console_session", &["credential_id"]),
];

/// Messages to accounts that were nobody's: most rows are somebody's, and not in it.
const TO_NOBODY: &str =
    r#"CREATE INDEX "idx_delivery_nobody" ON "delivery" ("account_id") WHERE "person_id" IS NULL"#;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (table, columns) in INDEXES {
            manager.create_index(index(table, columns, false)).await?;
        }
        manager
            .get_connection()
            .execute_unprepared(TO_NOBODY)
            .await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let drop = Index::drop()
            .name("idx_delivery_nobody")
            .table("delivery")
            .to_owned();
        manager.drop_index(drop).await?;
        for (table, columns) in INDEXES {
            let drop = Index::drop()
                .name(format!("idx_{table}_{}", columns.join("_")))
                .table(table)
                .to_owned();
            manager.drop_index(drop).await?;
        }
        Ok(())
    }
}
