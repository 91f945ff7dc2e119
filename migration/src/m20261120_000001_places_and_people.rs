//! Places, people, roles, accounts and bindings.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, big_pk_auto, boolean, integer, json_null, string_len, text,
    text_null, timestamp_with_time_zone, timestamp_with_time_zone_null,
};

use crate::tools::index;

/// Places, people, roles, accounts and bindings.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(place()).await?;
        manager.create_table(person()).await?;
        manager.create_table(residency()).await?;
        manager.create_table(organisation()).await?;
        manager.create_table(role()).await?;
        manager.create_table(account()).await?;
        manager.create_table(binding()).await?;
        manager.create_table(invitation()).await?;
        manager.create_table(guess()).await?;
        manager.create_table(credential()).await?;
        for statement in indexes() {
            manager.create_index(statement).await?;
        }
        manager
            .get_connection()
            .execute_unprepared(ONE_LIVE_BINDING)
            .await?;
        if manager.get_database_backend() == sea_orm::DbBackend::Postgres {
            // Descendants are found as a range of paths, which needs byte order.
            let byte_order = r#"ALTER TABLE "place" ALTER COLUMN "path" TYPE text COLLATE "C""#;
            manager
                .get_connection()
                .execute_unprepared(byte_order)
                .await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [
            "credential",
            "guess",
            "invitation",
            "binding",
            "account",
            "role",
            "organisation",
            "residency",
            "person",
            "place",
        ] {
            manager
                .drop_table(Table::drop().table(table).to_owned())
                .await?;
        }
        Ok(())
    }
}

/// An account is tied to a home once at a time; ended ties stay as history.
const ONE_LIVE_BINDING: &str = r#"CREATE UNIQUE INDEX "idx_binding_live" ON "binding" ("account_id", "place_id") WHERE "state" IN ('requested', 'declared', 'verified')"#;

