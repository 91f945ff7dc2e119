//! One of everything that a board may show, made as people make it: over the chat, the API and the console.

use chrono::TimeDelta;
use entity::{organisation, place, station, station_service, station_thing};
use linli::base::clock::china;
use linli::ledger::Account;
use regex::Regex;
use sea_orm::ActiveModelTrait;
use sea_orm::ActiveValue::Set;
use serde_json::{Value, json};

use super::pass_all;
use crate::activity::{activity, open as open_activity};
use crate::console::Desk;
use crate::disclosure::{books, publish};
use crate::expense::spent;
use crate::giving::{CLERK, MANAGER, cash, open_drive, spend};
use crate::harness::app::TestApp;
use crate::harness::people::{Api, Person};
use crate::harness::pictures::jpeg;

/// Everybody who is needed.
struct People<'a> {
    steward: Person<'a>,
    chair: Person<'a>,
    manager: Person<'a>,
    clerk: Person<'a>,
    zhang: Person<'a>,
    li: Person<'a>,
}

/// What an API has made: its number.
async fn made(api: &Api, path: &str, body: &Value) -> i64 {
    let made = api.post(path, body).await;
    assert_eq!(made.status, 201, "{path}: {made:?}");
    made.json["id"].as_str().unwrap().parse().unwrap()
}

/// The number behind `#` in a reply.
fn number(reply: &str) -> i64 {
    let found = Regex::new(r"#(\d+)").unwrap();
    let found = found.captures(reply);
    found.unwrap_or_else(|| panic!("{reply}"))[1]
        .parse()
        .unwrap()
}

/// An activity that was held, with a photo. Days pass.
async fn held(app: &TestApp, chair: &Person<'_>) {
    let id = open_activity(chair, None).await;
    let row = activity(app, id).await;
    app.advance((row.ends_at - app.now()).num_minutes() + 1)
        .await;
    chair.sends_photo(jpeg(6)).await;
    let photo = chair.says(&format!("活动照片 {id}")).await;
    assert!(photo.contains("1张照片已加到"), "{photo}");
    app.drain().await;
}

/// Cases, a notice, an activity, volunteers, a wish, the four lists: over the chat and the API.
async fn life(app: &TestApp, people: &People<'_>) {
    let (zhang, chair) = (&people.zhang, &people.chair);
    zhang.says("报修 1栋大厅的灯不亮").await;
    let done = zhang.case().await.id;
    people.steward.says(&format!("接单 {done}")).await;
    people.steward.says(&format!("办结 {done} 换了灯泡")).await;
    zhang.says("投诉 王芳家太吵 13800000201").await;
    let preview = chair
        .says("发布 周六停水\n8点到12点检修水箱，请提前存水。")
        .await;
    assert!(preview.contains("1 确认发布"), "{preview}");
    chair.says("1").await;
    app.advance(1).await;
    open_activity(chair, Some(3)).await;
    zhang.says("志愿报名").await;
    let reported = people.li.says("双报到 市一中").await;
    assert!(reported.contains("报到"), "{reported}");
    let api = app.api(chair).await;
    let from = app.now() + TimeDelta::days(1);
    let task = json!({
        "place": "GY", "title": "楼道大扫除", "venue": "1栋门口", "wanted": 5,
        "starts_at": china(from).to_rfc3339(),
        "ends_at": china(from + TimeDelta::hours(2)).to_rfc3339(),
    });
    made(&api, "/volunteer-tasks", &task).await;
    let today = china(app.now()).date_naive().to_string();
    for (place, title) in [("GY", "垃圾不落地"), ("GY/1", "二次供水检测")] {
        let rule = json!({ "kind": "daily", "from": today, "times": ["21:30"] });
        let body = json!({ "place": place, "title": title, "text": "请投到2号亭", "rule": rule });
        made(&api, "/timetables", &body).await;
    }
    let wish = number(&zhang.says("许愿 张秀英在1-1-101想要一副老花镜").await);
    people.steward.says(&format!("通过心愿 {wish}")).await;
    let need = number(&zhang.says("发需求 张秀英想学用手机挂号").await);
    people.steward.says(&format!("通过清单 {need}")).await;
    let due = china(app.now() + TimeDelta::days(30)).format("%Y-%m-%d");
    let promised = people
        .manager
        .says(&format!("发服务 {due} 更换1栋门禁"))
        .await;
    assert!(promised.contains("已公布"), "{promised}");
    let article = json!({
        "place": "GY", "title": "游泳池几点开门", "questions": "游泳池开吗",
        "body": "每天早上六点开门，晚上二十一点关门。", "publish": true,
    });
    made(&api, "/handbook", &article).await;
}

