//! On which days it rings: the end of a short month, rules of every kind over the API and in the console, days that are
//! left out, and the last one.

use chrono::{Datelike, NaiveDate, TimeDelta, Weekday};
use linli::base::clock::begin_of;
use linli::base::month::Month;
use serde_json::{Value, json};

use super::{NOON, all, daily, evening, make, today, told, until};
use crate::console::Desk;
use crate::harness::app::TestApp;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_the_31st_it_rings_on_the_28th_of_february_and_then_on_the_31st_of_march() {
    let app = evening(TestApp::start().await).await;
    let chair = app.staff("卫东").await;
    let zhang = app.resident("张秀英").await;
    let api = app.api(&chair).await;
    let mut year = today(&app).year() + 1;
    while Month::new(year, 2).unwrap().days() != 28 {
        year += 1;
    }
    let day = |month: u32, day: u32| NaiveDate::from_ymd_opt(year, month, day).unwrap();
    let mut body = daily(&app, "锁大门", &[]);
    body["rule"] = json!({
        "kind": "monthly", "day": 31, "from": day(2, 1).to_string(), "times": ["21:30"],
    });
    let id = make(&api, &body).await;
    zhang.says(&format!("订阅日程 {id}")).await;
    let evening = 21 * 60 + 30;
    let wait = (day(2, 27) - today(&app)).num_days();
    until(&app, wait.try_into().unwrap(), evening).await;
    assert!(told(&zhang).is_empty(), "{:?}", zhang.pushes());
    // Who writes can be written to.
    zhang.says("菜单").await;
    until(&app, 1, evening).await;
    zhang.expects_push("锁大门").await;
    assert_eq!(told(&zhang).len(), 1);
    let end = begin_of(day(3, 31)) + TimeDelta::minutes(evening);
    assert_eq!(all(&app).await[0].next_at, Some(end));
    until(&app, 30, evening).await;
    zhang.says("菜单").await;
    assert_eq!(told(&zhang).len(), 1, "the 30th is no end of March");
    until(&app, 1, evening).await;
    zhang.expects_push("锁大门").await;
    assert_eq!(told(&zhang).len(), 2);
}

/// Rules of every kind, each with how it is said and its first day: all of it lies ahead.
fn rules(app: &TestApp) -> Vec<(Value, String, NaiveDate)> {
    let today = today(app);
    let since = i64::from(today.weekday().num_days_from_monday());
    // It and the week before it lie ahead, whatever today is.
    let monday = today + TimeDelta::days(14 - since);
    let later = |days: i64| monday + TimeDelta::days(days);
    let january = NaiveDate::from_ymd_opt(today.year() + 1, 1, 1).unwrap();
    let next = Month::of(today).next();
    let mut friday = next.last();
    while friday.weekday() != Weekday::Fri {
        friday -= TimeDelta::days(1);
    }
    let until = later(7).format("%Y年%-m月%-d日");
    vec![
        (
            json!({ "kind": "weekly", "on": [3, 1], "from": monday }),
            "每周一、周三 07:00".to_owned(),
            monday,
        ),
        (
            json!({ "kind": "weekly", "on": [1], "every": 2, "from": later(-7), "except": [later(-7)] }),
            "每2周的周一 07:00".to_owned(),
            later(7),
        ),
        (
            json!({ "kind": "daily", "every": 3, "from": monday, "except": [monday] }),
            "每3天 07:00".to_owned(),
            later(3),
        ),
        (
            json!({ "kind": "monthly", "day": 31, "every": 2, "from": january, "except": [january + TimeDelta::days(30)] }),
            "每2个月的31日 07:00".to_owned(),
            NaiveDate::from_ymd_opt(january.year(), 3, 31).unwrap(),
        ),
        (
            json!({ "kind": "monthly_nth", "nth": -1, "weekday": 5, "from": next.first() }),
            "每月最后一个周五 07:00".to_owned(),
            friday,
        ),
        (
            json!({ "kind": "weekly", "on": [1], "from": monday, "until": later(7) }),
            format!("每周一 07:00，到{until}为止"),
            monday,
        ),
    ]
}

