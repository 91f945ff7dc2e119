//! What holds a notice up: the hour between two, a deed that one has not, a post that has ended. And that somebody
//! else's link counts for nobody.

use chrono::TimeDelta;
use entity::kinds::NoticeState;
use entity::role;
use sea_orm::ActiveValue::Set;
use sea_orm::{EntityTrait, QueryFilter};
use serde_json::json;

use super::{TEXT, all, goes_out, last, link_in, posted, published, recipient, recipients};
use crate::console::Desk;
use crate::harness::app::TestApp;
use crate::payment::browser_of;

/// Seconds until it may be tried again.
fn seconds(headers: &reqwest::header::HeaderMap) -> u32 {
    let wait = headers.get("retry-after").expect("no Retry-After");
    wait.to_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn one_an_hour_at_the_console_and_over_the_api_and_how_long_to_wait_is_said() {
    let app = TestApp::start().await;
    let (zhang, chair) = (app.resident("张秀英").await, app.staff("卫东").await);
    let api = app.api(&chair).await;
    let body = |title: &str| json!({ "place": "GY", "title": title, "body": "x" });
    let first = posted(&api, &body("第一条")).await;
    goes_out(&app, first).await;

    let draft = api.post("/notices", &body("第二条")).await;
    let id = draft.json["id"].as_str().unwrap().to_owned();
    let url = format!("{}/api/v1/notices/{id}/publish", app.url());
    let http = reqwest::Client::builder().build().unwrap();
    let tries = async || {
        let request = http.post(&url).bearer_auth(api.token());
        request.json(&json!({})).send().await.unwrap()
    };
    let refused = tries().await;
    assert_eq!(refused.status(), 429);
    let wait = seconds(refused.headers());
    assert!((3000..=3600).contains(&wait), "{wait}");
    let said = refused.text().await.unwrap();
    assert!(
        said.contains("一小时最多发一条") && said.contains("too_many"),
        "{said}"
    );

    let mut desk = Desk::of(&app, "卫东").await;
    let path = format!("/console/notices/{id}");
    let refused = desk.send(&path, &format!("{path}/publish"), &[]).await;
    refused.is(429).says("一小时最多发一条").says("确认发给");
    assert!(
        (3000..=3600).contains(&seconds(&refused.headers)),
        "{refused:?}"
    );
    assert_eq!(last(&app).await.state, NoticeState::Draft);
    app.advance(2).await;
    assert_eq!(zhang.told("第二条"), 0);
    // After the hour the draft goes.
    app.advance(60).await;
    assert_eq!(tries().await.status(), 200);
    goes_out(&app, id.parse().unwrap()).await;
    zhang.expects_push("第二条").await;
}

#[tokio::test]
async fn urgent_that_is_forged_into_the_form_is_refused() {
    let app = TestApp::start().await;
    let mut manager = Desk::of(&app, "沈立").await;
    let form = "/console/notices/new";
    let page = manager.open(&format!("{form}?place=GY")).await;
    page.is(200);
    assert!(!page.body.contains("name=\"urgent\""), "{}", page.body);
    let csrf = page.hidden("csrf");
    let fields = [
        ("csrf", csrf.as_str()),
        ("place", "GY"),
        ("title", "漏气"),
        ("body", "请撤离"),
        ("urgent", "yes"),
    ];
    let refused = manager.send_files(form, &fields, &[]).await;
    refused.is(403).says("紧急公告只能由");
    assert!(all(&app).await.is_empty());
    let mut chair = Desk::of(&app, "卫东").await;
    let page = chair.open(&format!("{form}?place=GY")).await;
    page.is(200).says("name=\"urgent\"");
}

#[tokio::test]
async fn a_post_that_ends_before_it_is_confirmed_publishes_nothing() {
    let app = TestApp::start().await;
    let (zhang, chair) = (app.resident("张秀英").await, app.staff("卫东").await);
    let api = app.api(&chair).await;
    let preview = chair.says(TEXT).await;
    assert!(preview.contains("1 确认发布"), "{preview}");
    let id = last(&app).await.id;
    role::Entity::update_many()
        .set(role::ActiveModel {
            to_at: Set(Some(app.now() - TimeDelta::minutes(1))),
            ..Default::default()
        })
        .filter(role::COLUMN.person_id.eq(app.person("卫东").await.id))
        .exec(app.store.write())
        .await
        .unwrap();
    let again = format!("确认发布 {id}");
    for words in ["1", again.as_str()] {
        let said = chair.says(words).await;
        assert!(!said.contains("15秒后"), "{words}: {said}");
    }
    let answer = api
        .post(&format!("/notices/{id}/publish"), &json!({}))
        .await;
    assert_eq!(answer.status, 404, "{answer:?}");
    app.advance(2).await;
    assert_eq!(last(&app).await.state, NoticeState::Draft);
    assert!(recipients(&app, id).await.is_empty());
    assert_eq!(zhang.told("周六停水"), 0);
}

#[tokio::test]
async fn somebody_elses_link_opened_while_signed_in_counts_for_nobody() {
    let app = TestApp::start().await;
    let (zhang, liu) = (app.resident("张秀英").await, app.resident("刘洋").await);
    let chair = app.staff("卫东").await;
    let id = published(&chair, TEXT).await;
    let own = link_in(&zhang.expects_push("周六停水").await);
    let read = async |name: &str| {
        let row = recipient(&app, id, name).await.unwrap();
        (row.read_at.is_some(), row.acknowledged_at.is_some())
    };
    let mut browser = browser_of(&app, &liu.open_id).await;
    let url = format!("{}{own}", app.url());
    let page = browser.open(&url).await;
    page.is(200).says("检修水箱");
    assert!(!page.body.contains("<button"), "{}", page.body);
    browser.post(&url, &[]).await.is(303);
    for name in ["张秀英", "刘洋"] {
        assert_eq!(read(name).await, (false, false), "{name}");
    }
    // The one on paper counts for whoever is signed in.
    let paper = linli::notice::link::public_path(&app.instances[0].app, id);
    browser.open(&format!("{}{paper}", app.url())).await.is(200);
    assert_eq!(read("刘洋").await, (true, false));
    // Without signing in the link is its owner's.
    app.page(&own).await;
    assert_eq!(read("张秀英").await, (true, false));
}
