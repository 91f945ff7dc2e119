//! Reminders, clock work, deliveries, messages taken, audit.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer_null, big_pk_auto, integer, json, json_null, string_len, text, text_null,
    timestamp_with_time_zone, timestamp_with_time_zone_null,
};

use crate::tools::index;

/// Reminders, clock work, deliveries, messages taken, audit.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(reminder()).await?;
        manager.create_table(schedule()).await?;
        manager.create_table(delivery()).await?;
        manager.create_table(inbound()).await?;
        manager.create_table(audit()).await?;
        for statement in indexes() {
            manager.create_index(statement).await?;
        }
        for statement in OPEN_REMINDERS {
            manager
                .get_connection()
                .execute_unprepared(statement)
                .await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["audit", "inbound", "delivery", "schedule", "reminder"] {
            manager
                .drop_table(Table::drop().table(table).to_owned())
                .await?;
        }
        Ok(())
    }
}

/// Only open reminders are searched by time or subject: the index stays small however long the history grows.
const OPEN_REMINDERS: [&str; 3] = [
    r#"CREATE INDEX "idx_reminder_open" ON "reminder" ("next_at", "id") WHERE "state" IN ('pending', 'sending')"#,
    r#"CREATE INDEX "idx_reminder_subject" ON "reminder" ("subject") WHERE "state" IN ('pending', 'sending')"#,
    // Dead letters are counted again and again, and are few.
    r#"CREATE INDEX "idx_reminder_dead" ON "reminder" ("done_at", "id") WHERE "state" = 'failed'"#,
];

fn reminder() -> TableCreateStatement {
    Table::create()
        .table("reminder")
        .col(big_pk_auto("id"))
        .col(text("dedupe_key").unique_key().take())
        .col(text("kind"))
        .col(big_integer_null("recipient_id"))
        .col(big_integer_null("compound_id"))
        .col(text("subject"))
        .col(json("payload"))
        .col(timestamp_with_time_zone("due_at"))
        .col(string_len("state", 16))
        .col(integer("attempts"))
        .col(timestamp_with_time_zone("next_at"))
        .col(text_null("lease"))
        .col(text_null("last_error"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone_null("done_at"))
        .to_owned()
}

fn schedule() -> TableCreateStatement {
    Table::create()
        .table("schedule")
        .col(text("name"))
        .col(text("slot"))
        .col(timestamp_with_time_zone("started_at"))
        .col(timestamp_with_time_zone_null("finished_at"))
        .primary_key(Index::create().col("name").col("slot"))
        .to_owned()
}

fn delivery() -> TableCreateStatement {
    Table::create()
        .table("delivery")
        .col(big_pk_auto("id"))
        .col(big_integer_null("reminder_id"))
        .col(big_integer_null("person_id"))
        .col(big_integer_null("account_id"))
        .col(text("channel"))
        .col(text("kind"))
        .col(text("subject"))
        .col(text("client_msg_id"))
        .col(text_null("platform_id"))
        .col(string_len("state", 16))
        .col(big_integer_null("error_code"))
        .col(text_null("error"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone("updated_at"))
        .to_owned()
}

fn inbound() -> TableCreateStatement {
    Table::create()
        .table("inbound")
        .col(text("key"))
        .col(big_integer_null("account_id"))
        .col(text_null("reply"))
        .col(timestamp_with_time_zone("received_at"))
        .primary_key(Index::create().col("key"))
        .to_owned()
}

fn audit() -> TableCreateStatement {
    Table::create()
        .table("audit")
        .col(big_pk_auto("id"))
        .col(timestamp_with_time_zone("at"))
        .col(string_len("actor_kind", 16))
        .col(big_integer_null("actor_id"))
        .col(big_integer_null("account_id"))
        .col(text("action"))
        .col(text("subject"))
        .col(big_integer_null("compound_id"))
        .col(json_null("detail"))
        .to_owned()
}

fn indexes() -> Vec<IndexCreateStatement> {
    vec![
        index("delivery", &["platform_id"], false),
        index("delivery", &["reminder_id"], false),
        index("delivery", &["person_id", "id"], false),
        index("inbound", &["received_at"], false),
        index("audit", &["subject"], false),
        index("audit", &["compound_id", "at"], false),
    ]
}
