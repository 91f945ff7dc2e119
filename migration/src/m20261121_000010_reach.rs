//! What reaching everybody needs: wishes, visits, halts that all instances know, reminders to an
//! account that is nobody's, and the order of what goes to one person.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, big_pk_auto, boolean, integer, string_len, text, text_null,
    timestamp_with_time_zone, timestamp_with_time_zone_null,
};

/// What reaching everybody needs.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(preference()).await?;
        manager.create_table(visit()).await?;
        manager.create_table(halt()).await?;
        let add = Table::alter()
            .table("reminder")
            .add_column(big_integer_null("recipient_account_id"))
            .to_owned();
        manager.alter_table(add).await?;
        for statement in INDEXES {
            let connection = manager.get_connection();
            connection.execute_unprepared(statement).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        connection
            .execute_unprepared(r#"DROP INDEX "idx_reminder_recipient""#)
            .await?;
        let drop = Table::alter()
            .table("reminder")
            .drop_column("recipient_account_id")
            .to_owned();
        manager.alter_table(drop).await?;
        for table in ["halt", "visit", "preference"] {
            manager
                .drop_table(Table::drop().table(table).to_owned())
                .await?;
        }
        Ok(())
    }
}

const INDEXES: [&str; 3] = [
    // Open ones of one person: which of them came first.
    r#"CREATE INDEX "idx_reminder_recipient" ON "reminder" ("recipient_id") WHERE "done_at" IS NULL AND "recipient_id" IS NOT NULL"#,
    r#"CREATE UNIQUE INDEX "idx_visit_once" ON "visit" ("person_id", "subject") WHERE "done_at" IS NULL"#,
    r#"CREATE INDEX "idx_visit_holder" ON "visit" ("holder_id", "id") WHERE "done_at" IS NULL"#,
];

fn preference() -> TableCreateStatement {
    Table::create()
        .table("preference")
        .col(big_integer("person_id"))
        .col(string_len("topic", 32))
        .col(boolean("off"))
        .col(timestamp_with_time_zone("updated_at"))
        .primary_key(Index::create().col("person_id").col("topic"))
        .foreign_key(
            ForeignKey::create()
                .from("preference", "person_id")
                .to("person", "id"),
        )
        .to_owned()
}

fn visit() -> TableCreateStatement {
    Table::create()
        .table("visit")
        .col(big_pk_auto("id"))
        .col(big_integer("person_id"))
        .col(big_integer("place_id"))
        .col(big_integer("compound_id"))
        .col(text("subject"))
        .col(text("kind"))
        .col(text("text"))
        .col(big_integer_null("holder_id"))
        .col(string_len("state", 16))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone_null("done_at"))
        .col(big_integer_null("done_by"))
        .col(text_null("result"))
        .foreign_key(
            ForeignKey::create()
                .from("visit", "person_id")
                .to("person", "id"),
        )
        .foreign_key(
            ForeignKey::create()
                .from("visit", "place_id")
                .to("place", "id"),
        )
        .to_owned()
}

fn halt() -> TableCreateStatement {
    Table::create()
        .table("halt")
        .col(string_len("carrier", 32).primary_key().take())
        .col(timestamp_with_time_zone("until_at"))
        .col(string_len("reason", 16))
        .col(integer("times"))
        .to_owned()
}
