//! What somebody else may not do with a notice, and what nobody reads of it: urgent ones and those who publish
//! none, visits of what holds no more, a recall that is late and early at once, residents in the text.

use entity::kinds::{NoticeState, VisitState};
use entity::{notice, visit};
use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, EntityTrait};
use serde_json::json;

use super::{TEXT, all, confirmed, last, link_in, published, recipients};
use crate::console::Desk;
use crate::harness::app::TestApp;

#[tokio::test]
async fn an_urgent_one_is_taken_back_and_repeated_by_those_alone_who_may_publish_it() {
    let app = TestApp::start().await;
    let (zhang, chair) = (app.resident("张秀英").await, app.staff("卫东").await);
    let manager = app.staff("沈立").await;
    let id = published(&chair, "紧急发布 煤气泄漏\n请马上到楼下集合。").await;
    zhang.expects_push("煤气泄漏").await;
    app.advance(61).await;
    for words in [format!("提醒未读 {id}"), format!("撤回公告 {id}")] {
        let said = manager.says(&words).await;
        assert!(said.contains("紧急公告只能由"), "{words}: {said}");
    }
    app.advance(1).await;
    assert_eq!(last(&app).await.state, NoticeState::Sent);
    assert_eq!(zhang.told("煤气泄漏"), 1);
    let said = chair.says(&format!("撤回公告 {id}")).await;
    assert!(said.contains("已撤回"), "{said}");
}

#[tokio::test]
async fn nobody_goes_to_a_door_for_what_holds_no_more() {
    let app = TestApp::start().await;
    let (sun, chair) = (app.steward("1栋").await, app.staff("卫东").await);
    let mut desk = Desk::of(&app, "卫东").await;
    let building = app.place("GY/1").await.id.to_string();
    let fields = [("building", building.as_str())];
    for act in ["撤回", "更正"] {
        let id = published(&chair, TEXT).await;
        let to = format!("/console/notices/{id}/visits");
        desk.send("/console/account", &to, &fields).await.is(303);
        app.drain().await;
        let list = sun.says("上门").await;
        assert!(
            list.contains("周六停水") || list.contains("李建国"),
            "{list}"
        );
        match act {
            "撤回" => {
                chair.says(&format!("撤回公告 {id}")).await;
                // The next ordinary one.
                app.advance(61).await;
            }
            _ => {
                confirmed(&chair, &format!("更正公告 {id} 周日停水\n改到周日。")).await;
                app.advance(1).await;
            }
        }
        let rows = visit::Entity::find().all(app.store.read()).await.unwrap();
        let of_it: Vec<_> = rows
            .iter()
            .filter(|row| row.subject == format!("notice:{id}"))
            .collect();
        assert!(!of_it.is_empty());
        for row in of_it {
            let why = row.result.as_deref().unwrap_or_default();
            assert_eq!(row.state, VisitState::Done);
            assert!(why.contains(act) && why.contains("不用上门"), "{why}");
        }
        let list = sun.says("上门").await;
        assert!(!list.contains("李建国"), "after {act}: {list}");
    }
}

#[tokio::test]
async fn what_is_taken_back_before_its_clock_has_begun_has_reached_nobody() {
    let app = TestApp::start().await;
    let (zhang, chair) = (app.resident("张秀英").await, app.staff("卫东").await);
    let old = published(&chair, TEXT).await;
    zhang.expects_push("周六停水").await;
    let new = confirmed(&chair, &format!("更正公告 {old} 周日停水\n改到周日。")).await;
    // Its time is over, and the clock is late.
    let late = notice::ActiveModel {
        id: Set(new),
        go_at: Set(Some(app.now() - chrono::TimeDelta::seconds(5))),
        ..Default::default()
    };
    late.update(app.store.write()).await.unwrap();
    let said = chair.says(&format!("撤回公告 {new}")).await;
    assert!(said.contains("没有人收到"), "{said}");
    app.advance(1).await;
    let rows = all(&app).await;
    assert_eq!(
        (rows[0].state, rows[1].state),
        (NoticeState::Sent, NoticeState::Undone)
    );
    assert!(recipients(&app, new).await.is_empty());
    assert_eq!(zhang.told("周日停水"), 0);
    // The old one still holds, and can be corrected.
    let again = confirmed(&chair, &format!("更正公告 {old} 周一停水\n改到周一。")).await;
    app.advance(1).await;
    zhang.expects_push("周一停水").await;
    assert_eq!(last(&app).await.id, again);
}

#[tokio::test]
async fn everybody_reads_it_without_residents_and_the_sheet_is_printed_whole() {
    let app = TestApp::start().await;
    let (zhang, chair) = (app.resident("张秀英").await, app.staff("卫东").await);
    let id = published(
        &chair,
        "发布 请李建国取件\n李建国（1-1-102，13800000102）请到物业。",
    )
    .await;
    let secrets = ["李建国", "1-1-102", "13800000102"];
    let push = zhang.expects_push("取件").await;
    let (_, own) = app.page(&link_in(&push)).await;
    let (_, board) = app.page("/board/GY").await;
    let pattern = regex::Regex::new(r#"href="[^"]*(/notice/[^"]+)""#).unwrap();
    let public = pattern.captures(&board).unwrap()[1].to_owned();
    let (status, anybody) = app.page(&public).await;
    assert_eq!(status, 200);
    let (_, asked) = app.page(&format!("{public}?sheet=1")).await;
    let mut desk = Desk::of(&app, "卫东").await;
    let page = desk.open(&format!("/console/notices/{id}")).await;
    let paper = pattern.captures(&page.body).unwrap()[1].to_owned();
    let (_, sheet) = app.page(&paper).await;
    for secret in secrets {
        assert!(own.contains(secret) && sheet.contains(secret), "{secret}");
        assert!(!anybody.contains(secret), "{secret}: {anybody}");
        assert!(!asked.contains(secret), "{secret}: {asked}");
    }
    assert!(sheet.contains("（盖章）") && !asked.contains("（盖章）"));
}

#[tokio::test]
async fn a_group_named_a_thousand_times_is_one_and_who_may_not_learns_of_no_place() {
    let app = TestApp::start().await;
    let (zhang, chair) = (app.resident("张秀英").await, app.staff("卫东").await);
    let (own, desk) = (app.api(&zhang).await, app.api(&chair).await);
    let who: Vec<&str> = ["owners", "tenants"]
        .into_iter()
        .cycle()
        .take(3_000)
        .collect();
    let body = json!({ "place": "GY", "title": "停水", "body": "x", "who": who });
    let answer = desk.post("/notices", &body).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    let stored = last(&app).await.scope.to_string();
    assert!(stored.len() < 200, "{stored}");
    let mut answers = Vec::new();
    for list in [["GY/1-1-101"], ["GY/9-9-999"]] {
        let body = json!({ "place": "GY", "title": "停水", "body": "x", "list": list });
        let answer = own.post("/notices", &body).await;
        answers.push((answer.status, answer.json["detail"].clone()));
    }
    assert_eq!(answers[0].0, 404);
    assert_eq!(answers[0], answers[1]);
}
