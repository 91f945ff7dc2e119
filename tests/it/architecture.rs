//! Keeps the floors of the house: reads every `crate::` path of the sources and holds it against the
//! plan in `docs/ARCHITECTURE.md`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The rooms, floor by floor; a room that is not here has no place in the house.
const FLOORS: &[&[&str]] = &[
    &["base", "config"],
    &["store", "redis", "wechat", "files"],
    &["reminder", "app", "access", "delivery", "chat"],
    &[
        "agreement",
        "alliance",
        "answer",
        "place",
        "person",
        "organisation",
        "payment",
        "case",
        "attachment",
        "mediation",
        "moderation",
        "policy",
        "preference",
        "visit",
        "privacy",
        "ledger",
        "disclosure",
        "expense",
        "fee",
        "dues",
        "wish",
        "activity",
        "volunteer",
        "voucher",
        "station",
        "notice",
        "offer",
        "fund",
        "giving",
        "talent",
        "timetable",
        "handbook",
    ],
    &["bot", "web", "sandbox", "command", "report", "intake"],
];

/// Nouns of the domain: none may call another's actions.
const NOUNS: usize = 3;

struct Arrow {
    from: String,
    to: String,
    path: String,
    file: PathBuf,
}

fn source_files(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            source_files(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

/// All `crate::a::b` paths of all rooms, comments and tests left out.
fn arrows() -> Vec<Arrow> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    source_files(&src, &mut files);
    assert!(files.len() > 20, "the sources were not found");
    let path_pattern = regex::Regex::new(r"\bcrate::(\w+)((?:::\w+)*)").unwrap();
    let mut found = Vec::new();
    for file in files {
        let inside = file.strip_prefix(&src).unwrap();
        let room = inside.iter().next().unwrap().to_str().unwrap();
        let room = room.trim_end_matches(".rs").to_owned();
        if room == "lib" || room == "main" {
            continue;
        }
        let text = fs::read_to_string(&file).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap();
        for line in code
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"))
        {
            for hit in path_pattern.captures_iter(line) {
                found.push(Arrow {
                    from: room.clone(),
                    to: hit[1].to_owned(),
                    path: hit[0].to_owned(),
                    file: inside.to_owned(),
                });
            }
        }
    }
    found
}

fn floor_of(room: &str) -> usize {
    FLOORS
        .iter()
        .position(|floor| floor.contains(&room))
        .unwrap_or_else(|| panic!("room `{room}` stands on no floor of the plan"))
}

#[test]
fn arrows_point_down_only() {
    let upward: Vec<String> = arrows()
        .iter()
        .filter(|arrow| floor_of(&arrow.from) < floor_of(&arrow.to))
        .map(|arrow| format!("{}: {}", arrow.file.display(), arrow.path))
        .collect();
    assert!(
        upward.is_empty(),
        "arrows that run up:\n{}",
        upward.join("\n")
    );
}

#[test]
fn no_room_stands_in_a_circle() {
    let mut below: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for arrow in arrows().into_iter().filter(|arrow| arrow.from != arrow.to) {
        below.entry(arrow.from).or_default().insert(arrow.to);
    }
    // Takes away rooms that lean on nothing left; what remains leans on itself.
    loop {
        let free: Vec<String> = below
            .iter()
            .filter(|(_, leans_on)| leans_on.iter().all(|room| !below.contains_key(room)))
            .map(|(room, _)| room.clone())
            .collect();
        if free.is_empty() {
            break;
        }
        below.retain(|room, _| !free.contains(room));
    }
    assert!(below.is_empty(), "rooms in a circle: {below:#?}");
}

#[test]
fn a_noun_never_calls_another_nouns_actions() {
    let nouns = FLOORS[NOUNS];
    let wrong: Vec<String> = arrows()
        .iter()
        .filter(|arrow| nouns.contains(&arrow.from.as_str()) && arrow.from != arrow.to)
        .filter(|arrow| arrow.path.contains("::actions"))
        .map(|arrow| format!("{}: {}", arrow.file.display(), arrow.path))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_protocol_and_the_pretended_platform_know_no_noun() {
    for arrow in arrows() {
        match arrow.from.as_str() {
            "wechat" => assert_eq!(arrow.to, "wechat", "{}", arrow.file.display()),
            "sandbox" => assert!(
                floor_of(&arrow.to) < 2 || arrow.to == "sandbox",
                "{}: {}",
                arrow.file.display(),
                arrow.path
            ),
            _ => {}
        }
    }
}

#[test]
fn every_file_says_what_it_is() {
    let mut files = Vec::new();
    for dir in ["src", "entity/src", "migration/src", "tests/it", "benches"] {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join(dir);
        if dir.exists() {
            source_files(&dir, &mut files);
        }
    }
    let silent: Vec<String> = files
        .iter()
        .filter(|file| !fs::read_to_string(file).unwrap().starts_with("//!"))
        .map(|file| file.display().to_string())
        .collect();
    assert!(silent.is_empty(), "{}", silent.join("\n"));
}
