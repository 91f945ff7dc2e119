//! The indexes by which the console's lists are read at a million cases: one of a compound's cases and one
//! of what lies with somebody, each holding what lists are narrowed by, in the place of four that hold less.
//! Filing writes two entries fewer.

use sea_orm_migration::prelude::*;

use crate::tools::index;

/// Lists out of indexes.
#[derive(DeriveMigrationName)]
pub struct Migration;

/// What a list of a compound's cases is narrowed by, behind the key by which it is in order.
const LIST: [&str; 9] = [
    "compound_id",
    "id",
    "place_id",
    "state",
    "kind",
    "category",
    "level",
    "holder_id",
    "created_at",
];

/// The same of what lies with somebody: whoever has had thousands of cases is read without them.
const HELD: [&str; 7] = [
    "holder_id",
    "state",
    "id",
    "kind",
    "category",
    "level",
    "created_at",
];

/// What they stand for as well.
const BEFORE: [&[&str]; 4] = [
    &["compound_id", "state", "id"],
    &["compound_id", "id"],
    &["place_id", "id"],
    &["holder_id", "state"],
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
        for one in [list(), held()] {
            manager.create_index(one).await?;
        }
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
        for name in ["idx_cases_list", "idx_cases_held"] {
            drop(manager, name).await?;
        }
        Ok(())
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

fn held() -> IndexCreateStatement {
    index("cases", &HELD, false).name("idx_cases_held").take()
}
