//! What the WeCom application needs: the cards that were sent, so that they can be changed, and
//! until when a member's messages wait because of WeCom's rates.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_pk_auto, text, text_null, timestamp_with_time_zone,
    timestamp_with_time_zone_null,
};

use crate::tools::index;

/// What the WeCom application needs.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(work_card()).await?;
        manager
            .create_index(index("work_card", &["subject"], false))
            .await?;
        let column = timestamp_with_time_zone_null("paced_until");
        manager
            .alter_table(
                Table::alter()
                    .table("account")
                    .add_column(column)
                    .to_owned(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .alter_table(
                Table::alter()
                    .table("account")
                    .drop_column("paced_until")
                    .to_owned(),
            )
            .await?;
        manager
            .drop_table(Table::drop().table("work_card").to_owned())
            .await
    }
}

fn work_card() -> TableCreateStatement {
    Table::create()
        .table("work_card")
        .col(big_pk_auto("id"))
        .col(big_integer("account_id"))
        .col(big_integer("person_id"))
        .col(text("subject"))
        .col(text("task_id").unique_key().take())
        .col(text_null("response_code"))
        .col(timestamp_with_time_zone_null("expires_at"))
        .col(text("shown"))
        .col(text("state"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone("updated_at"))
        .foreign_key(
            ForeignKey::create()
                .from("work_card", "account_id")
                .to("account", "id"),
        )
        .foreign_key(
            ForeignKey::create()
                .from("work_card", "person_id")
                .to("person", "id"),
        )
        .to_owned()
}
