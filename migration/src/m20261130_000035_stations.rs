//! Stations (红色驿站): hours, visits, things that are lent, rooms that are booked, windows and what is left
//! there.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, big_pk_auto, boolean, date, integer, string_len,
    string_len_null, text, text_null, timestamp_with_time_zone, timestamp_with_time_zone_null,
};

use crate::tools::index;

/// Stations and what happens there.
#[derive(DeriveMigrationName)]
pub struct Migration;

const TABLES: [&str; 13] = [
    "station",
    "station_day",
    "station_facility",
    "station_visitor",
    "station_count",
    "station_thing",
    "station_loan",
    "station_room",
    "station_booking",
    "station_service",
    "station_served",
    "station_deposit",
    "station_step",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [
            station(),
            day(),
            facility(),
            visitor(),
            count(),
            thing(),
            loan(),
            room(),
            booking(),
            service(),
            served(),
            deposit(),
            step(),
        ] {
            manager.create_table(table).await?;
        }
        for statement in [
            index("station", &["compound_id", "id"], false),
            index("station", &["place_id"], false),
            index("station_facility", &["station_id", "name"], true),
            // What is a day old is let go; what is somebody's goes with them.
            index("station_visitor", &["at"], false),
            index("station_visitor", &["mark"], false),
            index("station_count", &["compound_id", "day"], false),
            index("station_thing", &["station_id", "id"], false),
            // Who has what; what is late.
            index("station_loan", &["station_id", "state", "id"], false),
            index("station_loan", &["thing_id", "state"], false),
            index("station_loan", &["borrower_id", "state", "id"], false),
            index("station_loan", &["ended_at"], false),
            index("station_room", &["station_id", "id"], false),
            // What stands in the way of a booking.
            index("station_booking", &["room_id", "state", "from_at"], false),
            index("station_booking", &["booker_id", "state", "from_at"], false),
            index("station_booking", &["station_id", "from_at"], false),
            index("station_booking", &["to_at"], false),
            index("station_service", &["station_id", "id"], false),
            index("station_served", &["station_id", "day"], false),
            index("station_served", &["service_id", "day"], false),
            index("station_deposit", &["station_id", "state", "id"], false),
            index("station_deposit", &["owner_id", "id"], false),
            index("station_deposit", &["ended_at"], false),
            index("station_step", &["subject", "id"], false),
            index("station_step", &["actor_id"], false),
        ] {
            manager.create_index(statement).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in TABLES.iter().rev() {
            let drop = Table::drop().table(*table).to_owned();
            manager.drop_table(drop).await?;
        }
        Ok(())
    }
}

fn to(table: &'static str, column: &'static str, other: &'static str) -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .from(table, column)
        .to(other, "id")
        .to_owned()
}

