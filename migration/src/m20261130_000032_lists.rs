//! The four lists (四项清单) with their history, co-building agreements, and alliances of organisations with
//! what their members have done.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, big_pk_auto, date, date_null, integer, string_len,
    string_len_null, text, text_null, timestamp_with_time_zone, timestamp_with_time_zone_null,
};

use crate::tools::index;

/// The four lists, agreements and alliances.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [
            offer(),
            offer_step(),
            agreement(),
            alliance_member(),
            alliance_record(),
        ] {
            manager.create_table(table).await?;
        }
        for statement in [
            // A list of a compound, what is proposed to each other, and how many there are of each.
            index("offer", &["compound_id", "list", "state", "id"], false),
            // What staff of a building or a community may check.
            index("offer", &["place_id", "state", "id"], false),
            index("offer", &["author_id", "state", "id"], false),
            // What an organisation has promised, and in which year it claimed it.
            index(
                "offer",
                &["organisation_id", "compound_id", "claimed_at"],
                false,
            ),
            // Which needs a resource is tied to.
            index("offer", &["tied_id"], false),
            // What has served its time.
            index("offer", &["ended_at"], false),
            index("offer_step", &["offer_id", "id"], false),
            index("offer_step", &["actor_id"], false),
            index("agreement", &["compound_id", "to_on"], false),
            index("agreement", &["organisation_id", "compound_id"], false),
            // Who has not claimed anything, over all compounds.
            index("agreement", &["to_on", "id"], false),
            index("alliance_member", &["alliance_id", "organisation_id"], true),
            index("alliance_member", &["organisation_id"], false),
            index("alliance_record", &["alliance_id", "on_day", "id"], false),
            index("alliance_record", &["organisation_id"], false),
        ] {
            manager.create_index(statement).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [
            "alliance_record",
            "alliance_member",
            "agreement",
            "offer_step",
            "offer",
        ] {
            let drop = Table::drop().table(table).to_owned();
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

fn offer() -> TableCreateStatement {
    Table::create()
        .table("offer")
        .col(big_pk_auto("id"))
        .col(big_integer("compound_id"))
        .col(big_integer("place_id"))
        .col(string_len("list", 16))
        .col(string_len("category", 16))
        .col(big_integer_null("organisation_id"))
        .col(big_integer("author_id"))
        .col(text("title"))
        .col(text("text"))
        .col(integer("quantity"))
        .col(integer("taken"))
        .col(date_null("due_on"))
        .col(string_len("state", 16))
        .col(big_integer_null("tied_id"))
        .col(timestamp_with_time_zone_null("tied_at"))
        .col(timestamp_with_time_zone_null("claimed_at"))
        .col(timestamp_with_time_zone_null("overdue_at"))
        .col(text_null("result"))
        .col(integer("round"))
        .col(text_null("reason"))
        .col(timestamp_with_time_zone_null("opened_at"))
        .col(timestamp_with_time_zone_null("ended_at"))
        .col(integer("version"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone("updated_at"))
        // Whatever the program does: a resource is never tied to more needs than it can meet.
        .check(Expr::cust("taken >= 0 AND taken <= quantity"))
        .foreign_key(&mut to("offer", "author_id", "person"))
        .foreign_key(&mut to("offer", "organisation_id", "organisation"))
        .foreign_key(&mut to("offer", "tied_id", "offer"))
        .to_owned()
}

fn offer_step() -> TableCreateStatement {
    Table::create()
        .table("offer_step")
        .col(big_pk_auto("id"))
        .col(big_integer("offer_id"))
        .col(big_integer("compound_id"))
        .col(string_len("action", 16))
        .col(string_len_null("from_state", 16))
        .col(string_len("to_state", 16))
        .col(string_len("actor_kind", 16))
        .col(big_integer_null("actor_id"))
        .col(big_integer_null("other_id"))
        .col(text_null("note"))
        .col(timestamp_with_time_zone("at"))
        .foreign_key(&mut to("offer_step", "offer_id", "offer"))
        .to_owned()
}

fn agreement() -> TableCreateStatement {
    Table::create()
        .table("agreement")
        .col(big_pk_auto("id"))
        .col(big_integer("compound_id"))
        .col(big_integer("organisation_id"))
        .col(date("from_on"))
        .col(date("to_on"))
        .col(big_integer("recorded_by"))
        .col(integer("version"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone("updated_at"))
        .foreign_key(&mut to("agreement", "organisation_id", "organisation"))
        .to_owned()
}

fn alliance_member() -> TableCreateStatement {
    Table::create()
        .table("alliance_member")
        .col(big_pk_auto("id"))
        .col(big_integer("alliance_id"))
        .col(big_integer("organisation_id"))
        .col(big_integer_null("compound_id"))
        .col(date("since_on"))
        .col(date_null("left_on"))
        .col(timestamp_with_time_zone("created_at"))
        .foreign_key(&mut to("alliance_member", "alliance_id", "organisation"))
        .foreign_key(&mut to(
            "alliance_member",
            "organisation_id",
            "organisation",
        ))
        .to_owned()
}

fn alliance_record() -> TableCreateStatement {
    Table::create()
        .table("alliance_record")
        .col(big_pk_auto("id"))
        .col(big_integer("alliance_id"))
        .col(big_integer("organisation_id"))
        .col(big_integer_null("compound_id"))
        .col(date("on_day"))
        .col(text("text"))
        .col(integer("served"))
        .col(big_integer("author_id"))
        .col(timestamp_with_time_zone_null("removed_at"))
        .col(timestamp_with_time_zone("created_at"))
        .foreign_key(&mut to("alliance_record", "alliance_id", "organisation"))
        .foreign_key(&mut to(
            "alliance_record",
            "organisation_id",
            "organisation",
        ))
        .to_owned()
}