/// An alliance with a member that has done something.
async fn alliance(app: &TestApp, gy: &place::Model, desk: &mut Desk<'_>) {
    let mut ids = Vec::new();
    for (code, name, kind) in [
        ("U1", "第一小学", "unit"),
        ("LM", "桂园共建联盟", "alliance"),
    ] {
        let row = organisation::ActiveModel {
            code: Set(code.to_owned()),
            name: Set(name.to_owned()),
            kind: Set(kind.to_owned()),
            place_id: Set(gy.id),
            compound_id: Set(Some(gy.id)),
            created_at: Set(app.now()),
            ..Default::default()
        };
        ids.push(row.insert(app.store.write()).await.unwrap().id);
    }
    let (page, school) = ("/console/agreements", ids[0].to_string());
    let whose = [("compound", "GY"), ("organisation", school.as_str())];
    let act = |act: &str| format!("/console/alliance/{}/{act}", ids[1]);
    desk.send(page, &act("join"), &whose).await.is(303);
    let today = china(app.now()).format("%Y-%m-%d").to_string();
    let mut did = whose.to_vec();
    did.extend([
        ("text", "免费辅导功课"),
        ("served", "35"),
        ("on_day", today.as_str()),
    ]);
    desk.send(page, &act("record"), &did).await.is(303);
}

/// A station that lends something, with a window that has served somebody.
async fn open_station(app: &TestApp, gy: &place::Model, keeper: &Person<'_>) {
    let row = station::ActiveModel {
        compound_id: Set(gy.id),
        place_id: Set(gy.id),
        name: Set("红色驿站".to_owned()),
        spot: Set("1栋一楼大厅".to_owned()),
        hours: Set("Mo-Su 00:00-24:00".to_owned()),
        public_holidays: Set(false),
        version: Set(1),
        created_at: Set(app.now()),
        updated_at: Set(app.now()),
        ..Default::default()
    };
    let at = row.insert(app.store.write()).await.unwrap().id;
    for (code, quantity) in [("伞-01", 2), ("伞-02", 1)] {
        let thing = station_thing::ActiveModel {
            compound_id: Set(gy.id),
            station_id: Set(at),
            code: Set(code.to_owned()),
            name: Set("雨伞".to_owned()),
            quantity: Set(quantity),
            lent: Set(0),
            days: Set(7),
            version: Set(1),
            created_at: Set(app.now()),
            updated_at: Set(app.now()),
            ..Default::default()
        };
        thing.insert(app.store.write()).await.unwrap();
    }
    let service = station_service::ActiveModel {
        compound_id: Set(gy.id),
        station_id: Set(at),
        window_name: Set("1号窗口".to_owned()),
        name: Set("咨询".to_owned()),
        created_at: Set(app.now()),
        ..Default::default()
    };
    let service = service.insert(app.store.write()).await.unwrap().id;
    let api = app.api(keeper).await;
    let path = format!("/stations/services/{service}/served");
    for _ in 0..2 {
        assert_eq!(api.post(&path, &json!({})).await.status, 200);
    }
}

/// A month of the books that is published, a drive with a gift and its use; the drive's number.
async fn money(app: &TestApp, chair: &mut Desk<'_>) -> i64 {
    let month = books(app).await;
    publish(chair, &month.to_string(), "").await.is(303);
    let mut manager = Desk::of(app, MANAGER).await;
    let drive = open_drive(&mut manager, "给独居老人添冬衣", "").await;
    let mut clerk = Desk::of(app, CLERK).await;
    let key = drive.to_string();
    cash(&mut clerk, &key, "50").await;
    cash(&mut clerk, "", "8").await;
    let today = china(app.now()).date_naive();
    let expense = spent(app, "GY", Account::ExpenseOther, 3_000, today).await;
    spend(&mut manager, &key, "30", expense).await.is(303);
    drive
}

/// One of everything in 桂园; the number of the drive.
pub async fn fill(app: &TestApp) -> i64 {
    // Invitations hold for a day: whoever is needed is bound before days pass.
    let people = People {
        steward: app.steward("1栋").await,
        manager: app.staff(MANAGER).await,
        clerk: app.staff(CLERK).await,
        zhang: app.resident("张秀英").await,
        li: app.resident("李建国").await,
        chair: app.staff("卫东").await,
    };
    held(app, &people.chair).await;
    life(app, &people).await;
    let gy = app.place("GY").await;
    let mut desk = Desk::of(app, "卫东").await;
    alliance(app, &gy, &mut desk).await;
    open_station(app, &gy, &people.clerk).await;
    let drive = money(app, &mut desk).await;
    app.drain().await;
    pass_all(app).await;
    drive
}
