//! Whatever is wrong with a request is a problem, and every answer has its id and headers.

use linli::base::fault::{Code, Fault};
use linli::web::problem;
use reqwest::Method;
use serde_json::{Value, json};

use super::{House, assert_problem, see};

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
