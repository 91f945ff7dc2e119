//! Somebody has their data erased at the moment at which somebody else ties to what they need, or takes back what they
//! have tied, over two instances and many rounds: what a resource counts is what is tied to it, and what is over stays
//! over.

use entity::kinds::OfferState::{Matched, Open, Withdrawn};
use entity::offer;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};

use super::{item, open};
use crate::harness::app::TestApp;
use crate::harness::leaving::ROUNDS;

/// The milliseconds by which each comes later than the one before.
const STEP: u64 = 4;

/// How many needs are tied to a resource.
async fn tied_to(app: &TestApp, resource: i64) -> u64 {
    offer::Entity::find()
        .filter(offer::COLUMN.tied_id.eq(resource))
        .filter(offer::COLUMN.state.eq(Matched))
        .count(app.store.read())
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_tied_to_somebody_who_leaves_is_free_again() {
    let app = TestApp::with_instances(2).await;
    let steward = app.steward("2栋").await;
    let all = app.neighbours(2 * usize::try_from(ROUNDS).unwrap()).await;
    for (round, pair) in (0..ROUNDS).zip(all.chunks(2)) {
        let (asker, helper) = (&pair[0], &pair[1]);
        let need = open(asker, &steward, &format!("发需求 想学第{round}件事")).await;
        let resource = open(helper, &steward, &format!("发资源 会教第{round}件事")).await;
        let words = format!("对接 {resource} {need}");
        let (erased, tied) = asker.leaves_beside(helper, &words, round * STEP).await;
        let row = item(&app, need).await;
        assert_eq!(
            (row.state, row.title.as_str()),
            (Withdrawn, ""),
            "{erased} {tied}"
        );
        let row = item(&app, resource).await;
        assert_eq!((row.state, row.taken), (Open, 0), "{erased} {tied}");
        assert_eq!(tied_to(&app, resource).await, 0, "{erased} {tied}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_taken_back_while_the_other_side_leaves_stays_taken_back() {
    let app = TestApp::with_instances(2).await;
    let steward = app.steward("2栋").await;
    let all = app.neighbours(2 * usize::try_from(ROUNDS).unwrap()).await;
    for (round, pair) in (0..ROUNDS).zip(all.chunks(2)) {
        let (asker, helper) = (&pair[0], &pair[1]);
        let need = open(asker, &steward, &format!("发需求 想学第{round}件事")).await;
        let resource = open(helper, &steward, &format!("发资源 会教第{round}件事")).await;
        let tied = asker.says(&format!("对接 {need} {resource}")).await;
        assert!(tied.contains("对接上了"), "{tied}");
        let words = format!("撤回清单 {need}");
        let (erased, taken) = helper.leaves_beside(asker, &words, round * STEP).await;
        let row = item(&app, resource).await;
        assert_eq!((row.state, row.taken), (Withdrawn, 0), "{erased} {taken}");
        if taken.contains("稍后回复您") {
            continue;
        }
        let wanted = match taken.contains("已撤回") {
            true => Withdrawn,
            // The other was first: it is open again, and may be taken back then.
            false => Open,
        };
        assert_eq!(item(&app, need).await.state, wanted, "{erased} {taken}");
    }
}
