//! What a client's programmer reads when a request cannot be: which field, in whose words, what would be
//! allowed.

use serde_json::json;

use crate::harness::app::TestApp;
use crate::harness::people::Api;

async fn resident(app: &TestApp) -> Api {
    app.steward("1栋").await;
    let resident = app.resident("张秀英").await;
    app.api(&resident).await
}

#[tokio::test]
async fn a_body_that_cannot_be_read_names_the_field_or_the_spot() {
    let app = TestApp::start().await;
    let api = resident(&app).await;
    let missing = api.post("/cases", &json!({ "text": "灯坏了" })).await;
    missing.refuses(400, "malformed", "缺少 kind");
    assert_eq!(missing.json["errors"][0]["field"], "kind");
    assert_eq!(missing.json["errors"][0]["detail"], "缺少 kind。");
    let twice = br#"{"kind":"repair","kind":"repair","text":"x"}"#.to_vec();
    let twice = api.post_bytes("/cases", "application/json", None, twice);
    let twice = twice.await;
    twice.refuses(400, "malformed", "kind 写了两次");
    assert_eq!(twice.json["errors"][0]["field"], "kind");
    let wrong = api.post("/cases", &json!({ "kind": "repair", "text": 5 }));
    wrong.await.refuses(400, "malformed", "第1行第");
    let broken = br#"{"kind":"repair","#.to_vec();
    let broken = api.post_bytes("/cases", "application/json", None, broken);
    broken.await.refuses(400, "malformed", "不是完整的 JSON");
}

#[tokio::test]
async fn nobody_is_sent_to_the_chat_by_the_api() {
    let app = TestApp::start().await;
    let api = resident(&app).await;
    for (path, says) in [
        ("/cases/abc", "没有这个编号的诉求"),
        ("/cases/0", "没有这个编号的诉求"),
        ("/cases/999999", "没有找到诉求 #999999"),
    ] {
        let answer = api.get(path).await;
        answer.refuses(404, "not_found", says);
        assert!(!answer.json.to_string().contains("回复"), "{answer:?}");
    }
}

#[tokio::test]
async fn half_a_position_is_refused() {
    let app = TestApp::start().await;
    let api = resident(&app).await;
    let filing = |position: serde_json::Value| {
        let mut body = json!({ "kind": "repair", "text": "楼道灯坏了" });
        let fields = position.as_object().unwrap().clone();
        body.as_object_mut().unwrap().extend(fields);
        body
    };
    for (position, field) in [
        (json!({ "latitude": 30.1 }), "longitude"),
        (json!({ "longitude": 120.2 }), "latitude"),
        (json!({ "latitude": 91, "longitude": 120.2 }), "latitude"),
        (json!({ "latitude": 30.1, "longitude": -181 }), "longitude"),
    ] {
        let answer = api.post("/cases", &filing(position)).await;
        answer.refuses(422, "invalid", field);
        assert_eq!(answer.json["errors"][0]["field"], field);
    }
    let whole = json!({ "latitude": 30.1, "longitude": 120.2 });
    assert_eq!(api.post("/cases", &filing(whole)).await.status, 201);
}

#[tokio::test]
async fn a_method_that_is_not_there_is_told_which_are() {
    let app = TestApp::plan().empty().start().await;
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    for (path, allowed) in [
        ("/api/v1/session", "POST, DELETE"),
        ("/api/v1/cases", "GET, HEAD, POST"),
        ("/api/v1/cases/7", "GET, HEAD"),
        ("/api/v1/cases/7/nudge", "POST"),
    ] {
        let request = http.patch(format!("{}{path}", app.url()));
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 405, "{path}");
        assert_eq!(answer.headers()["allow"], allowed, "{path}");
    }
}
