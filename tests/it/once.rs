//! `Idempotency-Key`: the same POST has one effect and one answer, however often and however
//! closely it is repeated.

use entity::{case, idempotency};
use linli::sandbox::{self, Fault};
use sea_orm::{EntityTrait, PaginatorTrait};
use serde_json::{Value, json};

use crate::harness::app::TestApp;
use crate::harness::people::Api;

async fn cases(app: &TestApp) -> u64 {
    case::Entity::find().count(app.store.read()).await.unwrap()
}

async fn resident(app: &TestApp) -> Api {
    // Somebody whom the cases can be brought to.
    app.steward("1栋").await;
    let resident = app.resident("张秀英").await;
    app.api(&resident).await
}

fn filing(text: &str) -> Value {
    json!({ "kind": "repair", "text": text })
}

#[tokio::test]
async fn the_same_key_gives_the_same_answer_and_no_second_effect() {
    let app = TestApp::start().await;
    let api = resident(&app).await;
    let first = api.post_once("/cases", "k-1", &filing("楼道灯坏了")).await;
    assert_eq!(first.status, 201, "{first:?}");
    let again = api.post_once("/cases", "k-1", &filing("楼道灯坏了")).await;
    assert_eq!((again.status, again.json), (201, first.json.clone()));
    assert_eq!(cases(&app).await, 1);
    // Another key is another wish, even with the same words.
    let other = api.post_once("/cases", "k-2", &filing("楼道灯坏了")).await;
    assert_ne!(other.json["id"], first.json["id"]);
    assert_eq!(cases(&app).await, 2);
}

#[tokio::test]
async fn a_key_belongs_to_one_request_of_one_account() {
    let app = TestApp::start().await;
    let api = resident(&app).await;
    let first = api.post_once("/cases", "k", &filing("一")).await;
    let reused = api.post_once("/cases", "k", &filing("二")).await;
    assert_eq!(
        (reused.status, &reused.json["code"]),
        (422, &json!("key_reused"))
    );
    let id = first.json["id"].as_str().unwrap();
    let path = format!("/cases/{id}/nudge");
    assert_eq!(api.post_once(&path, "k", &filing("一")).await.status, 422);
    assert_eq!(cases(&app).await, 1);

    let neighbour = app.resident("李建国").await;
    let theirs = app.api(&neighbour).await;
    let own = theirs.post_once("/cases", "k", &filing("一")).await;
    assert_eq!(own.status, 201, "{own:?}");
    assert_ne!(own.json["id"], first.json["id"]);
}

#[tokio::test]
async fn eight_at_once_on_two_instances_have_one_effect() {
    let app = TestApp::with_instances(2).await;
    let api = resident(&app).await;
    let other = api.at(&format!("http://{}", app.instances[1].address));
    let body = filing("水管爆了");
    let calls = (0..8).map(|n| {
        let api = if n % 2 == 0 { &api } else { &other };
        api.post_once("/cases", "race", &body)
    });
    let answers = futures_util::future::join_all(calls).await;
    for answer in &answers {
        assert_eq!((answer.status, &answer.json), (201, &answers[0].json));
    }
    assert_eq!(cases(&app).await, 1);
}

#[tokio::test]
async fn a_refused_request_may_be_mended_under_the_same_key() {
    let app = TestApp::start().await;
    let api = resident(&app).await;
    let refused = api.post_once("/cases", "k", &filing(" ")).await;
    assert_eq!(refused.status, 422, "{refused:?}");
    let mended = api.post_once("/cases", "k", &filing("门禁坏了")).await;
    assert_eq!(mended.status, 201, "{mended:?}");
}

#[tokio::test]
async fn a_key_that_cannot_be_is_refused_by_name() {
    let app = TestApp::start().await;
    let api = resident(&app).await;
    for key in ["", "a b", &"x".repeat(65)] {
        let refused = api.post_once("/cases", key, &filing("一")).await;
        assert_eq!(refused.status, 422, "{key}");
        assert_eq!(refused.json["errors"][0]["field"], "idempotency-key");
    }
    let longest = api
        .post_once("/cases", &"x".repeat(64), &filing("一"))
        .await;
    assert_eq!(longest.status, 201);
    assert_eq!(cases(&app).await, 1);
}

