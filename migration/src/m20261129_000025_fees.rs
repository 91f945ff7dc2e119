//! What bills are made of, the runs that make them, the bills, and the record of asking for what is due.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, big_pk_auto, date, date_null, integer, integer_null, string_len,
    string_len_null, text, text_null, timestamp_with_time_zone, timestamp_with_time_zone_null,
};
use sea_orm_migration::sea_orm::DbBackend;

use crate::frozen;
use crate::tools::index;

/// What bills are made of, the runs that make them, and the bills.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [
            fee_reading(),
            fee_cost(),
            fee_space(),
            fee_charge(),
            bill_run(),
            bill(),
            bill_line(),
            bill_dispute(),
            due_notice(),
        ] {
            manager.create_table(table).await?;
        }
        for index in indexes() {
            manager.create_index(index).await?;
        }
        manager
            .create_index(figures(manager.get_database_backend()))
            .await?;
        frozen::freeze(manager, &["bill_line", "due_notice"]).await?;
        for column in [
            big_integer_null("place_id"),
            integer_null("from_month"),
            integer_null("to_month"),
            text_null("basis"),
        ] {
            let add = Table::alter()
                .table("fee_item")
                .add_column(column)
                .to_owned();
            manager.alter_table(add).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        frozen::thaw(manager, &["bill_line", "due_notice"]).await?;
        for column in ["place_id", "from_month", "to_month", "basis"] {
            let drop = Table::alter()
                .table("fee_item")
                .drop_column(column)
                .to_owned();
            manager.alter_table(drop).await?;
        }
        for table in [
            "due_notice",
            "bill_dispute",
            "bill_line",
            "bill",
            "bill_run",
            "fee_charge",
            "fee_space",
            "fee_cost",
            "fee_reading",
        ] {
            let drop = Table::drop().table(table).to_owned();
            manager.drop_table(drop).await?;
        }
        Ok(())
    }
}

fn indexes() -> Vec<IndexCreateStatement> {
    vec![
        index("fee_reading", &["fee_item_id", "home_id", "month"], true),
        index("fee_reading", &["fee_item_id", "month"], false),
        index("fee_reading", &["compound_id", "month", "id"], false),
        index("fee_cost", &["fee_item_id", "month"], true),
        index("fee_space", &["fee_item_id", "home_id"], false),
        index("fee_space", &["compound_id", "code"], false),
        index("fee_charge", &["compound_id", "month", "home_id"], false),
        index("bill_run", &["compound_id", "month"], true),
        index("bill", &["home_id", "month", "payer_id"], true),
        index("bill", &["compound_id", "id"], false),
        index("bill", &["compound_id", "month", "id"], false),
        index("bill", &["compound_id", "state", "due_on"], false),
        index("bill", &["compound_id", "state", "payer_id"], false),
        index("bill_line", &["bill_id"], false),
        index("bill_line", &["fee_charge_id"], true),
        // A day is charged for being late once, whoever comes to it.
        index("bill_line", &["bill_id", "late_to"], true),
        index("bill_dispute", &["bill_id"], false),
        index("bill_dispute", &["case_id"], true),
        index("due_notice", &["bill_id", "slot", "event"], true),
        index("due_notice", &["compound_id", "day", "id"], false),
        index("due_notice", &["person_id"], false),
    ]
}

/// All that the figures of bills are made of, so that they are counted without reading the bills. SQLite has
/// no columns beside the key of an index.
fn figures(backend: DbBackend) -> IndexCreateStatement {
    let mut statement = Index::create();
    statement.name("idx_bill_figures").table("bill");
    for column in ["compound_id", "month", "due_on"] {
        statement.col(column);
    }
    for column in ["home_id", "amount", "credited", "paid", "waived"] {
        match backend {
            DbBackend::Postgres => statement.include(column),
            _ => statement.col(column),
        };
    }
    statement.take()
}

fn fee_reading() -> TableCreateStatement {
    Table::create()
        .table("fee_reading")
        .col(big_pk_auto("id"))
        .col(big_integer("compound_id"))
        .col(big_integer("fee_item_id"))
        .col(big_integer("home_id"))
        .col(integer("month"))
        .col(big_integer("before_milli"))
        .col(big_integer("after_milli"))
        .col(big_integer_null("created_by"))
        .col(timestamp_with_time_zone("created_at"))
        .check(Expr::cust("after_milli >= before_milli"))
        .to_owned()
}

