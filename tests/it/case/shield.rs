//! A complaint with a name: the property company and the committee work on it without learning who
//! complains, unless the holder looks on record; the authorities read it whole.

use entity::{audit, visit};
use linli::case::shield::HIDDEN;

use super::api::api;
use super::*;
use crate::console::Desk;

/// Staff of the company, and the committee.
const COMPLAINED_OF: [&str; 3] = ["沈立", "蒋平", "卫东"];
/// Everybody else who may see the case.
const ABOVE: [&str; 4] = ["孙梅", "吴静", "郑洪", "冯涛"];

fn hides(who: &str, text: &str) {
    for secret in ["张秀英", "1-1-101", "1栋1单元101", "116.36", "13800000101"] {
        assert!(!text.contains(secret), "{who} reads {secret}: {text}");
    }
}

/// Whether a case has a row in a file.
fn has_row(csv: &str, id: i64) -> bool {
    csv.lines().any(|line| line.starts_with(&format!("{id},")))
}

/// A complaint of 张秀英 about the company, with what would give her away, which lies with the manager.
async fn complaint(app: &TestApp) -> i64 {
    let resident = tied(app, "张秀英").await;
    resident
        .does(&linli::sandbox::Say::Location {
            latitude: 37.45123,
            longitude: 116.36123,
            label: "桂园小区北门".to_owned(),
        })
        .await;
    resident
        .says("投诉 我是张秀英，物业的人骂人，电话13800000101")
        .await;
    let case = resident.case().await;
    let id = case.id;
    assert_eq!(case.place_id, app.place("GY/1-1-101").await.id);
    resident
        .says(&format!("补充 {id} 就在1栋1单元101门口骂的"))
        .await;
    tied(app, "孙梅")
        .await
        .says(&format!("退单 {id} 张秀英说的是物业"))
        .await;
    let secretary = tied(app, "郑洪").await;
    secretary.says(&format!("转派 {id} 沈立")).await;
    assert_eq!(holder(app, &app.case(id).await).await, "沈立");
    app.drain().await;
    id
}

#[tokio::test]
async fn whom_a_complaint_may_be_about_does_not_read_who_complains() {
    let app = house(1).await;
    let id = complaint(&app).await;
    let manager = tied(&app, "沈立").await;
    for name in COMPLAINED_OF {
        let person = tied(&app, name).await;
        for command in [format!("进度 {id}"), "待办".to_owned(), "转派".to_owned()] {
            hides(name, &person.says(&command).await);
        }
        let client = api(&app, &person, name).await;
        for path in ["/tasks".to_owned(), format!("/cases/{id}")] {
            hides(&path, &client.get(&path).await.json.to_string());
        }
        let mut desk = Desk::of(&app, name).await;
        let at = format!("/console/cases/{id}");
        let page = desk.open(&at).await;
        hides(name, &page.is(200).body);
        assert!(!page.body.contains("uri.amap.com"), "{name}");
        for list in [
            "/console/cases?state=all",
            "/console/tasks",
            "/console/cases.csv?state=all",
            "/console/figures/cases.csv?place=GY&figure=filed",
        ] {
            hides(name, &desk.open(list).await.is(200).body);
        }
        // Neither do the filters answer it, by the home or by the name.
        let link = format!("href=\"{at}\"");
        for (query, found) in [
            ("text=%E7%89%A9%E4%B8%9A", true),
            ("text=%E5%BC%A0%E7%A7%80%E8%8B%B1", false),
            ("place=GY%2F1", true),
            ("place=GY%2F1-1-101", false),
        ] {
            let list = format!("/console/cases?state=all&{query}");
            let page = desk.open(&list).await;
            assert_eq!(page.is(200).body.contains(&link), found, "{name}, {query}");
            let list = format!("/console/cases.csv?state=all&{query}");
            let file = desk.open(&list).await;
            assert_eq!(has_row(&file.is(200).body, id), found, "{name}, {query}");
        }
        let figures = "/console/figures/cases?place=GY&figure=filed";
        desk.open(figures).await.is(200).says(&link);
        let page = desk
            .open(&format!("{figures}&by=place&key=GY%2F1-1-101"))
            .await;
        assert!(!page.is(200).body.contains(&link), "{name}");
        let figures = "/console/figures/cases.csv?place=GY&figure=filed";
        for (group, found) in [("", true), ("&by=place&key=GY%2F1-1-101", false)] {
            let file = desk.open(&format!("{figures}{group}")).await;
            assert_eq!(has_row(&file.is(200).body, id), found, "{name}, {group}");
        }
    }
    // Nor does the page of the home.
    let home = app.place("GY/1-1-101").await.id;
    for (name, shown) in [("沈立", false), ("卫东", false), ("郑洪", true)] {
        let mut desk = Desk::of(&app, name).await;
        let page = desk.open(&format!("/console/homes/{home}")).await;
        let link = format!("href=\"/console/cases/{id}\"");
        assert_eq!(page.is(200).body.contains(&link), shown, "{name}");
    }
    let reply = manager.says(&format!("进度 {id}")).await;
    assert!(
        reply.contains(HIDDEN) && reply.contains("桂园小区 1栋"),
        "{reply}"
    );
    assert!(reply.contains(&format!("查看身份 {id}")), "{reply}");
    hides("accepting", &manager.says(&format!("接单 {id}")).await);
    tied(&app, "张秀英").await.says(&format!("催办 {id}")).await;
    app.drain().await;
    hides("a push", &manager.pushes().join("\n"));
    let told = told(&app, "沈立").await;
    assert!(told.contains("在催办"), "{told}");
    hides("what is told", &told);
}

