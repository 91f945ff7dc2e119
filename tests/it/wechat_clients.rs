//! Outgoing calls against a small HTTP server that plays `api.weixin.qq.com`: the shared token, the
//! single retry, the shapes of requests and answers.

use linli::wechat::{
    Error,
    http::Http,
    mini::MiniClient,
    official::client::{OfficialClient, TemplateMessage},
    token::{Lock, MemoryShelf, ShelfDown, Shelving, Token, TokenKeeper, TokenShelf},
};
use poem::{
    EndpointExt, IntoEndpoint, Response, Route, Server,
    endpoint::BoxEndpoint,
    handler,
    listener::{Acceptor, Listener, TcpListener},
    web::Data,
};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

const NOW: i64 = 1_700_000_000;

/// What the pretended platform knows and has seen.
#[derive(Default)]
struct Platform {
    /// Number in the name of the token that is good now.
    token: u32,
    /// Tokens issued by plain and by forced requests.
    asked: u32,
    forced: u32,
    /// A normal request repeats the old token although it is refused.
    stubborn: bool,
    /// The token answer, if not the regular one.
    token_answer: Option<String>,
    /// Seconds that a token lives.
    lifetime: i64,
    /// Path, query and body of every other call.
    calls: Vec<(String, String, String)>,
    /// Answer of every other call while its token is good.
    answer: String,
    content_type: String,
    refuse_all: bool,
    delay: Duration,
}

