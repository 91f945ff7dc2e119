//! Lets a reminder be claimed without touching an index: the lease's end gets a column of its own,
//! and no index names what a claim changes.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::timestamp_with_time_zone_null;
use sea_orm_migration::sea_orm::DbBackend;

/// Lets a reminder be claimed without touching an index.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let add = Table::alter()
            .table("reminder")
            .add_column(timestamp_with_time_zone_null("leased_until"))
            .to_owned();
        manager.alter_table(add).await?;
        run(manager, &[KEEP_LEASES]).await?;
        run(manager, &DROP).await?;
        run(manager, &OPEN_REMINDERS).await?;
        if manager.get_database_backend() == DbBackend::Postgres {
            run(manager, &[ROOM]).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        if manager.get_database_backend() == DbBackend::Postgres {
            run(manager, &[NO_ROOM]).await?;
        }
        run(manager, &DROP).await?;
        run(manager, &FORMER).await?;
        run(manager, &[FORMER_LEASES]).await?;
        let drop = Table::alter()
            .table("reminder")
            .drop_column("leased_until")
            .to_owned();
        manager.alter_table(drop).await
    }
}

async fn run(manager: &SchemaManager<'_>, statements: &[&str]) -> Result<(), DbErr> {
    for statement in statements {
        let connection = manager.get_connection();
        connection.execute_unprepared(statement).await?;
    }
    Ok(())
}

/// What was under way bore its lease's end as the time of its next try.
const KEEP_LEASES: &str =
    r#"UPDATE "reminder" SET "leased_until" = "next_at" WHERE "state" = 'sending'"#;
const FORMER_LEASES: &str = r#"UPDATE "reminder" SET "next_at" = "leased_until" WHERE "state" = 'sending' AND "leased_until" IS NOT NULL"#;

const DROP: [&str; 3] = [
    r#"DROP INDEX "idx_reminder_open""#,
    r#"DROP INDEX "idx_reminder_subject""#,
    r#"DROP INDEX "idx_reminder_dead""#,
];

/// Open is what has not ended. The state is not named, since a claim changes it: PostgreSQL then
/// writes the new version of the row beside the old one and leaves every index as it is.
const OPEN_REMINDERS: [&str; 3] = [
    r#"CREATE INDEX "idx_reminder_open" ON "reminder" ("next_at", "id") WHERE "done_at" IS NULL"#,
    r#"CREATE INDEX "idx_reminder_subject" ON "reminder" ("subject") WHERE "done_at" IS NULL"#,
    // Ended with an error: the dead letters, and hardly anything else.
    r#"CREATE INDEX "idx_reminder_dead" ON "reminder" ("done_at", "id") WHERE "done_at" IS NOT NULL AND "last_error" IS NOT NULL"#,
];

/// As they were before.
const FORMER: [&str; 3] = [
    r#"CREATE INDEX "idx_reminder_open" ON "reminder" ("next_at", "id") WHERE "state" IN ('pending', 'sending')"#,
    r#"CREATE INDEX "idx_reminder_subject" ON "reminder" ("subject") WHERE "state" IN ('pending', 'sending')"#,
    r#"CREATE INDEX "idx_reminder_dead" ON "reminder" ("done_at", "id") WHERE "state" = 'failed'"#,
];

/// Room on each page for a claimed version of every row: many are claimed in one transaction.
const ROOM: &str = r#"ALTER TABLE "reminder" SET (fillfactor = 45)"#;
const NO_ROOM: &str = r#"ALTER TABLE "reminder" RESET (fillfactor)"#;
