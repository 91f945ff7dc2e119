//! Sessions of the mini-program: how they begin and end, and whom they know.

use linli::base::fault::Code;
use linli::sandbox::{self, Api};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{House, assert_problem, see};
use crate::harness::app::TestApp;

#[tokio::test]
async fn a_session_begins_with_a_code_and_ends_with_sign_out() {
    let house = House::start().await;
    let code = house.code("o-web-1").await;
    let seen = house.sign_in(&code).await;
    assert_eq!(seen.status, StatusCode::CREATED, "{}", seen.text);
    let body = seen.json();
    let token = body["token"].as_str().unwrap();
    assert!(token.len() >= 43, "256 bits: {token}");
    assert!(body["expires_at"].as_str().unwrap().ends_with("+08:00"));
    assert_eq!(body["person"], Value::Null);

    // The platform takes a code once; so do we, and we say it kindly.
    let again = house.sign_in(&code).await;
    assert_problem(&again, Code::Invalid);
    assert_eq!(again.json()["errors"][0]["field"], "code");
    for nonsense in ["", "a b", "中", &"x".repeat(300), "unknown"] {
        assert_problem(&house.sign_in(nonsense).await, Code::Invalid);
    }

    let me = || house.request(Method::GET, "/api/v1/me").bearer_auth(token);
    assert_eq!(see(me()).await.json()["homes"], json!([]));
    let out = house
        .request(Method::DELETE, "/api/v1/session")
        .bearer_auth(token);
    assert_eq!(see(out).await.status, StatusCode::NO_CONTENT);
    assert_problem(&see(me()).await, Code::Unauthenticated);
    house.stop().await;
}

#[tokio::test]
async fn a_session_lapses_after_thirty_days() {
    let house = House::start().await;
    let token = house.token("o-web-2").await;
    let me = || house.request(Method::GET, "/api/v1/me").bearer_auth(&token);
    house.clock.advance(chrono::TimeDelta::days(29));
    assert_eq!(see(me()).await.status, StatusCode::OK);
    house.clock.advance(chrono::TimeDelta::days(2));
    assert_problem(&see(me()).await, Code::Unauthenticated);
    house.stop().await;
}

#[tokio::test]
async fn tokens_and_session_keys_are_not_readable_in_the_database() {
    use sea_orm::EntityTrait;

    let house = House::start().await;
    let token = house.token("o-web-3").await;
    let store = house.db.store().await;
    let rows = entity::session::Entity::find()
        .all(store.read())
        .await
        .unwrap();
    assert_eq!(rows.len(), 1);
    assert!(!rows[0].token_index.contains(&token));
    // base64 of nonce, 24 characters and tag: the key itself is 24 characters long.
    assert!(rows[0].session_key_sealed.as_ref().unwrap().len() > 60);
    house.stop().await;
}

/// `unionid` makes one person of two accounts: the person and the homes are there at once.
#[tokio::test]
async fn the_mini_program_knows_who_the_official_account_knows() {
    use sea_orm::ConnectionTrait;

    let house = House::start().await;
    let store = house.db.store().await;
    let now = "'2026-11-20 00:00:00+00:00'";
    let script = [
        format!(
            "INSERT INTO place (id, kind, code, name, path, created_at, updated_at) VALUES (1, 'compound', 'GY', '桂园', '/1/', {now}, {now})"
        ),
        format!(
            "INSERT INTO place (id, parent_id, compound_id, kind, code, name, path, created_at, updated_at) VALUES (2, 1, 1, 'home', 'GY/1-1-101', '101', '/1/2/', {now}, {now})"
        ),
        format!(
            "INSERT INTO person (id, name, party_member, created_at, updated_at) VALUES (1, '张秀英', false, {now}, {now})"
        ),
        format!(
            "INSERT INTO account (id, channel, external_id, union_id, person_id, compound_id, followed, window_left, created_at) VALUES (900, 'official', 'o-official', 'union-o-web-4', 1, 1, true, 0, {now})"
        ),
        format!(
            "INSERT INTO binding (id, account_id, person_id, place_id, compound_id, state, claimed_name, claimed_phone_sealed, claimed_phone_index, created_at) VALUES (900, 900, 1, 2, 1, 'verified', '张秀英', 'x', 'x', {now})"
        ),
    ];
    for statement in script {
        store
            .write()
            .execute_unprepared(&statement)
            .await
            .unwrap_or_else(|error| panic!("{statement}: {error}"));
    }
    for _ in 0..2 {
        let token = house.token("o-web-4").await;
        let me = house.request(Method::GET, "/api/v1/me").bearer_auth(&token);
        let body = see(me).await.json();
        assert_eq!(body["person"], json!({"id": "1", "name": "张秀英"}));
        let homes = json!([{"id": "2", "code": "GY/1-1-101", "state": "verified"}]);
        assert_eq!(body["homes"], homes, "signing in again adds nothing");
        let list = |query: &str| {
            let path = format!("/api/v1/homes{query}");
            house.request(Method::GET, &path).bearer_auth(&token)
        };
        let page = see(list("?limit=1")).await.json();
        assert_eq!(page, json!({"items": homes, "next": null}));
        assert_problem(&see(list("?cursor=x")).await, Code::Invalid);
    }
    let stranger = house.token("o-web-5").await;
    let me = house
        .request(Method::GET, "/api/v1/me")
        .bearer_auth(&stranger);
    assert_eq!(see(me).await.json()["person"], Value::Null);
    house.stop().await;
}

/// Nobody has to bind twice: whoever is bound in the chat is known to the mini-program.
#[tokio::test]
async fn whoever_is_bound_in_the_chat_is_known_to_the_mini_program() {
    let app = TestApp::start().await;
    let steward = app.steward("1栋").await;
    let name = app.api(&steward).await.get("/me").await.json["person"]["name"].clone();
    assert_eq!(name, "孙梅");
    let asked = app.platform.calls(Api::User);
    assert_eq!(asked, 1);
    app.api(&steward).await;
    assert_eq!(
        app.platform.calls(Api::User),
        asked,
        "asked again though it is known"
    );

    // Without the platform's help signing in works, only nobody is joined.
    let chair = app.steward("2栋").await;
    app.platform
        .set_fault(sandbox::Fault::new(Api::User, "48001", None));
    let me = app.api(&chair).await.get("/me").await;
    assert_eq!((me.status, &me.json["person"]), (200, &Value::Null));
}
