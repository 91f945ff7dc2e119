//! Pictures as they are served (before and after the work, a small one beside each), and what people
//! may ask of their own data: consent, export, correction, erasure, and the log of what was removed.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, big_pk_auto, integer, integer_null, string_len, string_len_null,
    text, text_null, timestamp_with_time_zone, timestamp_with_time_zone_null,
};

use crate::tools::index;

/// Pictures as they are served, and personal data.
#[derive(DeriveMigrationName)]
pub struct Migration;

const TABLES: [&str; 4] = ["deletion_log", "correction", "data_export", "consent"];

/// Those that belong to nothing, oldest first: they are removed after a day.
const UNFILED: &str = r#"CREATE INDEX "idx_attachment_unfiled" ON "attachment" ("created_at") WHERE "subject" IS NULL"#;
const NO_UNFILED: &str = r#"DROP INDEX "idx_attachment_unfiled""#;

/// People whose cases lose their tie when they are over.
const ERASED: &str =
    r#"CREATE INDEX "idx_person_erased" ON "person" ("erased_at") WHERE "erased_at" IS NOT NULL"#;
const NO_ERASED: &str = r#"DROP INDEX "idx_person_erased""#;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (table, mut column) in columns() {
            let statement = Table::alter()
                .table(table)
                .add_column(&mut column)
                .to_owned();
            manager.alter_table(statement).await?;
        }
        manager.create_table(consent()).await?;
        manager.create_table(data_export()).await?;
        manager.create_table(correction()).await?;
        manager.create_table(deletion_log()).await?;
        for statement in [
            index("consent", &["account_id", "version"], true),
            index("data_export", &["person_id", "id"], false),
            index("data_export", &["expires_at"], false),
            index("correction", &["person_id", "state"], false),
            index("deletion_log", &["class", "at"], false),
            index("cases", &["state", "closed_at"], false),
        ] {
            manager.create_index(statement).await?;
        }
        let connection = manager.get_connection();
        connection.execute_unprepared(UNFILED).await?;
        connection.execute_unprepared(ERASED).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        connection.execute_unprepared(NO_UNFILED).await?;
        connection.execute_unprepared(NO_ERASED).await?;
        let closed = Index::drop()
            .name("idx_cases_state_closed_at")
            .table("cases")
            .to_owned();
        manager.drop_index(closed).await?;
        for table in TABLES {
            manager
                .drop_table(Table::drop().table(table).to_owned())
                .await?;
        }
        for (table, column) in columns().into_iter().rev() {
            let name = column.get_column_name();
            let statement = Table::alter().table(table).drop_column(name).to_owned();
            manager.alter_table(statement).await?;
        }
        Ok(())
    }
}

fn columns() -> Vec<(&'static str, ColumnDef)> {
    vec![
        ("attachment", string_len_null("stage", 16)),
        ("attachment", integer_null("round")),
        ("attachment", text_null("small_path")),
        ("attachment", integer_null("width")),
        ("attachment", integer_null("height")),
        ("account", integer("told_version").default(0).take()),
        ("account", integer("agreed_version").default(0).take()),
        ("person", timestamp_with_time_zone_null("erased_at")),
    ]
}

fn to(table: &'static str, column: &'static str, other: &'static str) -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .from(table, column)
        .to(other, "id")
        .to_owned()
}

fn consent() -> TableCreateStatement {
    Table::create()
        .table("consent")
        .col(big_pk_auto("id"))
        .col(big_integer("account_id"))
        .col(integer("version"))
        .col(timestamp_with_time_zone("told_at"))
        .col(timestamp_with_time_zone_null("agreed_at"))
        .col(timestamp_with_time_zone_null("withdrawn_at"))
        .foreign_key(&mut to("consent", "account_id", "account"))
        .to_owned()
}

fn data_export() -> TableCreateStatement {
    Table::create()
        .table("data_export")
        .col(big_pk_auto("id"))
        .col(big_integer("account_id"))
        .col(big_integer("person_id"))
        .col(string_len("state", 16))
        .col(text_null("path"))
        .col(big_integer_null("size"))
        .col(timestamp_with_time_zone("expires_at"))
        .col(timestamp_with_time_zone("created_at"))
        .foreign_key(&mut to("data_export", "account_id", "account"))
        .foreign_key(&mut to("data_export", "person_id", "person"))
        .to_owned()
}

fn correction() -> TableCreateStatement {
    Table::create()
        .table("correction")
        .col(big_pk_auto("id"))
        .col(big_integer("person_id"))
        .col(big_integer("account_id"))
        .col(big_integer("place_id"))
        .col(big_integer_null("compound_id"))
        .col(string_len("field", 16))
        .col(text("value_sealed"))
        .col(string_len("state", 16))
        .col(big_integer_null("decided_by"))
        .col(timestamp_with_time_zone_null("decided_at"))
        .col(text_null("reason"))
        .col(timestamp_with_time_zone("created_at"))
        .foreign_key(&mut to("correction", "person_id", "person"))
        .foreign_key(&mut to("correction", "place_id", "place"))
        .to_owned()
}

fn deletion_log() -> TableCreateStatement {
    Table::create()
        .table("deletion_log")
        .col(big_pk_auto("id"))
        .col(string_len("class", 32))
        .col(big_integer("count"))
        .col(timestamp_with_time_zone("up_to"))
        .col(timestamp_with_time_zone("at"))
        .to_owned()
}
