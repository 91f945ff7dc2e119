//! Refunds that people pay out: from where, by whom and with which slip, by two of them, which the database itself
//! keeps; refunds of what is kept for somebody, which are of no payment; and the proof of a waiver.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, big_pk_auto, string_len, string_len_null, text,
    timestamp_with_time_zone, timestamp_with_time_zone_null,
};
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend};

use crate::guards;
use crate::tools::index;

/// Refunds that people pay out; proofs of waivers.
#[derive(DeriveMigrationName)]
pub struct Migration;

/// New columns of `refund`; each may be empty.
const KEYS: [&str; 5] = ["home_id", "payer_id", "handed_by", "paid_by", "proof_id"];

/// Columns of `refund` before.
const OLD: &str = r#""id", "payment_id", "compound_id", "amount", "cause", "reason", "state", "out_refund_no",
    "refund_id", "transaction_id", "asked_by", "decided_by", "created_at", "updated_at", "sent_at", "done_at""#;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        of_a_payment(manager, false).await?;
        for name in KEYS {
            add(manager, "refund", big_integer_null(name)).await?;
        }
        add(manager, "refund", string_len_null("paid_from", 32)).await?;
        add(manager, "waiver", big_integer_null("proof_id")).await?;
        for index in by_person() {
            manager.create_index(index).await?;
        }
        guards::put(manager, guards::REFUNDS).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        guards::take(manager, guards::REFUNDS).await?;
        for (name, table) in [
            ("idx_refund_payer_id", "refund"),
            ("idx_advance_payer_id", "advance"),
        ] {
            let drop = Index::drop().name(name).table(table).to_owned();
            manager.drop_index(drop).await?;
        }
        let db = manager.get_connection();
        // What people were to pay out, people gave back by hand; what was of no payment has no place.
        for sql in [
            r#"DELETE FROM "refund" WHERE "payment_id" IS NULL"#,
            r#"UPDATE "refund" SET "state" = 'abnormal' WHERE "state" = 'granted'"#,
        ] {
            db.execute_unprepared(sql).await?;
        }
        drop_column(manager, "waiver", "proof_id").await?;
        drop_column(manager, "refund", "paid_from").await?;
        for name in KEYS {
            drop_column(manager, "refund", name).await?;
        }
        of_a_payment(manager, true).await
    }
}

async fn add(
    manager: &SchemaManager<'_>,
    table: &'static str,
    column: ColumnDef,
) -> Result<(), DbErr> {
    let add = Table::alter().table(table).add_column(column).to_owned();
    manager.alter_table(add).await
}

async fn drop_column(
    manager: &SchemaManager<'_>,
    table: &'static str,
    column: &'static str,
) -> Result<(), DbErr> {
    let drop = Table::alter().table(table).drop_column(column).to_owned();
    manager.alter_table(drop).await
}

/// Whether each refund has to be of a payment. SQLite cannot say so of a table that is there: it is made anew.
async fn of_a_payment(manager: &SchemaManager<'_>, always: bool) -> Result<(), DbErr> {
    let db = manager.get_connection();
    if manager.get_database_backend() == DbBackend::Postgres {
        let what = if always { "SET" } else { "DROP" };
        let sql = format!(r#"ALTER TABLE "refund" ALTER COLUMN "payment_id" {what} NOT NULL"#);
        db.execute_unprepared(&sql).await?;
        return Ok(());
    }
    let rename = Table::rename().table("refund", "refund_before").to_owned();
    manager.rename_table(rename).await?;
    manager.create_table(refund(always)).await?;
    let copy =
        format!(r#"INSERT INTO "refund" ({OLD}) SELECT {OLD} FROM "refund_before" ORDER BY "id""#);
    db.execute_unprepared(&copy).await?;
    // With it go its indexes.
    let drop = Table::drop().table("refund_before").to_owned();
    manager.drop_table(drop).await?;
    for index in indexes() {
        manager.create_index(index).await?;
    }
    Ok(())
}

fn refund(of_a_payment: bool) -> TableCreateStatement {
    let payment = if of_a_payment {
        big_integer("payment_id")
    } else {
        big_integer_null("payment_id")
    };
    Table::create()
        .table("refund")
        .col(big_pk_auto("id"))
        .col(payment)
        .col(big_integer("compound_id"))
        .col(big_integer("amount"))
        .col(string_len("cause", 16))
        .col(text("reason"))
        .col(string_len("state", 16))
        .col(string_len("out_refund_no", 64))
        .col(string_len_null("refund_id", 64))
        .col(string_len_null("transaction_id", 32))
        .col(big_integer_null("asked_by"))
        .col(big_integer_null("decided_by"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone("updated_at"))
        .col(timestamp_with_time_zone_null("sent_at"))
        .col(timestamp_with_time_zone_null("done_at"))
        .check(Expr::cust("amount > 0"))
        .to_owned()
}

fn indexes() -> Vec<IndexCreateStatement> {
    vec![
        index("refund", &["out_refund_no"], true),
        index("refund", &["payment_id"], false),
        index("refund", &["sent_at"], false),
        index("refund", &["transaction_id"], true),
        index("refund", &["compound_id", "state", "id"], false),
    ]
}

/// What somebody has, and what of it goes back to them, whatever the home.
fn by_person() -> Vec<IndexCreateStatement> {
    vec![
        index("refund", &["payer_id"], false),
        index("advance", &["payer_id"], false),
    ]
}
