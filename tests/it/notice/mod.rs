//! Notices from the draft to who has read them: over the chat, the console, the API and the page behind a
//! link; on two instances; and all that goes wrong on the way.

mod above;
mod api;
mod channels;
mod console;
mod digits;
mod files;
mod groups;
mod guards;
mod lead;
mod limits;
mod meanwhile;
mod official;
mod rounds;
mod scope;
mod undo;

use entity::kinds::NoticeState;
use entity::{notice, notice_recipient};
use sea_orm::{EntityTrait, PaginatorTrait, QueryFilter, QueryOrder};
use serde_json::{Value, json};

use crate::harness::app::TestApp;
use crate::harness::people::{Api, Person};
use crate::harness::until;

/// What is published where it does not matter.
pub const TEXT: &str = "发布 周六停水\n11月28日8点到12点检修水箱。";

/// All notices, oldest first.
async fn all(app: &TestApp) -> Vec<notice::Model> {
    let rows = notice::Entity::find().order_by_asc(notice::COLUMN.id);
    rows.all(app.store.read()).await.unwrap()
}

/// The newest notice.
async fn last(app: &TestApp) -> notice::Model {
    all(app).await.pop().expect("no notice was written")
}

/// A notice by its number.
async fn row(app: &TestApp, id: i64) -> notice::Model {
    let found = notice::Entity::find_by_id(id).one(app.store.read()).await;
    found.unwrap().expect("no such notice")
}

/// Lets minutes pass until everybody has been told of it.
async fn goes_out(app: &TestApp, id: i64) {
    until("the notice is out", 15, async || {
        app.advance(1).await;
        (row(app, id).await.state == NoticeState::Sent).then_some(())
    })
    .await;
}

/// Writes and confirms over the API; the number of the notice.
async fn posted(api: &Api, body: &Value) -> i64 {
    let draft = api.post("/notices", body).await;
    assert_eq!(draft.status, 201, "{draft:?}");
    let id = draft.json["id"].as_str().unwrap().to_owned();
    let out = api
        .post(&format!("/notices/{id}/publish"), &json!({}))
        .await;
    assert_eq!(out.status, 200, "{out:?}");
    id.parse().unwrap()
}

/// What a group's robot said there, oldest first: `GY-committee`.
fn heard(app: &TestApp, group: &str) -> Vec<String> {
    let entries = app.platform.conversation(&format!("group:{group}"));
    entries
        .into_iter()
        .filter(|entry| entry.by.as_deref() == Some("群机器人"))
        .map(|entry| entry.text)
        .collect()
}

/// Lets minutes pass until a group has heard so much; what it heard.
async fn hears(app: &TestApp, group: &str, times: usize) -> Vec<String> {
    until("the group was told", 15, async || {
        let said = heard(app, group);
        if said.len() >= times {
            return Some(said);
        }
        app.advance(1).await;
        None
    })
    .await
}

async fn recipients(app: &TestApp, id: i64) -> Vec<notice_recipient::Model> {
    let rows = notice_recipient::Entity::find()
        .filter(notice_recipient::COLUMN.notice_id.eq(id))
        .order_by_asc(notice_recipient::COLUMN.person_id);
    rows.all(app.store.read()).await.unwrap()
}

/// What a recipient's row says of somebody.
async fn recipient(app: &TestApp, id: i64, name: &str) -> Option<notice_recipient::Model> {
    let who = app.called(name).await;
    let all = recipients(app, id).await;
    all.into_iter().find(|row| row.person_id == who.id)
}

/// Writes and confirms in the chat; the number of the notice.
async fn confirmed(author: &Person<'_>, text: &str) -> i64 {
    let preview = author.says(text).await;
    assert!(preview.contains("1 确认发布"), "{preview}");
    let said = author.says("1").await;
    assert!(said.contains("15秒后"), "{said}");
    let id = last(author.app).await.id;
    assert!(said.contains(&format!("#{id}")), "{said}");
    id
}

/// The same until everybody has been told.
pub async fn published(author: &Person<'_>, text: &str) -> i64 {
    let id = confirmed(author, text).await;
    author.app.advance(1).await;
    let row = last(author.app).await;
    assert_eq!((row.id, row.state), (id, NoticeState::Sent));
    id
}

/// The page of a link in a push.
fn link_in(push: &str) -> String {
    let pattern = regex::Regex::new(r"https?://[^/\s]+(/notice/[A-Za-z0-9.]+)").unwrap();
    let found = pattern.captures(push);
    found.unwrap_or_else(|| panic!("no link in {push}"))[1].to_owned()
}

async fn reminders_of(app: &TestApp, id: i64) -> u64 {
    let kinds = ["notice.new", "notice.urgent"];
    entity::reminder::Entity::find()
        .filter(entity::reminder::COLUMN.subject.eq(format!("notice:{id}")))
        .filter(sea_orm::ColumnTrait::is_in(
            &entity::reminder::Column::Kind,
            kinds,
        ))
        .count(app.store.read())
        .await
        .unwrap()
}

