//! What is paid ahead belongs to whoever owes the bills of a home, and no more to the home; how much of its
//! bills was paid when an order was made; and homes that were sold within a month that was billed.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, big_pk_auto, integer, string_len, text,
    timestamp_with_time_zone, timestamp_with_time_zone_null,
};
use sea_orm_migration::sea_orm::ConnectionTrait;

use crate::frozen;
use crate::tools::index;

/// What is paid ahead, by whoever owes; homes that were sold.
#[derive(DeriveMigrationName)]
pub struct Migration;

/// What a home had was its owner's at the time: whoever was billed last before it last changed, or first after
/// that, or owns it alone now; nobody (0) when none of them is known: that pays whoever's bill comes next.
const BY_PAYER: &str = r#"INSERT INTO "advance" ("home_id", "payer_id", "compound_id", "balance", "updated_at")
SELECT "a"."home_id", COALESCE(
    (SELECT "b"."payer_id" FROM "bill" AS "b" WHERE "b"."home_id" = "a"."home_id"
        AND "b"."created_at" <= "a"."updated_at" ORDER BY "b"."month" DESC, "b"."id" DESC LIMIT 1),
    (SELECT "b"."payer_id" FROM "bill" AS "b" WHERE "b"."home_id" = "a"."home_id"
        ORDER BY "b"."month", "b"."id" LIMIT 1),
    (SELECT CASE WHEN MIN("r"."person_id") = MAX("r"."person_id") THEN MIN("r"."person_id") END FROM "residency" AS "r" WHERE "r"."place_id" = "a"."home_id"
        AND "r"."relation" = 'owner' AND "r"."ended_at" IS NULL),
    0), "a"."compound_id", "a"."balance", "a"."updated_at"
FROM "advance_of_home" AS "a""#;

/// The parts that brought it are the same person's.
const PARTS: &str = r#"UPDATE "payment_part" SET "payer_id" = (SELECT "a"."payer_id" FROM "payment" AS "p"
    JOIN "advance" AS "a" ON "a"."home_id" = "p"."home_id" WHERE "p"."id" = "payment_part"."payment_id")
WHERE "bill_id" IS NULL"#;

/// Back to one row for each home.
const BY_HOME: &str = r#"INSERT INTO "advance" ("home_id", "compound_id", "balance", "updated_at")
SELECT "home_id", MIN("compound_id"), CAST(SUM("balance") AS BIGINT), MAX("updated_at")
FROM "advance_of_payer" GROUP BY "home_id""#;

/// Tables and their new columns; each may be empty.
const COLUMNS: [(&str, &str); 3] = [
    ("payment_part", "payer_id"),
    ("payment", "paid_before"),
    ("bill_line", "sale_id"),
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let db = manager.get_connection();
        rename(manager, "advance", "advance_of_home").await?;
        manager.create_table(advance(true)).await?;
        db.execute_unprepared(BY_PAYER).await?;
        let drop = Table::drop().table("advance_of_home").to_owned();
        manager.drop_table(drop).await?;
        for (table, column) in COLUMNS {
            let add = Table::alter()
                .table(table)
                .add_column(big_integer_null(column))
                .to_owned();
            manager.alter_table(add).await?;
        }
        // Nothing that was said before is said otherwise: a column that is new gets what was true all along.
        frozen::thaw(manager, &["payment_part"]).await?;
        db.execute_unprepared(PARTS).await?;
        frozen::freeze(manager, &["payment_part"]).await?;
        manager.create_table(bill_sale()).await?;
        for index in indexes() {
            manager.create_index(index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let drop = Table::drop().table("bill_sale").to_owned();
        manager.drop_table(drop).await?;
        for (table, column) in COLUMNS {
            let drop = Table::alter().table(table).drop_column(column).to_owned();
            manager.alter_table(drop).await?;
        }
        rename(manager, "advance", "advance_of_payer").await?;
        manager.create_table(advance(false)).await?;
        manager.get_connection().execute_unprepared(BY_HOME).await?;
        let drop = Table::drop().table("advance_of_payer").to_owned();
        manager.drop_table(drop).await
    }
}

async fn rename(
    manager: &SchemaManager<'_>,
    from: &'static str,
    to: &'static str,
) -> Result<(), DbErr> {
    let rename = Table::rename().table(from, to).to_owned();
    manager.rename_table(rename).await
}

fn indexes() -> Vec<IndexCreateStatement> {
    vec![
        // A sale of a home is noted once for each month, however often it is looked for.
        index("bill_sale", &["home_id", "month", "owners"], true),
        index("bill_sale", &["compound_id", "state", "id"], false),
    ]
}

fn advance(by_payer: bool) -> TableCreateStatement {
    let mut key = Index::create();
    key.col("home_id");
    let mut table = Table::create();
    table.table("advance").col(big_integer("home_id"));
    if by_payer {
        key.col("payer_id");
        table.col(big_integer("payer_id"));
    }
    table
        .col(big_integer("compound_id"))
        .col(big_integer("balance"))
        .col(timestamp_with_time_zone("updated_at"))
        .primary_key(&mut key)
        .check(Expr::cust("balance >= 0"))
        .to_owned()
}

fn bill_sale() -> TableCreateStatement {
    Table::create()
        .table("bill_sale")
        .col(big_pk_auto("id"))
        .col(big_integer("compound_id"))
        .col(big_integer("home_id"))
        .col(integer("month"))
        .col(string_len("owners", 200))
        .col(string_len("state", 16))
        .col(big_integer("amount"))
        .col(text("note"))
        .col(big_integer_null("decided_by"))
        .col(timestamp_with_time_zone_null("decided_at"))
        .col(timestamp_with_time_zone("created_at"))
        .to_owned()
}
