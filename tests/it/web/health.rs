//! What operators look at: health and figures.

use reqwest::StatusCode;

use super::House;

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
