//! Linli's schema, one change a file. The same set runs on SQLite and PostgreSQL.
//! Additive only: a file that has landed is never edited, the next one changes what it made.

pub use sea_orm_migration::prelude::*;

mod m20261120_000001_places_and_people;
mod m20261120_000002_cases;
mod m20261120_000003_waiting;
mod m20261120_000004_api;
mod m20261121_000005_cheap_claims;
mod m20261121_000006_work;
mod m20261121_000007_robot;
mod m20261121_000008_mini;
mod m20261121_000010_reach;
mod tools;

/// All changes, in order.
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261120_000001_places_and_people::Migration),
            Box::new(m20261120_000002_cases::Migration),
            Box::new(m20261120_000003_waiting::Migration),
            Box::new(m20261120_000004_api::Migration),
            Box::new(m20261121_000005_cheap_claims::Migration),
            Box::new(m20261121_000006_work::Migration),
            Box::new(m20261121_000007_robot::Migration),
            Box::new(m20261121_000008_mini::Migration),
            Box::new(m20261121_000010_reach::Migration),
        ]
    }
}