fn station() -> TableCreateStatement {
    Table::create()
        .table("station")
        .col(big_pk_auto("id"))
        .col(big_integer("compound_id"))
        .col(big_integer("place_id"))
        .col(string_len("name", 80))
        .col(string_len("spot", 120))
        .col(text("hours"))
        .col(boolean("public_holidays"))
        .col(integer("version"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone("updated_at"))
        .col(timestamp_with_time_zone_null("removed_at"))
        .foreign_key(&mut to("station", "place_id", "place"))
        .to_owned()
}

fn day() -> TableCreateStatement {
    Table::create()
        .table("station_day")
        .col(big_integer("station_id"))
        .col(date("day"))
        .col(big_integer("compound_id"))
        .col(text_null("hours"))
        .primary_key(Index::create().col("station_id").col("day"))
        .foreign_key(&mut to("station_day", "station_id", "station"))
        .to_owned()
}

fn facility() -> TableCreateStatement {
    Table::create()
        .table("station_facility")
        .col(big_pk_auto("id"))
        .col(big_integer("compound_id"))
        .col(big_integer("station_id"))
        .col(string_len("name", 80))
        .foreign_key(&mut to("station_facility", "station_id", "station"))
        .to_owned()
}

fn visitor() -> TableCreateStatement {
    Table::create()
        .table("station_visitor")
        .col(big_integer("station_id"))
        .col(string_len("mark", 64))
        .col(big_integer("compound_id"))
        .col(timestamp_with_time_zone("at"))
        .primary_key(Index::create().col("station_id").col("mark"))
        .foreign_key(&mut to("station_visitor", "station_id", "station"))
        .to_owned()
}

fn count() -> TableCreateStatement {
    Table::create()
        .table("station_count")
        .col(big_integer("station_id"))
        .col(date("day"))
        .col(string_len("way", 16))
        .col(big_integer("compound_id"))
        .col(big_integer("visits"))
        .primary_key(Index::create().col("station_id").col("day").col("way"))
        .foreign_key(&mut to("station_count", "station_id", "station"))
        .to_owned()
}

fn thing() -> TableCreateStatement {
    Table::create()
        .table("station_thing")
        .col(big_pk_auto("id"))
        .col(big_integer("compound_id"))
        .col(big_integer("station_id"))
        .col(string_len("code", 80))
        .col(string_len("name", 80))
        .col(integer("quantity"))
        .col(integer("lent"))
        .col(integer("days"))
        .col(integer("version"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone("updated_at"))
        .col(timestamp_with_time_zone_null("removed_at"))
        .foreign_key(&mut to("station_thing", "station_id", "station"))
        .to_owned()
}

fn loan() -> TableCreateStatement {
    Table::create()
        .table("station_loan")
        .col(big_pk_auto("id"))
        .col(big_integer("compound_id"))
        .col(big_integer("station_id"))
        .col(big_integer("thing_id"))
        .col(big_integer("borrower_id"))
        .col(string_len("state", 16))
        .col(timestamp_with_time_zone("lent_at"))
        .col(timestamp_with_time_zone("due_at"))
        .col(timestamp_with_time_zone_null("handed_at"))
        .col(timestamp_with_time_zone_null("ended_at"))
        .col(text_null("note"))
        .col(integer("version"))
        .foreign_key(&mut to("station_loan", "station_id", "station"))
        .foreign_key(&mut to("station_loan", "thing_id", "station_thing"))
        .foreign_key(&mut to("station_loan", "borrower_id", "person"))
        .to_owned()
}

fn room() -> TableCreateStatement {
    Table::create()
        .table("station_room")
        .col(big_pk_auto("id"))
        .col(big_integer("compound_id"))
        .col(big_integer("station_id"))
        .col(string_len("name", 80))
        .col(integer("seats"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone_null("removed_at"))
        .foreign_key(&mut to("station_room", "station_id", "station"))
        .to_owned()
}

fn booking() -> TableCreateStatement {
    Table::create()
        .table("station_booking")
        .col(big_pk_auto("id"))
        .col(big_integer("compound_id"))
        .col(big_integer("station_id"))
        .col(big_integer("room_id"))
        .col(big_integer("booker_id"))
        .col(boolean("official"))
        .col(text_null("purpose"))
        .col(timestamp_with_time_zone("from_at"))
        .col(timestamp_with_time_zone("to_at"))
        .col(string_len("state", 16))
        .col(text_null("reason"))
        .col(integer("version"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone("updated_at"))
        .foreign_key(&mut to("station_booking", "station_id", "station"))
        .foreign_key(&mut to("station_booking", "room_id", "station_room"))
        .foreign_key(&mut to("station_booking", "booker_id", "person"))
        .to_owned()
}

fn service() -> TableCreateStatement {
    Table::create()
        .table("station_service")
        .col(big_pk_auto("id"))
        .col(big_integer("compound_id"))
        .col(big_integer("station_id"))
        .col(string_len("window_name", 80))
        .col(string_len("name", 80))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone_null("removed_at"))
        .foreign_key(&mut to("station_service", "station_id", "station"))
        .to_owned()
}

fn served() -> TableCreateStatement {
    Table::create()
        .table("station_served")
        .col(big_pk_auto("id"))
        .col(big_integer("compound_id"))
        .col(big_integer("station_id"))
        .col(big_integer("service_id"))
        .col(date("day"))
        .col(integer("served"))
        .col(text_null("note"))
        .col(big_integer_null("by_id"))
        .col(timestamp_with_time_zone("at"))
        .foreign_key(&mut to("station_served", "station_id", "station"))
        .foreign_key(&mut to("station_served", "service_id", "station_service"))
        .to_owned()
}

fn deposit() -> TableCreateStatement {
    Table::create()
        .table("station_deposit")
        .col(big_pk_auto("id"))
        .col(big_integer("compound_id"))
        .col(big_integer("station_id"))
        .col(big_integer_null("owner_id"))
        .col(text("thing"))
        .col(string_len("state", 16))
        .col(timestamp_with_time_zone("at"))
        .col(timestamp_with_time_zone_null("ended_at"))
        .col(text_null("note"))
        .col(integer("version"))
        .foreign_key(&mut to("station_deposit", "station_id", "station"))
        .foreign_key(&mut to("station_deposit", "owner_id", "person"))
        .to_owned()
}

fn step() -> TableCreateStatement {
    Table::create()
        .table("station_step")
        .col(big_pk_auto("id"))
        .col(big_integer("compound_id"))
        .col(string_len("subject", 32))
        .col(string_len("action", 16))
        .col(string_len_null("from_state", 16))
        .col(string_len("to_state", 16))
        .col(string_len("actor_kind", 16))
        .col(big_integer_null("actor_id"))
        .col(text_null("note"))
        .col(timestamp_with_time_zone("at"))
        .to_owned()
}
