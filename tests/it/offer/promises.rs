//! What organisations promise: published, claimed, closed off, opened again, and late.

use entity::attachment;
use entity::kinds::OfferState::{Done, Lapsed, Open};
use sea_orm::{EntityTrait, QueryFilter};
use serde_json::json;

use super::{day, history, item, number_in, open, publish, unit, until};
use crate::harness::app::TestApp;
use crate::harness::pictures::jpeg;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_promise_is_closed_off_with_a_photo_and_opened_again_by_whoever_supervises() {
    let app = TestApp::start().await;
    let manager = app.staff("沈立").await;
    let worker = app.staff("蒋平").await;
    let chair = app.staff("卫东").await;
    let zhang = app.resident("张秀英").await;
    let asked = manager.says("发服务").await;
    assert!(asked.contains("请写哪天之前办好"), "{asked}");
    let due = day(&app, 30);
    let reply = manager.says(&format!("{due} 更换3栋门禁")).await;
    assert!(reply.contains("已公布"), "{reply}");
    let id = number_in(&reply);
    let row = item(&app, id).await;
    assert_eq!((row.state, row.due_on), (Open, Some(due)));
    assert!(row.claimed_at.is_some() && row.organisation_id.is_some());
    let seen = zhang.says(&format!("清单 {id}")).await;
    assert!(
        seen.contains("桂园物业服务公司") && seen.contains("办理中"),
        "{seen}"
    );
    // Nobody closes off what is not of their organisation, nor takes a promise back.
    for (person, words) in [
        (&zhang, format!("销号 {id} 好了")),
        (&chair, format!("销号 {id} 好了")),
        (&manager, format!("撤回清单 {id}")),
        (&manager, format!("重开清单 {id} 还没好")),
        (&zhang, format!("重开清单 {id} 还没好")),
    ] {
        let reply = person.says(&words).await;
        assert_eq!(item(&app, id).await.state, Open, "{words}: {reply}");
    }
    let asked = worker.says(&format!("销号 {id}")).await;
    assert!(asked.contains("请写办得怎么样"), "{asked}");
    let closed = worker.says("门禁已换，试用正常").await;
    assert!(
        closed.contains("已销号") && closed.contains("请再发一张照片"),
        "{closed}"
    );
    let photo = worker.sends_photo(jpeg(6)).await;
    assert!(photo.contains("已加到"), "{photo}");
    app.drain().await;
    let kept = attachment::Entity::find()
        .filter(attachment::COLUMN.subject.eq(format!("offer:{id}")))
        .all(app.store.read())
        .await
        .unwrap();
    assert_eq!(kept.len(), 1, "{kept:?}");
    assert_eq!(item(&app, id).await.state, Done);

    let why = chair.says(&format!("重开清单 {id}")).await;
    assert!(why.contains("请写明哪里没办好"), "{why}");
    chair.says("门禁又坏了").await;
    let row = item(&app, id).await;
    assert_eq!((row.state, row.round, row.ended_at), (Open, 2, None));
    manager.expects_push("门禁又坏了").await;
    worker.says(&format!("销号 {id} 换了主板")).await;
    assert_eq!(
        history(&app, id).await,
        ["published", "closed", "photo", "reopened", "closed"]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_late_is_said_once_and_what_lapses_is_gone() {
    let app = TestApp::start().await;
    let steward = app.steward("1栋").await;
    let manager = app.staff("沈立").await;
    let chair = app.staff("卫东").await;
    let zhang = app.resident("张秀英").await;
    let due = day(&app, 6);
    let promise = publish(&manager, &format!("发责任 {due} 巡查消防通道")).await;
    let api = app.api(&zhang).await;
    let body = json!({ "list": "need", "text": "想借梯子", "due_on": due.to_string() });
    let made = api.post("/offers", &body).await;
    let need: i64 = made.json["id"].as_str().unwrap().parse().unwrap();
    steward.says(&format!("通过清单 {need}")).await;
    until(&app, day(&app, 2), 9).await;
    manager.says("菜单").await;
    until(&app, day(&app, 1), 9).await;
    let soon = manager.expects_push("办好后回复“销号").await;
    assert!(
        soon.contains(&due.format("%-m月%-d日到期").to_string()),
        "{soon}"
    );
    assert!(item(&app, promise).await.overdue_at.is_none());
    until(&app, due, 12).await;
    for person in [&manager, &chair, &zhang] {
        person.says("菜单").await;
    }
    until(&app, day(&app, 1), 9).await;
    let row = item(&app, promise).await;
    assert!(row.state == Open && row.overdue_at.is_some(), "{row:?}");
    let late = manager.expects_push("还没有销号").await;
    assert!(late.contains(&format!("回复“销号 {promise}”")), "{late}");
    let late = chair.expects_push("还没有销号").await;
    assert!(late.contains(&format!("回复“清单 {promise}”")), "{late}");
    zhang.expects_push("已到期").await;
    assert_eq!(item(&app, need).await.state, Lapsed);
    let version = row.version;
    until(&app, day(&app, 2), 9).await;
    assert_eq!(item(&app, promise).await.version, version, "said once");
    // Late is not over.
    manager.says(&format!("销号 {promise} 巡查过了")).await;
    assert_eq!(item(&app, promise).await.state, Done);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_project_is_claimed_by_one_of_two_units_at_the_same_moment() {
    let app = TestApp::with_instances(2).await;
    unit(&app, "U1", "第一小学", "unit", Some("周强")).await;
    let manager = app.staff("沈立").await;
    let teacher = app.staff("周强").await;
    let chair = app.staff("卫东").await;
    let api = app.api(&chair).await;
    let body = json!({
        "list": "service", "text": "给独居老人装扶手", "compound": "GY",
        "due_on": day(&app, 60).to_string(),
    });
    let made = api.post("/offers", &body).await;
    assert_eq!(
        (made.status, &made.json["by"]),
        (201, &json!("待认领")),
        "{made:?}"
    );
    let id: i64 = made.json["id"].as_str().unwrap().parse().unwrap();
    let second = format!("http://{}", app.instances[1].address);
    let apis = [app.api(&manager).await, app.api(&teacher).await.at(&second)];
    let path = format!("/offers/{id}/claim");
    let nothing = json!({});
    let (one, other) = tokio::join!(apis[0].post(&path, &nothing), apis[1].post(&path, &nothing));
    let mut got = [one.status, other.status];
    got.sort_unstable();
    assert_eq!(got, [200, 409], "{one:?} {other:?}");
    assert_eq!(history(&app, id).await, ["published", "claimed"]);
    // A company does not put up projects for others.
    let denied = apis[0].post("/offers", &body).await;
    assert_eq!(denied.status, 403, "{denied:?}");
    let zhang = app.resident("张秀英").await;
    let theirs = open_by(&app, &zhang).await;
    let none = manager.says(&format!("认领项目 {theirs}")).await;
    assert!(none.contains("不是服务项目"), "{none}");
}

async fn open_by(app: &TestApp, zhang: &crate::harness::people::Person<'_>) -> i64 {
    let steward = app.steward("1栋").await;
    open(zhang, &steward, "发需求 想学手机").await
}