type Shared = Arc<Mutex<Platform>>;

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
async fn platform() -> (Shared, String) {
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

fn keeper(base: &str, shelf: &Arc<dyn TokenShelf>, seed: u64) -> Arc<TokenKeeper> {
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

fn memory() -> Arc<dyn TokenShelf> {
    Arc::new(MemoryShelf::default())
}

fn client(base: &str) -> OfficialClient {
    let keeper = keeper(base, &memory(), 1);
    OfficialClient::new(Http::new().unwrap(), base, keeper)
}

/// Runs the same call on all keepers at once, four times each.
async fn everybody(keepers: &[Arc<TokenKeeper>], now: i64) -> Vec<String> {
    let calls = (0..4).flat_map(|_| keepers).map(|keeper| {
        let keeper = keeper.clone();
        tokio::spawn(async move { keeper.get(now).await.unwrap() })
    });
    let mut tokens = Vec::new();
    for call in calls.collect::<Vec<_>>() {
        tokens.push(call.await.unwrap());
    }
    tokens
}

fn counts(shared: &Shared) -> (u32, u32) {
    let platform = shared.lock().unwrap();
    (platform.asked, platform.forced)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn eight_keepers_refresh_once_and_a_burst_of_refusals_once_more() {
    let (shared, base) = platform().await;
    let shelf = memory();
    let keepers: Vec<_> = (0..8).map(|seed| keeper(&base, &shelf, seed)).collect();
    assert_eq!(everybody(&keepers, NOW).await, vec!["T1"; 32]);
    assert_eq!(counts(&shared), (1, 0));

    shared.lock().unwrap().token = 2;
    let burst = (0..4).flat_map(|_| &keepers).map(|keeper| {
        let keeper = keeper.clone();
        tokio::spawn(async move {
            keeper.report_bad("T1").await;
            keeper.get(NOW).await.unwrap()
        })
    });
    for call in burst.collect::<Vec<_>>() {
        assert_eq!(call.await.unwrap(), "T2");
    }
    assert_eq!(counts(&shared), (2, 0));
    // A late report of the old token harms nobody.
    keepers[3].report_bad("T1").await;
    assert_eq!(everybody(&keepers, NOW).await, vec!["T2"; 32]);
    assert_eq!(counts(&shared), (2, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stubborn_platform_is_forced_once_in_thirty_seconds() {
    let (shared, base) = platform().await;
    let shelf = memory();
    let keepers: Vec<_> = (0..4).map(|seed| keeper(&base, &shelf, seed)).collect();
    everybody(&keepers, NOW).await;
    for _ in 0..2 {
        {
            let mut platform = shared.lock().unwrap();
            platform.token += 1;
            platform.stubborn = true;
        }
        let bad = keepers[0].get(NOW).await.unwrap();
        for keeper in &keepers {
            keeper.report_bad(&bad).await;
        }
        everybody(&keepers, NOW).await;
        assert_eq!(counts(&shared).1, 1);
    }
}

#[tokio::test]
async fn tokens_are_renewed_five_minutes_early_but_not_at_every_call() {
    let (shared, base) = platform().await;
    let keeper = keeper(&base, &memory(), 7);
    keeper.get(NOW).await.unwrap();
    keeper.get(NOW + 7200 - 301).await.unwrap();
    assert_eq!(
        counts(&shared),
        (1, 0),
        "not before five minutes to the end"
    );
    shared.lock().unwrap().token = 2;
    assert_eq!(keeper.get(NOW + 7200 - 240).await.unwrap(), "T2");
    assert_eq!(counts(&shared), (2, 0));
    // Near its end the platform repeats the token with what is left of its life.
    shared.lock().unwrap().lifetime = 290;
    let late = NOW + 7200 - 240 + 6965;
    for second in 0..5 {
        keeper.get(late + second).await.unwrap();
    }
    assert_eq!(counts(&shared), (3, 0));
}

#[tokio::test]
async fn an_early_refresh_that_fails_leaves_the_old_token_in_use() {
    let (shared, base) = platform().await;
    let keeper = keeper(&base, &memory(), 7);
    keeper.get(NOW).await.unwrap();
    shared.lock().unwrap().token_answer = Some(r#"{"errcode":-1,"errmsg":"busy"}"#.to_owned());
    assert_eq!(keeper.get(NOW + 7100).await.unwrap(), "T1");
    let busy = keeper.get(NOW + 7200).await;
    assert!(
        matches!(busy, Err(Error::Platform { code: -1, .. })),
        "{busy:?}"
    );
}

#[tokio::test]
async fn an_error_is_never_kept_as_a_token() {
    let (shared, base) = platform().await;
    let shelf = memory();
    let keeper = keeper(&base, &shelf, 7);
    for (answer, code) in [
        (r#"{"errcode":40164,"errmsg":"invalid ip"}"#, Some(40164)),
        (
            r#"{"errcode":"40125","errmsg":"bad secret","access_token":"X"}"#,
            Some(40125),
        ),
        (r#"{"expires_in":7200}"#, None),
        (r#"{"access_token":"","expires_in":7200}"#, None),
        (r#"{"access_token":"X"}"#, None),
        (r#"{"access_token":"X","expires_in":-1}"#, None),
        ("<html>502</html>", None),
    ] {
        shared.lock().unwrap().token_answer = Some(answer.to_owned());
        let error = keeper.get(NOW).await.unwrap_err();
        match code {
            Some(wanted) => {
                assert!(matches!(error, Error::Platform { code, .. } if code == wanted))
            }
            None => assert_eq!(error, Error::Nonsense, "{answer}"),
        }
        assert_eq!(shelf.get().await, Ok(None), "{answer}");
    }
    shared.lock().unwrap().token_answer = None;
    assert_eq!(keeper.get(NOW).await.unwrap(), "T1");
}

#[tokio::test]
async fn who_waits_takes_what_the_holder_of_the_lock_brings() {
    let (shared, base) = platform().await;
    let shelf = memory();
    assert_eq!(
        shelf
            .lock(Lock::Refresh, "another", Duration::from_secs(10))
            .await,
        Ok(true)
    );
    assert_eq!(
        shelf
            .lock(Lock::Refresh, "third", Duration::from_secs(10))
            .await,
        Ok(false)
    );
    shelf.unlock(Lock::Refresh, "third").await.unwrap();
    assert_eq!(
        shelf
            .lock(Lock::Refresh, "third", Duration::from_secs(10))
            .await,
        Ok(false)
    );
    let waiting = tokio::spawn({
        let keeper = keeper(&base, &shelf, 7);
        async move { keeper.get(NOW).await }
    });
    tokio::time::sleep(Duration::from_millis(150)).await;
    let brought = Token {
        value: "T1".to_owned(),
        expires_at: NOW + 7200,
    };
    shelf.put(&brought).await.unwrap();
    assert_eq!(waiting.await.unwrap().unwrap(), "T1");
    assert_eq!(counts(&shared), (0, 0));
    assert!(!format!("{brought:?}").contains("T1"));
}

/// A shelf that is gone, as when Redis is down.
struct Gone;

impl TokenShelf for Gone {
    fn get(&self) -> Shelving<'_, Option<Token>> {
        Box::pin(async { Err(ShelfDown) })
    }
    fn put<'a>(&'a self, _: &'a Token) -> Shelving<'a, ()> {
        Box::pin(async { Err(ShelfDown) })
    }
    fn lock<'a>(&'a self, _: Lock, _: &'a str, _: Duration) -> Shelving<'a, bool> {
        Box::pin(async { Err(ShelfDown) })
    }
    fn unlock<'a>(&'a self, _: Lock, _: &'a str) -> Shelving<'a, ()> {
        Box::pin(async { Err(ShelfDown) })
    }
    fn remove_if_same<'a>(&'a self, _: &'a str) -> Shelving<'a, bool> {
        Box::pin(async { Err(ShelfDown) })
    }
}

#[tokio::test]
async fn without_its_shelf_an_instance_helps_itself() {
    let (shared, base) = platform().await;
    let shelf: Arc<dyn TokenShelf> = Arc::new(Gone);
    let keeper = keeper(&base, &shelf, 7);
    for _ in 0..5 {
        assert_eq!(keeper.get(NOW).await.unwrap(), "T1");
    }
    shared.lock().unwrap().token = 2;
    keeper.report_bad("T1").await;
    assert_eq!(keeper.get(NOW).await.unwrap(), "T2");
    assert_eq!(counts(&shared), (2, 0));
}

fn message() -> TemplateMessage {
    TemplateMessage {
        to: "o1".into(),
        template_id: "tpl".into(),
        url: Some("https://example.org/c/12".into()),
        data: vec![
            ("thing1".into(), "3栋\n电梯停了\u{1d}".into()),
            ("time2".into(), "12:00".into()),
        ],
        client_msg_id: Some("r-12-1".into()),
    }
}

#[tokio::test]
async fn a_template_message_goes_out_as_raw_utf8() {
    let (shared, base) = platform().await;
    let id = client(&base).template_send(&message(), NOW).await.unwrap();
    assert_eq!(id, "9007199254740993");
    let (path, query, body) = shared.lock().unwrap().calls.remove(0);
    assert_eq!(
        (path.as_str(), query.as_str()),
        ("/cgi-bin/message/template/send", "access_token=T1")
    );
    assert!(
        !body.contains("\\u") && body.contains("3栋 电梯停了"),
        "{body}"
    );
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(
        body,
        json!({
            "touser": "o1", "template_id": "tpl", "url": "https://example.org/c/12", "client_msg_id": "r-12-1",
            "data": { "thing1": { "value": "3栋 电梯停了" }, "time2": { "value": "12:00" } },
        })
    );
}

#[tokio::test]
async fn customer_messages_and_typing() {
    let (shared, base) = platform().await;
    let client = client(&base);
    client
        .custom_text("o1", "您好\n🏠\u{1d}", NOW)
        .await
        .unwrap();
    client.custom_typing("o1", true, NOW).await.unwrap();
    client.custom_typing("o1", false, NOW).await.unwrap();
    let calls = std::mem::take(&mut shared.lock().unwrap().calls);
    let bodies: Vec<Value> = calls
        .iter()
        .map(|call| serde_json::from_str(&call.2).unwrap())
        .collect();
    let text = json!({ "touser": "o1", "msgtype": "text", "text": { "content": "您好\n🏠" } });
    assert_eq!(
        (calls[0].0.as_str(), &bodies[0]),
        ("/cgi-bin/message/custom/send", &text)
    );
    assert!(!calls[0].2.contains("\\u"));
    assert_eq!(calls[1].0, "/cgi-bin/message/custom/typing");
    assert_eq!(bodies[1], json!({ "touser": "o1", "command": "Typing" }));
    assert_eq!(
        bodies[2],
        json!({ "touser": "o1", "command": "CancelTyping" })
    );
}

#[tokio::test]
async fn a_refused_token_is_replaced_and_the_call_repeated_once() {
    let (shared, base) = platform().await;
    let client = client(&base);
    client.custom_text("o1", "a", NOW).await.unwrap();
    shared.lock().unwrap().token = 2;
    client.custom_text("o1", "b", NOW).await.unwrap();
    let queries: Vec<_> = shared
        .lock()
        .unwrap()
        .calls
        .iter()
        .map(|call| call.1.clone())
        .collect();
    assert_eq!(
        queries,
        ["access_token=T1", "access_token=T1", "access_token=T2"]
    );
    assert_eq!(counts(&shared), (2, 0));

    shared.lock().unwrap().calls.clear();
    shared.lock().unwrap().refuse_all = true;
    let refused = client.template_send(&message(), NOW).await;
    let wanted = Error::Platform {
        code: 40001,
        message: "invalid credential".to_owned(),
        rid: Some("r-1".to_owned()),
    };
    assert_eq!(refused, Err(wanted));
    assert_eq!(shared.lock().unwrap().calls.len(), 2);
}

#[tokio::test]
async fn other_errors_are_told_and_not_repeated() {
    let (shared, base) = platform().await;
    let client = client(&base);
    for code in [45009, 43004, 45065, 48001, -1] {
        shared.lock().unwrap().calls.clear();
        shared.lock().unwrap().answer = format!(r#"{{"errcode":{code},"errmsg":"no"}}"#);
        let error = client.template_send(&message(), NOW).await.unwrap_err();
        assert!(matches!(error, Error::Platform { code: told, .. } if told == code));
        assert_eq!(shared.lock().unwrap().calls.len(), 1);
    }
    for nonsense in ["<html>", "[]", r#"{"errcode":0}"#, &" ".repeat(2_000_000)] {
        shared.lock().unwrap().answer = nonsense.to_owned();
        assert_eq!(
            client.template_send(&message(), NOW).await,
            Err(Error::Nonsense)
        );
    }
}

#[tokio::test]
async fn files_are_told_from_errors() {
    let (shared, base) = platform().await;
    let client = client(&base);
    let set = |kind: &str, answer: &str| {
        let mut platform = shared.lock().unwrap();
        platform.content_type = kind.to_owned();
        platform.answer = answer.to_owned();
    };
    set("image/jpeg", "JPEG");
    let media = client.media_get("m/1&x=2", 4, NOW).await.unwrap();
    assert_eq!(
        (media.content_type.as_str(), media.bytes.as_slice()),
        ("image/jpeg", &b"JPEG"[..])
    );
    assert_eq!(
        shared.lock().unwrap().calls[0].1,
        "access_token=T1&media_id=m%2F1%26x%3D2"
    );
    assert_eq!(client.media_get("m", 3, NOW).await, Err(Error::Nonsense));
    for kind in ["text/plain", "application/json", "image/jpeg"] {
        set(kind, r#"{"errcode":40007,"errmsg":"invalid media_id"}"#);
        let error = client.media_get("m", 100, NOW).await.unwrap_err();
        assert!(
            matches!(error, Error::Platform { code: 40007, .. }),
            "{kind}: {error:?}"
        );
    }
    set(
        "application/json",
        r#"{"video_url":"http://example.org/v"}"#,
    );
    assert_eq!(client.media_get("m", 100, NOW).await, Err(Error::Nonsense));
    // A token refused in the middle is replaced here too.
    set("image/png", "PNG");
    shared.lock().unwrap().token = 2;
    assert_eq!(client.media_get("m", 100, NOW).await.unwrap().bytes, b"PNG");
}

#[tokio::test]
async fn silence_and_dead_ports_are_network_errors_without_an_address() {
    let (shared, base) = platform().await;
    shared.lock().unwrap().delay = Duration::from_secs(3);
    let limit = Duration::from_millis(200);
    let http = Http::with_limits(limit, limit).unwrap();
    let slow = http
        .get(&format!("{base}/x"), &[("access_token", "hush")])
        .await
        .unwrap_err();
    assert_eq!(slow, Error::Network { timeout: true });
    let free = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let dead = http
        .get(&format!("http://127.0.0.1:{free}/"), &[("secret", "hush")])
        .await
        .unwrap_err();
    assert_eq!(dead, Error::Network { timeout: false });
    assert!(!format!("{slow:?} {slow} {dead:?} {dead}").contains("hush"));
}

#[tokio::test]
async fn code2session() {
    let (shared, base) = platform().await;
    let client = MiniClient::new(Http::new().unwrap(), &base, "wx2", "hush".into());
    shared.lock().unwrap().answer = json!({ "openid": "o1", "session_key": "a2V5" }).to_string();
    let session = client.code2session("code+1").await.unwrap();
    assert_eq!(
        (session.openid.as_str(), session.unionid.as_deref()),
        ("o1", None)
    );
    assert_eq!(session.session_key.expose_secret(), "a2V5");
    assert!(!format!("{session:?} {client:?}").contains("a2V5"));
    assert!(!format!("{client:?}").contains("hush"));
    let (path, query, _) = shared.lock().unwrap().calls.remove(0);
    assert_eq!(path, "/sns/jscode2session");
    assert_eq!(
        query,
        "appid=wx2&secret=hush&js_code=code%2B1&grant_type=authorization_code"
    );
    shared.lock().unwrap().answer =
        json!({ "openid": "o1", "session_key": "a2V5", "unionid": "u1", "errcode": 0 }).to_string();
    assert_eq!(
        client.code2session("c").await.unwrap().unionid.as_deref(),
        Some("u1")
    );
    for code in [40029, 40163, 40226, 45011, -1] {
        shared.lock().unwrap().answer = json!({ "errcode": code, "errmsg": "no" }).to_string();
        let error = client.code2session("c").await.unwrap_err();
        assert!(matches!(error, Error::Platform { code: told, .. } if told == code));
    }
    shared.lock().unwrap().answer = json!({ "openid": "o1" }).to_string();
    assert_eq!(client.code2session("c").await.unwrap_err(), Error::Nonsense);
    let before = shared.lock().unwrap().calls.len();
    for code in ["", "a b", "一", &"a".repeat(257)] {
        assert_eq!(
            client.code2session(code).await.unwrap_err(),
            Error::Malformed("js_code")
        );
    }
    assert_eq!(shared.lock().unwrap().calls.len(), before);
}
