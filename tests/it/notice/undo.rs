//! Taking a notice back: within the seconds in which nobody has got it, by a button and over the API; too late; and
//! at the very moment at which it goes out, on two instances.

use std::time::Duration;

use chrono::TimeDelta;
use entity::kinds::NoticeState;
use linli::access::{Actor, load_staff};
use linli::notice::actions::send::{self, Step};
use linli::notice::actions::{self, New};
use linli::notice::audience::Scope;
use linli::notice::{UNDO, link};
use serde_json::json;

use super::{TEXT, confirmed, posted, recipients, reminders_of, row};
use crate::console::{Desk, on_record};
use crate::harness::app::TestApp;
use crate::harness::until;

#[tokio::test]
async fn undone_by_a_button_nobody_gets_it() {
    let app = TestApp::start().await;
    let (zhang, chair) = (app.resident("张秀英").await, app.staff("卫东").await);
    let id = confirmed(&chair, TEXT).await;
    let mut desk = Desk::of(&app, "卫东").await;
    let path = format!("/console/notices/{id}");
    desk.open(&path)
        .await
        .is(200)
        .says("撤销，先不发")
        .says("15 秒内可以撤销");
    let done = desk.send(&path, &format!("{path}/recall"), &[]).await;
    done.is(303).leads_to(&format!("{path}?said=notice-undone"));
    let page = desk.open(&done.to.unwrap()).await;
    page.is(200).says("已撤销，没有人收到").says("已撤销");
    assert!(!page.body.contains("撤销，先不发"), "{}", page.body);
    // Its words are not lost.
    let again = format!("/console/notices/new?from={id}");
    page.says("照这份再写").says(&again);
    let (title, body) = TEXT.trim_start_matches("发布 ").split_once('\n').unwrap();
    let form = desk.open(&again).await;
    form.is(200)
        .says(&format!("value=\"{title}\""))
        .says(body.lines().next().unwrap())
        .says("value=\"residents\" checked");
    desk.open("/console/notices/new?from=999").await.is(404);
    let mut elsewhere = Desk::of(&app, "杨光").await;
    elsewhere.open(&again).await.is(404);
    app.advance(2).await;
    assert_eq!(row(&app, id).await.state, NoticeState::Undone);
    assert!(recipients(&app, id).await.is_empty());
    assert_eq!(
        (zhang.told("周六停水"), reminders_of(&app, id).await),
        (0, 0)
    );
    let subject = format!("notice:{id}");
    assert_eq!(on_record(&app, "notice.undo", &subject).await, 1);
    let again = desk.send(&path, &format!("{path}/recall"), &[]).await;
    again.is(409).says("已经撤销");
}

#[tokio::test]
async fn undone_over_the_api_in_time_and_recalled_after_it() {
    let app = TestApp::start().await;
    let (zhang, chair) = (app.resident("张秀英").await, app.staff("卫东").await);
    let desk = app.api(&chair).await;
    let body = json!({ "place": "GY", "title": "停水", "body": "周六停水" });
    let id = posted(&desk, &body).await;
    app.clock.advance(UNDO - TimeDelta::seconds(5));
    let recall = format!("/notices/{id}/recall");
    let answer = desk.post_once(&recall, "u-1", &json!({})).await;
    assert_eq!(
        (answer.status, &answer.json["state"]),
        (200, &json!("undone"))
    );
    let again = desk.post_once(&recall, "u-1", &json!({})).await;
    assert_eq!((again.status, again.json), (200, answer.json));
    assert_eq!(desk.post(&recall, &json!({})).await.status, 409);
    app.advance(1).await;
    assert_eq!(zhang.told("停水"), 0);
    assert!(recipients(&app, id).await.is_empty());

    let id = posted(&desk, &body).await;
    app.advance(1).await;
    let recall = format!("/notices/{id}/recall");
    let answer = desk.post(&recall, &json!({})).await;
    assert_eq!(
        (answer.status, &answer.json["state"]),
        (200, &json!("recalled"))
    );
    app.advance(1).await;
    let (status, html) = app
        .page(&link::public_path(&app.instances[0].app, id))
        .await;
    assert!(status == 200 && html.contains("已于"), "{status} {html}");
}

