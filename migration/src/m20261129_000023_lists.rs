//! The indexes by which the console's lists are read at a million cases: one of a compound's cases that
//! holds what lists are narrowed by, in the place of three that hold less. Filing writes two entries fewer.

use sea_orm_migration::prelude::*;

use crate::tools::index;

/// Lists out of indexes.
#[derive(DeriveMigrationName)]
pub struct Migration;

/// What a list of a compound's cases is narrowed by, behind the key by which it is in order.
const LIST: [&str; 8] = [
    "compound_id",
    "id",
    "place_id",
    "state",
    "kind",
    "category",
    "level",
    "holder_id",
];

/// What it stands for as well.
const BEFORE: [&[&str]; 3] = [
    &["compound_id", "state", "id"],
    &["compound_id", "id"],
    &["place_id", "id"],
];

const PARTIAL: [&str; 2] = [
    // Nobody has them: few, and looked for by everybody who gives work out.
    r#"CREATE INDEX "idx_cases_unheld" ON "cases" ("compound_id", "id") WHERE "state" = 'raised'"#,
    // The compounds of a street or a city among all of its buildings and homes.
    r#"CREATE INDEX "idx_place_compounds" ON "place" ("path") WHERE "kind" = 'compound'"#,
];

const NO_PARTIAL: [&str; 2] = [
    r#"DROP INDEX "idx_cases_unheld""#,
    r#"DROP INDEX "idx_place_compounds""#,
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_index(list()).await?;
        for columns in BEFORE {
            drop(manager, &format!("idx_cases_{}", columns.join("_"))).await?;
        }
        for statement in PARTIAL {
            manager
                .get_connection()
                .execute_unprepared(statement)
                .await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for statement in NO_PARTIAL {
            manager
                .get_connection()
                .execute_unprepared(statement)
                .await?;
        }
        for columns in BEFORE {
            manager.create_index(index("cases", columns, false)).await?;
        }
        drop(manager, "idx_cases_list").await
    }
}

async fn drop(manager: &SchemaManager<'_>, name: &str) -> Result<(), DbErr> {
    manager
        .drop_index(Index::drop().name(name).to_owned())
        .await
}

fn list() -> IndexCreateStatement {
    index("cases", &LIST, false).name("idx_cases_list").take()
}
