//! Leading a notice over the API: another scope, a new version, telling again, who has not read it; each once for
//! one key, and for nobody who may not.

use entity::kinds::{NoticeState, RoleKind};
use serde_json::json;

use super::{all, goes_out, last, posted, reminders_of, row};
use crate::harness::app::TestApp;
use crate::powers::{mini, newcomer};

#[tokio::test]
async fn a_draft_gets_another_scope_and_what_is_out_another_version() {
    let app = TestApp::start().await;
    let (zhang, chair) = (app.resident("张秀英").await, app.staff("卫东").await);
    let desk = app.api(&chair).await;
    let body = json!({ "place": "GY", "title": "停水", "body": "周六停水" });
    let draft = desk.post("/notices", &body).await;
    let path = format!("/notices/{}", draft.json["id"].as_str().unwrap());
    for (place, status) in [("LY", 404), ("GY/7", 404), ("HC-XL", 404)] {
        let answer = desk
            .post(&format!("{path}/scope"), &json!({ "place": place }))
            .await;
        assert_eq!(answer.status, status, "{place}: {answer:?}");
    }
    let two = json!({ "place": "GY/2" });
    let one = json!({ "place": "GY/1" });
    let scope = format!("{path}/scope");
    let answer = desk.post_once(&scope, "s-1", &two).await;
    assert_eq!(
        (answer.status, &answer.json["recipients"]),
        (200, &json!(3))
    );
    // The same request again has no second effect, though the draft has changed since.
    desk.post_once(&scope, "s-2", &one).await;
    let again = desk.post_once(&scope, "s-1", &two).await;
    assert_eq!(again.json, answer.json);
    assert_eq!(last(&app).await.place_id, app.place("GY/1").await.id);
    desk.post(&format!("{path}/publish"), &json!({})).await;
    let old = last(&app).await.id;
    let correct = format!("{path}/correct");
    let words = json!({ "title": "停电", "body": "周日停电" });
    let early = desk.post(&correct, &words).await;
    assert_eq!(early.status, 409, "it is not out yet: {early:?}");
    goes_out(&app, old).await;
    assert_eq!(desk.post(&scope, &two).await.status, 409);

    for (wrong, status) in [
        (json!({ "title": "停水", "body": "周六停水" }), 422),
        (json!({ "title": " ", "body": "x" }), 422),
        (
            json!({ "title": "x", "body": "x", "attachments": ["x"] }),
            422,
        ),
        (
            json!({ "title": "x", "body": "x", "attachments": ["9999"] }),
            404,
        ),
    ] {
        let answer = desk.post(&correct, &wrong).await;
        assert_eq!(answer.status, status, "{wrong}: {answer:?}");
    }
    let answer = desk.post_once(&correct, "c-1", &words).await;
    assert_eq!(
        (answer.status, &answer.json["state"]),
        (201, &json!("draft"))
    );
    let again = desk.post_once(&correct, "c-1", &words).await;
    assert_eq!(again.json["id"], answer.json["id"]);
    assert_eq!(all(&app).await.len(), 2, "written once");
    let other = json!({ "title": "停气", "body": "周日停气" });
    let reused = desk.post_once(&correct, "c-1", &other).await;
    assert_eq!(reused.status, 422, "{reused:?}");
    let new = last(&app).await;
    assert_eq!((new.version, new.corrects), (2, Some(old)));
    let kept = desk.post(&format!("/notices/{}/scope", new.id), &two).await;
    assert_eq!(kept.status, 409, "a correction keeps its scope: {kept:?}");
    desk.post(&format!("/notices/{}/publish", new.id), &json!({}))
        .await;
    goes_out(&app, new.id).await;
    zhang.expects_push("停电").await;
    assert_eq!(row(&app, old).await.state, NoticeState::Corrected);
    assert_eq!(desk.post(&correct, &words).await.status, 409);
}