#[tokio::test]
async fn the_authorities_read_a_complaint_whole_and_everybody_reads_a_repair_whole() {
    let app = house(1).await;
    let id = complaint(&app).await;
    for name in ABOVE {
        let person = tied(&app, name).await;
        let reply = person.says(&format!("进度 {id}")).await;
        assert!(
            reply.contains("提出人：张秀英") && reply.contains("1-1-101"),
            "{name}: {reply}"
        );
        let client = api(&app, &person, name).await;
        let shown = client.get(&format!("/cases/{id}")).await;
        assert_eq!(
            (&shown.json["reporter"], &shown.json["place_code"]),
            (&json!("张秀英"), &json!("GY/1-1-101")),
            "{name}"
        );
    }
    let resident = tied(&app, "张秀英").await;
    let reply = resident.says(&format!("进度 {id}")).await;
    assert!(reply.contains("1-1-101"), "it is hers: {reply}");
    resident.says("报修 厨房水管漏水").await;
    let repair = resident.case().await.id;
    for name in COMPLAINED_OF {
        let reply = tied(&app, name).await.says(&format!("进度 {repair}")).await;
        assert!(
            reply.contains("提出人：张秀英") && reply.contains("1-1-101"),
            "{name}: {reply}"
        );
    }
    // Whoever wrote it down for somebody knows who it was.
    let manager = tied(&app, "沈立").await;
    manager.says("代报 1-1-102 投诉 楼道堆物").await;
    let newest = case::Entity::find().order_by_desc(case::COLUMN.id);
    let filed = newest.one(app.store.read()).await.unwrap().unwrap().id;
    let reply = manager.says(&format!("进度 {filed}")).await;
    assert!(reply.contains("李建国"), "{reply}");
    let other = tied(&app, "蒋平").await;
    let reply = other.says(&format!("进度 {filed}")).await;
    assert!(reply.contains(HIDDEN), "{reply}");
    assert!(
        !reply.contains("李建国") && !reply.contains("1-1-102"),
        "{reply}"
    );
}

#[tokio::test]
async fn the_holder_of_a_complaint_looks_on_record_and_gets_no_phone() {
    let app = house(1).await;
    let id = complaint(&app).await;
    let (manager, staff) = (tied(&app, "沈立").await, tied(&app, "蒋平").await);
    let looks = async || {
        audit::Entity::find()
            .filter(audit::COLUMN.action.eq("case.identity"))
            .all(app.store.read())
            .await
            .unwrap()
    };
    let look = format!("查看身份 {id} 要上门道歉");
    let reply = staff.says(&look).await;
    assert!(reply.contains("只有社区书记"), "not the holder: {reply}");
    let client = api(&app, &staff, "蒋平").await;
    let body = json!({ "text": "要上门道歉" });
    let path = format!("/cases/{id}/identity");
    assert_eq!(client.post(&path, &body).await.status, 403);
    let reply = manager.says(&format!("查看身份 {id}")).await;
    assert!(reply.contains("请写明原因"), "{reply}");
    assert!(looks().await.is_empty());
    let reply = manager.says("要上门道歉").await;
    assert!(
        reply.contains("张秀英") && reply.contains("1-1-101") && reply.contains("请找社区"),
        "{reply}"
    );
    assert!(!reply.contains("13800000101"), "{reply}");
    assert_eq!(looks().await.len(), 1);
    let client = api(&app, &manager, "沈立").await;
    let seen = client.post(&path, &body).await;
    assert_eq!(
        (seen.status, &seen.json["name"], &seen.json["phone"]),
        (200, &json!("张秀英"), &serde_json::Value::Null)
    );
    let mut desk = Desk::of(&app, "沈立").await;
    let page = desk.act(id, "identity", &[("reason", "要上门道歉")]).await;
    page.is(200).says("张秀英").says("1-1-101");
    assert!(!page.body.contains("13800000101"), "{}", page.body);
    assert_eq!(looks().await.len(), 3);
    let reply = tied(&app, "张秀英").await.says(&format!("进度 {id}")).await;
    assert!(
        reply.contains("查看身份：要上门道歉"),
        "the reporter reads it: {reply}"
    );
    // What has no name at all opens to nobody of the company, whoever holds it.
    let resident = tied(&app, "张秀英").await;
    resident.says(&format!("匿名 {id}")).await;
    let reply = manager.says(&look).await;
    assert!(reply.contains("只有社区书记"), "{reply}");
}

#[tokio::test]
async fn the_news_of_a_complaint_is_brought_to_no_door_by_whom_it_may_be_about() {
    let app = house(1).await;
    let id = complaint(&app).await;
    // Without them the committee's chair would be next.
    leaves(&app, "孙梅").await;
    leaves(&app, "吴静").await;
    let resident = tied(&app, "张秀英").await;
    resident
        .does(&linli::sandbox::Say::event("unsubscribe", ""))
        .await;
    tied(&app, "沈立").await.says(&format!("接单 {id}")).await;
    app.drain().await;
    app.advance(24 * 60).await;
    let rows = visit::Entity::find()
        .filter(visit::COLUMN.subject.eq(format!("case:{id}")))
        .all(app.store.read())
        .await
        .unwrap();
    let secretary = app.called("郑洪").await.id;
    let zhang = app.called("张秀英").await.id;
    let hers: Vec<_> = rows.iter().filter(|row| row.person_id == zhang).collect();
    assert_eq!(hers.len(), 1, "{rows:?}");
    assert_eq!(hers[0].holder_id, Some(secretary), "{rows:?}");
}
