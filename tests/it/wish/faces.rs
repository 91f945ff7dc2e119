//! The other faces: JSON with its keys, the console with its figures, the board, and what an erasure leaves.

use entity::kinds::WishState;
use entity::{moderation, wish_step};
use sea_orm::{EntityTrait, QueryFilter};
use serde_json::json;

use super::{open, raise, wish, wishes};
use crate::console::Desk;
use crate::harness::app::TestApp;
use crate::harness::pictures::jpeg;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_mini_program_goes_the_same_way_once_for_each_key() {
    let app = TestApp::start().await;
    let steward = app.steward("1栋").await;
    let zhang = app.resident("张秀英").await;
    let li = app.resident("李建国").await;
    let (asker, claimer) = (app.api(&zhang).await, app.api(&li).await);
    let checker = app.api(&steward).await;
    let body = json!({ "text": "想要一副老花镜", "home": "GY/1-1-101" });
    let made = asker.post_once("/wishes", "w-1", &body).await;
    assert_eq!(made.status, 201, "{made:?}");
    let again = asker.post_once("/wishes", "w-1", &body).await;
    assert_eq!((again.status, &again.json), (201, &made.json));
    assert_eq!(wishes(&app).await.len(), 1);
    let id = made.json["id"].as_str().unwrap().to_owned();
    assert_eq!(made.json["side"], "asker");
    assert_eq!(claimer.get(&format!("/wishes/{id}")).await.status, 404);
    let list = checker.get("/wishes?list=check").await;
    assert_eq!(list.json["items"][0]["id"], json!(id), "{list:?}");
    let passed = checker
        .post(&format!("/wishes/{id}/decision"), &json!({ "pass": true }))
        .await;
    assert_eq!(
        (passed.status, &passed.json["state"]),
        (200, &json!("open"))
    );

    let list = claimer.get("/wishes?limit=1").await;
    let shown = &list.json["items"][0];
    assert_eq!(
        (&shown["asker"], &shown["side"]),
        (&json!("张**，1栋"), &json!("neighbour"))
    );
    let path = format!("/wishes/{id}/claim");
    let claimed = claimer.post_once(&path, "c-1", &json!({})).await;
    assert_eq!(
        (claimed.status, &claimed.json["state"]),
        (200, &json!("claimed"))
    );
    let again = claimer.post_once(&path, "c-1", &json!({})).await;
    assert_eq!((again.status, &again.json), (200, &claimed.json));
    let second = claimer.post_once(&path, "c-2", &json!({})).await;
    assert_eq!(
        (second.status, &second.json["code"]),
        (409, &json!("wrong_step"))
    );
    let late = checker.post(&path, &json!({})).await;
    assert_eq!((late.status, &late.json["code"]), (409, &json!("conflict")));

    let photo = claimer.upload("a.jpg", jpeg(6)).await;
    let photo = photo.json["id"].as_str().unwrap().to_owned();
    let theirs = asker.upload("b.jpg", jpeg(6)).await;
    let theirs = theirs.json["id"].as_str().unwrap().to_owned();
    let path = format!("/wishes/{id}/fulfil");
    for wrong in [json!(["x"]), json!([theirs])] {
        let body = json!({ "text": "送到了", "attachments": wrong });
        let answer = claimer.post(&path, &body).await;
        assert!([404, 422].contains(&answer.status), "{answer:?}");
    }
    let body = json!({ "text": "送到了", "attachments": [photo] });
    let done = claimer.post(&path, &body).await;
    assert_eq!(
        (done.status, &done.json["state"]),
        (200, &json!("fulfilled"))
    );
    assert!(done.json["photos"][0]["url"].is_string(), "{done:?}");
    // The photo is for those whom it concerns.
    let file = format!("/attachments/{photo}");
    let wang = app.resident("王芳").await;
    let neighbour = app.api(&wang).await;
    for (api, status) in [
        (&asker, 200),
        (&claimer, 200),
        (&checker, 200),
        (&neighbour, 404),
    ] {
        assert_eq!(api.fetch(&file).await.0, status);
    }
    let seen = neighbour.get(&format!("/wishes/{id}")).await;
    assert_eq!(seen.status, 200, "{seen:?}");
    assert_eq!(
        (&seen.json["photos"], &seen.json["result"]),
        (&json!([]), &json!(null))
    );
    let thanked = asker
        .post(
            &format!("/wishes/{id}/thank"),
            &json!({ "text": "谢谢小李" }),
        )
        .await;
    assert_eq!(
        (thanked.status, &thanked.json["thanks"]),
        (200, &json!("谢谢小李"))
    );
    for api in [&asker, &claimer, &checker, &neighbour] {
        let whole = api.get(&format!("/wishes/{id}")).await.json.to_string();
        for personal in ["张秀英", "李建国", "13800000101", "13800000102", "1-1-101"] {
            assert!(!whole.contains(personal), "{personal}: {whole}");
        }
    }
    let mine = claimer.get("/wishes?list=claimed").await;
    assert_eq!(mine.json["items"][0]["id"], json!(id));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_console_passes_refuses_and_removes_and_each_figure_opens_its_list() {
    let app = TestApp::start().await;
    let steward = app.steward("1栋").await;
    let zhang = app.resident("张秀英").await;
    let li = app.resident("李建国").await;
    let good = raise(&zhang, "想要<script>alert(1)</script>老花镜").await;
    let bad = raise(&zhang, "想要一千块钱").await;
    let mut desk = Desk::of(&app, "卫东").await;
    let page = desk.open("/console/wishes").await;
    page.is(200)
        .says("待审核 2")
        .says("待认领 0")
        .says("张**，1栋");
    assert!(!page.body.contains("<script>alert"), "{}", page.body);
    page.says("&#60;script&#62;alert(1)");
    assert!(!page.body.contains("张秀英") && !page.body.contains("1-1-101"));
    let from = "/console/wishes";
    desk.send(from, &format!("{from}/{good}/pass"), &[])
        .await
        .is(303);
    let empty = desk
        .send(from, &format!("{from}/{bad}/refuse"), &[("reason", " ")])
        .await;
    empty.is(422).says("请写清楚").says("aria-invalid");
    let sent = desk
        .send(
            from,
            &format!("{from}/{bad}/refuse"),
            &[("reason", "请找社区救助")],
        )
        .await;
    sent.is(303);
    zhang.expects_push("请找社区救助").await;
    assert_eq!(wish(&app, good).await.state, WishState::Open);
    desk.open("/console/wishes?list=open")
        .await
        .says("待审核 0")
        .says("待认领 1")
        .says(&format!("#{good}"));
    desk.open("/console/wishes?list=ended")
        .await
        .says(&format!("#{bad}"))
        .says("请找社区救助");
    // Too late, and said so.
    let twice = desk.send(from, &format!("{from}/{good}/pass"), &[]).await;
    twice.is(409).says("不能这样操作");
    li.says(&format!("认领 {good}")).await;
    desk.open("/console/wishes?list=claimed")
        .await
        .says(&format!("#{good}"));
    let gone = desk
        .send(
            from,
            &format!("{from}/{good}/remove"),
            &[("reason", "已经解决")],
        )
        .await;
    gone.is(303);
    li.expects_push("已经解决").await;
    // Whoever may not has no page; next door there is nothing.
    let mut staff = Desk::of(&app, "蒋平").await;
    staff.open("/console/wishes").await.is(403);
    let mut next_door = Desk::of(&app, "杨光").await;
    next_door.open("/console/wishes?list=ended").await.is(200);
    let denied = next_door
        .send(
            from,
            &format!("{from}/{good}/remove"),
            &[("reason", "别处的")],
        )
        .await;
    denied.is(404);
    drop(steward);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_board_counts_and_shows_words_that_have_passed_and_nobodys_name() {
    let app = TestApp::start().await;
    let steward = app.steward("1栋").await;
    let zhang = app.resident("张秀英").await;
    let li = app.resident("李建国").await;
    assert!(!app.board("GY").await.contains("微心愿"));
    raise(&zhang, "还没有人看过的心愿").await;
    let shown = open(&zhang, &steward, "张秀英在1-1-101想要<b>老花镜</b>").await;
    let claimed = open(&zhang, &steward, "想要一把小凳子").await;
    li.says(&format!("认领 {claimed}")).await;
    for path in ["GY", "GY?screen=1&page=2"] {
        let html = app.board(path).await;
        assert!(html.contains("微心愿"), "{path}: {html}");
        assert!(
            html.contains("待认领 <b>1</b>，已认领 <b>1</b>，已实现 <b>0</b>"),
            "{html}"
        );
        assert!(html.contains(&format!("#{shown} ")), "{html}");
        assert!(html.contains("&lt;b&gt;老花镜"), "{html}");
        for hidden in [
            "张秀英",
            "1-1-101",
            "还没有人看过",
            "小凳子",
            "李建国",
            "<b>老花镜",
        ] {
            assert!(!html.contains(hidden), "{hidden}: {html}");
        }
    }
    assert!(!app.board("LY").await.contains("微心愿"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_erasure_takes_the_words_and_gives_back_what_was_claimed() {
    let app = TestApp::start().await;
    let steward = app.steward("1栋").await;
    let zhang = app.resident("张秀英").await;
    let li = app.resident("李建国").await;
    let done = open(&zhang, &steward, "想要一副老花镜").await;
    li.says(&format!("认领 {done}")).await;
    li.says(&format!("完成 {done} 我放在门口了")).await;
    zhang.says(&format!("感谢 {done} 好邻居")).await;
    let waits = open(&zhang, &steward, "想要一顶帽子").await;
    li.says(&format!("认领 {waits}")).await;
    let theirs = open(&li, &steward, "想学下棋").await;
    zhang.says(&format!("认领 {theirs}")).await;
    app.drain().await;
    zhang.says("注销").await;
    let erased = zhang.says("2").await;
    assert!(erased.contains("已注销"), "{erased}");
    li.expects_push("已撤回").await;
    li.expects_push("重新开放").await;
    for id in [done, waits] {
        let row = wish(&app, id).await;
        assert_eq!((row.text.as_str(), row.thanks), ("", None), "{id}");
    }
    assert_eq!(wish(&app, done).await.state, WishState::Thanked);
    assert_eq!(wish(&app, waits).await.state, WishState::Withdrawn);
    let row = wish(&app, theirs).await;
    assert_eq!((row.state, row.claimer_id), (WishState::Open, None));
    assert_eq!(row.text, "想学下棋");
    let shown = moderation::Entity::find()
        .filter(moderation::COLUMN.subject.eq(format!("wish:{done}")))
        .all(app.store.read())
        .await
        .unwrap();
    assert!(shown.iter().all(|row| row.content.is_empty()), "{shown:?}");
    let steps = wish_step::Entity::find()
        .filter(wish_step::COLUMN.wish_id.eq(done))
        .all(app.store.read())
        .await
        .unwrap();
    assert!(steps.iter().all(|step| step.note.is_none()), "{steps:?}");
}
