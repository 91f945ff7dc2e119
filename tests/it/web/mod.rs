//! The HTTP face, as clients and operators meet it: problems, sessions, limits, the description of
//! the API, health.

use std::sync::Arc;

use linli::base::clock::ShiftedClock;
use linli::base::dice::Dice;
use linli::base::fault::{Code, Fault};
use linli::command::serve::{Running, start};
use linli::config::Settings;
use linli::sandbox::{self, Api};
use linli::web::{openapi, problem};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::harness::app::TestApp;
use crate::harness::db::TestDb;
use crate::harness::wechat::Sender;

/// A real server with the pretended platform, and a client.
pub struct House {
    running: Running,
    pub db: TestDb,
    http: reqwest::Client,
    pub clock: Arc<ShiftedClock>,
}

/// An answer, read.
pub struct Seen {
    pub status: StatusCode,
    pub headers: reqwest::header::HeaderMap,
    pub text: String,
}

impl Seen {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {}", self.text))
    }

    fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }
}

impl House {
    pub async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    async fn start_with(change: impl FnOnce(&mut Settings)) -> Self {
        let db = TestDb::fresh().await;
        let mut settings = db.settings();
        settings.sandbox.enabled = true;
        change(&mut settings);
        let clock = Arc::new(ShiftedClock::default());
        let dice = Arc::new(Dice::from_seed(7));
        let running = start(settings, clock.clone(), dice).await.unwrap();
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        Self {
            running,
            db,
            http,
            clock,
        }
    }

    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let url = format!("http://{}{path}", self.running.address);
        self.http.request(method, url)
    }

    async fn get(&self, path: &str) -> Seen {
        see(self.request(Method::GET, path)).await
    }

    fn sender(&self) -> Sender {
        let url = format!("http://{}", self.running.address);
        Sender::new(&self.running.app.settings, &url)
    }

    /// A code as `wx.login` gives it.
    async fn code(&self, openid: &str) -> String {
        let request = self.request(Method::POST, "/sandbox/code");
        let seen = see(request.json(&json!({ "openid": openid }))).await;
        seen.json()["code"].as_str().unwrap().to_owned()
    }

    async fn sign_in(&self, code: &str) -> Seen {
        let request = self.request(Method::POST, "/api/v1/session");
        see(request.json(&json!({ "code": code }))).await
    }

    /// A bearer token.
    pub async fn token(&self, openid: &str) -> String {
        let seen = self.sign_in(&self.code(openid).await).await;
        assert_eq!(seen.status, StatusCode::CREATED, "{}", seen.text);
        seen.json()["token"].as_str().unwrap().to_owned()
    }

    pub async fn stop(self) {
        self.running.stop().await.unwrap();
    }
}

pub async fn see(request: reqwest::RequestBuilder) -> Seen {
    let response = request.send().await.unwrap();
    Seen {
        status: response.status(),
        headers: response.headers().clone(),
        text: response.text().await.unwrap(),
    }
}

/// Checks that an answer is a problem with this code and says nothing of its insides.
fn assert_problem(seen: &Seen, code: Code) {
    let row = code.row();
    assert_eq!(seen.status.as_u16(), row.status, "{}", seen.text);
    assert_eq!(seen.header("content-type"), "application/problem+json");
    let body = seen.json();
    assert_eq!(body["code"], row.name);
    assert_eq!(body["status"], row.status);
    assert_eq!(body["type"], format!("urn:linli:problem:{}", row.name));
    assert_eq!(body["request_id"], seen.header("x-request-id"));
    assert!(
        !seen.text.contains("parse") && !seen.text.contains("expected"),
        "{}",
        seen.text
    );
}

#[tokio::test]
async fn every_code_is_a_problem_with_its_status() {
    for code in Code::all() {
        let mut fault = Fault::plain(code).because("secret cause");
        fault.retry_after = Some(3);
        let response = problem::respond(&fault, "abc");
        assert_eq!(response.status().as_u16(), code.row().status);
        assert_eq!(response.headers()["retry-after"], "3");
        let text = response.into_body().into_string().await.unwrap();
        let body: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(body["code"], code.row().name);
        assert_eq!(body["request_id"], "abc");
        assert!(!text.contains("secret"), "{text}");
    }
    let field = problem::respond(&Fault::invalid("score", "太大。"), "");
    let text = field.into_body().into_string().await.unwrap();
    let body: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        body["errors"][0],
        json!({"field": "score", "detail": "太大。"})
    );
}

