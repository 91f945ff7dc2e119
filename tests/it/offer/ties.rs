//! Needs and resources: the whole way in the chat, who races for them over two instances, and what is let go.

use chrono::TimeDelta;
use entity::kinds::OfferState::{Done, Matched, Open, Raised, Withdrawn};
use entity::reminder;
use linli::base::clock::begin_of;
use sea_orm::{EntityTrait, QueryFilter};
use serde_json::json;

use super::{day, history, item, open, publish, states, until};
use crate::harness::app::TestApp;

const OWN_PHONE: &str = "13800000101";
const OTHERS_PHONE: &str = "13800000102";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_need_finds_its_resource_and_each_side_learns_the_other_alone() {
    let app = TestApp::start().await;
    let steward = app.steward("1栋").await;
    let zhang = app.resident("张秀英").await;
    let li = app.resident("李建国").await;
    let asked = zhang.says("发需求").await;
    assert!(asked.contains("请写下您需要什么"), "{asked}");
    let said = zhang.says("想找人教我用手机\n张秀英，1-1-101").await;
    assert!(said.contains("归在“技能教学”"), "{said}");
    let need = super::number_in(&said);
    assert_eq!(item(&app, need).await.state, Raised);
    let empty = li.says("清单 需求").await;
    assert!(empty.contains("是空的"), "{empty}");
    steward.expects_push(&format!("通过清单 {need}")).await;
    steward.says("审核清单").await;
    let one = steward.says("1").await;
    assert!(one.contains("1 通过清单  2 驳回清单"), "{one}");
    assert!(steward.says("1").await.contains("已通过"));
    zhang.expects_push("大家看得到了").await;

    let resource = open(&li, &steward, "发资源 周末可以教老人用手机").await;
    // The list, by digits, without a name or a home.
    li.says("清单").await;
    let list = li.says("1").await;
    let shown = li.says("1").await;
    for reply in [&list, &shown] {
        for personal in ["张秀英", "1-1-101", OWN_PHONE] {
            assert!(!reply.contains(personal), "{personal}: {reply}");
        }
    }
    assert!(
        shown.contains(&format!("1 对接资源 #{resource}")),
        "{shown}"
    );
    // What fits is told once a day, to both.
    let ten = begin_of(day(&app, 0)) + TimeDelta::hours(10);
    let next = day(&app, i64::from(ten <= app.now()));
    until(&app, next, 10).await;
    zhang.expects_push(&format!("对接 {need} {resource}")).await;
    li.expects_push(&format!("对接 {resource} {need}")).await;
    let told = reminder::Entity::find()
        .filter(reminder::COLUMN.kind.eq("offer.match"))
        .all(app.store.read())
        .await
        .unwrap();
    assert_eq!(told.len(), 2, "one each: {told:?}");

    let tied = li.says(&format!("对接 {resource} {need}")).await;
    assert!(tied.contains("对接上了"), "{tied}");
    for personal in ["张秀英", OWN_PHONE] {
        assert!(!tied.contains(personal), "{tied}");
    }
    let contact = li.expects_push(OWN_PHONE).await;
    assert!(contact.contains("张秀英"), "{contact}");
    let contact = zhang.expects_push(OTHERS_PHONE).await;
    assert!(contact.contains("李建国"), "{contact}");
    assert_eq!(states(&app, &[need, resource]).await, [Matched, Matched]);

    let done = zhang.says(&format!("办好 {need} 会挂号了")).await;
    assert!(done.contains("已办好"), "{done}");
    li.expects_push("会挂号了").await;
    let shown = li.says(&format!("清单 {need}")).await;
    assert!(shown.contains("会挂号了"), "{shown}");
    assert_eq!(item(&app, need).await.state, Done);
    let wanted = ["published", "opened", "tied", "finished"];
    assert_eq!(history(&app, need).await, wanted);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_resource_for_one_is_had_by_one_over_two_instances() {
    let app = TestApp::with_instances(2).await;
    let steward = app.steward("1栋").await;
    let zhang = app.resident("张秀英").await;
    let li = app.resident("李建国").await;
    let wang = app.resident("王芳").await;
    let resource = open(&li, &steward, "发资源 有一台轮椅可以借").await;
    let needs = [
        open(&zhang, &steward, "发需求 想借一台轮椅").await,
        open(&wang, &steward, "发需求 要借轮椅推老人").await,
    ];
    let second = format!("http://{}", app.instances[1].address);
    let apis = [app.api(&zhang).await, app.api(&wang).await.at(&second)];
    let paths = needs.map(|need| format!("/offers/{need}/tie"));
    let with = json!({ "with": resource.to_string() });
    let (one, other) = tokio::join!(
        apis[0].post(&paths[0], &with),
        apis[1].post(&paths[1], &with)
    );
    let mut got = [one.status, other.status];
    got.sort_unstable();
    assert_eq!(got, [200, 409], "{one:?} {other:?}");
    let row = item(&app, resource).await;
    assert_eq!((row.state, row.taken), (Matched, 1));
    let tied = states(&app, &needs).await;
    assert_eq!(tied.iter().filter(|state| **state == Matched).count(), 1);
    // Late by chat is told kindly, and stores nothing.
    let (late, person) = match tied[0] {
        Matched => (needs[1], &wang),
        _ => (needs[0], &zhang),
    };
    let reply = person.says(&format!("对接 {late} {resource}")).await;
    assert!(reply.contains("晚了一步"), "{reply}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_need_is_tied_once_though_two_offer_at_the_same_moment() {
    let app = TestApp::with_instances(2).await;
    let steward = app.steward("1栋").await;
    let zhang = app.resident("张秀英").await;
    let li = app.resident("李建国").await;
    let wang = app.resident("王芳").await;
    let need = open(&zhang, &steward, "发需求 想学手机").await;
    let resources = [
        open(&li, &steward, "发资源 会教手机").await,
        open(&wang, &steward, "发资源 能教手机").await,
    ];
    let second = format!("http://{}", app.instances[1].address);
    let apis = [app.api(&li).await, app.api(&wang).await.at(&second)];
    let with = json!({ "with": need.to_string() });
    let paths = resources.map(|id| format!("/offers/{id}/tie"));
    let (one, other) = tokio::join!(
        apis[0].post(&paths[0], &with),
        apis[1].post(&paths[1], &with)
    );
    let mut got = [one.status, other.status];
    got.sort_unstable();
    assert_eq!(got, [200, 409], "{one:?} {other:?}");
    let taken: i32 = [
        item(&app, resources[0]).await.taken,
        item(&app, resources[1]).await.taken,
    ]
    .iter()
    .sum();
    assert_eq!(taken, 1);
    // Once more is once too often.
    let again = zhang.says(&format!("对接 {need} {}", resources[0])).await;
    assert!(again.contains("晚了一步"), "{again}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_resource_for_two_meets_two_and_what_is_let_go_is_free_again() {
    let app = TestApp::start().await;
    let steward = app.steward("1栋").await;
    let zhang = app.resident("张秀英").await;
    let li = app.resident("李建国").await;
    let api = app.api(&li).await;
    let body = json!({ "list": "resource", "text": "会教两位老人用手机", "quantity": 2 });
    let made = api.post_once("/offers", "r-1", &body).await;
    assert_eq!(made.status, 201, "{made:?}");
    let again = api.post_once("/offers", "r-1", &body).await;
    assert_eq!((again.status, &again.json), (201, &made.json));
    let resource: i64 = made.json["id"].as_str().unwrap().parse().unwrap();
    steward.says(&format!("通过清单 {resource}")).await;
    let mut needs = Vec::new();
    for words in ["想学手机挂号", "想学手机拍照", "想学手机打车"] {
        needs.push(open(&zhang, &steward, &format!("发需求 {words}")).await);
    }
    for need in &needs[..2] {
        let tied = zhang.says(&format!("对接 {need} {resource}")).await;
        assert!(tied.contains("对接上了"), "{tied}");
    }
    let row = item(&app, resource).await;
    assert_eq!((row.state, row.taken), (Matched, 2));
    let late = zhang.says(&format!("对接 {} {resource}", needs[2])).await;
    assert!(late.contains("晚了一步"), "{late}");

    let loose = li.says(&format!("取消对接 {}", needs[0])).await;
    assert!(loose.contains("取消了"), "{loose}");
    zhang.expects_push("对接取消了").await;
    let row = item(&app, resource).await;
    assert_eq!((row.state, row.taken), (Open, 1));
    assert_eq!(item(&app, needs[0]).await.state, Open);
    // A resource that is taken back frees what it was tied to.
    let gone = li.says(&format!("撤回清单 {resource}")).await;
    assert!(gone.contains("已撤回"), "{gone}");
    assert_eq!(states(&app, &[needs[1], resource]).await, [Open, Withdrawn]);
    // So does an erasure, and its words are gone.
    let other = open(&li, &steward, "发资源 会教手机").await;
    zhang.says(&format!("对接 {} {other}", needs[0])).await;
    zhang.says("注销").await;
    let erased = zhang.says("2").await;
    assert!(erased.contains("已注销"), "{erased}");
    li.expects_push("不用办了").await;
    let row = item(&app, other).await;
    assert_eq!((row.state, row.taken), (Open, 0));
    let row = item(&app, needs[0]).await;
    assert_eq!((row.state, row.title.as_str()), (Withdrawn, ""));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_category_is_put_right_by_a_digit() {
    let app = TestApp::start().await;
    let zhang = app.resident("张秀英").await;
    let id = publish(&zhang, "发需求 想要个伴儿").await;
    let choices = zhang.says("1").await;
    assert!(choices.contains("1 照护陪伴"), "{choices}");
    let sorted = zhang.says("1").await;
    assert!(sorted.contains("已改到“照护陪伴”"), "{sorted}");
    let row = item(&app, id).await;
    assert_eq!(row.category, entity::kinds::OfferCategory::Care);
}
