//! Coming in: by the code at the door, as a scan, over the API and on the page; by hand; and what a forged code, that of
//! another activity, and one at the wrong time are worth.

use chrono::TimeDelta;
use entity::account;
use entity::life::SignupState;
use linli::activity::link;
use linli::privacy::consent::VERSION;
use linli::sandbox::Say;
use sea_orm::ActiveValue::Set;
use sea_orm::EntityTrait;
use serde_json::json;

use super::{activity, adds_up, open, signups, until};
use crate::harness::app::TestApp;
use crate::harness::browser::Browser;
use crate::harness::people::Person;

/// Scans a code, a second after what was before: twice within one second the platform repeats itself.
async fn scans(person: &Person<'_>, scene: &str) -> String {
    person.app.clock.advance(TimeDelta::seconds(1));
    let answer = person.does(&Say::event("SCAN", scene)).await;
    answer.expect("a scan was met with silence")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_code_lets_in_once_who_has_a_place_and_no_forged_or_other_one_does() {
    let app = TestApp::start().await;
    let house = &app.instances[0].app;
    let chair = app.staff("卫东").await;
    let (zhang, li) = (app.resident("张秀英").await, app.resident("李建国").await);
    let (wang, han) = (app.resident("王芳").await, app.resident("韩梅").await);
    let id = open(&chair, Some(2)).await;
    let other = open(&chair, None).await;
    zhang.says(&format!("报名 {id}")).await;
    li.says(&format!("报名 {id}")).await;
    wang.says(&format!("报名 {id}")).await;
    let scene = link::door_scene(house, id);
    assert!(scene.len() <= 64, "{scene}");
    let early = scans(&zhang, &scene).await;
    assert!(early.contains("前1小时内再扫码"), "{early}");
    until(
        &app,
        activity(&app, id).await.starts_at - TimeDelta::minutes(30),
    )
    .await;
    // The page's token is none of the door's, nor is one that was changed a little, nor is another activity's.
    let page = link::public_path(house, id).replace("/activity/", "in.");
    let mut changed = scene.clone();
    let last = changed.pop().unwrap();
    changed.push(if last == 'A' { 'B' } else { 'A' });
    let moved =
        link::door_scene(house, other).replace(&format!("in.{other}."), &format!("in.{id}."));
    for forged in [
        page.as_str(),
        changed.as_str(),
        moved.as_str(),
        "in.",
        "in.1",
        "in.x.y.z",
    ] {
        let reply = scans(&zhang, forged).await;
        assert!(reply.contains("签到码不对"), "{forged}: {reply}");
    }
    let not_there = scans(&zhang, &link::door_scene(house, other)).await;
    assert!(not_there.contains("没有报名"), "{not_there}");
    let elsewhere = scans(&han, &scene).await;
    assert!(elsewhere.contains("没有找到活动"), "{elsewhere}");
    let waits = scans(&wang, &scene).await;
    assert!(waits.contains("候补名单"), "{waits}");
    assert_eq!(
        signups(&app, id, SignupState::Taken)
            .await
            .iter()
            .filter(|row| row.checked_at.is_some())
            .count(),
        0
    );
    let in_now = scans(&zhang, &scene).await;
    assert!(in_now.contains("签到成功"), "{in_now}");
    let twice = scans(&zhang, &scene).await;
    assert!(twice.contains("已经签过到"), "{twice}");
    let stranger = app.newcomer("o-nobody").await;
    let unbound = scans(&stranger, &scene).await;
    assert!(unbound.contains("绑定房号"), "{unbound}");

    // The same over the API.
    let api = app.api(&li).await;
    for wrong in ["x", &link::door_token(house, other), "1.2"] {
        let answer = api
            .post("/activities/check-in", &json!({ "token": wrong }))
            .await;
        assert_eq!(answer.status, 404, "{wrong}: {answer:?}");
    }
    let token = link::door_token(house, id);
    let came = api
        .post("/activities/check-in", &json!({ "token": token }))
        .await;
    assert_eq!(came.status, 200, "{came:?}");
    assert!(came.json["own"]["checked_at"].is_string(), "{came:?}");
    // By hand, also who waited: whoever stands at the door decides.
    let leader = app.api(&chair).await;
    let guests = leader.get(&format!("/activities/{id}/guests")).await;
    let guest = guests.json["items"].as_array().unwrap().iter();
    let guest = guest.clone().find(|guest| guest["name"] == "王芳").unwrap();
    let path = format!(
        "/activities/{id}/guests/{}/check-in",
        guest["id"].as_str().unwrap()
    );
    assert_eq!(api.post(&path, &json!({})).await.status, 403);
    let by_hand = leader.post(&path, &json!({})).await;
    assert_eq!(
        (by_hand.status, &by_hand.json["taken"]),
        (200, &json!(3)),
        "{by_hand:?}"
    );
    let strange = path.replace(&format!("/{id}/"), &format!("/{other}/"));
    assert_eq!(leader.post(&strange, &json!({})).await.status, 404);
    adds_up(&app, id).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_behind_the_code_asks_to_press_and_knows_who_looks() {
    let app = TestApp::start().await;
    let house = &app.instances[0].app;
    let chair = app.staff("卫东").await;
    let zhang = app.resident("张秀英").await;
    let id = open(&chair, None).await;
    zhang.says(&format!("报名 {id}")).await;
    until(&app, activity(&app, id).await.starts_at).await;
    let to = format!("/activity/in/{}", link::door_token(house, id));
    let address = format!("{}{to}", app.url());
    let mut browser = Browser::new();
    let away = browser.open(&address).await;
    assert!(
        away.to
            .as_deref()
            .is_some_and(|to| to.starts_with("/wechat/oauth/start")),
        "{away:?}"
    );
    let back = browser.come_back(&app, &zhang.open_id, &to).await;
    assert_eq!(back.to.as_deref(), Some(to.as_str()));
    browser.open(&address).await.is(200).says("签到</button>");
    assert!(
        signups(&app, id, SignupState::Taken).await[0]
            .checked_at
            .is_none(),
        "opening is not coming"
    );
    // Since then the rules have changed: they are shown first, and pressing again is going on.
    let older = account::ActiveModel {
        told_version: Set(VERSION - 1),
        agreed_version: Set(VERSION - 1),
        ..Default::default()
    };
    let all = account::Entity::update_many().set(older);
    all.exec(app.store.write()).await.unwrap();
    browser
        .post(&address, &[])
        .await
        .is(403)
        .says("href=\"/privacy\"")
        .says("同意并签到");
    assert!(
        signups(&app, id, SignupState::Taken).await[0]
            .checked_at
            .is_none(),
        "being told is not coming"
    );
    browser.post(&address, &[]).await.is(200).says("签到成功");
    browser.post(&address, &[]).await.is(409).says("已经签过到");
    let forged = format!("{}/activity/in/{id}.AAAA", app.url());
    browser.open(&forged).await.is(404).says("签到码不对");
    browser.post(&forged, &[]).await.is(404);
}
