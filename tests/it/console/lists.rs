//! Lists of cases: page after page, every filter, saved views.

use std::time::Duration;

use chrono::TimeDelta;
use entity::kinds::{CaseState, PlaceKind};
use entity::{case, place};
use linli::access::load_staff;
use linli::base::page::Slice;
use linli::case::search::{Wanted, list_within};
use linli::place::queries as places;
use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, ConnectionTrait, IntoActiveModel, Iterable, Statement};

use super::Desk;
use super::cases::three_cases;
use crate::harness::app::TestApp;

/// Copies of a case, each a minute younger.
async fn many(app: &TestApp, like: i64, count: i64) -> Vec<i64> {
    let model = app.case(like).await;
    let mut ids = Vec::new();
    for number in 0..count {
        let mut row = model.clone().into_active_model();
        row.id = sea_orm::ActiveValue::NotSet;
        row.text = Set(format!("第{number}件"));
        row.created_at = Set(app.now() - TimeDelta::days(40) + TimeDelta::minutes(number));
        ids.push(row.insert(app.store.write()).await.unwrap().id);
    }
    ids
}

fn numbers(body: &str) -> Vec<i64> {
    let pattern = regex::Regex::new("<th scope=\"row\"><a href=\"/console/cases/(\\d+)\"").unwrap();
    let found = pattern.captures_iter(body);
    found.map(|found| found[1].parse().unwrap()).collect()
}

/// Page after page to the end.
async fn walk(desk: &mut Desk<'_>, from: &str) -> Vec<i64> {
    let next = regex::Regex::new("rel=\"next\" href=\"([^\"]+)\"").unwrap();
    let mut seen = Vec::new();
    let mut path = from.to_owned();
    loop {
        let page = desk.open(&path).await;
        page.is(200);
        seen.extend(numbers(&page.body));
        match next.captures(&page.body) {
            Some(found) => path = found[1].replace("&amp;", "&").replace("&#38;", "&"),
            None => return seen,
        }
    }
}

/// Copies a case, then doubles the copies so many times in all: 1, 2, 4 …
async fn doubled(app: &TestApp, like: i64, times: u32) {
    let columns: Vec<String> = case::Column::iter()
        .filter(|column| !matches!(column, case::Column::Id | case::Column::Text))
        .map(|column| format!("\"{}\"", sea_orm::IdenStatic::as_str(&column)))
        .collect();
    let columns = columns.join(", ");
    let db = app.store.write();
    for round in 0..times {
        let only = if round == 0 {
            format!("id = {like}")
        } else {
            "text = '一样的'".to_owned()
        };
        let sql = format!(
            "INSERT INTO cases ({columns}, text) SELECT {columns}, '一样的' FROM cases WHERE {only}"
        );
        let statement = Statement::from_string(db.get_database_backend(), sql);
        db.execute_raw(statement).await.unwrap();
    }
}

/// A compound of another street.
async fn elsewhere(app: &TestApp) -> place::Model {
    let mut above = places::by_code(app.store.read(), "HC-XL")
        .await
        .unwrap()
        .unwrap();
    for (code, kind) in [("HC-XL-YS", PlaceKind::Street), ("YS", PlaceKind::Compound)] {
        let mut row = above.clone().into_active_model();
        row.id = sea_orm::ActiveValue::NotSet;
        row.code = Set(code.to_owned());
        row.kind = Set(kind);
        row.parent_id = Set(Some(above.id));
        let made = row.insert(app.store.write()).await.unwrap();
        let mut row = made.clone().into_active_model();
        row.path = Set(format!("{}{}/", above.path, made.id));
        if kind == PlaceKind::Compound {
            row.compound_id = Set(Some(made.id));
        }
        above = row.update(app.store.write()).await.unwrap();
    }
    above
}

