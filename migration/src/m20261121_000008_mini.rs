//! What accounts accepted to be told (subscription messages), and content that others may see only
//! after it was looked at (moderation).

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, big_pk_auto, integer, string_len, text, text_null,
    timestamp_with_time_zone, timestamp_with_time_zone_null,
};

use crate::tools::index;

/// Subscriptions and moderation.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(subscription()).await?;
        manager.create_table(moderation()).await?;
        for statement in [
            index("subscription", &["account_id", "template"], true),
            index("moderation", &["subject", "part"], false),
            index("moderation", &["compound_id", "state"], false),
            index("moderation", &["trace_id"], true),
        ] {
            manager.create_index(statement).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["moderation", "subscription"] {
            manager
                .drop_table(Table::drop().table(table).to_owned())
                .await?;
        }
        Ok(())
    }
}

fn to(table: &'static str, column: &'static str, other: &'static str) -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .from(table, column)
        .to(other, "id")
        .to_owned()
}

fn subscription() -> TableCreateStatement {
    Table::create()
        .table("subscription")
        .col(big_pk_auto("id"))
        .col(big_integer("account_id"))
        .col(text("template"))
        .col(integer("remaining"))
        .col(integer("ahead"))
        .col(text("answer"))
        .col(timestamp_with_time_zone("updated_at"))
        .foreign_key(&mut to("subscription", "account_id", "account"))
        .to_owned()
}

fn moderation() -> TableCreateStatement {
    Table::create()
        .table("moderation")
        .col(big_pk_auto("id"))
        .col(text("subject"))
        .col(text("part"))
        .col(big_integer("compound_id"))
        .col(big_integer("place_id"))
        .col(string_len("kind", 16))
        .col(text("content"))
        .col(big_integer_null("author_id"))
        .col(string_len("state", 16))
        .col(text_null("doubt"))
        .col(timestamp_with_time_zone_null("asked_at"))
        .col(text_null("trace_id"))
        .col(big_integer_null("decided_by"))
        .col(timestamp_with_time_zone_null("decided_at"))
        .col(text_null("reason"))
        .col(timestamp_with_time_zone("created_at"))
        .foreign_key(&mut to("moderation", "place_id", "place"))
        .foreign_key(&mut to("moderation", "compound_id", "place"))
        .to_owned()
}
