//! An item whose day passes while it waits to be read, is tied or is closed off lapses, or is late, as soon as it is
//! open again; and the word before the day is said once, though the program is killed in between.

use entity::kinds::OfferState::{Done, Lapsed, Matched, Open, Raised};
use entity::kinds::ReminderState;
use entity::{offer, reminder};
use sea_orm::ActiveValue::Set;
use sea_orm::{EntityTrait, QueryFilter};
use serde_json::json;

use super::{day, item, open, publish, until};
use crate::harness::app::TestApp;
use crate::harness::people::Person;

/// Publishes something for one day only, to be read by staff first; its number.
async fn for_tomorrow(app: &TestApp, person: &Person<'_>, list: &str, text: &str) -> i64 {
    let api = app.api(person).await;
    let due = day(app, 1).to_string();
    let body = json!({ "list": list, "text": text, "due_on": due });
    let made = api.post("/offers", &body).await;
    assert_eq!(made.status, 201, "{made:?}");
    made.json["id"].as_str().unwrap().parse().unwrap()
}

/// The item once it is in this state.
async fn becomes(app: &TestApp, id: i64, state: entity::kinds::OfferState) -> offer::Model {
    let what = format!("{id} is {state:?}");
    crate::harness::until(&what, 15, async || {
        app.advance(1).await;
        let row = item(app, id).await;
        (row.state == state).then_some(row)
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_passed_after_its_day_lapses_at_once() {
    let app = TestApp::start().await;
    let steward = app.steward("1栋").await;
    let zhang = app.resident("张秀英").await;
    let need = for_tomorrow(&app, &zhang, "need", "想借梯子").await;
    until(&app, day(&app, 3), 9).await;
    assert_eq!(item(&app, need).await.state, Raised);
    zhang.says("菜单").await;
    steward.says(&format!("通过清单 {need}")).await;
    becomes(&app, need, Lapsed).await;
    zhang.expects_push("已到期").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_let_go_after_its_day_lapses_at_once_on_either_side() {
    let app = TestApp::start().await;
    let steward = app.steward("1栋").await;
    let zhang = app.resident("张秀英").await;
    let li = app.resident("李建国").await;
    let resource = for_tomorrow(&app, &li, "resource", "会教手机").await;
    let need = for_tomorrow(&app, &zhang, "need", "想学手机").await;
    for id in [resource, need] {
        steward.says(&format!("通过清单 {id}")).await;
    }
    let tied = zhang.says(&format!("对接 {need} {resource}")).await;
    assert!(tied.contains("对接上了"), "{tied}");
    until(&app, day(&app, 3), 9).await;
    assert_eq!(item(&app, need).await.state, Matched);
    assert_eq!(item(&app, resource).await.state, Matched);
    let loose = zhang.says(&format!("取消对接 {need}")).await;
    assert!(loose.contains("取消了"), "{loose}");
    becomes(&app, need, Lapsed).await;
    becomes(&app, resource, Lapsed).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_erasure_frees_after_its_day_lapses_at_once_on_either_side() {
    let app = TestApp::start().await;
    let steward = app.steward("1栋").await;
    let zhang = app.resident("张秀英").await;
    let wang = app.resident("王芳").await;
    // 王芳 needs what 张秀英 gives, and gives what 张秀英 needs.
    let given = for_tomorrow(&app, &wang, "resource", "会教手机").await;
    let needed = for_tomorrow(&app, &wang, "need", "想借梯子").await;
    for id in [given, needed] {
        steward.says(&format!("通过清单 {id}")).await;
    }
    let need = open(&zhang, &steward, "发需求 想学手机").await;
    let resource = open(&zhang, &steward, "发资源 有梯子").await;
    for words in [
        format!("对接 {need} {given}"),
        format!("对接 {needed} {resource}"),
    ] {
        let tied = zhang.says(&words).await;
        assert!(tied.contains("对接上了"), "{tied}");
    }
    until(&app, day(&app, 3), 9).await;
    zhang.says("注销").await;
    let erased = zhang.says("2").await;
    assert!(erased.contains("已注销"), "{erased}");
    let row = becomes(&app, given, Lapsed).await;
    assert_eq!(row.taken, 0);
    let row = becomes(&app, needed, Lapsed).await;
    assert_eq!(row.tied_id, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_promise_that_is_opened_again_after_its_day_is_late_at_once() {
    let app = TestApp::start().await;
    let manager = app.staff("沈立").await;
    let chair = app.staff("卫东").await;
    let due = day(&app, 6);
    let id = publish(&manager, &format!("发服务 {due} 更换3栋门禁")).await;
    manager.says(&format!("销号 {id} 换好了")).await;
    assert_eq!(item(&app, id).await.state, Done);
    until(&app, day(&app, 8), 9).await;
    let row = item(&app, id).await;
    assert_eq!((row.state, row.overdue_at), (Done, None));
    for person in [&manager, &chair] {
        person.says("菜单").await;
    }
    chair.says(&format!("重开清单 {id} 门禁又坏了")).await;
    manager.expects_push("还没有销号").await;
    chair.expects_push("还没有销号").await;
    let row = item(&app, id).await;
    assert!(row.state == Open && row.overdue_at.is_some(), "{row:?}");
}

/// Who is told that the day is near.
async fn told(app: &TestApp, id: i64) -> Vec<i64> {
    let rows = reminder::Entity::find()
        .filter(reminder::COLUMN.kind.eq("offer.told"))
        .filter(reminder::COLUMN.subject.eq(format!("offer:{id}")))
        .all(app.store.read())
        .await
        .unwrap();
    let soon = rows.iter().filter(|row| row.payload["what"] == "soon");
    let mut people: Vec<i64> = soon.map(|row| row.recipient_id.unwrap()).collect();
    people.sort_unstable();
    people
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn that_the_day_is_near_is_said_once_though_the_clock_rings_twice() {
    let app = TestApp::start().await;
    let manager = app.staff("沈立").await;
    let due = day(&app, 6);
    let id = publish(&manager, &format!("发责任 {due} 巡查消防通道")).await;
    until(&app, day(&app, 3), 9).await;
    let once = told(&app, id).await;
    assert_eq!(once.len(), 2, "both who speak for the company");
    // Killed after the words were stored and before the clock was: it rings again, a little later.
    let rings = reminder::Entity::update_many()
        .set(reminder::ActiveModel {
            state: Set(ReminderState::Pending),
            next_at: Set(app.now()),
            leased_until: Set(None),
            done_at: Set(None),
            ..Default::default()
        })
        .filter(reminder::COLUMN.dedupe_key.eq(format!("offer:{id}:soon")))
        .exec(app.store.write())
        .await
        .unwrap();
    assert_eq!(rings.rows_affected, 1);
    app.advance(2).await;
    let row = reminder::Entity::find()
        .filter(reminder::COLUMN.dedupe_key.eq(format!("offer:{id}:soon")))
        .one(app.store.read())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(row.state, ReminderState::Sent);
    assert_eq!(told(&app, id).await, once);
}
