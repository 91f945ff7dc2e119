//! Why a post ended before its time, and what lists of people, posts and requests are read by.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::text_null;

use crate::tools::index;

/// Ends of posts; indexes of a compound's people, posts and requests.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let add = Table::alter()
            .table("role")
            .add_column(text_null("end_reason"))
            .to_owned();
        manager.alter_table(add).await?;
        for statement in indexes() {
            manager.create_index(statement).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (table, columns) in INDEXES {
            let drop = Index::drop()
                .name(format!("idx_{table}_{}", columns.join("_")))
                .table(*table)
                .to_owned();
            manager.drop_index(drop).await?;
        }
        let drop = Table::alter()
            .table("role")
            .drop_column("end_reason")
            .to_owned();
        manager.alter_table(drop).await
    }
}

/// Tables and columns.
const INDEXES: &[(&str, &[&str])] = &[
    ("residency", &["compound_id", "person_id"]),
    ("role", &["compound_id", "role", "person_id"]),
    ("role", &["organisation_id"]),
    ("binding", &["compound_id", "state", "id"]),
    ("binding", &["person_id"]),
];

fn indexes() -> Vec<IndexCreateStatement> {
    let all = INDEXES.iter();
    all.map(|(table, columns)| index(table, columns, false))
        .collect()
}
