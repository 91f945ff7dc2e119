//! Notices and who gets them.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, big_pk_auto, boolean, integer, integer_null, json, string_len,
    text, timestamp_with_time_zone, timestamp_with_time_zone_null,
};

use crate::tools::index;

/// Notices and who gets them.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [notice(), notice_recipient()] {
            manager.create_table(table).await?;
        }
        for index in indexes() {
            manager.create_index(index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["notice_recipient", "notice"] {
            let drop = Table::drop().table(table).to_owned();
            manager.drop_table(drop).await?;
        }
        Ok(())
    }
}

fn indexes() -> Vec<IndexCreateStatement> {
    vec![
        index("notice", &["compound_id", "id"], false),
        index("notice", &["place_id"], false),
        // How long ago somebody published something.
        index("notice", &["author_id", "published_at"], false),
        index("notice", &["corrects"], false),
        // One row for a person; also the order in which they are told.
        index("notice_recipient", &["notice_id", "person_id"], true),
        index("notice_recipient", &["notice_id", "building_id"], false),
        index("notice_recipient", &["person_id", "notice_id"], false),
    ]
}

fn notice() -> TableCreateStatement {
    Table::create()
        .table("notice")
        .col(big_pk_auto("id"))
        .col(big_integer_null("compound_id"))
        .col(big_integer("place_id"))
        .col(big_integer("author_id"))
        .col(text("title"))
        .col(text("body"))
        .col(boolean("urgent"))
        .col(string_len("state", 16))
        .col(integer("version"))
        .col(big_integer_null("corrects"))
        .col(json("scope"))
        .col(big_integer("counted"))
        .col(big_integer("reachable"))
        .col(integer_null("repeat_hours"))
        .col(integer("round"))
        .col(big_integer("told_to"))
        .col(timestamp_with_time_zone_null("published_at"))
        .col(timestamp_with_time_zone_null("go_at"))
        .col(timestamp_with_time_zone_null("round_at"))
        .col(timestamp_with_time_zone_null("recalled_at"))
        .col(big_integer_null("recalled_by"))
        .col(timestamp_with_time_zone("created_at"))
        .to_owned()
}

fn notice_recipient() -> TableCreateStatement {
    Table::create()
        .table("notice_recipient")
        .col(big_pk_auto("id"))
        .col(big_integer("notice_id"))
        .col(big_integer("person_id"))
        .col(big_integer_null("compound_id"))
        .col(big_integer("home_id"))
        .col(big_integer_null("building_id"))
        .col(boolean("reachable"))
        .col(timestamp_with_time_zone_null("read_at"))
        .col(timestamp_with_time_zone_null("acknowledged_at"))
        .to_owned()
}
