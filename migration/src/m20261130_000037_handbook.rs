//! The handbook (手册): articles with their versions, and the questions that it could not answer.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, big_pk_auto, integer, string_len, string_len_null, text,
    timestamp_with_time_zone, timestamp_with_time_zone_null,
};

use crate::tools::index;

/// Articles with their versions, and the questions that they could not answer.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [article(), version(), question(), asker()] {
            manager.create_table(table).await?;
        }
        for statement in [
            index("handbook_article", &["slug"], true),
            index("handbook_article", &["place_id", "state", "id"], false),
            // The sum of the versions says whether an index in memory is still right.
            index("handbook_article", &["version"], false),
            index("handbook_version", &["article_id", "version"], true),
            // The same words of a compound once.
            index("handbook_question", &["compound_id", "words"], true),
            index("handbook_question", &["compound_id", "state", "id"], false),
            // What has served its time.
            index("handbook_question", &["last_at"], false),
            index("handbook_asker", &["question_id", "person_id"], true),
            // How many somebody has asked today; what is to be let go of them.
            index("handbook_asker", &["person_id", "at"], false),
        ] {
            manager.create_index(statement).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [
            "handbook_asker",
            "handbook_question",
            "handbook_version",
            "handbook_article",
        ] {
            let drop = Table::drop().table(table).to_owned();
            manager.drop_table(drop).await?;
        }
        Ok(())
    }
}

fn article() -> TableCreateStatement {
    Table::create()
        .table("handbook_article")
        .col(big_pk_auto("id"))
        .col(big_integer_null("compound_id"))
        .col(big_integer_null("place_id"))
        .col(string_len_null("slug", 32))
        .col(string_len_null("edition", 32))
        .col(big_integer_null("instead_of"))
        .col(text("title"))
        .col(text("questions"))
        .col(text("synonyms"))
        .col(text("body"))
        .col(string_len("state", 16))
        .col(integer("version"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone("updated_at"))
        .to_owned()
}

fn version() -> TableCreateStatement {
    Table::create()
        .table("handbook_version")
        .col(big_pk_auto("id"))
        .col(big_integer("article_id"))
        .col(big_integer_null("compound_id"))
        .col(integer("version"))
        .col(string_len("action", 16))
        .col(text("title"))
        .col(text("questions"))
        .col(text("synonyms"))
        .col(text("body"))
        .col(big_integer_null("author_id"))
        .col(timestamp_with_time_zone("at"))
        .foreign_key(
            ForeignKey::create()
                .from("handbook_version", "article_id")
                .to("handbook_article", "id"),
        )
        .to_owned()
}

fn question() -> TableCreateStatement {
    Table::create()
        .table("handbook_question")
        .col(big_pk_auto("id"))
        .col(big_integer("compound_id"))
        .col(text("words"))
        .col(text("text"))
        .col(integer("asked"))
        .col(string_len("state", 16))
        .col(big_integer_null("article_id"))
        .col(timestamp_with_time_zone("first_at"))
        .col(timestamp_with_time_zone("last_at"))
        .col(timestamp_with_time_zone_null("ended_at"))
        .to_owned()
}

fn asker() -> TableCreateStatement {
    Table::create()
        .table("handbook_asker")
        .col(big_pk_auto("id"))
        .col(big_integer("question_id"))
        .col(big_integer("compound_id"))
        .col(big_integer("person_id"))
        .col(timestamp_with_time_zone("at"))
        .foreign_key(
            ForeignKey::create()
                .from("handbook_asker", "question_id")
                .to("handbook_question", "id"),
        )
        .to_owned()
}
