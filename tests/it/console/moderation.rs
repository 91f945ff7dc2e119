//! What waits for a person's word, in the console.

use entity::kinds::{ContentKind, ModerationState};
use entity::{attachment, moderation};
use linli::moderation::{Submission, submit};
use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel};

use super::Desk;
use crate::harness::app::TestApp;
use crate::harness::pictures::jpeg;

const PAGE: &str = "/console/moderation";

/// Something of a place that waits.
async fn waits(app: &TestApp, code: &str, part: &str, kind: ContentKind, content: &str) -> i64 {
    let api = &app.instances[0].app;
    let place = app.place(code).await;
    let mut tx = api.store.begin(app.now()).await.unwrap();
    let content = Submission {
        subject: "case:1".to_owned(),
        part: part.to_owned(),
        compound_id: place.compound_id.unwrap(),
        place_id: place.id,
        kind,
        content: content.to_owned(),
        author_id: Some(app.person("卫东").await.id),
    };
    let row = submit(&mut tx, content).await.unwrap();
    tx.commit().await.unwrap();
    app.drain().await;
    // However the pretended platform thinks of it.
    let mut change = state(app, row.id).await.into_active_model();
    change.state = Set(ModerationState::Pending);
    change.decided_at = Set(None);
    change.update(app.store.write()).await.unwrap();
    row.id
}

async fn state(app: &TestApp, id: i64) -> moderation::Model {
    moderation::Entity::find_by_id(id)
        .one(app.store.read())
        .await
        .unwrap()
        .unwrap()
}

#[tokio::test]
async fn a_person_passes_and_refuses_with_a_reason_once() {
    let app = TestApp::start().await;
    let good = waits(
        &app,
        "GY/1",
        "board",
        ContentKind::Text,
        "灯修好了<script>alert(1)</script>",
    )
    .await;
    let bad = waits(&app, "GY/1", "board", ContentKind::Text, "张三不交钱").await;
    let mut desk = Desk::of(&app, "郑洪").await;
    let page = desk.open(PAGE).await;
    page.is(200)
        .says("灯修好了&#60;script&#62;")
        .says("张三不交钱");
    assert!(!page.body.contains("<script>alert"));
    let to = |id: i64| format!("{PAGE}/{id}");
    desk.send(PAGE, &to(good), &[("word", "pass")])
        .await
        .is(303)
        .leads_to("/console/moderation?said=passed");
    assert_eq!(state(&app, good).await.state, ModerationState::Passed);
    desk.send(PAGE, &to(bad), &[("word", "refuse"), ("reason", " ")])
        .await
        .is(422)
        .says("请写明为什么不通过");
    desk.send(
        PAGE,
        &to(bad),
        &[("word", "refuse"), ("reason", "写了人名<i>")],
    )
    .await
    .is(303);
    let row = state(&app, bad).await;
    assert_eq!(row.state, ModerationState::Refused);
    assert_eq!(row.reason.as_deref(), Some("写了人名<i>"));
    // Somebody else was first: told, and the first word stands.
    let account = "/console/account";
    desk.send(account, &to(bad), &[("word", "pass")])
        .await
        .is(409)
        .says("已驳回");
    assert_eq!(state(&app, bad).await.state, ModerationState::Refused);
}

#[tokio::test]
async fn nobody_decides_elsewhere_or_on_their_own_words() {
    let app = TestApp::start().await;
    let id = waits(&app, "GY", "board", ContentKind::Text, "通知").await;
    let to = format!("{PAGE}/{id}");
    let mut chair = Desk::of(&app, "卫东").await;
    chair.open(PAGE).await.says("要由别人审核");
    chair
        .send(PAGE, &to, &[("word", "pass")])
        .await
        .is(403)
        .says("要由别人审核");
    let next_door = waits(&app, "LY", "board", ContentKind::Text, "兰园的事").await;
    let page = chair.open(PAGE).await;
    assert!(!page.body.contains("兰园的事"), "{}", page.body);
    let foreign = format!("{PAGE}/{next_door}");
    chair
        .send(PAGE, &foreign, &[("word", "pass")])
        .await
        .is(404);
    let mut sun = Desk::of(&app, "孙梅").await;
    sun.open(PAGE).await.is(403);
    sun.send("/console/account", &to, &[("word", "pass")])
        .await
        .is(404);
    assert!(!sun.open("/console/tasks").await.body.contains(PAGE));
    assert_eq!(state(&app, id).await.state, ModerationState::Pending);
}

#[tokio::test]
async fn a_picture_is_shown_to_whoever_decides_and_to_nobody_else() {
    let app = TestApp::start().await;
    let steward = app.staff("孙梅").await;
    let photo = steward.sends_photo(jpeg(9)).await;
    assert!(!photo.is_empty());
    app.drain().await;
    let kept = attachment::Entity::find()
        .one(app.store.read())
        .await
        .unwrap()
        .unwrap();
    let (path, part) = (kept.path.clone().unwrap(), format!("photo:{}", kept.id));
    let id = waits(&app, "GY/1", &part, ContentKind::Image, &path).await;
    let mut desk = Desk::of(&app, "郑洪").await;
    let picture = format!("{PAGE}/{id}/picture");
    desk.open(PAGE).await.says(&picture);
    let file = desk.open(&picture).await;
    file.is(200);
    assert_eq!(file.headers["content-type"], "image/jpeg");
    let mut sun = Desk::of(&app, "孙梅").await;
    sun.open(&picture).await.is(404);
    let mut stranger = Desk::stranger(&app);
    stranger.open(&picture).await.is(303);
    desk.send(PAGE, &format!("{PAGE}/{id}"), &[("word", "pass")])
        .await
        .is(303);
    desk.open(&picture).await.is(404);
}
