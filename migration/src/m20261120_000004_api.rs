//! Sessions and idempotency keys of the JSON API.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_pk_auto, small_integer_null, text, text_null, timestamp_with_time_zone,
    timestamp_with_time_zone_null,
};

use crate::tools::index;

/// Sessions and idempotency keys of the JSON API.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(session()).await?;
        manager.create_table(idempotency()).await?;
        for statement in indexes() {
            manager.create_index(statement).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["idempotency", "session"] {
            manager
                .drop_table(Table::drop().table(table).to_owned())
                .await?;
        }
        Ok(())
    }
}

fn session() -> TableCreateStatement {
    Table::create()
        .table("session")
        .col(big_pk_auto("id"))
        .col(text("token_index").unique_key().take())
        .col(big_integer("account_id"))
        .col(text_null("session_key_sealed"))
        .col(timestamp_with_time_zone("expires_at"))
        .col(timestamp_with_time_zone_null("revoked_at"))
        .col(timestamp_with_time_zone("created_at"))
        .foreign_key(
            ForeignKey::create()
                .from("session", "account_id")
                .to("account", "id"),
        )
        .to_owned()
}

fn idempotency() -> TableCreateStatement {
    Table::create()
        .table("idempotency")
        .col(text("scope"))
        .col(text("key"))
        .col(text("request_hash"))
        .col(small_integer_null("status"))
        .col(text_null("body"))
        .col(timestamp_with_time_zone("created_at"))
        .primary_key(Index::create().col("scope").col("key"))
        .to_owned()
}

fn indexes() -> Vec<IndexCreateStatement> {
    vec![
        index("session", &["expires_at"], false),
        index("idempotency", &["created_at"], false),
    ]
}
