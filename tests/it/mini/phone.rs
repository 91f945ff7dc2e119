//! `POST /api/v1/me/phone`: the phone that the platform proves binds without typing.

use linli::sandbox::{Api, Fault};
use serde_json::json;

use super::{prove, resident};
use crate::harness::app::TestApp;
use crate::harness::compound;

#[tokio::test]
async fn a_proved_phone_binds_all_homes_of_the_person_without_typing() {
    let app = TestApp::start().await;
    let neighbour = app.resident("李建国").await;
    let api = app.api_of("m-zhang").await;
    let before = api.get("/me").await;
    assert!(before.json["person"].is_null());
    let phone = compound::person("张秀英", 2);
    let me = prove(&app, &api, "m-zhang", phone).await;
    assert_eq!(me.status, 200, "{me:?}");
    assert_eq!(me.json["person"]["name"], "张秀英");
    assert_eq!(me.json["homes"][0]["code"], "GY/1-1-101");
    assert_eq!(me.json["homes"][0]["state"], "verified");
    // It can file at once, and once more proving changes nothing.
    let filed = api
        .post("/cases", &json!({ "kind": "repair", "text": "灯坏了" }))
        .await;
    assert_eq!(filed.status, 201, "{filed:?}");
    let again = prove(&app, &api, "m-zhang", phone).await;
    assert_eq!(again.json["homes"], me.json["homes"]);
    app.drain().await;
    assert!(neighbour.pushes().is_empty(), "another home is not told");
}

#[tokio::test]
async fn what_was_declared_by_typing_becomes_verified_and_the_home_is_told_of_a_new_account() {
    let app = TestApp::start().await;
    let zhang = app.resident("张秀英").await;
    let api = app.api_of("m-zhang-2").await;
    let phone = compound::person("张秀英", 2);
    assert_eq!(prove(&app, &api, "m-zhang-2", phone).await.status, 200);
    let told = zhang.expects_push("新账号绑定").await;
    assert!(told.contains("手机号"), "{told}");
    // The account that typed the same phone: its own mini-program proves it.
    let own = app.api(&zhang).await;
    let me = own.get("/me").await;
    assert_eq!(me.json["homes"][0]["state"], "declared", "{me:?}");
    let me = prove(&app, &own, &zhang.open_id, phone).await;
    assert_eq!(me.json["homes"][0]["state"], "verified", "{me:?}");
}

#[tokio::test]
async fn a_code_is_good_once_for_its_owner_and_a_repeat_gets_the_same_answer() {
    let app = TestApp::start().await;
    let api = app.api_of("m-zhang").await;
    let phone = compound::person("张秀英", 2);
    let body = json!({ "code": app.platform.phone_code("m-zhang", phone) });
    let first = api.post_once("/me/phone", "key-1", &body).await;
    assert_eq!(first.status, 200, "{first:?}");
    let calls = app.platform.calls(Api::Phone);
    let again = api.post_once("/me/phone", "key-1", &body).await;
    assert_eq!((again.status, &again.json), (200, &first.json));
    assert_eq!(
        app.platform.calls(Api::Phone),
        calls,
        "asked once: it costs money"
    );
    let used = api.post("/me/phone", &body).await;
    assert_eq!(
        (used.status, used.json["code"].as_str()),
        (422, Some("invalid"))
    );
    // Somebody else's code.
    let foreign = json!({ "code": app.platform.phone_code("m-other", phone) });
    assert_eq!(api.post("/me/phone", &foreign).await.status, 422);
}

#[tokio::test]
async fn a_role_needs_its_code_and_an_unknown_or_foreign_phone_binds_nobody() {
    let app = TestApp::start().await;
    let sun = app.api_of("m-sun").await;
    let answer = prove(&app, &sun, "m-sun", compound::person("孙梅", 2)).await;
    assert_eq!(
        (answer.status, answer.json["code"].as_str()),
        (403, Some("forbidden"))
    );
    let stranger = app.api_of("m-stranger").await;
    let answer = prove(&app, &stranger, "m-stranger", "13900000000").await;
    assert_eq!(answer.status, 404);
    assert!(answer.json["detail"].as_str().unwrap().contains("绑定"));
    let answer = prove(&app, &stranger, "m-stranger", "0755-1234").await;
    assert_eq!(answer.status, 404);
    for api in [&sun, &stranger] {
        assert!(api.get("/me").await.json["person"].is_null());
    }
    // Whose account is somebody's already does not become another's.
    let (open_id, zhang) = resident(&app, "张秀英").await;
    let answer = prove(&app, &zhang, &open_id, compound::person("李建国", 2)).await;
    assert_eq!(
        (answer.status, answer.json["code"].as_str()),
        (409, Some("conflict"))
    );
}

#[tokio::test]
async fn the_platforms_errors_and_bad_bodies_are_told_kindly() {
    let app = TestApp::plan()
        .set("LIMITS__BINDING_TRIES_PER_HOUR", "1000")
        .start()
        .await;
    let api = app.api_of("m-zhang").await;
    let phone = compound::person("张秀英", 2);
    for (fault, status) in [
        ("40029", 422),
        ("40163", 422),
        ("40013", 503),
        ("45011", 429),
        ("-1", 503),
        ("48001", 503),
        ("gateway", 503),
        ("nonsense", 503),
        ("refused", 503),
        ("dropped", 503),
    ] {
        app.platform
            .set_fault(Fault::new(Api::Phone, fault, Some(2)));
        let answer = prove(&app, &api, "m-zhang", phone).await;
        assert_eq!(answer.status, status, "{fault} {answer:?}");
        assert!(answer.json["detail"].as_str().unwrap().ends_with('。'));
        app.platform.clear_faults();
    }
    // A token that went bad is replaced within the call.
    app.platform.expire_tokens();
    for body in [
        json!({}),
        json!({ "code": 1 }),
        json!({ "code": "" }),
        json!({ "code": "一二" }),
        json!({ "code": "a".repeat(257) }),
        json!({ "code": "x", "name": "名".repeat(41) }),
        json!({ "code": "x", "name": [] }),
        json!([]),
    ] {
        let answer = api.post("/me/phone", &body).await;
        assert!((400..500).contains(&answer.status), "{body} {answer:?}");
    }
    assert_eq!(prove(&app, &api, "m-zhang", phone).await.status, 200);
}

#[tokio::test]
async fn proving_is_limited_because_it_costs_money() {
    let app = TestApp::plan()
        .set("LIMITS__BINDING_TRIES_PER_HOUR", "2")
        .start()
        .await;
    let api = app.api_of("m-stranger").await;
    for _ in 0..2 {
        assert_eq!(
            prove(&app, &api, "m-stranger", "13900000000").await.status,
            404
        );
    }
    let calls = app.platform.calls(Api::Phone);
    assert_eq!(
        prove(&app, &api, "m-stranger", "13900000000").await.status,
        429
    );
    assert_eq!(app.platform.calls(Api::Phone), calls);
    app.advance(61).await;
    assert_eq!(
        prove(&app, &api, "m-stranger", "13900000000").await.status,
        404
    );
}
