//! How long a case may stand still: the day on which a pause ends, the highest level that has had a case in its round,
//! and a clock for each mediation that is open.

use chrono::SubsecRound;
use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{string_len_null, timestamp_with_time_zone_null};

/// Ends of pauses, levels that clocks have begun at, clocks of mediations.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in [
            string_len_null("clock_level", 16),
            timestamp_with_time_zone_null("pause_until"),
        ] {
            let add = Table::alter().table("cases").add_column(column).to_owned();
            manager.alter_table(add).await?;
        }
        let payload = r#"'{"mediation":' || "id" || '}'"#;
        let payload = match manager.get_database_backend() {
            sea_orm::DbBackend::Postgres => format!("CAST({payload} AS JSON)"),
            _ => payload.to_owned(),
        };
        // Due at once: the first look finds out when to look again.
        let clocks = format!(
            r#"INSERT INTO "reminder" ("dedupe_key", "kind", "compound_id", "subject", "payload",
                "due_at", "state", "attempts", "next_at", "created_at")
            SELECT 'mediation:' || "id" || ':mediation.clock', 'mediation.clock', "compound_id",
                'mediation:' || "id", {payload}, "updated_at", 'pending', 0, "updated_at", "updated_at"
            FROM "mediation" WHERE "closed_at" IS NULL"#
        );
        manager.get_connection().execute_unprepared(&clocks).await?;
        pauses_end(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .get_connection()
            .execute_unprepared(
                r#"DELETE FROM "reminder" WHERE "kind" IN ('mediation.clock', 'case.pause-clock')"#,
            )
            .await?;
        for name in ["pause_until", "clock_level"] {
            let drop = Table::alter().table("cases").drop_column(name).to_owned();
            manager.alter_table(drop).await?;
        }
        Ok(())
    }
}

/// Pauses that are running end three days from now, as those do that are begun without a day. Where a mediation is open,
/// the clock looks again when that is over.
async fn pauses_end(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    // A clock counts for the moment that it was set for, to the millisecond.
    #[expect(
        clippy::disallowed_methods,
        reason = "a migration has no clock of its own"
    )]
    let until = (chrono::Utc::now() + chrono::TimeDelta::days(3)).trunc_subsecs(3);
    let (text, ms) = (
        until.format("%Y-%m-%dT%H:%M:%S%.3f+00:00"),
        until.timestamp_millis(),
    );
    let payload =
        format!(r#"'{{"case":' || "id" || ',"round":' || "round" || ',"due":{ms},"minutes":0}}'"#);
    let (payload, moment) = match manager.get_database_backend() {
        sea_orm::DbBackend::Postgres => (
            format!("CAST({payload} AS JSON)"),
            format!("CAST('{text}' AS TIMESTAMP WITH TIME ZONE)"),
        ),
        _ => (payload, format!("'{text}'")),
    };
    let db = manager.get_connection();
    db.execute_unprepared(&format!(
        r#"UPDATE "cases" SET "pause_until" = {moment} WHERE "state" = 'paused'"#
    ))
    .await?;
    db.execute_unprepared(&format!(
        r#"INSERT INTO "reminder" ("dedupe_key", "kind", "compound_id", "subject", "payload",
            "due_at", "state", "attempts", "next_at", "created_at")
        SELECT 'case:' || "id" || ':case.pause-clock:45', 'case.pause-clock', "compound_id",
            'case:' || "id", {payload}, {moment}, 'pending', 0, {moment}, "updated_at"
        FROM "cases" WHERE "state" = 'paused'"#
    ))
    .await?;
    Ok(())
}
