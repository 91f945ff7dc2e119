//! The clocks: whoever has to do something is reminded, what nobody touches lapses, and what was taken back is
//! ended by no clock.

use entity::money::ExpenseState;

use super::{PROPOSER, cast, in_state, now};
use crate::console::Desk;
use crate::harness::app::TestApp;

const DAY: i64 = 24 * 60;

#[tokio::test]
async fn whoever_has_to_review_is_reminded_until_it_lapses() {
    let app = TestApp::start().await;
    cast(&app).await;
    let chair = app.staff("卫东").await;
    let manager = app.staff(PROPOSER).await;
    let id = in_state(&app, ExpenseState::Reviewing).await;
    chair.expects_push("等您业委会审核").await;
    app.advance(3 * DAY + 1).await;
    chair.expects_push("等您业委会审核").await;
    app.advance(3 * DAY + 1).await;
    chair.expects_push("等您业委会审核").await;
    app.advance(60 * DAY).await;
    assert_eq!(now(&app, id).await.state, ExpenseState::Expired);
    let told = manager.expects_push("已过期").await;
    assert!(told.contains(&format!("支出 {id}")), "{told}");
    let before = chair.pushes().len();
    app.advance(10 * DAY).await;
    assert_eq!(chair.pushes().len(), before);
}

#[tokio::test]
async fn what_was_taken_back_is_ended_by_no_clock() {
    let app = TestApp::start().await;
    cast(&app).await;
    let id = in_state(&app, ExpenseState::Publishing).await;
    let mut desk = Desk::of(&app, PROPOSER).await;
    super::act(&mut desk, id, "withdraw", &[("reason", "不做了")])
        .await
        .is(303);
    app.advance(30 * DAY).await;
    assert_eq!(now(&app, id).await.state, ExpenseState::Withdrawn);
}
