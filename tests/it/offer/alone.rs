//! What is for one alone: how to reach the other one of a tie, whom it wakes and whom it no longer concerns; what
//! residents write before it has passed; how often somebody learns a name in a day; and what fits in somebody's second
//! compound.

use chrono::TimeDelta;
use entity::kinds::OfferState;
use entity::kinds::OfferState::{Matched, Open};
use entity::role;
use linli::base::clock::begin_of;
use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, EntityTrait, QueryFilter};
use serde_json::json;

use super::{day, item, open, publish, states, unit, until};
use crate::console::Desk;
use crate::harness::app::TestApp;
use crate::harness::people::tie;
use crate::wish::alone::at_night;

const OWN_PHONE: &str = "13800000101";
const FIRST_PHONE: &str = "13800000102";
const SECOND_PHONE: &str = "13800000201";
/// Of whoever speaks for the school.
const TEACHERS_PHONE: &str = "13800001002";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_ties_is_told_at_once_the_other_in_the_morning_and_a_former_one_never() {
    let app = at_night().start().await;
    let steward = app.steward("1栋").await;
    let zhang = app.resident("张秀英").await;
    let li = app.resident("李建国").await;
    let wang = app.resident("王芳").await;
    let need = open(&zhang, &steward, "发需求 想学手机").await;
    let first = open(&li, &steward, "发资源 会教手机").await;
    let second = open(&wang, &steward, "发资源 能教手机").await;
    zhang.says(&format!("对接 {need} {first}")).await;
    zhang.expects_push(FIRST_PHONE).await;
    zhang.says(&format!("取消对接 {need}")).await;
    zhang.says(&format!("对接 {need} {second}")).await;
    zhang.expects_push(SECOND_PHONE).await;
    app.drain().await;
    for person in [&li, &wang] {
        let told = person.pushes().join("\n");
        assert!(!told.contains(OWN_PHONE), "woken: {told}");
    }
    app.advance(65).await;
    wang.expects_push(OWN_PHONE).await;
    // Let go before the morning came: the need is somebody else's.
    let told = li.pushes().join("\n");
    assert!(!told.contains(OWN_PHONE), "{told}");
    assert_eq!(
        states(&app, &[need, first, second]).await,
        [Matched, Open, Matched]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_spoke_for_an_organisation_once_is_nobody_to_call() {
    let app = TestApp::start().await;
    let school = unit(&app, "U1", "第一小学", "unit", Some("周强")).await;
    let steward = app.steward("1栋").await;
    let teacher = app.staff("周强").await;
    let zhang = app.resident("张秀英").await;
    let resource = publish(&teacher, "发资源 教室周末可以借").await;
    let row = item(&app, resource).await;
    assert_eq!((row.organisation_id, row.state), (Some(school), Open));
    let need = open(&zhang, &steward, "发需求 想借教室开会").await;
    role::Entity::update_many()
        .set(role::ActiveModel {
            to_at: Set(Some(app.now() - TimeDelta::hours(1))),
            ..Default::default()
        })
        .filter(role::COLUMN.organisation_id.eq(school))
        .exec(app.store.write())
        .await
        .unwrap();
    let tied = zhang.says(&format!("对接 {need} {resource}")).await;
    assert!(tied.contains("对接上了"), "{tied}");
    zhang.expects_push("暂时没有联系人").await;
    let told = zhang.pushes().join("\n");
    for personal in ["周强", TEACHERS_PHONE] {
        assert!(!told.contains(personal), "{personal}: {told}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_only_supervises_reads_what_everybody_reads_of_residents() {
    let app = TestApp::start().await;
    let steward = app.steward("1栋").await;
    let manager = app.staff("沈立").await;
    let officer = app.staff("冯涛").await;
    let zhang = app.resident("张秀英").await;
    let raised = publish(&zhang, "发需求 张秀英想学手机").await;
    let refused = publish(&zhang, "发需求 张秀英想要一千块钱").await;
    steward
        .says(&format!("驳回清单 {refused} 请找社区救助"))
        .await;
    let due = day(&app, 30);
    let promise = publish(&manager, &format!("发服务 {due} 更换3栋门禁")).await;
    let api = app.api(&officer).await;
    for id in [raised, refused] {
        let shown = officer.says(&format!("清单 {id}")).await;
        assert!(shown.contains("没有找到"), "{shown}");
        let seen = api.get(&format!("/offers/{id}")).await;
        assert_eq!(seen.status, 404, "{seen:?}");
        let body = json!({ "pass": true, "reason": "不该看到" });
        for act in ["decision", "remove"] {
            let answer = api.post(&format!("/offers/{id}/{act}"), &body).await;
            assert_eq!(answer.status, 404, "{act}: {answer:?}");
        }
    }
    let mut desk = Desk::of(&app, "冯涛").await;
    for list in ["raised", "ended"] {
        let page = desk
            .open(&format!("/console/lists?compound=GY&list={list}"))
            .await;
        page.is(200);
        for hidden in ["学手机", "一千块钱", "张秀英"] {
            assert!(!page.body.contains(hidden), "{list}: {}", page.body);
        }
    }
    // A promise is theirs to supervise; a need is what all see, once it has passed.
    let seen = api.get(&format!("/offers/{promise}")).await;
    assert_eq!(seen.json["side"], json!("checker"), "{seen:?}");
    steward.says(&format!("通过清单 {raised}")).await;
    let seen = api.get(&format!("/offers/{raised}")).await;
    assert_eq!(
        (&seen.json["side"], &seen.json["title"]),
        (&json!("neighbour"), &json!("张*想学手机")),
        "{seen:?}"
    );
    // Whoever checks reads it all, before and after.
    let seen = app
        .api(&steward)
        .await
        .get(&format!("/offers/{refused}"))
        .await;
    assert_eq!(seen.json["side"], json!("checker"), "{seen:?}");
}

/// To nine o'clock of China's next day: no midnight lies within the test.
async fn next_morning(app: &TestApp) {
    until(app, day(app, 1), 9).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_ties_and_lets_go_all_day_is_thanked_until_tomorrow() {
    let app = TestApp::plan()
        .instances(2)
        .set("LISTS__TIES_PER_DAY", "2")
        .start()
        .await;
    let steward = app.steward("1栋").await;
    let zhang = app.resident("张秀英").await;
    let li = app.resident("李建国").await;
    next_morning(&app).await;
    let body = json!({ "list": "resource", "text": "会教几位老人用手机", "quantity": 9 });
    let made = app.api(&li).await.post("/offers", &body).await;
    let resource: i64 = made.json["id"].as_str().unwrap().parse().unwrap();
    steward.says(&format!("通过清单 {resource}")).await;
    let mut needs = Vec::new();
    for words in [
        "想学手机挂号",
        "想学手机拍照",
        "想学手机打车",
        "想学手机付钱",
    ] {
        needs.push(open(&zhang, &steward, &format!("发需求 {words}")).await);
    }
    // From both phones at once.
    let api = app.api(&zhang).await;
    let other = api.at(&format!("http://{}", app.instances[1].address));
    let with = json!({ "with": resource.to_string() });
    let calls = needs.iter().enumerate().map(|(at, need)| {
        let api = if at % 2 == 0 { &api } else { &other };
        let with = &with;
        async move {
            let answer = api.post(&format!("/offers/{need}/tie"), with).await;
            answer.status
        }
    });
    let answers = futures_util::future::join_all(calls).await;
    let got = answers.iter().filter(|status| **status == 200).count();
    assert_eq!(got, 2, "{answers:?}");
    assert_eq!(item(&app, resource).await.taken, 2);
    // What is let go counts all the same.
    let tied = states(&app, &needs).await;
    let at = |state: OfferState| tied.iter().position(|other| *other == state).unwrap();
    let (loose, free) = (needs[at(Matched)], needs[at(Open)]);
    zhang.says(&format!("取消对接 {loose}")).await;
    let enough = zhang.says(&format!("对接 {free} {resource}")).await;
    assert!(
        enough.contains("一天最多对接2次") && enough.contains("明天再来"),
        "{enough}"
    );
    // The other side may, and tomorrow is another day.
    let theirs = li.says(&format!("对接 {resource} {free}")).await;
    assert!(theirs.contains("对接上了"), "{theirs}");
    next_morning(&app).await;
    let again = zhang.says(&format!("对接 {loose} {resource}")).await;
    assert!(again.contains("对接上了"), "{again}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_fits_in_somebodys_second_compound_is_said_too() {
    let app = TestApp::start().await;
    let steward = app.steward("1栋").await;
    let next_door = app.staff("杨光").await;
    let zhang = app.resident("张秀英").await;
    let li = app.resident("李建国").await;
    let han = app.resident("韩梅").await;
    let home = app.place("LY/9-1-901").await;
    let account = zhang.account().await;
    let tie = tie(&app, &account, &home);
    tie.insert(app.store.write()).await.unwrap();
    next_morning(&app).await;
    // What fitted in the first compound is gone by the time at which it would be told.
    open(&zhang, &steward, "发需求 想学手机挂号").await;
    let gone = open(&li, &steward, "发资源 会教手机挂号").await;
    li.says(&format!("撤回清单 {gone}")).await;
    let api = app.api(&zhang).await;
    let body = json!({ "list": "need", "text": "想学手机拍照", "home": "LY/9-1-901" });
    let made = api.post("/offers", &body).await;
    assert_eq!(made.status, 201, "{made:?}");
    let need: i64 = made.json["id"].as_str().unwrap().parse().unwrap();
    next_door.says(&format!("通过清单 {need}")).await;
    let resource = open(&han, &next_door, "发资源 会教手机拍照").await;
    let today = day(&app, 0);
    assert!(app.now() < begin_of(today) + TimeDelta::hours(10));
    until(&app, today, 10).await;
    zhang.expects_push(&format!("对接 {need} {resource}")).await;
}
