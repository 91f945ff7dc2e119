//! Nobody collects names and phones by claiming and giving back: so many claims a day, whatever becomes of them, on
//! however many instances.

use chrono::TimeDelta;
use entity::kinds::WishState;
use linli::base::clock::{begin_of, china};
use serde_json::json;

use super::{OWN_PHONE, open, wish, wishes};
use crate::harness::app::TestApp;

/// To nine o'clock of China's next day: no midnight lies within the test.
async fn next_morning(app: &TestApp) {
    let tomorrow = china(app.now()).date_naive() + TimeDelta::days(1);
    let nine = begin_of(tomorrow) + TimeDelta::hours(9);
    app.advance((nine - app.now()).num_minutes() + 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_claims_and_gives_back_all_day_is_thanked_until_tomorrow() {
    let app = TestApp::start().await;
    let steward = app.steward("1栋").await;
    let zhang = app.resident("张秀英").await;
    let li = app.resident("李建国").await;
    next_morning(&app).await;
    let id = open(&zhang, &steward, "想要一副老花镜").await;
    for _ in 0..5 {
        let claimed = li.says(&format!("认领 {id}")).await;
        assert!(claimed.contains("是您的了"), "{claimed}");
        let back = li.says(&format!("放弃 {id}")).await;
        assert!(back.contains("已放回"), "{back}");
    }
    app.drain().await;
    let other = open(&zhang, &steward, "想要一顶帽子").await;
    let known = li.pushes().len();
    let enough = li.says(&format!("认领 {other}")).await;
    assert!(
        enough.contains("一天最多认领5个") && enough.contains("明天再来"),
        "{enough}"
    );
    let api = app.api(&li).await;
    let answer = api
        .post(&format!("/wishes/{other}/claim"), &json!({}))
        .await;
    assert_eq!(
        (answer.status, &answer.json["code"]),
        (409, &json!("wrong_step"))
    );
    assert_eq!(wish(&app, other).await.state, WishState::Open);
    app.drain().await;
    let told = li.pushes().split_off(known).join("\n");
    assert!(!told.contains(OWN_PHONE), "{told}");
    // Nobody else is kept from it, and tomorrow is another day.
    next_morning(&app).await;
    let claimed = li.says(&format!("认领 {other}")).await;
    assert!(claimed.contains("是您的了"), "{claimed}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_phones_at_once_claim_no_more_in_a_day_than_one() {
    let app = TestApp::plan()
        .instances(2)
        .set("WISHES__MOST_WISHES", "8")
        .set("WISHES__MOST_CLAIMS", "8")
        .set("WISHES__CLAIMS_PER_DAY", "2")
        .start()
        .await;
    let steward = app.steward("1栋").await;
    let zhang = app.resident("张秀英").await;
    let li = app.resident("李建国").await;
    next_morning(&app).await;
    let mut ids = Vec::new();
    for number in 0..8 {
        ids.push(open(&zhang, &steward, &format!("第{number}个心愿")).await);
    }
    let api = app.api(&li).await;
    let other = api.at(&format!("http://{}", app.instances[1].address));
    let calls = ids.iter().enumerate().map(|(at, id)| {
        let api = if at % 2 == 0 { &api } else { &other };
        async move {
            let answer = api.post(&format!("/wishes/{id}/claim"), &json!({})).await;
            answer.status
        }
    });
    let answers = futures_util::future::join_all(calls).await;
    let got = answers.iter().filter(|status| **status == 200).count();
    assert_eq!(got, 2, "{answers:?}");
    let all = wishes(&app).await;
    let claimed = all.iter().filter(|row| row.state == WishState::Claimed);
    assert_eq!(claimed.count(), 2, "{all:?}");
}