#[tokio::test]
async fn a_notice_goes_from_one_message_to_everybody_once_and_reading_is_not_acknowledging() {
    let app = TestApp::with_instances(2).await;
    let (zhang, liu) = (app.resident("张秀英").await, app.resident("刘洋").await);
    let (han, chair) = (app.resident("韩梅").await, app.staff("卫东").await);
    let said = zhang.says("公告").await;
    assert!(said.contains("还没有收到过公告"), "{said}");
    let preview = chair
        .says(
            "发布 <b>周六</b>停水[点我](http://evil.example)\n8点到12点\n<script>alert(1)</script>",
        )
        .await;
    assert!(preview.contains("6人，其中4人没有微信"), "{preview}");
    assert_eq!(last(&app).await.state, NoticeState::Draft);
    app.advance(1).await;
    assert_eq!(zhang.told("周六"), 0, "a draft was sent");
    chair.says("1").await;
    app.advance(1).await;
    let row = last(&app).await;
    let push = zhang.expects_push("停水").await;
    liu.expects_push("停水").await;
    for (person, times) in [(&zhang, 1), (&liu, 1), (&han, 0), (&chair, 0)] {
        assert_eq!(person.told("停水"), times, "{}", person.open_id);
    }
    assert_eq!(recipients(&app, row.id).await.len(), 6);
    let reached = recipients(&app, row.id).await;
    assert_eq!(reached.iter().filter(|row| row.reachable).count(), 2);

    let path = link_in(&push);
    let unread = recipient(&app, row.id, "张秀英").await.unwrap();
    assert_eq!(unread.read_at, None);
    let (status, html) = app.page(&path).await;
    assert_eq!(status, 200);
    assert!(
        html.contains("&lt;script&gt;alert(1)") && !html.contains("<script"),
        "{html}"
    );
    assert!(
        html.contains("&lt;b&gt;周六") && !html.contains("href=\"http://evil"),
        "{html}"
    );
    let read = recipient(&app, row.id, "张秀英").await.unwrap();
    assert!(read.read_at.is_some() && read.acknowledged_at.is_none());
    let http = reqwest::Client::builder().build().unwrap();
    let answer = http
        .post(format!("{}{path}", app.url()))
        .send()
        .await
        .unwrap();
    let html = answer.text().await.unwrap();
    assert!(html.contains("您已回复“收到”"), "{html}");
    let read = recipient(&app, row.id, "张秀英").await.unwrap();
    assert!(read.acknowledged_at.is_some());

    let list = liu.says("公告").await;
    assert!(list.contains("未读"), "{list}");
    let shown = liu.says("1").await;
    assert!(shown.contains("8点到12点"), "{shown}");
    assert!(liu.says("公告").await.contains("已读"));
    let said = liu.says("收到").await;
    assert!(said.contains(&format!("#{}", row.id)), "{said}");
    let said = liu.says("收到").await;
    assert!(said.contains("好的"), "nothing is left: {said}");
    let far = chair.says(&format!("广播进度 {}", row.id)).await;
    for words in ["收件人6", "已发出2", "已读2，收到2", "要上门4"] {
        assert!(far.contains(words), "{words}: {far}");
    }

    // What is of another compound is not there, by whatever way.
    for words in [
        format!("公告 {}", row.id),
        format!("收到 {}", row.id),
        format!("广播进度 {}", row.id),
    ] {
        let said = han.says(&words).await;
        assert!(
            !said.contains("停水") && !said.contains("8点"),
            "{words}: {said}"
        );
    }
    let forged = path.replace(&format!("/{}.", row.id), &format!("/{}.", row.id + 1));
    for odd in [
        forged.as_str(),
        "/notice/1.2.x",
        "/notice/x",
        "/notice/1..",
        "/notice/%00",
    ] {
        let (status, html) = app.page(odd).await;
        assert!(status == 404 && !html.contains("停水"), "{odd}: {status}");
    }
}

#[tokio::test]
async fn somebody_with_several_homes_gets_one() {
    use sea_orm::ActiveModelTrait;
    use sea_orm::ActiveValue::Set;
    let app = TestApp::start().await;
    let (zhang, chair) = (app.resident("张秀英").await, app.staff("卫东").await);
    let home = app.place("GY/2-1-101").await;
    let who = app.person("张秀英").await;
    let second = entity::residency::ActiveModel {
        person_id: Set(who.id),
        place_id: Set(home.id),
        compound_id: Set(home.compound_id.unwrap()),
        relation: Set(entity::kinds::HomeRelation::Owner),
        created_at: Set(app.now()),
        ..Default::default()
    };
    second.insert(app.store.write()).await.unwrap();
    let id = published(&chair, TEXT).await;
    assert_eq!(recipients(&app, id).await.len(), 6);
    zhang.expects_push("周六停水").await;
    assert_eq!(zhang.told("周六停水"), 1);
}

