//! What the console's pages for whoever runs the house are read by: the audit trail by key, what each
//! channel carried lately; and imports that were brought by a browser.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_pk_auto, boolean, integer, json_null, string_len, text, text_null,
    timestamp_with_time_zone,
};

use crate::tools::index;

/// The indexes, and the table of imports.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // A page goes by key; what happened when follows from that.
        drop_index(manager, "audit", "idx_audit_compound_id_at").await?;
        manager.create_table(import_job()).await?;
        for statement in indexes() {
            manager.create_index(statement).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (table, name) in [
            ("audit", "idx_audit_compound_id_id"),
            ("audit", "idx_audit_actor_id_id"),
            ("delivery", "idx_delivery_channel_created_at"),
        ] {
            drop_index(manager, table, name).await?;
        }
        manager
            .drop_table(Table::drop().table("import_job").to_owned())
            .await?;
        let before = index("audit", &["compound_id", "at"], false);
        manager.create_index(before).await
    }
}

async fn drop_index(
    manager: &SchemaManager<'_>,
    table: &'static str,
    name: &'static str,
) -> Result<(), DbErr> {
    let drop = Index::drop().name(name).table(table).to_owned();
    manager.drop_index(drop).await
}

fn indexes() -> Vec<IndexCreateStatement> {
    vec![
        index("audit", &["compound_id", "id"], false),
        index("audit", &["actor_id", "id"], false),
        index("delivery", &["channel", "created_at"], false),
        index("import_job", &["person_id", "id"], false),
    ]
}

fn import_job() -> TableCreateStatement {
    Table::create()
        .table("import_job")
        .col(big_pk_auto("id"))
        .col(big_integer("person_id"))
        .col(text("names"))
        .col(text_null("path"))
        .col(text_null("bad_path"))
        .col(string_len("state", 16))
        .col(boolean("skip_bad"))
        .col(integer("bad"))
        .col(json_null("outcome"))
        .col(text_null("notes"))
        .col(text_null("error"))
        .col(integer("attempts"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone("updated_at"))
        .to_owned()
}
