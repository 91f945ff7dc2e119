//! What time does to a claim: a warning a day before its end, then the wish is open again and both are told;
//! and what is over long ago no longer says who it was.

use entity::kinds::WishState;
use linli::reminder::schedule;

use super::{history, open, raise, wish, wishes};
use crate::harness::app::TestApp;

const DAY: i64 = 24 * 60;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_claim_lapses_after_a_warning_and_somebody_else_may_have_it() {
    let app = TestApp::start().await;
    let steward = app.steward("1栋").await;
    let zhang = app.resident("张秀英").await;
    let li = app.resident("李建国").await;
    let wang = app.resident("王芳").await;
    let id = open(&zhang, &steward, "想要一副老花镜").await;
    li.says(&format!("认领 {id}")).await;
    app.advance(6 * DAY - 30).await;
    assert_eq!(
        li.pushes()
            .iter()
            .filter(|text| text.contains("明天到期"))
            .count(),
        0
    );
    // Who writes can be written to.
    li.says("菜单").await;
    app.advance(40).await;
    li.expects_push("明天到期").await;
    assert_eq!(wish(&app, id).await.state, WishState::Claimed);
    app.advance(DAY - 20).await;
    assert_eq!(
        wish(&app, id).await.state,
        WishState::Claimed,
        "not before its time"
    );
    zhang.says("菜单").await;
    app.advance(20).await;
    let row = wish(&app, id).await;
    assert_eq!(
        (row.state, row.claimer_id, row.due_at),
        (WishState::Open, None, None)
    );
    li.expects_push("已到期").await;
    zhang.expects_push("重新开放").await;
    // It is no longer theirs.
    for words in [
        format!("完成 {id} 好了"),
        format!("放弃 {id}"),
        format!("联系许愿人 {id}"),
    ] {
        let reply = li.says(&words).await;
        assert!(reply.contains("不在您名下"), "{words}: {reply}");
    }
    let claimed = wang.says(&format!("认领 {id}")).await;
    assert!(claimed.contains("是您的了"), "{claimed}");
    // The clock of the first claim does not end the second.
    app.advance(6 * DAY).await;
    assert_eq!(wish(&app, id).await.state, WishState::Claimed);
    wang.says(&format!("完成 {id}")).await;
    app.advance(3 * DAY).await;
    assert_eq!(wish(&app, id).await.state, WishState::Fulfilled);
    assert_eq!(
        history(&app, id).await,
        [
            "raised",
            "opened",
            "claimed",
            "lapsed",
            "claimed",
            "fulfilled"
        ]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_has_not_read_a_wish_is_asked_once_more() {
    let app = TestApp::start().await;
    let steward = app.steward("1栋").await;
    let zhang = app.resident("张秀英").await;
    let (first, second) = (
        raise(&zhang, "想要一个花盆").await,
        raise(&zhang, "想要一本字典").await,
    );
    let asked = |id: i64| {
        let words = format!("通过心愿 {id} ");
        let pushes = steward.pushes();
        pushes.iter().filter(|text| text.contains(&words)).count()
    };
    app.drain().await;
    assert_eq!((asked(first), asked(second)), (1, 1));
    steward.says(&format!("通过心愿 {first}")).await;
    app.advance(DAY + 1).await;
    assert_eq!((asked(first), asked(second)), (1, 2));
}

#[tokio::test]
async fn what_is_over_long_ago_says_no_longer_who_it_was() {
    let app = TestApp::start().await;
    let steward = app.steward("1栋").await;
    let zhang = app.resident("张秀英").await;
    let li = app.resident("李建国").await;
    let id = open(&zhang, &steward, "想要一副老花镜").await;
    li.says(&format!("认领 {id}")).await;
    li.says(&format!("完成 {id} 送到了")).await;
    zhang.says(&format!("感谢 {id} 谢谢小李")).await;
    let waits = open(&zhang, &steward, "想要一顶帽子").await;
    app.drain().await;
    app.clock.advance(chrono::TimeDelta::days(366));
    let work = &linli::privacy::remind::WORKS[0];
    assert!(
        schedule::run_slot(&app.store, work, app.now())
            .await
            .unwrap()
    );
    crate::harness::until("the wish is let go", 15, async || {
        let row = wish(&app, id).await;
        row.text.is_empty().then_some(())
    })
    .await;
    let row = wish(&app, id).await;
    let zhang = zhang.account().await.person_id.unwrap();
    assert_ne!(row.asker_id, zhang);
    assert_eq!((row.claimer_id, row.result, row.thanks), (None, None, None));
    assert_eq!(row.state, WishState::Thanked, "it still counts");
    let kept = wish(&app, waits).await;
    assert_eq!((kept.asker_id, kept.text.as_str()), (zhang, "想要一顶帽子"));
    assert_eq!(wishes(&app).await.len(), 2);
}
