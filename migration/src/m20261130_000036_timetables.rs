//! Timetables (日程): what comes round again at fixed times, and who asked to be told.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, big_pk_auto, integer, json, string_len, text,
    timestamp_with_time_zone, timestamp_with_time_zone_null,
};

use crate::tools::index;

/// What comes round again at fixed times, and who asked to be told.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [timetable(), timetable_reader()] {
            manager.create_table(table).await?;
        }
        for statement in [
            // What is due.
            index("timetable", &["state", "next_at"], false),
            index("timetable", &["place_id", "state", "id"], false),
            // One row for a person; also the order in which they are told.
            index("timetable_reader", &["timetable_id", "person_id"], true),
            index("timetable_reader", &["person_id"], false),
        ] {
            manager.create_index(statement).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["timetable_reader", "timetable"] {
            let drop = Table::drop().table(table).to_owned();
            manager.drop_table(drop).await?;
        }
        Ok(())
    }
}

fn timetable() -> TableCreateStatement {
    Table::create()
        .table("timetable")
        .col(big_pk_auto("id"))
        .col(big_integer_null("compound_id"))
        .col(big_integer("place_id"))
        .col(big_integer("author_id"))
        .col(text("title"))
        .col(text("text"))
        .col(json("rule"))
        .col(string_len("state", 16))
        .col(timestamp_with_time_zone_null("next_at"))
        .col(integer("version"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone("updated_at"))
        .to_owned()
}

fn timetable_reader() -> TableCreateStatement {
    Table::create()
        .table("timetable_reader")
        .col(big_pk_auto("id"))
        .col(big_integer("timetable_id"))
        .col(big_integer("person_id"))
        .col(big_integer_null("compound_id"))
        .col(timestamp_with_time_zone("created_at"))
        .foreign_key(
            ForeignKey::create()
                .from("timetable_reader", "timetable_id")
                .to("timetable", "id"),
        )
        .to_owned()
}