fn place() -> TableCreateStatement {
    Table::create()
        .table("place")
        .col(big_pk_auto("id"))
        .col(text("code").unique_key().take())
        .col(string_len("kind", 16))
        .col(text("name"))
        .col(big_integer_null("parent_id"))
        .col(big_integer_null("compound_id"))
        .col(text("path"))
        .col(big_integer_null("area_cm2"))
        .col(text_null("note"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone("updated_at"))
        .foreign_key(
            ForeignKey::create()
                .from("place", "parent_id")
                .to("place", "id"),
        )
        .to_owned()
}

fn person() -> TableCreateStatement {
    Table::create()
        .table("person")
        .col(big_pk_auto("id"))
        .col(text_null("key").unique_key().take())
        .col(text("name"))
        .col(text_null("phone_sealed"))
        .col(text_null("phone_index"))
        .col(boolean("party_member"))
        .col(text_null("wecom_userid").unique_key().take())
        .col(timestamp_with_time_zone_null("left_at"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone("updated_at"))
        .to_owned()
}

fn residency() -> TableCreateStatement {
    Table::create()
        .table("residency")
        .col(big_pk_auto("id"))
        .col(big_integer("person_id"))
        .col(big_integer("place_id"))
        .col(big_integer("compound_id"))
        .col(string_len("relation", 16))
        .col(text_null("share"))
        .col(timestamp_with_time_zone_null("ended_at"))
        .col(timestamp_with_time_zone("created_at"))
        .foreign_key(
            ForeignKey::create()
                .from("residency", "person_id")
                .to("person", "id"),
        )
        .foreign_key(
            ForeignKey::create()
                .from("residency", "place_id")
                .to("place", "id"),
        )
        .to_owned()
}

fn organisation() -> TableCreateStatement {
    Table::create()
        .table("organisation")
        .col(big_pk_auto("id"))
        .col(text("code").unique_key().take())
        .col(text("name"))
        .col(text("kind"))
        .col(big_integer_null("parent_id"))
        .col(big_integer("place_id"))
        .col(big_integer_null("compound_id"))
        .col(text_null("credit_code"))
        .col(timestamp_with_time_zone("created_at"))
        .foreign_key(
            ForeignKey::create()
                .from("organisation", "place_id")
                .to("place", "id"),
        )
        .to_owned()
}

fn role() -> TableCreateStatement {
    Table::create()
        .table("role")
        .col(big_pk_auto("id"))
        .col(big_integer("person_id"))
        .col(string_len("role", 32))
        .col(big_integer_null("place_id"))
        .col(big_integer_null("compound_id"))
        .col(big_integer_null("organisation_id"))
        .col(timestamp_with_time_zone("from_at"))
        .col(timestamp_with_time_zone_null("to_at"))
        .col(timestamp_with_time_zone("created_at"))
        .foreign_key(
            ForeignKey::create()
                .from("role", "person_id")
                .to("person", "id"),
        )
        .foreign_key(
            ForeignKey::create()
                .from("role", "place_id")
                .to("place", "id"),
        )
        .to_owned()
}

fn account() -> TableCreateStatement {
    Table::create()
        .table("account")
        .col(big_pk_auto("id"))
        .col(string_len("channel", 16))
        .col(text("external_id"))
        .col(text_null("union_id"))
        .col(big_integer_null("person_id"))
        .col(big_integer_null("compound_id"))
        .col(boolean("followed"))
        .col(timestamp_with_time_zone_null("window_until"))
        .col(integer("window_left"))
        .col(json_null("dialog"))
        .col(timestamp_with_time_zone_null("last_inbound_at"))
        .col(timestamp_with_time_zone("created_at"))
        .foreign_key(
            ForeignKey::create()
                .from("account", "person_id")
                .to("person", "id"),
        )
        .to_owned()
}

fn binding() -> TableCreateStatement {
    Table::create()
        .table("binding")
        .col(big_pk_auto("id"))
        .col(big_integer("account_id"))
        .col(big_integer_null("person_id"))
        .col(big_integer("place_id"))
        .col(big_integer("compound_id"))
        .col(string_len("state", 16))
        .col(text("claimed_name"))
        .col(text("claimed_phone_sealed"))
        .col(text("claimed_phone_index"))
        .col(big_integer_null("decided_by"))
        .col(timestamp_with_time_zone_null("decided_at"))
        .col(text_null("reason"))
        .col(timestamp_with_time_zone("created_at"))
        .foreign_key(
            ForeignKey::create()
                .from("binding", "account_id")
                .to("account", "id"),
        )
        .foreign_key(
            ForeignKey::create()
                .from("binding", "place_id")
                .to("place", "id"),
        )
        .to_owned()
}

fn invitation() -> TableCreateStatement {
    Table::create()
        .table("invitation")
        .col(big_pk_auto("id"))
        .col(big_integer("person_id"))
        .col(text("code_index").unique_key().take())
        .col(timestamp_with_time_zone("expires_at"))
        .col(timestamp_with_time_zone_null("used_at"))
        .col(big_integer_null("used_by"))
        .col(timestamp_with_time_zone("created_at"))
        .foreign_key(
            ForeignKey::create()
                .from("invitation", "person_id")
                .to("person", "id"),
        )
        .to_owned()
}

fn guess() -> TableCreateStatement {
    Table::create()
        .table("guess")
        .col(big_pk_auto("id"))
        .col(big_integer("account_id"))
        .col(text("kind"))
        .col(timestamp_with_time_zone("at"))
        .to_owned()
}

fn credential() -> TableCreateStatement {
    Table::create()
        .table("credential")
        .col(big_pk_auto("id"))
        .col(text("login").unique_key().take())
        .col(big_integer("person_id"))
        .col(text("password_hash"))
        .col(boolean("one_time"))
        .col(timestamp_with_time_zone("created_at"))
        .foreign_key(
            ForeignKey::create()
                .from("credential", "person_id")
                .to("person", "id"),
        )
        .to_owned()
}

fn indexes() -> Vec<IndexCreateStatement> {
    vec![
        index("place", &["parent_id"], false),
        index("place", &["compound_id", "kind"], false),
        index("place", &["path"], false),
        index("person", &["phone_index"], false),
        index("residency", &["person_id", "place_id"], true),
        index("residency", &["place_id"], false),
        index("organisation", &["place_id"], false),
        index("role", &["person_id"], false),
        index("role", &["place_id", "role"], false),
        index("account", &["channel", "external_id"], true),
        index("account", &["person_id"], false),
        index("binding", &["account_id"], false),
        index("binding", &["place_id", "state"], false),
        index("guess", &["account_id", "kind", "at"], false),
    ]
}
