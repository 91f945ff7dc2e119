//! Donations of money and goods with what they were used for, drives that collect them, payments that are
//! for one; and talents of neighbours with the requests for their help.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, big_pk_auto, boolean, date, date_null, integer, string_len,
    string_len_null, text, text_null, timestamp_with_time_zone, timestamp_with_time_zone_null,
};

use crate::frozen;
use crate::guards;
use crate::tools::index;

/// Donations, what they were used for, talents and requests for their help.
#[derive(DeriveMigrationName)]
pub struct Migration;

/// Tables whose rows never change.
const FROZEN: &[&str] = &["donation_use", "donation_use_share"];

/// Somebody offers each kind once.
const ONCE: &str = r#"CREATE UNIQUE INDEX "idx_talent_once" ON "talent" ("person_id", "compound_id", "kind") WHERE "state" = 'offered'"#;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [
            drive(),
            donation(),
            donation_step(),
            donation_use(),
            donation_use_share(),
            talent(),
            help_request(),
            help_ask(),
        ] {
            manager.create_table(table).await?;
        }
        let add = Table::alter()
            .table("payment")
            .add_column(big_integer_null("donation_id"))
            .to_owned();
        manager.alter_table(add).await?;
        for statement in indexes() {
            manager.create_index(statement).await?;
        }
        manager.get_connection().execute_unprepared(ONCE).await?;
        frozen::freeze(manager, FROZEN).await?;
        guards::put(manager, guards::GIVING).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        guards::take(manager, guards::GIVING).await?;
        frozen::thaw(manager, FROZEN).await?;
        let drop = Index::drop()
            .name("idx_payment_donation_id")
            .table("payment")
            .to_owned();
        manager.drop_index(drop).await?;
        let drop = Table::alter()
            .table("payment")
            .drop_column("donation_id")
            .to_owned();
        manager.alter_table(drop).await?;
        for table in [
            "help_ask",
            "help_request",
            "talent",
            "donation_use_share",
            "donation_use",
            "donation_step",
            "donation",
            "drive",
        ] {
            let drop = Table::drop().table(table).to_owned();
            manager.drop_table(drop).await?;
        }
        Ok(())
    }
}

fn indexes() -> Vec<IndexCreateStatement> {
    vec![
        index("drive", &["compound_id", "state", "id"], false),
        // What is there to be used, in the order in which it came; the lists of a drive.
        index(
            "donation",
            &["compound_id", "drive_id", "kind", "received_at"],
            false,
        ),
        index("donation", &["compound_id", "state", "id"], false),
        index("donation", &["donor_id", "state", "id"], false),
        index("donation", &["mark"], true),
        // What has served its time.
        index("donation", &["ended_at"], false),
        index("donation_step", &["donation_id", "id"], false),
        index("donation_step", &["actor_id"], false),
        index("donation_use", &["compound_id", "drive_id", "id"], false),
        index("donation_use", &["expense_id"], false),
        index("donation_use", &["mark"], true),
        // A donation has one share of a use.
        index("donation_use_share", &["use_id", "donation_id"], true),
        index("donation_use_share", &["donation_id", "id"], false),
        index("payment", &["donation_id"], false),
        // Who may be asked.
        index("talent", &["compound_id", "kind", "state"], false),
        index("talent", &["person_id", "id"], false),
        index("talent", &["ended_at"], false),
        index("help_request", &["compound_id", "state", "id"], false),
        index("help_request", &["asker_id", "state", "id"], false),
        index("help_request", &["talent_id", "state"], false),
        index("help_request", &["ended_at"], false),
        // Nobody is asked twice for the same.
        index("help_ask", &["request_id", "talent_id"], true),
        index("help_ask", &["talent_id", "answer", "id"], false),
    ]
}

