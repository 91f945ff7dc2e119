//! How a case ends (solved or not, struck from the list), who is asked to take it over or to reopen it,
//! and who helps.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, big_pk_auto, string_len_null, timestamp_with_time_zone,
    timestamp_with_time_zone_null,
};

use crate::tools::index;

/// Ends, askings and helpers of cases.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in columns() {
            let add = Table::alter().table("cases").add_column(column).to_owned();
            manager.alter_table(add).await?;
        }
        manager.create_table(case_helper()).await?;
        manager
            .create_index(index("case_helper", &["case_id", "person_id"], true))
            .await?;
        let connection = manager.get_connection();
        for statement in STATEMENTS {
            connection.execute_unprepared(statement).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        for index in ["idx_cases_asked", "idx_cases_finished"] {
            connection
                .execute_unprepared(&format!(r#"DROP INDEX "{index}""#))
                .await?;
        }
        manager
            .drop_table(Table::drop().table("case_helper").to_owned())
            .await?;
        for column in NAMES {
            let drop = Table::alter().table("cases").drop_column(column).to_owned();
            manager.alter_table(drop).await?;
        }
        Ok(())
    }
}

const NAMES: [&str; 7] = [
    "asked_id",
    "asked_organisation_id",
    "asked_level",
    "asked_due_at",
    "outcome",
    "reopen_asked_at",
    "closed_off_at",
];

fn columns() -> [ColumnDef; 7] {
    [
        big_integer_null("asked_id"),
        big_integer_null("asked_organisation_id"),
        string_len_null("asked_level", 16),
        timestamp_with_time_zone_null("asked_due_at"),
        string_len_null("outcome", 16),
        timestamp_with_time_zone_null("reopen_asked_at"),
        timestamp_with_time_zone_null("closed_off_at"),
    ]
}

const STATEMENTS: [&str; 4] = [
    // What is finished by now counts as solved: nobody could say anything else.
    r#"UPDATE "cases" SET "outcome" = 'solved' WHERE "state" IN ('finished', 'reviewed')"#,
    r#"CREATE INDEX "idx_cases_asked" ON "cases" ("asked_id") WHERE "asked_id" IS NOT NULL"#,
    r#"CREATE INDEX "idx_cases_finished" ON "cases" ("compound_id", "finished_at") WHERE "finished_at" IS NOT NULL"#,
    // What somebody helps with at present.
    r#"CREATE INDEX "idx_case_helper_present" ON "case_helper" ("person_id", "case_id") WHERE "left_at" IS NULL"#,
];

fn case_helper() -> TableCreateStatement {
    Table::create()
        .table("case_helper")
        .col(big_pk_auto("id"))
        .col(big_integer("case_id"))
        .col(big_integer("compound_id"))
        .col(big_integer("person_id"))
        .col(big_integer_null("invited_by"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone_null("joined_at"))
        .col(timestamp_with_time_zone_null("left_at"))
        .foreign_key(
            ForeignKey::create()
                .from("case_helper", "case_id")
                .to("cases", "id"),
        )
        .foreign_key(
            ForeignKey::create()
                .from("case_helper", "person_id")
                .to("person", "id"),
        )
        .to_owned()
}
