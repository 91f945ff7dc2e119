//! What the robot in groups needs: a dialog of its own for each member of a group, the words that
//! go to somebody alone, and leases by which one instance at a time holds a connection.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, json, text, text_null, timestamp_with_time_zone};

use crate::tools::index;

/// What the robot in groups needs.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(group_dialog()).await?;
        manager.create_table(lease()).await?;
        manager
            .alter_table(
                Table::alter()
                    .table("inbound")
                    .add_column(text_null("private_reply"))
                    .to_owned(),
            )
            .await?;
        // Names in a text that goes into a group are looked up.
        manager
            .create_index(index("person", &["name"], false))
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_index(
                Index::drop()
                    .name("idx_person_name")
                    .table("person")
                    .to_owned(),
            )
            .await?;
        manager
            .alter_table(
                Table::alter()
                    .table("inbound")
                    .drop_column("private_reply")
                    .to_owned(),
            )
            .await?;
        for table in ["lease", "group_dialog"] {
            manager
                .drop_table(Table::drop().table(table).to_owned())
                .await?;
        }
        Ok(())
    }
}

fn group_dialog() -> TableCreateStatement {
    Table::create()
        .table("group_dialog")
        .col(big_integer("account_id"))
        .col(text("chat_id"))
        .col(json("dialog"))
        .col(timestamp_with_time_zone("updated_at"))
        .primary_key(Index::create().col("account_id").col("chat_id"))
        .foreign_key(
            ForeignKey::create()
                .from("group_dialog", "account_id")
                .to("account", "id"),
        )
        .to_owned()
}

fn lease() -> TableCreateStatement {
    Table::create()
        .table("lease")
        .col(text("name").primary_key().take())
        .col(text("holder"))
        .col(timestamp_with_time_zone("until_at"))
        .to_owned()
}
