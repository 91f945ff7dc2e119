//! Who is told at the door, in the console.

use entity::kinds::VisitState;
use entity::visit;
use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, EntityTrait};

use super::Desk;
use crate::harness::app::TestApp;

const PAGE: &str = "/console/visits";

async fn waits(app: &TestApp, holder: &str, text: &str, subject: &str) -> visit::Model {
    let place = linli::place::queries::by_code(app.store.read(), "GY/2-1-101")
        .await
        .unwrap()
        .unwrap();
    let row = visit::ActiveModel {
        person_id: Set(app.person("陈伟").await.id),
        place_id: Set(place.id),
        compound_id: Set(place.compound_id.unwrap()),
        subject: Set(subject.to_owned()),
        kind: Set("case.progress".to_owned()),
        text: Set(text.to_owned()),
        holder_id: Set(Some(app.person(holder).await.id)),
        state: Set(VisitState::Open),
        created_at: Set(app.now()),
        ..Default::default()
    };
    row.insert(app.store.write()).await.unwrap()
}

#[tokio::test]
async fn what_was_told_at_the_door_is_written_down_once() {
    let app = TestApp::start().await;
    let one = waits(
        &app,
        "周强",
        "明天停水<script>alert(1)</script>",
        "notice:1",
    )
    .await;
    let mut desk = Desk::of(&app, "周强").await;
    desk.open("/console/tasks").await.says(PAGE);
    let page = desk.open(PAGE).await;
    page.is(200)
        .says("2-1-101 陈伟")
        .says("明天停水&#60;script&#62;");
    assert!(!page.body.contains("<script>alert"));
    let to = format!("{PAGE}/{}", one.id);
    desk.send(PAGE, &to, &[("result", "当面说了")])
        .await
        .is(303)
        .leads_to("/console/visits?said=visited");
    let row = visit::Entity::find_by_id(one.id)
        .one(app.store.read())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(row.state, VisitState::Done);
    assert_eq!(row.result.as_deref(), Some("当面说了"));
    desk.send("/console/account", &to, &[("result", "再说一次")])
        .await
        .is(409)
        .says("已经记过了");
    desk.open(PAGE).await.says("现在没有要上门");
}

#[tokio::test]
async fn only_its_holder_sees_a_visit() {
    let app = TestApp::start().await;
    let one = waits(&app, "周强", "明天停水", "notice:1").await;
    let to = format!("{PAGE}/{}", one.id);
    for name in ["孙梅", "沈立", "郑洪"] {
        let mut desk = Desk::of(&app, name).await;
        let page = desk.open(PAGE).await;
        page.is(200);
        assert!(!page.body.contains("明天停水"), "{name}");
        desk.send(PAGE, &to, &[]).await.is(404);
    }
    let mut stranger = Desk::stranger(&app);
    stranger.open(PAGE).await.is(303);
}
