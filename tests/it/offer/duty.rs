//! Agreements: put on record, their duty of the year called to mind once a month; and alliances with what their
//! members did.

use entity::{agreement, alliance_record, organisation, reminder};
use linli::agreement::remind::WORKS;
use linli::base::clock::begin_of;
use linli::reminder::schedule::run_slot;
use sea_orm::{EntityTrait, QueryFilter};
use serde_json::json;

use super::{day, unit, until};
use crate::console::Desk;
use crate::harness::app::TestApp;

const PAGE: &str = "/console/agreements";

/// Who is told by reminders of this kind.
async fn told(app: &TestApp, kind: &str) -> Vec<i64> {
    let rows = reminder::Entity::find()
        .filter(reminder::COLUMN.kind.eq(kind))
        .all(app.store.read())
        .await;
    let mut people: Vec<i64> = rows
        .unwrap()
        .iter()
        .map(|row| row.recipient_id.unwrap())
        .collect();
    people.sort_unstable();
    people
}

async fn company(app: &TestApp) -> String {
    let found = organisation::Entity::find()
        .filter(organisation::COLUMN.code.eq("WY"))
        .one(app.store.read())
        .await;
    found.unwrap().unwrap().id.to_string()
}

async fn agree(app: &TestApp, desk: &mut Desk<'_>, organisation: &str) {
    let (from, to) = (day(app, 0).to_string(), day(app, 1_200).to_string());
    let fields = [
        ("compound", "GY"),
        ("organisation", organisation),
        ("from", from.as_str()),
        ("to", to.as_str()),
    ];
    desk.send(PAGE, "/console/agreements/record", &fields)
        .await
        .is(303);
    // These days are taken.
    let again = desk.send(PAGE, "/console/agreements/record", &fields).await;
    again.is(409).says("已有共建协议");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_duty_of_the_year_is_called_to_mind_once_a_month_until_it_is_kept() {
    let app = TestApp::start().await;
    let manager = app.staff("沈立").await;
    let mut desk = Desk::of(&app, "卫东").await;
    agree(&app, &mut desk, &company(&app).await).await;
    desk.open(PAGE).await.says("还没有认领项目的：<b>1</b> 家");
    let work = &WORKS[0];
    let year = chrono::Datelike::year(&day(&app, 0)) + 1;
    let march = format!("{year}-03-02").parse().unwrap();
    until(&app, march, 9).await;
    manager.says("菜单").await;
    for _ in 0..2 {
        run_slot(&app.store, work, app.now()).await.unwrap();
    }
    let speak = told(&app, "agreement.duty").await;
    let mut wanted = vec![app.called("沈立").await.id, app.called("蒋平").await.id];
    wanted.sort_unstable();
    assert_eq!(speak, wanted);
    until(&app, march, 10).await;
    let push = manager.expects_push("今年还没有认领").await;
    assert!(push.contains("桂园物业服务公司"), "{push}");
    // Another day of the month, and a month of which nothing is said.
    for text in [format!("{year}-03-20"), format!("{year}-05-02")] {
        let at = begin_of(text.parse().unwrap());
        run_slot(&app.store, work, at).await.unwrap();
    }
    assert_eq!(told(&app, "agreement.duty").await, wanted);
    assert_eq!(told(&app, "agreement.unclaimed").await, [0_i64; 0]);
    // In December whoever keeps the agreements, too; where something was taken on, nobody.
    let due = day(&app, 90);
    let reply = manager.says(&format!("发服务 {due} 更换3栋门禁")).await;
    assert!(reply.contains("已公布"), "{reply}");
    let late = |year: i32| begin_of(format!("{year}-12-02").parse().unwrap());
    run_slot(&app.store, work, late(year)).await.unwrap();
    assert_eq!(told(&app, "agreement.duty").await, wanted);
    run_slot(&app.store, work, late(year + 1)).await.unwrap();
    assert_eq!(told(&app, "agreement.duty").await.len(), 4);
    let keeper = app.called("卫东").await.id;
    assert_eq!(told(&app, "agreement.unclaimed").await, [keeper]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agreement_is_kept_by_whoever_may_and_ended_once() {
    let app = TestApp::start().await;
    let mut desk = Desk::of(&app, "卫东").await;
    agree(&app, &mut desk, &company(&app).await).await;
    let row = agreement::Entity::find().one(app.store.read()).await;
    let id = row.unwrap().unwrap().id;
    let wrong = [
        ("compound", "GY"),
        ("organisation", "999999"),
        ("from", "2030-02-30"),
        ("to", "2029-01-01"),
    ];
    let page = desk.send(PAGE, "/console/agreements/record", &wrong).await;
    page.is(422).says("日期写成");
    let mut manager = Desk::of(&app, "沈立").await;
    manager.open(PAGE).await.is(403);
    let csrf = manager.open("/console/lists").await.hidden("csrf");
    let path = format!("/console/agreements/{id}/end");
    let denied = manager.send_with(&csrf, &path, &[("compound", "GY")]).await;
    denied.is(403);
    until(&app, day(&app, 3), 9).await;
    let mut desk = Desk::of(&app, "卫东").await;
    desk.send(PAGE, &path, &[("compound", "GY")]).await.is(303);
    let twice = desk.send(PAGE, &path, &[("compound", "GY")]).await;
    twice.is(409).says("已经到期");
    let zhang = app.resident("张秀英").await;
    let none = zhang.says("共建").await;
    assert!(none.contains("还没有共建单位"), "{none}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_alliance_has_members_and_what_they_did_and_everybody_reads_it() {
    let app = TestApp::start().await;
    let school = unit(&app, "U1", "第一小学", "unit", Some("周强")).await;
    let alliance = unit(&app, "LM", "桂园共建联盟", "alliance", None).await;
    let mut desk = Desk::of(&app, "卫东").await;
    let school = school.to_string();
    let whose = [("compound", "GY"), ("organisation", school.as_str())];
    let join = format!("/console/alliance/{alliance}/join");
    desk.send(PAGE, &join, &whose).await.is(303);
    desk.send(PAGE, &join, &whose).await.is(409).says("已经在");
    let today = day(&app, 0).to_string();
    let record = format!("/console/alliance/{alliance}/record");
    let did = |text: &'static str, served: &'static str, day: &str| {
        vec![
            ("compound", "GY".to_owned()),
            ("organisation", school.clone()),
            ("text", text.to_owned()),
            ("served", served.to_owned()),
            ("on_day", day.to_owned()),
        ]
    };
    for (text, served, day, status) in [
        ("免费辅导<b>功课</b>，张秀英帮忙", "35", today.as_str(), 303),
        ("电话13800000101", "1", today.as_str(), 422),
        ("辅导", "-1", today.as_str(), 422),
        ("辅导", "很多", today.as_str(), 422),
        ("辅导", "1", "2099-01-01", 422),
        ("", "1", today.as_str(), 422),
    ] {
        let fields = did(text, served, day);
        let fields: Vec<(&str, &str)> = fields
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        desk.send(PAGE, &record, &fields).await.is(status);
    }
    let html = app.board("GY").await;
    assert!(
        html.contains("桂园共建联盟") && html.contains("<b>35</b> 人次"),
        "{html}"
    );
    assert!(html.contains("&lt;b&gt;功课"), "{html}");
    assert!(!html.contains("张秀英"), "{html}");
    let zhang = app.resident("张秀英").await;
    let reply = zhang.says("联盟").await;
    assert!(
        reply.contains("第一小学") && reply.contains("35"),
        "{reply}"
    );
    let api = app.api(&zhang).await;
    let all = api.get("/alliances?compound=GY").await;
    assert_eq!(all.json["items"][0]["served"], json!(35), "{all:?}");
    assert_eq!(api.get("/alliances?compound=LY").await.status, 404);
    // Struck out, it is nowhere; next door nobody strikes anything out.
    let row = alliance_record::Entity::find().one(app.store.read()).await;
    let strike = format!("/console/alliance/{}/strike", row.unwrap().unwrap().id);
    desk.send(PAGE, &strike, &[("compound", "GY")])
        .await
        .is(303);
    desk.send(PAGE, &strike, &[("compound", "GY")])
        .await
        .is(409);
    let leave = format!("/console/alliance/{alliance}/leave");
    desk.send(PAGE, &leave, &whose).await.is(303);
    let all = api.get("/alliances?compound=GY").await;
    assert_eq!(all.json["items"][0]["members"], json!([]), "{all:?}");
    assert_eq!(all.json["items"][0]["served"], json!(0), "{all:?}");
}
