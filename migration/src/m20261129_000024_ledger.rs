//! The books: accounts, entries and transfers that nothing can change.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, big_pk_auto, date, string_len, text, timestamp_with_time_zone,
};

use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend};

use crate::frozen;
use crate::tools::index;

/// The books: accounts, entries and transfers that nothing can change.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [ledger_account(), ledger_entry(), ledger_transfer()] {
            manager.create_table(table).await?;
        }
        // Causes are looked for by how they begin, as a range: in the order of bytes, whatever language the
        // database sorts by. SQLite does so anyway.
        if manager.get_database_backend() == DbBackend::Postgres {
            let bytes =
                r#"ALTER TABLE "ledger_entry" ALTER COLUMN "cause" TYPE varchar(100) COLLATE "C""#;
            manager.get_connection().execute_unprepared(bytes).await?;
        }
        for index in indexes() {
            manager.create_index(index).await?;
        }
        frozen::freeze(
            manager,
            &["ledger_account", "ledger_entry", "ledger_transfer"],
        )
        .await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        frozen::thaw(
            manager,
            &["ledger_account", "ledger_entry", "ledger_transfer"],
        )
        .await?;
        for table in ["ledger_transfer", "ledger_entry", "ledger_account"] {
            let drop = Table::drop().table(table).to_owned();
            manager.drop_table(drop).await?;
        }
        Ok(())
    }
}

fn indexes() -> Vec<IndexCreateStatement> {
    vec![
        index("ledger_account", &["compound_id", "code"], true),
        index("ledger_entry", &["compound_id", "cause"], true),
        index("ledger_entry", &["compound_id", "day", "id"], false),
        index("ledger_entry", &["reverses"], true),
        index("ledger_transfer", &["entry_id"], false),
        // Holds all that a month is summed from.
        index(
            "ledger_transfer",
            &["compound_id", "day", "debit_id", "credit_id", "amount"],
            false,
        ),
    ]
}

fn ledger_account() -> TableCreateStatement {
    Table::create()
        .table("ledger_account")
        .col(big_pk_auto("id"))
        .col(big_integer("compound_id"))
        .col(string_len("code", 64))
        .col(timestamp_with_time_zone("created_at"))
        .to_owned()
}

fn ledger_entry() -> TableCreateStatement {
    Table::create()
        .table("ledger_entry")
        .col(big_pk_auto("id"))
        .col(big_integer("compound_id"))
        .col(date("day"))
        .col(string_len("cause", 100))
        .col(string_len("kind", 16))
        .col(text("memo"))
        .col(big_integer_null("reverses"))
        .col(big_integer_null("actor_id"))
        .col(timestamp_with_time_zone("created_at"))
        .to_owned()
}

fn ledger_transfer() -> TableCreateStatement {
    Table::create()
        .table("ledger_transfer")
        .col(big_pk_auto("id"))
        .col(big_integer("entry_id"))
        .col(big_integer("compound_id"))
        .col(date("day"))
        .col(big_integer("debit_id"))
        .col(big_integer("credit_id"))
        .col(big_integer("amount"))
        .check(Expr::cust("amount > 0"))
        .check(Expr::cust("debit_id <> credit_id"))
        .to_owned()
}
