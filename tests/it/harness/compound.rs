//! The standard compound: 桂园小区 (GY) with two buildings and six homes, everybody who answers for
//! it up to the street, and 兰园小区 (LY) next door with one home. Invented people and phones.

use linli::config::Settings;
use secrecy::ExposeSecret;

use super::program;

/// Name of each file, and what it holds.
pub const FILES: &[(&str, &str)] = &[
    ("places.csv", include_str!("compound/places.csv")),
    (
        "organisations.csv",
        include_str!("compound/organisations.csv"),
    ),
    ("people.csv", include_str!("compound/people.csv")),
    ("homes.csv", include_str!("compound/homes.csv")),
    ("roles.csv", include_str!("compound/roles.csv")),
];

/// Fills a database that has only the schema, by the import command.
pub async fn fill(settings: Settings) {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in FILES {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let url = settings.database.url.expose_secret().to_owned();
    let variables = [
        ("LINLI__DATABASE__URL", url.as_str()),
        ("LINLI__SANDBOX__ENABLED", "false"),
        ("LINLI__DEMO__ENABLED", "false"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let path = folder.path().to_str().unwrap();
    program::succeed(&variables, &["import", path]).await;
}

/// A cell of `people.csv`: by name, the key (0) or the phone (2).
pub fn person(name: &str, column: usize) -> &'static str {
    let people = FILES[2].1;
    let row = people
        .lines()
        .find(|line| line.split(',').nth(1) == Some(name));
    let row = row.unwrap_or_else(|| panic!("{name} does not live in the standard compound"));
    row.split(',').nth(column).unwrap()
}

/// The home of somebody, as people type it: `1-1-101`.
pub fn home(name: &str) -> &'static str {
    full_home(name).split_once('/').unwrap().1
}

/// The full code of somebody's home: `GY/1-1-101`.
pub fn full_home(name: &str) -> &'static str {
    let key = person(name, 0);
    let homes = FILES[3].1;
    let row = homes
        .lines()
        .find(|line| line.split(',').nth(1) == Some(key));
    row.unwrap().split(',').next().unwrap()
}
