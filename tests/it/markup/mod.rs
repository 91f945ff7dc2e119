//! What people write is words, wherever it comes back: no markup, no link, nothing that is not seen, nothing that
//! turns a line around or makes two of one. On every public page, in the lists of the console, in the chat, in
//! messages to people and to groups.

mod pages;
mod said;
mod titles;

use chrono::TimeDelta;
use linli::base::clock::china;
use serde_json::{Value, json};

use crate::harness::app::TestApp;
use crate::harness::people::Person;
use crate::robot::number_in;

const SCRIPT: &str = "<script>x</script>";
const LINK: &str = "<a href=//e.cn>点</a>";
/// Each is short enough for the shortest title.
const WORDS: [&str; 5] = [
    SCRIPT,
    LINK,
    "[x](javascript:a)",
    "\" onload=a x=\"",
    "义\u{202e}诊\u{200b}甲",
];
/// What turns a line around, and what is not seen.
const HIDDEN: [char; 2] = ['\u{202e}', '\u{200b}'];

/// Those who write here, and those who read it before anybody else does.
struct House<'a> {
    app: &'a TestApp,
    zhang: Person<'a>,
    steward: Person<'a>,
    chair: Person<'a>,
    manager: Person<'a>,
}

impl<'a> House<'a> {
    async fn of(app: &'a TestApp) -> Self {
        Self {
            app,
            zhang: app.resident("张秀英").await,
            steward: app.steward("1栋").await,
            chair: app.staff("卫东").await,
            manager: app.staff("沈立").await,
        }
    }

    /// Says something that makes something; its number.
    async fn makes(&self, who: &Person<'_>, text: &str) -> i64 {
        let reply = who.says(text).await;
        assert!(reply.contains("已"), "{text}: {reply}");
        number_in(&reply)
    }

    /// A wish that neighbours may claim.
    async fn wish(&self, words: &str) -> i64 {
        let id = self.makes(&self.zhang, &format!("许愿 {words}")).await;
        self.makes(&self.steward, &format!("通过心愿 {id}")).await
    }

    /// A need that everybody sees.
    async fn need(&self, words: &str) -> i64 {
        let id = self.makes(&self.zhang, &format!("发需求 {words}")).await;
        self.makes(&self.steward, &format!("通过清单 {id}")).await
    }

    /// What the company promises for a month from now.
    async fn promise(&self, words: &str) -> i64 {
        let day = china(self.app.now()).date_naive() + TimeDelta::days(30);
        let text = format!("发责任 {day} {words}");
        self.makes(&self.manager, &text).await
    }

    /// Things for a room, which have been taken in.
    async fn goods(&self, words: &str) -> i64 {
        let text = format!("捐物 不限 {words} × 3 放 {words} 公开");
        let id = self.makes(&self.zhang, &text).await;
        self.makes(&self.chair, &format!("收下捐物 {id}")).await
    }

    /// An activity that people sign up for.
    async fn activity(&self, words: &str) -> i64 {
        let mut body = crate::activity::body(crate::activity::starts(self.app), Some(9));
        for field in ["title", "text", "venue"] {
            body[field] = json!(words);
        }
        let id = self.posts("/activities", &body).await;
        let api = self.app.api(&self.chair).await;
        let open = api
            .post(&format!("/activities/{id}/open"), &json!({}))
            .await;
        assert_eq!(open.status, 200, "{open:?}");
        let joined = self.zhang.says(&format!("报名 {id}")).await;
        assert!(joined.contains("报名成功"), "{joined}");
        id
    }

    /// A task of volunteers that is under way.
    async fn task(&self, words: &str) -> i64 {
        let time = |hours: i64| china(self.app.now() + TimeDelta::hours(hours)).to_rfc3339();
        let body = json!({
            "place": "GY", "title": words, "venue": words, "wanted": 5,
            "starts_at": time(-3), "ends_at": time(1),
        });
        self.posts("/volunteer-tasks", &body).await
    }

    /// A timetable that rings at noon.
    async fn timetable(&self, words: &str) -> i64 {
        let today = china(self.app.now()).date_naive().to_string();
        let rule = json!({ "kind": "daily", "from": today, "times": ["12:00"] });
        let body = json!({ "place": "GY", "title": words, "text": words, "rule": rule });
        self.posts("/timetables", &body).await
    }

    /// The chair makes something over the API; its number.
    async fn posts(&self, path: &str, body: &Value) -> i64 {
        let made = self.app.api(&self.chair).await.post(path, body).await;
        assert_eq!(made.status, 201, "{made:?}");
        made.json["id"].as_str().unwrap().parse().unwrap()
    }
}

/// Several of one person may stand open at once.
async fn start() -> TestApp {
    TestApp::plan()
        .set("WISHES__MOST_WISHES", "9")
        .set("LISTS__MOST_OFFERS", "9")
        .start()
        .await
}