fn sign_in(code: &str) -> Value {
    json!({ "code": code })
}

#[tokio::test]
async fn a_sign_in_that_is_repeated_is_the_same_session() {
    let app = TestApp::with_instances(2).await;
    let stranger = app.api_of("m-other").await.signed_out();
    let second = stranger.at(&format!("http://{}", app.instances[1].address));
    let code = app.platform.code("m-zhang");
    let first = stranger.post_once("/session", "k", &sign_in(&code)).await;
    assert_eq!(first.status, 201, "{first:?}");
    for api in [&stranger, &second] {
        let again = api.post_once("/session", "k", &sign_in(&code)).await;
        assert_eq!((again.status, &again.json), (201, &first.json));
    }
    // The token is stored for nobody's eyes.
    let token = first.json["token"].as_str().unwrap();
    let rows = idempotency::Entity::find()
        .all(app.store.read())
        .await
        .unwrap();
    assert_eq!(rows.len(), 1);
    let kept = rows[0].body.as_deref().unwrap();
    assert!(!kept.contains(token), "the token lies there in the open");
    // Under another key, without one, or with another code it is another sign-in.
    for key in [Some("other"), None] {
        let used = match key {
            Some(key) => stranger.post_once("/session", key, &sign_in(&code)).await,
            None => stranger.post("/session", &sign_in(&code)).await,
        };
        used.refuses(422, "invalid", "登录凭证");
    }
    let code = app.platform.code("m-li");
    let other = stranger.post_once("/session", "k", &sign_in(&code)).await;
    assert_eq!(other.status, 201, "{other:?}");
    assert_ne!(other.json["token"], first.json["token"]);
}

#[tokio::test]
async fn a_sign_in_is_repeated_no_longer_than_its_code_lives() {
    let app = TestApp::start().await;
    let stranger = app.api_of("m-other").await.signed_out();
    let code = app.platform.code("m-zhang");
    let first = stranger.post_once("/session", "k", &sign_in(&code)).await;
    assert_eq!(first.status, 201, "{first:?}");
    app.clock.advance(chrono::TimeDelta::minutes(6));
    let late = stranger.post_once("/session", "k", &sign_in(&code)).await;
    late.refuses(422, "invalid", "登录凭证");
}

#[tokio::test]
async fn a_sign_in_that_failed_may_be_tried_again_under_its_key() {
    let app = TestApp::start().await;
    let stranger = app.api_of("m-other").await.signed_out();
    let code = app.platform.code("m-zhang");
    let busy = Fault::new(sandbox::Api::Code2session, "-1", Some(2));
    assert!(app.platform.set_fault(busy));
    let failed = stranger.post_once("/session", "k", &sign_in(&code)).await;
    assert_eq!(failed.status, 503, "{failed:?}");
    app.platform.clear_faults();
    let mended = stranger.post_once("/session", "k", &sign_in(&code)).await;
    assert_eq!(mended.status, 201, "{mended:?}");
    for key in ["", "a b", &"x".repeat(65)] {
        let refused = stranger.post_once("/session", key, &sign_in("x")).await;
        assert_eq!(refused.json["errors"][0]["field"], "idempotency-key");
    }
}

#[tokio::test]
async fn every_post_is_described_with_its_key() {
    let document = serde_json::to_value(linli::web::openapi::document()).unwrap();
    let mut posts = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        let Some(post) = item.get("post") else {
            continue;
        };
        let parameters = post["parameters"].as_array().unwrap();
        let keys = parameters
            .iter()
            .filter(|one| one["name"] == "Idempotency-Key" && one["in"] == "header");
        assert_eq!(keys.count(), 1, "{path}");
        posts += 1;
    }
    assert!(posts > 100, "only {posts}");
}
