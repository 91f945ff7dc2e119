//! What the pages of settings need: a version of each dispatch rule and whether it is switched off,
//! and answer templates.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_pk_auto, integer, string_len, text, text_null, timestamp_with_time_zone,
    timestamp_with_time_zone_null,
};

use crate::tools::index;

/// What the pages of settings need.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // SQLite adds one column at a time.
        for column in [
            integer("version").default(1).take(),
            timestamp_with_time_zone_null("off_at").take(),
        ] {
            let add = Table::alter()
                .table("dispatch_rule")
                .add_column(column)
                .to_owned();
            manager.alter_table(add).await?;
        }
        manager.create_table(answer_template()).await?;
        manager
            .create_index(index("answer_template", &["place_id"], false))
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_table(Table::drop().table("answer_template").to_owned())
            .await?;
        for column in ["off_at", "version"] {
            let drop = Table::alter()
                .table("dispatch_rule")
                .drop_column(column)
                .to_owned();
            manager.alter_table(drop).await?;
        }
        Ok(())
    }
}

fn answer_template() -> TableCreateStatement {
    Table::create()
        .table("answer_template")
        .col(big_pk_auto("id"))
        .col(big_integer("place_id"))
        .col(string_len("used_for", 16))
        .col(text_null("category"))
        .col(text("name"))
        .col(text("text"))
        .col(integer("version"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone("updated_at"))
        .foreign_key(
            ForeignKey::create()
                .from("answer_template", "place_id")
                .to("place", "id"),
        )
        .to_owned()
}
