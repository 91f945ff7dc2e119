//! Activities with those who sign up, and the service of volunteers.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, big_pk_auto, boolean, integer, integer_null, string_len,
    string_len_null, text, text_null, timestamp_with_time_zone, timestamp_with_time_zone_null,
};

use crate::tools::index;

/// Activities with those who sign up, and the service of volunteers.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [
            activity(),
            activity_step(),
            activity_signup(),
            volunteer(),
            volunteer_task(),
            volunteer_service(),
        ] {
            manager.create_table(table).await?;
        }
        for statement in indexes() {
            manager.create_index(statement).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [
            "volunteer_service",
            "volunteer_task",
            "volunteer",
            "activity_signup",
            "activity_step",
            "activity",
        ] {
            let drop = Table::drop().table(table).to_owned();
            manager.drop_table(drop).await?;
        }
        Ok(())
    }
}

fn indexes() -> [IndexCreateStatement; 17] {
    [
        // What is to come in a compound, the next first; the board.
        index("activity", &["compound_id", "state", "starts_at"], false),
        // What somebody leads.
        index("activity", &["place_id", "state", "id"], false),
        // What has served its time.
        index("activity", &["ended_at"], false),
        index("activity_step", &["activity_id", "id"], false),
        index("activity_step", &["actor_id"], false),
        // One sign-up a person; their own.
        index("activity_signup", &["activity_id", "person_id"], true),
        // The line of those who wait.
        index(
            "activity_signup",
            &["activity_id", "state", "ticket"],
            false,
        ),
        index("activity_signup", &["person_id", "state", "id"], false),
        index("volunteer", &["compound_id", "person_id"], true),
        index("volunteer", &["person_id"], false),
        index(
            "volunteer_task",
            &["compound_id", "state", "starts_at"],
            false,
        ),
        index("volunteer_task", &["place_id", "state", "id"], false),
        index("volunteer_task", &["activity_id"], false),
        index("volunteer_service", &["task_id", "person_id"], true),
        // What somebody did in a year, and what would overlap.
        index("volunteer_service", &["person_id", "in_at"], false),
        // The hours of a compound in a year; what waits to be confirmed.
        index(
            "volunteer_service",
            &["compound_id", "state", "in_at"],
            false,
        ),
        // What has served its time.
        index("volunteer_service", &["updated_at"], false),
    ]
}

fn to_person(table: &'static str, column: &'static str) -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .from(table, column)
        .to("person", "id")
        .to_owned()
}

fn activity() -> TableCreateStatement {
    Table::create()
        .table("activity")
        .col(big_pk_auto("id"))
        .col(big_integer("compound_id"))
        .col(big_integer("place_id"))
        .col(big_integer("author_id"))
        .col(string_len("kind", 16))
        .col(text("title"))
        .col(text("text"))
        .col(text("venue"))
        .col(timestamp_with_time_zone("starts_at"))
        .col(timestamp_with_time_zone("ends_at"))
        .col(timestamp_with_time_zone("closes_at"))
        .col(integer_null("places"))
        .col(integer("taken"))
        .col(integer("waiting"))
        .col(big_integer("ticket"))
        .col(string_len("state", 16))
        .col(text_null("reason"))
        .col(integer("version"))
        .col(timestamp_with_time_zone_null("opened_at"))
        .col(timestamp_with_time_zone_null("ended_at"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone("updated_at"))
        .foreign_key(&mut to_person("activity", "author_id"))
        .to_owned()
}

fn activity_step() -> TableCreateStatement {
    Table::create()
        .table("activity_step")
        .col(big_pk_auto("id"))
        .col(big_integer("activity_id"))
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
                .from("activity_step", "activity_id")
                .to("activity", "id"),
        )
        .to_owned()
}

fn activity_signup() -> TableCreateStatement {
    Table::create()
        .table("activity_signup")
        .col(big_pk_auto("id"))
        .col(big_integer("activity_id"))
        .col(big_integer("compound_id"))
        .col(big_integer_null("person_id"))
        .col(integer("size"))
        .col(big_integer("ticket"))
        .col(string_len("state", 16))
        .col(boolean("hour_before"))
        .col(timestamp_with_time_zone_null("checked_at"))
        .col(big_integer_null("checked_by"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone("updated_at"))
        .foreign_key(
            ForeignKey::create()
                .from("activity_signup", "activity_id")
                .to("activity", "id"),
        )
        .foreign_key(&mut to_person("activity_signup", "person_id"))
        .to_owned()
}

fn volunteer() -> TableCreateStatement {
    Table::create()
        .table("volunteer")
        .col(big_pk_auto("id"))
        .col(big_integer("compound_id"))
        .col(big_integer_null("person_id"))
        .col(boolean("party"))
        .col(text_null("unit"))
        .col(boolean("named"))
        .col(string_len("state", 16))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone("updated_at"))
        .foreign_key(&mut to_person("volunteer", "person_id"))
        .to_owned()
}

fn volunteer_task() -> TableCreateStatement {
    Table::create()
        .table("volunteer_task")
        .col(big_pk_auto("id"))
        .col(big_integer("compound_id"))
        .col(big_integer("place_id"))
        .col(big_integer("author_id"))
        .col(big_integer_null("activity_id"))
        .col(text("title"))
        .col(text("venue"))
        .col(timestamp_with_time_zone("starts_at"))
        .col(timestamp_with_time_zone("ends_at"))
        .col(integer("wanted"))
        .col(integer("taken"))
        .col(string_len("state", 16))
        .col(text_null("reason"))
        .col(integer("version"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone("updated_at"))
        .foreign_key(&mut to_person("volunteer_task", "author_id"))
        .foreign_key(
            ForeignKey::create()
                .from("volunteer_task", "activity_id")
                .to("activity", "id"),
        )
        .to_owned()
}

fn volunteer_service() -> TableCreateStatement {
    Table::create()
        .table("volunteer_service")
        .col(big_pk_auto("id"))
        .col(big_integer("task_id"))
        .col(big_integer("compound_id"))
        .col(big_integer_null("person_id"))
        .col(string_len("state", 16))
        .col(timestamp_with_time_zone_null("in_at"))
        .col(timestamp_with_time_zone_null("out_at"))
        .col(integer_null("minutes"))
        .col(big_integer_null("decided_by"))
        .col(timestamp_with_time_zone_null("decided_at"))
        .col(text_null("reason"))
        .col(integer("version"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone("updated_at"))
        .foreign_key(
            ForeignKey::create()
                .from("volunteer_service", "task_id")
                .to("volunteer_task", "id"),
        )
        .foreign_key(&mut to_person("volunteer_service", "person_id"))
        .to_owned()
}
