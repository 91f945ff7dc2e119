//! Wishes of residents (微心愿) that their neighbours claim, and what became of each.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, big_pk_auto, integer, string_len, string_len_null, text,
    text_null, timestamp_with_time_zone, timestamp_with_time_zone_null,
};

use crate::tools::index;

/// Wishes of residents that their neighbours claim.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [wish(), wish_step()] {
            manager.create_table(table).await?;
        }
        for statement in [
            // The list of a compound, and how many there are of each state.
            index("wish", &["compound_id", "state", "id"], false),
            // What staff of a building or a community may check.
            index("wish", &["place_id", "state", "id"], false),
            index("wish", &["asker_id", "state", "id"], false),
            // How many somebody has claimed; what is to be let go of them.
            index("wish", &["claimer_id", "state", "id"], false),
            // What has served its time.
            index("wish", &["ended_at"], false),
            index("wish_step", &["wish_id", "id"], false),
            index("wish_step", &["actor_id"], false),
        ] {
            manager.create_index(statement).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["wish_step", "wish"] {
            let drop = Table::drop().table(table).to_owned();
            manager.drop_table(drop).await?;
        }
        Ok(())
    }
}

fn wish() -> TableCreateStatement {
    let to_person = |column: &'static str| {
        ForeignKey::create()
            .from("wish", column)
            .to("person", "id")
            .to_owned()
    };
    Table::create()
        .table("wish")
        .col(big_pk_auto("id"))
        .col(big_integer("compound_id"))
        .col(big_integer("place_id"))
        .col(big_integer("asker_id"))
        .col(text("text"))
        .col(string_len("state", 16))
        .col(big_integer_null("claimer_id"))
        .col(timestamp_with_time_zone_null("claimed_at"))
        .col(timestamp_with_time_zone_null("due_at"))
        .col(text_null("result"))
        .col(timestamp_with_time_zone_null("fulfilled_at"))
        .col(text_null("thanks"))
        .col(text_null("reason"))
        .col(timestamp_with_time_zone_null("opened_at"))
        .col(timestamp_with_time_zone_null("ended_at"))
        .col(integer("version"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone("updated_at"))
        .foreign_key(&mut to_person("asker_id"))
        .foreign_key(&mut to_person("claimer_id"))
        .to_owned()
}

fn wish_step() -> TableCreateStatement {
    Table::create()
        .table("wish_step")
        .col(big_pk_auto("id"))
        .col(big_integer("wish_id"))
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
                .from("wish_step", "wish_id")
                .to("wish", "id"),
        )
        .to_owned()
}
