//! A file may belong to a person who has no chat account: whoever works at the console with a password alone.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, big_integer_null};
use sea_orm_migration::sea_orm::ConnectionTrait;

use crate::tools::index;

/// Files of people.
#[derive(DeriveMigrationName)]
pub struct Migration;

const TABLE: &str = "attachment";
const ACCOUNT: &str = "account_id";
const PERSON: &str = "person_id";
/// What takes the place of the account's column: SQLite can take no constraint off one.
const NEXT: &str = "next_account_id";
const BY_ACCOUNT: &str = "idx_attachment_account_id_state";
const BY_PERSON: &str = "idx_attachment_person_id";

const KEEP: &str = r#"UPDATE "attachment" SET "next_account_id" = "account_id""#;

/// Back to an account of each: the one of that person that was made last, as it was before; nobody's (0) without any.
const KEEP_FORMER: &str = r#"UPDATE "attachment" SET "next_account_id" = COALESCE("account_id",
    (SELECT MAX("a"."id") FROM "account" AS "a" WHERE "a"."person_id" = "attachment"."person_id"), 0)"#;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        replace(manager, big_integer_null(NEXT), KEEP).await?;
        add(manager, big_integer_null(PERSON)).await?;
        manager.create_index(index(TABLE, &[PERSON], false)).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let next = big_integer(NEXT).default(0).take();
        replace(manager, next, KEEP_FORMER).await?;
        drop_index(manager, BY_PERSON).await?;
        drop_column(manager, PERSON).await
    }
}

/// Puts another column in the place of the account's, filled by this statement.
async fn replace(
    manager: &SchemaManager<'_>,
    next: ColumnDef,
    fill: &'static str,
) -> Result<(), DbErr> {
    add(manager, next).await?;
    manager.get_connection().execute_unprepared(fill).await?;
    drop_index(manager, BY_ACCOUNT).await?;
    drop_column(manager, ACCOUNT).await?;
    let rename = Table::alter()
        .table(TABLE)
        .rename_column(NEXT, ACCOUNT)
        .to_owned();
    manager.alter_table(rename).await?;
    manager
        .create_index(index(TABLE, &[ACCOUNT, "state"], false))
        .await
}

async fn add(manager: &SchemaManager<'_>, column: ColumnDef) -> Result<(), DbErr> {
    let add = Table::alter().table(TABLE).add_column(column).to_owned();
    manager.alter_table(add).await
}

async fn drop_column(manager: &SchemaManager<'_>, column: &'static str) -> Result<(), DbErr> {
    let drop = Table::alter().table(TABLE).drop_column(column).to_owned();
    manager.alter_table(drop).await
}

async fn drop_index(manager: &SchemaManager<'_>, name: &'static str) -> Result<(), DbErr> {
    let drop = Index::drop().name(name).table(TABLE).to_owned();
    manager.drop_index(drop).await
}