#[tokio::test]
async fn who_has_not_read_it_is_told_again_once_and_is_a_list() {
    let app = TestApp::start().await;
    let (zhang, li) = (app.resident("张秀英").await, app.resident("李建国").await);
    let (chair, sun) = (app.staff("卫东").await, app.steward("1栋").await);
    let (desk, steward) = (app.api(&chair).await, app.api(&sun).await);
    let body = json!({ "place": "GY", "title": "停水", "body": "周六停水" });
    let id = posted(&desk, &body).await;
    let path = format!("/notices/{id}");
    let repeat = format!("{path}/repeat");
    let nothing = json!({});
    assert_eq!(
        desk.post(&repeat, &nothing).await.status,
        409,
        "not out yet"
    );
    goes_out(&app, id).await;
    zhang.says(&format!("公告 {id}")).await;
    assert_eq!(desk.post(&repeat, &nothing).await.status, 409, "too soon");
    app.advance(61).await;
    let answer = desk.post_once(&repeat, "r-1", &nothing).await;
    assert_eq!(
        (answer.status, &answer.json["state"]),
        (200, &json!("sending"))
    );
    goes_out(&app, id).await;
    let again = desk.post_once(&repeat, "r-1", &nothing).await;
    assert_eq!((again.status, again.json), (200, answer.json));
    assert_eq!((zhang.told("停水"), li.told("停水")), (1, 2));
    assert_eq!(reminders_of(&app, id).await, 3);

    // Two of the building have not: page by page, and only for who goes there.
    let unread = |building: &str| format!("{path}/unread?building={building}");
    let mut names = Vec::new();
    let mut page = desk.get(&format!("{}&limit=1", unread("GY/1"))).await;
    loop {
        assert_eq!(page.status, 200, "{page:?}");
        for item in page.json["items"].as_array().unwrap() {
            names.push(item["name"].as_str().unwrap().to_owned());
        }
        let Some(next) = page.json["next"].as_str() else {
            break;
        };
        let to = format!("{}&limit=1&cursor={next}", unread("GY/1"));
        page = desk.get(&to).await;
    }
    names.sort();
    assert_eq!(names, ["李建国", "王芳"]);
    let seen = steward.get(&unread("GY/1")).await;
    let items = seen.json["items"].as_array().unwrap();
    let li = items.iter().find(|item| item["name"] == "李建国").unwrap();
    assert_eq!(
        (&li["place"], &li["reachable"], &li["visit"]),
        (&json!("GY/1-1-102"), &json!(true), &json!(null))
    );
    for hidden in [unread("GY/2"), unread("GY/99"), format!("{path}/unread")] {
        assert_eq!(steward.get(&hidden).await.status, 404, "{hidden}");
    }
    let none = desk.get(&format!("{path}/unread")).await;
    assert_eq!((none.status, &none.json["items"]), (200, &json!([])));
    assert_eq!(
        desk.get(&format!("{}&limit=0", unread("GY/1")))
            .await
            .status,
        422
    );
}

#[tokio::test]
async fn nobody_leads_what_is_not_theirs() {
    let app = TestApp::start().await;
    let (zhang, chair) = (app.resident("张秀英").await, app.staff("卫东").await);
    let (desk, own) = (app.api(&chair).await, app.api(&zhang).await);
    let urgent = json!({ "place": "GY", "title": "漏气", "body": "请撤离", "urgent": true });
    let id = posted(&desk, &urgent).await;
    goes_out(&app, id).await;
    app.advance(61).await;
    let chair_there = newcomer(&app, "隔壁主任", RoleKind::CommitteeChair, "LY").await;
    let next_door = mini(&app, chair_there).await;
    let posts = [
        ("correct", json!({ "title": "假的", "body": "假的" })),
        ("scope", json!({ "place": "GY/1" })),
        ("repeat", json!({})),
    ];
    for (verb, body) in &posts {
        let path = format!("/notices/{id}/{verb}");
        // A recipient publishes nowhere; a chair next door does, and there is no such notice there.
        assert_eq!(own.post(&path, body).await.status, 403, "{verb}");
        assert_eq!(next_door.post(&path, body).await.status, 404, "{verb}");
        assert_eq!(
            own.signed_out().post(&path, body).await.status,
            401,
            "{verb}"
        );
    }
    let path = format!("/notices/{id}/unread?building=GY/1");
    assert_eq!(own.get(&path).await.status, 403);
    assert_eq!(next_door.get(&path).await.status, 404);
    assert_eq!(own.signed_out().get(&path).await.status, 401);
    // The manager leads what the chair has published, but nothing urgent.
    let manager = app.api(&app.staff("沈立").await).await;
    let (_, words) = &posts[0];
    let answer = manager.post(&format!("/notices/{id}/correct"), words).await;
    assert_eq!(answer.status, 403, "{answer:?}");
    for odd in ["0", "x", "-1", "99999"] {
        let path = format!("/notices/{odd}/repeat");
        assert_eq!(desk.post(&path, &json!({})).await.status, 404, "{odd}");
    }
    // A draft is its author's alone.
    let draft = desk
        .post(
            "/notices",
            &json!({ "place": "GY", "title": "x", "body": "x" }),
        )
        .await;
    let path = format!("/notices/{}/scope", draft.json["id"].as_str().unwrap());
    assert_eq!(manager.post(&path, &posts[1].1).await.status, 404);
    assert_eq!(all(&app).await.len(), 2, "nothing was written");
}
