//! A title is one line that is seen: two lines become one, and what nobody sees is no title.

use chrono::TimeDelta;
use linli::base::clock::china;
use serde_json::{Value, json};

use super::{House, start};

/// A title of nothing: as many characters as it takes, none of which is seen.
const NOTHING: &str = "\u{200b}\u{2060}\u{feff}\u{202e}";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_lines_become_one_and_what_is_not_seen_is_missing() {
    let app = start().await;
    let house = House::of(&app).await;
    let api = app.api(&house.chair).await;
    let today = china(app.now()).date_naive().to_string();
    let time = |hours: i64| china(app.now() + TimeDelta::hours(hours)).to_rfc3339();
    let activity = crate::activity::body(crate::activity::starts(&app), None);
    let task = json!({
        "place": "GY", "venue": "1栋门口", "wanted": 2,
        "starts_at": time(1), "ends_at": time(2),
    });
    let timetable = json!({
        "place": "GY", "text": "",
        "rule": { "kind": "daily", "from": today, "times": ["12:00"] },
    });
    let drive = json!({ "compound": "GY", "text": "买棉被", "from": today });
    for (path, body) in [
        ("/activities", activity),
        ("/volunteer-tasks", task),
        ("/timetables", timetable),
        ("/drives", drive),
    ] {
        let with = |title: &str| -> Value {
            let mut body = body.clone();
            body["title"] = json!(title);
            body
        };
        let made = api.post(path, &with("扫雪\n2 报名")).await;
        assert_eq!(made.status, 201, "{path}: {made:?}");
        assert_eq!(made.json["title"], "扫雪 2 报名", "{path}: {made:?}");
        let turned = api.post(path, &with("欠费\u{202e}00.05元")).await;
        assert_eq!(turned.json["title"], "欠费00.05元", "{path}: {turned:?}");
        let none = api.post(path, &with(NOTHING)).await;
        assert_eq!(none.status, 422, "{path}: {none:?}");
        assert_eq!(none.json["errors"][0]["field"], "title", "{path}: {none:?}");
    }
    let notice = json!({ "place": "GY", "title": NOTHING, "body": "检修水箱。" });
    let none = api.post("/notices", &notice).await;
    none.refuses(422, "invalid", "请写标题");
    let own = app.api(&house.zhang).await;
    let none = own.post("/wishes", &json!({ "text": NOTHING })).await;
    none.refuses(422, "invalid", "请写清楚");
    let goods = json!({ "kind": "goods", "amount": 1, "goods": NOTHING });
    let none = own.post("/donations", &goods).await;
    none.refuses(422, "invalid", "请写捐什么");
    let help = json!({ "kind": "doctor", "text": NOTHING, "consent": true });
    let none = own.post("/talents", &help).await;
    none.refuses(422, "invalid", "请写清楚");
}