/// The chair as an action sees them.
async fn chair(app: &TestApp) -> Actor {
    let who = app.person("卫东").await.id;
    let found = load_staff(app.store.read(), who, app.now()).await;
    found.unwrap().expect("nobody has this post")
}

#[tokio::test]
async fn the_fifteen_seconds_end_when_they_end() {
    let app = TestApp::plan().instances(0).start().await;
    let actor = chair(&app).await;
    let place_id = app.place("GY").await.id;
    for (seconds, begins, state) in [
        (14, Step::Over, NoticeState::Undone),
        (15, Step::More, NoticeState::Recalled),
        (16, Step::More, NoticeState::Recalled),
        // The clock is late: nobody has heard of it yet.
        (17, Step::Over, NoticeState::Undone),
    ] {
        let late = seconds == 17;
        let at = app.now();
        let mut tx = app.store.begin(at).await.unwrap();
        let new = New {
            place_id,
            title: "停水".to_owned(),
            body: "周六停水".to_owned(),
            urgent: true,
            scope: Scope::default(),
            repeat_hours: None,
            rewrites: None,
        };
        let draft = actions::draft(&tx, &actor, new).await.unwrap();
        actions::publish(&mut tx, &actor, draft.id).await.unwrap();
        tx.commit().await.unwrap();
        let later = at + TimeDelta::seconds(seconds);
        if !late {
            let mut tx = app.store.begin(later).await.unwrap();
            let begun = send::begin(&mut tx, draft.id).await.unwrap();
            tx.commit().await.unwrap();
            assert_eq!(begun, begins, "after {seconds} s");
        }
        let mut tx = app.store.begin(later).await.unwrap();
        let after = actions::recall(&mut tx, &actor, draft.id).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(after.state, state, "after {seconds} s");
        // What is taken back does not begin.
        let mut tx = app.store.begin(later + UNDO).await.unwrap();
        let begun = send::begin(&mut tx, draft.id).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(begun, Step::Over);
        let told = recipients(&app, draft.id).await;
        assert_eq!(told.is_empty(), state == NoticeState::Undone);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_the_moment_it_goes_out_it_is_undone_or_has_a_tombstone() {
    let app = TestApp::with_instances(2).await;
    let (zhang, chair) = (app.resident("张秀英").await, app.staff("卫东").await);
    let who = app.person("张秀英").await.id;
    let desk = app.api(&chair).await;
    let second = desk.at(&format!("http://{}", app.instances[1].address));
    for round in 0..5_u64 {
        let title = format!("第{round}条停水");
        let body = json!({ "place": "GY", "title": title, "body": "请存水", "urgent": true });
        let id = posted(&desk, &body).await;
        // Nearer and nearer to its end, and beyond.
        let left = row(&app, id).await.go_at.unwrap() - app.now();
        app.clock
            .advance(left - TimeDelta::milliseconds(60 - i64::try_from(round).unwrap() * 20));
        tokio::time::sleep(Duration::from_millis(round * 15)).await;
        let recall = format!("/notices/{id}/recall");
        until("it is taken back", 15, async || {
            let answer = second.post(&recall, &json!({})).await;
            // Both at once wait for each other, and one may be told to try again.
            (answer.status != 503).then(|| assert_eq!(answer.status, 200, "{answer:?}"))
        })
        .await;
        app.advance(1).await;
        let told = (
            zhang.told(&title),
            recipients(&app, id).await.len(),
            reminders_of(&app, id).await,
        );
        let page = link::own(&app.instances[0].app, id, who);
        let path = &page[page.find("/notice/").unwrap()..];
        let (status, html) = app.page(path).await;
        let state = row(&app, id).await.state;
        match state {
            NoticeState::Undone => assert_eq!((told, status), ((0, 0, 0), 404), "{round}"),
            NoticeState::Recalled => {
                assert!(told.0 <= 1 && [0, 6].contains(&told.1), "{round}: {told:?}");
                assert!(status == 200 && html.contains("已于"), "{round}: {html}");
            }
            other => panic!("{round}: {other:?}"),
        }
    }
}
