//! What people do together about one thing: joiners of a case, cases merged into another, cases filed
//! for somebody else or without a name, and mediation of disputes.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, big_pk_auto, boolean, boolean_null, integer, small_integer_null,
    string_len, string_len_null, text, text_null, timestamp_with_time_zone,
    timestamp_with_time_zone_null,
};

use crate::tools::index;

/// What people do together about one thing.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for mut column in columns() {
            let add = Table::alter()
                .table("cases")
                .add_column(&mut column)
                .to_owned();
            manager.alter_table(add).await?;
        }
        for table in [
            case_joiner(),
            mediation(),
            mediation_party(),
            mediation_session(),
            mediation_event(),
        ] {
            manager.create_table(table).await?;
        }
        for statement in [
            index("case_joiner", &["person_id", "id"], false),
            index("mediation", &["case_id"], false),
            index("mediation", &["mediator_id", "state", "id"], false),
            index("mediation_party", &["mediation_id", "person_id"], true),
            index("mediation_party", &["person_id", "id"], false),
            index("mediation_session", &["mediation_id", "id"], false),
            index("mediation_event", &["mediation_id", "id"], false),
        ] {
            manager.create_index(statement).await?;
        }
        for statement in INDEXES {
            let connection = manager.get_connection();
            connection.execute_unprepared(statement).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [
            "mediation_event",
            "mediation_session",
            "mediation_party",
            "mediation",
            "case_joiner",
        ] {
            manager
                .drop_table(Table::drop().table(table).to_owned())
                .await?;
        }
        let connection = manager.get_connection();
        connection
            .execute_unprepared(r#"DROP INDEX "idx_cases_alike""#)
            .await?;
        for column in COLUMNS {
            let drop = Table::alter().table("cases").drop_column(column).to_owned();
            manager.alter_table(drop).await?;
        }
        Ok(())
    }
}

const COLUMNS: [&str; 7] = [
    "merged_into",
    "joiners",
    "households",
    "anonymous",
    "filed_by_id",
    "asker",
    "asker_phone_sealed",
];

fn columns() -> [ColumnDef; 7] {
    [
        big_integer_null("merged_into").take(),
        integer("joiners").default(0).take(),
        integer("households").default(1).take(),
        boolean("anonymous").default(false).take(),
        big_integer_null("filed_by_id").take(),
        text_null("asker").take(),
        text_null("asker_phone_sealed").take(),
    ]
}

const INDEXES: [&str; 3] = [
    // What is open and may be the same thing, newest first.
    r#"CREATE INDEX "idx_cases_alike" ON "cases" ("compound_id", "category", "id") WHERE "closed_at" IS NULL"#,
    r#"CREATE UNIQUE INDEX "idx_case_joiner_once" ON "case_joiner" ("case_id", "person_id") WHERE "left_at" IS NULL"#,
    // One mediation at a time for a case.
    r#"CREATE UNIQUE INDEX "idx_mediation_once" ON "mediation" ("case_id") WHERE "closed_at" IS NULL"#,
];

fn case_joiner() -> TableCreateStatement {
    Table::create()
        .table("case_joiner")
        .col(big_pk_auto("id"))
        .col(big_integer("case_id"))
        .col(big_integer("compound_id"))
        .col(big_integer("person_id"))
        .col(big_integer_null("home_id"))
        .col(big_integer_null("from_case_id"))
        .col(small_integer_null("rating"))
        .col(text_null("rating_text"))
        .col(timestamp_with_time_zone_null("rated_at"))
        .col(timestamp_with_time_zone("at"))
        .col(timestamp_with_time_zone_null("left_at"))
        .foreign_key(
            ForeignKey::create()
                .from("case_joiner", "case_id")
                .to("cases", "id"),
        )
        .foreign_key(
            ForeignKey::create()
                .from("case_joiner", "person_id")
                .to("person", "id"),
        )
        .to_owned()
}

fn mediation() -> TableCreateStatement {
    Table::create()
        .table("mediation")
        .col(big_pk_auto("id"))
        .col(big_integer("case_id"))
        .col(big_integer("compound_id"))
        .col(big_integer("place_id"))
        .col(string_len("centre", 16))
        .col(string_len("state", 16))
        .col(big_integer("mediator_id"))
        .col(text_null("agreement"))
        .col(integer("version"))
        .col(integer("follow_days"))
        .col(timestamp_with_time_zone_null("proposed_at"))
        .col(timestamp_with_time_zone_null("agreed_at"))
        .col(timestamp_with_time_zone_null("follow_at"))
        .col(text_null("outcome"))
        .col(timestamp_with_time_zone_null("closed_at"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone("updated_at"))
        .foreign_key(
            ForeignKey::create()
                .from("mediation", "case_id")
                .to("cases", "id"),
        )
        .foreign_key(
            ForeignKey::create()
                .from("mediation", "mediator_id")
                .to("person", "id"),
        )
        .to_owned()
}

fn mediation_party() -> TableCreateStatement {
    Table::create()
        .table("mediation_party")
        .col(big_pk_auto("id"))
        .col(big_integer("mediation_id"))
        .col(big_integer("person_id"))
        .col(big_integer_null("home_id"))
        .col(boolean_null("agrees"))
        .col(text_null("reason"))
        .col(timestamp_with_time_zone_null("answered_at"))
        .col(boolean_null("kept"))
        .col(timestamp_with_time_zone_null("kept_at"))
        .col(timestamp_with_time_zone("created_at"))
        .foreign_key(
            ForeignKey::create()
                .from("mediation_party", "mediation_id")
                .to("mediation", "id"),
        )
        .foreign_key(
            ForeignKey::create()
                .from("mediation_party", "person_id")
                .to("person", "id"),
        )
        .to_owned()
}

fn mediation_session() -> TableCreateStatement {
    Table::create()
        .table("mediation_session")
        .col(big_pk_auto("id"))
        .col(big_integer("mediation_id"))
        .col(timestamp_with_time_zone("at"))
        .col(text("venue"))
        .col(timestamp_with_time_zone_null("cancelled_at"))
        .col(timestamp_with_time_zone("created_at"))
        .foreign_key(
            ForeignKey::create()
                .from("mediation_session", "mediation_id")
                .to("mediation", "id"),
        )
        .to_owned()
}

fn mediation_event() -> TableCreateStatement {
    Table::create()
        .table("mediation_event")
        .col(big_pk_auto("id"))
        .col(big_integer("mediation_id"))
        .col(text("action"))
        .col(string_len_null("from_state", 16))
        .col(string_len_null("to_state", 16))
        .col(string_len("actor_kind", 16))
        .col(big_integer_null("actor_id"))
        .col(text_null("note"))
        .col(timestamp_with_time_zone("at"))
        .foreign_key(
            ForeignKey::create()
                .from("mediation_event", "mediation_id")
                .to("mediation", "id"),
        )
        .to_owned()
}
