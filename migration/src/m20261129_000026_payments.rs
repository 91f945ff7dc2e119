//! Payments, refunds, waivers, receipts, and the days compared with the platform.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, big_pk_auto, boolean, date, date_null, integer, integer_null,
    json, string_len, string_len_null, text, text_null, timestamp_with_time_zone,
    timestamp_with_time_zone_null,
};

use crate::frozen;
use crate::tools::index;

/// Payments, refunds, waivers, receipts, and the days compared with the platform.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [
            fee_policy(),
            payment(),
            payment_part(),
            advance(),
            payment_notice(),
            refund(),
            waiver(),
            receipt(),
            receipt_counter(),
            reconciliation(),
            recon_difference(),
        ] {
            manager.create_table(table).await?;
        }
        for index in indexes() {
            manager.create_index(index).await?;
        }
        frozen::freeze(manager, &["payment_part", "receipt"]).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        frozen::thaw(manager, &["payment_part", "receipt"]).await?;
        for table in [
            "recon_difference",
            "reconciliation",
            "receipt_counter",
            "receipt",
            "waiver",
            "refund",
            "payment_notice",
            "advance",
            "payment_part",
            "payment",
            "fee_policy",
        ] {
            let drop = Table::drop().table(table).to_owned();
            manager.drop_table(drop).await?;
        }
        Ok(())
    }
}

fn indexes() -> Vec<IndexCreateStatement> {
    vec![
        // Nothing is pooled: an account is one compound's.
        index("fee_policy", &["merchant"], true),
        index("payment", &["out_trade_no"], true),
        index("payment", &["transaction_id"], true),
        index("payment", &["home_id", "id"], false),
        index("payment", &["compound_id", "id"], false),
        index("payment", &["compound_id", "day"], false),
        index("payment", &["merchant", "day", "id"], false),
        index("payment", &["payer_id", "id"], false),
        index("payment", &["compound_id", "state", "id"], false),
        index("payment_part", &["payment_id"], false),
        index("payment_part", &["bill_id"], false),
        index("payment_notice", &["merchant", "notice_id"], true),
        index("payment_notice", &["state", "id"], false),
        index("payment_notice", &["out_trade_no", "id"], false),
        index("payment_notice", &["compound_id", "state", "id"], false),
        index("refund", &["out_refund_no"], true),
        index("refund", &["payment_id"], false),
        index("refund", &["sent_at"], false),
        index("refund", &["transaction_id"], true),
        index("refund", &["compound_id", "state", "id"], false),
        index("waiver", &["bill_id"], false),
        index("waiver", &["compound_id", "state", "id"], false),
        index("receipt", &["compound_id", "number"], true),
        index("receipt", &["payment_id"], true),
        index("receipt", &["token"], true),
        index("reconciliation", &["merchant", "day"], true),
        index(
            "recon_difference",
            &["reconciliation_id", "kind", "reference"],
            true,
        ),
        index("recon_difference", &["compound_id", "solved_at"], false),
    ]
}

fn fee_policy() -> TableCreateStatement {
    Table::create()
        .table("fee_policy")
        .col(big_integer("compound_id"))
        .col(string_len_null("merchant", 32))
        .col(integer_null("remind_before"))
        .col(boolean("remind_on"))
        .col(integer_null("remind_every"))
        .col(integer("remind_most"))
        .col(text_null("remind_words"))
        .col(integer("late_daily"))
        .col(date_null("late_from"))
        .col(text_null("late_basis"))
        .col(integer("version"))
        .col(timestamp_with_time_zone("updated_at"))
        .primary_key(Index::create().col("compound_id"))
        .to_owned()
}

