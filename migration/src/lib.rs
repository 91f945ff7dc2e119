//! Linli's schema, one change a file. The same set runs on SQLite and PostgreSQL.
//! Additive only: a file that has landed is never edited, the next one changes what it made.

pub use sea_orm_migration::prelude::*;

mod frozen;
mod guards;
mod m20261120_000001_places_and_people;
mod m20261120_000002_cases;
mod m20261120_000003_waiting;
mod m20261120_000004_api;
mod m20261121_000005_cheap_claims;
mod m20261121_000006_work;
mod m20261121_000007_robot;
mod m20261121_000008_mini;
mod m20261121_000010_reach;
mod m20261121_000011_clocks;
mod m20261121_000012_steps;
mod m20261121_000013_together;
mod m20261121_000014_files;
mod m20261121_000015_console;
mod m20261121_000016_author;
mod m20261121_000017_figures;
mod m20261129_000018_posts;
mod m20261129_000019_rules;
mod m20261129_000020_desk;
mod m20261129_000021_found_faster;
mod m20261129_000023_lists;
mod m20261129_000024_ledger;
mod m20261129_000025_fees;
mod m20261129_000026_payments;
mod m20261129_000027_disclosures;
mod m20261130_000028_expenses;
mod m20261130_000030_notices;
mod m20261130_000031_wishes;
mod m20261130_000032_lists;
mod m20261130_000033_giving;
mod m20261130_000034_activities;
mod m20261130_000035_stations;
mod m20261130_000036_timetables;
mod m20261130_000037_handbook;
mod m20261201_000038_for_one_alone;
mod m20261201_000039_vouchers;
mod m20261201_000040_advances;
mod m20261201_000041_rounds;
mod m20261201_000043_rewrites_and_doors;
mod m20261201_000045_no_longer_than;
mod m20261201_000047_flow;
mod m20261201_000048_payments_of_an_account;
mod m20261201_000049_files_of_people;
mod m20261201_000050_paid_out;
mod m20261201_000051_public;
mod m20261201_000055_alike;
mod m20261201_000057_closed;
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
            Box::new(m20261121_000011_clocks::Migration),
            Box::new(m20261121_000012_steps::Migration),
            Box::new(m20261121_000013_together::Migration),
            Box::new(m20261121_000014_files::Migration),
            Box::new(m20261121_000015_console::Migration),
            Box::new(m20261121_000016_author::Migration),
            Box::new(m20261121_000017_figures::Migration),
            Box::new(m20261129_000018_posts::Migration),
            Box::new(m20261129_000019_rules::Migration),
            Box::new(m20261129_000020_desk::Migration),
            Box::new(m20261129_000021_found_faster::Migration),
            Box::new(m20261129_000023_lists::Migration),
            Box::new(m20261129_000024_ledger::Migration),
            Box::new(m20261129_000025_fees::Migration),
            Box::new(m20261129_000026_payments::Migration),
            Box::new(m20261129_000027_disclosures::Migration),
            Box::new(m20261130_000028_expenses::Migration),
            Box::new(m20261130_000030_notices::Migration),
            Box::new(m20261130_000031_wishes::Migration),
            Box::new(m20261130_000032_lists::Migration),
            Box::new(m20261130_000033_giving::Migration),
            Box::new(m20261130_000034_activities::Migration),
            Box::new(m20261130_000035_stations::Migration),
            Box::new(m20261130_000036_timetables::Migration),
            Box::new(m20261130_000037_handbook::Migration),
            Box::new(m20261201_000038_for_one_alone::Migration),
            Box::new(m20261201_000039_vouchers::Migration),
            Box::new(m20261201_000040_advances::Migration),
            Box::new(m20261201_000041_rounds::Migration),
            Box::new(m20261201_000043_rewrites_and_doors::Migration),
            Box::new(m20261201_000045_no_longer_than::Migration),
            Box::new(m20261201_000047_flow::Migration),
            Box::new(m20261201_000048_payments_of_an_account::Migration),
            Box::new(m20261201_000049_files_of_people::Migration),
            Box::new(m20261201_000050_paid_out::Migration),
            Box::new(m20261201_000051_public::Migration),
            Box::new(m20261201_000055_alike::Migration),
            Box::new(m20261201_000057_closed::Migration),
        ]
    }
}
