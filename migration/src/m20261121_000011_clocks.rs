//! What four clocks need: a grade on each case and its clocks' ends, response policies by grade and
//! level, and calendars with service hours and days of their own.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, big_pk_auto, boolean, date, integer, integer_null, json_null,
    string_len, string_len_null, text, text_null, timestamp_with_time_zone,
    timestamp_with_time_zone_null,
};

/// What four clocks need.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(calendar()).await?;
        manager.create_table(calendar_day()).await?;
        // SQLite can take no constraint off a column: the table is made anew.
        manager.create_table(policy()).await?;
        run(manager, &[KEEP_POLICIES]).await?;
        replace_policies(manager).await?;
        run(manager, &INDEXES).await?;
        run(manager, &[CALENDARS]).await?;
        for column in case_columns() {
            let add = Table::alter().table("cases").add_column(column).to_owned();
            manager.alter_table(add).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in case_columns() {
            let drop = Table::alter()
                .table("cases")
                .drop_column(column.get_column_name())
                .to_owned();
            manager.alter_table(drop).await?;
        }
        manager.create_table(former_policy()).await?;
        run(manager, &[KEEP_FORMER_POLICIES]).await?;
        replace_policies(manager).await?;
        for table in ["calendar_day", "calendar"] {
            manager
                .drop_table(Table::drop().table(table).to_owned())
                .await?;
        }
        Ok(())
    }
}

async fn run(manager: &SchemaManager<'_>, statements: &[&str]) -> Result<(), DbErr> {
    for statement in statements {
        let connection = manager.get_connection();
        connection.execute_unprepared(statement).await?;
    }
    Ok(())
}

async fn replace_policies(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .drop_table(Table::drop().table("response_policy").to_owned())
        .await?;
    manager
        .rename_table(
            Table::rename()
                .table("response_policy_next", "response_policy")
                .to_owned(),
        )
        .await
}

/// What held for every case holds for ordinary ones; the others had no figures of their own.
const KEEP_POLICIES: &str = r#"INSERT INTO "response_policy_next" ("place_id", "grade", "accept_minutes", "finish_minutes", "version", "created_at", "updated_at") SELECT "place_id", 'ordinary', "accept_minutes", "finish_minutes", 1, "created_at", "created_at" FROM "response_policy" ORDER BY "id""#;
const KEEP_FORMER_POLICIES: &str = r#"INSERT INTO "response_policy_next" ("place_id", "accept_minutes", "finish_minutes", "created_at") SELECT "place_id", "accept_minutes", "finish_minutes", "created_at" FROM "response_policy" WHERE "grade" = 'ordinary' AND "level" IS NULL AND "finish_minutes" IS NOT NULL ORDER BY "id""#;

const INDEXES: [&str; 4] = [
    r#"CREATE UNIQUE INDEX "idx_response_policy_grade" ON "response_policy" ("place_id", "grade") WHERE "level" IS NULL"#,
    r#"CREATE UNIQUE INDEX "idx_response_policy_level" ON "response_policy" ("place_id", "grade", "level") WHERE "level" IS NOT NULL"#,
    r#"CREATE UNIQUE INDEX "idx_calendar_own" ON "calendar" ("place_id", "name") WHERE "removed_at" IS NULL AND "place_id" IS NOT NULL"#,
    r#"CREATE UNIQUE INDEX "idx_calendar_shared" ON "calendar" ("name") WHERE "removed_at" IS NULL AND "place_id" IS NULL"#,
];

/// Everybody may name these without typing holidays.
const CALENDARS: &str = r#"INSERT INTO "calendar" ("name", "hours", "public_holidays", "version", "created_at", "updated_at") VALUES ('工作日', 'Mo-Fr 00:00-24:00', TRUE, 1, '2026-11-21T00:00:00+00:00', '2026-11-21T00:00:00+00:00'), ('办公时间', 'Mo-Fr 09:00-12:00,14:00-18:00', TRUE, 1, '2026-11-21T00:00:00+00:00', '2026-11-21T00:00:00+00:00')"#;

fn case_columns() -> Vec<ColumnDef> {
    vec![
        string_len("grade", 16).default("ordinary").take(),
        big_integer_null("calendar_id").take(),
        timestamp_with_time_zone_null("clock_from").take(),
        timestamp_with_time_zone_null("arrive_due_at").take(),
        timestamp_with_time_zone_null("plan_due_at").take(),
        boolean("arrive_late").default(false).take(),
        boolean("plan_late").default(false).take(),
        json_null("clocks_left").take(),
    ]
}

fn to(table: &'static str, column: &'static str, other: &'static str) -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .from(table, column)
        .to(other, "id")
        .to_owned()
}

fn policy() -> TableCreateStatement {
    Table::create()
        .table("response_policy_next")
        .col(big_pk_auto("id"))
        .col(big_integer("place_id"))
        .col(string_len("grade", 16))
        .col(string_len_null("level", 16))
        .col(integer("accept_minutes"))
        .col(integer_null("arrive_minutes"))
        .col(integer_null("finish_minutes"))
        .col(integer_null("plan_minutes"))
        .col(big_integer_null("calendar_id"))
        .col(integer("version"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone("updated_at"))
        .foreign_key(&mut to("response_policy_next", "place_id", "place"))
        .foreign_key(&mut to("response_policy_next", "calendar_id", "calendar"))
        .to_owned()
}

fn former_policy() -> TableCreateStatement {
    Table::create()
        .table("response_policy_next")
        .col(big_pk_auto("id"))
        .col(big_integer("place_id").unique_key().take())
        .col(integer("accept_minutes"))
        .col(integer("finish_minutes"))
        .col(timestamp_with_time_zone("created_at"))
        .foreign_key(&mut to("response_policy_next", "place_id", "place"))
        .to_owned()
}

fn calendar() -> TableCreateStatement {
    Table::create()
        .table("calendar")
        .col(big_pk_auto("id"))
        .col(string_len("name", 80))
        .col(big_integer_null("place_id"))
        .col(text("hours"))
        .col(boolean("public_holidays"))
        .col(integer("version"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone("updated_at"))
        .col(timestamp_with_time_zone_null("removed_at"))
        .foreign_key(&mut to("calendar", "place_id", "place"))
        .to_owned()
}

fn calendar_day() -> TableCreateStatement {
    Table::create()
        .table("calendar_day")
        .col(big_integer("calendar_id"))
        .col(date("day"))
        .col(text_null("hours"))
        .primary_key(Index::create().col("calendar_id").col("day"))
        .foreign_key(&mut to("calendar_day", "calendar_id", "calendar"))
        .to_owned()
}
