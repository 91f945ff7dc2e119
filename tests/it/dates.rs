//! Years that nobody means, wherever a date comes in over the mini-program or a form: refused beside the field, on both
//! databases. Those of stations are with the stations.

use chrono::TimeDelta;
use entity::{activity, agreement, organisation, volunteer_task};
use sea_orm::{EntityTrait, PaginatorTrait, QueryFilter};
use serde_json::{Value, json};

use crate::activity::{body, starts};
use crate::console::Desk;
use crate::giving::{MANAGER, cash, drives, open_drive, uses};
use crate::harness::app::TestApp;

/// Days that nobody means.
const DAYS: [&str; 5] = [
    "-4800-01-01",
    "0001-01-01",
    "1999-12-31",
    "2200-01-01",
    "+262142-12-31",
];
/// What a page says beside one.
const SAYS: &str = "年份请写2000到2199之间";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn activities_and_tasks_are_of_years_that_people_mean() {
    let app = TestApp::start().await;
    let chair = app.staff("卫东").await;
    let api = app.api(&chair).await;
    let good = body(starts(&app), Some(5));
    let task: Value = json!({
        "place": "GY", "title": "楼道大扫除", "venue": "1栋门口", "wanted": 2,
        "starts_at": good["starts_at"], "ends_at": good["ends_at"],
    });
    for day in DAYS {
        let bad = json!(format!("{day}T10:00:00Z"));
        for (path, good, fields) in [
            (
                "/activities",
                &good,
                &["starts_at", "ends_at", "closes_at"][..],
            ),
            ("/volunteer-tasks", &task, &["starts_at", "ends_at"][..]),
        ] {
            for field in fields {
                let mut wrong = good.clone();
                wrong[*field] = bad.clone();
                let answer = api.post(path, &wrong).await;
                let named = &answer.json["errors"][0]["field"];
                assert_eq!((answer.status, named), (422, &json!(field)), "{answer:?}");
            }
        }
    }
    let db = app.store.read();
    assert_eq!(activity::Entity::find().count(db).await.unwrap(), 0);
    assert_eq!(volunteer_task::Entity::find().count(db).await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn drives_and_what_was_given_for_them_are_of_years_that_people_mean() {
    let app = TestApp::start().await;
    let manager = app.staff(MANAGER).await;
    let api = app.api(&manager).await;
    let mut desk = Desk::of(&app, MANAGER).await;
    let key = open_drive(&mut desk, "给独居老人添冬衣", "").await;
    let page = format!("/console/giving/{key}");
    cash(&mut desk, &key.to_string(), "100").await;
    let new = "/console/giving/new";
    for day in DAYS {
        for (field, from, to) in [("from", day, "2026-12-31"), ("to", "2026-12-01", day)] {
            let draft = json!({
                "compound": "GY", "title": "给孩子添书", "text": "给孩子们买书", "from": from, "to": to,
            });
            let answer = api.post("/drives", &draft).await;
            let named = &answer.json["errors"][0]["field"];
            assert_eq!((answer.status, named), (422, &json!(field)), "{answer:?}");
        }
        let fields = [
            ("compound", "GY"),
            ("title", "给孩子添书"),
            ("text", "给孩子们买书"),
            ("from", day),
            ("to", ""),
        ];
        desk.send(new, new, &fields).await.is(422).says(SAYS);
        let form = desk.open(&page).await;
        let (csrf, mark) = (form.hidden("csrf"), form.hidden("mark"));
        let fields = [
            ("compound", "GY"),
            ("kind", "money"),
            ("mark", mark.as_str()),
            ("expense", "1"),
            ("amount", "1"),
            ("what", "给12位老人买棉被"),
            ("day", day),
        ];
        let answer = desk.send_with(&csrf, &format!("{page}/use"), &fields).await;
        answer.is(422).says(SAYS);
    }
    assert_eq!((drives(&app).await.len(), uses(&app).await.len()), (1, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn agreements_are_of_years_that_people_mean() {
    let app = TestApp::start().await;
    let mut desk = Desk::of(&app, "卫东").await;
    let company = organisation::Entity::find()
        .filter(organisation::COLUMN.code.eq("WY"))
        .one(app.store.read())
        .await;
    let company = company.unwrap().unwrap().id.to_string();
    let (page, record) = ("/console/agreements", "/console/agreements/record");
    let near = (app.now() + TimeDelta::days(30)).date_naive().to_string();
    for day in DAYS {
        for (from, to) in [(day, near.as_str()), (near.as_str(), day), (day, day)] {
            let fields = [
                ("compound", "GY"),
                ("organisation", company.as_str()),
                ("from", from),
                ("to", to),
            ];
            desk.send(page, record, &fields).await.is(422).says(SAYS);
        }
    }
    let stored = agreement::Entity::find().count(app.store.read()).await;
    assert_eq!(stored.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lists_of_the_console_look_for_no_day_that_nobody_means() {
    let app = TestApp::start().await;
    let mut desk = Desk::of(&app, "卫东").await;
    for page in ["/console/payments", "/console/cases"] {
        for day in DAYS {
            let day = day.replace('+', "%2B");
            let opened = desk.open(&format!("{page}?from={day}")).await;
            opened.says("日期写成");
        }
    }
}