#[tokio::test]
async fn what_nobody_has_is_not_hidden_by_that_of_others() {
    let app = TestApp::start().await;
    let [id, ..] = three_cases(&app).await;
    let there = elsewhere(&app).await;
    let mut row = app.case(id).await.into_active_model();
    row.id = sea_orm::ActiveValue::NotSet;
    row.state = Set(CaseState::Raised);
    row.holder_id = Set(None);
    row.organisation_id = Set(None);
    let own = row.clone();
    row.compound_id = Set(there.id);
    row.place_id = Set(there.id);
    let first = row.insert(app.store.write()).await.unwrap();
    // The older ones come first: more of them than are looked at.
    doubled(&app, first.id, 9).await;
    let own = own.insert(app.store.write()).await.unwrap();
    for (name, sees) in [
        ("冯涛", true),
        ("郑洪", true),
        ("沈立", true),
        ("周强", false),
    ] {
        let page = Desk::of(&app, name).await.open("/console/tasks").await;
        page.is(200);
        let link = |id: i64| format!("href=\"/console/cases/{id}\"");
        assert_eq!(page.body.contains(&link(own.id)), sees, "{name}");
        assert!(!page.body.contains(&link(first.id)), "{name}");
    }
}

#[tokio::test]
async fn what_lies_behind_a_look_is_found_by_whoever_may_see_it() {
    let app = TestApp::start().await;
    let [one, two, next_door] = three_cases(&app).await;
    // 8 192 of them; the first look goes through 8 000.
    doubled(&app, two, 14).await;
    for (name, lists) in [
        (
            "沈立",
            vec![("text=水管", one), ("place=GY/2&text=杂物", two)],
        ),
        (
            "冯涛",
            vec![("text=路灯", next_door), ("place=LY&text=路灯", next_door)],
        ),
        ("杨光", vec![("text=路灯", next_door)]),
        ("孙梅", vec![("text=水管", one)]),
    ] {
        let mut desk = Desk::of(&app, name).await;
        for (query, wanted) in lists {
            // On how many pages is a matter of how fast the machine is.
            let found = walk(&mut desk, &format!("/console/cases?state=all&{query}")).await;
            assert_eq!(found, [wanted], "{name} {query}");
        }
    }
}

#[tokio::test]
async fn a_page_is_looked_for_until_it_is_full_or_its_time_is_over() {
    let app = TestApp::start().await;
    let [one, two, _] = three_cases(&app).await;
    doubled(&app, two, 14).await;
    let db = app.store.read();
    let wanted = Wanted {
        text: Some("水管".to_owned()),
        ..Wanted::default()
    };
    let (none, hour) = (Duration::ZERO, Duration::from_secs(3_600));
    for name in ["沈立", "冯涛", "孙梅"] {
        let person = app.person(name).await.id;
        let actor = load_staff(db, person, app.now()).await.unwrap().unwrap();
        let first = Slice::first(30);
        let look = |slice, budget| list_within(db, &actor, &wanted, slice, app.now(), budget);
        // Without time it says that it has not come to the end, and goes on from there.
        let short = look(first, none).await.unwrap();
        assert!(short.items.is_empty() && short.cut_short, "{name}");
        let next = Slice::parse(short.next.as_deref(), Some(30)).unwrap();
        let rest = look(next, none).await.unwrap();
        let found: Vec<i64> = rest.items.iter().map(|found| found.case.id).collect();
        assert_eq!(found, [one], "{name}");
        assert!(!rest.cut_short && rest.next.is_none(), "{name}");
        let whole = look(first, hour).await.unwrap();
        let found: Vec<i64> = whole.items.iter().map(|found| found.case.id).collect();
        assert_eq!(found, [one], "{name}");
        assert!(!whole.cut_short && whole.next.is_none(), "{name}");
    }
}

/// Numbers of the cases of a file, and its last cell that is none.
fn taken(file: &str) -> (Vec<i64>, Option<String>) {
    let mut reader = csv::Reader::from_reader(file.as_bytes());
    let rows = reader.records().map(Result::unwrap);
    let (mut ids, mut end) = (Vec::new(), None);
    for row in rows {
        match row[0].parse() {
            Ok(id) => ids.push(id),
            Err(_) => end = Some(row[0].to_owned()),
        }
    }
    (ids, end)
}

