//! What is refused, what is not there for others, and what is typed in other ways.

use serde_json::json;

use super::{all, daily, make, today};
use crate::console::Desk;
use crate::harness::app::TestApp;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_31st_is_the_last_day_and_what_cannot_be_is_refused_with_its_field() {
    let app = TestApp::start().await;
    let chair = app.staff("卫东").await;
    let api = app.api(&chair).await;
    let mut body = daily(&app, "锁大门", &["21:30"]);
    body["rule"] = json!({
        "kind": "monthly", "day": 31, "from": "2027-02-01", "times": ["21:30"],
    });
    let made = api.post_once("/timetables", "t-1", &body).await;
    assert_eq!(made.status, 201, "{made:?}");
    assert_eq!(made.json["next_at"], json!("2027-02-28T21:30:00+08:00"));
    assert_eq!(made.json["when"], json!("每月31日 21:30"));
    let again = api.post_once("/timetables", "t-1", &body).await;
    assert_eq!(again.json, made.json);
    assert_eq!(all(&app).await.len(), 1);
    let day = today(&app).to_string();
    for (field, rule) in [
        (
            "times",
            json!({ "kind": "daily", "from": day, "times": [] }),
        ),
        (
            "times",
            json!({ "kind": "daily", "from": day, "times": ["05:00"] }),
        ),
        (
            "times",
            json!({ "kind": "daily", "from": day, "times": ["七点"] }),
        ),
        (
            "every",
            json!({ "kind": "daily", "every": 0, "from": day, "times": ["07:00"] }),
        ),
        (
            "on",
            json!({ "kind": "weekly", "from": day, "times": ["07:00"] }),
        ),
        (
            "day",
            json!({ "kind": "monthly", "day": 32, "from": day, "times": ["07:00"] }),
        ),
        (
            "nth",
            json!({ "kind": "monthly_nth", "nth": 5, "weekday": 1, "from": day, "times": ["07:00"] }),
        ),
        (
            "kind",
            json!({ "kind": "hourly", "from": day, "times": ["07:00"] }),
        ),
        (
            "until",
            json!({ "kind": "daily", "from": "2026-01-01", "until": "2026-01-02", "times": ["07:00"] }),
        ),
    ] {
        body["rule"] = rule;
        let answer = api.post("/timetables", &body).await;
        assert_eq!(answer.status, 422, "{field}: {answer:?}");
        assert_eq!(
            answer.json["errors"][0]["field"],
            json!(field),
            "{answer:?}"
        );
    }
    let mut phone = daily(&app, "找老王13912345678", &["07:00"]);
    assert_eq!(api.post("/timetables", &phone).await.status, 422);
    phone["title"] = json!("x".repeat(21));
    assert_eq!(api.post("/timetables", &phone).await.status, 422);
    // The form says it beside the field, and keeps what was typed.
    let mut desk = Desk::of(&app, "卫东").await;
    let page = "/console/timetables/new";
    let form = [
        ("place", "GY"),
        ("title", "抄水表"),
        ("kind", "weekly"),
        ("every", "1"),
        ("times", "8点"),
        ("from", day.as_str()),
    ];
    let wrong = desk.send(page, page, &form).await;
    wrong.is(422).says("抄水表").says("times-wrong").says("8点");
    assert_eq!(all(&app).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn next_door_and_for_whoever_may_not_it_is_not_there() {
    let app = TestApp::start().await;
    let chair = app.staff("卫东").await;
    let steward = app.steward("1栋").await;
    let api = app.api(&chair).await;
    let id = make(&api, &daily(&app, "厨余垃圾", &["12:00"])).await;
    let han = app.staff("杨光").await;
    let gone = han.says(&format!("订阅日程 {id}")).await;
    assert!(gone.contains("没有找到日程"), "{gone}");
    let theirs = app.api(&han).await;
    assert_eq!(theirs.get(&format!("/timetables/{id}")).await.status, 404);
    let on = json!({ "on": true });
    let path = format!("/timetables/{id}/subscription");
    assert_eq!(theirs.post(&path, &on).await.status, 404);
    let made = theirs
        .post("/timetables", &daily(&app, "别处", &["12:00"]))
        .await;
    assert_eq!(made.status, 404, "{made:?}");
    // A steward is told like a resident, and changes nothing.
    let own = app.api(&steward).await;
    assert_eq!(own.post(&path, &on).await.json["subscribed"], json!(true));
    let stop = json!({ "version": 1, "active": false });
    let state = format!("/timetables/{id}/state");
    assert_eq!(own.post(&state, &stop).await.status, 404);
    let page = own.get("/timetables?limit=1").await;
    assert_eq!(
        page.json["items"][0]["id"],
        json!(id.to_string()),
        "{page:?}"
    );
    let off = own.post(&path, &json!({ "on": false })).await;
    assert_eq!(off.json["subscribed"], json!(false), "{off:?}");
    assert_eq!(own.post(&path, &json!({ "on": false })).await.status, 404);
    let newcomer = app.newcomer("o-new").await;
    let bind = newcomer.says("日程").await;
    assert!(bind.contains("请先绑定房号"), "{bind}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_found_behind_the_word_for_all_pushes_and_a_complaint_is_not_swallowed() {
    let app = TestApp::start().await;
    let chair = app.staff("卫东").await;
    let api = app.api(&chair).await;
    let id = make(&api, &daily(&app, "厨余垃圾投放", &["12:00"])).await;
    app.steward("1栋").await;
    let zhang = app.resident("张秀英").await;
    let asked = zhang.says("订阅 垃圾").await;
    assert!(asked.contains("1 要收“厨余垃圾投放”"), "{asked}");
    let on = zhang.says("1").await;
    assert!(on.contains("会提醒您"), "{on}");
    let off = zhang.says("退订 垃圾").await;
    assert!(off.contains("不再收"), "{off}");
    zhang.says("1").await;
    let twice = zhang.says(&format!("退订日程 {id}")).await;
    assert!(twice.contains("不用退订"), "{twice}");
    let unknown = zhang.says("订阅 天气").await;
    assert!(
        unknown.contains("没有这一类提醒") && unknown.contains("日程"),
        "{unknown}"
    );
    let offered = zhang.says("日程表贴的时间是错的没人改").await;
    assert!(offered.contains("1 报修  2 投诉"), "{offered}");
    let filed = zhang.says("2").await;
    assert!(filed.contains("诉求 #"), "{filed}");
    assert!(zhang.case().await.text.contains("日程表贴的时间"), "whole");
}
