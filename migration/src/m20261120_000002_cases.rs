//! Cases, their history, dispatch rules, clocks, attachments; fee items.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, big_pk_auto, boolean, double_null, integer, small_integer,
    small_integer_null, string_len, string_len_null, text, text_null, timestamp_with_time_zone,
    timestamp_with_time_zone_null,
};

use crate::tools::index;

/// Cases, their history, dispatch rules, clocks, attachments; fee items.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(dispatch_rule()).await?;
        manager.create_table(response_policy()).await?;
        manager.create_table(case()).await?;
        manager.create_table(case_event()).await?;
        manager.create_table(attachment()).await?;
        manager.create_table(fee_item()).await?;
        for statement in indexes() {
            manager.create_index(statement).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [
            "fee_item",
            "attachment",
            "case_event",
            "cases",
            "response_policy",
            "dispatch_rule",
        ] {
            manager
                .drop_table(Table::drop().table(table).to_owned())
                .await?;
        }
        Ok(())
    }
}

fn dispatch_rule() -> TableCreateStatement {
    Table::create()
        .table("dispatch_rule")
        .col(big_pk_auto("id"))
        .col(big_integer("place_id"))
        .col(string_len_null("kind", 16))
        .col(text_null("category"))
        .col(integer("position"))
        .col(big_integer_null("organisation_id"))
        .col(big_integer_null("person_id"))
        .col(string_len_null("role", 32))
        .col(timestamp_with_time_zone("created_at"))
        .foreign_key(
            ForeignKey::create()
                .from("dispatch_rule", "place_id")
                .to("place", "id"),
        )
        .to_owned()
}

fn response_policy() -> TableCreateStatement {
    Table::create()
        .table("response_policy")
        .col(big_pk_auto("id"))
        .col(big_integer("place_id").unique_key().take())
        .col(integer("accept_minutes"))
        .col(integer("finish_minutes"))
        .col(timestamp_with_time_zone("created_at"))
        .foreign_key(
            ForeignKey::create()
                .from("response_policy", "place_id")
                .to("place", "id"),
        )
        .to_owned()
}

fn case() -> TableCreateStatement {
    Table::create()
        .table("cases")
        .col(big_pk_auto("id"))
        .col(big_integer("compound_id"))
        .col(big_integer("place_id"))
        .col(string_len("kind", 16))
        .col(text_null("category"))
        .col(text("text"))
        .col(big_integer("reporter_id"))
        .col(big_integer_null("account_id"))
        .col(string_len("channel", 16))
        .col(string_len("state", 16))
        .col(string_len("step", 16))
        .col(integer("round"))
        .col(string_len("level", 16))
        .col(big_integer_null("holder_id"))
        .col(big_integer_null("organisation_id"))
        .col(timestamp_with_time_zone_null("accept_due_at"))
        .col(timestamp_with_time_zone_null("finish_due_at"))
        .col(timestamp_with_time_zone_null("accepted_at"))
        .col(timestamp_with_time_zone_null("arrived_at"))
        .col(timestamp_with_time_zone_null("finished_at"))
        .col(timestamp_with_time_zone_null("paused_at"))
        .col(string_len_null("resume_state", 16))
        .col(boolean("accept_late"))
        .col(boolean("finish_late"))
        .col(integer("nudges"))
        .col(timestamp_with_time_zone_null("nudged_at"))
        .col(text_null("plan"))
        .col(text_null("result"))
        .col(text_null("public_text"))
        .col(small_integer_null("rating"))
        .col(text_null("rating_text"))
        .col(boolean("reopened"))
        .col(double_null("latitude"))
        .col(double_null("longitude"))
        .col(timestamp_with_time_zone_null("closed_at"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone("updated_at"))
        .foreign_key(
            ForeignKey::create()
                .from("cases", "compound_id")
                .to("place", "id"),
        )
        .foreign_key(
            ForeignKey::create()
                .from("cases", "place_id")
                .to("place", "id"),
        )
        .foreign_key(
            ForeignKey::create()
                .from("cases", "reporter_id")
                .to("person", "id"),
        )
        .foreign_key(
            ForeignKey::create()
                .from("cases", "holder_id")
                .to("person", "id"),
        )
        .to_owned()
}

fn case_event() -> TableCreateStatement {
    Table::create()
        .table("case_event")
        .col(big_pk_auto("id"))
        .col(big_integer("case_id"))
        .col(big_integer("compound_id"))
        .col(integer("round"))
        .col(text("action"))
        .col(string_len_null("step", 16))
        .col(string_len_null("from_state", 16))
        .col(string_len_null("to_state", 16))
        .col(string_len("actor_kind", 16))
        .col(big_integer_null("actor_id"))
        .col(text_null("note"))
        .col(timestamp_with_time_zone("at"))
        .foreign_key(
            ForeignKey::create()
                .from("case_event", "case_id")
                .to("cases", "id"),
        )
        .to_owned()
}

fn attachment() -> TableCreateStatement {
    Table::create()
        .table("attachment")
        .col(big_pk_auto("id"))
        .col(text_null("subject"))
        .col(big_integer("account_id"))
        .col(big_integer_null("compound_id"))
        .col(text("kind"))
        .col(text("media_id"))
        .col(string_len("state", 16))
        .col(text_null("content_type"))
        .col(big_integer_null("size"))
        .col(text_null("path"))
        .col(timestamp_with_time_zone("created_at"))
        .to_owned()
}

fn fee_item() -> TableCreateStatement {
    Table::create()
        .table("fee_item")
        .col(big_pk_auto("id"))
        .col(big_integer("compound_id"))
        .col(text("name"))
        .col(string_len("kind", 16))
        .col(big_integer("unit_price"))
        .col(string_len_null("split", 16))
        .col(small_integer("due_day"))
        .col(timestamp_with_time_zone("created_at"))
        .foreign_key(
            ForeignKey::create()
                .from("fee_item", "compound_id")
                .to("place", "id"),
        )
        .to_owned()
}

fn indexes() -> Vec<IndexCreateStatement> {
    vec![
        index("dispatch_rule", &["place_id", "position"], false),
        index("cases", &["reporter_id", "id"], false),
        index("cases", &["holder_id", "state"], false),
        index("cases", &["compound_id", "state", "id"], false),
        index("case_event", &["case_id", "round", "step"], true),
        index("case_event", &["case_id", "id"], false),
        index("attachment", &["subject"], false),
        index("attachment", &["account_id", "state"], false),
        index("fee_item", &["compound_id"], false),
    ]
}