/// The form of the console for the same rule.
fn form(rule: &Value) -> Vec<(&'static str, String)> {
    let mut fields = vec![
        ("place", "GY".to_owned()),
        ("title", "抄水表".to_owned()),
        ("times", "7:00".to_owned()),
    ];
    let texts = |value: &Value| -> Vec<String> {
        let all = value.as_array().cloned().unwrap_or_default();
        let said = all.iter().map(|one| match one.as_str() {
            Some(text) => text.to_owned(),
            None => one.to_string(),
        });
        said.collect()
    };
    for field in ["kind", "from", "until"] {
        let typed = rule[field].as_str().unwrap_or_default();
        fields.push((field, typed.to_owned()));
    }
    for field in ["day", "nth", "weekday", "every"] {
        let typed = rule[field].as_i64().map(|number| number.to_string());
        let usual = if field == "every" { "1" } else { "" };
        fields.push((field, typed.unwrap_or_else(|| usual.to_owned())));
    }
    fields.push(("except", texts(&rule["except"]).join("，")));
    fields.extend(texts(&rule["on"]).into_iter().map(|day| ("on", day)));
    fields
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rules_of_every_kind_are_made_over_the_api_and_in_the_console_alike() {
    let app = evening(TestApp::start().await).await;
    let chair = app.staff("卫东").await;
    let api = app.api(&chair).await;
    let mut desk = Desk::of(&app, "卫东").await;
    let page = "/console/timetables/new";
    for (mut rule, when, first) in rules(&app) {
        let fields = form(&rule);
        let fields: Vec<(&str, &str)> = fields
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        desk.send(page, page, &fields).await.is(303);
        rule["times"] = json!(["07:00"]);
        let body = json!({ "place": "GY", "title": "抄水表", "rule": rule });
        let made = api.post("/timetables", &body).await;
        assert_eq!(made.status, 201, "{body}: {made:?}");
        assert_eq!(made.json["when"], json!(when), "{body}");
        let next = format!("{first}T07:00:00+08:00");
        assert_eq!(made.json["next_at"], json!(next), "{body}");
        let rows = all(&app).await;
        let [typed, sent] = &rows[rows.len() - 2..] else {
            panic!("two were made");
        };
        assert_eq!((&typed.rule, typed.next_at), (&sent.rule, sent.next_at));
        desk.open("/console/timetables").await.says(&when);
    }
    // The form of a stored one has what was stored.
    let last_friday = all(&app).await[8].id;
    desk.open(&format!("/console/timetables/{last_friday}"))
        .await
        .says("value=\"monthly_nth\" selected")
        .says("value=\"-1\" selected");
    // What never comes is none.
    let monday = rules(&app)[0].2;
    let rule = json!({
        "kind": "weekly", "on": [1], "from": monday, "until": monday, "except": [monday], "times": ["07:00"],
    });
    let body = json!({ "place": "GY", "title": "抄水表", "rule": rule });
    let never = api.post("/timetables", &body).await;
    assert_eq!(never.status, 422, "{never:?}");
    assert_eq!(never.json["errors"][0]["field"], json!("until"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_day_that_is_left_out_is_silent_and_so_is_all_behind_the_last_one() {
    let app = evening(TestApp::start().await).await;
    let chair = app.staff("卫东").await;
    let zhang = app.resident("张秀英").await;
    let api = app.api(&chair).await;
    let day = today(&app);
    let mut body = daily(&app, "厨余垃圾", &["12:00"]);
    body["rule"]["except"] = json!([day + TimeDelta::days(1)]);
    body["rule"]["until"] = json!(day + TimeDelta::days(2));
    let id = make(&api, &body).await;
    zhang.says(&format!("订阅日程 {id}")).await;
    until(&app, 1, NOON).await;
    assert!(told(&zhang).is_empty(), "{:?}", zhang.pushes());
    zhang.says("菜单").await;
    until(&app, 1, NOON).await;
    zhang.expects_push("厨余垃圾").await;
    assert_eq!(all(&app).await[0].next_at, None, "its last day is over");
    zhang.says("菜单").await;
    until(&app, 1, NOON).await;
    assert_eq!(told(&zhang).len(), 1);
}
