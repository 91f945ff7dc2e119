//! What belongs to one round, or to the first answer, and was counted for others: a silence behind the first
//! answer has a flag of its own, and a rating ends with its round. What is stored from before is put right by
//! the histories.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::boolean;

/// The flag, and what was counted wrongly.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let column = boolean("silent_later").default(false).take();
        let add = Table::alter().table("cases").add_column(column).to_owned();
        manager.alter_table(add).await?;
        for statement in STATEMENTS {
            manager
                .get_connection()
                .execute_unprepared(statement)
                .await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // There was one flag for both.
        manager
            .get_connection()
            .execute_unprepared(
                r#"UPDATE "cases" SET "accept_late" = TRUE WHERE "silent_later" = TRUE"#,
            )
            .await?;
        let drop = Table::alter()
            .table("cases")
            .drop_column("silent_later")
            .to_owned();
        manager.alter_table(drop).await
    }
}

const STATEMENTS: [&str; 3] = [
    // Somebody was silent behind the first answer.
    r#"UPDATE "cases" SET "silent_later" = TRUE WHERE "accept_late" = TRUE AND "accepted_at" IS NOT NULL
        AND EXISTS (SELECT 1 FROM "case_event" e WHERE e."case_id" = "cases"."id" AND e."at" > "cases"."accepted_at"
            AND e."action" IN ('accept-late', 'asked-late', 'passed-over'))"#,
    // It was the only one: the first answer was in time.
    r#"UPDATE "cases" SET "accept_late" = FALSE WHERE "silent_later" = TRUE
        AND NOT EXISTS (SELECT 1 FROM "case_event" e WHERE e."case_id" = "cases"."id"
            AND e."at" <= "cases"."accepted_at" AND e."action" = 'accept-late')"#,
    // The rating of a round before this one.
    r#"UPDATE "cases" SET "rating" = NULL, "rating_text" = NULL WHERE "round" > 1 AND "rating" IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM "case_event" e WHERE e."case_id" = "cases"."id"
            AND e."round" = "cases"."round" AND e."action" = 'reviewed')"#,
];
