//! The HTTP face, as clients and operators meet it: problems, sessions, limits, the description of
//! the API, health.

mod description;
mod health;
mod limits;
mod problems;
mod session;

use std::sync::Arc;

use linli::base::clock::ShiftedClock;
use linli::base::dice::Dice;
use linli::base::fault::Code;
use linli::command::serve::{Running, start};
use linli::config::Settings;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::harness::db::TestDb;
use crate::harness::wechat::Sender;

/// A real server with the pretended platform, and a client.
struct House {
    running: Running,
    db: TestDb,
    http: reqwest::Client,
    clock: Arc<ShiftedClock>,
}

/// An answer, read.
struct Seen {
    status: StatusCode,
    headers: reqwest::header::HeaderMap,
    text: String,
}

impl Seen {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {}", self.text))
    }

    fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }
}

impl House {
    async fn start() -> Self {
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

    fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
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
    async fn token(&self, openid: &str) -> String {
        let seen = self.sign_in(&self.code(openid).await).await;
        assert_eq!(seen.status, StatusCode::CREATED, "{}", seen.text);
        seen.json()["token"].as_str().unwrap().to_owned()
    }

    async fn stop(self) {
        self.running.stop().await.unwrap();
    }
}

async fn see(request: reqwest::RequestBuilder) -> Seen {
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
