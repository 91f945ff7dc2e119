//! What the console needs: the second factor of a credential, sessions, recovery codes, tries to sign
//! in, saved views, and the indexes by which lists of cases are read.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, big_pk_auto, boolean, integer, string_len, text, text_null,
    timestamp_with_time_zone, timestamp_with_time_zone_null,
};

use crate::tools::index;

/// What the console needs.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // SQLite adds one column at a time.
        for column in [text_null("totp_sealed"), big_integer_null("totp_last_step")] {
            let add = Table::alter()
                .table("credential")
                .add_column(column)
                .to_owned();
            manager.alter_table(add).await?;
        }
        for table in [
            console_session(),
            recovery_code(),
            sign_in_try(),
            saved_view(),
        ] {
            manager.create_table(table).await?;
        }
        for statement in indexes() {
            manager.create_index(statement).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        for name in CASE_INDEXES {
            connection
                .execute_unprepared(&format!(r#"DROP INDEX "{name}""#))
                .await?;
        }
        for table in [
            "saved_view",
            "sign_in_try",
            "recovery_code",
            "console_session",
        ] {
            manager
                .drop_table(Table::drop().table(table).to_owned())
                .await?;
        }
        for column in ["totp_last_step", "totp_sealed"] {
            let drop = Table::alter()
                .table("credential")
                .drop_column(column)
                .to_owned();
            manager.alter_table(drop).await?;
        }
        Ok(())
    }
}

const CASE_INDEXES: [&str; 3] = [
    "idx_cases_compound_id_id",
    "idx_cases_place_id_id",
    "idx_cases_created_at",
];

fn indexes() -> Vec<IndexCreateStatement> {
    vec![
        index("console_session", &["person_id"], false),
        index("console_session", &["expires_at"], false),
        index("recovery_code", &["credential_id"], false),
        index("sign_in_try", &["at"], false),
        index("saved_view", &["person_id", "name"], true),
        index("cases", &["compound_id", "id"], false),
        index("cases", &["place_id", "id"], false),
        index("cases", &["created_at"], false),
    ]
}

fn console_session() -> TableCreateStatement {
    Table::create()
        .table("console_session")
        .col(big_pk_auto("id"))
        .col(text("token_index").unique_key().take())
        .col(big_integer("person_id"))
        .col(big_integer_null("credential_id"))
        .col(string_len("way", 16))
        .col(boolean("verified"))
        .col(text("agent"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone("seen_at"))
        .col(timestamp_with_time_zone("expires_at"))
        .col(timestamp_with_time_zone_null("ended_at"))
        .foreign_key(
            ForeignKey::create()
                .from("console_session", "person_id")
                .to("person", "id"),
        )
        .foreign_key(
            ForeignKey::create()
                .from("console_session", "credential_id")
                .to("credential", "id"),
        )
        .to_owned()
}

fn recovery_code() -> TableCreateStatement {
    Table::create()
        .table("recovery_code")
        .col(big_pk_auto("id"))
        .col(big_integer("credential_id"))
        .col(text("code_index"))
        .col(timestamp_with_time_zone_null("used_at"))
        .col(timestamp_with_time_zone("created_at"))
        .foreign_key(
            ForeignKey::create()
                .from("recovery_code", "credential_id")
                .to("credential", "id"),
        )
        .to_owned()
}

fn sign_in_try() -> TableCreateStatement {
    Table::create()
        .table("sign_in_try")
        .col(text("key").primary_key().take())
        .col(integer("failures"))
        .col(timestamp_with_time_zone_null("until_at"))
        .col(timestamp_with_time_zone("at"))
        .to_owned()
}

fn saved_view() -> TableCreateStatement {
    Table::create()
        .table("saved_view")
        .col(big_pk_auto("id"))
        .col(big_integer("person_id"))
        .col(text("name"))
        .col(text("query"))
        .col(timestamp_with_time_zone("created_at"))
        .foreign_key(
            ForeignKey::create()
                .from("saved_view", "person_id")
                .to("person", "id"),
        )
        .to_owned()
}
