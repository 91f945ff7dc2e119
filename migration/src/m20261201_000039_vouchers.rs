//! What people enter into the books themselves (记账): by two people, which the database itself keeps.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, big_pk_auto, date, string_len, string_len_null, text,
    timestamp_with_time_zone, timestamp_with_time_zone_null,
};

use crate::guards;
use crate::tools::index;

/// What people enter into the books themselves.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(voucher()).await?;
        for statement in [
            index("voucher", &["compound_id", "state", "id"], false),
            index("voucher", &["entry_id"], false),
            // The same form is one voucher.
            index("voucher", &["mark"], true),
        ] {
            manager.create_index(statement).await?;
        }
        guards::put(manager, guards::VOUCHERS).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        guards::take(manager, guards::VOUCHERS).await?;
        let drop = Table::drop().table("voucher").to_owned();
        manager.drop_table(drop).await
    }
}

fn voucher() -> TableCreateStatement {
    Table::create()
        .table("voucher")
        .col(big_pk_auto("id"))
        .col(big_integer("compound_id"))
        .col(string_len("kind", 16))
        .col(string_len_null("debit", 32))
        .col(string_len_null("credit", 32))
        .col(big_integer("amount"))
        .col(date("day"))
        .col(text("words"))
        .col(big_integer_null("proof_id"))
        .col(big_integer_null("entry_id"))
        .col(string_len("state", 16))
        .col(string_len("mark", 32))
        .col(big_integer("asked_by"))
        .col(big_integer_null("decided_by"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone_null("decided_at"))
        .check(Expr::cust("amount > 0"))
        .check(Expr::cust(
            "(kind = 'reversal') = (entry_id IS NOT NULL) AND (kind = 'reversal') = (debit IS NULL) \
             AND (kind = 'reversal') = (credit IS NULL) AND (kind = 'reversal' OR proof_id IS NOT NULL)",
        ))
        .to_owned()
}
