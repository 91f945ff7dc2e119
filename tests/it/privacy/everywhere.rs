//! Every column of every table that can hold words: what becomes of it when somebody has their data erased,
//! and whether a copy holds it.

mod columns;
mod rows;

use std::collections::BTreeSet;

use migration::{Migrator, MigratorTrait};
use sea_orm::{ConnectionTrait, Database, Statement};

use columns::{BY_VALUE, Fate, NOTHING, PERSONAL};
use rows::{Keys, fill, number, run};

use super::{by_id, erases, link_in, where_stands};
use crate::harness::app::TestApp;
use crate::harness::pictures::jpeg;

const NAME: &str = "张秀英";
const PHONE: &str = "13800000101";

/// All columns that can hold words, `table.column`: texts without a length, or with room for a sentence.
async fn wordy() -> BTreeSet<String> {
    let db = Database::connect("sqlite::memory:").await.unwrap();
    Migrator::up(&db, None).await.unwrap();
    let all = "SELECT m.name AS t, p.name AS c, lower(p.type) AS k FROM sqlite_master m, pragma_table_info(m.name) p \
        WHERE m.type = 'table' AND m.name NOT LIKE 'seaql%' AND m.name NOT LIKE 'sqlite%'";
    let rows = db
        .query_all_raw(Statement::from_string(db.get_database_backend(), all))
        .await
        .unwrap();
    let mut found = BTreeSet::new();
    for row in rows {
        let read = |name| row.try_get::<String>("", name).unwrap();
        let kind = read("k");
        let length = kind
            .strip_prefix("varchar(")
            .and_then(|rest| rest.strip_suffix(')'));
        let is_word_of_ours = length.is_some_and(|length| length.parse::<u32>().unwrap() <= 32);
        let holds_words =
            kind.starts_with("text") || kind.starts_with("varchar") || kind.starts_with("json");
        if holds_words && !is_word_of_ours {
            found.insert(format!("{}.{}", read("t"), read("c")));
        }
    }
    found
}

#[tokio::test]
async fn of_every_column_that_can_hold_words_it_is_said_what_becomes_of_it() {
    let wordy = wordy().await;
    assert!(wordy.len() > 100, "the columns were not found: {wordy:?}");
    let personal = PERSONAL
        .iter()
        .map(|(table, column, ..)| format!("{table}.{column}"));
    let others = NOTHING
        .iter()
        .chain(BY_VALUE)
        .map(|name| (*name).to_owned());
    let said: BTreeSet<String> = personal.chain(others).collect();
    let forgotten: Vec<&String> = wordy.difference(&said).collect();
    assert!(
        forgotten.is_empty(),
        "say what an erasure does to {forgotten:?}"
    );
    let gone: Vec<&String> = said.difference(&wordy).collect();
    assert!(gone.is_empty(), "no such columns: {gone:?}");
}

/// The words that a column is filled with.
fn mark(table: &str, column: &str) -> String {
    format!("〖{table}.{column}〗{NAME}{PHONE}")
}

/// Writes the marks.
async fn write_marks(app: &TestApp, keys: &Keys) {
    for (table, column, whose, ..) in PERSONAL {
        let words = mark(table, column);
        let words = match *column {
            "dialog" => format!("{{\"more\":\"{words}\"}}"),
            _ => words,
        };
        let sql = format!(
            "UPDATE \"{table}\" SET \"{column}\" = '{words}' WHERE {}",
            keys.put(whose)
        );
        assert!(run(app, &sql).await > 0, "no row for {table}.{column}");
    }
}

async fn counts(app: &TestApp) -> Vec<i64> {
    let mut found = Vec::new();
    for table in [
        "cases",
        "case_event",
        "case_joiner",
        "case_helper",
        "mediation",
        "mediation_event",
        "residency",
        "consent",
        "wish",
        "wish_step",
        "offer",
        "offer_step",
        "donation",
        "donation_step",
        "talent",
        "help_request",
        "volunteer",
        "volunteer_service",
        "station_loan",
        "station_booking",
        "station_deposit",
        "station_served",
        "station_step",
    ] {
        found.push(number(app, &format!("SELECT COUNT(*) AS n FROM \"{table}\"")).await);
    }
    found
}

/// What a copy says, all of it.
pub(super) async fn copy_of(zhang: &crate::harness::people::Person<'_>) -> String {
    copied(zhang).await.0
}

/// The data, and what files there are.
pub(super) async fn copied(zhang: &crate::harness::people::Person<'_>) -> (String, Vec<String>) {
    zhang.says("导出我的数据").await;
    let told = zhang.expects_push("已备好").await;
    let file = reqwest::get(format!("{}/data.zip", link_in(&told)))
        .await
        .unwrap();
    let bytes = file.bytes().await.unwrap().to_vec();
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
    let mut data = String::new();
    std::io::Read::read_to_string(&mut zip.by_name("data.json").unwrap(), &mut data).unwrap();
    (
        data,
        zip.file_names()
            .map(|name| name.unwrap().into_owned())
            .collect(),
    )
}

#[tokio::test]
async fn nothing_of_somebody_is_left_in_any_column_and_a_copy_holds_what_is_theirs() {
    let app = TestApp::start().await;
    let steward = app.steward("1栋").await;
    let (zhang, li) = (app.resident(NAME).await, app.resident("李建国").await);
    let person = app.person(NAME).await;
    zhang.sends_photo(jpeg(6)).await;
    zhang.says("报修 1栋大厅漏水").await;
    let over = zhang.case().await.id;
    for words in [
        format!("接单 {over}"),
        format!("方案 {over} 换管"),
        format!("办结 {over} 好了"),
    ] {
        steward.says(&words).await;
    }
    zhang.says(&format!("评价 {over} 5 很好")).await;
    zhang.says("投诉 楼上太吵").await;
    li.says("纠纷 门口堆杂物").await;
    zhang.says("退订 1").await;
    app.drain().await;
    let keys = Keys {
        person: person.id,
        account: zhang.account().await.id,
        steward: steward.account().await.id,
        over,
        other: li.case().await.id,
    };
    fill(&app, &keys).await;
    write_marks(&app, &keys).await;
    let data = copy_of(&zhang).await;
    for (table, column, _, _, copied) in PERSONAL {
        assert_eq!(
            data.contains(&format!("〖{table}.{column}〗")),
            *copied,
            "{table}.{column} in a copy"
        );
    }
    let house = &app.instances[0].app;
    let words = [
        NAME.to_owned(),
        PHONE.to_owned(),
        house.seal.index(PHONE),
        person.phone_sealed.unwrap(),
        zhang.open_id.clone(),
    ];
    let before = where_stands(&app, &words).await;
    assert!(
        before.len() >= PERSONAL.len(),
        "the search finds too little: {before:?}"
    );
    let had = counts(&app).await;

    let done = erases(&zhang).await;
    assert!(done.contains("已注销"), "{done}");
    app.advance(2).await;
    let left = where_stands(&app, &words).await;
    assert!(left.is_empty(), "{left:#?}");
    let mut wrong = Vec::new();
    for (table, column, _, fate, _) in PERSONAL {
        let sql = format!(
            "SELECT COUNT(*) AS n FROM \"{table}\" WHERE CAST(\"{column}\" AS TEXT) LIKE '%〖{table}.{column}〗%'"
        );
        let count = number(&app, &sql).await;
        if (count == 0) != (*fate == Fate::Gone) {
            wrong.push(format!("{table}.{column}: {count} left"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(counts(&app).await, had, "what others answer for is kept");
    assert!(by_id(&app, keys.person).await.erased_at.is_some());
}