fn drive() -> TableCreateStatement {
    Table::create()
        .table("drive")
        .col(big_pk_auto("id"))
        .col(big_integer("compound_id"))
        .col(string_len("title", 120))
        .col(text("text"))
        .col(big_integer_null("goal"))
        .col(date("from_day"))
        .col(date_null("to_day"))
        .col(string_len("state", 16))
        .col(big_integer("created_by"))
        .col(big_integer_null("closed_by"))
        .col(timestamp_with_time_zone_null("opened_at"))
        .col(timestamp_with_time_zone_null("closed_at"))
        .col(integer("version"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone("updated_at"))
        .check(Expr::cust("goal > 0"))
        .to_owned()
}

fn donation() -> TableCreateStatement {
    Table::create()
        .table("donation")
        .col(big_pk_auto("id"))
        .col(big_integer("compound_id"))
        .col(big_integer_null("drive_id"))
        .col(big_integer_null("donor_id"))
        .col(string_len_null("donor_name", 120))
        .col(boolean("anonymous"))
        .col(string_len("kind", 16))
        .col(big_integer("amount"))
        .col(big_integer("used"))
        .col(big_integer("returned"))
        .col(text_null("goods"))
        .col(text_null("room"))
        .col(string_len("state", 16))
        .col(text_null("reason"))
        .col(string_len_null("mark", 32))
        .col(big_integer_null("recorded_by"))
        .col(timestamp_with_time_zone_null("received_at"))
        .col(timestamp_with_time_zone_null("ended_at"))
        .col(integer("version"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone("updated_at"))
        .check(Expr::cust("amount > 0"))
        .check(Expr::cust("used >= 0"))
        .check(Expr::cust("returned >= 0"))
        // Nothing is used twice, and nothing that went back.
        .check(Expr::cust("used + returned <= amount"))
        .foreign_key(
            ForeignKey::create()
                .from("donation", "drive_id")
                .to("drive", "id"),
        )
        .foreign_key(
            ForeignKey::create()
                .from("donation", "donor_id")
                .to("person", "id"),
        )
        .to_owned()
}

fn donation_step() -> TableCreateStatement {
    Table::create()
        .table("donation_step")
        .col(big_pk_auto("id"))
        .col(big_integer("donation_id"))
        .col(big_integer("compound_id"))
        .col(string_len("action", 16))
        .col(string_len_null("from_state", 16))
        .col(string_len("to_state", 16))
        .col(string_len("actor_kind", 16))
        .col(big_integer_null("actor_id"))
        .col(text_null("note"))
        .col(timestamp_with_time_zone("at"))
        .foreign_key(
            ForeignKey::create()
                .from("donation_step", "donation_id")
                .to("donation", "id"),
        )
        .to_owned()
}

fn donation_use() -> TableCreateStatement {
    Table::create()
        .table("donation_use")
        .col(big_pk_auto("id"))
        .col(big_integer("compound_id"))
        .col(big_integer_null("drive_id"))
        .col(string_len("kind", 16))
        .col(text("what"))
        .col(date("day"))
        .col(big_integer("amount"))
        .col(big_integer_null("expense_id"))
        .col(big_integer_null("proof_id"))
        .col(big_integer("recorded_by"))
        .col(string_len("mark", 32))
        .col(timestamp_with_time_zone("created_at"))
        .check(Expr::cust("amount > 0"))
        .to_owned()
}

fn donation_use_share() -> TableCreateStatement {
    Table::create()
        .table("donation_use_share")
        .col(big_pk_auto("id"))
        .col(big_integer("use_id"))
        .col(big_integer("donation_id"))
        .col(big_integer("compound_id"))
        .col(big_integer("amount"))
        .check(Expr::cust("amount > 0"))
        .foreign_key(
            ForeignKey::create()
                .from("donation_use_share", "use_id")
                .to("donation_use", "id"),
        )
        .foreign_key(
            ForeignKey::create()
                .from("donation_use_share", "donation_id")
                .to("donation", "id"),
        )
        .to_owned()
}

fn talent() -> TableCreateStatement {
    Table::create()
        .table("talent")
        .col(big_pk_auto("id"))
        .col(big_integer("compound_id"))
        .col(big_integer("person_id"))
        .col(string_len("kind", 16))
        .col(text("text"))
        .col(string_len("state", 16))
        .col(timestamp_with_time_zone("consent_at"))
        .col(integer("asked"))
        .col(timestamp_with_time_zone_null("asked_at"))
        .col(timestamp_with_time_zone_null("ended_at"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone("updated_at"))
        .foreign_key(
            ForeignKey::create()
                .from("talent", "person_id")
                .to("person", "id"),
        )
        .to_owned()
}

fn help_request() -> TableCreateStatement {
    Table::create()
        .table("help_request")
        .col(big_pk_auto("id"))
        .col(big_integer("compound_id"))
        .col(big_integer("asker_id"))
        .col(string_len("kind", 16))
        .col(text("text"))
        .col(string_len("state", 16))
        .col(big_integer_null("talent_id"))
        .col(timestamp_with_time_zone_null("due_at"))
        .col(timestamp_with_time_zone("lapses_at"))
        .col(timestamp_with_time_zone_null("ended_at"))
        .col(integer("version"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone("updated_at"))
        .foreign_key(
            ForeignKey::create()
                .from("help_request", "asker_id")
                .to("person", "id"),
        )
        .foreign_key(
            ForeignKey::create()
                .from("help_request", "talent_id")
                .to("talent", "id"),
        )
        .to_owned()
}

fn help_ask() -> TableCreateStatement {
    Table::create()
        .table("help_ask")
        .col(big_pk_auto("id"))
        .col(big_integer("compound_id"))
        .col(big_integer("request_id"))
        .col(big_integer("talent_id"))
        .col(string_len("answer", 16))
        .col(timestamp_with_time_zone("asked_at"))
        .col(timestamp_with_time_zone_null("answered_at"))
        .foreign_key(
            ForeignKey::create()
                .from("help_ask", "request_id")
                .to("help_request", "id"),
        )
        .foreign_key(
            ForeignKey::create()
                .from("help_ask", "talent_id")
                .to("talent", "id"),
        )
        .to_owned()
}