#[tokio::test]
async fn whatever_is_wrong_with_a_request_is_a_problem() {
    let house = House::start().await;
    assert_problem(&house.get("/api/v1/nothing").await, Code::NotFound);
    assert_problem(&house.get("/nothing").await, Code::NotFound);
    assert_problem(&house.get("/api/v1/me").await, Code::Unauthenticated);
    let put = house.request(Method::PUT, "/api/v1/me");
    assert_problem(&see(put).await, Code::MethodNotAllowed);
    let post = || {
        house
            .request(Method::POST, "/api/v1/session")
            .header("content-type", "application/json")
    };
    for body in ["", "{", "[]", "{\"code\":1}", "{}", "\u{0}", "null"] {
        assert_problem(&see(post().body(body)).await, Code::Malformed);
    }
    let mib = vec![b'a'; 1024 * 1024];
    assert_problem(&see(post().body(mib)).await, Code::TooLarge);
    let typed = house
        .request(Method::POST, "/api/v1/session")
        .header("content-type", "text/csv")
        .body("{}");
    assert_problem(&see(typed).await, Code::Unsupported);
    for scheme in ["Basic YTpi", "Bearer", "Bearer ", "Bearer nobody", "\u{7f}"] {
        let Ok(value) = reqwest::header::HeaderValue::from_bytes(scheme.as_bytes()) else {
            continue;
        };
        let me = house
            .request(Method::GET, "/api/v1/me")
            .header("authorization", value);
        let seen = see(me).await;
        assert_problem(&seen, Code::Unauthenticated);
        assert_eq!(seen.header("www-authenticate"), "Bearer");
    }
    house.stop().await;
}

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

#[tokio::test]
async fn a_client_that_loops_is_told_to_wait() {
    let house = House::start().await;
    let token = house.token("o-web-6").await;
    let other = house.token("o-web-7").await;
    let me = |token: &str| house.request(Method::GET, "/api/v1/me").bearer_auth(token);
    let mut refused = None;
    for _ in 0..400 {
        let seen = see(me(&token)).await;
        if seen.status != StatusCode::OK {
            refused = Some(seen);
            break;
        }
    }
    let refused = refused.expect("400 requests in a row were let in");
    assert_problem(&refused, Code::TooMany);
    assert_ne!(refused.header("retry-after"), "");
    assert_eq!(see(me(&other)).await.status, StatusCode::OK);
    house.stop().await;
}

#[tokio::test]
async fn somebody_who_floods_the_chat_gets_one_kind_sentence() {
    let house = House::start_with(|settings| settings.limits.messages_per_minute = 2).await;
    let sender = house.sender();
    for _ in 0..2 {
        let reply = sender.says("o-flood", "菜单").await.unwrap();
        assert!(!reply.contains("太快"), "{reply}");
    }
    let reply = sender.says("o-flood", "菜单").await.unwrap();
    assert!(reply.contains("太快") && reply.contains("再发"), "{reply}");
    let reply = sender.says("o-other", "菜单").await.unwrap();
    assert!(!reply.contains("太快"), "{reply}");
    house.stop().await;
}

