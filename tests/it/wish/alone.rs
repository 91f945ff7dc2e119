//! What is for the eyes of one: how to reach the other is told to nobody at a door and wakes nobody at night, what
//! neighbours are called stands in no wish that all read, and an earlier claimer's photos and warnings say nothing of
//! the next.

use chrono::TimeDelta;
use entity::kinds::{BindingState, WishState};
use entity::{binding, visit};
use linli::base::clock::{Clock, ShiftedClock, china};
use linli::sandbox::platform::Standing;
use sea_orm::ActiveValue::Set;
use sea_orm::{EntityTrait, QueryFilter};
use serde_json::json;

use super::{CLAIMERS_PHONE, OWN_PHONE, open, wish};
use crate::harness::app::{Plan, TestApp};
use crate::harness::pictures::jpeg;
use crate::harness::until;

const DAY: i64 = 24 * 60;

/// It is night around the time at which the test runs: what is not urgent waits.
pub fn at_night() -> Plan {
    let now = china(ShiftedClock::default().now());
    let hour = TimeDelta::hours(1);
    let at = |moment: chrono::DateTime<chrono::FixedOffset>| moment.format("%H:%M").to_string();
    TestApp::plan()
        .set("REMINDER__QUIET_FROM", &at(now - hour))
        .set("REMINDER__QUIET_TO", &at(now + hour))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_the_door_is_told_that_somebody_has_it_and_not_who() {
    let app = TestApp::start().await;
    let steward = app.steward("1栋").await;
    let zhang = app.resident("张秀英").await;
    let li = app.resident("李建国").await;
    let id = open(&zhang, &steward, "想要一副老花镜").await;
    zhang.expects_push("可以认领了").await;
    app.platform.set_standing(&zhang.open_id, Standing::Left);
    let claimed = li.says(&format!("认领 {id}")).await;
    assert!(claimed.contains("是您的了"), "{claimed}");
    let row = until("somebody is to go there", 15, async || {
        let found = visit::Entity::find().one(app.store.read()).await;
        found.unwrap()
    })
    .await;
    assert_eq!(row.text, format!("心愿 #{id} 有人认领了"));
    steward.expects_push("要上门告诉").await;
    let list = steward.says("上门").await;
    let one = steward.says("1").await;
    assert!(one.contains("有人认领了"), "{one}");
    let api = app.api(&steward).await;
    let visits = api.get("/visits").await;
    assert_eq!(visits.status, 200, "{visits:?}");
    let tasks = api.get("/tasks").await;
    for shown in [
        list,
        one,
        visits.json.to_string(),
        tasks.json.to_string(),
        steward.pushes().join("\n"),
    ] {
        for personal in ["李建国", CLAIMERS_PHONE] {
            assert!(!shown.contains(personal), "{personal}: {shown}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_the_night_the_claimer_is_told_at_once_and_the_asker_in_the_morning() {
    let app = at_night().start().await;
    let steward = app.steward("1栋").await;
    let zhang = app.resident("张秀英").await;
    let li = app.resident("李建国").await;
    // What is switched off is the progress, not whom to call.
    let off = zhang.says("退订 进度").await;
    assert!(off.contains("诉求进度：关"), "{off}");
    let id = open(&zhang, &steward, "想要一副老花镜").await;
    li.says(&format!("认领 {id}")).await;
    li.expects_push(OWN_PHONE).await;
    app.drain().await;
    let told = zhang.pushes().join("\n");
    assert!(!told.contains(CLAIMERS_PHONE), "woken: {told}");
    // More than an answer is worth, and it is still said.
    app.advance(65).await;
    zhang.expects_push(CLAIMERS_PHONE).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_neighbours_are_called_stands_in_no_wish_that_all_read() {
    let app = TestApp::start().await;
    let steward = app.steward("1栋").await;
    let zhang = app.resident("张秀英").await;
    let li = app.resident("李建国").await;
    let id = open(&zhang, &steward, "想请王芳教我包粽子，别让陈伟知道").await;
    let board = app.board("GY").await;
    assert!(board.contains("包粽子"), "{board}");
    let list = li.says("心愿").await;
    let one = li.says("1").await;
    assert!(one.contains("王*教我包粽子"), "{one}");
    for shown in [&board, &list, &one] {
        for name in ["王芳", "陈伟", "张秀英"] {
            assert!(!shown.contains(name), "{name}: {shown}");
        }
    }
    // Whose it is reads their own words.
    let own = zhang.says(&format!("心愿 {id}")).await;
    assert!(own.contains("王芳"), "{own}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_has_moved_away_can_still_give_it_back() {
    let app = TestApp::start().await;
    let steward = app.steward("1栋").await;
    let zhang = app.resident("张秀英").await;
    let li = app.resident("李建国").await;
    let id = open(&zhang, &steward, "想要一副老花镜").await;
    let api = app.api(&li).await;
    let path = format!("/wishes/{id}");
    let claimed = api.post(&format!("{path}/claim"), &json!({})).await;
    assert_eq!(claimed.status, 200, "{claimed:?}");
    let person = li.account().await.person_id.unwrap();
    binding::Entity::update_many()
        .set(binding::ActiveModel {
            state: Set(BindingState::Released),
            ..Default::default()
        })
        .filter(binding::COLUMN.person_id.eq(person))
        .exec(app.store.write())
        .await
        .unwrap();
    let back = format!("{path}/abandon");
    let given = api.post_once(&back, "b-1", &json!({})).await;
    assert_eq!(
        (given.status, &given.json["state"], &given.json["due_at"]),
        (200, &json!("open"), &json!(null)),
        "{given:?}"
    );
    let again = api.post_once(&back, "b-1", &json!({})).await;
    assert_eq!((again.status, &again.json), (200, &given.json));
    let row = wish(&app, id).await;
    assert_eq!((row.state, row.claimer_id), (WishState::Open, None));
    zhang.expects_push("重新开放").await;
    // It is no longer theirs to see.
    assert_eq!(api.get(&path).await.status, 404);
    assert_eq!(api.post(&back, &json!({})).await.status, 404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn photos_of_who_has_given_it_back_do_not_count_for_the_next() {
    let app = TestApp::start().await;
    let steward = app.steward("1栋").await;
    let zhang = app.resident("张秀英").await;
    let li = app.resident("李建国").await;
    let wang = app.resident("王芳").await;
    let id = open(&zhang, &steward, "想要一盆绿萝").await;
    let path = format!("/wishes/{id}");
    let first = app.api(&li).await;
    first.post(&format!("{path}/claim"), &json!({})).await;
    let photo = first.upload("a.jpg", jpeg(6)).await;
    let body = json!({ "attachments": [photo.json["id"]] });
    let added = first.post(&format!("{path}/photos"), &body).await;
    assert_eq!(added.json["photos"].as_array().unwrap().len(), 1);
    li.says(&format!("放弃 {id}")).await;
    let asker = app.api(&zhang).await;
    let photos = async |what: &str| {
        let seen = asker.get(&path).await;
        let photos = seen.json["photos"].as_array();
        let photos = photos.unwrap_or_else(|| panic!("{what}: {seen:?}"));
        photos.len()
    };
    assert_eq!(photos("open again").await, 0);

    wang.says(&format!("认领 {id}")).await;
    assert_eq!(photos("claimed by another").await, 0);
    let done = wang.says(&format!("完成 {id} 放在门口了")).await;
    assert!(done.contains("请再发一张照片"), "{done}");
    zhang.expects_push("实现了").await;
    assert_eq!(photos("fulfilled without one").await, 0);
    let sent = wang.sends_photo(jpeg(6)).await;
    assert!(sent.contains("已加到心愿"), "{sent}");
    assert_eq!(photos("their own").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_claim_that_was_given_back_warns_nobody_of_the_next() {
    let app = TestApp::start().await;
    let steward = app.steward("1栋").await;
    let zhang = app.resident("张秀英").await;
    let li = app.resident("李建国").await;
    let id = open(&zhang, &steward, "想要一副老花镜").await;
    li.says(&format!("认领 {id}")).await;
    app.advance(2 * DAY).await;
    li.says(&format!("放弃 {id}")).await;
    let again = li.says(&format!("认领 {id}")).await;
    assert!(again.contains("是您的了"), "{again}");
    let warned = || {
        let pushes = li.pushes();
        let warned = pushes.iter().filter(|text| text.contains("明天到期"));
        warned.count()
    };
    // A day before the first one would have ended.
    app.advance(4 * DAY + 10).await;
    assert_eq!(warned(), 0, "{:?}", li.pushes());
    app.advance(2 * DAY).await;
    li.expects_push("明天到期").await;
    assert_eq!(warned(), 1);
}
