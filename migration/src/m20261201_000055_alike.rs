//! What may be the same thing is found among all open cases of a building, without a category: each case bears
//! the place in which the same is looked for, and what of its words is compared.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer_null, text_null};

/// Two columns, filled for what is open, and an index of it in the place of one by category.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // SQLite adds one column at a time.
        for mut column in [big_integer_null("near_id"), text_null("essence")] {
            let add = Table::alter()
                .table("cases")
                .add_column(&mut column)
                .to_owned();
            manager.alter_table(add).await?;
        }
        run(manager, &UP).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, &DOWN).await?;
        for column in ["near_id", "essence"] {
            let drop = Table::alter().table("cases").drop_column(column).to_owned();
            manager.alter_table(drop).await?;
        }
        Ok(())
    }
}

const UP: [&str; 4] = [
    // The place on the path right below the compound.
    r#"UPDATE "cases" SET "near_id" = COALESCE((SELECT "top"."id" FROM "place" AS "own" JOIN "place" AS "top"
        ON "top"."parent_id" = "own"."compound_id" AND "own"."path" LIKE "top"."path" || '%'
        WHERE "own"."id" = "cases"."place_id"), "compound_id") WHERE "closed_at" IS NULL"#,
    // The words as they are: a database folds nothing. What is filed from now on is folded, and no bar ends a line.
    r#"UPDATE "cases" SET "essence" = SUBSTR(REPLACE("text", '|', ' '), 1, 200)
        WHERE "closed_at" IS NULL AND "kind" IN ('repair', 'complaint', 'suggestion')"#,
    r#"CREATE INDEX "idx_cases_near" ON "cases" ("compound_id", "near_id", "id") WHERE "closed_at" IS NULL AND "essence" IS NOT NULL"#,
    r#"DROP INDEX "idx_cases_alike""#,
];

const DOWN: [&str; 2] = [
    r#"CREATE INDEX "idx_cases_alike" ON "cases" ("compound_id", "category", "id") WHERE "closed_at" IS NULL"#,
    r#"DROP INDEX "idx_cases_near""#,
];

async fn run(manager: &SchemaManager<'_>, statements: &[&str]) -> Result<(), DbErr> {
    for statement in statements {
        manager
            .get_connection()
            .execute_unprepared(statement)
            .await?;
    }
    Ok(())
}