#[tokio::test]
async fn a_list_is_taken_away_as_it_is_seen() {
    let app = TestApp::start().await;
    let [one, two, _] = three_cases(&app).await;
    let mut odd = app.case(two).await.into_active_model();
    odd.text = Set("=1+1,\"杂物\"".to_owned());
    odd.update(app.store.write()).await.unwrap();
    // More than a page.
    many(&app, one, 35).await;
    for name in ["孙梅", "周强", "沈立", "郑洪"] {
        let mut desk = Desk::of(&app, name).await;
        for query in [
            "state=all",
            "state=all&kind=complaint",
            "text=%E6%B0%B4%E7%AE%A1",
            "late=1",
        ] {
            let seen = walk(&mut desk, &format!("/console/cases?{query}")).await;
            let file = desk.open(&format!("/console/cases.csv?{query}")).await;
            let (ids, end) = taken(&file.is(200).body);
            assert_eq!((ids, end), (seen, None), "{name} {query}");
        }
    }
    let mut desk = Desk::of(&app, "沈立").await;
    let page = desk.open("/console/cases?state=all").await;
    page.says("href=\"/console/cases.csv?state=all\"")
        .says("href=\"/console/cases.xlsx?state=all\"");
    let file = desk.open("/console/cases.csv?state=all").await;
    file.says("编号,种类,内容,状态").says("'=1+1");
    let name = file.headers["content-disposition"].to_str().unwrap();
    assert!(
        name.contains("filename=\"cases-") && name.ends_with(".csv\""),
        "{name}"
    );
    let book = desk.open("/console/cases.xlsx?state=all").await;
    assert!(book.is(200).body.starts_with("PK"));
    // The page says what is wrong with a filter.
    desk.open("/console/cases.csv?state=nonsense")
        .await
        .is(303)
        .leads_to("/console/cases?state=nonsense");
    let mut stranger = Desk::stranger(&app);
    stranger.open("/console/cases.csv").await.is(303);
}

#[tokio::test]
async fn a_file_that_does_not_hold_all_says_so() {
    let app = TestApp::start().await;
    let [_, two, _] = three_cases(&app).await;
    doubled(&app, two, 15).await;
    let mut desk = Desk::of(&app, "沈立").await;
    for path in [
        "/console/cases.csv?state=all",
        "/console/figures/cases.csv?place=GY&figure=filed",
    ] {
        let file = desk.open(path).await;
        let (ids, end) = taken(&file.is(200).body);
        // Fewer where the machine is slow.
        assert!((1..=10_000).contains(&ids.len()), "{path}: {}", ids.len());
        assert!(ids.is_sorted_by(|one, next| one > next), "{path}");
        let says = format!("只列出最新的{}件", ids.len());
        assert!(end.is_some_and(|end| end.starts_with(&says)), "{path}");
    }
}

#[tokio::test]
async fn pages_follow_each_other_without_gap_or_repeat() {
    let app = TestApp::start().await;
    let [id, ..] = three_cases(&app).await;
    let all = many(&app, id, 70).await;
    for name in ["孙梅", "沈立", "郑洪"] {
        let mut desk = Desk::of(&app, name).await;
        let seen = walk(&mut desk, "/console/cases").await;
        let mut wanted: Vec<i64> = all.iter().rev().copied().collect();
        wanted.retain(|one| seen.contains(one));
        assert_eq!(wanted.len(), all.len(), "{name} misses some");
        let mut sorted = seen.clone();
        sorted.sort_unstable_by(|one, other| other.cmp(one));
        sorted.dedup();
        assert_eq!(seen, sorted, "{name}");
    }
}