#[tokio::test]
async fn over_the_api_a_recipient_reads_and_whoever_may_publishes() {
    let app = TestApp::with_instances(2).await;
    let (zhang, chair) = (app.resident("张秀英").await, app.staff("卫东").await);
    let (han, manager) = (app.resident("韩梅").await, app.staff("沈立").await);
    let (mut desk, mut own) = (app.api(&chair).await, app.api(&zhang).await);
    desk = desk.at(&app.url());
    let body = json!({ "place": "GY", "title": "停水", "body": "周六停水" });
    for (other, status) in [(&zhang, 404), (&han, 404)] {
        let other = app.api(other).await;
        assert_eq!(other.post("/notices", &body).await.status, status);
    }
    assert_eq!(own.signed_out().get("/notices").await.status, 401);
    let manager = app.api(&manager).await;
    let urgent = json!({ "place": "GY", "title": "停水", "body": "周六停水", "urgent": true });
    assert_eq!(manager.post("/notices", &urgent).await.status, 403);
    for (wrong, field) in [
        (json!({ "place": "GY", "title": " ", "body": "x" }), "title"),
        (
            json!({ "place": "GY", "title": "长".repeat(41), "body": "x" }),
            "title",
        ),
        (
            json!({ "place": "GY", "title": "x", "body": "长".repeat(2001) }),
            "body",
        ),
        (
            json!({ "place": "GY", "title": "x", "body": "x", "who": ["all"] }),
            "who",
        ),
        (
            json!({ "place": "GY", "title": "x", "body": "x", "list": ["LY"] }),
            "list",
        ),
        (
            json!({ "place": "GY", "title": "x", "body": "x", "repeat_hours": 1 }),
            "repeat",
        ),
        (
            json!({ "place": "GY/1", "title": "x", "body": "x", "who": ["tenants"] }),
            "place",
        ),
    ] {
        let answer = desk.post("/notices", &wrong).await;
        assert_eq!(answer.status, 422, "{wrong}: {answer:?}");
        assert!(answer.json.to_string().contains(field), "{answer:?}");
    }
    assert_eq!(
        desk.post(
            "/notices",
            &json!({ "place": "LY", "title": "x", "body": "x" })
        )
        .await
        .status,
        404
    );
    // Tenants of the compound and two homes of a list: one notice each, counted exactly.
    let tenants = json!({ "place": "GY", "title": "停水", "body": "x", "who": ["tenants"] });
    let answer = desk.post("/notices", &tenants).await;
    assert_eq!(
        (answer.status, &answer.json["recipients"]),
        (201, &json!(1))
    );
    let list =
        json!({ "place": "GY", "title": "停水", "body": "x", "list": ["GY/1-1-101", "GY/2"] });
    let answer = desk.post("/notices", &list).await;
    assert_eq!(answer.json["recipients"], 4, "{answer:?}");
    let answer = desk.post_once("/notices", "key-1", &body).await;
    assert_eq!(
        (answer.status, &answer.json["state"]),
        (201, &json!("draft"))
    );
    let again = desk.post_once("/notices", "key-1", &body).await;
    assert_eq!(again.json["id"], answer.json["id"]);
    let id = answer.json["id"].as_str().unwrap().to_owned();
    let path = format!("/notices/{id}");
    assert_eq!(own.get(&path).await.status, 404, "a draft");
    assert_eq!(
        manager
            .post(&format!("{path}/publish"), &json!({}))
            .await
            .status,
        404
    );
    // Confirmed at once on two instances it is published once.
    let second = desk.at(&format!("http://{}", app.instances[1].address));
    let to = format!("{path}/publish");
    let nothing = json!({});
    let (one, other, third) = tokio::join!(
        desk.post(&to, &nothing),
        second.post(&to, &nothing),
        desk.post(&to, &nothing)
    );
    let mut codes = [one.status, other.status, third.status];
    codes.sort_unstable();
    assert_eq!(codes[0], 200, "{codes:?}");
    assert!(
        codes[1..].iter().all(|code| [409, 503].contains(code)),
        "{codes:?}"
    );
    app.advance(1).await;
    let id: i64 = id.parse().unwrap();
    assert_eq!(
        (
            recipients(&app, id).await.len(),
            reminders_of(&app, id).await
        ),
        (6, 1)
    );
    let seen = own.get(&path).await;
    assert_eq!((seen.status, &seen.json["read_at"]), (200, &json!(null)));
    own = own.at(&app.url());
    let read = own.post(&format!("{path}/read"), &json!({})).await;
    assert!(
        read.json["read_at"].is_string() && read.json["acknowledged_at"].is_null(),
        "{read:?}"
    );
    let said = own.post(&format!("{path}/ack"), &json!({})).await;
    assert!(said.json["acknowledged_at"].is_string(), "{said:?}");
    let listed = own.get("/notices").await;
    assert_eq!(listed.json["items"].as_array().unwrap().len(), 1);
    let far = desk.get(&format!("{path}/progress")).await;
    assert_eq!(
        (&far.json["read"], &far.json["acknowledged"]),
        (&json!(1), &json!(1))
    );
    let next_door = app.api(&han).await;
    for other in [
        format!("{path}/read"),
        format!("{path}/ack"),
        format!("{path}/recall"),
    ] {
        assert_eq!(
            next_door.post(&other, &json!({})).await.status,
            404,
            "{other}"
        );
    }
    assert_eq!(own.get(&format!("{path}/progress")).await.status, 404);
}
