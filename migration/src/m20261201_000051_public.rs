//! Notices that tell of something published: of what, once each, and where it is shown.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{string_len_null, text_null};

use crate::tools::index;

/// Notices of what is published.
#[derive(DeriveMigrationName)]
pub struct Migration;

const NAME: &str = "idx_notice_about";

/// What waits of the messages that went out before there were such notices: each of them was worth a day, and nothing
/// handles it any more.
const CANCEL: &str = "UPDATE reminder SET state = 'cancelled', lease = NULL, leased_until = NULL, done_at = due_at \
     WHERE state IN ('pending', 'sending') AND kind IN \
     ('disclosure.broadcast', 'disclosure.published', 'expense.broadcast', 'expense.published')";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in [string_len_null("about", 64), text_null("path")] {
            let add = Table::alter().table("notice").add_column(column).to_owned();
            manager.alter_table(add).await?;
        }
        manager
            .create_index(index("notice", &["about"], true))
            .await?;
        manager.get_connection().execute_unprepared(CANCEL).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let drop = Index::drop().name(NAME).table("notice").to_owned();
        manager.drop_index(drop).await?;
        for column in ["about", "path"] {
            let drop = Table::alter()
                .table("notice")
                .drop_column(column)
                .to_owned();
            manager.alter_table(drop).await?;
        }
        Ok(())
    }
}
