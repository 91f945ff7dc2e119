//! Activities: the whole way in the chat, the line of those who wait on two instances, what is refused, what
//! changes meanwhile, the door, and the other faces.

mod changes;
mod door;
mod faces;
pub mod gone;
mod line;
mod refused;
mod refused_api;

use chrono::TimeDelta;
use entity::life::{ActivityState, SignupState};
use entity::{activity, activity_signup};
use linli::base::clock::{Moment, begin_of, china};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use serde_json::{Value, json};

use crate::harness::app::TestApp;
use crate::harness::people::Person;
use crate::harness::pictures::jpeg;

/// Two in the afternoon of the day after tomorrow: its eve is less than two days away, whatever the hour of the test.
pub fn starts(app: &TestApp) -> Moment {
    let today = china(app.now()).date_naive();
    begin_of(today) + TimeDelta::days(2) + TimeDelta::hours(14)
}

/// What the API takes, two hours long.
pub fn body(starts: Moment, places: Option<i32>) -> Value {
    let time = |at: Moment| china(at).to_rfc3339();
    json!({
        "place": "GY", "kind": "clinic", "title": "周六义诊", "text": "带医保卡", "venue": "中心花园",
        "starts_at": time(starts), "ends_at": time(starts + TimeDelta::hours(2)), "places": places,
    })
}

/// Makes an activity of 桂园 and lets people know of it; its number.
pub async fn open(leader: &Person<'_>, places: Option<i32>) -> i64 {
    let app = leader.app;
    let api = app.api(leader).await;
    let made = api.post("/activities", &body(starts(app), places)).await;
    assert_eq!(made.status, 201, "{made:?}");
    let id: i64 = made.json["id"].as_str().unwrap().parse().unwrap();
    let opened = api
        .post(&format!("/activities/{id}/open"), &json!({}))
        .await;
    assert_eq!(opened.status, 200, "{opened:?}");
    id
}

/// An activity by its number.
pub async fn activity(app: &TestApp, id: i64) -> activity::Model {
    let found = activity::Entity::find_by_id(id).one(app.store.read()).await;
    found.unwrap().expect("no such activity")
}

/// Sign-ups of a state, in the order of the line.
async fn signups(app: &TestApp, id: i64, state: SignupState) -> Vec<activity_signup::Model> {
    let rows = activity_signup::Entity::find()
        .filter(activity_signup::COLUMN.activity_id.eq(id))
        .filter(activity_signup::COLUMN.state.eq(state))
        .order_by_asc(activity_signup::COLUMN.ticket);
    rows.all(app.store.read()).await.unwrap()
}

/// What stands in the activity's row is what its sign-ups add up to.
async fn adds_up(app: &TestApp, id: i64) {
    let row = activity(app, id).await;
    let sum = |rows: &[activity_signup::Model]| rows.iter().map(|row| row.size).sum::<i32>();
    let taken = sum(&signups(app, id, SignupState::Taken).await);
    let waiting = sum(&signups(app, id, SignupState::Waiting).await);
    assert_eq!((row.taken, row.waiting), (taken, waiting), "{row:?}");
}

/// Lets time pass until a moment.
async fn until(app: &TestApp, at: Moment) {
    app.advance((at - app.now()).num_minutes() + 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_steward_makes_one_in_four_lines_and_neighbours_come_by_digits() {
    let app = TestApp::start().await;
    let chair = app.staff("卫东").await;
    let zhang = app.resident("张秀英").await;
    let how = chair.says("发起活动").await;
    assert!(how.contains("四行"), "{how}");
    // What is no activity may be a complaint: it is not lost, and the question goes on.
    let other = chair.says("3栋电梯停了").await;
    assert!(
        other.contains("没看懂") && other.contains("1 报修"),
        "{other}"
    );
    let day = china(starts(&app)).format("%-m月%-d日").to_string();
    let preview = chair
        .says(&format!("周六义诊\n{day} 14:00-16:00\n中心花园\n30人"))
        .await;
    assert!(
        preview.contains("1 发布") && preview.contains("还剩30个名额"),
        "{preview}"
    );
    // Nobody else knows of it yet.
    let none = zhang.says("活动").await;
    assert!(none.contains("现在没有要开始的活动"), "{none}");
    let out = chair.says("1").await;
    assert!(out.contains("已发布"), "{out}");
    let id = activity::Entity::find()
        .one(app.store.read())
        .await
        .unwrap()
        .unwrap()
        .id;

    let list = zhang.says("活动").await;
    assert!(
        list.contains("周六义诊") && list.contains("还剩30个名额"),
        "{list}"
    );
    let one = zhang.says("1").await;
    assert!(one.contains("中心花园") && one.contains("1 报名"), "{one}");
    let joined = zhang.says("1").await;
    assert!(
        joined.contains("报名成功") && joined.contains(".ics"),
        "{joined}"
    );
    let hour = zhang.says("1").await;
    assert!(hour.contains("前1小时会再提醒"), "{hour}");
    let family = zhang.says(&format!("报名 {id} 三个人")).await;
    assert!(family.contains("（3人）"), "{family}");
    assert_eq!(activity(&app, id).await.taken, 3);
    adds_up(&app, id).await;

    zhang.says("我的活动").await;
    until(&app, linli::activity::times::eve(starts(&app))).await;
    let eve = zhang.expects_push("明天开始").await;
    for says in ["已报三人", "14:00", "中心花园", "取消报名"] {
        assert!(eve.contains(says), "{eve}");
    }
    zhang.says("菜单").await;
    let row = activity(&app, id).await;
    until(&app, row.starts_at - TimeDelta::hours(1)).await;
    zhang.expects_push("还有1小时开始").await;
    assert_eq!((zhang.told("明天开始"), zhang.told("还有1小时")), (1, 1));
    chair.says("菜单").await;
    until(&app, row.ends_at).await;
    assert_eq!(activity(&app, id).await.state, ActivityState::Held);
    chair.expects_push("结束了").await;
    chair.sends_photo(jpeg(6)).await;
    let photo = chair.says(&format!("活动照片 {id}")).await;
    assert!(photo.contains("1张照片已加到"), "{photo}");
    app.drain().await;
    let seen = zhang.says(&format!("活动 {id}")).await;
    assert!(
        seen.contains("已结束") && seen.contains("照片：http"),
        "{seen}"
    );
}
