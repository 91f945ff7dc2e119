//! Sixty neighbours for ten places on two instances, and what becomes of the line when somebody leaves.

use std::collections::BTreeSet;

use entity::activity_signup;
use entity::life::SignupState::{Left, Taken, Waiting};
use futures_util::StreamExt;
use serde_json::json;

use super::{activity, adds_up, open, signups};
use crate::harness::app::TestApp;
use crate::harness::until;
use crate::harness::wechat::text_xml;

const NEIGHBOURS: usize = 60;
const PLACES: i32 = 10;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_on_two_instances_get_ten_places_and_the_others_wait_in_a_line() {
    let app = TestApp::with_instances(2).await;
    let steward = app.steward("1栋").await;
    let chair = app.staff("卫东").await;
    let id = open(&chair, Some(PLACES)).await;
    let all = app.neighbours(NEIGHBOURS).await;
    let said = all.iter().enumerate().map(|(at, neighbour)| {
        let sender = app.sender(at % 2);
        async move { sender.says(&neighbour.open_id, &format!("报名 {id}")).await }
    });
    let replies: Vec<Option<String>> = futures_util::stream::iter(said)
        .buffer_unordered(30)
        .collect()
        .await;
    until("all have signed up", 30, async || {
        let count = signups(&app, id, Taken).await.len() + signups(&app, id, Waiting).await.len();
        (count == NEIGHBOURS).then_some(())
    })
    .await;
    adds_up(&app, id).await;
    let (taken, waiting) = (
        signups(&app, id, Taken).await,
        signups(&app, id, Waiting).await,
    );
    assert_eq!(taken.len(), usize::try_from(PLACES).unwrap());
    // Those who have a place came before all who wait, and each has a number of their own.
    assert!(taken.last().unwrap().ticket < waiting[0].ticket);
    let tickets: BTreeSet<i64> = taken.iter().chain(&waiting).map(|row| row.ticket).collect();
    let all_numbers: BTreeSet<i64> = (1..=i64::try_from(NEIGHBOURS).unwrap()).collect();
    assert_eq!(tickets, all_numbers);
    let told = |words: &str| {
        replies
            .iter()
            .flatten()
            .filter(|reply| reply.contains(words))
            .count()
    };
    assert!(
        told("报名成功") <= 10 && told("候补第") <= 50,
        "{replies:?}"
    );
    // Until now they have written past the platform, which sends nothing to whom it does not know.
    let named = |row: &activity_signup::Model| {
        let name = format!("o-race-{}", row.person_id.unwrap());
        all.iter().find(|one| one.open_id == name).unwrap()
    };
    for up in &waiting[..2] {
        named(up).says("菜单").await;
    }
    // Two leave: the first two of the line have their places, and nobody else.
    for gone in &taken[..2] {
        let reply = named(gone).says(&format!("取消报名 {id}")).await;
        assert!(reply.contains("已取消报名"), "{reply}");
    }
    adds_up(&app, id).await;
    let now: BTreeSet<i64> = signups(&app, id, Taken)
        .await
        .iter()
        .map(|row| row.id)
        .collect();
    for up in &waiting[..2] {
        assert!(now.contains(&up.id), "{up:?}");
        named(up).expects_push("轮到您了").await;
    }
    assert!(!now.contains(&waiting[2].id));
    assert_eq!(signups(&app, id, Left).await.len(), 2);
    drop(steward);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_family_waits_whole_and_is_not_overtaken_until_nobody_signs_up_any_more() {
    let app = TestApp::start().await;
    let chair = app.staff("卫东").await;
    let id = open(&chair, Some(3)).await;
    let all = app.neighbours(4).await;
    let says = |at: usize, words: String| {
        let who = &all[at];
        async move { who.says(&words).await }
    };
    assert!(says(0, format!("报名 {id} 2")).await.contains("报名成功"));
    // One place is left: three do not fit, and whoever comes behind them waits, too.
    let family = says(1, format!("报名 {id} 3")).await;
    assert!(
        family.contains("候补第1位") && family.contains("只剩1个名额"),
        "{family}"
    );
    let alone = says(2, format!("报名 {id}")).await;
    assert!(
        alone.contains("候补第2位") && alone.contains("前面有3人的一家在等"),
        "{alone}"
    );
    assert!(!alone.contains("名额满了"), "{alone}");
    let more = says(0, format!("报名 {id} 3")).await;
    assert!(
        more.contains("名额不够加1人") && more.contains("2人不变"),
        "{more}"
    );
    let twice = says(2, format!("报名 {id}")).await;
    assert!(twice.contains("候补第2位"), "{twice}");
    // With fewer people it fits at once.
    let fewer = says(1, format!("报名 {id} 1")).await;
    assert!(fewer.contains("报名成功"), "{fewer}");
    adds_up(&app, id).await;
    assert_eq!(activity(&app, id).await.taken, 3);
    // Back to three: they lose nothing that they have, and are told so.
    let again = says(1, format!("报名 {id} 3")).await;
    assert!(again.contains("名额不够"), "{again}");
    assert!(says(3, format!("报名 {id} 2")).await.contains("候补第2位"));
    // Somebody leaves one place of two: the single one is moved up, two do not fit.
    assert!(says(0, format!("报名 {id} 1")).await.contains("报名成功"));
    adds_up(&app, id).await;
    assert_eq!(activity(&app, id).await.waiting, 2);
    let gone = says(1, format!("取消报名 {id}")).await;
    assert!(
        gone.contains("候补第1位是2人的一家") && !gone.contains("让给"),
        "{gone}"
    );
    assert_eq!(
        activity(&app, id).await.taken,
        2,
        "kept for two at the head"
    );
    // Somebody alone comes anew: behind them, though there is one place; then the end of the sign-up.
    assert!(says(1, format!("报名 {id}")).await.contains("候补第2位"));
    let closed = chair.says(&format!("截止报名 {id}")).await;
    assert!(closed.contains("报名已截止"), "{closed}");
    app.drain().await;
    let row = activity(&app, id).await;
    assert_eq!((row.taken, row.waiting), (3, 2), "no place stays empty");
    adds_up(&app, id).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_message_three_times_is_one_sign_up_and_a_key_too() {
    let app = TestApp::with_instances(2).await;
    let chair = app.staff("卫东").await;
    let id = open(&chair, Some(5)).await;
    let zhang = app.resident("张秀英").await;
    let message = text_xml(&zhang.open_id, &format!("报名 {id} 2"));
    let first = app.sender(0).send(&message).await;
    assert!(
        first
            .as_deref()
            .is_some_and(|reply| reply.contains("报名成功")),
        "{first:?}"
    );
    for instance in [1, 0] {
        assert_eq!(app.sender(instance).send(&message).await, first);
    }
    assert_eq!(activity(&app, id).await.taken, 2);
    let li = app.resident("李建国").await;
    let api = app.api(&li).await;
    let path = format!("/activities/{id}/sign-up");
    let made = api.post_once(&path, "s-1", &json!({ "size": 1 })).await;
    let again = api.post_once(&path, "s-1", &json!({ "size": 1 })).await;
    assert_eq!((made.status, &made.json), (200, &again.json));
    let twice = api.post(&path, &json!({ "size": 1 })).await;
    assert_eq!(
        (twice.status, &twice.json["code"]),
        (409, &json!("wrong_step"))
    );
    adds_up(&app, id).await;
}
