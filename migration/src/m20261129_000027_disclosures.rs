//! Published months of accounts, in a chain that nothing can change.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, big_pk_auto, integer, string_len, text_null,
    timestamp_with_time_zone,
};

use crate::frozen;
use crate::tools::index;

/// Published months of accounts, in a chain that nothing can change.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [disclosure(), disclosure_line()] {
            manager.create_table(table).await?;
        }
        for index in indexes() {
            manager.create_index(index).await?;
        }
        frozen::freeze(manager, &["disclosure", "disclosure_line"]).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        frozen::thaw(manager, &["disclosure", "disclosure_line"]).await?;
        let told = Index::drop()
            .name("idx_binding_compound_id_person_id")
            .table("binding")
            .to_owned();
        manager.drop_index(told).await?;
        for table in ["disclosure_line", "disclosure"] {
            let drop = Table::drop().table(table).to_owned();
            manager.drop_table(drop).await?;
        }
        Ok(())
    }
}

fn indexes() -> Vec<IndexCreateStatement> {
    vec![
        // Whom a published month is told.
        index("binding", &["compound_id", "person_id"], false),
        index("disclosure", &["compound_id", "position"], true),
        index("disclosure", &["compound_id", "month", "version"], true),
        index("disclosure_line", &["disclosure_id", "position"], true),
    ]
}

fn disclosure() -> TableCreateStatement {
    Table::create()
        .table("disclosure")
        .col(big_pk_auto("id"))
        .col(big_integer("compound_id"))
        .col(integer("position"))
        .col(integer("month"))
        .col(integer("version"))
        .col(text_null("reason"))
        .col(string_len("previous_hash", 64))
        .col(string_len("hash", 64))
        .col(big_integer_null("published_by"))
        .col(timestamp_with_time_zone("created_at"))
        .to_owned()
}

fn disclosure_line() -> TableCreateStatement {
    Table::create()
        .table("disclosure_line")
        .col(big_pk_auto("id"))
        .col(big_integer("disclosure_id"))
        .col(big_integer("compound_id"))
        .col(integer("position"))
        .col(string_len("account", 64))
        .col(big_integer("opening"))
        .col(big_integer("plus"))
        .col(big_integer("minus"))
        .col(big_integer("closing"))
        .to_owned()
}