#[tokio::test]
async fn every_answer_has_an_id_and_the_headers_of_a_careful_server() {
    let house = House::start().await;
    for path in [
        "/healthz",
        "/api/v1/nothing",
        "/openapi.json",
        "/docs/",
        "/sandbox",
    ] {
        let seen = house.get(path).await;
        assert_eq!(seen.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(seen.header("referrer-policy"), "no-referrer", "{path}");
        assert!(
            seen.header("content-security-policy")
                .contains("object-src 'none'")
                || seen
                    .header("content-security-policy")
                    .contains("default-src 'none'"),
            "{path}"
        );
        assert_ne!(seen.header("x-request-id"), "", "{path}");
    }
    let with_id = |id: &str| {
        house
            .request(Method::GET, "/healthz")
            .header("x-request-id", id)
    };
    assert_eq!(
        see(with_id("proxy-17")).await.header("x-request-id"),
        "proxy-17"
    );
    let long = "x".repeat(65);
    for bad in ["a b", "<x>", &long] {
        assert_ne!(see(with_id(bad)).await.header("x-request-id"), bad);
    }
    house.stop().await;
}

#[tokio::test]
async fn health_and_figures_are_there_for_operators() {
    let house = House::start().await;
    assert_eq!(house.get("/healthz").await.text, "ok");
    let ready = house.get("/readyz").await;
    assert_eq!(ready.status, StatusCode::OK);
    assert_eq!(ready.json()["database"], "ok");
    let expected = if house.db.redis_url.is_some() {
        "ok"
    } else {
        "off"
    };
    assert_eq!(ready.json()["redis"], expected);
    house.get("/api/v1/me?secret=1").await;
    let figures = house.get("/metrics").await.text;
    assert!(figures.contains("linli_http_seconds_bucket"), "{figures}");
    assert!(figures.contains("route=\"/api/v1/me\""), "{figures}");
    assert!(!figures.contains("secret"), "{figures}");
    house.stop().await;
}

#[tokio::test]
async fn redis_away_is_slower_but_ready() {
    let house = House::start_with(|settings| {
        settings.redis.url = "redis://127.0.0.1:1".into();
    })
    .await;
    let ready = house.get("/readyz").await;
    assert_eq!(ready.status, StatusCode::OK, "{}", ready.text);
    assert_eq!(ready.json()["redis"], "down");
    let reply = house.sender().says("o-no-redis", "菜单").await;
    assert!(reply.is_some());
    house.stop().await;
}

#[tokio::test]
async fn the_description_names_only_paths_that_are_served() {
    let house = House::start().await;
    let description = house.get("/openapi.json").await.json();
    assert!(description["openapi"].as_str().unwrap().starts_with("3."));
    let paths = description["paths"].as_object().unwrap();
    assert!(paths.len() >= 2);
    let parameter = regex::Regex::new(r"\{\w+\}").unwrap();
    for (path, operations) in paths {
        for (method, operation) in operations.as_object().unwrap() {
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            let concrete = parameter.replace_all(path, "1");
            let seen = see(house.request(method.clone(), &concrete)).await;
            // A route that needs signing in says so before it looks at anything else.
            let open = operation.get("security").is_none();
            let wanted = if open { 415 } else { 401 };
            assert_eq!(
                seen.status.as_u16(),
                wanted,
                "{method} {path}: {}",
                seen.text
            );
        }
    }
    house.stop().await;
}

/// A handler that nobody described would be missing from `/openapi.json`.
#[test]
fn every_handler_of_the_api_is_described() {
    let src = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut sources = vec![
        src.join("web/session.rs"),
        src.join("web/homes.rs"),
        src.join("web/me.rs"),
        src.join("web/privacy.rs"),
        src.join("web/attachments.rs"),
    ];
    for noun in std::fs::read_dir(&src).unwrap() {
        let noun = noun.unwrap().path();
        sources.push(noun.join("api.rs"));
        let Ok(folder) = std::fs::read_dir(noun.join("api")) else {
            continue;
        };
        sources.extend(folder.map(|file| file.unwrap().path()));
    }
    let mut handlers = 0;
    for source in sources {
        // Most nouns have no JSON.
        let text = std::fs::read_to_string(&source).unwrap_or_default();
        let count = text.matches("#[handler]").count();
        let described = text.matches("#[utoipa::path(").count();
        // A signed link to a file is for browsers.
        let pages = usize::from(source.ends_with("web/attachments.rs"));
        assert_eq!(count - pages, described, "{}", source.display());
        handlers += described;
    }
    let document = serde_json::to_value(openapi::document()).unwrap();
    let described: usize = document["paths"]
        .as_object()
        .unwrap()
        .values()
        .map(|operations| operations.as_object().unwrap().len())
        .sum();
    assert_eq!(described, handlers, "web/openapi.rs joins all nouns' paths");
}

#[tokio::test]
async fn the_page_to_try_the_api_is_served_without_the_outside() {
    let house = House::start().await;
    let page = house.get("/docs/").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(!page.text.contains("https://"), "{}", page.text);
    let script = house.get("/docs/swagger-initializer.js").await;
    assert!(script.text.contains("/openapi.json"));
    assert_eq!(
        house.get("/docs/../Cargo.toml").await.status,
        StatusCode::NOT_FOUND
    );
    assert_problem(&house.get("/docs/nothing.js").await, Code::NotFound);
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
