//! The controls behind the page, the stream, pictures.

use std::time::Duration;

use chrono::TimeDelta;
use linli::config::CallbackMode;
use linli::sandbox::Say;
use serde_json::{Value, json};

use super::world::{PERSON, code, world};

#[tokio::test]
async fn a_picture_goes_from_the_phone_to_the_program() {
    let world = world(CallbackMode::Safe).await;
    let png = b"\x89PNG\r\n\x1a\nnot really".to_vec();
    let url = format!("{}/media", world.base);
    let sent = world.web.post(&url).body(png.clone()).send().await.unwrap();
    let id = sent.json::<Value>().await.unwrap()["media_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let media = world
        .client
        .media_get(&id, 1024, world.now())
        .await
        .unwrap();
    assert_eq!(
        (media.content_type.as_str(), media.bytes),
        ("image/png", png)
    );
    assert_eq!(
        code(world.client.media_get("m", 1024, world.now()).await),
        40007
    );
    let sent = world.web.post(&url).body("<script>").send().await.unwrap();
    assert_eq!(sent.status().as_u16(), 400);
    world.clock.advance(TimeDelta::days(3));
    assert_eq!(
        code(world.client.media_get(&id, 1024, world.now()).await),
        40007
    );
}

/// Reads events until there are so many.
async fn read_events(mut response: reqwest::Response, count: usize) -> Vec<(String, Value)> {
    let mut text = String::new();
    let reading = async {
        while text.matches("\n\n").count() < count {
            let chunk = response.chunk().await.unwrap().unwrap();
            text.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    };
    tokio::time::timeout(Duration::from_secs(5), reading)
        .await
        .unwrap();
    let parts = text.split("\n\n").filter(|part| part.contains("data: "));
    let event = |part: &str| {
        let line = |name: &str| {
            let found = part.lines().find_map(|line| line.strip_prefix(name));
            found.unwrap().to_owned()
        };
        (line("id: "), serde_json::from_str(&line("data: ")).unwrap())
    };
    parts.map(event).collect()
}

#[tokio::test]
async fn the_stream_resumes_where_it_broke_off() {
    let world = world(CallbackMode::Safe).await;
    let url = format!("{}/live", world.base);
    let live = world.web.get(&url).send().await.unwrap();
    assert_eq!(live.headers()["content-type"], "text/event-stream");
    let act = json!({ "openid": PERSON, "text": "一" });
    let (status, said) = world.post("/say", act).await;
    assert_eq!(
        (status, said["answer"]["text"].as_str()),
        (200, Some("收到"))
    );
    let events = read_events(live, 2).await;
    assert_eq!(events[0].1["text"], "一");
    assert_eq!(events[1].1["how"], "reply");

    world.platform.say(PERSON, &Say::text("二")).await;
    let resume = async |id: &str| {
        let request = world.web.get(&url).header("Last-Event-ID", id);
        request.send().await.unwrap()
    };
    let missed = read_events(resume(&events[0].0).await, 3).await;
    let texts: Vec<_> = missed
        .iter()
        .map(|(_, entry)| entry["text"].clone())
        .collect();
    assert_eq!(texts, [json!("收到"), json!("二"), json!("收到")]);
    // A number of an earlier run of the platform: everything is new.
    let all = read_events(resume("9999").await, 4).await;
    assert_eq!(all[0].1["text"], "一");

    let mut open = resume(&missed[2].0).await;
    world.platform.stop();
    let end = tokio::time::timeout(Duration::from_secs(5), open.chunk())
        .await
        .unwrap();
    assert_eq!(end.unwrap(), None);
}

#[tokio::test]
async fn nothing_odd_breaks_the_controls() {
    let world = world(CallbackMode::Safe).await;
    for body in [
        json!({}),
        json!({ "openid": PERSON }),
        json!({ "openid": "有空格 ", "text": "x" }),
        json!({ "openid": "", "text": "x" }),
        json!({ "openid": PERSON, "text": 5 }),
    ] {
        let (status, _) = world.post("/say", body.clone()).await;
        assert_eq!(status, 400, "{body}");
    }
    for (path, body) in [
        ("/clock", json!({ "seconds": i64::MAX })),
        ("/clock", json!({ "seconds": i64::MIN })),
        ("/faults", json!([])),
    ] {
        assert_eq!(world.post(path, body).await.0, 400, "{path}");
    }
    let before = world.now();
    let (status, _) = world.post("/clock", json!({ "seconds": 300 })).await;
    assert_eq!(status, 200);
    assert!(world.now() >= before + 300);
    for path in [
        "",
        "/page.css",
        "/page.js",
        "/wire.js",
        "/guide.js",
        "/chips.js",
        "/links.js",
        "/robot.js",
    ] {
        let url = format!("{}{path}", world.base);
        let response = world.web.get(url).send().await.unwrap();
        assert_eq!(response.status().as_u16(), 200, "{path}");
        assert!(response.headers().contains_key("content-security-policy"));
    }
    let wire = world.platform.say(PERSON, &Say::text("机密")).await;
    let labels = &wire.entries[0].wire;
    assert!(labels.iter().any(|part| part.text.contains("<Encrypt>")));
    assert!(labels.iter().any(|part| part.text.contains("机密")));
}
