//! Somebody has their data erased at the moment at which somebody else ties to what they need, or takes back what they
//! have tied, over two instances and many rounds: what a resource counts is what is tied to it, and what is over stays
//! over.

use std::time::Duration;

use entity::kinds::OfferState::{Matched, Open, Withdrawn};
use entity::{offer, person};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};

use super::{item, open};
use crate::harness::app::TestApp;
use crate::harness::people::Person;
use crate::harness::until;
use crate::wish::race::neighbours;

/// Rounds of each, and the milliseconds by which each comes later than the one before.
const ROUNDS: u64 = 8;
const STEP: u64 = 4;

async fn after(pause: u64, who: &Person<'_>, words: &str) -> String {
    tokio::time::sleep(Duration::from_millis(pause)).await;
    who.says(words).await
}

/// Waits until nothing is left of somebody.
async fn gone(app: &TestApp, person_id: i64) {
    until("they are erased", 15, async || {
        let found = person::Entity::find_by_id(person_id).one(app.store.read());
        let row = found.await.unwrap().unwrap();
        row.erased_at
    })
    .await;
    app.drain().await;
}

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
    let all = neighbours(&app, 2 * usize::try_from(ROUNDS).unwrap()).await;
    for (round, pair) in (0..ROUNDS).zip(all.chunks(2)) {
        let (asker, helper) = (&pair[0], &pair[1]);
        let asker_id = asker.account().await.person_id.unwrap();
        let need = open(asker, &steward, &format!("发需求 想学第{round}件事")).await;
        let resource = open(helper, &steward, &format!("发资源 会教第{round}件事")).await;
        let words = format!("对接 {resource} {need}");
        let (erased, tied) =
            tokio::join!(asker.says("注销 确认"), after(round * STEP, helper, &words));
        gone(&app, asker_id).await;
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
    let all = neighbours(&app, 2 * usize::try_from(ROUNDS).unwrap()).await;
    for (round, pair) in (0..ROUNDS).zip(all.chunks(2)) {
        let (asker, helper) = (&pair[0], &pair[1]);
        let helper_id = helper.account().await.person_id.unwrap();
        let need = open(asker, &steward, &format!("发需求 想学第{round}件事")).await;
        let resource = open(helper, &steward, &format!("发资源 会教第{round}件事")).await;
        let tied = asker.says(&format!("对接 {need} {resource}")).await;
        assert!(tied.contains("对接上了"), "{tied}");
        let words = format!("撤回清单 {need}");
        let (erased, taken) =
            tokio::join!(helper.says("注销 确认"), after(round * STEP, asker, &words));
        gone(&app, helper_id).await;
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