#[tokio::test]
async fn every_filter_narrows_and_a_bad_one_is_explained() {
    let app = TestApp::start().await;
    let ids = three_cases(&app).await;
    let old = many(&app, ids[0], 1).await[0];
    let mut desk = Desk::of(&app, "郑洪").await;
    let today = (app.now() + TimeDelta::hours(8))
        .format("%Y-%m-%d")
        .to_string();
    let month_ago = (app.now() - TimeDelta::days(39)).format("%Y-%m-%d");
    let [one, two, next_door] = ids;
    for (query, wanted) in [
        (String::new(), vec![old, next_door, two, one]),
        ("kind=complaint".to_owned(), vec![two]),
        ("state=finished".to_owned(), vec![]),
        (
            "state=assigned&kind=repair".to_owned(),
            vec![old, next_door, one],
        ),
        ("category=water".to_owned(), vec![old, one]),
        ("level=street".to_owned(), vec![]),
        ("place=GY".to_owned(), vec![old, two, one]),
        ("place=GY/2".to_owned(), vec![two]),
        ("place=gy/1-1-101".to_owned(), vec![old, one]),
        ("place=HC-XL-CD".to_owned(), vec![old, next_door, two, one]),
        ("holder=孙梅".to_owned(), vec![old, one]),
        ("holder=无人".to_owned(), vec![]),
        ("holder=我".to_owned(), vec![]),
        ("text=杂物".to_owned(), vec![two]),
        ("text=雜物".to_owned(), vec![two]),
        ("text=%25".to_owned(), vec![]),
        (format!("from={today}"), vec![next_door, two, one]),
        (format!("until={month_ago}"), vec![old]),
        ("until=2020-01-01".to_owned(), vec![]),
        ("from=2100-01-01".to_owned(), vec![]),
    ] {
        let page = desk.open(&format!("/console/cases?{query}")).await;
        page.is(200);
        assert_eq!(numbers(&page.body), wanted, "{query}");
    }
    let none = desk.open("/console/cases?late=1").await;
    assert_eq!(numbers(&none.body), Vec::<i64>::new());
    let mut late = app.case(two).await.into_active_model();
    late.finish_late = Set(true);
    late.update(app.store.write()).await.unwrap();
    let some = desk.open("/console/cases?late=1").await;
    assert_eq!(numbers(&some.body), [two]);
    for (query, words) in [
        ("state=nonsense", "没有这个状态"),
        ("place=XX/9", "没有找到这个地点"),
        ("holder=诸葛亮", "没有这个办理人"),
        ("from=yesterday", "日期写成"),
        ("kind='%20OR%201=1", "没有这一项"),
        ("category=x", "没有这个类别"),
    ] {
        desk.open(&format!("/console/cases?{query}"))
            .await
            .is(200)
            .says(words);
    }
    // A place next door is not there for whoever has nothing to do with it.
    let mut steward = Desk::of(&app, "孙梅").await;
    for place in ["LY/9", "LY"] {
        steward
            .open(&format!("/console/cases?place={place}"))
            .await
            .says("没有找到这个地点");
    }
    let page = steward.open("/console/cases?place=GY").await;
    assert_eq!(numbers(&page.body), [old, one]);
}

#[tokio::test]
async fn a_view_is_saved_used_renamed_over_and_removed_by_its_owner() {
    let app = TestApp::start().await;
    three_cases(&app).await;
    let mut desk = Desk::of(&app, "沈立").await;
    let list = "/console/cases";
    let fields = [
        ("view", "投诉<b>"),
        ("kind", "complaint"),
        ("text", "楼道 & 水"),
    ];
    desk.send(list, "/console/views", &fields).await.is(303);
    let page = desk.open(list).await;
    page.says("投诉&#60;b&#62;")
        .says("kind=complaint&#38;text=%E6%A5%BC%E9%81%93%20%26%20%E6%B0%B4");
    let again = [("view", "投诉<b>"), ("kind", "repair")];
    desk.send(list, "/console/views", &again).await.is(303);
    let page = desk.open(list).await;
    assert!(
        !page.body.contains("kind=complaint&#38;text"),
        "{}",
        page.body
    );
    desk.send(list, "/console/views", &[("view", " ")])
        .await
        .is(422);
    let pattern = regex::Regex::new("/console/views/(\\d+)/remove").unwrap();
    let remove = pattern.captures(&page.body).unwrap()[0].to_owned();
    let mut other = Desk::of(&app, "卫东").await;
    assert!(!other.open(list).await.body.contains("投诉&#60;"));
    other.send(list, &remove, &[]).await.is(404);
    desk.send(list, &remove, &[]).await.is(303);
    desk.send(list, &remove, &[]).await.is(404);
}