fn fee_cost() -> TableCreateStatement {
    Table::create()
        .table("fee_cost")
        .col(big_pk_auto("id"))
        .col(big_integer("compound_id"))
        .col(big_integer("fee_item_id"))
        .col(integer("month"))
        .col(big_integer("amount"))
        .col(text("note"))
        .col(big_integer_null("created_by"))
        .col(timestamp_with_time_zone("created_at"))
        .check(Expr::cust("amount >= 0"))
        .to_owned()
}

fn fee_space() -> TableCreateStatement {
    Table::create()
        .table("fee_space")
        .col(big_pk_auto("id"))
        .col(big_integer("compound_id"))
        .col(big_integer("fee_item_id"))
        .col(big_integer("home_id"))
        .col(string_len("code", 32))
        .col(date("from_day"))
        .col(date_null("to_day"))
        .col(big_integer_null("created_by"))
        .col(timestamp_with_time_zone("created_at"))
        .to_owned()
}

fn fee_charge() -> TableCreateStatement {
    Table::create()
        .table("fee_charge")
        .col(big_pk_auto("id"))
        .col(big_integer("compound_id"))
        .col(big_integer("home_id"))
        .col(integer("month"))
        .col(string_len("name", 64))
        .col(big_integer("amount"))
        .col(text("basis"))
        .col(big_integer_null("created_by"))
        .col(timestamp_with_time_zone("created_at"))
        .check(Expr::cust("amount > 0"))
        .to_owned()
}

fn bill_run() -> TableCreateStatement {
    Table::create()
        .table("bill_run")
        .col(big_pk_auto("id"))
        .col(big_integer("compound_id"))
        .col(integer("month"))
        .col(string_len("state", 16))
        .col(big_integer("last_home_id"))
        .col(integer("homes"))
        .col(integer("bills"))
        .col(big_integer("amount"))
        .col(big_integer_null("started_by"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone("updated_at"))
        .col(timestamp_with_time_zone_null("done_at"))
        .to_owned()
}

fn bill() -> TableCreateStatement {
    Table::create()
        .table("bill")
        .col(big_pk_auto("id"))
        .col(big_integer("compound_id"))
        .col(big_integer("home_id"))
        .col(big_integer("payer_id"))
        .col(integer("month"))
        .col(date("from_day"))
        .col(date("to_day"))
        .col(date("due_on"))
        .col(big_integer("amount"))
        .col(big_integer("credited"))
        .col(big_integer("paid"))
        .col(big_integer("waived"))
        .col(string_len("state", 16))
        .col(timestamp_with_time_zone_null("settled_at"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone("updated_at"))
        .check(Expr::cust("amount >= 0"))
        .check(Expr::cust("credited >= 0"))
        .check(Expr::cust("paid >= 0"))
        .check(Expr::cust("waived >= 0"))
        .check(Expr::cust("credited + paid + waived <= amount"))
        .to_owned()
}

fn bill_line() -> TableCreateStatement {
    Table::create()
        .table("bill_line")
        .col(big_pk_auto("id"))
        .col(big_integer("bill_id"))
        .col(big_integer("compound_id"))
        .col(big_integer_null("fee_item_id"))
        .col(big_integer_null("fee_charge_id"))
        .col(big_integer_null("corrects"))
        .col(string_len("account", 64))
        .col(string_len("name", 64))
        .col(text("formula"))
        .col(text("basis"))
        .col(big_integer("amount"))
        .col(date_null("late_to"))
        .col(big_integer_null("created_by"))
        .col(timestamp_with_time_zone("created_at"))
        .to_owned()
}

fn bill_dispute() -> TableCreateStatement {
    Table::create()
        .table("bill_dispute")
        .col(big_pk_auto("id"))
        .col(big_integer("compound_id"))
        .col(big_integer("bill_id"))
        .col(big_integer("case_id"))
        .col(timestamp_with_time_zone("created_at"))
        .to_owned()
}

fn due_notice() -> TableCreateStatement {
    Table::create()
        .table("due_notice")
        .col(big_pk_auto("id"))
        .col(big_integer("compound_id"))
        .col(big_integer("bill_id"))
        .col(big_integer("home_id"))
        .col(big_integer("person_id"))
        .col(date("day"))
        .col(string_len("slot", 16))
        .col(string_len("event", 16))
        .col(string_len_null("result", 16))
        .col(string_len_null("channel", 32))
        .col(big_integer("amount"))
        .col(text_null("words"))
        .col(timestamp_with_time_zone("created_at"))
        .to_owned()
}
