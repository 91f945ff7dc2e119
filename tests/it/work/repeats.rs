//! WeCom drops what it takes for a repetition, and says nothing: only repetitions may look like one.

use linli::sandbox::{Api, Fault};

use crate::harness::app::TestApp;
use crate::harness::until;
use crate::robot::Member;

/// The steward with a case, in WeCom.
async fn steward(app: &TestApp) -> (Member<'_>, i64) {
    let resident = app.resident("张秀英").await;
    resident.says("报修 楼道灯坏了").await;
    let id = resident.case().await.id;
    let steward = app.member("孙梅").await;
    app.drain().await;
    (steward, id)
}

/// What the steward got that says how the case stands.
fn told(app: &TestApp, id: i64) -> Vec<String> {
    let seen = app.platform.member_sees("sun").into_iter();
    let words = seen.filter(|entry| entry.work_card.is_none());
    let words = words.map(|entry| entry.text);
    words
        .filter(|text| text.contains(&format!("#{id}")))
        .collect()
}

#[tokio::test]
async fn the_same_words_are_said_again_when_they_are_true_again() {
    let app = TestApp::start().await;
    let (steward, id) = steward(&app).await;
    let before = told(&app, id).len();
    for times in 1..=3 {
        let reply = steward.asks(&format!("进度 {id}")).await;
        assert_eq!(reply, "已发到您的企业微信。");
        app.drain().await;
        let words = told(&app, id);
        assert_eq!(words.len(), before + times, "{words:#?}");
    }
    let words = told(&app, id);
    assert_eq!(words[before], words[before + 1], "they are not the same");
}

#[tokio::test]
async fn words_whose_answer_got_lost_are_not_said_twice() {
    let app = TestApp::start().await;
    let (steward, id) = steward(&app).await;
    let before = told(&app, id).len();
    let calls = app.platform.calls(Api::Send);
    let dropped = Fault::new(Api::Send, "dropped", Some(1));
    assert!(app.platform.set_fault(dropped));
    steward.asks(&format!("进度 {id}")).await;
    app.drain().await;
    assert_eq!(app.platform.calls(Api::Send), calls + 1);
    app.advance(2).await;
    until("the second try", 15, async || {
        (app.platform.calls(Api::Send) == calls + 2).then_some(())
    })
    .await;
    app.drain().await;
    assert_eq!(told(&app, id).len(), before + 1);
}
