//! Expenses with their reviews, publications and filing; and the rule that money leaves the books no other
//! way, which the database itself keeps.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, big_pk_auto, date_null, integer, integer_null, json, string_len,
    string_len_null, text, text_null, timestamp_with_time_zone, timestamp_with_time_zone_null,
};

use crate::frozen;
use crate::guards;
use crate::tools::index;

/// Expenses with their reviews, publications and filing.
#[derive(DeriveMigrationName)]
pub struct Migration;

/// Tables whose rows never change.
const FROZEN: &[&str] = &["review_chain", "expense_step", "expense_objection"];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [
            review_chain(),
            expense(),
            expense_step(),
            expense_quote(),
            expense_objection(),
        ] {
            manager.create_table(table).await?;
        }
        for index in indexes() {
            manager.create_index(index).await?;
        }
        frozen::freeze(manager, FROZEN).await?;
        guards::put(manager, guards::EXPENSES).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        guards::take(manager, guards::EXPENSES).await?;
        frozen::thaw(manager, FROZEN).await?;
        for table in [
            "expense_objection",
            "expense_quote",
            "expense_step",
            "expense",
            "review_chain",
        ] {
            let drop = Table::drop().table(table).to_owned();
            manager.drop_table(drop).await?;
        }
        Ok(())
    }
}

fn indexes() -> Vec<IndexCreateStatement> {
    vec![
        index("review_chain", &["compound_id", "version"], true),
        index("expense", &["compound_id", "state", "id"], false),
        index("expense", &["chain_id"], false),
        // A level is passed once in a round, however many try.
        index(
            "expense_step",
            &["expense_id", "round", "act", "level"],
            true,
        ),
        index("expense_quote", &["expense_id", "id"], false),
        index("expense_objection", &["expense_id"], false),
        index("expense_objection", &["case_id"], true),
    ]
}

fn review_chain() -> TableCreateStatement {
    Table::create()
        .table("review_chain")
        .col(big_pk_auto("id"))
        .col(big_integer("compound_id"))
        .col(integer("version"))
        .col(json("reviews"))
        .col(integer("levels"))
        .col(integer("publish_days"))
        .col(integer("after_days"))
        .col(integer("remind_days"))
        .col(integer("expire_days"))
        .col(big_integer("quotes_from"))
        .col(integer("quotes_least"))
        .col(big_integer("tender_from"))
        .col(big_integer_null("created_by"))
        .col(timestamp_with_time_zone("created_at"))
        .check(Expr::cust("levels >= 3"))
        .check(Expr::cust("publish_days >= 1"))
        .check(Expr::cust("after_days >= 1"))
        .to_owned()
}

fn expense() -> TableCreateStatement {
    Table::create()
        .table("expense")
        .col(big_pk_auto("id"))
        .col(big_integer("compound_id"))
        .col(big_integer("chain_id"))
        .col(string_len("title", 120))
        .col(text("purpose"))
        .col(string_len("account", 32))
        .col(string_len("payee", 120))
        .col(big_integer("amount"))
        .col(text_null("choice"))
        .col(string_len("state", 16))
        .col(integer("round"))
        .col(integer("reviews_done"))
        .col(big_integer("proposed_by"))
        .col(timestamp_with_time_zone_null("publish_from"))
        .col(timestamp_with_time_zone_null("publish_until"))
        .col(string_len_null("tender_reference", 120))
        .col(string_len_null("tender_winner", 120))
        .col(big_integer_null("tender_amount"))
        .col(big_integer_null("tender_by"))
        .col(timestamp_with_time_zone_null("filed_at"))
        .col(big_integer_null("filed_by"))
        .col(string_len_null("paid_from", 32))
        .col(big_integer_null("proof_id"))
        .col(big_integer_null("paid_by"))
        .col(timestamp_with_time_zone_null("paid_at"))
        .col(date_null("day"))
        .col(timestamp_with_time_zone_null("after_until"))
        .col(timestamp_with_time_zone("moved_at"))
        .col(integer("version"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone("updated_at"))
        .check(Expr::cust("amount > 0"))
        .to_owned()
}

fn expense_step() -> TableCreateStatement {
    Table::create()
        .table("expense_step")
        .col(big_pk_auto("id"))
        .col(big_integer("expense_id"))
        .col(big_integer("compound_id"))
        .col(integer("round"))
        .col(string_len("act", 16))
        .col(integer_null("level"))
        .col(big_integer_null("actor_id"))
        .col(text_null("words"))
        .col(timestamp_with_time_zone("created_at"))
        .to_owned()
}

fn expense_quote() -> TableCreateStatement {
    Table::create()
        .table("expense_quote")
        .col(big_pk_auto("id"))
        .col(big_integer("expense_id"))
        .col(big_integer("compound_id"))
        .col(string_len("supplier", 120))
        .col(big_integer("amount"))
        .col(text_null("note"))
        .col(big_integer_null("attachment_id"))
        .col(big_integer("created_by"))
        .col(timestamp_with_time_zone("created_at"))
        .check(Expr::cust("amount > 0"))
        .to_owned()
}

fn expense_objection() -> TableCreateStatement {
    Table::create()
        .table("expense_objection")
        .col(big_pk_auto("id"))
        .col(big_integer("expense_id"))
        .col(big_integer("compound_id"))
        .col(integer("round"))
        .col(big_integer("case_id"))
        .col(timestamp_with_time_zone("created_at"))
        .to_owned()
}