fn payment() -> TableCreateStatement {
    Table::create()
        .table("payment")
        .col(big_pk_auto("id"))
        .col(big_integer("compound_id"))
        .col(big_integer("home_id"))
        .col(big_integer_null("payer_id"))
        .col(big_integer_null("account_id"))
        .col(string_len("way", 16))
        .col(string_len("state", 16))
        .col(big_integer("amount"))
        .col(json("bills"))
        .col(string_len_null("merchant", 32))
        .col(string_len_null("mch_id", 32))
        .col(string_len_null("app_id", 32))
        .col(string_len_null("open_id", 128))
        .col(string_len_null("out_trade_no", 32))
        .col(string_len_null("prepay_id", 64))
        .col(timestamp_with_time_zone_null("prepaid_at"))
        .col(string_len_null("transaction_id", 32))
        .col(big_integer_null("proof_id"))
        .col(text_null("note"))
        .col(big_integer_null("recorded_by"))
        .col(timestamp_with_time_zone_null("expires_at"))
        .col(integer("asked"))
        .col(timestamp_with_time_zone_null("paid_at"))
        .col(date_null("day"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone("updated_at"))
        .check(Expr::cust("amount > 0"))
        .to_owned()
}

fn payment_part() -> TableCreateStatement {
    Table::create()
        .table("payment_part")
        .col(big_pk_auto("id"))
        .col(big_integer("payment_id"))
        .col(big_integer("compound_id"))
        .col(big_integer_null("bill_id"))
        .col(big_integer("amount"))
        .col(timestamp_with_time_zone("created_at"))
        .check(Expr::cust("amount <> 0"))
        .to_owned()
}

fn advance() -> TableCreateStatement {
    Table::create()
        .table("advance")
        .col(big_integer("home_id"))
        .col(big_integer("compound_id"))
        .col(big_integer("balance"))
        .col(timestamp_with_time_zone("updated_at"))
        .primary_key(Index::create().col("home_id"))
        .check(Expr::cust("balance >= 0"))
        .to_owned()
}

fn payment_notice() -> TableCreateStatement {
    Table::create()
        .table("payment_notice")
        .col(big_pk_auto("id"))
        .col(string_len("merchant", 32))
        .col(string_len("notice_id", 64))
        .col(string_len("kind", 64))
        .col(big_integer_null("compound_id"))
        .col(string_len_null("out_trade_no", 32))
        .col(json("body"))
        .col(string_len("state", 16))
        .col(text_null("error"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone_null("done_at"))
        .to_owned()
}

fn refund() -> TableCreateStatement {
    Table::create()
        .table("refund")
        .col(big_pk_auto("id"))
        .col(big_integer("payment_id"))
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

fn waiver() -> TableCreateStatement {
    Table::create()
        .table("waiver")
        .col(big_pk_auto("id"))
        .col(big_integer("bill_id"))
        .col(big_integer("compound_id"))
        .col(big_integer("amount"))
        .col(text("reason"))
        .col(string_len("state", 16))
        .col(big_integer("asked_by"))
        .col(big_integer_null("decided_by"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone_null("decided_at"))
        .check(Expr::cust("amount > 0"))
        .to_owned()
}

fn receipt() -> TableCreateStatement {
    Table::create()
        .table("receipt")
        .col(big_pk_auto("id"))
        .col(big_integer("compound_id"))
        .col(big_integer("number"))
        .col(big_integer("payment_id"))
        .col(string_len("token", 32))
        .col(big_integer("amount"))
        .col(timestamp_with_time_zone("created_at"))
        .to_owned()
}

fn receipt_counter() -> TableCreateStatement {
    Table::create()
        .table("receipt_counter")
        .col(big_integer("compound_id"))
        .col(big_integer("last"))
        .primary_key(Index::create().col("compound_id"))
        .to_owned()
}

fn reconciliation() -> TableCreateStatement {
    Table::create()
        .table("reconciliation")
        .col(big_pk_auto("id"))
        .col(string_len("merchant", 32))
        .col(date("day"))
        .col(string_len("state", 16))
        .col(integer("ours_count"))
        .col(big_integer("ours_amount"))
        .col(integer("theirs_count"))
        .col(big_integer("theirs_amount"))
        .col(big_integer_null("started_by"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone("updated_at"))
        .to_owned()
}

fn recon_difference() -> TableCreateStatement {
    Table::create()
        .table("recon_difference")
        .col(big_pk_auto("id"))
        .col(big_integer("reconciliation_id"))
        .col(big_integer_null("compound_id"))
        .col(string_len("kind", 32))
        .col(string_len("reference", 64))
        .col(big_integer_null("ours"))
        .col(big_integer_null("theirs"))
        .col(timestamp_with_time_zone_null("solved_at"))
        .col(big_integer_null("solved_by"))
        .col(text_null("note"))
        .col(timestamp_with_time_zone("created_at"))
        .to_owned()
}
