//! Somebody has their data erased at the moment at which somebody else claims their wish, or takes theirs back, over
//! two instances and many rounds: nobody is left waiting, and what is over stays over.

use entity::kinds::{ReminderState, WishState};
use entity::{reminder, wish_step};
use sea_orm::{EntityTrait, PaginatorTrait, QueryFilter};

use super::{open, wish};
use crate::harness::app::TestApp;
use crate::harness::leaving::ROUNDS;

/// The milliseconds by which each comes later than the one before.
const STEP: u64 = 3;

/// Whether somebody was told of a wish that it is taken back.
async fn told(app: &TestApp, id: i64, person_id: i64) -> bool {
    let rows = reminder::Entity::find()
        .filter(reminder::COLUMN.kind.eq("wish.told"))
        .filter(reminder::COLUMN.subject.eq(format!("wish:{id}")))
        .filter(reminder::COLUMN.recipient_id.eq(person_id))
        .all(app.store.read())
        .await
        .unwrap();
    rows.iter()
        .any(|row| row.payload["what"] == "withdrawn" && row.state != ReminderState::Cancelled)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_claims_while_the_asker_leaves_comes_too_late_or_is_told() {
    let app = TestApp::with_instances(2).await;
    let steward = app.steward("2栋").await;
    let all = app.neighbours(2 * usize::try_from(ROUNDS).unwrap()).await;
    for (round, pair) in (0..ROUNDS).zip(all.chunks(2)) {
        let (asker, claimer) = (&pair[0], &pair[1]);
        let claimer_id = claimer.account().await.person_id.unwrap();
        let id = open(asker, &steward, &format!("第{round}个心愿")).await;
        let words = format!("认领 {id}");
        let (erased, claimed) = asker.leaves_beside(claimer, &words, round * STEP).await;
        let row = wish(&app, id).await;
        assert_eq!(
            (row.state, row.claimer_id, row.text.as_str()),
            (WishState::Withdrawn, None, ""),
            "{erased} {claimed}"
        );
        let had = wish_step::Entity::find()
            .filter(wish_step::COLUMN.wish_id.eq(id))
            .filter(wish_step::COLUMN.action.eq("claimed"))
            .count(app.store.read())
            .await
            .unwrap();
        assert_eq!(told(&app, id, claimer_id).await, had == 1, "{claimed}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_asker_takes_back_while_the_claimer_leaves_stays_taken_back() {
    let app = TestApp::with_instances(2).await;
    let steward = app.steward("2栋").await;
    let all = app.neighbours(2 * usize::try_from(ROUNDS).unwrap()).await;
    for (round, pair) in (0..ROUNDS).zip(all.chunks(2)) {
        let (asker, claimer) = (&pair[0], &pair[1]);
        let id = open(asker, &steward, &format!("第{round}个心愿")).await;
        let claimed = claimer.says(&format!("认领 {id}")).await;
        assert!(claimed.contains("是您的了"), "{claimed}");
        let words = format!("撤回心愿 {id}");
        let (erased, taken) = claimer.leaves_beside(asker, &words, round * STEP).await;
        let row = wish(&app, id).await;
        assert_eq!(row.claimer_id, None, "{erased} {taken}");
        if taken.contains("稍后回复您") {
            continue;
        }
        let wanted = match taken.contains("已撤回") {
            true => WishState::Withdrawn,
            // The other was first: it is open again, and may be taken back then.
            false => WishState::Open,
        };
        assert_eq!(row.state, wanted, "{erased} {taken}");
    }
}
