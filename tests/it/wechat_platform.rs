//! A small HTTP server that plays `api.weixin.qq.com`: one token at a time, any answer one likes.

use linli::wechat::{
    http::Http,
    token::{MemoryShelf, TokenKeeper, TokenShelf},
};
use poem::{
    EndpointExt, IntoEndpoint, Response, Route, Server,
    endpoint::BoxEndpoint,
    handler,
    listener::{Acceptor, Listener, TcpListener},
    web::Data,
};
use serde_json::{Value, json};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

pub const NOW: i64 = 1_700_000_000;

/// What the pretended platform knows and has seen.
#[derive(Default)]
pub struct Platform {
    /// Number in the name of the token that is good now.
    pub token: u32,
    /// Tokens issued by plain and by forced requests.
    pub asked: u32,
    pub forced: u32,
    /// A normal request repeats the old token although it is refused.
    pub stubborn: bool,
    /// The token answer, if not the regular one.
    pub token_answer: Option<String>,
    /// The answer to a forced request, if not the regular one.
    pub force_answer: Option<String>,
    /// Seconds that a token lives.
    pub lifetime: i64,
    /// Path, query and body of every other call.
    pub calls: Vec<(String, String, String)>,
    /// Answer of every other call while its token is good.
    pub answer: String,
    pub content_type: String,
    pub refuse_all: bool,
    pub delay: Duration,
}

pub type Shared = Arc<Mutex<Platform>>;

#[handler]
async fn stable_token(Data(platform): Data<&Shared>, body: String) -> String {
    // Long enough for callers to meet.
    tokio::time::sleep(Duration::from_millis(30)).await;
    let mut platform = platform.lock().unwrap();
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(body["grant_type"], "client_credential");
    assert_eq!(
        (&body["appid"], &body["secret"]),
        (&json!("wx1"), &json!("hush"))
    );
    if body["force_refresh"] == true {
        platform.forced += 1;
        if let Some(answer) = &platform.force_answer {
            return answer.clone();
        }
        platform.token += 1;
        platform.stubborn = false;
    } else {
        platform.asked += 1;
    }
    if let Some(answer) = &platform.token_answer {
        return answer.clone();
    }
    let shown = if platform.stubborn {
        platform.token - 1
    } else {
        platform.token
    };
    json!({ "access_token": format!("T{shown}"), "expires_in": platform.lifetime }).to_string()
}

#[handler]
async fn other(Data(platform): Data<&Shared>, request: &poem::Request, body: Vec<u8>) -> Response {
    let (delay, answer) = {
        let mut platform = platform.lock().unwrap();
        let query = request.uri().query().unwrap_or_default().to_owned();
        let body = String::from_utf8(body).unwrap();
        platform
            .calls
            .push((request.uri().path().to_owned(), query.clone(), body));
        let good = format!("access_token=T{}", platform.token);
        let refused = query.contains("access_token")
            && (platform.refuse_all || !query.split('&').any(|part| part == good));
        let answer = if refused {
            Response::builder().body(r#"{"errcode":40001,"errmsg":"invalid credential rid: r-1"}"#)
        } else {
            let kind = Some(platform.content_type.as_str()).filter(|kind| !kind.is_empty());
            Response::builder()
                .content_type(kind.unwrap_or("text/plain"))
                .body(platform.answer.clone())
        };
        (platform.delay, answer)
    };
    tokio::time::sleep(delay).await;
    answer
}

fn app(platform: &Shared) -> BoxEndpoint<'static> {
    Route::new()
        .at("/cgi-bin/stable_token", poem::post(stable_token))
        .at("/*path", poem::get(other).post(other))
        .data(platform.clone())
        .into_endpoint()
        .map_to_response()
        .boxed()
}

/// Starts the platform; it ends with the test's runtime.
pub async fn platform() -> (Shared, String) {
    let shared = Shared::default();
    {
        let mut platform = shared.lock().unwrap();
        platform.token = 1;
        platform.lifetime = 7200;
        platform.answer = r#"{"errcode":0,"errmsg":"ok","msgid":9007199254740993}"#.to_owned();
    }
    let acceptor = TcpListener::bind("127.0.0.1:0")
        .into_acceptor()
        .await
        .unwrap();
    let port = acceptor.local_addr()[0].as_socket_addr().unwrap().port();
    tokio::spawn(Server::new_with_acceptor(acceptor).run(app(&shared)));
    (shared, format!("http://127.0.0.1:{port}"))
}

pub fn keeper(base: &str, shelf: &Arc<dyn TokenShelf>, seed: u64) -> Arc<TokenKeeper> {
    let http = Http::new().unwrap();
    Arc::new(TokenKeeper::new(
        http,
        base,
        "wx1",
        "hush".into(),
        shelf.clone(),
        seed,
    ))
}

pub fn memory() -> Arc<dyn TokenShelf> {
    Arc::new(MemoryShelf::default())
}

/// How many tokens were asked for, and how many by force.
pub fn counts(shared: &Shared) -> (u32, u32) {
    let platform = shared.lock().unwrap();
    (platform.asked, platform.forced)
}
