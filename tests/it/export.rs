//! `linli export` and the command line of `linli import`: round trip, exit status, what is said.

use crate::harness::program;
use crate::import::{Desk, TREE};

#[tokio::test]
async fn what_is_exported_can_be_imported_again() {
    let desk = Desk::open().await;
    let variables = desk.db.variables();
    let demo = desk.demo().to_str().unwrap().to_owned();
    program::succeed(&variables, &["import", &demo]).await;
    desk.put("people.csv", "key,name,phone\nodd,'=1+1,13800000777\n");
    let odd = desk.folder.path().to_str().unwrap().to_owned();
    program::succeed(&variables, &["import", &odd]).await;
    let out = tempfile::tempdir().unwrap();
    let folder = out.path().join("csv").to_str().unwrap().to_owned();
    let book = out.path().join("all.xlsx").to_str().unwrap().to_owned();
    program::succeed(&variables, &["export", "all", "--to", &folder]).await;
    program::succeed(&variables, &["export", "all", "--to", &book]).await;
    let people = std::fs::read_to_string(out.path().join("csv/people.csv")).unwrap();
    assert!(people.starts_with('\u{feff}') && people.contains("'=1+1"));
    for source in [&folder, &book] {
        let said = program::succeed(&variables, &["import", source]).await;
        assert!(!said.contains("更新 1"), "{said}");
        for line in said.lines().filter(|line| line.contains("新增")) {
            assert!(line.contains("新增 0, 更新 0"), "{source}: {line}");
        }
    }
    let empty = Desk::open().await;
    let fresh = program::succeed(&empty.db.variables(), &["import", &folder]).await;
    assert!(fresh.contains("places: 新增"), "{fresh}");
    let wrong = program::run(&variables, &["export", "secrets", "--to", &folder]).await;
    assert_eq!(wrong.status.code(), Some(2));
}

#[tokio::test]
async fn the_command_says_how_it_ended() {
    let desk = Desk::open().await;
    let variables = desk.db.variables();
    let folder = desk.folder.path().to_str().unwrap().to_owned();
    let nothing = program::run(&variables, &["import", &folder]).await;
    assert_eq!(nothing.status.code(), Some(2));
    desk.put("places.csv", format!("{TREE}GY/7,building,7栋,NOWHERE,\n"));
    let bad = program::run(&variables, &["import", &folder]).await;
    assert_eq!(bad.status.code(), Some(1));
    let said = String::from_utf8_lossy(&bad.stderr);
    assert!(
        said.contains("places.csv 第6行 第4列 parent_code"),
        "{said}"
    );
    assert_eq!(desk.places().await, 0);
    let skipped = program::succeed(&variables, &["import", &folder, "--skip-bad"]).await;
    assert!(skipped.contains("places: 新增 4"), "{skipped}");
}
