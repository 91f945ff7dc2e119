//! After which notice another one was written anew, and what the code at the door of a station holds.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer_null, text_null};

/// Notices that are written anew; codes at the doors of stations.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (table, column) in columns() {
            let add = Table::alter().table(table).add_column(column).to_owned();
            manager.alter_table(add).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (table, column) in NAMES {
            let drop = Table::alter().table(table).drop_column(column).to_owned();
            manager.alter_table(drop).await?;
        }
        Ok(())
    }
}

const NAMES: [(&str, &str); 3] = [
    ("notice", "rewrites"),
    ("station", "code_app_id"),
    ("station", "code_url"),
];

fn columns() -> [(&'static str, ColumnDef); 3] {
    [
        ("notice", big_integer_null("rewrites")),
        ("station", text_null("code_app_id")),
        ("station", text_null("code_url")),
    ]
}
